"""A new client: params proposed from the headers and values of its files."""
