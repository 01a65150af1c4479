"""One file of each format, written batch by batch."""

from __future__ import annotations

import io
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, Protocol

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from penstock.engines.files.packing import Sink, packed

GROUP_ROWS = 122_880
GROUP_BYTES = 64 << 20
"""A row group of Parquet ends at whichever comes first."""
EXCEL_ROWS = 1_048_576
_EXCEL_NUMBERS = 10**15
"""Excel keeps fifteen digits of a number; one with more is a text."""
_USUAL_SHARE = 0.25
"""What is left of texts when they are packed, until it is known."""
AVRO_CODEC = "deflate"


class Form(Protocol):
    """A file that is being written. *room* is how many records it still takes, None for any number."""

    @property
    def room(self) -> int | None: ...
    def size(self) -> int:
        """Return the bytes of the file so far, about."""

    def write(self, batch: pa.RecordBatch) -> None:
        """Add records."""

    def close(self) -> None:
        """Write what belongs at the end."""

    def abandon(self) -> None:
        """Close what is open, of a file that nobody will read."""


@dataclass(frozen=True, slots=True)
class Layout:
    """What files of texts hold beside their records, each of which is one text: *head*, what stands *between* two of them
    (none: they end by themselves), and *tail*."""

    head: bytes = b""
    between: bytes = b""
    tail: bytes = b""


@dataclass(slots=True)
class Texts:
    """A file of texts, which are the only column of what is written."""

    path: Path
    packing: str
    layout: Layout
    threads: int = 1
    room: int | None = None
    _file: IO[bytes] = field(init=False)
    _sink: Sink = field(init=False)
    _stack: ExitStack = field(default_factory=ExitStack)
    _is_first: bool = True
    _plain: int = 0
    """Bytes before they are packed."""
    _seen: tuple[int, int] = (0, 0)
    """How many of those had come when the file last grew, and its size then."""

    def __post_init__(self) -> None:
        self._file = self._stack.enter_context(self.path.open("wb"))
        self._sink = self._stack.enter_context(packed(self._file, self.packing, self.threads))
        self._sink.write(self.layout.head)

    def size(self) -> int:
        """What is packed lags behind: what is still to come is taken to be packed as well as all before it."""
        size = self._file.tell()
        if size > self._seen[1]:
            self._seen = self._plain, size
        before, packed_before = self._seen
        share = packed_before / before if before else _USUAL_SHARE
        return size if self.packing == "none" else size + int((self._plain - before) * share)

    def write(self, batch: pa.RecordBatch) -> None:
        texts = batch.column(0)
        offsets = offsets_of(texts)
        self._plain += int(offsets[-1] - offsets[0])
        if self.layout.between:
            if not self._is_first:
                self._sink.write(self.layout.between)
            self._sink.write(self.layout.between.join(one.as_buffer() for one in texts))
        else:
            self._sink.write(_bytes_of(texts))
        self._is_first = False

    def close(self) -> None:
        self._sink.write(self.layout.tail)
        self._stack.close()

    def abandon(self) -> None:
        with suppress(OSError, ValueError):  # what packs it may have more to write
            self._stack.close()


def _bytes_of(texts: pa.StringArray) -> memoryview:
    """Return the bytes of texts that are not null, one behind the other, as they lie in memory."""
    offsets = offsets_of(texts)
    return memoryview(texts.buffers()[2] or b"")[int(offsets[0]) : int(offsets[-1])]


def offsets_of(texts: pa.StringArray) -> Any:
    """Return where each text begins in memory, and where the last one ends."""
    begin = texts.offset
    return np.frombuffer(texts.buffers()[1], np.int32)[begin : begin + len(texts) + 1]


@dataclass(slots=True)
class Parquet:
    """A Parquet file, a row group at a time."""

    path: Path
    schema: pa.Schema
    codec: str
    group_bytes: int = GROUP_BYTES
    room: int | None = None
    _file: IO[bytes] = field(init=False)
    _writer: pq.ParquetWriter = field(init=False)
    _waiting: list[pa.RecordBatch] = field(default_factory=list)
    _waiting_rows: int = 0
    _waiting_bytes: int = 0

    def __post_init__(self) -> None:
        self._file = self.path.open("wb")
        codec = None if self.codec == "UNCOMPRESSED" else self.codec.lower()
        self._writer = pq.ParquetWriter(self._file, self.schema, compression=codec or "none", version="2.6")

    def size(self) -> int:
        return self._file.tell() + self._waiting_bytes

    def write(self, batch: pa.RecordBatch) -> None:
        self._waiting.append(batch)
        self._waiting_rows += batch.num_rows
        self._waiting_bytes += batch.get_total_buffer_size()
        if self._waiting_rows >= GROUP_ROWS or self._waiting_bytes >= self.group_bytes:
            self._flush()

    def _flush(self) -> None:
        if self._waiting:
            table = pa.Table.from_batches(self._waiting, self.schema)
            self._writer.write_table(table, row_group_size=max(self._waiting_rows, 1))
        self._waiting, self._waiting_rows, self._waiting_bytes = [], 0, 0

    def close(self) -> None:
        self._flush()
        self._writer.close()
        self._file.close()

    def abandon(self) -> None:
        with suppress(OSError):  # what waits in its buffer may not find room either
            self._file.close()


_AVRO_TYPES = {
    pa.bool_(): "boolean", pa.int32(): "int", pa.int64(): "long", pa.float32(): "float", pa.float64(): "double",
    pa.string(): "string",
}  # fmt: skip


@dataclass(slots=True)
class Avro:
    """An Avro file; every field may be null."""

    path: Path
    schema: pa.Schema
    room: int | None = None
    _file: IO[bytes] = field(init=False)
    _writer: Any = field(init=False)

    def __post_init__(self) -> None:
        from fastavro import parse_schema
        from fastavro.write import Writer

        fields = [{"name": one.name, "type": ["null", _AVRO_TYPES[one.type]], "default": None} for one in self.schema]
        self._file = self.path.open("wb")
        self._writer = Writer(
            self._file, parse_schema({"type": "record", "name": "record", "fields": fields}), codec=AVRO_CODEC
        )

    def size(self) -> int:
        return self._file.tell()

    def write(self, batch: pa.RecordBatch) -> None:
        for record in batch.to_pylist():
            self._writer.write(record)

    def close(self) -> None:
        self._writer.flush()
        self._file.close()

    def abandon(self) -> None:
        with suppress(OSError):
            self._file.close()


@dataclass(slots=True)
class Excel:
    """A workbook of one sheet, which takes so many rows and no more."""

    path: Path
    schema: pa.Schema
    header: bool
    scratch: Path
    _row: int = 0
    _file: _Whole = field(init=False)
    _book: Any = field(init=False)
    _sheet: Any = field(init=False)

    def __post_init__(self) -> None:
        from xlsxwriter import Workbook

        self._file = _Whole(self.path, "wb")
        self._book = Workbook(self._file, {"constant_memory": True, "use_zip64": True, "tmpdir": str(self.scratch)})
        self._sheet = self._book.add_worksheet()
        if self.header:
            for at, name in enumerate(self.schema.names):
                self._sheet.write_string(0, at, name)
            self._row = 1

    @property
    def room(self) -> int | None:
        return EXCEL_ROWS - self._row

    def size(self) -> int:
        return 0

    def write(self, batch: pa.RecordBatch) -> None:
        put = [_excel_writer(self._sheet, one) for one in batch.schema.types]
        for row in zip(*(column.to_pylist() for column in batch.columns), strict=True):
            for at, value in enumerate(row):
                if value is not None:
                    put[at](self._row, at, value)
            self._row += 1

    def close(self) -> None:
        from xlsxwriter.exceptions import FileCreateError

        try:
            self._book.close()
        except FileCreateError as error:
            raise self._file.fault or OSError(*error.args) from error
        self._file.close()

    def abandon(self) -> None:
        """A workbook that is not closed has files of its own, in the scratch folder."""
        for sheet in self._book.worksheets():
            with suppress(OSError):
                sheet.row_data_fh.close()
        self._file.close()


class _Whole(io.FileIO):
    """A file that takes all of what is written at once. Once it could not, it takes anything: the archive that a workbook is
    writes its end whatever happened, and nobody will read it."""

    fault: OSError | None = None

    def write(self, data: Any) -> int:
        """Write bytes and return how many there were."""
        left = memoryview(data).cast("B")
        size = left.nbytes
        while left and self.fault is None:
            try:
                left = left[super().write(left) :]
            except OSError as error:
                self.fault = error
                raise
        return size


def _excel_writer(sheet: Any, kind: pa.DataType) -> Any:
    if kind == pa.int64():
        return lambda row, at, value: (
            sheet.write_number(row, at, value)
            if abs(value) < _EXCEL_NUMBERS
            else sheet.write_string(row, at, str(value))
        )
    if kind == pa.bool_():
        return sheet.write_boolean
    if kind in (pa.float32(), pa.float64()):
        return lambda row, at, value: sheet.write_number(row, at, _Exact(value))
    return sheet.write_string if kind == pa.string() else sheet.write_number


class _Exact(float):
    """A number that is written with all the digits that name it; the library would ask for sixteen."""

    def __format__(self, _: str) -> str:
        return repr(float(self))
