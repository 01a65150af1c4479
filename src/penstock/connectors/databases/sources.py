"""Rows of databases as files: a statement is put together, its columns are looked at, and its rows land as Parquet.

What Parquet holds exactly lands as it is; everything else lands as text, as the database spells it, and the engine casts it
as it casts any text (docs/guide/databases.md has the table).
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

from penstock.connectors.databases.incremental import Ordered, Reach, described, reach
from penstock.connectors.databases.statements import Native, Rows
from penstock.errors import JobStopped, PermanentError, TransientError
from penstock.kit.stopping import STOP
from penstock.plan.dtypes import Kind
from penstock.plan.operators import Scan, ScanField
from penstock.plan.ports import Arrived, BoundSource, FileEntry, Landing
from penstock.plan.systems import DatabaseSource


@dataclass(frozen=True, slots=True)
class Into:
    """Where rows land, how many statements may run at once, and who is told how many rows have arrived."""

    folder: Path
    parallel: int
    arrived: Arrived


class Reader(Ordered, Protocol):
    """An open session with a database that rows are read from."""

    def limited(self, statement: str, size: int) -> str:
        """Return a SELECT that gives at most some rows."""

    def expression(self, column: str, native: Native, kind: Kind) -> str:
        """Return the SQL of a column as it lands for a field of a type."""

    is_parallel: bool
    """Whether several statements can be read at once in one snapshot."""

    def land(self, statements: Sequence[str], natives: Sequence[Native], into: Into) -> Sequence[Path]:
        """Write the rows of statements as Parquet files, of one snapshot where there are several; *natives* are the columns
        before they were put into expressions."""


@runtime_checkable
class Paged(Protocol):
    """A session with a database that says where the rows of a table lie, so that a read can be cut without a key."""

    def pages(self, table: str, parts: int) -> Sequence[int]:
        """Return the pages at which each part but the first begins; none for a table that is small, or that has no pages."""

    def on_page(self, page: int) -> str:
        """Return the first place of a page, as it is compared with those of rows."""

    place: str
    """The SQL of where a row lies."""


@runtime_checkable
class Folding(Protocol):
    """Such a session with a database where a name that stands without quotes is another one than in quotes; what is there is
    found under either, and `quoted` gives a column the name that it has."""

    def found(self, origin: DatabaseSource) -> DatabaseSource:
        """Return a source with the names that its schema and table have."""

    def learn(self, rows: Rows, names: Sequence[str]) -> None:
        """Look which columns some rows have, where that matters for some names."""


@runtime_checkable
class Lenient(Protocol):
    """A session with a database that takes the first of several columns of one name in a query, and says nothing of it."""

    def columns(self, query: str) -> Sequence[str]:
        """Return the names of the columns that a query gives, each as often as it stands there."""


Opened = AbstractContextManager[Reader]


def land(reader: Reader, scan: Scan, origin: DatabaseSource, landing: Landing) -> BoundSource:
    """Read the rows of a source into the landing folder. Raises PermanentError, TransientError, JobStopped."""
    names = [item.name or "" for item in scan.source.fields]
    watermark = None if origin.incremental is None else origin.incremental.column
    mentioned = [*names, *(name for name in (origin.split_key, watermark) if name is not None)]
    if isinstance(reader, Folding):
        origin = reader.found(origin)
    rows = Rows(_relation(reader, origin), () if origin.where is None or not origin.where.strip() else (origin.where,))
    if isinstance(reader, Folding):
        reader.learn(rows, mentioned)
    natives = reader.describe(rows.tried(", ".join(reader.quoted(name) for name in names)))
    if origin.split_key is not None and origin.split_key not in names:
        # Also where nothing is cut by it: a name that is none is a mistake everywhere.
        reader.describe(rows.tried(reader.quoted(origin.split_key)))
    if origin.query is not None and isinstance(reader, Lenient):
        _unambiguous(reader.columns(_single(origin.query)), mentioned)
    # Numbered, since the names of columns may be alike but for their case, and one may be read twice.
    columns = ", ".join(
        f"{reader.expression(reader.quoted(name), native, field.dtype.kind)} AS {reader.quoted(f'c{index}')}"
        for index, (name, native, field) in enumerate(zip(names, natives, scan.listed, strict=True))
    )
    reached, ties = Reach(rows), 0
    if origin.incremental is not None and landing.size is None:
        reached = reach(reader, rows, origin.incremental, landing.since, landing.log)
        ties = sum(one is not None for one in (reached.old, reached.new))
    elif origin.incremental is not None:
        described(reader, rows, origin.incremental)
    wanted = [*_parts(reader, reached.rest, origin, landing), *(one for one in (reached.old, reached.new) if one)]
    landing.folder.mkdir(parents=True)
    into = Into(landing.folder, origin.max_parallel, landing.arrived)
    statements = [one.select(columns) for one in wanted]
    if landing.size is not None:
        statements = [reader.limited(one, landing.size) for one in statements]
    files = reader.land(statements, natives, into)
    made = reached.settled(files[len(files) - ties :])
    spec = replace(scan.source, fields=tuple(ScanField(f"c{index}") for index in range(len(names))))
    entries = [FileEntry(str(file), origin.table or "query", file.stat().st_size) for file in files]
    return BoundSource(spec, tuple(entries), watermark=made)


def _unambiguous(columns: Sequence[str], names: Sequence[str]) -> None:
    """Raise PermanentError for a name that several columns have; such databases do not tell names apart by case."""
    counted = Counter(column.lower() for column in columns)
    for name in names:
        if counted[name.lower()] > 1:
            raise PermanentError(
                f"the query gives {counted[name.lower()]} columns of the name '{name}'. Name them apart, with AS."
            )


def _parts(reader: Reader, rows: Rows | None, origin: DatabaseSource, landing: Landing) -> list[Rows]:
    """Return rows in parts that can be read at once."""
    if rows is None:
        return []
    if origin.max_parallel == 1 or landing.size is not None or not reader.is_parallel:
        return [rows]
    if origin.split_key is None:
        if origin.query is not None or not isinstance(reader, Paged):
            return [rows]
        cuts = [reader.on_page(page) for page in reader.pages(rows.relation, origin.max_parallel)]
        return [rows.that(test) for test in _between(reader.place, cuts)] or [rows]
    key = reader.quoted(origin.split_key)
    low, high = reader.row(rows.select(f"min({key}), max({key})"))
    return [rows.that(test) for test in _ranges(key, (low, high), origin.max_parallel)] or [rows]


def _relation(reader: Reader, origin: DatabaseSource) -> str:
    if origin.query is not None:
        # Without AS, which Oracle does not know here.
        return f"(\n{_single(origin.query)}\n) {reader.quoted('q')}"
    parts = [origin.schema, origin.table] if origin.schema else [origin.table]
    return ".".join(reader.quoted(part or "") for part in parts)


def _ranges(key: str, bounds: tuple[object, object], parts: int) -> list[str]:
    """Return conditions of which each row fulfils one: ranges between whole numbers, open at both ends, and null. None where
    the values cannot be cut. Raises PermanentError for a key of another kind.

    >>> _ranges("k", (1, 100), 2)
    ['k < 51', 'k >= 51', 'k IS NULL']
    """
    low, high = bounds
    if low is None or high is None:
        return []
    if isinstance(low, Decimal | float) and isinstance(high, Decimal | float):
        # Any cut will do: which lies where only says how much each session reads.
        if not math.isfinite(low) or not math.isfinite(high):
            return []
        low, high = math.floor(low), math.ceil(high)
    if not isinstance(low, int) or not isinstance(high, int):
        raise PermanentError(
            "'split_key' is no column of numbers, and others cannot be cut in this version. Leave it out."
        )
    cuts = sorted({low + (high + 1 - low) * part // parts for part in range(1, parts)} - {low})
    tests = _between(key, [str(one) for one in cuts])
    return [*tests, f"{key} IS NULL"] if tests else []


def _between(what: str, cuts: Sequence[str]) -> list[str]:
    """Return conditions of which each value but null fulfils one; none where there are no cuts.

    >>> _between("k", ("3", "5"))
    ['k < 3', 'k >= 3 AND k < 5', 'k >= 5']
    """
    if not cuts:
        return []
    middle = [f"{what} >= {one} AND {what} < {other}" for one, other in pairwise(cuts)]
    return [f"{what} < {cuts[0]}", *middle, f"{what} >= {cuts[-1]}"]


def _single(query: str) -> str:
    """Return a query without the semicolon at its end."""
    made = query.strip().rstrip(";").rstrip()
    if not made:
        raise PermanentError("the query is empty. Write one full SELECT.")
    return made


@contextmanager
def answering(errors: type[Exception], fault_of: Callable[[Any], Exception]) -> Iterator[None]:
    """Say in our words what a driver raises in a block; where the job is to stop, it was ended for that."""
    try:
        yield
    except errors as error:
        check_stop()
        raise fault_of(error) from error
    except TransientError:
        check_stop()
        raise


def check_stop() -> None:
    """Raise JobStopped when the job is to stop."""
    try:
        STOP.check()
    except TransientError as error:
        raise JobStopped("The job was stopped.") from error
