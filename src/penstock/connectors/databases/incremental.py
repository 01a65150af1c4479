"""Reading above a watermark: which rows of a source those are, and how far they reach (docs/adr/0049).

The highest value is asked for in the snapshot that the rows are read in. Rows that have this very value land in a file of their
own, of which digests are kept: by them the next job tells a row that was committed later, under the same value, from those
that were read.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol, runtime_checkable

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from penstock.connectors.databases import duck
from penstock.connectors.databases.statements import Native, Rows, Running
from penstock.domain.watermark import MOST_TIES, Order, Watermark, is_higher, lowered
from penstock.errors import PenstockError, PermanentError
from penstock.plan.ports import Say
from penstock.plan.systems import Incremental

_ALONE: dict[str, str | bool | int | float | list[str]] = {
    "autoinstall_known_extensions": "false", "autoload_known_extensions": "false", "memory_limit": duck.MEMORY, "threads": 2,
}  # fmt: skip
KEPT = "Its watermark stays as it was."


class Ordered(Protocol):
    """A session with a database that can tell how high the values of a column are."""

    def quoted(self, name: str) -> str:
        """Return a name as an identifier of the database's SQL."""

    def describe(self, statement: str) -> Sequence[Native]:
        """Return the columns that a statement gives, which is not run."""

    def begin(self) -> None:
        """Begin a snapshot, in which everything is read from now on."""

    def running(self) -> Running | None:
        """Return which transactions are open, None where nobody can be asked."""

    def row(self, statement: str) -> tuple[object, ...]:
        """Return the first row of a statement."""

    def order(self, column: str, native: Native, rows: Rows) -> Order | None:
        """Return what orders a column of some rows, None as long as they have no value. Raises PermanentError for one that has
        no order here."""

    def spelled(self, value: str, order: Order) -> str:
        """Return the SQL of the text of an expression, to its last digit."""

    def literal(self, native: Native, mark: Order, value: str) -> str:
        """Return such a text as a literal of the column's type."""


@runtime_checkable
class Holding(Protocol):
    """Such a session whose statements share no snapshot: one statement is one, so that what it gives is held, and asked."""

    def hold(self, rows: Rows, column: str, test: str | None) -> Rows:
        """Return some rows as they are now, those that fulfil a *test*, with a *column* beside those that are read."""


@dataclass(frozen=True, slots=True)
class Reach:
    """Which rows are read: those of *rest*, which may be read in parts; those that have the value of the watermark *before*
    (*old*), without the ones that were read; those that have the new one (*new*). *made* is the new watermark, its ties not
    known yet."""

    rest: Rows | None
    old: Rows | None = None
    new: Rows | None = None
    before: Watermark | None = None
    made: Watermark | None = None

    def settled(self, files: Sequence[Path]) -> Watermark | None:
        """Take what was read before out of files, which are those of *old* and *new*, and return the watermark."""
        at = iter(files)
        ties: tuple[str, ...] = ()
        if self.old is not None and self.before is not None:
            found = _ties(next(at), self.before.ties)
            ties = found if self.made is not None and self.made.value == self.before.value else ()
        if self.new is not None:
            ties = _ties(next(at), None)
        return None if self.made is None else replace(self.made, ties=ties)


def reach(reader: Ordered, rows: Rows, asked: Incremental, before: Watermark | None, log: Say) -> Reach:
    """Return which of some rows are read, in the snapshot that begins here. Raises PermanentError for a column that is not
    there, has no order, or another one than its watermark."""
    column, native = reader.quoted(asked.column), described(reader, rows, asked, before)
    running = reader.running() if native.order is Order.INSTANT else None
    reader.begin()
    order = reader.order(column, native, rows) or (before.order if before else Order.TEXT)
    if before is not None and order is not before.order:
        raise PermanentError(
            f"the column '{asked.column}' holds {order.value} now, and its watermark is of {before.order.value}. {KEPT} "
            "Correct the column, or take the watermark away ('penstock watermarks' has --reset) to read everything again."
        )
    old = reader.literal(native, order, before.value) if before is not None else None
    low = reader.literal(native, order, _lowered(asked, before)) if before is not None and asked.overlap else None
    # Of a real number so little may be taken that it stays the same.
    near = f"{column} > {low} OR {column} = {old}" if order is Order.NUMBER else f"{column} > {low}"
    empty = rows.that(f"{column} IS NULL")
    if isinstance(reader, Holding):
        rows = reader.hold(rows, column, None if old is None else f"{column} >= {old}" if low is None else near)
    above = rows if old is None else rows.that(f"{column} > {old}")
    top = reader.row(above.select(reader.spelled(f"max({column})", order)))[0]
    made = before if top is None else _reached(asked, order, top)
    _say(reader, empty, asked, before, log)
    new = None if top is None or made is None else reader.literal(native, order, made.value)
    if running is not None and made is not None and new is not None:
        safe = _safe(reader, made, running, asked, log)
        if safe != made:
            # Rows above it are read now, and once more: what is kept of rows of one value would not say enough.
            made, new = before if before is not None and is_higher(safe, before) is not True else safe, None
    if before is None:
        if new is None or asked.overlap:
            return Reach(rows, made=made)
        return Reach(
            rows.that(f"({column} <> {new} OR {column} IS NULL)"), new=rows.that(f"{column} = {new}"), made=made
        )
    if asked.overlap:
        return Reach(rows.that(near), before=before, made=made)
    ties = rows.that(f"{column} = {old}")
    if new is not None:
        return Reach(above.that(f"{column} <> {new}"), ties, rows.that(f"{column} = {new}"), before, made)
    return Reach(None if top is None else above, ties, None, before, made)


def _safe(reader: Ordered, made: Watermark, began: Running, asked: Incremental, log: Say) -> Watermark:
    """Return a watermark below what transactions may yet commit that are open now, were when the snapshot began, or have come
    and gone around it: their rows have the instant at which they began."""
    now = reader.running() or began
    starts = [Watermark(made.column, made.order, one) for one in (began.since, now.since) if one is not None]
    first, last = (Watermark(made.column, made.order, one.at) for one in (began, now))
    if is_higher(made, first) and not is_higher(made, last):
        starts.append(first)
    safe = made
    for one in starts:
        safe = one if is_higher(safe, one) else safe
    if safe != made:
        log(
            "info",
            f"a transaction is open since {safe.value}: rows from then on are read now, and by the next job once more",
        )
    if now.hidden and not asked.overlap:
        log(
            "warning",
            f"{now.hidden} sessions of other users cannot be looked at, whose transactions may commit rows below the watermark "
            "later: give the user pg_read_all_stats, or the source an 'overlap'",
        )
    return safe


def described(reader: Ordered, rows: Rows, asked: Incremental, before: Watermark | None = None) -> Native:
    """Return the column of a watermark. Raises PermanentError."""
    try:
        return reader.describe(rows.select(reader.quoted(asked.column)))[0]
    except PermanentError as error:
        raise PermanentError(
            f"the column '{asked.column}' of its watermark cannot be read: {error.message} Name another in 'watermark', "
            f"or bring it back.{f' {KEPT}' if before else ''}"
        ) from error


def unordered(column: str, what: str) -> PenstockError:
    """Return the error for a column whose values have no order that a watermark could rise in."""
    return PermanentError(
        f"{column} is of type {what}, which gives rows no order here. A watermark needs whole numbers, decimals, real numbers "
        "of double precision, dates, date-times or texts."
    )


def _reached(asked: Incremental, order: Order, top: object) -> Watermark:
    text = top if isinstance(top, str) else repr(top)
    try:
        return Watermark(asked.column, order, text)
    except ValueError as error:
        raise PermanentError(
            f"the highest value of '{asked.column}' is {text[:60]!r}, above which nothing can ever lie. Leave such rows "
            "out by a condition, or correct them."
        ) from error


def _lowered(asked: Incremental, before: Watermark) -> str:
    try:
        return lowered(before, asked.overlap)
    except ValueError as error:
        raise PermanentError(
            f"nothing lies {asked.overlap:g} below '{before.value[:60]}', the watermark of '{asked.column}': it is no "
            "number and no date-time. Leave 'overlap' out."
        ) from error


def _say(reader: Ordered, empty: Rows, asked: Incremental, before: Watermark | None, log: Say) -> None:
    """Tell of rows without a value, which no watermark can be above or below."""
    count = int(str(reader.row(empty.select("count(*)"))[0]))
    if count:
        what = f"{count:,} row{'s have' if count > 1 else ' has'} no '{asked.column}'"
        if before is None:
            log("warning", f"{what}: this first time they are read, and then never again")
        else:
            log("warning", f"{what}, and are left out: only a first time reads them")


def _ties(file: Path, known: Sequence[str] | None) -> tuple[str, ...]:
    """Return digests of the rows of a file, one for all where they are many, and leave those in the file that are not *known*;
    None leaves them all."""
    rows = pq.ParquetFile(file)
    count = rows.metadata.num_rows
    names = [f'"{name}"' for name in rows.schema_arrow.names]
    both = [f"hash({', '.join(seeded)})" for seeded in (names, ["'second'", *names])]
    where = f"read_parquet({duck.literal(str(file))}, file_row_number = true)"
    with duckdb.connect(":memory:", config=_ALONE) as database:
        if count > MOST_TIES:
            sums = ", ".join(f"sum({one}::HUGEINT)" for one in both)
            found = database.execute(f"SELECT {sums} FROM {where}").fetchall()
            digests: tuple[str, ...] = (f"{count} {found[0][0]} {found[0][1]}",)
        else:
            found = database.execute(f"SELECT {', '.join(both)} FROM {where} ORDER BY file_row_number").fetchall()
            digests = tuple(f"{one:016x}{other:016x}" for one, other in found)
    if known is None:
        return digests
    if count > MOST_TIES:
        # Which of so many were read is not kept; whether all were is.
        _keep(file, [] if digests == tuple(known) else None)
        return digests
    left, kept = Counter(known), []
    for index, one in enumerate(digests):
        if left[one] > 0:
            left[one] -= 1
        else:
            kept.append(index)
    _keep(file, kept)
    return digests


def _keep(file: Path, indices: list[int] | None) -> None:
    """Leave some rows of a file, all for None."""
    if indices is None:
        return
    table = pq.read_table(file) if indices else pq.ParquetFile(file).schema_arrow.empty_table()
    pq.write_table(table.take(pa.array(indices, pa.int64())), file, compression="none", use_dictionary=False)
