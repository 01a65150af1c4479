"""Outputs: each task writes a part into the staging folder, as the embedded engine writes its file (`local`)."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path

import pyarrow as pa
from pyspark import TaskContext

from penstock.engines.duckdb.types import column_of, text_literal
from penstock.engines.duckdb.write import copy_sql, file_name
from penstock.engines.spark.counts import Counts, of_output
from penstock.engines.spark.local import COUNTER, task
from penstock.engines.spark.scan import arrow_schema, plain
from penstock.plan.operators import Write
from penstock.plan.ports import Context

PARTS_DDL = "part INT, file STRING, records BIGINT"
_PARTS = pa.schema([("part", pa.int32()), ("file", pa.string()), ("records", pa.int64())])


@dataclass(frozen=True, slots=True)
class Writer:
    """Writes the records of one partition, and gives one row about it; none where there are no records."""

    write: Write
    folder: Path
    context: Context
    counts: Counts

    def __call__(self, batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """Write a partition under a name that no other try of the task has."""
        running = TaskContext.get()
        part, attempt = (running.partitionId(), running.taskAttemptId()) if running is not None else (0, 0)
        first = next((batch for batch in batches if batch.num_rows), None)
        if first is None:
            return
        name = f"try-{part}-{attempt}"
        records = self.part(chain([first], batches), self.folder / name)
        self.counts.add(part, {of_output(self.write.component): records})
        yield pa.RecordBatch.from_pylist([{"part": part, "file": name, "records": records}], schema=_PARTS)

    def part(self, batches: Iterable[pa.RecordBatch], path: Path) -> int:
        """Write one file and return its number of records."""
        schema = self.write.given.schema
        named = arrow_schema(schema)
        for index, name in enumerate(schema.names):
            # DuckDB's own spelling of the field, without its quotes.
            named = named.set(index, named.field(index).with_name(column_of(name)[1:-1].replace('""', '"')))
        renamed = (
            pa.RecordBatch.from_arrays([*map(plain, batch.columns, named.types)], schema=named) for batch in batches
        )
        with task([], [str(self.folder)]) as made:
            made.connection.register("given", pa.RecordBatchReader.from_batches(named, renamed))
            sql = copy_sql(self.write, "SELECT * FROM given", path, COUNTER, self.context)
            made.functions.need(sql)
            row = made.connection.execute(sql).fetchone()
            return int(row[0]) if row else 0


def arranged(write: Write, folder: Path, parts: list[str], writer: Writer) -> tuple[str, ...]:
    """Give the parts their final names, in order, or make one file of them; remove all else. Returns the names."""
    target = write.target
    if not parts or _has_header_apart(write):
        # A file without records, but for its header.
        parts = ["try-empty", *parts]
        replace(writer, write=write).part([], folder / parts[0])
    if target.merge_to_single_file and len(parts) > 1:
        parts = [_merged(write, folder, parts)]
    names = []
    for number, part in enumerate(parts):
        name = file_name(target, number)
        (folder / part).replace(folder / name)
        names.append(name)
    for stray in folder.glob("try-*"):
        stray.unlink()
    return tuple(names)


def _merged(write: Write, folder: Path, parts: list[str]) -> str:
    """Return the name of one file with the records of all parts, in order."""
    whole = folder / "try-whole"
    if write.target.format == "parquet":
        files = ", ".join(text_literal(str(folder / part)) for part in parts)
        with task([], [str(folder)]) as made:
            made.connection.execute(
                f"COPY (SELECT * FROM read_parquet([{files}])) TO {text_literal(str(whole))} "
                f"(FORMAT parquet, COMPRESSION {write.target.parquet_compression.lower()})"
            )
        return whole.name
    with whole.open("wb") as stream:
        for part in parts:
            with (folder / part).open("rb") as piece:
                shutil.copyfileobj(piece, stream)
    return whole.name


def _has_header_apart(write: Write) -> bool:
    """Tell whether the header is written once, before the parts are put together."""
    return write.target.format == "delimited" and write.target.header and write.target.merge_to_single_file


def as_part(write: Write) -> Write:
    """Return the output as its tasks write it."""
    return replace(write, target=replace(write.target, header=False)) if _has_header_apart(write) else write
