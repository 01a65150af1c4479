"""Records that a destination rejects, as files of Parquet in a folder of the attempt: who finds them writes them there, and the
rest of the package reads them as a source."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

SCHEMA = pa.schema([("number", pa.int64()), ("record", pa.large_string()), ("reason", pa.large_string())])
"""What is known of one: its number among those given to the output, from 1 on; the record as a JSON object, and why it is
rejected."""
LANDED = pa.schema([("record", pa.large_string()), ("reason", pa.large_string()), ("place", pa.large_string())])
WRITTEN, SIFTED = "written", "sifted"
"""The files in such a folder: of what could not be written, and of what was written and has no place at the target."""
_GROUP = 16_384
"""Records of a group of rows, and in memory at most."""


class RejectsFile:
    """A file of rejected records that is being written; safe from several threads."""

    def __init__(self, path: Path) -> None:
        self._writer = pq.ParquetWriter(path, SCHEMA)
        self._waiting: list[pa.RecordBatch] = []
        self._lock = threading.Lock()
        self.records = 0

    def add(self, batch: pa.RecordBatch) -> None:
        """Add records, columns as in SCHEMA."""
        with self._lock:
            self.records += batch.num_rows
            self._waiting.append(batch)
            if sum(one.num_rows for one in self._waiting) >= _GROUP:
                self._flush()

    def close(self) -> None:
        """Write what waits, and end the file."""
        with self._lock:
            self._flush()
            self._writer.close()

    def _flush(self) -> None:
        if self._waiting:
            self._writer.write_table(pa.Table.from_batches(self._waiting, SCHEMA))
            self._waiting = []


class Numbers:
    """Tells the numbers that records had before those of a *file* were left out."""

    def __init__(self, file: Path) -> None:
        gone = np.sort(pq.read_table(file, columns=["number"]).column(0).to_numpy())
        self._before = gone - 1 - np.arange(len(gone))
        """How many of those that stay come before each that went."""

    def given(self, at: int) -> int:
        """Return the number, from 1 on, of the record that is now at a place, from 0 on."""
        return at + 1 + int(np.searchsorted(self._before, at, "right"))


def joined(parts: Sequence[tuple[Path, int]], target: Path) -> None:
    """Write the rejected records of several files into one; each file's numbers count on from how many records came before."""
    made = RejectsFile(target)
    try:
        for path, before in parts:
            for batch in _batches(path):
                numbers = pa.array(batch.column(0).to_numpy() + before)
                made.add(pa.RecordBatch.from_arrays([numbers, *batch.columns[1:]], schema=SCHEMA))
    finally:
        made.close()


def land(folder: Path, target: Path) -> int:
    """Write all rejected records of a folder as a source reads them: record, reason and place. Returns how many."""
    records = 0
    with pq.ParquetWriter(target, LANDED) as writer:
        for path in (folder / WRITTEN, folder / SIFTED):
            for batch in _batches(path) if path.exists() else ():
                places = [f"record {number:,}" for number in batch.column(0).to_pylist()]
                columns = [batch.column(1), batch.column(2), pa.array(places, pa.large_string())]
                writer.write_batch(pa.RecordBatch.from_arrays(columns, schema=LANDED))
                records += batch.num_rows
    return records


def _batches(path: Path) -> Iterator[pa.RecordBatch]:
    with pq.ParquetFile(path) as file:
        yield from file.iter_batches(batch_size=_GROUP)
