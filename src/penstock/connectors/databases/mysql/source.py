"""Rows of MySQL and MariaDB as Parquet, over PyMySQL: texts of the protocol become Arrow, some thousand rows at a time."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pymysql
from pymysql.constants import FIELD_TYPE, FLAG
from pymysql.cursors import SSCursor

from penstock.connectors.databases.arriving import INFINITE, ROWS
from penstock.connectors.databases.incremental import unordered
from penstock.connectors.databases.limits import limit
from penstock.connectors.databases.mysql.session import NO_PEER, connected, fault_of, shut
from penstock.connectors.databases.sources import Into, check_stop
from penstock.connectors.databases.statements import Native, Rows, Running
from penstock.connectors.places import Place
from penstock.domain.watermark import Order
from penstock.errors import PermanentError, TransientError
from penstock.kit.stopping import STOP
from penstock.plan.dtypes import Kind
from penstock.plan.ports import Connection

_WHOLE = {
    FIELD_TYPE.TINY: pa.int64(), FIELD_TYPE.SHORT: pa.int64(), FIELD_TYPE.INT24: pa.int64(), FIELD_TYPE.LONG: pa.int64(),
    FIELD_TYPE.LONGLONG: pa.int64(), FIELD_TYPE.YEAR: pa.int64(),
}  # fmt: skip
_TIMES = {
    FIELD_TYPE.DATE: pa.timestamp("us"), FIELD_TYPE.NEWDATE: pa.timestamp("us"), FIELD_TYPE.DATETIME: pa.timestamp("us"),
    FIELD_TYPE.TIMESTAMP: pa.timestamp("us", "UTC"),
}  # fmt: skip
_BYTES = frozenset(
    {FIELD_TYPE.TINY_BLOB, FIELD_TYPE.BLOB, FIELD_TYPE.MEDIUM_BLOB, FIELD_TYPE.LONG_BLOB, FIELD_TYPE.STRING,
     FIELD_TYPE.VAR_STRING, FIELD_TYPE.VARCHAR}
)  # fmt: skip
_ORDERS = {
    FIELD_TYPE.NEWDECIMAL: Order.NUMBER, FIELD_TYPE.DOUBLE: Order.NUMBER, FIELD_TYPE.DATE: Order.DATE,
    FIELD_TYPE.NEWDATE: Order.DATE, FIELD_TYPE.DATETIME: Order.TIMESTAMP, FIELD_TYPE.TIMESTAMP: Order.INSTANT,
}  # fmt: skip
_BINARY = 63
"""The number of the character set that is none."""
_TEXTUAL = (Kind.CHARARRAY, Kind.BYTEARRAY, Kind.MAP, Kind.BAG)


@contextmanager
def reader(connection: Connection, place: Place) -> Iterator[MysqlReader]:
    """Open what reads rows of a database. Raises PermanentError, TransientError."""
    raw, twin = connected(connection, place, _prepare)
    try:
        yield MysqlReader(raw, twin)
    finally:
        shut(twin)
        twin.close()
        with suppress(pymysql.MySQLError, OSError):
            raw.close()


def _prepare(raw: Any) -> None:
    with raw.cursor() as cursor:
        cursor.execute("SET time_zone = '+00:00', net_write_timeout = 600")
        cursor.execute("SET SESSION TRANSACTION READ ONLY")
        cursor.execute("SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ")


@dataclass(slots=True)
class MysqlReader:
    """Reads rows (`sources.Reader`)."""

    raw: Any
    twin: socket.socket
    is_begun: bool = False
    is_parallel: ClassVar[bool] = False
    limited = staticmethod(limit)

    def quoted(self, name: str) -> str:
        """Return a name in backticks."""
        return "`" + name.replace("`", "``") + "`"

    def describe(self, statement: str) -> Sequence[Native]:
        """Return the columns of a statement."""
        with self._answering(f"{statement} LIMIT 0") as cursor:
            return [Native(one.name, _word(one), order=_order(one)) for one in cursor._result.fields]

    def expression(self, column: str, native: Native, kind: Kind) -> str:
        """Return the SQL of a column as it lands."""
        match native.type:
            case "float":
                # As a text of six digits it would not be itself.
                return f"({column} * 1e0)"
            case "decimal" if kind in (Kind.INT, Kind.LONG):
                return f"TRUNCATE({column}, 0)"
            case "bit":
                return f"({column} + 0)"
            case "geometry":
                return f"ST_AsText({column})"
            case "time" if kind in _TEXTUAL:
                return f"CAST({column} AS CHAR)"
        return column

    def begin(self) -> None:
        """Begin a snapshot."""
        if not self.is_begun:
            with self._answering("START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY"):
                self.is_begun = True

    def running(self) -> Running | None:
        """Nobody can be asked."""
        return None

    def row(self, statement: str) -> tuple[object, ...]:
        """Return the first row of a statement."""
        with self._answering(statement) as cursor:
            found: tuple[object, ...] = cursor.fetchone()
            cursor.fetchall()
        return found

    def order(self, column: str, native: Native, rows: Rows) -> Order:  # noqa: ARG002 -- columns have types here
        """Return what orders a column."""
        if native.order is None:
            raise unordered(column, native.type if isinstance(native.type, str) and native.type else "bytes or a list")
        return native.order

    def spelled(self, value: str, order: Order) -> str:  # noqa: ARG002 -- all are alike
        """Return the text of an expression."""
        return f"CAST({value} AS CHAR)"

    def literal(self, native: Native, mark: Order, value: str) -> str:
        """Return a literal of the column's type."""
        match mark:
            case Order.WHOLE:
                return value
            case Order.NUMBER if native.type != "decimal":
                return value if "e" in value.lower() else f"{value}e0"
            case Order.NUMBER:
                return value
            case Order.DATE:
                return f"DATE'{value}'"
            case Order.TIMESTAMP | Order.INSTANT:
                return f"TIMESTAMP'{value}'"
        # A literal, whatever the mode says of backslashes, that takes the collation of the column.
        return f"_utf8mb4 X'{value.encode().hex()}'"

    def land(self, statements: Sequence[str], natives: Sequence[Native], into: Into) -> Sequence[Path]:
        """Write the rows of statements, a file each, in one snapshot."""
        self.begin()
        files = [into.folder / f"{index:05d}.parquet" for index in range(len(statements))]
        total = 0
        for statement, file in zip(statements, files, strict=True):
            with self._answering(statement) as cursor:
                fields = zip(cursor._result.fields, natives, strict=True)
                columns = [_landed(one, native) for one, native in fields]
                schema = pa.schema([(f"c{index}", one[0]) for index, one in enumerate(columns)])
                with pq.ParquetWriter(file, schema, compression="none", use_dictionary=False) as writer:
                    while rows := cursor.fetchmany(ROWS):
                        made = [
                            convert(values)
                            for (_, convert), values in zip(columns, zip(*rows, strict=True), strict=True)
                        ]
                        writer.write_batch(pa.record_batch(made, schema=schema))
                        total += len(rows)
                        into.arrived(total, "rows")
        return files

    @contextmanager
    def _answering(self, sql: str) -> Iterator[Any]:
        """Run a statement whose rows are read while the block runs."""
        cursor = self.raw.cursor(SSCursor)
        try:
            with STOP.ending(lambda: shut(self.twin)):
                cursor.execute(sql)
                yield cursor
                cursor.close()
        except pymysql.MySQLError as error:
            self._abandon(cursor)
            check_stop()
            raise fault_of(error) from error
        except NO_PEER as error:
            self._abandon(cursor)
            check_stop()
            raise PermanentError("the server answers what the driver cannot read.") from error
        except TransientError:
            self._abandon(cursor)
            check_stop()
            raise

    def _abandon(self, cursor: Any) -> None:
        result = getattr(cursor, "_result", None)
        if result is not None:
            result.unbuffered_active = False
        shut(self.twin)


def _word(field: Any) -> str:
    """Return what of a column's type decides how it is asked for."""
    words = {
        FIELD_TYPE.NEWDECIMAL: "decimal",
        FIELD_TYPE.FLOAT: "float",
        FIELD_TYPE.BIT: "bit",
        FIELD_TYPE.GEOMETRY: "geometry",
    }
    if field.type_code in _TIMES:
        return "time"
    return words.get(field.type_code, "")


def _order(field: Any) -> Order | None:
    """Return what orders the values of a column, None where nothing does."""
    code = field.type_code
    if code in _WHOLE:
        return Order.WHOLE
    if code in _ORDERS:
        return _ORDERS[code]
    is_list = bool(field.flags & (FLAG.ENUM | FLAG.SET))
    return Order.TEXT if code in _BYTES and field.charsetnr != _BINARY and not is_list else None


Convert = Callable[[Sequence[Any]], pa.Array]


def _landed(field: Any, native: Native) -> tuple[pa.DataType, Convert]:
    """Return the type of a column's values in Parquet, and what makes them of those of the driver."""
    code = field.type_code
    if code in _WHOLE and not (code == FIELD_TYPE.LONGLONG and field.flags & FLAG.UNSIGNED):
        return pa.int64(), lambda values: pa.array(values, pa.string()).cast(pa.int64())
    if native.type == "float":
        return pa.float32(), lambda values: pa.array(values, pa.string()).cast(pa.float64()).cast(pa.float32())
    if code == FIELD_TYPE.DOUBLE:
        return pa.float64(), lambda values: pa.array(values, pa.string()).cast(pa.float64())
    if code in _TIMES:
        return _TIMES[code], lambda values: _times(values, _TIMES[code])
    if code in _BYTES and field.charsetnr == _BINARY:
        return pa.binary(), lambda values: pa.array(values, pa.binary())
    return pa.string(), lambda values: pa.array(values, pa.string())


def _times(values: Sequence[str | None], wanted: pa.DataType) -> pa.Array:
    """Return times; dates of which MySQL knows no month or day are infinite, and so no date-times."""
    texts = pa.array(values, pa.string())
    is_odd = pc.match_substring_regex(texts, "^0000|-00")
    if pc.any(is_odd).as_py():
        texts = pc.if_else(is_odd, pa.scalar("1970-01-01"), texts)
        made = texts.cast(pa.timestamp("us"))
        infinite = pa.scalar(INFINITE, pa.int64()).cast(pa.timestamp("us"))
        return pc.if_else(is_odd, infinite, made).cast(wanted)
    return texts.cast(pa.timestamp("us")).cast(wanted)
