"""Connectors speak to the systems that connections name. Destinations follow one contract: prepare, stage, publish,
discard."""
