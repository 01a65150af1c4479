"""What a load is written in: all of it at once, or chunks of its records in their staged order, each a transaction of its own.

A chunk begins where the ledger says that the one before it has ended, whatever the size of that was.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from penstock.connectors.databases.ledger import Entry
from penstock.connectors.databases.targets import Loaded
from penstock.plan.systems import DatabaseTarget


@dataclass(frozen=True, slots=True)
class Piece:
    """The records from *first* on and before *end*, of *total*: the chunk of a *number* among *count*, or all of them."""

    first: int
    end: int
    total: int
    number: int = 1
    count: int = 1

    @property
    def records(self) -> int:
        """How many records there are."""
        return self.end - self.first

    @property
    def is_first(self) -> bool:
        """Whether nothing was written before."""
        return self.number == 1

    @property
    def is_last(self) -> bool:
        """Whether nothing is left after it."""
        return self.end == self.total

    @property
    def is_whole(self) -> bool:
        """Whether it is all there is."""
        return self.is_first and self.is_last

    @property
    def unwritten(self) -> str:
        """What is said when it fails."""
        return "Nothing was written." if self.is_first else f"Nothing of chunk {self.number:,} was written."

    def __str__(self) -> str:
        return f"chunk {self.number:,} of {self.count:,}"


NONE_YET = Piece(0, 0, 0)
"""Before the first."""


def following(seen: Entry | None, size: int, total: int) -> Piece | None:
    """Return the chunk after what the ledger says, None where all are there. One without records is the only one.

    >>> [str(following(one, 4, 10)) for one in (None, Entry(False, 8, 2), Entry(True, 10, 3))]
    ['chunk 1 of 3', 'chunk 3 of 3', 'None']
    """
    first, before = (seen.records, seen.chunk) if seen is not None else (0, 0)
    if seen is not None and first >= total:
        return None
    left = max(1, -(-(total - first) // size))
    return Piece(first, min(first + size, total), total, before + 1, before + left)


@dataclass(slots=True)
class Counts:
    """What was written: records, those that were left out, values that became null, rows that a merge changed and added, and
    in how many chunks."""

    arrived: int = 0
    skipped: int = 0
    nulled: int = 0
    rows: dict[str, int] = field(default_factory=dict)
    chunks: int = 0

    def add(self, loaded: Loaded) -> None:
        """Count what arrived."""
        self.arrived += loaded.records
        self.skipped += loaded.skipped
        self.nulled += loaded.nulled

    def join(self, other: Counts) -> None:
        """Count what another has counted."""
        self.add(Loaded(other.arrived, other.skipped, other.nulled))
        self.chunks += other.chunks
        for name, count in other.rows.items():
            self.rows[name] = self.rows.get(name, 0) + count

    def checks(self, there: Entry | None) -> dict[str, str]:
        """Return them for a receipt; *there* is what the ledger says of a load in chunks, some of which other attempts may
        have written."""
        made = {"arrived": self.arrived} if self.chunks else {}
        if self.skipped:
            made["left out for a value does not fit"] = self.skipped
        if self.nulled:
            made["values that became null"] = self.nulled
        made |= self.rows
        if there is not None:
            made["chunks"] = there.chunk
        if there is not None and there.chunk > self.chunks:
            made["chunks of an earlier attempt"] = there.chunk - self.chunks
            made["records of an earlier attempt"] = there.records - self.arrived - self.skipped
        return {name: f"{count:,}" for name, count in made.items()}


def left_standing(there: Entry | None, total: int, target: DatabaseTarget) -> str:
    """Return what is said of the chunks that are there when the rest of a load fails; empty where there are none."""
    if there is None or target.chunk_records is None:
        return ""
    rest = following(there, target.chunk_records, total)
    stands = (
        f" {there.chunk:,} of {there.chunk if rest is None else rest.count:,} chunks were written before, {there.records:,} of "
        f"{total:,} records, and stay in '{target.table}'."
    )
    match target.operation:
        case "append":
            return f"{stands} A job that is run again adds them once more: remove them from the table before."
        case "update":
            return f"{stands} The job can be run again."
    return f"{stands} The job can be run again: it finds them by their key, but adds those once more whose key is null."
