"""MySQL and MariaDB, connection type `mysql`: sessions that read, over PyMySQL.

Statements go one at a time, rows come one by one, and a SELECT without a LIMIT of its own gives one. Values come as the server
prints them.
"""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from struct import error as StructError  # noqa: N812 -- a class under a name of its own
from typing import Any

import pymysql
from pymysql.constants import CR, ER, FIELD_TYPE
from pymysql.cursors import SSCursor

from penstock.connectors import places, tls
from penstock.connectors.databases.limits import limit
from penstock.connectors.databases.session import (
    ASK_S,
    CONNECT_S,
    MOST_BYTES,
    NO_ROWS,
    Column,
    Gone,
    Row,
    checked,
)
from penstock.connectors.places import Place, TlsRefused
from penstock.errors import PermanentError, TransientError
from penstock.kit.stopping import STOP
from penstock.plan.ports import Cell, CellKind, Connection

_KINDS = {
    FIELD_TYPE.TINY: (CellKind.WHOLE, "tinyint"), FIELD_TYPE.SHORT: (CellKind.WHOLE, "smallint"),
    FIELD_TYPE.INT24: (CellKind.WHOLE, "mediumint"), FIELD_TYPE.LONG: (CellKind.WHOLE, "int"),
    FIELD_TYPE.LONGLONG: (CellKind.WHOLE, "bigint"), FIELD_TYPE.YEAR: (CellKind.WHOLE, "year"),
    FIELD_TYPE.BIT: (CellKind.WHOLE, "bit"), FIELD_TYPE.DECIMAL: (CellKind.DECIMAL, "decimal"),
    FIELD_TYPE.NEWDECIMAL: (CellKind.DECIMAL, "decimal"), FIELD_TYPE.FLOAT: (CellKind.FLOAT, "float"),
    FIELD_TYPE.DOUBLE: (CellKind.DOUBLE, "double"), FIELD_TYPE.DATE: (CellKind.DATE, "date"),
    FIELD_TYPE.NEWDATE: (CellKind.DATE, "date"), FIELD_TYPE.DATETIME: (CellKind.TIMESTAMP, "datetime"),
    FIELD_TYPE.TIMESTAMP: (CellKind.INSTANT, "timestamp"), FIELD_TYPE.TIME: (CellKind.OTHER, "time"),
    FIELD_TYPE.JSON: (CellKind.OTHER, "json"), FIELD_TYPE.GEOMETRY: (CellKind.OTHER, "geometry"),
}  # fmt: skip
"""The protocol's numbers of types: what each is, and its name; all others are texts and bytes."""
_READ_BEFORE_END = 100
"""Rows that are read and dropped before the session is ended instead, which costs a new one."""
_LOST = (CR.CR_SERVER_GONE_ERROR, CR.CR_SERVER_LOST, ER.SERVER_SHUTDOWN, 1927, 4031)
"""Numbers that say that the session has failed, not the statement; the last two: killed, or idle for too long."""
_READ_ONLY, _TIMES_UP, _TIMES_UP_MARIADB = 1792, 3024, 1969
NO_PEER = (StructError, IndexError, ValueError, AssertionError, RuntimeError, AttributeError)
"""What the driver raises for bytes that are no MySQL, or that ask for a file of this machine."""


def open_session(connection: Connection, place: Place) -> MysqlSession:
    """Return a session with the database of a connection. Raises PermanentError, or TransientError when nobody answers."""
    return MysqlSession(
        *connected(connection, place, _prepare, read_timeout=ASK_S + CONNECT_S, write_timeout=ASK_S + CONNECT_S)
    )


def connected(
    connection: Connection,
    place: Place,
    prepare: Callable[[Any], None],
    kind: type[pymysql.Connection[Any]] = pymysql.Connection,
    **more: Any,
) -> tuple[Any, socket.socket]:
    """Return a connection to the database of a stored one, and a socket by which it is ended from outside. *prepare* makes
    the session what it is to be. Raises PermanentError, or TransientError when nobody answers."""
    given, secure = connection.parameters, tls.asked(connection)
    with ExitStack() as undone:
        plain = undone.enter_context(_connected(place))
        # The driver takes the socket over, and wraps it for TLS: this one still ends what waits for it.
        twin = undone.enter_context(plain.dup())
        raw = kind(
            host=place.host, port=place.port, user=str(given.get("username") or ""),
            password=(connection.secret("password") or "").encode(),
            database=str(given.get("database") or "") or None, charset="utf8mb4", conv={}, cursorclass=SSCursor,
            ssl=None if secure is None else tls.context(secure), ssl_disabled=secure is None,
            autocommit=True, program_name="penstock", defer_connect=True, **{"local_infile": False, **more},
        )  # fmt: skip
        try:
            with _ended_after(CONNECT_S, twin), STOP.ending(lambda: shut(twin)):
                raw.connect(plain)
                prepare(raw)
        except pymysql.MySQLError as error:
            raise _refused(error) from error
        except NO_PEER as error:
            message = "what listens there does not speak as a MySQL server does. Check host and port."
            raise PermanentError(message) from error
        undone.pop_all()
        return raw, twin


_ALIVE = {"TCP_KEEPIDLE": 30, "TCP_KEEPINTVL": 10, "TCP_KEEPCNT": 3}
"""When a server that says nothing is asked whether it is still there, how often, and how many times: in a minute it is known,
and not after the two hours that systems wait unasked."""


def _connected(place: Place) -> socket.socket:
    made = places.connected(place, CONNECT_S)
    made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name, value in _ALIVE.items():
        if hasattr(socket, name):
            made.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)
    return made


@contextmanager
def _ended_after(seconds: float, twin: socket.socket) -> Iterator[None]:
    timer = threading.Timer(seconds, shut, [twin])
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def shut(twin: socket.socket) -> None:
    """End a connection from outside: whoever reads from it sees its end."""
    with suppress(OSError):
        twin.shutdown(socket.SHUT_RDWR)


def _prepare(raw: pymysql.Connection[SSCursor]) -> None:
    is_mariadb = "mariadb" in str(raw.get_server_info()).lower()  # type: ignore[no-untyped-call]
    limit = f"max_statement_time = {ASK_S}" if is_mariadb else f"max_execution_time = {ASK_S * 1000}"
    with raw.cursor() as cursor:
        cursor.execute(f"SET time_zone = '+00:00', sql_select_limit = 1, {limit}")
        cursor.execute("SET SESSION TRANSACTION READ ONLY")


def _refused(error: pymysql.MySQLError) -> PermanentError | TransientError:
    code, said = said_of(error)
    if code in _LOST:
        return TransientError(f"the server did not answer in time, or broke off: {said}")
    if "CERTIFICATE_VERIFY_FAILED" in said:
        return TlsRefused(f"the certificate of the server is not trusted: {said}")
    if code == CR.CR_SSL_CONNECTION_ERROR:
        return TlsRefused(f"{said} Set 'ssl' to false, or let the server speak TLS.")
    return PermanentError(said)


def said_of(error: pymysql.MySQLError) -> tuple[int, str]:
    """Return the number and the sentence of what MySQL said."""
    code = error.args[0] if error.args and isinstance(error.args[0], int) else 0
    text = str(error.args[-1] if error.args else error).strip().splitlines()
    line = text[0] if text else "no reason was given"
    return code, line if line.endswith((".", "!", "?")) else f"{line}."


class MysqlSession:
    """An open session (`session.Session`); used by one thread at a time."""

    limited = staticmethod(limit)

    def __init__(self, raw: pymysql.Connection[SSCursor], twin: socket.socket) -> None:
        self._raw = raw
        self._twin = twin

    def quoted(self, name: str) -> str:
        """Return a name in backticks."""
        return "`" + name.replace("`", "``") + "`"

    def close(self) -> None:
        """End the session."""
        if self._raw.open:
            self._raw.close()
        shut(self._twin)
        self._twin.close()

    def first(self, sql: str) -> Cell | None:
        """Return the first column of the first row."""
        checked(sql)
        if not self._raw.open:
            raise Gone("the session has ended.")
        cursor = self._raw.cursor()
        try:
            with STOP.ending(lambda: shut(self._twin)):
                cursor.execute(sql)
                if not cursor.description:
                    raise PermanentError(NO_ROWS)
                kind = int(cursor.description[0][1])
                row = cursor.fetchone()
                self._finish(cursor)
        except pymysql.MySQLError as error:
            self._abandon(cursor)
            STOP.check()
            raise fault_of(error) from error
        except NO_PEER as error:
            self._abandon(cursor)
            raise PermanentError("the server answers what the driver cannot read.") from error
        return None if row is None or row[0] is None else _cell(kind, row[0])

    def rows(self, sql: str, most: int, seconds: float) -> tuple[tuple[Column, ...], list[Row]]:
        """Return the columns of a statement and its first rows."""
        checked(sql)
        cursor = self._raw.cursor()
        started = time.monotonic()
        try:
            with _ended_after(seconds, self._twin), STOP.ending(lambda: shut(self._twin)):
                cursor.execute(f"SET sql_select_limit = {int(most)}")
                cursor.execute(sql)
                if not cursor.description:
                    raise PermanentError(NO_ROWS)
                kinds = [int(one[1]) for one in cursor.description]
                columns = tuple(
                    _column(str(one[0]), int(one[1]), _flags(cursor, at)) for at, one in enumerate(cursor.description)
                )
                found = [
                    tuple(_shown(*one) for one in zip(kinds, row, strict=True)) for row in self._some(cursor, most)
                ]
        except pymysql.MySQLError as error:
            STOP.check()
            if time.monotonic() - started >= seconds:
                raise TransientError(f"the statement took longer than {seconds:g} s. Ask for less.") from error
            raise fault_of(error) from error
        except NO_PEER as error:
            raise PermanentError("the server answers what the driver cannot read.") from error
        finally:
            self._abandon(cursor)
        return columns, found

    @staticmethod
    def _some(cursor: SSCursor, most: int) -> Iterator[tuple[str | bytes | None, ...]]:
        for _ in range(most):
            row = cursor.fetchone()
            if row is None:
                return
            yield row

    def _finish(self, cursor: SSCursor) -> None:
        """Read what is left of an answer, or end the session where that is more than a little."""
        for _ in range(_READ_BEFORE_END):
            if cursor.fetchone() is None:
                if cursor.nextset():
                    break  # A procedure gives further results.
                return
        self._abandon(cursor)

    def _abandon(self, cursor: SSCursor) -> None:
        result = getattr(cursor, "_result", None)
        if result is not None:
            result.unbuffered_active = False  # It would read all the rest when it is forgotten.
        self.close()


_UNSIGNED = 32
"""The flag of a column of numbers without a sign."""


def _flags(cursor: SSCursor, at: int) -> int:
    fields = getattr(getattr(cursor, "_result", None), "fields", None)
    return int(fields[at].flags) if fields else 0


def _column(name: str, number: int, flags: int) -> Column:
    kind, word = _KINDS.get(number, (CellKind.TEXT, "text"))
    return Column(name, kind, f"{word} unsigned" if kind is CellKind.WHOLE and flags & _UNSIGNED else word)


def _shown(number: int, raw: str | bytes | None) -> Cell | None:
    if raw is None:
        return None
    kind, name = _KINDS.get(number, (CellKind.TEXT, "text" if isinstance(raw, str) else "binary"))
    return Cell(kind, raw if isinstance(raw, str) else _spelled(number, raw), name)


def _spelled(number: int, raw: bytes) -> str:
    try:
        return str(int.from_bytes(raw)) if number == FIELD_TYPE.BIT else raw.decode()
    except UnicodeDecodeError:
        return f"\\x{raw.hex()}"


def _cell(number: int, raw: str | bytes) -> Cell:
    if len(raw) > MOST_BYTES:
        raise PermanentError(f"the value is larger than {MOST_BYTES >> 20} MiB. Ask for less.")
    kind, name = _KINDS.get(number, (CellKind.TEXT, "text" if isinstance(raw, str) else "binary"))
    if isinstance(raw, str):
        return Cell(kind, raw, name)
    if number == FIELD_TYPE.BIT:
        return Cell(kind, str(int.from_bytes(raw)), name)
    try:
        return Cell(kind, raw.decode(), name)
    except UnicodeDecodeError as error:
        raise PermanentError(
            f"the value of type {name} is no text in UTF-8. Write it as text in the statement, such as HEX(value)."
        ) from error


def fault_of(error: pymysql.MySQLError) -> PermanentError | TransientError:
    """Return what an error of the driver means here: Gone where the session has failed, and not the statement."""
    code, said = said_of(error)
    if code in _LOST:
        return Gone(said)
    if code in (_TIMES_UP, _TIMES_UP_MARIADB):
        return TransientError(f"the statement took longer than {ASK_S} s. Ask for less.")
    message = f"the database says: {said}"
    return PermanentError(f"{message} Only statements that read can be asked." if code == _READ_ONLY else message)
