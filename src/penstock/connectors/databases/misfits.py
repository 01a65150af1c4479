"""Staged values that a table has no place for: which they are, told before anything is written."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from penstock.connectors.databases.lines import StagedFiles
from penstock.connectors.databases.targets import Item, Table


@dataclass(frozen=True, slots=True)
class Misfit:
    """A value that does not fit: *number* is that of its record among those of the files, from 0 on, *column* where it would
    go, *reason* a sentence without its stop that says why, in the database's words where it has some."""

    number: int
    column: str
    reason: str


@runtime_checkable
class Sifting(Protocol):
    """A session that tells which values do not fit; nothing of a table is changed."""

    def misfits(self, table: Table, items: Sequence[Item], files: StagedFiles) -> Iterator[Misfit]:
        """Yield the values that do not fit, those of one record one after the other, in the order of their records. Loads that
        are not in a transaction yet; raises what `bulk` raises."""
