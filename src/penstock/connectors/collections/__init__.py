"""Collections of documents: MongoDB."""
