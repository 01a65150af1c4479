"""Rows of Oracle as Parquet, over python-oracledb, some thousand at a time, in one transaction that only reads."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from decimal import Decimal
from pathlib import Path
from typing import Any

import oracledb

from penstock.connectors.databases import arriving, dbapi
from penstock.connectors.databases.arriving import Lands
from penstock.connectors.databases.dbapi import Described, fetched
from penstock.connectors.databases.incremental import unordered
from penstock.connectors.databases.limits import fetch_first
from penstock.connectors.databases.oracle.session import READ_ONLY, connected, fault_of, literal, quoted, word_of
from penstock.connectors.databases.sources import Into, answering
from penstock.connectors.databases.statements import Native, Rows, Running
from penstock.connectors.places import Place
from penstock.domain.watermark import Order
from penstock.errors import PermanentError
from penstock.kit.stopping import STOP
from penstock.plan.dtypes import Kind
from penstock.plan.ports import Connection

_TEXTS = frozenset({"varchar", "nvarchar", "char", "nchar", "clob", "nclob", "long", "long_nvarchar"})
_BYTES = frozenset({"raw", "long_raw", "blob"})
_REALS = {"binary_float": arriving.SHORT_REAL, "binary_double": arriving.REAL}
_TIMES = {"date": "SYYYY-MM-DD HH24:MI:SS", "timestamp": "SYYYY-MM-DD HH24:MI:SS.FF6"}
_ZONED = frozenset({"timestamp_tz", "timestamp_ltz"})
_UTC = '"+00:00"'
_FINE = "YYYY-MM-DD HH24:MI:SS.FF9"
_NATIONAL = frozenset({"nvarchar", "nchar"})
_ORDERS = {
    "binary_double": Order.NUMBER, **dict.fromkeys(("date", "timestamp"), Order.TIMESTAMP),
    **dict.fromkeys(sorted(_ZONED), Order.INSTANT), **dict.fromkeys(("varchar", "char", *sorted(_NATIONAL)), Order.TEXT),
}  # fmt: skip
_TEXTUAL = (Kind.CHARARRAY, Kind.BYTEARRAY, Kind.MAP, Kind.BAG)


@contextmanager
def reader(connection: Connection, place: Place) -> Iterator[OracleReader]:
    """Open what reads rows of a database. Raises PermanentError, TransientError."""
    with closing(connected(connection, place)) as raw:
        yield OracleReader(raw)


class OracleReader:
    """Reads rows (`sources.Reader`)."""

    limited = staticmethod(fetch_first)
    quoted = staticmethod(quoted)
    is_parallel = False

    def __init__(self, raw: Any) -> None:
        self._raw = raw
        self._kinds: list[Kind] = []
        self._is_begun = False

    def describe(self, statement: str) -> Sequence[Native]:
        """Return the columns of a statement, of which no row is read."""
        try:
            with dbapi.closing(self._raw.cursor()) as cursor:
                cursor.execute(f"SELECT * FROM (\n{statement}\n) WHERE 1 = 0")
                return [Native(str(one[0]), word_of(one), word_of(one), _order(one)) for one in cursor.description]
        except oracledb.Error as error:
            raise fault_of(error) from error

    def expression(self, column: str, native: Native, kind: Kind) -> str:
        """Return the SQL of a column as it lands."""
        self._kinds.append(kind)
        word = str(native.type)
        if word in _TEXTS or word in _BYTES or word in _REALS or word == "boolean":
            return column
        if word == "number":
            if kind is Kind.BOOLEAN:
                return f"CASE WHEN {column} = 0 THEN 'false' WHEN {column} IS NOT NULL THEN 'true' END"
            return f"TRUNC({column})" if kind in (Kind.INT, Kind.LONG) else column
        if word in _TIMES:
            # As text: the driver has no dates before Christ.
            return f"LTRIM(TO_CHAR({column}, '{_TIMES[word]}'))"
        if word in _ZONED:
            # Joined to null a text is that text there, so that the zone has to stand in the format.
            return f"LTRIM(TO_CHAR(SYS_EXTRACT_UTC({column}), '{_TIMES['timestamp']}{_UTC}'))"
        if word in ("interval_ds", "interval_ym", "rowid", "urowid"):
            return f"TO_CHAR({column})"
        if word == "json":
            return f"JSON_SERIALIZE({column} RETURNING CLOB)"
        if word == "xmltype":
            return f"XMLSERIALIZE(CONTENT {column} AS CLOB)"
        raise PermanentError(
            f"the column {column} is of a type ({word}) that is not read. Convert it in a query, or leave it out."
        )

    def begin(self) -> None:
        """Begin a snapshot."""
        if not self._is_begun:
            with answering(oracledb.Error, fault_of), dbapi.closing(self._raw.cursor()) as cursor:
                cursor.execute(READ_ONLY)
            self._is_begun = True

    def running(self) -> Running | None:
        """Only those whom it is granted may see the transactions of others."""
        return None

    def row(self, statement: str) -> tuple[object, ...]:
        """Return the first row of a statement, numbers of its own kind as texts of all their digits."""
        with (
            answering(oracledb.Error, fault_of),
            STOP.ending(self._cancel),
            dbapi.closing(self._raw.cursor()) as cursor,
        ):
            cursor.execute(statement)
            (found,) = cursor.fetchall()
        return tuple(arriving.spelled(one) if isinstance(one, Decimal) else one for one in found)

    def order(self, column: str, native: Native, rows: Rows) -> Order:  # noqa: ARG002 -- columns have types here
        """Return what orders a column."""
        if native.order is None:
            raise unordered(column, native.shown)
        return native.order

    def spelled(self, value: str, order: Order) -> str:
        """Return the text of an expression, where the driver does not give all of it: times have nine digits of a second."""
        if order is Order.TIMESTAMP:
            return f"LTRIM(TO_CHAR(CAST({value} AS TIMESTAMP(9)), 'S{_FINE}'))"
        if order is Order.INSTANT:
            return f"LTRIM(TO_CHAR(SYS_EXTRACT_UTC({value}), 'S{_FINE}{_UTC}'))"
        return value

    def literal(self, native: Native, mark: Order, value: str) -> str:
        """Return a literal of the column's type."""
        match mark:
            case Order.WHOLE | Order.NUMBER:
                return f"TO_BINARY_DOUBLE('{value}')" if native.type == "binary_double" else value
            case Order.INSTANT:
                return f"TO_TIMESTAMP_TZ('{value}', '{_FINE}TZH:TZM')"
            case Order.TIMESTAMP if native.type == "date":
                # What lies between two of its seconds has none of its values below.
                return f"TO_DATE('{value.partition('.')[0]}', '{_FINE.partition('.')[0]}')"
            case Order.TIMESTAMP:
                return f"TO_TIMESTAMP('{value}', '{_FINE}')"
        return _national(value) if native.type in _NATIONAL else literal(value)

    def land(self, statements: Sequence[str], natives: Sequence[Native], into: Into) -> Sequence[Path]:
        """Write the rows of statements, a file each, of one snapshot."""
        files = [into.folder / f"{index:05d}.parquet" for index in range(len(statements))]
        kinds = self._kinds[-len(natives) :]
        columns = [_lands(str(native.type), kind) for native, kind in zip(natives, kinds, strict=True)]
        total = 0
        with (
            answering(oracledb.Error, fault_of),
            STOP.ending(self._cancel),
            dbapi.closing(self._raw.cursor()) as cursor,
        ):
            cursor.arraysize = arriving.ROWS
            if not self._is_begun:
                cursor.execute(READ_ONLY)
            for statement, file in zip(statements, files, strict=True):
                cursor.execute(statement)
                total = arriving.write(fetched(cursor, arriving.ROWS), columns, file, into.arrived, total)
            self._raw.rollback()
            self._is_begun = False
        return files

    def _cancel(self) -> None:
        with suppress(oracledb.Error):
            self._raw.cancel()


def _order(described: Described) -> Order | None:
    """Return what orders the values of a column, None where nothing does. Numbers of a scale of 0 are whole, if they have a
    precision: without one there is no scale either."""
    word, precision, scale = word_of(described), described[4], described[5]
    if word == "number":
        return Order.WHOLE if precision and scale == 0 else Order.NUMBER
    return _ORDERS.get(word)


def _national(text: str) -> str:
    """Return a text in quotes that has the letters which the database's own character set lacks."""
    if text.isascii():
        return f"N{literal(text)}"
    units = text.encode("utf-16-be").hex()
    escapes = "".join("\\" + units[at : at + 4] for at in range(0, len(units), 4))
    return f"UNISTR('{escapes}')"


def _lands(word: str, kind: Kind) -> Lands:
    if word in _REALS:
        return _REALS[word]
    if word in _BYTES:
        return arriving.BYTES
    if word == "boolean":
        return arriving.FLAG
    if kind in _TEXTUAL:
        return arriving.TEXT
    if word in _ZONED:
        return arriving.PRINTED_INSTANT
    return arriving.PRINTED_TIME if word in _TIMES else arriving.TEXT
