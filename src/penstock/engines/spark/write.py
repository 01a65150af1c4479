"""Outputs: each task writes a part into the staging folder, as the embedded engine writes its file (`local`)."""

from __future__ import annotations

import json
import shutil
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from pyspark import TaskContext
from pyspark.sql import Row

from penstock.engines.duckdb.types import column_of, text_literal
from penstock.engines.duckdb.write import file_name, parts_of, writing
from penstock.engines.files.parts import Part
from penstock.engines.spark.counts import Counter, Counts, of_output, of_tally
from penstock.engines.spark.local import COUNTER, Task, going_on, task
from penstock.engines.spark.scan import arrow_schema, plain
from penstock.engines.sums import Sums
from penstock.kit.rejects import joined
from penstock.plan.operators import FileTarget, Write
from penstock.plan.ports import Context

PARTS_DDL = "part INT, file STRING, records BIGINT, sums STRING, rejects STRING, rejected BIGINT"
_PARTS = pa.schema(
    [
        ("part", pa.int32()), ("file", pa.string()), ("records", pa.int64()), ("sums", pa.string()), ("rejects", pa.string()),
        ("rejected", pa.int64()),
    ]
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Writer:
    """Writes the records of one partition, and gives a row about each of its files, the first of which holds its sums
    (`penstock.engines.sums`), and the file of its rejected records, where it *keeps* them, with their number; none where there
    are no records."""

    write: Write
    folder: Path
    context: Context
    counts: Counts
    keeps: bool = False

    def __call__(self, batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """Write a partition under a name that no other try of the task has."""
        running = TaskContext.get()
        part, attempt = (running.partitionId(), running.taskAttemptId()) if running is not None else (0, 0)
        first = next((batch for batch in batches if batch.num_rows), None)
        if first is None:
            return
        name = f"try-{part}-{attempt}"
        made, tallies, sums = self.part(chain([first], batches), name)
        records = sum(count for _, count in made)
        self.counts.add(part, {of_output(self.write.component): records, **tallies})
        state = None if sums is None else json.dumps(sums.state())
        rows: list[dict[str, Any]] = [{"part": part, "file": file, "records": count} for file, count in made]
        rows[0]["sums"] = state
        if self.keeps:
            file = self._rejects(name)
            rows[0] |= {"rejects": file.name, "rejected": pq.read_metadata(file).num_rows}
        yield pa.RecordBatch.from_pylist(rows, schema=_PARTS)

    def part(
        self, batches: Iterable[pa.RecordBatch], name: str
    ) -> tuple[list[tuple[str, int]], dict[Counter, int], Sums | None]:
        """Write one file or, where a part is several, a folder of them; return each with its number of records, what is
        counted beside them, and what is added up."""
        schema = self.write.given.schema
        named = arrow_schema(schema)
        for index, field in enumerate(schema.names):
            # DuckDB's own spelling of the field, without its quotes.
            named = named.set(index, named.field(index).with_name(column_of(field)[1:-1].replace('""', '"')))
        renamed = (
            pa.RecordBatch.from_arrays([*map(plain, batch.columns, named.types)], schema=named) for batch in batches
        )
        with task([], [str(self.folder)]) as made:
            made.connection.register("given", pa.RecordBatchReader.from_batches(named, renamed))
            rejects = self._rejects(name) if self.keeps else None
            how = writing(
                self.write, "SELECT * FROM given", self.folder / name, COUNTER, "target", self.context, rejects
            )
            try:
                how.begin(made.connection)
                made.functions.need(how.sql)
                if how.is_streamed:
                    files = self._parts(made, how.sql, name)
                else:
                    row = made.connection.execute(how.sql).fetchone()
                    files = [(name, int(row[0]) if row else 0)]
            finally:
                how.end()
            counts = made.counts()
            tallies = {
                of_tally(self.write.component, position, said): counts[tally]
                for position, (tally, said) in enumerate(how.tallies.items())
            }
            return files, tallies, None if how.summing is None else how.summing.sums

    def _rejects(self, name: str) -> Path:
        return self.folder / f"{name}.rejects"

    def _parts(self, made: Task, sql: str, name: str) -> list[tuple[str, int]]:
        batches = made.batches(sql)

        def place(part: Part) -> Path:
            return self.folder / name / part.folder / str(part.number)

        parts = parts_of(self.write, batches.schema, place, made.scratch, 1, going_on)
        parts.write(batches)
        return [(str(place(part).relative_to(self.folder)), part.records) for part in parts.made]


def keep_rejects(folder: Path, rows: Iterable[Row], target: Path) -> None:
    """Write the rejected records of all parts into one file; *rows* are about the parts, in their order."""
    parts, given = [], 0
    for row in rows:
        if row.rejects is not None:
            parts.append((folder / row.rejects, given))
            given += int(row.rejected)
        given += int(row.records)
    target.parent.mkdir(parents=True, exist_ok=True)
    joined(parts, target)


def arranged(write: Write, folder: Path, parts: list[str], writer: Writer) -> tuple[str, ...]:
    """Give the parts their final names, in order, or make one file of them; remove all else. Returns the names."""
    target = write.target
    if not parts or _has_header_apart(write):
        # A file without records, but for its header.
        parts = ["try-empty", *parts]
        parts[0] = replace(writer, write=write).part([], parts[0])[0][0][0]
    if target.merge_to_single_file and len(parts) > 1 and not one_task(write):
        parts = [_merged(write, folder, parts)]
    names = []
    numbers: dict[Path, int] = defaultdict(int)
    for part in parts:
        below = _folder_of(part, target)
        name = below / file_name(target, numbers[below])
        numbers[below] += 1
        (folder / below).mkdir(parents=True, exist_ok=True)
        (folder / part).replace(folder / name)
        names.append(str(name))
    for stray in folder.glob("try-*"):
        if stray.is_dir():
            shutil.rmtree(stray)
        else:
            stray.unlink()
    return tuple(names)


def _folder_of(part: str, target: FileTarget) -> Path:
    """Return the folder that a part goes to, below that of the output."""
    return Path(*Path(part).parts[1:-1]) if target.partition_by else Path()


def one_task(write: Write) -> bool:
    """Tell whether one task must write everything: parts of such files cannot be put together."""
    target = write.target
    return target.merge_to_single_file and (
        bool(target.partition_by) or target.format in ("avro", "excel", "json_array")
    )


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
    target = write.target
    return target.format == "delimited" and target.header and target.merge_to_single_file and not one_task(write)


def as_part(write: Write) -> Write:
    """Return the output as its tasks write it."""
    return replace(write, target=replace(write.target, header=False)) if _has_header_apart(write) else write
