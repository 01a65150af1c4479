"""The spelling of a package for people: YAML (design of package files), both ways, without loss of the wire's document."""
