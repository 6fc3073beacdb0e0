"""What the texts of a column mean: numbers, dates, codes, names of companies (`reader` takes a column of any kind)."""
