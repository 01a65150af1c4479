"""Databases that are files of this machine, looked at beside those behind servers: their tables, and first rows."""

from __future__ import annotations

import re
import sqlite3
import threading
from abc import ABC, abstractmethod
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from itertools import groupby
from pathlib import Path
from typing import Any

import duckdb

from penstock.connectors.databases import asking, importing
from penstock.connectors.databases.limits import limit
from penstock.connectors.databases.session import Column, Row
from penstock.connectors.databases.sources import answering
from penstock.connectors.databases.tables import FILES, TYPES, Tables
from penstock.connectors.files.roots import Roots
from penstock.domain.rung import Rungs
from penstock.errors import ConnectionTestFailed, PenstockError
from penstock.plan.ports import Cell, CellKind, Connection, Sampled, TableColumn, TableFacts
from penstock.plan.systems import DatabaseSource

_INSTANT = re.compile(r"\d{4}-\d\d-\d\d([ T]\d\d:\d\d(:\d\d(\.\d{1,9})?)?)?")
_SMALL = 2**31
_KINDS = {
    "BOOLEAN": CellKind.BOOLEAN, "FLOAT": CellKind.FLOAT, "DOUBLE": CellKind.DOUBLE,
    **dict.fromkeys((f"{sign}{word}" for sign in ("", "U") for word in "TINYINT SMALLINT INTEGER BIGINT".split()),
                    CellKind.WHOLE),
    "DATE": CellKind.DATE, "TIMESTAMP": CellKind.TIMESTAMP, "TIMESTAMP WITH TIME ZONE": CellKind.INSTANT,
    **dict.fromkeys(("TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP_NS"), CellKind.TIMESTAMP), "VARCHAR": CellKind.TEXT,
}  # fmt: skip
"""What DuckDB's types are; decimals begin with a word, all others are texts."""
_WORDS = {"TINYINT": "tinyint", "SMALLINT": "smallint", "INTEGER": "integer", "UTINYINT": "smallint", "JSON": "json",
          "USMALLINT": "integer"}  # fmt: skip
"""Those that are an int of a package, and JSON, as `importing` knows them."""
_AFFINITIES = (
    ("INT", "long"), ("BOOL", "boolean"), ("DATE", "datetime"), ("TIME", "datetime"), ("CHAR", "string"), ("CLOB", "string"),
    ("TEXT", "string"), ("BLOB", "string"), ("REAL", "double"), ("FLOA", "double"), ("DOUB", "double"), ("NUM", "double"),
    ("DEC", "double"),
)  # fmt: skip
"""What in the declared type of a column of SQLite says what it is for, in the order in which it is looked for."""


class EveryDatabase(asking.Databases):
    """A connector for databases (`penstock.plan.ports.Databases`), files of this machine under *roots* among them."""

    types: Collection[str] = frozenset(TYPES)

    def __init__(self, allow: str | None, roots: Roots) -> None:
        super().__init__(allow)
        self._tables = Tables(allow, roots)

    def test(self, connection: Connection) -> Rungs:
        """Climb to one row. Raises ConnectionTestFailed with the rung that broke."""
        return self._tables.test(connection) or Rungs() if connection.type in FILES else super().test(connection)

    def look(self, connection: Connection, schema: str | None, table: str) -> Rungs:
        """Read one row of a table or view. Raises ConnectionTestFailed."""
        if connection.type not in FILES:
            return super().look(connection, schema, table)
        self.sample(connection, DatabaseSource(table, schema), 1)
        return Rungs()

    def sample(self, connection: Connection, asked: DatabaseSource, size: int) -> Sampled:
        """Return the first records of a table or query. Raises ConnectionTestFailed."""
        if connection.type not in FILES:
            return super().sample(connection, asked, size)
        with self._file(connection) as session:
            return importing.sample(session, asked, size)

    def tables(self, connection: Connection, schema: str | None) -> tuple[TableFacts, ...]:
        """Return the tables and views that there are. Raises ConnectionTestFailed."""
        if connection.type not in FILES:
            return super().tables(connection, schema)
        with self._file(connection) as session:
            return tuple(one for one in session.tables() if schema in (None, "", one.schema))

    @contextmanager
    def _file(self, connection: Connection) -> Iterator[_File]:
        makes = {"sqlite": _Sqlite, "duckdb": _Duck}
        try:
            with self._tables.reading(connection) as reader:
                yield makes[connection.type](reader)
        except PenstockError as error:
            raise ConnectionTestFailed(error.message[:1].upper() + error.message[1:]) from error


class _File(ABC):
    """What both have in common (`session.Session`): only what gives rows can be asked, for it is asked for in brackets."""

    errors: type[Exception]
    limited = staticmethod(limit)

    def __init__(self, reader: Any) -> None:
        self._raw, self._reader, self._fault_of = reader.raw, reader, reader.fault_of

    def quoted(self, name: str) -> str:
        """Return a name in double quotes."""
        return str(self._reader.quoted(name))

    def first(self, sql: str) -> Cell | None:
        """Return the first column of the first row."""
        _, rows = self.rows(sql, 1, importing.LOOK_AT_S)
        return rows[0][0] if rows else None

    def rows(self, sql: str, most: int, seconds: float) -> tuple[tuple[Column, ...], list[Row]]:
        """Return the columns of a statement and its first rows."""
        statement = limit(f"SELECT * FROM (\n{sql.strip().rstrip(';')}\n) AS q", most)
        timer = threading.Timer(seconds, self._raw.interrupt)
        timer.start()
        try:
            with answering(self.errors, self._fault_of):
                return self._rows(statement)
        finally:
            timer.cancel()

    def close(self) -> None:
        """End the session; whoever opened it may do so once more."""
        self._raw.close()

    @abstractmethod
    def _rows(self, statement: str) -> tuple[tuple[Column, ...], list[Row]]:
        """Return the columns and rows of a statement."""

    @abstractmethod
    def tables(self) -> Iterator[TableFacts]:
        """Yield the tables and views, by schema and name."""


class _Sqlite(_File):
    errors = sqlite3.Error

    def _rows(self, statement: str) -> tuple[tuple[Column, ...], list[Row]]:
        cursor = self._raw.execute(statement)
        names = [one[0] for one in cursor.description]
        found = cursor.fetchall()
        rows: list[Row] = [tuple(_cell(value) for value in row) for row in found]
        return tuple(_column(name, [row[at] for row in rows]) for at, name in enumerate(names)), rows

    def tables(self) -> Iterator[TableFacts]:
        asked = "SELECT name, type = 'view' FROM sqlite_master WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite\\_%' "
        with answering(self.errors, self._fault_of):
            for name, is_view in self._raw.execute(f"{asked} ESCAPE '\\' ORDER BY name").fetchall():
                columns = self._raw.execute(
                    'SELECT name, type, "notnull" FROM pragma_table_xinfo(?)', (name,)
                ).fetchall()
                made = tuple(TableColumn(one, _affinity(native), native, not needed) for one, native, needed in columns)
                yield TableFacts("main", name, bool(is_view), made)


def _affinity(native: str) -> str:
    return next((kind for word, kind in _AFFINITIES if word in native.upper()), "string")


def _cell(value: Any) -> Cell | None:
    match value:
        case None:
            return None
        case int():
            return Cell(CellKind.WHOLE, str(value))
        case float():
            return Cell(CellKind.DOUBLE, str(value))
        case bytes():
            return Cell(CellKind.OTHER, f"\\x{value.hex()}")
    return Cell(CellKind.TEXT, str(value))


def _column(name: str, cells: Sequence[Cell | None]) -> Column:
    """Return what a column of SQLite is, whose values have types and whose columns have none: what all of them are."""
    kinds = {one.kind for one in cells if one is not None}
    texts = [one.text for one in cells if one is not None]
    if kinds == {CellKind.WHOLE}:
        is_small = all(-_SMALL <= int(text) < _SMALL for text in texts)
        return Column(name, CellKind.WHOLE, "integer" if is_small else "bigint")
    if kinds and kinds <= {CellKind.WHOLE, CellKind.DOUBLE}:
        return Column(name, CellKind.DOUBLE, "real")
    is_moment = kinds == {CellKind.TEXT} and all(_INSTANT.fullmatch(text) for text in texts)
    return Column(name, CellKind.TIMESTAMP if is_moment else CellKind.TEXT, "text")


class _Duck(_File):
    errors = duckdb.Error

    def _rows(self, statement: str) -> tuple[tuple[Column, ...], list[Row]]:
        described = self._raw.execute(f"DESCRIBE {statement}").fetchall()
        types = {str(one[0]): str(one[1]) for one in described}
        columns = tuple(Column(name, _duck_kind(word), _word(word)) for name, word in types.items())
        texts = [
            f"CAST({f'to_json({self.quoted(name)})' if _is_nested(word) else self.quoted(name)} AS VARCHAR)"
            for name, word in types.items()
        ]
        found = self._raw.execute(f"SELECT {', '.join(texts)} FROM ({statement}) AS q").fetchall()
        rows: list[Row] = [
            tuple(None if text is None else Cell(one.kind, text) for one, text in zip(columns, row, strict=True))
            for row in found
        ]
        return columns, rows

    def tables(self) -> Iterator[TableFacts]:
        asked = (
            "SELECT c.table_schema, c.table_name, t.table_type = 'VIEW', c.column_name, c.data_type, c.is_nullable = 'YES' "
            "FROM information_schema.columns c JOIN information_schema.tables t "
            "USING (table_catalog, table_schema, table_name) ORDER BY c.table_schema, c.table_name, c.ordinal_position"
        )
        with answering(self.errors, self._fault_of):
            rows = self._raw.execute(asked).fetchall()
        for (schema, name, is_view), group in groupby(rows, key=lambda row: row[:3]):
            made = tuple(TableColumn(one[3], _duck_type(one[4]), one[4].lower(), one[5]) for one in group)
            yield TableFacts(schema, name, is_view, made)


def _is_nested(word: str) -> bool:
    return word.endswith("]") or word.startswith(("STRUCT", "MAP"))


def _word(word: str) -> str:
    return "json" if _is_nested(word) else _WORDS.get(word, word)


def _duck_kind(word: str) -> CellKind:
    return CellKind.DECIMAL if word.startswith(("DECIMAL", "HUGEINT", "UHUGEINT")) else _KINDS.get(word, CellKind.OTHER)


def _duck_type(word: str) -> str:
    """Return the type of a package's field that a type of DuckDB is."""
    if word == "JSON" or _is_nested(word):
        return "json_array" if word.endswith("]") else "json"
    match _duck_kind(word):
        case CellKind.WHOLE:
            return "int" if word in _WORDS else "long"
        case CellKind.DECIMAL | CellKind.DOUBLE:
            return "double"
        case CellKind.FLOAT:
            return "float"
        case CellKind.BOOLEAN:
            return "boolean"
        case CellKind.DATE | CellKind.TIMESTAMP | CellKind.INSTANT:
            return "datetime"
    return "string"


def opened(allow: str | None, roots: Sequence[Path] | None, forbidden: Sequence[Path]) -> EveryDatabase:
    """Return the connector."""
    return EveryDatabase(allow, Roots(roots, forbidden))
