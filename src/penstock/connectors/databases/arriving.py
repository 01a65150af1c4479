"""Rows that a driver gives as values of Python, as Parquet. What a driver's values are is said by column: `Lands`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from itertools import islice
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from penstock.plan.ports import Arrived

ROWS = 8192
"""Rows that become one batch."""
INFINITE = 2**63 - 1
"""A time that is none: DuckDB's infinity, which fits no field."""
_YEAR = r"^\d{4}-"
_ZONE = r"(Z|[+-]00(:?00)?)$"


@dataclass(frozen=True, slots=True)
class Lands:
    """What a column's values become: a type of Parquet, and what makes them of some values of the driver."""

    type: pa.DataType
    convert: Callable[[Sequence[Any]], pa.Array]


def write(rows: Iterable[Sequence[Any]], columns: Sequence[Lands], file: Path, arrived: Arrived, before: int) -> int:
    """Write rows into a file, its columns `c0`, `c1` and so on. Returns how many there are, together with those *before*."""
    schema = pa.schema([(f"c{index}", one.type) for index, one in enumerate(columns)])
    total = before
    with pq.ParquetWriter(file, schema, compression="none", use_dictionary=False) as writer:
        for some in _batches(rows):
            made = [one.convert(values) for one, values in zip(columns, zip(*some, strict=True), strict=True)]
            writer.write_batch(pa.record_batch(made, schema=schema))
            total += len(some)
            arrived(total, "rows")
    return total


def _batches(rows: Iterable[Sequence[Any]]) -> Iterator[list[Sequence[Any]]]:
    going = iter(rows)
    while some := list(islice(going, ROWS)):
        yield some


def spelled(value: Any) -> str | None:
    """Return a value as text: all digits of a decimal, times as ISO has them with a blank, bytes as hexadecimal digits.

    >>> spelled(Decimal("1E+3")), spelled(datetime(2024, 5, 6, 7, 8, 9, 500)), spelled(True)
    ('1000', '2024-05-06 07:08:09.000500', 'true')
    """
    match value:
        case None | str():
            return value
        case bool():
            return "true" if value else "false"
        case Decimal():
            return format(value, "f")
        case datetime():
            return value.isoformat(sep=" ")
        case bytes() | bytearray():
            return value.hex()
    return str(value)


def _texts(values: Sequence[Any]) -> pa.Array:
    return pa.array([spelled(value) for value in values], pa.string())


def _instants(values: Sequence[Any]) -> pa.Array:
    return pa.array([None if value is None else _whole_day(value).astimezone(UTC) for value in values], INSTANT.type)


def _naive(values: Sequence[Any]) -> pa.Array:
    return pa.array([None if value is None else _whole_day(value) for value in values], TIME.type)


def _whole_day(value: date | datetime) -> datetime:
    return value if isinstance(value, datetime) else datetime(value.year, value.month, value.day)


def _printed(wanted: pa.DataType) -> Callable[[Sequence[str | None]], pa.Array]:
    """Times that come as text; a year of more than four digits, or before Christ, is no date-time here."""

    def convert(values: Sequence[str | None]) -> pa.Array:
        texts = pc.replace_substring_regex(pa.array(values, pa.string()), _ZONE, "")
        is_odd = pc.or_(pc.invert(pc.match_substring_regex(texts, _YEAR)), pc.match_substring(texts, "BC"))
        made = pc.if_else(is_odd, pa.scalar("1970-01-01"), texts).cast(pa.timestamp("us"))
        infinite = pa.scalar(INFINITE, pa.int64()).cast(pa.timestamp("us"))
        return pc.if_else(is_odd, infinite, made).cast(wanted)

    return convert


WHOLE = Lands(pa.int64(), lambda values: pa.array(values, pa.int64()))
REAL = Lands(pa.float64(), lambda values: pa.array(values, pa.float64()))
SHORT_REAL = Lands(pa.float32(), lambda values: pa.array(values, pa.float64()).cast(pa.float32()))
FLAG = Lands(pa.bool_(), lambda values: pa.array(values, pa.bool_()))
TEXT = Lands(pa.string(), _texts)
BYTES = Lands(pa.binary(), lambda values: pa.array(values, pa.binary()))
HEXADECIMAL = Lands(
    pa.binary(),
    lambda values: pa.array([None if value is None else bytes.fromhex(value) for value in values], pa.binary()),
)
TIME = Lands(pa.timestamp("us"), _naive)
INSTANT = Lands(pa.timestamp("us", "UTC"), _instants)
UTC_TIME = Lands(pa.timestamp("us", "UTC"), lambda values: _naive(values).cast(pa.timestamp("us", "UTC")))
"""Instants whose values have no zone, and are in UTC."""
PRINTED_TIME = Lands(pa.timestamp("us"), _printed(pa.timestamp("us")))
PRINTED_INSTANT = Lands(pa.timestamp("us", "UTC"), _printed(pa.timestamp("us", "UTC")))
