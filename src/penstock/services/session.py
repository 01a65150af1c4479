"""The store as the outer rooms see it: transactions, and how to open it."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from penstock.errors import BadRequest
from penstock.store.migrations import upgrade
from penstock.store.unit_of_work import Database, UnitOfWork

Sessions = Database
"""Opens units of work: `with sessions.read() as uow`, `with sessions.write() as uow`."""

__all__ = ["Sessions", "UnitOfWork", "open_store"]


def open_store(url: str) -> Sessions:
    """Return the store at a SQLAlchemy URL, brought to the newest revision. Raises BadRequest for any other database."""
    try:
        parsed = make_url(url)
    except ArgumentError:
        raise BadRequest("PENSTOCK_DATABASE_URL is no database URL. Write it like postgresql://host/name.") from None
    if parsed.get_backend_name() not in ("sqlite", "postgresql"):
        raise BadRequest(f"The store cannot be '{parsed.get_backend_name()}'. Use sqlite or postgresql.")
    if parsed.get_backend_name() == "sqlite" and parsed.database:
        Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
    sessions = Database(url)
    upgrade(sessions.engine)
    return sessions
