"""Staged records some at a time: those values that do not fit are found, and the rest goes on as if they had never been."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from heapq import merge

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from penstock.connectors.databases.lines import StagedFiles
from penstock.connectors.databases.misfits import Misfit
from penstock.connectors.databases.targets import Item, Loaded


@dataclass(frozen=True, slots=True, order=True)
class Bad:
    """A value of a batch that does not fit: its *row* and its *column*, both counted from 0, and why, without a stop."""

    row: int
    column: int
    reason: str


Sieve = Callable[[pa.RecordBatch], Sequence[Bad]]
"""Finds the values of a batch that do not fit, in any order, each once."""


def nothing(batch: pa.RecordBatch) -> Sequence[Bad]:  # noqa: ARG001
    """Find nothing: a sieve of who can send every value."""
    return ()


def misfits(files: StagedFiles, items: Sequence[Item], sieve: Sieve) -> Iterator[Misfit]:
    """Yield the values that do not fit, in the order of their records."""
    before = 0
    for batch in files.batches():
        for one in sorted(sieve(batch)):
            yield Misfit(before + one.row, items[one.column].column, one.reason)
        before += batch.num_rows


def load(files: StagedFiles, sieve: Sieve, add: Callable[[pa.RecordBatch], int], policy: str) -> Loaded:
    """Have the records of files added that fit; with *policy* set_null those values are null that do not, with skip their
    records are left out. *add* returns how many records of a batch arrived."""
    records = skipped = nulled = 0
    for batch in files.batches():
        bad = sieve(batch)
        sound = without(batch, bad, policy)
        skipped += batch.num_rows - sound.num_rows
        nulled += len(bad) if policy == "set_null" else 0
        records += add(sound) if sound.num_rows else 0
    return Loaded(records, skipped, nulled)


def without(batch: pa.RecordBatch, bad: Sequence[Bad], policy: str) -> pa.RecordBatch:
    """Return a batch in which the values that do not fit are null, or which has no record with one."""
    if not bad:
        return batch
    if policy == "skip":
        return batch.filter(pc.invert(_mask(batch, {one.row for one in bad})))
    for index in {one.column for one in bad}:
        column = batch.column(index)
        mask = _mask(batch, {one.row for one in bad if one.column == index})
        emptied = pc.if_else(mask, pa.scalar(None, column.type), column)
        batch = batch.set_column(index, batch.schema.field(index).with_nullable(True), emptied)
    return batch


def _mask(batch: pa.RecordBatch, rows: set[int]) -> pa.Array:
    mask = np.zeros(batch.num_rows, dtype=bool)
    mask[list(rows)] = True
    return pa.array(mask)


def numbered(files: StagedFiles, items: Sequence[Item], sieve: Sieve, found: list[Misfit]) -> Iterator[pa.RecordBatch]:
    """Yield the records of files with their numbers in a last column. What a sieve finds is null, and added to what was
    *found*."""
    before = 0
    for batch in files.batches():
        bad = sorted(sieve(batch))
        found += (Misfit(before + one.row, items[one.column].column, one.reason) for one in bad)
        sound = without(batch, bad, "set_null")
        numbers = pa.array(range(before, before + batch.num_rows), pa.int64())
        yield pa.RecordBatch.from_arrays([*sound.columns, numbers], [*map(str, range(len(items))), "number"])
        before += batch.num_rows


def merged(items: Sequence[Item], *found: Iterable[Misfit]) -> Iterator[Misfit]:
    """Yield what was found in several ways, each in the order of records, in that order."""
    places = {one.column: index for index, one in enumerate(items)}
    return merge(*found, key=lambda one: (one.number, places[one.column]))
