"""Drivers that are extras: loaded when they are first needed, and named where they are not installed."""

from __future__ import annotations

import importlib
from typing import Any

from penstock.errors import PermanentError

EXTRAS = {"bigquery": "google", "oracle": "oracledb", "snowflake": "snowflake", "sqlserver": "pymssql"}
"""System to the package of its driver; the extra of Penstock has the system's name."""


def module(system: str, role: str) -> Any:
    """Return a module of a system's folder beside this one: `session`, `source` or `target`. Raises PermanentError where the
    driver is not installed."""
    try:
        return importlib.import_module(f"penstock.connectors.databases.{system}.{role}")
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] != EXTRAS.get(system):
            raise
        raise PermanentError(
            f"the driver for {system} is not installed. Install it with: pip install 'penstock[{system}]'."
        ) from error
