"""One Alembic chain for SQLite and PostgreSQL, run by the server itself."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Connection, Engine, inspect, text

from penstock.errors import BadRequest

_LOCK = 7_361_902_455
"""An arbitrary number: the advisory lock that lets one process migrate at a time on PostgreSQL."""
_HERE = Path(__file__).parent
NEWEST = max(one.stem.split("_")[0] for one in (_HERE / "versions").glob("[0-9]*.py"))
"""The last revision of the chain. A file is named after its own, and their order is that of their names."""


def upgrade(engine: Engine) -> None:
    """Bring a store to the newest revision; safe when several processes start at once. Raises BadRequest for a store that a
    newer Penstock has been at."""
    with engine.connect() as connection:
        found = _revision(connection)
    if found == NEWEST:
        return
    if found is not None and found > NEWEST:
        raise BadRequest(
            f"The store has been changed by a newer Penstock, to revision {found}; this one knows {NEWEST}. "
            "Install the newer one."
        )
    # Alembic is loaded by who has to migrate, which few processes of many do.
    from alembic import command
    from alembic.config import Config

    options = {"begin": "IMMEDIATE"} if engine.dialect.name == "sqlite" else {}
    with engine.connect().execution_options(**options) as connection, connection.begin():
        if engine.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
        config = Config()
        config.set_main_option("script_location", str(_HERE))
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def _revision(connection: Connection) -> str | None:
    """Return the revision of a store, None where it has no tables yet."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one_or_none()
