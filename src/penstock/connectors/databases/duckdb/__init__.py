"""Files of DuckDB."""
