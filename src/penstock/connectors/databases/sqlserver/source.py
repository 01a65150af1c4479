"""Rows of SQL Server as Parquet, over pymssql, some thousand at a time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pymssql

from penstock.connectors.databases import arriving
from penstock.connectors.databases.arriving import Lands
from penstock.connectors.databases.dbapi import answer, fetched
from penstock.connectors.databases.incremental import unordered
from penstock.connectors.databases.limits import top
from penstock.connectors.databases.sources import Into, answering
from penstock.connectors.databases.sqlserver.session import (
    BEGIN,
    ROLLBACK,
    SNAPSHOT,
    SPEECH,
    connected,
    fault_of,
    literal,
    quoted,
)
from penstock.connectors.databases.statements import Native, Rows, Running
from penstock.connectors.places import Place
from penstock.domain.watermark import Order
from penstock.errors import PermanentError
from penstock.kit.stopping import STOP
from penstock.plan.dtypes import Kind
from penstock.plan.ports import Connection

_WHOLE = frozenset({"bigint", "int", "smallint", "tinyint"})
_DECIMAL = frozenset({"decimal", "numeric", "money", "smallmoney"})
_TIMES = frozenset({"date", "datetime", "datetime2", "smalldatetime"})
_INSTANT = "datetimeoffset"
_BYTES = frozenset({"binary", "varbinary", "image", "timestamp", "rowversion"})
_TEXTS = frozenset({"char", "varchar", "nchar", "nvarchar", "text", "ntext", "sysname", "xml", "uniqueidentifier"})
_NARROW = frozenset({"char", "varchar"})
_ORDERS = {
    **dict.fromkeys(sorted(_WHOLE), Order.WHOLE), **dict.fromkeys(("float", *sorted(_DECIMAL)), Order.NUMBER),
    **dict.fromkeys(sorted(_TIMES), Order.TIMESTAMP), "date": Order.DATE, _INSTANT: Order.INSTANT,
    **dict.fromkeys(("nchar", "nvarchar", *sorted(_NARROW)), Order.TEXT),
}  # fmt: skip
_HAS_SNAPSHOTS = "SELECT snapshot_isolation_state FROM sys.databases WHERE database_id = DB_ID()"
_TICKS = "0003333777"
"""The last digit of the milliseconds of a datetime, by the digit from which it is rounded down."""
_TEXTUAL = (Kind.CHARARRAY, Kind.BYTEARRAY, Kind.MAP, Kind.BAG)


@contextmanager
def reader(connection: Connection, place: Place) -> Iterator[SqlServerReader]:
    """Open what reads rows of a database. Raises PermanentError, TransientError."""
    with closing(connected(connection, place)) as raw:
        yield SqlServerReader(raw)


class SqlServerReader:
    """Reads rows (`sources.Reader`); several sessions share no snapshot there, so that one reads."""

    limited = staticmethod(top)
    quoted = staticmethod(quoted)
    is_parallel = False

    def __init__(self, raw: Any) -> None:
        self._raw = raw
        self._kinds: list[Kind] = []
        self._is_begun = False
        self._marked = Native("", "")

    def describe(self, statement: str) -> Sequence[Native]:
        """Return the columns of a statement, which SQL Server tells without running it."""
        asked = (
            "SELECT name, system_type_name, error_message FROM sys.dm_exec_describe_first_result_set"
            f"({literal(statement)}, NULL, 0) WHERE is_hidden = 0 OR is_hidden IS NULL ORDER BY column_ordinal"
        )
        found = answer(self._raw, asked, SPEECH)[1]
        said = [str(error) for *_, error in found if error is not None]
        if said or not found:
            raise PermanentError(f"the database says: {said[0] if said else 'the statement gives no rows.'}")
        words = [(str(name), str(kind or "").partition("(")[0], str(kind or "")) for name, kind, _ in found]
        return [Native(*one, _ORDERS.get(one[1])) for one in words]

    def expression(self, column: str, native: Native, kind: Kind) -> str:
        """Return the SQL of a column as it lands."""
        self._kinds.append(kind)
        word = str(native.type)
        if word in _DECIMAL:
            # The driver rounds money; as a text it has all its digits.
            wide = f"CAST({column} AS decimal(38,4))" if word in ("money", "smallmoney") else column
            cut = f"ROUND({wide}, 0, 1)" if kind in (Kind.INT, Kind.LONG) else wide
            return f"CAST({f'CAST({cut} AS decimal(38,0))' if cut != wide else cut} AS varchar(64))"
        if word in _TIMES:
            # Style 121 is ISO with a blank; 7 digits of a second are one more than there is room for.
            return f"CONVERT(varchar(40), {column}, 121)" if kind in _TEXTUAL else f"CAST({column} AS datetime2(6))"
        if word == _INSTANT:
            moved = f"SWITCHOFFSET({column}, '+00:00')"
            return f"CONVERT(varchar(40), {moved}, 121)" if kind in _TEXTUAL else f"CAST({moved} AS datetime2(6))"
        if word == "uniqueidentifier":
            return f"CAST({column} AS char(36))"
        if word == "xml":
            return f"CAST({column} AS nvarchar(max))"
        if word == "time":
            return f"CONVERT(varchar(40), {column}, 121)"
        if word in _WHOLE or word in _BYTES or word in _TEXTS or word in ("bit", "real", "float"):
            return column
        return f"CAST({column} AS nvarchar(max))"

    def begin(self) -> None:
        """Begin a snapshot. Raises PermanentError for a database that keeps none."""
        if self._is_begun:
            return
        if [int(str(one)) for (one,) in answer(self._raw, _HAS_SNAPSHOTS, SPEECH)[1]] != [1]:
            raise PermanentError(
                "the database keeps no snapshots, without which rows that are committed meanwhile would be lost. Let its owner "
                "say ALTER DATABASE ... SET ALLOW_SNAPSHOT_ISOLATION ON, or read everything."
            )
        for one in (SNAPSHOT, BEGIN):
            answer(self._raw, one, SPEECH)
        self._is_begun = True

    def running(self) -> Running | None:
        """Only those whom it is granted may see the transactions of others."""
        return None

    def row(self, statement: str) -> tuple[object, ...]:
        """Return the first row of a statement."""
        (found,) = answer(self._raw, statement, SPEECH)[1]
        STOP.check()
        return tuple(found)

    def order(self, column: str, native: Native, rows: Rows) -> Order:  # noqa: ARG002 -- columns have types here
        """Return what orders a column, whose values are spelled from now on."""
        if native.order is None:
            raise unordered(column, native.shown)
        self._marked = native
        return native.order

    def spelled(self, value: str, order: Order) -> str:
        """Return the text of an expression, where the driver does not give all of it."""
        if self._marked.type in _DECIMAL:
            wide = f"CAST({value} AS decimal(38,4))" if self._marked.type in ("money", "smallmoney") else value
            return f"CAST({wide} AS varchar(64))"
        if order is Order.INSTANT:
            return f"CONVERT(varchar(40), CAST(SWITCHOFFSET({value}, '+00:00') AS datetime2(7)), 121) + '+00:00'"
        return f"CONVERT(varchar(40), {value}, 121)" if order in (Order.DATE, Order.TIMESTAMP) else value

    def literal(self, native: Native, mark: Order, value: str) -> str:
        """Return a literal of the column's type. Raises PermanentError for a text that it might not hold."""
        match mark:
            case Order.WHOLE:
                return f"CAST({value} AS bigint)" if -(2**63) <= int(value) < 2**63 else value
            case Order.NUMBER if native.type == "float":
                return value if "e" in value.lower() else f"{value}e0"
            case Order.NUMBER:
                return value
            case Order.INSTANT:
                plain = value.removesuffix("+00:00")
                return f"TODATETIMEOFFSET(CONVERT(datetime2(7), '{plain}', 121), '+00:00')"
            case Order.DATE | Order.TIMESTAMP:
                return _time(str(native.type), value)
        if native.type in _NARROW:
            if not value.isascii():
                raise PermanentError(
                    f"the watermark {value[:40]!r} has letters beyond ASCII, which {native.shown} may lose. Take a column of "
                    "nvarchar, or another one."
                )
            # As nvarchar the column would have another order, and no index.
            return f"CAST({literal(value)} AS varchar({8000 if len(value) <= 8000 else 'max'}))"
        return literal(value)

    def land(self, statements: Sequence[str], natives: Sequence[Native], into: Into) -> Sequence[Path]:
        """Write the rows of statements, a file each."""
        files = [into.folder / f"{index:05d}.parquet" for index in range(len(statements))]
        kinds = self._kinds[-len(natives) :]
        columns = [_lands(str(native.type), kind) for native, kind in zip(natives, kinds, strict=True)]
        total = 0
        with answering(pymssql.Error, fault_of), self._raw.cursor() as cursor:
            if not self._is_begun:
                cursor.execute(BEGIN)
            for statement, file in zip(statements, files, strict=True):
                cursor.execute(statement)
                total = arriving.write(fetched(cursor, arriving.ROWS), columns, file, into.arrived, total)
            cursor.execute(ROLLBACK)
            self._is_begun = False
        return files


def _time(word: str, value: str) -> str:
    """Return a date or time as a literal of a type; what it cannot hold is cut off, for it would be rounded up."""
    match word:
        case "date":
            return f"CONVERT(date, '{value[:10]}', 121)"
        case "smalldatetime":
            return f"CONVERT(smalldatetime, '{value[:16]}:00', 121)"
        case "datetime":
            part = value[19:23].ljust(4, "0") if len(value) > 20 else ".000"
            return f"CONVERT(datetime, '{value[:19]}{part[:3]}{_TICKS[int(part[3])]}', 121)"
    return f"CONVERT(datetime2(7), '{value}', 121)"


def _lands(word: str, kind: Kind) -> Lands:
    if word in _WHOLE:
        return arriving.WHOLE
    if word == "bit":
        return arriving.FLAG
    if word == "float":
        return arriving.REAL
    if word == "real":
        return arriving.SHORT_REAL
    if word in _BYTES:
        return arriving.BYTES
    if word in _TIMES and kind not in _TEXTUAL:
        return arriving.TIME
    return arriving.UTC_TIME if word == _INSTANT and kind not in _TEXTUAL else arriving.TEXT
