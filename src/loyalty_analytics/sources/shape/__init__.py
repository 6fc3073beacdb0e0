"""Which rows and columns of a file are the table: header, names, totals and other noise, columns of months."""
