"""Singer taps: programs of others, each in an environment of its own, whose records land as lines."""
