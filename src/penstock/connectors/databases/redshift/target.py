"""Amazon Redshift as a target: rows go in by COPY from files in a bucket where one is named, otherwise by INSERT with many rows
each, and all of a load is one transaction.

Redshift has no COPY from the session, keeps no primary key, and empties a table by TRUNCATE outside of any transaction. So
what keeps two attempts apart is a lock of the ledger, held from the first statement of the transaction to its end.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory

import psycopg
import pyarrow as pa
import pyarrow.compute as pc

from penstock.connectors.databases import texts
from penstock.connectors.databases.lines import StagedFiles, has_zero, texts_of
from penstock.connectors.databases.postgres.target import PostgresTarget
from penstock.connectors.databases.redshift import session as redshift
from penstock.connectors.databases.targets import Column, Family, Item, Loaded, Stage, Table
from penstock.connectors.places import Place
from penstock.errors import PenstockError, PermanentError
from penstock.plan.dtypes import Kind
from penstock.plan.ports import Connection

MOST_ROWS = 1000
"""Of one statement."""
MOST_VALUES = 32_000
"""Of one statement; Redshift takes 32,767."""
MOST_BYTES = 8 << 20
"""Of one statement; Redshift takes 16 MB."""
_WIDEST = "varchar(65535)"
_TYPES = {
    Kind.BOOLEAN: "boolean", Kind.INT: "integer", Kind.LONG: "bigint", Kind.FLOAT: "real", Kind.DOUBLE: "double precision",
    Kind.CHARARRAY: _WIDEST, Kind.BYTEARRAY: _WIDEST, Kind.DATETIME: "timestamp with time zone", Kind.MAP: _WIDEST,
    Kind.BAG: _WIDEST, Kind.TUPLE: _WIDEST,
}  # fmt: skip
_KEY = "varchar(760)"
"""Bytes of a key of the ledger, at most four for a character."""
_FAMILIES = {
    16: Family.BOOLEAN, 20: Family.WHOLE, 21: Family.WHOLE, 23: Family.WHOLE, 26: Family.WHOLE, 1700: Family.DECIMAL,
    700: Family.REAL, 701: Family.REAL, 25: Family.TEXT, 1042: Family.TEXT, 1043: Family.TEXT,
    1082: Family.TIME, 1114: Family.TIME, 1184: Family.TIME,
    # A text written to SUPER would be a text in it and no structure, and no text is read as the others are.
    **dict.fromkeys((4000, 6551, 3000, 3001, 2935), Family.NONE),
}  # fmt: skip
_FIND = """
SELECT c.oid::bigint, c.relkind = 'r' FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = {schema} AND c.relname = {table}
"""
_COLUMNS = """
SELECT a.attname, format_type(a.atttypid, a.atttypmod), a.atttypid::bigint FROM pg_attribute a
WHERE a.attrelid = {oid} AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum
"""
_RIGHTS = ("DELETE", "SELECT", "INSERT", "UPDATE")


@contextmanager
def target(connection: Connection, place: Place) -> Iterator[RedshiftTarget]:
    """Open what rows are written to. Raises PermanentError, TransientError."""
    with closing(redshift.connected(connection, place)) as raw:
        # Whether it keeps named statements is not known of every way to it.
        raw.prepare_threshold = None
        yield RedshiftTarget(raw)


class RedshiftTarget(PostgresTarget):
    """Writes rows (`targets.Target`), as PostgreSQL does but for what is said here."""

    hold: str | None = "LOCK {table}"
    now = "getdate()"
    stage: Stage | None = None
    is_by_types = False

    def literal(self, text: str) -> str:
        """Return a text in quotes."""
        return redshift.literal(text)

    def type_of(self, kind: Kind, *, is_key: bool = False) -> str:
        """Return the type that a column is made with."""
        return _KEY if is_key else _TYPES[kind]

    def find(self, schema: str | None, table: str) -> Table | None:
        """Return a table, None where there is none; tables of external schemas are none."""
        where = "current_schema()" if schema is None else self.literal(schema)
        found = self.rows(_FIND.format(schema=where, table=self.literal(table)))
        if not found:
            return None
        oid, is_plain = found[0]
        asked = ", ".join(f"has_table_privilege({oid}, '{right}')" for right in _RIGHTS)
        refused = {right for right, may in zip(_RIGHTS, self.rows(f"SELECT {asked}")[0], strict=True) if not may}
        if "DELETE" in refused:
            refused.add("TRUNCATE")
        columns = tuple(
            Column(str(name), str(shown), _FAMILIES.get(int(str(number)), Family.OTHER))
            for name, shown, number in self.rows(_COLUMNS.format(oid=oid))
        )
        return Table(self.qualified(schema, table), columns, frozenset(refused), bool(is_plain))

    def may_create(self, schema: str | None) -> bool:
        """Tell whether a table can be made."""
        where = "current_schema()" if schema is None else self.literal(schema)
        if not self.rows(f"SELECT 1 FROM pg_namespace WHERE nspname = {where}"):
            return False
        return bool(self.rows(f"SELECT has_schema_privilege({where}, 'CREATE')")[0][0])

    def empty(self, table: Table) -> None:
        """Remove all rows of a table; TRUNCATE would end the transaction."""
        self.execute(f"DELETE FROM {table.name}")

    def serialize(self, table: Table) -> None:
        """Wait until no other transaction writes to a table."""
        self.execute(f"LOCK {table.name}")

    def temporary(self, table: Table, items: Sequence[Item]) -> Table:
        """Make a table of this session that has the columns of another."""
        listed = ", ".join(self.quoted(one.column) for one in items)
        name = f"penstock_{uuid.uuid4().hex}"
        self.execute(f"CREATE TEMPORARY TABLE {name} AS SELECT {listed} FROM {table.name} WHERE 1 = 0")
        return Table(name, table.columns)

    def bulk(self, table: Table, items: Sequence[Item], files: StagedFiles, on_bad_value: str) -> Loaded:
        """Add the records of files to a table, by INSERT with many rows."""
        if on_bad_value != "fail":
            raise PermanentError("'on_bad_value' other than fail is not available for Redshift in this version yet.")
        if self.stage is not None:
            return Loaded(self._copied(table, items, files, self.stage))
        types = {one.name: one for one in table.columns}
        row = f"({', '.join(_value(types[one.column]) for one in items)})"
        listed = ", ".join(self.quoted(one.column) for one in items)
        most = max(1, min(MOST_ROWS, MOST_VALUES // len(items)))
        records = 0
        for batch in files.batches():
            _check(batch, items)
            rows = iter(zip(*texts_of(batch), strict=True))
            while some := _some(rows, most):
                into = f"INSERT INTO {table.name} ({listed}) VALUES ".replace("%", "%%")
                sql = into + ", ".join([row] * len(some))
                self._insert(sql, [value for one in some for value in one])
                records += len(some)
        return Loaded(records)

    def _copied(self, table: Table, items: Sequence[Item], files: StagedFiles, stage: Stage) -> int:
        """Return how many records went through a place into a table."""
        null, listed = f"penstock_{uuid.uuid4().hex}", ", ".join(self.quoted(one.column) for one in items)
        login = " ".join(f"{word} {self.literal(said)}" for word, said in stage.login)

        def made(batch: pa.RecordBatch) -> list[pa.Array]:
            _check(batch, items)
            return [_staged(one, types[item.column]) for one, item in zip(batch.columns, items, strict=True)]

        types = {one.name: one for one in table.columns}
        stage.clear()
        try:
            with TemporaryDirectory(dir=files.paths[0].parent) as folder:
                count = 0
                for part in texts.parts(files, Path(folder), made, null):
                    stage.put(part)
                    part.unlink()
                    count += 1
            if count == 0:
                return 0
            self.execute(
                f"COPY {table.name} ({listed}) FROM {self.literal(stage.url)} {login} CSV ZSTD NULL AS {self.literal(null)} "
                "DATEFORMAT 'auto' TIMEFORMAT 'auto' COMPUPDATE OFF"
            )
            return int(str(self.rows("SELECT pg_last_copy_count()")[0][0]))
        finally:
            with suppress(PenstockError):
                stage.clear()

    def _insert(self, sql: str, values: Sequence[str | None]) -> None:
        try:
            self._raw.execute(sql.encode(), values)
        except psycopg.Error as error:
            raise self._fault(error) from error

    def _fault(self, error: psycopg.Error) -> PenstockError:
        return redshift.fault_of(error)


def _staged(array: pa.Array, column: Column) -> pa.Array:
    """Return a column as texts that COPY reads: texts in quotes, instants with their zone where the column has one."""
    if pa.types.is_timestamp(array.type):
        plain = texts.plain(array)
        if column.type == "date":
            return pc.utf8_slice_codeunits(plain, 0, len("2024-05-06"))
        has_zone = column.type == "timestamp with time zone"
        return texts.followed(plain, "+00") if has_zone else plain
    is_text = pa.types.is_string(array.type) or pa.types.is_large_string(array.type)
    return texts.in_quotes(array) if is_text else texts.plain(array)


def _value(column: Column) -> str:
    """Return the place of one value. A text is cast to no shorter one, for that would cut it off in silence."""
    return f"CAST(%s AS {_WIDEST if column.family is Family.TEXT else column.type})"


def _some(rows: Iterator[tuple[str | None, ...]], most: int) -> list[tuple[str | None, ...]]:
    """Return the next rows, as many as fit into one statement."""
    made: list[tuple[str | None, ...]] = []
    size = 0
    for one in islice(rows, most):
        made.append(one)
        size += sum(4 * len(value) for value in one if value is not None)
        if size > MOST_BYTES:
            break
    return made


def _check(batch: pa.RecordBatch, items: Sequence[Item]) -> None:
    for index, item in enumerate(items):
        if has_zero(batch.column(index)):
            raise PermanentError(
                f"a text of the column '{item.column}' holds a zero character, which Redshift has no place for. Replace it in "
                "a Select."
            )
