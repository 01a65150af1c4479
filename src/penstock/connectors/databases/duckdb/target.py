"""A DuckDB file as a target: DuckDB reads the staged files itself, and all of a load is one transaction."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress

import duckdb

from penstock.connectors.databases import duck
from penstock.connectors.databases.duckdb.source import fault_of, opened
from penstock.connectors.databases.limits import limit
from penstock.connectors.databases.lines import StagedFiles
from penstock.connectors.databases.misfits import Misfit
from penstock.connectors.databases.targets import Column, Doubled, Family, Item, Loaded, Table, update_from
from penstock.connectors.places import FilePlace
from penstock.errors import PermanentError, TransientError
from penstock.plan.dtypes import Kind
from penstock.plan.ports import Connection

_TYPES = {
    Kind.BOOLEAN: "BOOLEAN", Kind.INT: "INTEGER", Kind.LONG: "BIGINT", Kind.FLOAT: "FLOAT", Kind.DOUBLE: "DOUBLE",
    Kind.CHARARRAY: "VARCHAR", Kind.BYTEARRAY: "VARCHAR", Kind.DATETIME: "TIMESTAMP WITH TIME ZONE", Kind.MAP: "JSON",
    Kind.BAG: "JSON", Kind.TUPLE: "JSON",
}  # fmt: skip
_FAMILIES = {
    **dict.fromkeys(
        "TINYINT SMALLINT INTEGER BIGINT HUGEINT UTINYINT USMALLINT UINTEGER UBIGINT UHUGEINT".split(), Family.WHOLE
    ),
    "BOOLEAN": Family.BOOLEAN, "FLOAT": Family.REAL, "DOUBLE": Family.REAL, "VARCHAR": Family.TEXT, "JSON": Family.JSON,
    "BLOB": Family.BYTES,
    **dict.fromkeys(
        ("DATE", "TIMESTAMP", "TIMESTAMP WITH TIME ZONE", "TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP_NS"), Family.TIME
    ),
}  # fmt: skip


_FETCHED = 10_000
_SHOWN = 100
"""Characters of a value that are shown."""


@contextmanager
def target(connection: Connection, place: FilePlace) -> Iterator[DuckTarget]:  # noqa: ARG001 -- its parameters are a path
    """Open what rows are written to; a file that is not there is made. Raises PermanentError."""
    if not place.file.parent.is_dir():
        raise PermanentError(f"there is no folder '{place.file.parent}'. Create it, or correct the path.")
    with closing(opened(place)) as raw:
        yield DuckTarget(raw)


class DuckTarget:
    """Writes rows (`targets.Target`)."""

    limited = staticmethod(limit)
    hold: str | None = None
    temporary_first = False
    creates_in_transaction = True
    is_by_types = True
    now = "now()"

    def __init__(self, raw: duckdb.DuckDBPyConnection) -> None:
        self._raw = raw
        self._is_open = False

    def quoted(self, name: str) -> str:
        """Return a name in double quotes."""
        return '"' + name.replace('"', '""') + '"'

    def literal(self, text: str) -> str:
        """Return a text in quotes."""
        return duck.literal(text)

    def qualified(self, schema: str | None, table: str) -> str:
        """Return the name of a table in statements."""
        return f"{self.quoted(schema)}.{self.quoted(table)}" if schema else self.quoted(table)

    def type_of(self, kind: Kind, *, is_key: bool = False) -> str:  # noqa: ARG002
        """Return the type that a column is made with."""
        return _TYPES[kind]

    def find(self, schema: str | None, table: str) -> Table | None:
        """Return a table, None where there is none."""
        where = (
            f"table_catalog = current_database() AND table_schema = {self.literal(schema or 'main')} "
            f"AND lower(table_name) = lower({self.literal(table)})"
        )
        found = self.rows(f"SELECT table_type FROM information_schema.tables WHERE {where}")
        if not found:
            return None
        columns = self.rows(
            f"SELECT column_name, data_type FROM information_schema.columns WHERE {where} ORDER BY ordinal_position"
        )
        made = tuple(Column(str(name), str(kind), _family(str(kind))) for name, kind in columns)
        return Table(self.qualified(schema, table), made, is_plain=found[0][0] == "BASE TABLE")

    def may_create(self, schema: str | None) -> bool:
        """Tell whether there is a schema for a table."""
        where = f"catalog_name = current_database() AND schema_name = {self.literal(schema or 'main')}"
        return bool(self.rows(f"SELECT 1 FROM information_schema.schemata WHERE {where}"))

    def execute(self, sql: str) -> int:
        """Run one statement; what one changes is told where it is rows."""
        try:
            found = self._raw.execute(sql).fetchall()
        except duckdb.Error as error:
            raise _fault(error) from error
        return found[0][0] if len(found) == 1 and len(found[0]) == 1 and isinstance(found[0][0], int) else 0

    def rows(self, sql: str) -> Sequence[Sequence[object]]:
        """Return the rows of a statement."""
        try:
            return self._raw.execute(sql).fetchall()
        except duckdb.Error as error:
            raise _fault(error) from error

    def begin(self) -> None:
        """Begin a transaction."""
        self.execute("BEGIN")
        self._is_open = True

    def is_open(self) -> bool:
        """Tell whether a transaction goes on."""
        return self._is_open

    def commit(self) -> None:
        """End a transaction."""
        self.execute("COMMIT")
        self._is_open = False

    def rollback(self) -> None:
        """Leave a transaction."""
        self._is_open = False
        with suppress(PermanentError, TransientError):
            self.execute("ROLLBACK")

    def empty(self, table: Table) -> None:
        """Remove all rows of a table."""
        self.execute(f"TRUNCATE {table.name}")

    def serialize(self, table: Table) -> None:
        """Nothing else has the file open while this session has."""

    def temporary(self, table: Table, items: Sequence[Item]) -> Table:
        """Make a table of this session that has the columns of another."""
        listed = ", ".join(self.quoted(one.column) for one in items)
        name = f"penstock_{uuid.uuid4().hex}"
        self.execute(f"CREATE TEMPORARY TABLE {name} AS SELECT {listed} FROM {table.name} WITH NO DATA")
        return Table(name, table.columns)

    def update(self, table: Table, given: Table, items: Sequence[Item], also: Sequence[str]) -> str:
        """Return the statement that changes the rows whose key is among those given."""
        return update_from(self.quoted, table, given, items, also)

    def bulk(self, table: Table, items: Sequence[Item], files: StagedFiles, on_bad_value: str) -> Loaded:
        """Add the records of files to a table."""
        with files.whole() as paths:
            listed = ", ".join(duck.literal(str(path)) for path in paths)
            return self._insert(table, items, f"read_parquet([{listed}], hive_partitioning = false)", on_bad_value)

    def misfits(self, table: Table, items: Sequence[Item], files: StagedFiles) -> Iterator[Misfit]:
        """Yield the values that do not fit."""
        types = {one.name: one.type for one in table.columns}
        bad = [
            f"({name} IS NOT NULL AND TRY_CAST({name} AS {types[one.column]}) IS NULL)"
            for one, name in ((one, self.quoted(one.source)) for one in items)
        ]
        shown = [f"left(CAST({self.quoted(one.source)} AS VARCHAR), {_SHOWN})" for one in items]
        texts = ", ".join(f"CASE WHEN {test} THEN {text} END" for test, text in zip(bad, shown, strict=True))
        with files.whole() as paths:
            before = 0
            for path in paths:
                file = f"read_parquet({duck.literal(str(path))}, file_row_number = true, hive_partitioning = false)"
                asked = f"SELECT file_row_number, {texts} FROM {file} WHERE {' OR '.join(bad)} ORDER BY 1"
                for number, *found in self._fetched(asked):
                    for one, text in zip(items, found, strict=True):
                        if text is not None:
                            reason = f"the value '{text}' is no {types[one.column]}"
                            yield Misfit(before + int(str(number)), one.column, reason)
                before += int(str(self.rows(f"SELECT count(*) FROM {file}")[0][0]))

    def _fetched(self, sql: str) -> Iterator[Sequence[object]]:
        """Yield the rows of a statement, some at a time; nothing else is asked meanwhile."""
        try:
            running = self._raw.execute(sql)
            while rows := running.fetchmany(_FETCHED):
                yield from rows
        except duckdb.Error as error:
            raise _fault(error) from error

    def _insert(self, table: Table, items: Sequence[Item], staged: str, on_bad_value: str) -> Loaded:
        types = {one.name: one.type for one in table.columns}
        listed = ", ".join(self.quoted(one.column) for one in items)
        cast = "CAST" if on_bad_value == "fail" else "TRY_CAST"
        pairs = [
            (self.quoted(one.column), f"{cast}({self.quoted(one.column)} AS {types[one.column]})") for one in items
        ]
        values = ", ".join(value for _, value in pairs)
        bad = " OR ".join(f"({column} IS NOT NULL AND {value} IS NULL)" for column, value in pairs)
        where = f" WHERE NOT ({bad})" if on_bad_value == "skip" else ""
        nulled = skipped = 0
        if on_bad_value == "set_null":
            counts = " + ".join(f"count_if({column} IS NOT NULL AND {value} IS NULL)" for column, value in pairs)
            nulled = int(str(self.rows(f"SELECT {counts} FROM {staged}")[0][0]))
        kept = self.execute(f"INSERT INTO {table.name} ({listed}) SELECT {values} FROM {staged}{where}")
        if on_bad_value == "skip":
            skipped = int(str(self.rows(f"SELECT count(*) FROM {staged} WHERE {bad}")[0][0]))
        return Loaded(kept, skipped, nulled)


def _family(word: str) -> Family:
    return Family.DECIMAL if word.startswith("DECIMAL") else _FAMILIES.get(word, Family.OTHER)


def _fault(error: duckdb.Error) -> PermanentError | TransientError:
    if isinstance(error, duckdb.ConstraintException) and "uplicate key" in str(error):
        return Doubled(f"the database says: {duck.said(error)}")
    return fault_of(error)
