"""Rows of Amazon Redshift as Parquet, over psycopg: rows come one after the other, and nothing is kept by the server."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import psycopg
from psycopg.types.string import TextLoader

from penstock.connectors.databases import arriving
from penstock.connectors.databases.arriving import Lands
from penstock.connectors.databases.incremental import unordered
from penstock.connectors.databases.limits import limit
from penstock.connectors.databases.redshift.session import SNAPSHOT, connected, fault_of, literal
from penstock.connectors.databases.sources import Into, answering
from penstock.connectors.databases.statements import Native, Rows, Running
from penstock.connectors.places import Place
from penstock.domain.watermark import Order
from penstock.kit.stopping import STOP
from penstock.plan.dtypes import Kind
from penstock.plan.ports import Connection

_CANCEL_S = 5.0
NUMERIC, SUPER, VARBYTE = 1700, 4000, 6551
_DATE, _TIMESTAMP, _INSTANT = 1082, 1114, 1184
_LANDS: dict[int, Lands] = {
    16: arriving.FLAG, 20: arriving.WHOLE, 21: arriving.WHOLE, 23: arriving.WHOLE, 26: arriving.WHOLE,
    700: arriving.SHORT_REAL, 701: arriving.REAL, _DATE: arriving.PRINTED_TIME, _TIMESTAMP: arriving.PRINTED_TIME,
    _INSTANT: arriving.PRINTED_INSTANT, VARBYTE: arriving.HEXADECIMAL,
}  # fmt: skip
"""Redshift's numbers of types to what their values become; all else is text."""
_NATIVE = frozenset({16, 20, 21, 23, 26, 700, 701})
"""Types whose values the driver makes; of all others it gives the text that came."""
_DOUBLE = 701
_WORDS = {_DATE: "date", _TIMESTAMP: "timestamp", _INSTANT: "timestamptz"}
_ORDERS = {
    **dict.fromkeys((20, 21, 23), Order.WHOLE), **dict.fromkeys((NUMERIC, _DOUBLE), Order.NUMBER), _DATE: Order.DATE,
    _TIMESTAMP: Order.TIMESTAMP, _INSTANT: Order.INSTANT, **dict.fromkeys((25, 1042, 1043), Order.TEXT),
}  # fmt: skip
"""Numbers of types whose values have an order."""
_TEXTUAL = (Kind.CHARARRAY, Kind.BYTEARRAY, Kind.MAP, Kind.BAG)


@contextmanager
def reader(connection: Connection, place: Place) -> Iterator[RedshiftReader]:
    """Open what reads rows of a database. Raises PermanentError, TransientError."""
    with closing(connected(connection, place)) as raw:
        for one in raw.adapters.types:
            if one.oid not in _NATIVE:
                raw.adapters.register_loader(one.oid, TextLoader)
        for number in (SUPER, VARBYTE):
            raw.adapters.register_loader(number, TextLoader)
        yield RedshiftReader(raw)


class RedshiftReader:
    """Reads rows (`sources.Reader`). Several sessions share no snapshot there, so that one reads."""

    limited = staticmethod(limit)
    is_parallel = False

    def __init__(self, raw: psycopg.Connection) -> None:
        self._raw = raw
        self._is_begun = False

    def quoted(self, name: str) -> str:
        """Return a name in double quotes."""
        return '"' + name.replace('"', '""') + '"'

    def describe(self, statement: str) -> Sequence[Native]:
        """Return the columns of a statement."""
        try:
            found = self._raw.execute(f"{statement} LIMIT 0".encode()).description or []
        except psycopg.Error as error:
            raise fault_of(error) from error
        return [Native(one.name, one.type_code, one.type_display, _ORDERS.get(one.type_code)) for one in found]

    def expression(self, column: str, native: Native, kind: Kind) -> str:
        """Return the SQL of a column as it lands."""
        if native.type == SUPER:
            return f"JSON_SERIALIZE({column})"
        if native.type == NUMERIC and kind in (Kind.INT, Kind.LONG):
            return f"CAST(TRUNC({column}) AS decimal(38,0))"
        if native.type in (_DATE, _TIMESTAMP, _INSTANT) and kind in _TEXTUAL:
            return f"CAST({column} AS varchar(64))"
        return column

    def begin(self) -> None:
        """Begin a snapshot."""
        if not self._is_begun:
            with answering(psycopg.Error, fault_of):
                self._raw.execute(SNAPSHOT.encode())
            self._is_begun = True

    def running(self) -> Running | None:
        """Only a superuser may see the transactions of others."""
        return None

    def row(self, statement: str) -> tuple[object, ...]:
        """Return the first row of a statement."""
        with answering(psycopg.Error, fault_of), STOP.ending(self._cancel):
            found: tuple[object, ...] = self._raw.execute(statement.encode()).fetchall()[0]
        return found

    def order(self, column: str, native: Native, rows: Rows) -> Order:  # noqa: ARG002 -- columns have types here
        """Return what orders a column."""
        if native.order is None:
            raise unordered(column, native.shown)
        return native.order

    def spelled(self, value: str, order: Order) -> str:  # noqa: ARG002 -- all are alike
        """Return an expression as it is: the driver gives all digits of a double, and of all else the text that came. A cast
        to text would cut texts off."""
        return value

    def literal(self, native: Native, mark: Order, value: str) -> str:
        """Return a literal of the column's type."""
        if native.type == _DOUBLE:
            return f"CAST('{value}' AS double precision)"
        if mark in (Order.WHOLE, Order.NUMBER):
            # As they stand: a cast to numeric would leave none behind the point.
            return value
        return literal(value) if mark is Order.TEXT else f"CAST('{value}' AS {_WORDS[int(native.type)]})"

    def land(self, statements: Sequence[str], natives: Sequence[Native], into: Into) -> Sequence[Path]:  # noqa: ARG002
        """Write the rows of statements, a file each, in one transaction that only reads."""
        files = [into.folder / f"{index:05d}.parquet" for index in range(len(statements))]
        total = 0
        with answering(psycopg.Error, fault_of), STOP.ending(self._cancel), self._raw.cursor() as cursor:
            self.begin()
            for statement, file in zip(statements, files, strict=True):
                # The columns are known with the first row; a statement without rows is asked for them.
                rows = cursor.stream(statement.encode())
                first = next(rows, None)
                described = cursor.description or self._raw.execute(f"{statement} LIMIT 0".encode()).description or []
                columns = [_LANDS.get(one.type_code, arriving.TEXT) for one in described]
                total = arriving.write(_with(first, rows), columns, file, into.arrived, total)
            cursor.execute(b"ROLLBACK")
            self._is_begun = False
        return files

    def _cancel(self) -> None:
        """End what runs, from another thread."""
        with suppress(psycopg.Error):
            self._raw.cancel_safe(timeout=_CANCEL_S)


def _with(first: Sequence[object] | None, rows: Iterator[Sequence[object]]) -> Iterator[Sequence[object]]:
    if first is not None:
        yield first
        yield from rows
