"""Snowflake as a target: records go as text into files of the user's own stage, and by COPY from there into the table, all of a
load in one transaction.

Making a table ends a transaction there, and a temporary one might: both are made before it begins. No key is kept, and nothing
locks a table but what changes it: so what keeps two attempts apart is a row of the ledger, changed by the first statement of
the transaction and held to its end.
"""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pyarrow as pa

from penstock.connectors.databases import sifting, texts, trying
from penstock.connectors.databases.dbapi import answer
from penstock.connectors.databases.limits import limit
from penstock.connectors.databases.lines import StagedFiles
from penstock.connectors.databases.misfits import Misfit
from penstock.connectors.databases.snowflake import names
from penstock.connectors.databases.snowflake.session import SPEECH, connected, literal, quoted
from penstock.connectors.databases.snowflake.values import Value, value
from penstock.connectors.databases.targets import Column, Family, Item, Loaded, Table
from penstock.connectors.places import Place
from penstock.errors import InvariantBroken, PenstockError
from penstock.plan.dtypes import Kind
from penstock.plan.ports import Connection

_TYPES = {
    Kind.BOOLEAN: "BOOLEAN", Kind.INT: "INTEGER", Kind.LONG: "BIGINT", Kind.FLOAT: "DOUBLE", Kind.DOUBLE: "DOUBLE",
    Kind.CHARARRAY: "VARCHAR", Kind.BYTEARRAY: "VARCHAR", Kind.DATETIME: "TIMESTAMP_TZ", Kind.MAP: "VARIANT",
    Kind.BAG: "VARIANT", Kind.TUPLE: "VARIANT",
}  # fmt: skip
_FAMILIES = {
    "TEXT": Family.TEXT, "FLOAT": Family.REAL, "DECFLOAT": Family.DECIMAL, "BOOLEAN": Family.BOOLEAN, "BINARY": Family.BYTES,
    **dict.fromkeys(("DATE", "TIMESTAMP_NTZ", "TIMESTAMP_LTZ", "TIMESTAMP_TZ"), Family.TIME),
    **dict.fromkeys(("VARIANT", "OBJECT", "ARRAY"), Family.JSON),
    **dict.fromkeys(("MAP", "VECTOR", "FILE"), Family.NONE),
}  # fmt: skip
_COLUMNS = """SELECT column_name, data_type, numeric_scale, numeric_precision, character_maximum_length,
character_octet_length FROM information_schema.columns
WHERE table_schema = {schema} AND table_name = {table} ORDER BY ordinal_position"""
_MAY_CREATE = "SELECT count(*) FROM information_schema.schemata WHERE schema_name = {schema}"
_ANY_LENGTH = {"TEXT": 16_777_216, "BINARY": 8_388_608}
"""How long a column is that was declared without a length, at least."""
_NUMBER = quoted("number")
_FORMAT = (
    "FILE_FORMAT = (TYPE = CSV COMPRESSION = ZSTD FIELD_OPTIONALLY_ENCLOSED_BY = '\"' ESCAPE_UNENCLOSED_FIELD = NONE "
    "NULL_IF = () EMPTY_FIELD_AS_NULL = TRUE) ON_ERROR = ABORT_STATEMENT FORCE = TRUE"
)
"""Texts stand in quotes, null is nothing at all."""
_HOLD = (
    'MERGE INTO {table} held USING (SELECT 1 AS one) given ON held."job" = \'\' WHEN MATCHED THEN UPDATE SET "finished" = 1 '
    'WHEN NOT MATCHED THEN INSERT ("job", "output", "records", "finished", "written_at") '
    "VALUES ('', '', 0, 1, CURRENT_TIMESTAMP)"
)


@contextmanager
def target(connection: Connection, place: Place) -> Iterator[SnowflakeTarget]:
    """Open what rows are written to. Raises PermanentError, TransientError."""
    with closing(connected(connection, place)) as raw:
        yield SnowflakeTarget(raw)


class SnowflakeTarget:
    """Writes rows (`targets.Target`). A transaction has a number: where it is another, something has ended it."""

    limited = staticmethod(limit)
    quoted = staticmethod(quoted)
    literal = staticmethod(literal)
    hold: str | None = _HOLD
    creates_in_transaction = False
    temporary_first = True
    now = "CURRENT_TIMESTAMP"

    def __init__(self, raw: Any) -> None:
        self._raw = raw
        self._number: object = None
        self._schemas: dict[str | None, str | None] = {None: None}
        self._called: dict[tuple[str | None, str], str] = {}
        self._prefixes: dict[str, str] = {}
        self._texts: str | None = None

    def qualified(self, schema: str | None, table: str) -> str:
        """Return the name of a table in statements."""
        if (schema, table) not in self._called:
            self._called[schema, table], _ = names.table_of(self.rows, self._schema(schema), table)
        return f"{self._prefix(schema)}{quoted(self._called[schema, table])}"

    def _schema(self, schema: str | None) -> str | None:
        if schema is not None and schema not in self._schemas:
            self._schemas[schema] = names.schema_of(self.rows, schema)
        return self._schemas[schema]

    def _prefix(self, schema: str | None) -> str:
        there = self._schema(schema)
        return f"{quoted(there)}." if there is not None else ""

    def column(self, name: str, table: Table | None) -> str:
        """Return the name that a column of a table has, or would be made with (`targets.Folding`)."""
        there = [] if table is None else [one.name for one in table.columns]
        return names.among(name, there) or names.folded(name)

    def type_of(self, kind: Kind, *, is_key: bool = False) -> str:  # noqa: ARG002
        """Return the type that a column is made with."""
        return _TYPES[kind]

    def find(self, schema: str | None, table: str) -> Table | None:
        """Return a table, None where there is none; what the user may not do there is told when it is done."""
        there = self._schema(schema)
        called, word = names.table_of(self.rows, there, table)
        self._called[schema, table] = called
        if word is None:
            return None
        where = {"schema": literal(there) if there is not None else "CURRENT_SCHEMA()", "table": literal(called)}
        columns = tuple(
            Column(str(name), _declared(str(kind), scale, *digits), _family(str(kind), scale))
            for name, kind, scale, *digits in self.rows(_COLUMNS.format(**where))
        )
        name = self.qualified(schema, table)
        self._prefixes[name] = self._prefix(schema)
        return Table(name, columns, is_plain=word == "BASE TABLE")

    def may_create(self, schema: str | None) -> bool:
        """Tell whether there is a schema for a table."""
        there = self._schema(schema)
        where = literal(there) if there is not None else "CURRENT_SCHEMA()"
        return int(str(self.rows(_MAY_CREATE.format(schema=where))[0][0])) > 0

    def execute(self, sql: str) -> int:
        """Run one statement; outside of a transaction it is one of its own."""
        return answer(self._raw, sql, SPEECH)[0]

    def rows(self, sql: str) -> Sequence[Sequence[object]]:
        """Return the rows of a statement."""
        return answer(self._raw, sql, SPEECH)[1]

    def begin(self) -> None:
        """Begin a transaction."""
        self.execute("BEGIN")
        self._number = self._now_open()

    def is_open(self) -> bool:
        """Tell whether a transaction goes on, the same that was begun."""
        return self._number is not None and self._now_open() == self._number

    def _now_open(self) -> object:
        return self.rows("SELECT CURRENT_TRANSACTION()")[0][0]

    def commit(self) -> None:
        """End a transaction."""
        self._number = None
        self.execute("COMMIT")

    def rollback(self) -> None:
        """Leave a transaction."""
        self._number = None
        with suppress(PenstockError):
            self.execute("ROLLBACK")

    def empty(self, table: Table) -> None:
        """Remove all rows of a table; TRUNCATE would end the transaction."""
        self.execute(f"DELETE FROM {table.name}")

    def serialize(self, table: Table) -> None:
        """Loads wait for each other at the ledger; there is nothing that locks a table by itself."""

    def temporary(self, table: Table, items: Sequence[Item]) -> Table:
        """Make a table of this session that has the columns of another."""
        listed = ", ".join(quoted(one.column) for one in items)
        name = f"{self._prefixes.get(table.name, '')}{quoted(f'penstock_{uuid.uuid4().hex}')}"
        self.execute(f"CREATE TEMPORARY TABLE {name} AS SELECT {listed} FROM {table.name} WHERE 1 = 0")
        return Table(name, table.columns)

    def update(self, table: Table, given: Table, items: Sequence[Item], also: Sequence[str]) -> str:
        """Return the statement that changes the rows whose key is among those given."""
        changes = [f"{name} = given.{name}" for name in (quoted(one.column) for one in items if not one.is_key)]
        keys = [quoted(one.column) for one in items if one.is_key]
        same = " AND ".join(f"{table.name}.{key} = given.{key}" for key in keys)
        return f"UPDATE {table.name} SET {', '.join([*changes, *also])} FROM {given.name} AS given WHERE {same}"

    def aside(self, schema: str | None, table: Table | None, items: Sequence[Item]) -> None:  # noqa: ARG002
        """Make a table of texts for what may not fit (`targets.Aside`)."""
        if self._texts is None:
            self._texts = f"{self._prefix(schema)}{quoted(f'penstock_{uuid.uuid4().hex}')}"
            listed = ", ".join(f"{quoted(one.source)} VARCHAR" for one in items)
            self.execute(f"CREATE TEMPORARY TABLE {self._texts} ({listed})")

    def bulk(self, table: Table, items: Sequence[Item], files: StagedFiles, on_bad_value: str) -> Loaded:
        """Add the records of files to a table: into the stage part by part, then by one COPY; what may not fit into the texts
        first."""
        types = {one.name: one for one in table.columns}
        columns = [types[one.column] for one in items]
        if on_bad_value == "fail":
            made = [
                value(f"${at}", column, one.kind)
                for at, (column, one) in enumerate(zip(columns, items, strict=True), 1)
            ]
            return Loaded(self._copied(table.name, [one.column for one in items], made, files.batches(), files))
        return self._tried(table, items, columns, files, on_bad_value)

    def misfits(self, table: Table, items: Sequence[Item], files: StagedFiles) -> Iterator[Misfit]:
        """Yield the values that do not fit (`misfits.Sifting`)."""
        types = {one.name: one for one in table.columns}
        values = [Value(types[one.column], one.kind, f"c{index}") for index, one in enumerate(items)]
        name = f"{self._prefixes.get(table.name, '')}{quoted(f'penstock_{uuid.uuid4().hex}')}"
        listed = ", ".join(f"{one.name} VARCHAR" for one in values)
        self.execute(f"CREATE TEMPORARY TABLE {name} ({listed}, {_NUMBER} NUMBER(19))")
        try:
            columns = [*(one.source for one in values), "number"]
            places = [f"${at}" for at in range(1, len(columns) + 1)]
            batches = sifting.numbered(files, items, sifting.nothing, [])
            total = self._copied(name, columns, places, batches, files)
            yield from trying.misfits(self, name, values, _NUMBER, total)
        finally:
            with suppress(PenstockError):
                self.execute(f"DROP TABLE {name}")

    def _copied(
        self,
        name: str,
        columns: Sequence[str],
        values: Sequence[str],
        batches: Iterator[pa.RecordBatch],
        files: StagedFiles,
    ) -> int:
        """Return how many records went through the stage into a table; *files* are those that they are of."""
        # One of the folder that was staged: what an attempt that died has left there is replaced, and goes with the rest.
        stage = f"@~/penstock/{hashlib.sha256(str(files.paths[0].parent).encode()).hexdigest()[:32]}/"
        self.execute(f"REMOVE {stage}")
        try:
            with TemporaryDirectory(dir=files.paths[0].parent) as folder:
                parts = sum(self._put(part, stage) for part in texts.parts(batches, Path(folder), _texts, ""))
            return self._copy(name, columns, values, stage) if parts else 0
        finally:
            with suppress(PenstockError):
                self.execute(f"REMOVE {stage}")

    def _tried(
        self, table: Table, items: Sequence[Item], columns: Sequence[Column], files: StagedFiles, policy: str
    ) -> Loaded:
        """Bring the records into the table of texts, and from there what fits of them."""
        if self._texts is None:
            raise InvariantBroken("there is no table of texts")
        self.execute(f"DELETE FROM {self._texts}")
        places = [f"${at}" for at in range(1, len(items) + 1)]
        self._copied(self._texts, [one.source for one in items], places, files.batches(), files)
        values = [Value(column, one.kind, one.source) for column, one in zip(columns, items, strict=True)]
        skipped, nulled = trying.count(self, self._texts, values, policy, "COUNT_IF({})")
        listed = ", ".join(quoted(one.column) for one in items)
        kept = self.execute(f"INSERT INTO {table.name} ({listed}) {trying.relation(self._texts, values, policy)}")
        return Loaded(kept, skipped, nulled)

    def _put(self, part: Path, stage: str) -> int:
        path = "file://" + str(part).replace("\\", "\\\\").replace("'", "\\'")
        self.execute(f"PUT '{path}' {stage} SOURCE_COMPRESSION = ZSTD AUTO_COMPRESS = FALSE OVERWRITE = TRUE")
        part.unlink()
        return 1

    def _copy(self, name: str, columns: Sequence[str], values: Sequence[str], stage: str) -> int:
        listed = ", ".join(map(quoted, columns))
        found = self.rows(f"COPY INTO {name} ({listed}) FROM (SELECT {', '.join(values)} FROM {stage}) {_FORMAT}")
        # File, state, rows read, rows loaded, and more; one column alone where there was no file.
        return sum(int(str(row[3])) for row in found if len(row) > 3)


def _family(word: str, scale: object) -> Family:
    if word == "NUMBER":
        return Family.WHOLE if scale == 0 else Family.DECIMAL
    return _FAMILIES.get(word, Family.OTHER)


def _declared(word: str, scale: object, precision: object, letters: object, size: object) -> str:
    """Return a type as it is declared; no length where it is as long as it may be."""
    if word == "NUMBER":
        return f"NUMBER({precision},{scale})"
    length = {"TEXT": letters, "BINARY": size}.get(word)
    return f"{word}({length})" if length is not None and int(str(length)) < _ANY_LENGTH[word] else word


def _texts(batch: pa.RecordBatch) -> list[pa.Array]:
    """Return the columns of a batch in quotes, so that a text is never taken for null."""
    return [texts.in_quotes(texts.plain(one)) for one in batch.columns]
