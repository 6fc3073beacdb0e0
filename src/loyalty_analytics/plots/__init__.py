"""Pictures: each function takes a table and axes, computes nothing and returns the axes."""
