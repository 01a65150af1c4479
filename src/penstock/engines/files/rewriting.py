"""Text files rewritten as one Parquet file of texts, record by record, for an engine whose own reader would misread them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from penstock.engines.files.opening import opened
from penstock.engines.files.records import Lines, Splitter
from penstock.errors import PermanentError
from penstock.plan.dtypes import Kind
from penstock.plan.operators import FileSource
from penstock.plan.ports import FileEntry
from penstock.plan.values import Value, encode

BATCH = 8192
"""Records that are held at once."""
RECORD, FILE, LINE = "record", "file", "line"
"""The columns of JSON records: the text, the file as the store spells it, and the line where it begins."""
PLACE = "place"
"""The column that says where a record stands, for people."""


@dataclass(slots=True)
class Rewriting:
    """Rewrites the files of one source. *dropped* counts lines that are longer than the source takes; *stopped* is asked
    between batches, and raises when the job is to stop; with *keeps* delimited records have the columns RECORD and PLACE,
    too."""

    source: FileSource
    stopped: Callable[[], None]
    keeps: bool = False
    dropped: int = 0

    def delimited(self, files: Sequence[FileEntry], target: Path) -> None:
        """Write one column `c<i>` for each field of the source; an empty value is null."""
        rows = (row for file in files for row in self._rows(file))
        self._write(target, columns_of(self.source, self.keeps), rows)

    def raw(self, files: Sequence[FileEntry], target: Path, *, binary: bool) -> None:
        """Write the columns RECORD, FILE and LINE: one row for each line, or for each file. With *binary* a record is the
        canonical text of its bytes."""
        schema = pa.schema([(RECORD, pa.string()), (FILE, pa.string()), (LINE, pa.int64())])
        read = self._bytes if binary else self._lines
        self._write(target, schema, (row for file in files for row in read(file)))

    def _lines(self, file: FileEntry) -> Iterator[tuple[str, str, int]]:
        source = self.source
        with opened(source, file) as stream:
            if source.record_delimiter == "eof":
                yield "".join(line for _, line in Lines(stream, file.name, source.encoding)), file.name, 1
                return
            lines = Lines(stream, file.name, source.encoding, source.line_max_bytes)
            for number, line in lines:
                yield line.rstrip("\r\n"), file.name, number
            self.dropped += lines.dropped

    def _bytes(self, file: FileEntry) -> Iterator[tuple[str, str, int]]:
        with opened(self.source, file) as stream:
            if self.source.record_delimiter == "eof":
                yield raw_text(stream.read()), file.name, 1
                return
            # Each byte is a character, and none is taken for a mark of the encoding.
            lines = Lines(stream, file.name, "latin-1", self.source.line_max_bytes)
            for number, line in lines:
                yield raw_text(line.rstrip("\r\n").encode("latin-1")), file.name, number
            self.dropped += lines.dropped

    def json(self, files: Sequence[FileEntry], target: Path) -> None:
        """Write the columns RECORD, FILE and LINE: one row for each line that is not blank, or for each file."""
        schema = pa.schema([(RECORD, pa.string()), (FILE, pa.string()), (LINE, pa.int64())])
        self._write(target, schema, (row for file in files for row in self._texts(file)))

    def _write(self, target: Path, schema: pa.Schema, rows: Iterator[tuple[Any, ...]]) -> None:
        write_columns(target, schema, rows, self.stopped)

    def _rows(self, file: FileEntry) -> Iterator[tuple[Any, ...]]:
        source = self.source
        with opened(source, file) as stream:
            lines = Lines(stream, file.name, source.encoding, source.line_max_bytes)
            tape = _Tape(iter(lines)) if self.keeps else None
            records = Splitter(source).records(iter(lines) if tape is None else tape)
            first = next(records, None)
            if first is not None:
                positions = positions_of(source, file, first[1])
                width = max([len(first[1]), *(at + 1 for at in positions if at is not None)])
                is_names = source.skip_header and first[0] == 1
                for number, values in records if is_names else _with(first, records):
                    kept = () if tape is None else (tape.cut(), f"{file.name}, line {number}")
                    if width > 1 and not values:
                        continue
                    row = tuple(
                        (values[at] or None if at < len(values) else None)
                        if at is not None
                        else file.name
                        if item.pseudo == "file_path"
                        else number
                        for at, item in zip(positions, source.fields, strict=True)
                    )
                    yield (*row, *kept)
            self.dropped += lines.dropped

    def _texts(self, file: FileEntry) -> Iterator[tuple[str, str, int]]:
        source = self.source
        with opened(source, file) as stream:
            if source.record_delimiter == "eof":
                whole = "".join(line for _, line in Lines(stream, file.name, source.encoding))
                if whole.strip():
                    yield whole, file.name, 1
                return
            lines = Lines(stream, file.name, source.encoding, source.line_max_bytes)
            for number, line in lines:
                if line.strip():
                    yield line.rstrip("\r\n"), file.name, number
            self.dropped += lines.dropped


def raw_text(record: bytes) -> str:
    """Return bytes as a value without a type has them (`penstock.plan.values`)."""
    return encode(Value(Kind.BYTEARRAY, record))


@dataclass(slots=True)
class _Tape:
    """Lines that are passed on, and kept until the record that they make is cut off."""

    lines: Iterator[tuple[int, str]]
    kept: list[str] = field(default_factory=list)

    def __iter__(self) -> Iterator[tuple[int, str]]:
        return self

    def __next__(self) -> tuple[int, str]:
        number, line = next(self.lines)
        self.kept.append(line)
        return number, line

    def cut(self) -> str:
        """Return what was kept, without its last line break."""
        made = "".join(self.kept)
        self.kept.clear()
        return made.removesuffix("\n").removesuffix("\r")


def columns_of(source: FileSource, keeps: bool = False) -> pa.Schema:
    """Return one column `c<i>` for each field of a source: a text, or the number of a line; with *keeps* RECORD and PLACE."""
    kinds = [pa.int64() if item.pseudo == "line_number" else pa.string() for item in source.fields]
    more = [(RECORD, pa.string()), (PLACE, pa.string())] if keeps else []
    return pa.schema([*((f"c{index}", kind) for index, kind in enumerate(kinds)), *more])


def write_columns(
    target: Path, schema: pa.Schema, rows: Iterator[tuple[Any, ...]], stopped: Callable[[], None]
) -> None:
    """Write rows as a Parquet file. Raises PermanentError where there is no room."""
    try:
        with pq.ParquetWriter(target, schema, compression="snappy") as writer:
            while batch := list(islice(rows, BATCH)):
                stopped()
                columns = zip(*batch, strict=True)
                arrays = [pa.array(column, one.type) for column, one in zip(columns, schema, strict=True)]
                writer.write_batch(pa.record_batch(arrays, schema))
    except OSError as error:
        raise PermanentError(
            f"A file could not be rewritten for reading: {error.strerror or error}. Make room in the scratch folder."
        ) from error


def _with(first: tuple[int, list[str]], others: Iterable[tuple[int, list[str]]]) -> Iterator[tuple[int, list[str]]]:
    yield first
    yield from others


def positions_of(source: FileSource, file: FileEntry, names: Sequence[str]) -> list[int | None]:
    """Return where in a record each field stands, None for pseudo fields; *names* are the values of the first line.

    Raises PermanentError when fields are found by name and the first line lacks one.
    """
    positions: list[int | None] = []
    place = 0
    for item in source.fields:
        if item.pseudo is not None:
            positions.append(None)
        elif source.match_fields == "position":
            positions.append(place)
            place += 1
        elif item.name in names:
            positions.append(names.index(item.name))
        else:
            raise PermanentError(
                f"the first line of {file.name} has no column '{item.name}'. It has: {', '.join(names)}."
            )
    return positions
