"""Microsoft SQL Server, connection type `sqlserver`: sessions that read, over pymssql (an extra).

SQL Server has no sessions that only read: what a statement of a package changes is taken back, since it stands in a transaction
that is left. A statement that ends that transaction itself is not kept from it; the user of a connection that reads should
have the right to read, and no other.
"""

from __future__ import annotations

from typing import Any

import pymssql

from penstock.connectors import tls
from penstock.connectors.databases.dbapi import DbSession, Described, Speech, sentence
from penstock.connectors.databases.limits import top
from penstock.connectors.databases.session import ASK_S, CONNECT_S, Gone
from penstock.connectors.databases.targets import Doubled
from penstock.connectors.places import Place, TlsRefused
from penstock.errors import PermanentError, TransientError
from penstock.plan.ports import CellKind, Connection

SETTINGS = (
    "SET XACT_ABORT ON",
    "SET LANGUAGE us_english",
    "SET DATEFORMAT ymd",
    "SET ANSI_NULLS, ANSI_PADDING, ANSI_WARNINGS, ARITHABORT, CONCAT_NULL_YIELDS_NULL, QUOTED_IDENTIFIER ON",
    "SET ANSI_NULL_DFLT_ON ON",
    "SET TEXTSIZE 2147483647",
    "SET LOCK_TIMEOUT -1",
)
"""What every session is told, in place of what the driver would tell it: an error ends the transaction, and nothing is cut off
or null in silence. Without TEXTSIZE long texts would end early."""
BEGIN, COMMIT = "BEGIN TRANSACTION", "COMMIT TRANSACTION"
SNAPSHOT = "SET TRANSACTION ISOLATION LEVEL SNAPSHOT"
ROLLBACK = "IF @@TRANCOUNT > 0 ROLLBACK TRANSACTION"
_DOUBLED = frozenset({2601, 2627})
_LATER = frozenset({1205, 1222, 3960, 40197, 40501, 40613, 49918, 49919, 49920, 10928, 10929})
"""Deadlock, lock timeout, snapshot conflict; and what Azure's databases say when they are busy or being moved."""
_LOGIN = frozenset({18456, 18452, 18470, 18487, 18488, 4060, 4064})
"""Of user, password and database: no other try helps."""
_LOST = frozenset({20002, 20003, 20004, 20006, 20009, 20017, 20047, 6005, 596, 0})
"""Of the library: the connection is not there, or not any more; the server shuts down; the session was killed."""


def connected(connection: Connection, place: Place) -> Any:
    """Return a connection to the database of a stored one, each statement a transaction of its own. Raises PermanentError,
    or TransientError when nobody answers."""
    given, secure = connection.parameters, tls.asked(connection)
    if secure is not None and secure.verify is not tls.Verify.NONE:
        raise TlsRefused(
            "the driver of SQL Server checks no certificates. Leave out 'ssl_ca' and 'ssl_verify', or reach the server through "
            "an SSH server (ssh_host)."
        )
    try:
        return pymssql.connect(
            server=place.addresses[0], port=str(place.port), user=str(given.get("username") or ""),
            password=connection.secret("password") or "", database=str(given.get("database") or ""), login_timeout=CONNECT_S,
            timeout=0, charset="UTF-8", appname="penstock", autocommit=True, conn_properties=list(SETTINGS),
            encryption="require" if secure is not None else "request", use_datetime2=True,
        )  # fmt: skip
    except pymssql.Error as error:
        raise fault_of(error) from error


def open_session(connection: Connection, place: Place) -> DbSession:
    """Return a session with the database of a connection. Raises PermanentError, or TransientError when nobody answers."""
    raw = connected(connection, place)
    try:
        with raw.cursor() as cursor:
            cursor.execute(f"SET LOCK_TIMEOUT {ASK_S * 1000}")
    except pymssql.Error as error:
        raw.close()
        raise fault_of(error) from error
    return DbSession(raw, SPEECH)


def quoted(name: str) -> str:
    """Return a name in brackets."""
    return "[" + name.replace("]", "]]") + "]"


def literal(text: str) -> str:
    """Return a text in quotes. A backslash before a line break would take both away, so it is put together there."""
    made = "N'" + text.replace("'", "''") + "'"
    for end in ("\r\n", "\n"):
        made = made.replace(f"\\{end}", f"\\' + N'{end}")
    return made


def fault_of(error: Exception) -> PermanentError | TransientError:
    """Return what an error of the driver means here: Gone where the session has failed, and not the statement."""
    number, said = said_of(error)
    if number in _LOGIN:
        return PermanentError(said)
    if number in _LOST:
        return Gone(said)
    message = f"the database says: {said}"
    if number in _LATER:
        return TransientError(message)
    return Doubled(message) if number in _DOUBLED else PermanentError(message)


def said_of(error: Exception) -> tuple[int, str]:
    """Return the number and the sentence of what was said; the driver has both in pairs, some within others, and texts as
    bytes. An error without a number is one of a connection that is not there."""
    args = error.args
    while args and isinstance(args[0], tuple):
        args = args[0]
    number = args[0] if args and isinstance(args[0], int) else 0
    text = args[1] if len(args) > 1 else str(error)
    plain = text.decode("utf-8", "replace") if isinstance(text, bytes) else str(text)
    return number, sentence(plain.partition("DB-Lib error message")[0] or plain.partition("\n")[2])


_KINDS = {
    pymssql.STRING.value: (CellKind.TEXT, "text"), pymssql.BINARY.value: (CellKind.TEXT, "varbinary"),
    pymssql.NUMBER.value: (CellKind.WHOLE, "number"), pymssql.DATETIME.value: (CellKind.TIMESTAMP, "datetime"),
    pymssql.DECIMAL.value: (CellKind.DECIMAL, "decimal"),
}  # fmt: skip
"""The driver's groups of types; its values say the rest."""


def _kind(described: Described) -> tuple[CellKind, str]:
    return _KINDS.get(described[1], (CellKind.OTHER, "another"))


def _leave(raw: Any) -> None:
    with raw.cursor() as cursor:
        cursor.execute(ROLLBACK)


def _no_cancel(raw: Any) -> None:
    """The driver cannot be told by another thread; rows are no longer fetched, and a process that waits is ended."""


SPEECH = Speech(pymssql.Error, fault_of, quoted, top, _kind, BEGIN, _leave, _no_cancel)
