"""Penstock: an ETL service that a team runs on its own machines."""

__version__ = "0.1.0"
