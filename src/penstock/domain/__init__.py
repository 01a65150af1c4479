"""Rules on values of this trade: states, diagnostics, roles. No clock, disk, network or database."""
