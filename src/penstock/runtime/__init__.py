"""A worker: takes jobs under a lease and runs each in a child process of its own, so that a stop always works."""
