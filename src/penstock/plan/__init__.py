"""What to do, in relational terms: typed expressions, operators, and the ports through which a plan meets the world.
It knows no package and no engine."""
