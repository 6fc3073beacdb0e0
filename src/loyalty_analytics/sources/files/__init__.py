"""What the bytes of a file are: its kind, encoding and separators, and its cells as raw columns (`opened`)."""
