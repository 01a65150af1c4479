"""The embedded engine: plans as DuckDB statements, in a fresh database per job, capped and locked."""
