"""Engines turn a plan into statements and run them. Meaning is the package language's, never the engine's own."""
