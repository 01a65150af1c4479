"""One Alembic chain for SQLite and PostgreSQL, run by the server itself."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, Engine, text

_LOCK = 7_361_902_455
"""An arbitrary number: the advisory lock that lets one process migrate at a time on PostgreSQL."""


def config(connection: Connection | None = None) -> Config:
    """Return Alembic's configuration for this chain."""
    made = Config()
    made.set_main_option("script_location", str(Path(__file__).parent))
    made.attributes["connection"] = connection
    return made


def upgrade(engine: Engine) -> None:
    """Bring a store to the newest revision; safe when several processes start at once."""
    options = {"begin": "IMMEDIATE"} if engine.dialect.name == "sqlite" else {}
    with engine.connect().execution_options(**options) as connection, connection.begin():
        if engine.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
        command.upgrade(config(connection), "head")
