"""What a database gives that records are written to, and what is looked at first: table, columns, types, rights."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import Protocol, runtime_checkable

import pyarrow as pa

from penstock.connectors.databases.lines import StagedFiles
from penstock.errors import PermanentError
from penstock.plan.dtypes import Kind
from penstock.plan.operators import Write
from penstock.plan.systems import DatabaseTarget


class Family(StrEnum):
    """What a column of a table holds, as far as a writer has to know."""

    BOOLEAN = "boolean"
    WHOLE = "whole"
    DECIMAL = "decimal"
    REAL = "real"
    TEXT = "text"
    BYTES = "bytes"
    TIME = "time"
    JSON = "json"
    FLAG = "flag"
    """A small whole number, or a boolean."""
    OTHER = "other"
    """Anything else; it reads texts."""
    NONE = "none"
    """What no text is written to."""
    COMPUTED = "computed"
    """What the database computes by itself, where it does not refuse to be given something else."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table: *type* as the database declares it."""

    name: str
    type: str
    family: Family


@dataclass(frozen=True, slots=True)
class Table:
    """A table: *name* as it stands in statements, its columns, and what the user may not do with it. *layout* is `partitions`
    or `clusters` where its rows lie in such, as no table does that is merely made."""

    name: str
    columns: tuple[Column, ...]
    refused: frozenset[str] = frozenset()
    is_plain: bool = True
    layout: str = ""

    def column(self, name: str) -> Column | None:
        """Return a column by its name."""
        return next((one for one in self.columns if one.name == name), None)


@dataclass(frozen=True, slots=True)
class Item:
    """What is written into one column: the field's type, and whether the column is part of the key. *staged* is its name in
    what is staged, where that is another."""

    column: str
    kind: Kind
    is_key: bool
    staged: str = ""

    @property
    def source(self) -> str:
        """Its name in what is staged."""
        return self.staged or self.column


@dataclass(frozen=True, slots=True)
class Loaded:
    """How many records arrived, were left out, and how many values became null, for they did not fit."""

    records: int
    skipped: int = 0
    nulled: int = 0


class Asked(Protocol):
    """An open session with a database that rows are written to; outside of a transaction until `begin`.

    What is raised is PermanentError for what the database refuses, Gone when the session has failed, Doubled for a row
    whose key is there already.
    """

    hold: str | None
    """The statement that keeps other transactions out of `{table}` until this one ends, where the database does not keep
    primary keys; None where it does."""
    now: str
    """The SQL of the present instant."""

    def quoted(self, name: str) -> str:
        """Return a name as an identifier of the database's SQL."""

    def literal(self, text: str) -> str:
        """Return a text as a literal of the database's SQL."""

    def qualified(self, schema: str | None, table: str) -> str:
        """Return the name of a table in statements."""

    def limited(self, statement: str, size: int) -> str:
        """Return a SELECT that gives at most some rows."""

    def type_of(self, kind: Kind, *, is_key: bool = False) -> str:
        """Return the type that a column is made with."""

    def find(self, schema: str | None, table: str) -> Table | None:
        """Return a table, None where there is none."""

    def may_create(self, schema: str | None) -> bool:
        """Tell whether a table can be made."""

    def execute(self, sql: str) -> int:
        """Run one statement; returns how many rows it changed."""

    def rows(self, sql: str) -> Sequence[Sequence[object]]:
        """Return the rows of a statement."""

    def begin(self) -> None:
        """Begin a transaction."""

    def commit(self) -> None:
        """End a transaction; what Gone is raised for may have been committed."""


class Target(Asked, Protocol):
    """Such a session in which a load goes on, statement by statement."""

    creates_in_transaction: bool
    """Whether a table that is made goes again when the transaction does."""
    temporary_first: bool
    """Whether a temporary table is to be made before a transaction begins, which it would end."""

    def is_open(self) -> bool:
        """Tell whether a transaction goes on."""

    def rollback(self) -> None:
        """Leave a transaction, also one whose session has failed."""

    def empty(self, table: Table) -> None:
        """Remove all rows of a table as fast as a transaction allows."""

    def serialize(self, table: Table) -> None:
        """Wait until no other load by key goes on in a table, and keep others waiting until the transaction ends."""

    def temporary(self, table: Table, items: Sequence[Item]) -> Table:
        """Make a table of this session that has the columns of another, and no rows."""

    def update(self, table: Table, given: Table, items: Sequence[Item], also: Sequence[str]) -> str:
        """Return the statement that changes the rows of a table whose key is among those given; *also* are further
        assignments."""

    def bulk(self, table: Table, items: Sequence[Item], files: StagedFiles, on_bad_value: str) -> Loaded:
        """Add the records of files to a table."""


class Stage(Protocol):
    """A place that the database reads files from."""

    @property
    def url(self) -> str:
        """Where its files are."""

    @property
    def login(self) -> tuple[tuple[str, str], ...]:
        """The words by which the database is told how to read it, and what is said with each, secrets among them."""

    def put(self, file: Path) -> None:
        """Copy a file into it."""

    def clear(self) -> None:
        """Remove what is in it."""


@runtime_checkable
class Staging(Protocol):
    """A session whose records can go through such a place."""

    stage: Stage | None


@runtime_checkable
class Aside(Protocol):
    """A session that needs a table of its own for what may not fit, which a transaction would end."""

    def aside(self, schema: str | None, table: Table | None, items: Sequence[Item]) -> None:
        """Make that table, unless it is made; *table* is what is written, None where not all of it is there yet."""


@runtime_checkable
class Folding(Protocol):
    """A session with a database where a name that stands without quotes is another one than in quotes; tables are found under
    either."""

    def column(self, name: str, table: Table | None) -> str:
        """Return the name that a column of a table has, or would be made with."""


@dataclass(frozen=True, slots=True)
class Span:
    """Between which values the key *column* (as an identifier) lies of all records that are given; *is_wide* where they lie far
    apart, and the database finds each by an index."""

    column: str
    least: int
    most: int
    is_wide: bool = False

    def of(self, table: str) -> str:
        """Return the condition that a row of a table lies there."""
        return f"{table}.{self.column} BETWEEN {self.least} AND {self.most}"

    def ordered(self, table: str) -> str:
        """Return the records of a table, in the order of the key where they lie far apart: what lies side by side in a table
        and its index is read and written once then."""
        return f"(SELECT * FROM {table} ORDER BY {self.column})" if self.is_wide else table


@runtime_checkable
class Narrowing(Protocol):
    """A session whose loads by key look at a part of the table where it knows that of the keys; *has_indexes* by which it
    finds single rows."""

    span: Span | None
    has_indexes: bool


@runtime_checkable
class TakesAsTheyCome(Protocol):
    """A session that takes records while others are still made."""

    def bulk_of(
        self, table: Table, items: Sequence[Item], batches: Iterator[pa.RecordBatch], on_bad_value: str
    ) -> Loaded:
        """Add records to a table, as `Target.bulk` does. What *batches* raises leaves as it is."""

    def cancel(self) -> None:
        """End the statement that another thread waits for."""


Opened = AbstractContextManager[Target]
_FITS: dict[Kind, frozenset[Family]] = {
    Kind.BOOLEAN: frozenset({Family.BOOLEAN, Family.FLAG, Family.TEXT}),
    Kind.INT: frozenset({Family.WHOLE, Family.FLAG, Family.DECIMAL, Family.REAL, Family.TEXT}),
    Kind.LONG: frozenset({Family.WHOLE, Family.FLAG, Family.DECIMAL, Family.REAL, Family.TEXT}),
    Kind.FLOAT: frozenset({Family.REAL, Family.DECIMAL}),
    Kind.DOUBLE: frozenset({Family.REAL, Family.DECIMAL}),
    Kind.DATETIME: frozenset({Family.TIME}),
    **dict.fromkeys((Kind.MAP, Kind.BAG, Kind.TUPLE), frozenset({Family.JSON, Family.TEXT})),
}
"""What may be written where; a text may go anywhere, and is read as the column reads texts."""
MADE_AGAIN = "overwrite"
"""The operation that makes a table again, whatever its columns were."""
_NEEDS = {
    "append": ("INSERT",),
    "overwrite": ("DELETE", "INSERT"),
    "merge": ("SELECT", "UPDATE", "INSERT"),
    "truncate_insert": ("TRUNCATE", "INSERT"),
    "delete_insert": ("DELETE", "INSERT"),
    "merge_delete_insert": ("SELECT", "DELETE", "INSERT"),
    "merge_update_insert": ("SELECT", "UPDATE", "INSERT"),
    "update": ("SELECT", "UPDATE"),
    "insert_missing": ("SELECT", "INSERT"),
}
_FOR_MISSING = {"keep": (), "delete": ("SELECT", "DELETE"), "mark": ("SELECT", "UPDATE")}


def update_from(
    quoted: Callable[[str], str],
    table: Table,
    given: Table,
    items: Sequence[Item],
    also: Sequence[str],
    span: Span | None = None,
) -> str:
    """Return the statement that changes the rows whose key is among those given, where UPDATE takes a FROM; *also* are further
    assignments, *span* is where the keys of those given lie, if it is known."""
    changes = [f"{name} = given.{name}" for name in (quoted(one.column) for one in items if not one.is_key)]
    keys = [quoted(one.column) for one in items if one.is_key]
    within = [] if span is None else [span.of(table.name)]
    same = " AND ".join([*(f"{table.name}.{key} = given.{key}" for key in keys), *within])
    rows = given.name if span is None else span.ordered(given.name)
    return f"UPDATE {table.name} SET {', '.join([*changes, *also])} FROM {rows} AS given WHERE {same}"


def items_of(write: Write, target: DatabaseTarget) -> tuple[Item, ...]:
    """Return what is written into each column."""
    kinds = {field.name: field.dtype.kind for field in write.given.schema}
    return tuple(Item(column, kinds[name], column in target.keys) for name, column in write.target.columns)


def named(session: Asked, target: DatabaseTarget, items: Sequence[Item]) -> tuple[DatabaseTarget, tuple[Item, ...]]:
    """Return a target, and what is written into each column, with the names that columns have in the database."""
    if not isinstance(session, Folding):
        return target, tuple(items)
    table = session.find(target.schema, target.table)
    made = tuple(replace(one, column=session.column(one.column, table), staged=one.column) for one in items)
    mark = None if target.mark_column is None else session.column(target.mark_column, table)
    return replace(target, keys=tuple(one.column for one in made if one.is_key), mark_column=mark), made


def checked(session: Asked, target: DatabaseTarget, items: Sequence[Item]) -> Table | None:
    """Return the table that is written, None for one that is to be made. Raises PermanentError for what forbids the write."""
    found = session.find(target.schema, target.table)
    name = session.qualified(target.schema, target.table)
    if found is None:
        if not target.auto_create_table:
            raise PermanentError(
                f"there is no table {name}. Create it, correct its name, or set 'auto_create_table' to true."
            )
        if not session.may_create(target.schema):
            raise PermanentError(f"the table {name} cannot be made there. Grant the user the right to create tables.")
        return None
    if not found.is_plain:
        raise PermanentError(f"{name} is no table. Name the table that is written.")
    if found.layout == "partitions" and target.add_missing_columns:
        raise PermanentError(
            f"the rows of {name} lie in partitions, and 'add_missing_columns' is not for such tables. Set it to false."
        )
    if target.operation != MADE_AGAIN or found.layout:
        _check_columns(found, target, items)
    needed = (*_NEEDS[target.operation], *_FOR_MISSING[target.missing_rows])
    lacking = sorted({right for right in needed if right in found.refused})
    if lacking:
        raise PermanentError(
            f"the user may not {' and '.join(lacking)} in {name}. Grant it, or choose another operation."
        )
    return found


def missing(table: Table, target: DatabaseTarget, items: Sequence[Item]) -> list[Item]:
    """Return the columns that a table lacks, the one that marks rows among them."""
    wanted = [*items, *([Item(target.mark_column or "", Kind.DATETIME, False)] if _marks(target) else [])]
    return [one for one in wanted if table.column(one.column) is None]


def _marks(target: DatabaseTarget) -> bool:
    return target.missing_rows == "mark" and target.mark_column is not None


def _check_columns(table: Table, target: DatabaseTarget, items: Sequence[Item]) -> None:
    lacking = missing(table, target, items)
    if lacking and not target.add_missing_columns:
        known = ", ".join(one.name for one in table.columns[:40])
        raise PermanentError(
            f"{table.name} has no column '{lacking[0].column}'. It has: {known}. Correct the mapping, or set "
            "'add_missing_columns' to true."
        )
    for one in lacking:
        if one.is_key:
            raise PermanentError(f"{table.name} has no column '{one.column}', which is a key, and keys are not added.")
    for one in items:
        column = table.column(one.column)
        if column is not None and column.family is Family.COMPUTED:
            raise PermanentError(
                f"the column '{one.column}' of {table.name} is computed by the database. Leave it out of the mapping."
            )
        fits = _FITS.get(one.kind)
        if column is not None and (column.family is Family.NONE or (fits is not None and column.family not in fits)):
            raise PermanentError(
                f"the column '{one.column}' of {table.name} is a {column.type}, which takes no {one.kind.value}. Cast the "
                "field in a Select, to chararray where the column is to read it as text."
            )
    if _marks(target):
        column = table.column(target.mark_column or "")
        if column is not None and column.family is not Family.TIME:
            raise PermanentError(f"the column '{column.name}' that marks rows is a {column.type}, and no time.")


class Doubled(PermanentError):
    """A row with the same key is there already."""

    code = "doubled"


class Taken(PermanentError):
    """Another attempt of the same job has written, or writes."""

    code = "taken"
