"""Rows of Snowflake as Parquet: they arrive as Arrow, and are made what they land as column by column."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from snowflake import connector as driver

from penstock.connectors.databases import arriving
from penstock.connectors.databases.arriving import Lands
from penstock.connectors.databases.limits import limit
from penstock.connectors.databases.snowflake import session as snow
from penstock.connectors.databases.snowflake.session import connected, fault_of, quoted
from penstock.connectors.databases.sources import Into, answering
from penstock.connectors.databases.statements import Native
from penstock.connectors.databases.unmarked import Unmarked
from penstock.connectors.places import Place
from penstock.errors import PermanentError
from penstock.kit.stopping import STOP
from penstock.plan.dtypes import Kind
from penstock.plan.ports import Connection

WHOLE, DECIMAL = "whole", "number"
_MOST_DIGITS = 18
"""Of what every whole number of 64 bits has room for."""
_TIME = "YYYY-MM-DD HH24:MI:SS.FF6"
_ZONED = frozenset({"timestamp_ltz", "timestamp_tz"})
_AS_IT_IS = frozenset({WHOLE, "float", "text", "boolean", "binary"})
_JSON = frozenset({"object", "array", "map"})
_TEXTUAL = (Kind.CHARARRAY, Kind.BYTEARRAY, Kind.MAP, Kind.BAG)


@contextmanager
def reader(connection: Connection, place: Place) -> Iterator[SnowflakeReader]:
    """Open what reads rows of a database. Raises PermanentError, TransientError."""
    with closing(connected(connection, place)) as raw:
        yield SnowflakeReader(raw)


class SnowflakeReader(Unmarked):
    """Reads rows (`sources.Reader`). Sessions share no snapshot, so that one reads."""

    system = "Snowflake"
    limited = staticmethod(limit)
    quoted = staticmethod(quoted)
    is_parallel = False

    def __init__(self, raw: Any) -> None:
        self._raw = raw
        self._lands: list[Lands] = []

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
        return made

    def land(self, statements: Sequence[str], natives: Sequence[Native], into: Into) -> Sequence[Path]:
        """Write the rows of statements, a file each; each statement sees what was committed when it began."""
        files = [into.folder / f"{index:05d}.parquet" for index in range(len(statements))]
        lands = self._lands[-len(natives) :]
        total = 0
        with (
            answering(driver.Error, fault_of),
            STOP.ending(lambda: snow.cancel(self._raw)),
            self._raw.cursor() as cursor,
        ):
            for statement, file in zip(statements, files, strict=True):
                cursor.execute(statement)
                total = _write(cursor, lands, file, into, total)
        return files


def _native(described: Any) -> Native:
    number = int(described.type_code)
    word = snow.WORDS[number] if number < len(snow.WORDS) else "text"
    digits, scale = described.precision, described.scale
    if number == snow.FIXED and scale == 0 and digits is not None and digits <= _MOST_DIGITS:
        word = WHOLE
    return Native(described.name, word, "number" if word == WHOLE else word)


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
