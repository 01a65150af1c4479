"""The command line: one file per command group; each calls the wiring, prints, and exits."""
