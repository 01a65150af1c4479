"""Databases: connections are tested, and single values asked for."""
