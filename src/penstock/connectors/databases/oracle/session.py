"""Oracle Database, connection type `oracle`: sessions that read, over python-oracledb in its thin mode (an extra)."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

import oracledb

from penstock.connectors import tls
from penstock.connectors.databases.dbapi import DbSession, Described, Speech, closing, sentence
from penstock.connectors.databases.limits import fetch_first
from penstock.connectors.databases.session import ASK_S, CONNECT_S, NO_ROWS, Gone
from penstock.connectors.databases.targets import Doubled
from penstock.connectors.places import Place, TlsRefused
from penstock.errors import PermanentError, TransientError
from penstock.plan.ports import CellKind, Connection

SETTINGS = (
    "ALTER SESSION SET TIME_ZONE = '+00:00' NLS_NUMERIC_CHARACTERS = '.,' NLS_DATE_FORMAT = 'YYYY-MM-DD HH24:MI:SS' "
    "NLS_TIMESTAMP_FORMAT = 'YYYY-MM-DD HH24:MI:SS.FF6' NLS_TIMESTAMP_TZ_FORMAT = 'YYYY-MM-DD HH24:MI:SS.FF6TZH:TZM'"
)
"""What every session is told, so that numbers and times are read and written in one way."""
READ_ONLY = "SET TRANSACTION READ ONLY"
_DOUBLED = "ORA-00001"
_LATER = frozenset({"ORA-00054", "ORA-00060", "ORA-04021", "ORA-08177", "ORA-30006"})
"""Busy, deadlock, a wait that was too long, a transaction that another one was in the way of."""
_LOST = frozenset(
    {"ORA-00028", "ORA-01012", "ORA-01033", "ORA-01034", "ORA-01089", "ORA-01090", "ORA-01092", "ORA-02396", "ORA-03113",
     "ORA-03114", "ORA-03135", "ORA-12170", "ORA-12528", "ORA-12537", "ORA-12541", "ORA-12547", "ORA-12570", "DPY-1001",
     "DPY-4011", "DPY-4024", "DPY-6000", "DPY-6005"}
)  # fmt: skip
"""The session has failed, or never was: killed, starting, shutting down, broken off, nobody there."""
_READS = "ORA-01456"
_BEGINS = re.compile(r"(\s|\(|--[^\n]*\n|/\*.*?\*/)*(SELECT|WITH)\b", re.IGNORECASE | re.DOTALL)


def connected(connection: Connection, place: Place) -> Any:
    """Return a connection to the database of a stored one. Raises PermanentError, or TransientError when nobody answers."""
    given, secure = connection.parameters, tls.asked(connection)
    if secure is not None and secure.verify is tls.Verify.FULL:
        raise TlsRefused(
            "the driver of Oracle compares a certificate with the address that is connected to, not with the host. Set "
            "'ssl_verify' to ca."
        )
    try:
        raw = oracledb.connect(
            user=str(given.get("username") or ""), password=connection.secret("password") or "", host=place.addresses[0],
            port=place.port, service_name=str(given.get("database") or ""), protocol="tcp" if secure is None else "tcps",
            ssl_context=None if secure is None else tls.context(secure), ssl_server_dn_match=False,
            tcp_connect_timeout=CONNECT_S, retry_count=0, program="penstock",
        )  # fmt: skip
    except oracledb.Error as error:
        raise fault_of(error) from error
    try:
        raw.outputtypehandler = _fetched_as
        with closing(raw.cursor()) as cursor:
            cursor.execute(SETTINGS)
    except oracledb.Error as error:
        raw.close()
        raise fault_of(error) from error
    return raw


def open_session(connection: Connection, place: Place) -> DbSession:
    """Return a session with the database of a connection. Raises PermanentError, or TransientError when nobody answers."""
    raw = connected(connection, place)
    raw.call_timeout = ASK_S * 1000
    return DbSession(raw, SPEECH)


_LONG = {
    oracledb.DB_TYPE_CLOB: oracledb.DB_TYPE_LONG, oracledb.DB_TYPE_NCLOB: oracledb.DB_TYPE_LONG_NVARCHAR,
    oracledb.DB_TYPE_BLOB: oracledb.DB_TYPE_LONG_RAW,
}  # fmt: skip


def _fetched_as(cursor: Any, described: Any) -> Any:
    """Have numbers come with all their digits, and large texts and bytes as such."""
    if described.type_code is oracledb.DB_TYPE_NUMBER:
        return cursor.var(Decimal, arraysize=cursor.arraysize)
    wide = _LONG.get(described.type_code)
    return None if wide is None else cursor.var(wide, arraysize=cursor.arraysize)


def quoted(name: str) -> str:
    """Return a name in double quotes. Raises PermanentError for one that no name can be."""
    if '"' in name or "\0" in name:
        raise PermanentError(
            f"the name {name!r} holds a double quote or a zero character, which no name of Oracle can."
        )
    return f'"{name}"'


def literal(text: str) -> str:
    """Return a text in quotes."""
    return "'" + text.replace("'", "''") + "'"


def fault_of(error: Exception) -> PermanentError | TransientError:
    """Return what an error of the driver means here: Gone where the session has failed, and not the statement."""
    told: Any = error.args[0] if error.args else error
    code = str(getattr(told, "full_code", ""))
    said = sentence(str(getattr(told, "message", told)))
    if code in _LOST:
        return Gone(said)
    message = f"the database says: {said}"
    if code in _LATER:
        return TransientError(message)
    if code == _READS:
        return PermanentError(f"{message} Only statements that read can be asked.")
    return Doubled(message) if code == _DOUBLED else PermanentError(message)


_KINDS = {
    oracledb.DB_TYPE_NUMBER: CellKind.DECIMAL, oracledb.DB_TYPE_BINARY_INTEGER: CellKind.WHOLE,
    oracledb.DB_TYPE_BINARY_FLOAT: CellKind.FLOAT, oracledb.DB_TYPE_BINARY_DOUBLE: CellKind.DOUBLE,
    oracledb.DB_TYPE_DATE: CellKind.TIMESTAMP, oracledb.DB_TYPE_TIMESTAMP: CellKind.TIMESTAMP,
    oracledb.DB_TYPE_TIMESTAMP_TZ: CellKind.TIMESTAMP, oracledb.DB_TYPE_TIMESTAMP_LTZ: CellKind.TIMESTAMP,
    oracledb.DB_TYPE_BOOLEAN: CellKind.BOOLEAN,
    **dict.fromkeys(
        (oracledb.DB_TYPE_VARCHAR, oracledb.DB_TYPE_NVARCHAR, oracledb.DB_TYPE_CHAR, oracledb.DB_TYPE_NCHAR,
         oracledb.DB_TYPE_CLOB, oracledb.DB_TYPE_NCLOB, oracledb.DB_TYPE_RAW, oracledb.DB_TYPE_BLOB), CellKind.TEXT,
    ),
}  # fmt: skip


def word_of(described: Described) -> str:
    """Return the driver's word for a column's type, such as `number` or `timestamp_tz`."""
    return str(described[1].name).removeprefix("DB_TYPE_").lower()


def _kind(described: Described) -> tuple[CellKind, str]:
    kind = _KINDS.get(described[1], CellKind.OTHER)
    precision, scale = described[4], described[5]
    if kind is CellKind.DECIMAL and scale == 0 and precision and precision <= 18:
        return CellKind.WHOLE, "int" if precision <= 9 else "bigint"
    return kind, word_of(described)


def _prepared(sql: str) -> str:
    """Return a statement as Oracle takes it. Raises PermanentError for one that is no query: a definition would be made at
    once, in whatever transaction it stands."""
    if not _BEGINS.match(sql):
        raise PermanentError(NO_ROWS)
    return sql.rstrip().rstrip(";")


def _leave(raw: Any) -> None:
    raw.rollback()


def _cancel(raw: Any) -> None:
    raw.cancel()


SPEECH = Speech(oracledb.Error, fault_of, quoted, fetch_first, _kind, READ_ONLY, _leave, _cancel, _prepared)
