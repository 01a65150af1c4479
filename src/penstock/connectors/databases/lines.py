"""Staged records as lines of text in the form that PostgreSQL's COPY and MySQL's LOAD DATA read: tabs between values, a
backslash before what has a meaning of its own, `\\N` for null."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

BATCH_BYTES = 4 << 20
"""About how much is in memory at a time, of each of few copies."""
BATCH_RECORDS = 32_768
_FIRST = 2048
"""Records of the first batch of a chunk; each one after it has twice as many."""
_NULL = "\\N"
_ESCAPES = (("\\", "\\\\"), ("\t", "\\t"), ("\n", "\\n"), ("\r", "\\r"))


@dataclass(slots=True)
class Reading:
    """Records that are read on from where the last ones have ended, so that what lies between is not read twice. Closed, and
    after records that nobody has read to their end, it begins anew."""

    at: int | None = None
    """How many records lie before the next one."""
    rest: pa.RecordBatch | None = None
    going: Iterator[pa.RecordBatch] | None = None

    def take(
        self, first: int, end: int | None, begun: Callable[[], Iterator[pa.RecordBatch]]
    ) -> Iterator[pa.RecordBatch]:
        """Yield the records from *first* on and before *end*; *begun* gives those from *first* on."""
        if self.at != first or self.going is None:
            self.close()
            self.going = begun()
        going, rest, at = self.going, self.rest, first
        self.at = self.rest = None
        most = _FIRST
        while end is None or at < end:
            batch = rest if rest is not None else next(going, None)
            if batch is None:
                break
            # Little at first, so that who writes has something to do while the next is made.
            part = batch.slice(0, most if end is None else min(most, end - at))
            most *= 2
            rest = batch.slice(part.num_rows) if part.num_rows < batch.num_rows else None
            at += part.num_rows
            yield part
        self.at, self.rest = at, rest

    def close(self) -> None:
        """Read nothing more."""
        going, self.going, self.rest, self.at = self.going, None, None, None
        if isinstance(going, Generator):
            going.close()


@dataclass(frozen=True, slots=True)
class StagedFiles:
    """Records of an output, in order: those of *paths*, from *first* on and before *end* (None: all that follow), counted over
    all files. Their columns are those of its target, or the *columns* alone. Where there is a *reading*, it goes on."""

    paths: tuple[Path, ...]
    columns: tuple[str, ...] | None = None
    first: int = 0
    end: int | None = None
    reading: Reading | None = None

    def batches(self) -> Iterator[pa.RecordBatch]:
        """Yield the records, some at a time."""
        if self.reading is not None:
            return self.reading.take(self.first, self.end, replace(self, end=None, reading=None).batches)
        return self._read()

    def _read(self) -> Iterator[pa.RecordBatch]:
        before = 0
        for path in self.paths:
            # Read before it is wanted, a file is in memory as a whole until its end.
            with pq.ParquetFile(path, pre_buffer=False) as file:
                rows = int(file.metadata.num_rows)
                end = rows if self.end is None else min(rows, self.end - before)
                yield from self._batches(file, max(0, self.first - before), end)
                before += rows

    def _batches(self, file: pq.ParquetFile, first: int, end: int) -> Iterator[pa.RecordBatch]:
        """Yield those of one file; groups of rows that lie outside are not read."""
        metadata, groups, starts, start = file.metadata, [], [], 0
        for group in range(metadata.num_row_groups):
            rows = int(metadata.row_group(group).num_rows)
            if start < end and start + rows > first:
                groups.append(group)
                starts.append(start)
            start += rows
        if not groups:
            return
        step = max(1, min(BATCH_RECORDS, BATCH_BYTES * max(metadata.num_rows, 1) // max(_size(file), 1)))
        at = starts[0]
        for batch in file.iter_batches(batch_size=step, row_groups=groups, columns=self.columns and list(self.columns)):
            begin, stop = max(first - at, 0), min(end - at, batch.num_rows)
            at += batch.num_rows
            if begin < stop:
                part = batch.slice(begin, stop - begin)
                yield part if self.columns is None else part.select(list(self.columns))

    @contextmanager
    def whole(self) -> Iterator[tuple[Path, ...]]:
        """Give files that hold these records and no others, for who reads files by itself: the staged ones, or one beside
        them that goes at the end of the block."""
        if self.first == 0 and self.end is None:
            yield self.paths
            return
        made = self.paths[0].with_name(f".part-{self.first}.parquet")
        schema = pq.read_schema(self.paths[0])
        try:
            with pq.ParquetWriter(made, schema, compression="none") as writer:
                for batch in replace(self, columns=None).batches():
                    writer.write_batch(batch)
            yield (made,)
        finally:
            made.unlink(missing_ok=True)


def _size(file: pq.ParquetFile) -> int:
    groups = range(file.metadata.num_row_groups)
    return sum(int(file.metadata.row_group(index).total_byte_size) for index in groups)


def ahead(made: Iterator[memoryview]) -> Generator[memoryview]:
    """Yield what another iterator gives, while the next of it is made in a thread: whoever sends waits for the server. Closed,
    nothing more is made."""
    with ThreadPoolExecutor(1) as pool:
        coming = pool.submit(next, made, None)
        while (found := coming.result()) is not None:
            coming = pool.submit(next, made, None)
            yield found


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
