"""The store as the outer rooms see it: transactions, and how to open it."""

from __future__ import annotations

from penstock.store.migrations import upgrade
from penstock.store.unit_of_work import Database, UnitOfWork

Sessions = Database
"""Opens units of work: `with sessions.read() as uow`, `with sessions.write() as uow`."""

__all__ = ["Sessions", "UnitOfWork", "open_store"]


def open_store(url: str) -> Sessions:
    """Return the store at a SQLAlchemy URL, brought to the newest revision. Raises BadRequest for any other database."""
    sessions = Database(url)
    upgrade(sessions.engine)
    return sessions
