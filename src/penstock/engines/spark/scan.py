"""Sources as Spark relations: a task per few files or parts of them, read as the embedded engine reads them (`local`)."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pyarrow as pa
from pyspark.sql import DataFrame, SparkSession

from penstock.engines.duckdb.locations import pattern_of
from penstock.engines.duckdb.readings import Readings, Reread, naming
from penstock.engines.duckdb.scan import Scanned, Scanner
from penstock.engines.duckdb.selection import plan_of
from penstock.engines.duckdb.types import column_of
from penstock.engines.files.unpacking import Unpacking
from penstock.engines.spark.access import Access
from penstock.engines.spark.counts import REREAD, Counter, Counts, of_dropped, of_source, of_tally
from penstock.engines.spark.errors import TaskFailed, marked
from penstock.engines.spark.local import COUNTER, Task, going_on, task
from penstock.engines.spark.parts import Part, cut_out, has_first_line, parts_of
from penstock.engines.spark.types import SQL_TYPES, quote, to_raw
from penstock.errors import InvariantBroken, PenstockError
from penstock.plan.dtypes import Kind
from penstock.plan.operators import Scan
from penstock.plan.ports import BoundSource, Context, FileEntry, Records
from penstock.plan.schema import Schema

TASKS_PER_CORE = 4

ARROW: dict[Kind, pa.DataType] = {
    Kind.BOOLEAN: pa.bool_(),
    Kind.INT: pa.int32(),
    Kind.LONG: pa.int64(),
    Kind.FLOAT: pa.float32(),
    Kind.DOUBLE: pa.float64(),
    Kind.DATETIME: pa.struct([("t", pa.int64()), ("o", pa.int32())]),
}
"""How a type travels between Spark and Python; all other types are texts."""


def arrow_schema(schema: Schema) -> pa.Schema:
    """Return the Arrow schema of records."""
    return pa.schema([(field.name, ARROW.get(field.dtype.kind, pa.string())) for field in schema])


def ddl_of(schema: Schema) -> str:
    """Return the Spark schema of records."""
    return ", ".join(f"{quote(field.name)} {SQL_TYPES[field.dtype.kind]}" for field in schema)


def given_records(session: SparkSession, scan: Scan, records: Records) -> DataFrame:
    """Return the records that are given in place of a source's."""
    return session.createDataFrame(_table(scan.schema, records), ddl_of(scan.schema))


def _table(schema: Schema, records: Records) -> pa.Table:
    given, arrow = enumerate(schema), arrow_schema(schema)
    columns = [
        pa.array([to_raw(row[at], one.dtype) for row in records.rows], arrow.field(at).type) for at, one in given
    ]
    return pa.Table.from_arrays(columns, schema=arrow)


def read_records(access: Access, session: SparkSession, reader: Reader) -> DataFrame:
    """Return the records of the files of a source. What there is to count goes through the reader's counts."""
    bound, columns = reader.bound, ddl_of(reader.given)
    if not bound.files:
        return session.createDataFrame([], columns)
    access.ready(session)
    cores = access.cores()
    with naming(reader.scan.component):
        reader = replace(reader, parts=parts_of(bound.spec, bound.files, cores))
    chunks = session.range(0, len(reader.parts), 1, min(len(reader.parts), cores * TASKS_PER_CORE))
    return chunks.mapInArrow(reader, columns)


@dataclass(frozen=True, slots=True)
class Reader:
    """Reads the parts whose numbers it is given, where *parts* says nothing as many as files; gives the fields *names*, None
    being all."""

    scan: Scan
    bound: BoundSource
    context: Context
    counts: Counts
    names: tuple[str, ...] | None = None
    parts: tuple[Part, ...] = ()

    @property
    def given(self) -> Schema:
        """The fields that it gives."""
        return Schema(tuple(one for one in self.scan.schema if self.names is None or one.name in self.names))

    def __call__(self, batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            for number in batch.column(0).to_pylist():
                yield from self.part(number)

    def part(self, number: int) -> Iterator[pa.RecordBatch]:
        """Yield the records of one part, or of the files of an archive, each once."""
        part = self.parts[number] if self.parts else Part(number)
        file = self.bound.files[part.file]
        records: dict[Counter, int] = {}
        with tempfile.TemporaryDirectory(prefix="penstock-file-") as folder:
            if part.is_whole:
                for one in self._unpacked(file, folder):
                    yield from self._read(number, one, folder, records)
            else:
                yield from self._cut(number, part, folder, records)
        self.counts.add(number, records)

    def _cut(self, number: int, part: Part, folder: str, records: dict[Counter, int]) -> Iterator[pa.RecordBatch]:
        """Yield the records of some lines of a file."""
        file = self.bound.files[part.file]
        try:
            with naming(self.scan.component):
                piece = cut_out(self.bound.spec, file, part, Path(folder) / "part")
        except PenstockError as error:
            raise TaskFailed(marked(error)) from error
        if piece is None:
            return
        try:
            yield from self._of_part(part)._read(number, piece, folder, records)
        except TaskFailed:
            # Which line of the file it is tells only the file.
            for _ in replace(self, counts=Counts(None))._read(number, file, folder, {}):
                pass
            raise

    def _of_part(self, part: Part) -> Reader:
        """Return what reads a part in place of the file."""
        if not has_first_line(self.bound.spec, part):
            return self
        spec, source = replace(self.bound.spec, skip_header=True), replace(self.scan.source, skip_header=True)
        return replace(self, scan=replace(self.scan, source=source), bound=replace(self.bound, spec=spec))

    def _unpacked(self, file: FileEntry, folder: str) -> list[FileEntry]:
        bound = {self.scan.component: BoundSource(self.bound.spec, (file,))}
        try:
            return list(Unpacking(Path(folder), going_on).sources(bound)[self.scan.component].files)
        except PenstockError as error:
            raise TaskFailed(marked(error)) from error

    def _read(self, number: int, file: FileEntry, folder: str, records: dict[Counter, int]) -> Iterator[pa.RecordBatch]:
        """Yield the records of one plain file, each once, and add to what is counted.

        It turns out while a file is read that it must be read otherwise. A task has one thread, so records come in the
        order of the file both times: those that were given are passed over.
        """
        readings = Readings(
            plan_of((self.scan,)), {self.scan.component: BoundSource(self.bound.spec, (file,))}, 1, going_on
        )
        given = 0
        last: pa.RecordBatch | None = None
        while True:
            try:
                for batch in _behind(self._try(file, folder, readings, records), given, last):
                    yield batch
                    given, last = given + batch.num_rows, batch
            except Reread:
                self.counts.add(number, {REREAD: 1})
            else:
                return

    def _try(
        self, file: FileEntry, folder: str, readings: Readings, records: dict[Counter, int]
    ) -> Iterator[pa.RecordBatch]:
        wanted = arrow_schema(self.given)
        with task([file.location, pattern_of(file.location)], (folder,), readings) as made:
            found = Scanner(readings, self.context, made.scratch, made.describe).scan(self.scan, COUNTER)
            for tally in found.tallies:
                made.connection.execute(f"CREATE SEQUENCE {tally}")
            columns = ", ".join(column_of(name) for name in self.given.names)
            made.functions.need(found.sql)
            for batch in made.batches(f"SELECT {columns} FROM ({found.sql})"):
                yield pa.RecordBatch.from_arrays([*map(plain, batch.columns, wanted.types)], schema=wanted)
            for counter, count in self._counted(found, made):
                records[counter] = records.get(counter, 0) + count

    def _counted(self, found: Scanned, made: Task) -> Iterator[tuple[Counter, int]]:
        component, counts = self.scan.component, made.counts()
        yield of_source(component), counts.get(COUNTER, 0)
        yield of_dropped(component), found.dropped_lines
        for position, (tally, said) in enumerate(found.tallies.items()):
            yield of_tally(component, position, said), counts[tally]


def _behind(batches: Iterator[pa.RecordBatch], given: int, last: pa.RecordBatch | None) -> Iterator[pa.RecordBatch]:
    """Yield what lies behind the first *given* records, of which *last* is the last batch."""
    left = given
    for batch in batches:
        passed = min(left, batch.num_rows)
        left -= passed
        if last is not None and passed and left == 0 and _row(batch, passed - 1) != _row(last, last.num_rows - 1):
            break
        if passed < batch.num_rows:
            yield batch.slice(passed)
    else:
        if left == 0:
            return
    raise TaskFailed(marked(InvariantBroken("A file gave other records when it was read again.")))


def _row(batch: pa.RecordBatch, at: int) -> str:
    # As text, for NaN is not equal to itself.
    return repr(batch.slice(at, 1).to_pylist())


def plain(column: pa.Array, wanted: pa.DataType) -> pa.Array:
    """Return a column in the type that is written down for it: offsets of texts, and what may be null, differ."""
    return column if column.type == wanted else column.cast(wanted)
