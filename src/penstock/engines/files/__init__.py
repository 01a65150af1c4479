"""Text files as the language reads them, record by record: what an engine's own reader is held against, and what reads a
file that such a reader would misread."""
