"""One transaction per request or job step: committed at the edge, rolled back on any error.

SQLite: write-ahead log, and BEGIN IMMEDIATE for writes, because a deferred transaction that turns into a writer can lose
to another one in spite of the timeout. PostgreSQL: the driver's ordinary transactions.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolExhausted
from sqlalchemy.orm import Session, sessionmaker

from penstock.errors import BadRequest, TransientError

POOL = 20
"""Connections kept to PostgreSQL: handlers of 8 threads and more never queue for one."""

PATIENCE = {
    "idle_in_transaction_session_timeout": "10s", "tcp_keepalives_idle": "5s", "tcp_keepalives_interval": "2s",
    "tcp_keepalives_count": "3",
}  # fmt: skip
"""How long PostgreSQL waits for a client of ours that holds locks and says nothing."""


@dataclass(slots=True)
class UnitOfWork:
    """An open transaction. Queries take its session; services never commit."""

    session: Session

    @property
    def dialect(self) -> str:
        """`sqlite` or `postgresql`."""
        return self.session.get_bind().dialect.name


class Database:
    """The store's engine and its transactions."""

    def __init__(self, url: str) -> None:
        self.engine = _engine(url)
        self._sessions = sessionmaker(self.engine, expire_on_commit=False, autoflush=True)

    @contextmanager
    def read(self) -> Iterator[UnitOfWork]:
        """Open a transaction that reads. Raises TransientError when the database cannot be reached."""
        with _named_faults(), self._sessions() as session:
            # Closing lets go of the rows before it rolls back, so that they stay readable.
            yield UnitOfWork(session)

    @contextmanager
    def write(self) -> Iterator[UnitOfWork]:
        """Open a transaction that writes; commits at the end, rolls back on any error. Raises TransientError when the
        database cannot be reached or another writer would not let go."""
        with _named_faults(), self._sessions() as session:
            if self.engine.dialect.name == "sqlite":
                session.connection(execution_options={"begin": "IMMEDIATE"})
            try:
                yield UnitOfWork(session)
                session.commit()
            except BaseException:
                session.rollback()
                raise

    def close(self) -> None:
        """Close every connection."""
        self.engine.dispose()


@contextmanager
def _named_faults() -> Iterator[None]:
    """Turn what the driver says about a database that is away into our own error; its bugs stay what they are."""
    try:
        yield
    except PoolExhausted as error:
        raise TransientError("The store is overloaded: no connection became free. Try again.") from error
    except DBAPIError as error:
        if error.connection_invalidated or isinstance(error, OperationalError):
            raise TransientError("The store cannot be reached at the moment. Try again.") from error
        raise


def _engine(url: str) -> Engine:
    try:
        parsed = make_url(url)
    except ArgumentError:
        raise BadRequest("PENSTOCK_DATABASE_URL is no database URL. Write it like postgresql://host/name.") from None
    if parsed.get_backend_name() not in ("sqlite", "postgresql"):
        raise BadRequest(f"The store cannot be '{parsed.get_backend_name()}'. Use sqlite or postgresql.")
    if parsed.get_backend_name() == "sqlite":
        if not parsed.database or parsed.database == ":memory:":
            raise BadRequest("The store cannot be in memory. Write it like sqlite:////var/lib/penstock/penstock.db.")
        Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
        made = create_engine(
            parsed, connect_args={"timeout": 30, "check_same_thread": False}, pool_size=POOL, max_overflow=40
        )
        event.listen(made, "connect", _prepare_sqlite)
        event.listen(made, "begin", _begin_sqlite)
        return made
    if parsed.get_driver_name() in ("", "psycopg2"):
        parsed = parsed.set(drivername="postgresql+psycopg")
    made = create_engine(parsed, pool_size=POOL, max_overflow=40, pool_pre_ping=True)
    event.listen(made, "connect", _prepare_postgresql)
    return made


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    # Python's driver must not begin transactions on its own: `begin` below says how.
    connection.isolation_level = None
    for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "busy_timeout=30000", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {pragma}")


def _prepare_postgresql(connection: Any, _record: Any) -> None:
    # A client that stalls or loses its network in the middle of a transaction must not keep its locks: the job that it
    # held could not be taken over.
    with connection.cursor() as cursor:
        for setting, value in PATIENCE.items():
            cursor.execute(f"SET {setting} = '{value}'")
    connection.commit()


def _begin_sqlite(connection: Any) -> None:
    how = connection.get_execution_options().get("begin", "")
    connection.exec_driver_sql(f"BEGIN {how}".strip())
