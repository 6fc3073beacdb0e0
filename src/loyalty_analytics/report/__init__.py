"""From notebooks to published pages: engine, page, run, publish, index."""
