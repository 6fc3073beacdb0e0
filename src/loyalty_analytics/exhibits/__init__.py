"""What the reader sees: per report one module of exhibits, each a sentence with its picture and table."""
