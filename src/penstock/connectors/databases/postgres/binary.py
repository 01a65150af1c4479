"""Staged records in the binary form of PostgreSQL's COPY: for each record how many values it has, for each value its length
and its bytes, the most significant first. Neither side makes or reads digits, which is most of what text costs.

Only for columns whose type holds exactly what the field is; of all others the server is to read texts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import groupby
from typing import Any, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from penstock.connectors.databases.targets import Item, Table
from penstock.errors import PermanentError
from penstock.plan.dtypes import Kind

HEADER = b"PGCOPY\n\xff\r\n\0" + bytes(8)
"""Signature, no flags, nothing more."""
TRAILER = b"\xff\xff"
_NULL = b"\xff\xff\xff\xff"
"""The length of a null."""
_EPOCH_US = 946_684_800_000_000
"""The year 2000, from which PostgreSQL counts, in microseconds since 1970."""
_LEAST_US = -(2**63) + _EPOCH_US
"""What lies up to here is before any time of PostgreSQL, and has no number there."""

_Part: TypeAlias = "tuple[str, np.ndarray[Any, Any]] | pa.Array"
"""What stands behind one another in each record: values of a fixed size with numpy's name of their form, or bytes."""
_Encoder = Callable[[pa.Array, str], list[_Part]]


def encoders(table: Table, items: Sequence[Item]) -> list[_Encoder] | None:
    """Return what encodes each column, None where one of them is to be read from text."""
    found = [_ENCODERS.get((one.kind, _plain(table, one.column))) for one in items]
    return None if None in found else [one for one in found if one is not None]


def _plain(table: Table, name: str) -> str:
    """Return the type of a column without how long its values may be, which the server sees to."""
    column = table.column(name)
    return "" if column is None else column.type.partition("(")[0]


def encoded(batch: pa.RecordBatch, items: Sequence[Item], how: Sequence[_Encoder]) -> memoryview:
    """Return the records of a batch. Raises PermanentError for a date-time that has no number."""
    parts: list[_Part] = [(">i2", np.full(batch.num_rows, len(items)))]
    for column, item, encoder in zip(batch.columns, items, how, strict=True):
        parts += encoder(column, item.column)
    columns = list(_gathered(parts))
    records = pc.binary_join_element_wise(*columns, pa.scalar(b"", pa.large_binary()))
    _, offsets, data = records.buffers()
    ends = np.frombuffer(offsets, np.int64)
    return memoryview(data)[int(ends[records.offset]) : int(ends[records.offset + len(records)])]


def _gathered(parts: Sequence[_Part]) -> Iterator[pa.Array]:
    """Yield parts as bytes; numbers that stand side by side are put together at once."""
    for is_numbers, found in groupby(parts, key=lambda part: isinstance(part, tuple)):
        if not is_numbers:
            yield from found
            continue
        side_by_side = list(found)
        made = np.empty(len(side_by_side[0][1]), [(f"f{at}", kind) for at, (kind, _) in enumerate(side_by_side)])
        for at, (_, values) in enumerate(side_by_side):
            made[f"f{at}"] = values
        kind = pa.binary(made.dtype.itemsize)
        yield pa.Array.from_buffers(kind, len(made), [None, pa.py_buffer(made)]).cast(pa.large_binary())


def _fixed(kind: str) -> _Encoder:
    """Return what encodes values of a fixed size."""

    def encode(column: pa.Array, _: str) -> list[_Part]:
        return _numbers(column, column.fill_null(column.type.to_pandas_dtype()(0)).to_numpy(zero_copy_only=False), kind)

    return encode


def _numbers(column: pa.Array, values: np.ndarray[Any, Any], kind: str) -> list[_Part]:
    """Return *values* with their length, and null where *column* is null."""
    parts: list[_Part] = [(">i4", np.full(len(values), np.dtype(kind).itemsize)), (kind, values)]
    if not column.null_count:
        return parts
    (whole,) = _gathered(parts)
    return [pc.if_else(column.is_valid(), whole, pa.scalar(_NULL, whole.type))]


def _times(column: pa.Array, name: str) -> list[_Part]:
    whole = column.cast(pa.timestamp("us", column.type.tz)).cast(pa.int64()).fill_null(0)
    values = whole.to_numpy(zero_copy_only=False)
    if len(values) and int(values.min()) <= _LEAST_US:
        raise PermanentError(
            f"a date-time of the column '{name}' lies before all that PostgreSQL holds. Replace it in a Select."
        )
    return _numbers(column, values - _EPOCH_US, ">i8")


def _texts(column: pa.Array, _: str) -> list[_Part]:
    held = column.cast(pa.large_binary())
    lengths = pc.binary_length(held).fill_null(-1).to_numpy(zero_copy_only=False)
    return [(">i4", lengths), held.fill_null(b"") if held.null_count else held]


_WHOLE_32, _WHOLE_64, _BOOLEAN = _fixed(">i4"), _fixed(">i8"), _fixed("i1")
_TIMES = ("timestamp with time zone", "timestamp without time zone")
_ENCODERS: dict[tuple[Kind, str], _Encoder] = {
    (Kind.BOOLEAN, "boolean"): _BOOLEAN, (Kind.INT, "integer"): _WHOLE_32, (Kind.INT, "bigint"): _WHOLE_64,
    (Kind.LONG, "bigint"): _WHOLE_64, (Kind.FLOAT, "real"): _fixed(">f4"), (Kind.DOUBLE, "double precision"): _fixed(">f8"),
    **{(Kind.DATETIME, one): _times for one in _TIMES},
    **{(kind, one): _texts for kind in (Kind.CHARARRAY, Kind.BYTEARRAY) for one in ("text", "character varying")},
    **{(kind, "json"): _texts for kind in (Kind.MAP, Kind.BAG, Kind.TUPLE)},
}  # fmt: skip
