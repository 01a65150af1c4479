"""Use cases: what a caller asks for, checked against the rows and written to them. No HTTP, no SQL, no commits."""
