"""Rows of Snowflake as Parquet: they arrive as Arrow, and are made what they land as column by column."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from snowflake import connector as driver

from penstock.connectors.databases import arriving
from penstock.connectors.databases.arriving import Lands
from penstock.connectors.databases.dbapi import answer
from penstock.connectors.databases.incremental import unordered
from penstock.connectors.databases.limits import limit
from penstock.connectors.databases.snowflake import names
from penstock.connectors.databases.snowflake import session as snow
from penstock.connectors.databases.snowflake.session import SPEECH, connected, fault_of, literal, quoted
from penstock.connectors.databases.sources import Into, answering
from penstock.connectors.databases.statements import Native, Rows, Running
from penstock.connectors.places import Place
from penstock.domain.watermark import Order
from penstock.errors import PermanentError
from penstock.kit.stopping import STOP
from penstock.plan.dtypes import Kind
from penstock.plan.ports import Connection
from penstock.plan.systems import DatabaseSource

WHOLE, DECIMAL = "whole", "number"
_MOST_DIGITS = 18
"""Of what every whole number of 64 bits has room for."""
_TIME = "YYYY-MM-DD HH24:MI:SS.FF6"
_FINE = "YYYY-MM-DD HH24:MI:SS.FF9"
_DAY = "YYYY-MM-DD"
_ORDERS = {
    "float": Order.NUMBER, "date": Order.DATE, "timestamp_ntz": Order.TIMESTAMP, "timestamp_ltz": Order.INSTANT,
    "timestamp_tz": Order.INSTANT, "text": Order.TEXT,
}  # fmt: skip
_ZONED = frozenset({"timestamp_ltz", "timestamp_tz"})
_AS_IT_IS = frozenset({WHOLE, "float", "text", "boolean", "binary"})
_JSON = frozenset({"object", "array", "map"})
_TEXTUAL = (Kind.CHARARRAY, Kind.BYTEARRAY, Kind.MAP, Kind.BAG)


@contextmanager
def reader(connection: Connection, place: Place) -> Iterator[SnowflakeReader]:
    """Open what reads rows of a database. Raises PermanentError, TransientError."""
    with closing(connected(connection, place)) as raw:
        yield SnowflakeReader(raw)


class SnowflakeReader:
    """Reads rows (`sources.Reader`, `sources.Folding`). Sessions share no snapshot, so that one reads; nor do statements, so
    that above a watermark what one of them gave is read (`incremental.Holding`)."""

    limited = staticmethod(limit)
    is_parallel = False

    def __init__(self, raw: Any) -> None:
        self._raw = raw
        self._lands: list[Lands] = []
        self._columns: list[str] = []
        self._known: frozenset[str] = frozenset()
        self._marked = Native("", "")

    def quoted(self, name: str) -> str:
        """Return a name in double quotes, that of a column as it is there."""
        return quoted(names.among(name, self._known) or name)

    def found(self, origin: DatabaseSource) -> DatabaseSource:
        """Return a source with the names that its schema and table have."""
        if origin.table is None:
            return origin
        schema = None if origin.schema is None else names.schema_of(self._rows, origin.schema)
        if names.folded(origin.table) == origin.table:
            return replace(origin, schema=schema)
        table, word = names.table_of(self._rows, schema, origin.table)
        return replace(origin, schema=schema, table=origin.table if word is None else table)

    def learn(self, rows: Rows, wanted: Sequence[str]) -> None:
        """Look which columns some rows have, unless all names are in capitals."""
        if any(names.folded(one) != one for one in wanted):
            self._known = frozenset(one.name for one in self.describe(rows.select("*")))

    def _rows(self, sql: str) -> Sequence[Sequence[object]]:
        return answer(self._raw, sql, SPEECH)[1]

    def describe(self, statement: str) -> Sequence[Native]:
        """Return the columns of a statement, which is not run."""
        try:
            with self._raw.cursor() as cursor:
                return [_native(one) for one in cursor.describe(statement)]
        except driver.Error as error:
            raise fault_of(error) from error

    def expression(self, column: str, native: Native, kind: Kind) -> str:
        """Return the SQL of a column as it lands."""
        made, lands = _expression(column, str(native.type), kind)
        self._lands.append(lands)
        self._columns.append(column)
        return made

    def begin(self) -> None:
        """Nothing begins: a transaction there keeps no snapshot."""

    def hold(self, rows: Rows, column: str, test: str | None) -> Rows:
        """Return some rows as one statement gives them, which Snowflake keeps for a day and lets only its user see."""
        wanted = rows if test is None else rows.that(test)
        listed = ", ".join(dict.fromkeys([*self._columns, column]))
        with self._running() as cursor:
            cursor.execute(wanted.select(listed))
            return Rows(f"TABLE(RESULT_SCAN({literal(str(cursor.sfqid))}))")

    def running(self) -> Running | None:
        """Nobody can be asked."""
        return None

    def row(self, statement: str) -> tuple[object, ...]:
        """Return the first row of a statement."""
        with self._running() as cursor:
            cursor.execute(statement)
            return tuple(cursor.fetchall()[0])

    def order(self, column: str, native: Native, rows: Rows) -> Order:  # noqa: ARG002 -- columns have types here
        """Return what orders a column, whose values are spelled from now on."""
        if native.order is None:
            raise unordered(column, native.shown)
        self._marked = native
        return native.order

    def spelled(self, value: str, order: Order) -> str:
        """Return the text of an expression; of real numbers and texts the driver gives all."""
        match order:
            case Order.WHOLE | Order.NUMBER if self._marked.type != "float":
                return f"TO_VARCHAR({value})"
            case Order.DATE:
                return f"TO_VARCHAR({value}, '{_DAY}')"
            case Order.TIMESTAMP:
                return f"TO_VARCHAR({value}, '{_FINE}')"
            case Order.INSTANT:
                return f"TO_VARCHAR(CONVERT_TIMEZONE('UTC', {value}), '{_FINE}') || '+00:00'"
        return value

    def literal(self, native: Native, mark: Order, value: str) -> str:
        """Return a literal of the column's type."""
        match mark:
            case Order.NUMBER if native.type == "float":
                return f"CAST('{value}' AS DOUBLE)"
            case Order.WHOLE | Order.NUMBER:
                return value
            case Order.DATE:
                return f"TO_DATE('{value}', '{_DAY}')"
            case Order.TIMESTAMP:
                return f"TO_TIMESTAMP_NTZ('{value}', '{_FINE}')"
            case Order.INSTANT:
                return f"TO_{str(native.type).upper()}('{value}', '{_FINE}TZH:TZM')"
        return literal(value)

    @contextmanager
    def _running(self) -> Iterator[Any]:
        """Give a cursor whose statements are ended when the job is to stop."""
        with (
            answering(driver.Error, fault_of),
            STOP.ending(lambda: snow.cancel(self._raw)),
            self._raw.cursor() as cursor,
        ):
            yield cursor

    def land(self, statements: Sequence[str], natives: Sequence[Native], into: Into) -> Sequence[Path]:
        """Write the rows of statements, a file each; each statement sees what was committed when it began."""
        files = [into.folder / f"{index:05d}.parquet" for index in range(len(statements))]
        lands = self._lands[-len(natives) :]
        total = 0
        with self._running() as cursor:
            for statement, file in zip(statements, files, strict=True):
                cursor.execute(statement)
                total = _write(cursor, lands, file, into, total)
        return files


def _native(described: Any) -> Native:
    number = int(described.type_code)
    word = snow.WORDS[number] if number < len(snow.WORDS) else "text"
    digits, scale = described.precision, described.scale
    order = _ORDERS.get(word)
    if number == snow.FIXED:
        order = Order.WHOLE if scale == 0 else Order.NUMBER
    if number == snow.FIXED and scale == 0 and digits is not None and digits <= _MOST_DIGITS:
        word = WHOLE
    return Native(described.name, word, "number" if word == WHOLE else word, order)


def _expression(column: str, word: str, kind: Kind) -> tuple[str, Lands]:
    if word in _AS_IT_IS:
        return column, {"text": arriving.TEXT, "binary": arriving.BYTES, "boolean": arriving.FLAG}.get(
            word, arriving.WHOLE if word == WHOLE else arriving.REAL
        )
    if word == DECIMAL:
        if kind is Kind.BOOLEAN:
            return f"CASE WHEN {column} = 0 THEN 'false' WHEN {column} IS NOT NULL THEN 'true' END", arriving.TEXT
        cut = f"CAST(TRUNC({column}) AS NUMBER(38, 0))" if kind in (Kind.INT, Kind.LONG) else column
        return f"TO_VARCHAR({cut})", arriving.TEXT
    if word in _ZONED:
        made = f"TO_VARCHAR(CONVERT_TIMEZONE('UTC', {column}), '{_TIME}') || '+00:00'"
        return made, arriving.TEXT if kind in _TEXTUAL else arriving.PRINTED_INSTANT
    if word in ("date", "timestamp_ntz"):
        made = f"TO_VARCHAR({column}, '{'YYYY-MM-DD' if word == 'date' else _TIME}')"
        return made, arriving.TEXT if kind in _TEXTUAL else arriving.PRINTED_TIME
    if word == "time":
        return f"TO_VARCHAR({column}, 'HH24:MI:SS.FF6')", arriving.TEXT
    if word == "variant":
        return f"TO_JSON({column})", arriving.TEXT
    if word in _JSON:
        return f"TO_JSON(TO_VARIANT({column}))", arriving.TEXT
    if word in ("geography", "geometry"):
        return f"TO_JSON(TO_VARIANT(ST_ASGEOJSON({column})))", arriving.TEXT
    if word == "vector":
        return f"TO_JSON(TO_VARIANT(CAST({column} AS ARRAY)))", arriving.TEXT
    if word.startswith("interval"):
        return f"CAST({column} AS VARCHAR)", arriving.TEXT
    raise PermanentError(
        f"the column {column} is of a type ({word}) that is not read. Convert it in a query, or leave it out."
    )


def _write(cursor: Any, lands: Sequence[Lands], file: Path, into: Into, before: int) -> int:
    schema = pa.schema([(f"c{index}", one.type) for index, one in enumerate(lands)])
    total = before
    with pq.ParquetWriter(file, schema, compression="none", use_dictionary=False) as writer:
        for table in cursor.fetch_arrow_batches():
            STOP.check()
            columns = [_landed(one, lands[index]) for index, one in enumerate(table.columns)]
            writer.write_table(pa.Table.from_arrays(columns, schema=schema))
            total += table.num_rows
            into.arrived(total, "rows")
    return total


def _landed(column: Any, lands: Lands) -> Any:
    """Return a column as it lands; times have come as text."""
    if lands is arriving.PRINTED_TIME or lands is arriving.PRINTED_INSTANT:
        return lands.convert(column)
    return column if column.type == lands.type else pc.cast(column, lands.type)
