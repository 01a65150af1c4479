"""A SQLite file as a target: rows go in by prepared statements, and all of a load is one transaction."""

from __future__ import annotations

import sqlite3
import uuid
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress

import pyarrow as pa
import pyarrow.compute as pc

from penstock.connectors.databases.limits import limit
from penstock.connectors.databases.lines import StagedFiles
from penstock.connectors.databases.misfits import Misfit
from penstock.connectors.databases.sqlite.source import fault_of, opened
from penstock.connectors.databases.targets import Column, Doubled, Family, Item, Loaded, Table, update_from
from penstock.connectors.places import FilePlace
from penstock.errors import PermanentError, TransientError
from penstock.plan.dtypes import Kind
from penstock.plan.ports import Connection

_TYPES = {
    Kind.BOOLEAN: "BOOLEAN", Kind.INT: "INTEGER", Kind.LONG: "INTEGER", Kind.FLOAT: "REAL", Kind.DOUBLE: "REAL",
    Kind.CHARARRAY: "TEXT", Kind.BYTEARRAY: "TEXT", Kind.DATETIME: "DATETIME", Kind.MAP: "JSON", Kind.BAG: "JSON",
    Kind.TUPLE: "JSON",
}  # fmt: skip
_FAMILIES = (
    ("BOOL", Family.FLAG), ("INT", Family.WHOLE), ("CHAR", Family.TEXT), ("CLOB", Family.TEXT), ("TEXT", Family.TEXT),
    ("JSON", Family.JSON), ("REAL", Family.REAL), ("FLOA", Family.REAL), ("DOUB", Family.REAL), ("DATE", Family.TIME),
    ("TIME", Family.TIME), ("NUM", Family.DECIMAL), ("DEC", Family.DECIMAL),
)  # fmt: skip
"""Parts of declared types, the first that fits."""


@contextmanager
def target(connection: Connection, place: FilePlace) -> Iterator[SqliteTarget]:  # noqa: ARG001 -- its parameters are a path
    """Open what rows are written to; a file that is not there is made. Raises PermanentError."""
    if not place.file.parent.is_dir():
        raise PermanentError(f"there is no folder '{place.file.parent}'. Create it, or correct the path.")
    with closing(opened(place.file, "rwc")) as raw:
        yield SqliteTarget(raw)


class SqliteTarget:
    """Writes rows (`targets.Target`)."""

    limited = staticmethod(limit)
    hold: str | None = None
    temporary_first = False
    creates_in_transaction = True
    is_by_types = True
    now = "strftime('%Y-%m-%dT%H:%M:%fZ', 'now')"

    def __init__(self, raw: sqlite3.Connection) -> None:
        self._raw = raw

    def quoted(self, name: str) -> str:
        """Return a name in double quotes."""
        return '"' + name.replace('"', '""') + '"'

    def literal(self, text: str) -> str:
        """Return a text in quotes."""
        return "'" + text.replace("'", "''") + "'"

    def qualified(self, schema: str | None, table: str) -> str:
        """Return the name of a table in statements."""
        return f"{self.quoted(schema)}.{self.quoted(table)}" if schema else self.quoted(table)

    def type_of(self, kind: Kind, *, is_key: bool = False) -> str:  # noqa: ARG002
        """Return the type that a column is made with."""
        return _TYPES[kind]

    def find(self, schema: str | None, table: str) -> Table | None:
        """Return a table, None where there is none."""
        where = self.quoted(schema or "main")
        known = self.rows(f"SELECT 1 FROM pragma_database_list WHERE name = {self.literal(schema or 'main')}")
        found = known and self.rows(
            f"SELECT type FROM {where}.sqlite_master WHERE type IN ('table', 'view') AND lower(name) = "
            f"lower({self.literal(table)})"
        )
        if not found:
            return None
        columns = self.rows(f"SELECT name, type FROM pragma_table_info({self.literal(table)})")
        made = tuple(Column(str(name), str(kind) or "any", _family(str(kind))) for name, kind in columns)
        return Table(self.qualified(schema, table), made, is_plain=found[0][0] == "table")

    def may_create(self, schema: str | None) -> bool:
        """Tell whether a table can be made."""
        return schema in (None, "main")

    def execute(self, sql: str) -> int:
        """Run one statement."""
        try:
            return max(self._raw.execute(sql).rowcount, 0)
        except sqlite3.Error as error:
            raise _fault(error) from error

    def rows(self, sql: str) -> Sequence[Sequence[object]]:
        """Return the rows of a statement."""
        try:
            return self._raw.execute(sql).fetchall()
        except sqlite3.Error as error:
            raise _fault(error) from error

    def begin(self) -> None:
        """Begin a transaction."""
        self.execute("BEGIN IMMEDIATE")

    def is_open(self) -> bool:
        """Tell whether a transaction goes on."""
        return self._raw.in_transaction

    def commit(self) -> None:
        """End a transaction."""
        self.execute("COMMIT")

    def rollback(self) -> None:
        """Leave a transaction."""
        with suppress(PermanentError, TransientError):
            self.execute("ROLLBACK")

    def empty(self, table: Table) -> None:
        """Remove all rows of a table."""
        self.execute(f"DELETE FROM {table.name}")

    def serialize(self, table: Table) -> None:
        """Nothing else writes into a file while a transaction does."""

    def temporary(self, table: Table, items: Sequence[Item]) -> Table:
        """Make a table of this session that has the columns of another."""
        name = f"penstock_{uuid.uuid4().hex}"
        types = {one.name: one.type for one in table.columns}
        columns = ", ".join(
            f"{self.quoted(one.column)} {'' if types[one.column] == 'any' else types[one.column]}" for one in items
        )
        self.execute(f"CREATE TEMPORARY TABLE {name} ({columns})")
        keys = ", ".join(self.quoted(one.column) for one in items if one.is_key)
        self.execute(f"CREATE INDEX temp.{name}_keys ON {name} ({keys})")
        return Table(name, table.columns)

    def update(self, table: Table, given: Table, items: Sequence[Item], also: Sequence[str]) -> str:
        """Return the statement that changes the rows whose key is among those given."""
        return update_from(self.quoted, table, given, items, also)

    def misfits(self, table: Table, items: Sequence[Item], files: StagedFiles) -> Iterator[Misfit]:  # noqa: ARG002
        """Yield the values that do not fit: every value fits every column of SQLite, but for one."""
        at = 0
        for batch in files.batches():
            found: list[tuple[int, int]] = []
            for index, column in enumerate(batch.columns):
                if pa.types.is_floating(column.type):
                    places = pc.indices_nonzero(pc.fill_null(pc.is_nan(column), False))
                    found += [(int(place), index) for place in places.to_numpy()]
            yield from (Misfit(at + place, items[index].column, _NAN) for place, index in sorted(found))
            at += batch.num_rows

    def bulk(self, table: Table, items: Sequence[Item], files: StagedFiles, on_bad_value: str) -> Loaded:  # noqa: ARG002
        """Add the records of files to a table; every value fits every column of SQLite."""
        listed = ", ".join(self.quoted(one.column) for one in items)
        sql = f"INSERT INTO {table.name} ({listed}) VALUES ({', '.join('?' * len(items))})"
        records = 0
        try:
            for batch in files.batches():
                columns = [_values(column) for column in batch.columns]
                self._raw.executemany(sql, zip(*columns, strict=True))
                records += batch.num_rows
        except sqlite3.Error as error:
            raise _fault(error) from error
        return Loaded(records)


_NAN = "SQLite has no NaN, and would keep null"


def _values(column: pa.Array) -> list[object]:
    """Return the values of a column; times are ISO text in UTC, as SQLite's functions read it."""
    if pa.types.is_timestamp(column.type):
        texts = column.cast(pa.timestamp("ms")).cast(pa.string()).to_pylist()
        return [None if one is None else one.replace(" ", "T") + "Z" for one in texts]
    if pa.types.is_floating(column.type) and pc.any(pc.is_nan(column)).as_py():
        raise PermanentError(f"{_NAN}. Replace it in a Select.")
    return list(column.to_pylist())


def _family(declared: str) -> Family:
    word = declared.upper()
    return next((family for part, family in _FAMILIES if part in word), Family.OTHER)


def _fault(error: sqlite3.Error) -> PermanentError | TransientError:
    if getattr(error, "sqlite_errorcode", 0) in (
        sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY,
        sqlite3.SQLITE_CONSTRAINT_UNIQUE,
    ):
        return Doubled(f"the database says: {str(error).rstrip('.')}.")
    return fault_of(error)
