"""PostgreSQL, connection type `postgres`: sessions that read, over libpq.

Statements go by the extended protocol, which takes one at a time, and rows come one by one, so that of a large result only
its beginning travels. Values come as PostgreSQL prints them.
"""

from __future__ import annotations

import os
import selectors
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import psycopg
from psycopg.pq import DiagnosticField, ExecStatus, TransactionStatus
from psycopg.pq.abc import PGresult

from penstock.connectors import tls
from penstock.connectors.databases.limits import limit
from penstock.connectors.databases.session import (
    ASK_S,
    CONNECT_S,
    LOOK_S,
    MOST_BYTES,
    NO_ROWS,
    Column,
    Gone,
    Row,
    checked,
)
from penstock.connectors.places import Place, TlsRefused
from penstock.errors import DataError, PenstockError, PermanentError, TransientError
from penstock.kit.stopping import STOP
from penstock.plan.ports import Cell, CellKind, Connection

_KINDS = {
    16: (CellKind.BOOLEAN, "boolean"), 17: (CellKind.TEXT, "bytea"), 20: (CellKind.WHOLE, "bigint"),
    21: (CellKind.WHOLE, "smallint"), 23: (CellKind.WHOLE, "integer"), 26: (CellKind.WHOLE, "oid"),
    700: (CellKind.FLOAT, "real"), 701: (CellKind.DOUBLE, "double precision"), 1700: (CellKind.DECIMAL, "numeric"),
    1082: (CellKind.DATE, "date"), 1114: (CellKind.TIMESTAMP, "timestamp"), 1184: (CellKind.INSTANT, "timestamptz"),
    18: (CellKind.TEXT, "char"), 19: (CellKind.TEXT, "name"), 25: (CellKind.TEXT, "text"), 705: (CellKind.TEXT, "unknown"),
    1042: (CellKind.TEXT, "character"), 1043: (CellKind.TEXT, "character varying"), 1083: (CellKind.OTHER, "time"),
    1266: (CellKind.OTHER, "time with time zone"), 1186: (CellKind.OTHER, "interval"), 114: (CellKind.OTHER, "json"),
    3802: (CellKind.OTHER, "jsonb"), 2950: (CellKind.OTHER, "uuid"),
}  # fmt: skip
"""PostgreSQL's numbers of its own types: what each is, and its name."""
_BYTES = 17
SETTINGS = {
    "default_transaction_read_only": "on", "statement_timeout": str(ASK_S * 1000), "DateStyle": "ISO,YMD", "TimeZone": "UTC",
    "bytea_output": "hex", "extra_float_digits": "1", "IntervalStyle": "postgres",
}  # fmt: skip
"""Given when a session begins and never set later: behind a pooler that shares sessions others would get them."""
_READ_BEFORE_CANCEL = 100
"""Rows that are read and dropped before the rest is cancelled, which costs a connection."""
CANCEL_S = 5.0
"""How long is waited for the end of a statement that was cancelled."""
_LOST = ("08", "25P03", "25P04", "57P01", "57P02", "57P03", "57P05")
"""Beginnings of SQLSTATE that say that the session, not the statement, has failed."""


def open_session(connection: Connection, place: Place) -> PostgresSession:
    """Return a session with the database of a connection. Raises PermanentError, or TransientError when nobody answers."""
    session = PostgresSession(connected(connection, place, SETTINGS))
    found = session.first("SHOW default_transaction_read_only")
    if found is None or found.text != "on":
        session.close()
        raise PermanentError(
            "the session does not become one that only reads, as behind a pooler that leaves out settings. Give the "
            "address of the database itself."
        )
    return session


@contextmanager
def parameters_of(connection: Connection, place: Place, settings: Mapping[str, str]) -> Iterator[dict[str, str | int]]:
    """Give what libpq needs to connect, *settings* being those of the session; nothing of the machine's own settings for
    PostgreSQL is used. A file that it names goes with the block. Raises TlsRefused."""
    given, secure = connection.parameters, tls.asked(connection)
    made: dict[str, str | int] = {
        "host": ",".join([place.host] * len(place.addresses)), "hostaddr": ",".join(place.addresses), "port": place.port,
        "user": str(given.get("username") or ""), "password": connection.secret("password") or "",
        "dbname": str(given.get("database") or given.get("username") or ""),
        "sslmode": "disable" if secure is None else _MODES[secure.verify], "connect_timeout": CONNECT_S,
        # Where nothing is checked, a file of authorities on this machine is not to change that.
        "sslrootcert": f"{os.devnull}/none", "passfile": os.devnull, "sslcertmode": "disable", "gssencmode": "disable",
        "options": " ".join(f"-c {name}={value}" for name, value in settings.items()),
        "application_name": "penstock", "client_encoding": "UTF8", "target_session_attrs": "any",
        "keepalives": 1, "keepalives_idle": 30, "keepalives_interval": 10, "keepalives_count": 3,
    }  # fmt: skip
    if secure is None or secure.verify is tls.Verify.NONE:
        yield made
        return
    with tls.authorities_file(secure) as authorities:
        yield {**made, "sslrootcert": str(authorities)}


def connected(connection: Connection, place: Place, settings: Mapping[str, str]) -> psycopg.Connection:
    """Return a connection to the database of a stored one. Raises PermanentError, or TransientError when nobody answers."""
    try:
        with parameters_of(connection, place, settings) as given:
            return psycopg.connect(**given, autocommit=True)  # type: ignore[arg-type]
    except psycopg.OperationalError as error:
        raise _refused(error, bool(connection.parameters.get("ssl"))) from error
    except (psycopg.Error, ValueError) as error:
        raise PermanentError(_sentence(str(error))) from error


_MODES = {tls.Verify.NONE: "require", tls.Verify.CA: "verify-ca", tls.Verify.FULL: "verify-full"}


def _refused(error: psycopg.OperationalError, asks_for_tls: bool) -> PermanentError | TransientError:
    said = _sentence(str(error).split("Multiple connection attempts failed")[0])
    if asks_for_tls and "does not support SSL" in said:
        return TlsRefused(f"{said} Set 'ssl' to false, or let the server speak TLS.")
    if "certificate" in said and "does not match" in said:
        return TlsRefused(f"{said} Correct the host, or set 'ssl_verify' to ca.")
    if "certificate verify failed" in said:
        return TlsRefused(f"{said} Give the authority that signed it as 'ssl_ca'.")
    # Of a session that never was libpq gives no number, only words.
    words = (
        "timeout expired",
        "Connection refused",
        "could not receive",
        "unreachable",
        "No route",
        "closed the connection",
    )
    return TransientError(said) if any(word in said for word in words) else PermanentError(said)


def _sentence(text: str) -> str:
    """Return the first line of what PostgreSQL said, as a sentence."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    line = lines[0] if lines else "no reason was given"
    return line if line.endswith((".", "!", "?")) else f"{line}."


class PostgresSession:
    """An open session (`session.Session`); used by one thread at a time."""

    limited = staticmethod(limit)
    rests = TransactionStatus.IDLE
    """Where a session is between two statements."""

    def __init__(self, raw: psycopg.Connection) -> None:
        self._raw = raw
        self._pg = raw.pgconn

    def quoted(self, name: str) -> str:
        """Return a name in double quotes."""
        return '"' + name.replace('"', '""') + '"'

    def close(self) -> None:
        """End the session."""
        self._raw.close()

    def first(self, sql: str) -> Cell | None:
        """Return the first column of the first row."""
        until = time.monotonic() + ASK_S
        try:
            self._send(checked(sql).encode(), until)
            cell = self._receive(until)
        except psycopg.Error as error:
            self.close()
            raise Gone(_sentence(str(error))) from error
        if self._pg.transaction_status != self.rests:
            self.close()  # It began a transaction, which is not to reach the next statement.
        return cell

    def rows(self, sql: str, most: int, seconds: float) -> tuple[tuple[Column, ...], list[Row]]:
        """Return the columns of a statement and its first rows."""
        until = time.monotonic() + seconds
        columns: tuple[Column, ...] | None = None
        found: list[Row] = []
        try:
            self._send(checked(sql).encode(), until)
            while (result := self._next(until)) is not None:
                if result.status == ExecStatus.FATAL_ERROR:
                    raise _fault(result)
                if result.status not in (ExecStatus.SINGLE_TUPLE, ExecStatus.TUPLES_OK):
                    raise PermanentError(NO_ROWS)
                columns = columns or _columns(result)
                for number in range(result.ntuples if len(found) < most else 0):
                    found.append(tuple(_shown(result, number, column) for column in range(result.nfields)))
                if len(found) >= most:
                    self._cancel()
                    break
        except psycopg.Error as error:
            raise Gone(_sentence(str(error))) from error
        return columns or (), found

    def _send(self, sql: bytes, until: float) -> None:
        self._pg.send_query_params(sql, None)
        self._pg.set_single_row_mode()
        while self._pg.flush():
            self._wait(selectors.EVENT_READ | selectors.EVENT_WRITE, until)
            self._pg.consume_input()

    def _receive(self, until: float) -> Cell | None:
        cell: Cell | None = None
        fault: PenstockError | None = None
        rows = 0
        while (result := self._next(until)) is not None:
            match result.status:
                case ExecStatus.SINGLE_TUPLE:
                    if rows == 0:
                        try:
                            cell = _cell(result)
                        except (DataError, PermanentError) as error:
                            fault = error
                    rows += 1
                    if rows == _READ_BEFORE_CANCEL:
                        self._cancel()
                        break
                case ExecStatus.TUPLES_OK:
                    pass
                case ExecStatus.COMMAND_OK | ExecStatus.EMPTY_QUERY:
                    fault = PermanentError(NO_ROWS)
                case ExecStatus.FATAL_ERROR:
                    fault = _fault(result)
                    if isinstance(fault, Gone):
                        self.close()
                        break
                case _:  # It copies, and goes on until the session ends.
                    self.close()
                    raise PermanentError(NO_ROWS)
        if fault is not None:
            raise fault
        return cell

    def _next(self, until: float) -> PGresult | None:
        while self._pg.is_busy():
            self._wait(selectors.EVENT_READ, until)
            self._pg.consume_input()
        return self._pg.get_result()

    def _wait(self, events: int, until: float) -> None:
        """Return when there is something to do. Raises TransientError when it took too long or is to stop."""
        with selectors.DefaultSelector() as selector:
            selector.register(self._pg.socket, events)
            while not selector.select(LOOK_S):
                try:
                    STOP.check()
                except TransientError:
                    self._cancel()
                    raise
                if time.monotonic() > until:
                    self._cancel()
                    raise TransientError(f"the statement took longer than {ASK_S} s. Ask for less.")

    def _cancel(self) -> None:
        """End the statement; the session with it, where that does not succeed soon."""
        try:
            self._raw.cancel_safe(timeout=CANCEL_S)
            until = time.monotonic() + CANCEL_S
            with selectors.DefaultSelector() as selector:
                selector.register(self._pg.socket, selectors.EVENT_READ)
                while True:
                    while self._pg.is_busy():
                        if not selector.select(max(until - time.monotonic(), 0)):
                            self.close()
                            return
                        self._pg.consume_input()
                    if self._pg.get_result() is None:
                        return
        except psycopg.Error:
            self.close()


def _columns(result: PGresult) -> tuple[Column, ...]:
    columns = []
    for number in range(result.nfields):
        kind, name = _KINDS.get(result.ftype(number), (CellKind.OTHER, "another"))
        columns.append(Column((result.fname(number) or b"").decode("utf-8", "replace"), kind, name))
    return tuple(columns)


def _shown(result: PGresult, row: int, column: int) -> Cell | None:
    raw = result.get_value(row, column)
    if raw is None:
        return None
    kind, name = _KINDS.get(result.ftype(column), (CellKind.OTHER, "another"))
    text = raw.decode("utf-8", "replace")
    if kind is CellKind.BOOLEAN:
        text = "true" if text == "t" else "false"
    return Cell(kind, text, name)


def _cell(result: PGresult) -> Cell | None:
    raw = result.get_value(0, 0) if result.nfields else None
    if raw is None:
        return None
    if len(raw) > MOST_BYTES:
        raise PermanentError(f"the value is larger than {MOST_BYTES >> 20} MiB. Ask for less.")
    number = result.ftype(0)
    kind, name = _KINDS.get(number, (CellKind.OTHER, "another"))
    try:
        if number == _BYTES:
            return Cell(kind, bytes.fromhex(raw[2:].decode()).decode(), name)
        text = raw.decode()
    except UnicodeDecodeError as error:
        raise PermanentError(
            f"the value of type {name} is no text in UTF-8. Write it as text in the statement, such as encode(value, 'hex')."
        ) from error
    if kind is CellKind.BOOLEAN:
        text = "true" if text == "t" else "false"
    return Cell(kind, text, name)


def _fault(result: PGresult) -> PermanentError | TransientError:
    state = (result.error_field(DiagnosticField.SQLSTATE) or b"").decode()
    said = result.error_field(DiagnosticField.MESSAGE_PRIMARY) or result.error_message
    return _classed(state, said.decode("utf-8", "replace"))


def fault_of(error: psycopg.Error) -> PermanentError | TransientError:
    """Return what an error of the driver means here: Gone where the session has failed, and not the statement."""
    return _classed(error.sqlstate or "", error.diag.message_primary or str(error))


def _classed(state: str, said: str) -> PermanentError | TransientError:
    message = f"the database says: {_sentence(said)}"
    if state.startswith(_LOST) or not state:
        return Gone(message)
    if state == "25006":
        return PermanentError(f"{message} Only statements that read can be asked.")
    return PermanentError(message)
