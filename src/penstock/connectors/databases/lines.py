"""Staged records as lines of text in the form that PostgreSQL's COPY and MySQL's LOAD DATA read: tabs between values, a
backslash before what has a meaning of its own, `\\N` for null."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

BATCH_BYTES = 4 << 20
"""About how much is in memory at a time, of each of few copies."""
BATCH_RECORDS = 32_768
_NULL = "\\N"
_ESCAPES = (("\\", "\\\\"), ("\t", "\\t"), ("\n", "\\n"), ("\r", "\\r"))


@dataclass(frozen=True, slots=True)
class StagedFiles:
    """The files of an output, in order; their columns are those of its target."""

    paths: tuple[Path, ...]

    def batches(self) -> Iterator[pa.RecordBatch]:
        """Yield the records of the files, some at a time."""
        for path in self.paths:
            with pq.ParquetFile(path) as file:
                rows, size = file.metadata.num_rows, _size(file)
                step = max(1, min(BATCH_RECORDS, BATCH_BYTES * max(rows, 1) // max(size, 1)))
                yield from file.iter_batches(batch_size=step)


def _size(file: pq.ParquetFile) -> int:
    groups = range(file.metadata.num_row_groups)
    return sum(int(file.metadata.row_group(index).total_byte_size) for index in groups)


_LARGEST_FLOAT = ("3.4028235e+38", "3.4028234663852886e+38")
"""The largest float in the fewest digits that name it, which are more than it, and in enough to be no more."""


def encoded(batch: pa.RecordBatch, zero: str | None = None, digits: frozenset[int] = frozenset()) -> memoryview:
    """Return the records of a batch as lines; *zero* is what stands for a zero character, None where there is none. Booleans
    of the columns *digits* are 1 and 0."""
    columns = [
        _text(column.cast(pa.int8()) if index in digits else column, zero) for index, column in enumerate(batch.columns)
    ]
    lines = pc.binary_join_element_wise(
        *columns, pa.scalar("\t", pa.large_string()), null_handling="replace", null_replacement=_NULL
    )
    ended = pc.binary_join_element_wise(lines, pa.scalar("", lines.type), pa.scalar("\n", lines.type))
    return _data(ended)


def texts_of(batch: pa.RecordBatch) -> list[list[str | None]]:
    """Return the values of a batch as texts, column by column; null stays null."""
    return [
        (column.cast(pa.timestamp("us")) if pa.types.is_timestamp(column.type) else column)
        .cast(pa.large_string())
        .to_pylist()
        for column in batch.columns
    ]


def has_zero(column: pa.Array) -> bool:
    """Tell whether a column of texts holds a zero character."""
    return _is_text(column) and _holds(_data(column), 0)


def without_zeros(column: pa.Array) -> pa.Array:
    """Return a column of texts in which those with a zero character are null."""
    return pc.if_else(pc.match_substring(column, "\0"), pa.scalar(None, column.type), column)


def _text(column: pa.Array, zero: str | None) -> pa.Array:
    if _is_text(column):
        data = _data(column)
        escapes = _ESCAPES if zero is None else (*_ESCAPES, ("\0", zero))
        for char, escaped in escapes:
            if _holds(data, ord(char)):
                column = pc.replace_substring(column, pattern=char, replacement=escaped)
        return column.cast(pa.large_string())
    if pa.types.is_timestamp(column.type):
        # Instants are in UTC, and so are the sessions; the name of the zone would be read as well, and take its time.
        column = column.cast(pa.timestamp("us"))
    if pa.types.is_float32(column.type):
        return pc.replace_substring(column.cast(pa.large_string()), *_LARGEST_FLOAT)
    return column.cast(pa.large_string())


def _is_text(column: pa.Array) -> bool:
    return bool(pa.types.is_string(column.type) or pa.types.is_large_string(column.type))


def _holds(data: memoryview, byte: int) -> bool:
    return bool((np.frombuffer(data, np.uint8) == byte).any())


def _data(column: pa.Array) -> memoryview:
    """Return the bytes of all texts of a column, one behind the other."""
    _, offsets, data = column.buffers()
    if data is None or len(column) == 0:
        return memoryview(b"")
    kind = np.int64 if pa.types.is_large_string(column.type) else np.int32
    numbers = np.frombuffer(offsets, kind)
    first, last = int(numbers[column.offset]), int(numbers[column.offset + len(column)])
    return memoryview(data)[first:last]
