"""Amazon Redshift, connection type `redshift`: sessions that read, over libpq.

It speaks PostgreSQL's protocol and a dialect of its own. What it is not sure to take when a session begins is set afterwards,
and that statements only read is said of every transaction.
"""

from __future__ import annotations

from contextlib import suppress

import psycopg
from psycopg.pq import TransactionStatus

from penstock.connectors.databases.postgres import session as postgres
from penstock.connectors.databases.session import ASK_S, Column, Gone, Row
from penstock.connectors.places import Place
from penstock.errors import PermanentError, TransientError
from penstock.plan.ports import Cell, Connection

SETTINGS = (
    "SET timezone TO 'UTC'",
    "SET datestyle TO 'ISO, YMD'",
    "SET extra_float_digits TO 2",
    # Otherwise names are in small letters whatever stands in quotes.
    "SET enable_case_sensitive_identifier TO true",
)
"""What every session is told; all are settings that Redshift documents."""
READ_ONLY = "BEGIN READ ONLY"
SNAPSHOT = "BEGIN ISOLATION LEVEL SERIALIZABLE READ ONLY"
"""All levels are this one there; said by its name, it is one anywhere: statements see what the first of them saw."""
_CONFLICT = "40001"
_SERIALIZABLE = "Serializable isolation violation"
"""What Redshift says, under a number that says nothing, of a transaction that another one was in the way of."""


def connected(connection: Connection, place: Place) -> psycopg.Connection:
    """Return a connection to the database of a stored one. Raises PermanentError, or TransientError when nobody answers."""
    raw = postgres.connected(connection, place, {})
    try:
        for one in SETTINGS:
            raw.execute(one.encode())
    except psycopg.Error as error:
        raw.close()
        raise fault_of(error) from error
    return raw


def open_session(connection: Connection, place: Place) -> RedshiftSession:
    """Return a session with the database of a connection. Raises PermanentError, or TransientError when nobody answers."""
    raw = connected(connection, place)
    try:
        raw.execute(f"SET statement_timeout TO {ASK_S * 1000}".encode())
    except psycopg.Error as error:
        raw.close()
        raise fault_of(error) from error
    return RedshiftSession(raw)


def literal(text: str) -> str:
    """Return a text in quotes; what a backslash means in them has changed over time."""
    parts = ["'" + part.replace("'", "''") + "'" for part in text.split("\\")]
    return parts[0] if len(parts) == 1 else f"({' || chr(92) || '.join(parts)})"


class RedshiftSession(postgres.PostgresSession):
    """An open session (`session.Session`); each statement is a transaction that only reads."""

    rests = TransactionStatus.INTRANS

    def first(self, sql: str) -> Cell | None:
        """Return the first column of the first row."""
        self._execute(READ_ONLY)
        try:
            return super().first(sql)
        finally:
            self._leave()

    def rows(self, sql: str, most: int, seconds: float) -> tuple[tuple[Column, ...], list[Row]]:
        """Return the columns of a statement and its first rows."""
        self._execute(READ_ONLY)
        try:
            return super().rows(sql, most, seconds)
        finally:
            self._leave()

    def _execute(self, sql: str) -> None:
        try:
            self._raw.execute(sql.encode())
        except psycopg.Error as error:
            raise Gone(f"the session has ended: {error}") from error

    def _leave(self) -> None:
        with suppress(psycopg.Error):
            self._raw.execute(b"ROLLBACK")


def fault_of(error: psycopg.Error) -> PermanentError | TransientError:
    """Return what an error of the driver means here."""
    fault = postgres.fault_of(error)
    if error.sqlstate == _CONFLICT or _SERIALIZABLE in f"{error} {error.diag.message_detail or ''}":
        return TransientError(fault.message)
    return fault
