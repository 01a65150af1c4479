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

from penstock.connectors.databases import sifting, texts, trying
from penstock.connectors.databases.lines import StagedFiles, has_zero, texts_of
from penstock.connectors.databases.misfits import Misfit
from penstock.connectors.databases.postgres.target import PostgresTarget
from penstock.connectors.databases.redshift import session as redshift
from penstock.connectors.databases.redshift.values import LONGEST, Value
from penstock.connectors.databases.sifting import Bad
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
_COUNT = "COUNT(CASE WHEN {} THEN 1 END)"
_ZERO = "the text holds a zero character, which Redshift has no place for"
_EMPTY = "the text is empty"
_LONG = f"the text has more than {LONGEST:,} bytes"
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
    has_indexes = False
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
        """Add the records of files to a table; what may not fit goes into the texts of a table of the session first."""
        types = {one.name: one for one in table.columns}
        columns = [types[one.column] for one in items]
        if on_bad_value == "fail":
            return Loaded(
                self._added(
                    table.name, columns, _checked(files.batches(), columns, is_copied=self.stage is not None), files
                )
            )
        values = _values(columns, items)
        skipped = nulled = 0

        def sound() -> Iterator[pa.RecordBatch]:
            nonlocal skipped, nulled
            for batch in files.batches():
                bad = _no_text(batch)
                made = sifting.without(batch, bad, on_bad_value)
                skipped += batch.num_rows - made.num_rows
                nulled += len(bad) if on_bad_value == "set_null" else 0
                yield made

        with self._texts(len(items)) as staging:
            self._added(staging.name, staging.columns, sound(), files)
            out, bad = trying.count(self, staging.name, values, on_bad_value, _COUNT)
            listed = ", ".join(self.quoted(one.name) for one in columns)
            given = trying.relation(staging.name, values, on_bad_value)
            kept = self.execute(f"INSERT INTO {table.name} ({listed}) {given}")
        return Loaded(kept, skipped + out, nulled + bad)

    @property
    def sifts(self) -> bool:
        """Whether it is told which values do not fit: in every version, by another test than PostgreSQL's."""
        return True

    def misfits(self, table: Table, items: Sequence[Item], files: StagedFiles) -> Iterator[Misfit]:
        """Yield the values that do not fit (`misfits.Sifting`)."""
        types = {one.name: one for one in table.columns}
        values = _values([types[one.column] for one in items], items)
        found: list[Misfit] = []
        with self._texts(len(items), "n") as staging:
            batches = sifting.numbered(files, items, _no_text, found)
            total = self._added(staging.name, staging.columns, batches, files)
            yield from sifting.merged(items, found, trying.misfits(self, staging.name, values, "n", total))

    @contextmanager
    def _texts(self, count: int, number: str = "") -> Iterator[Table]:
        """Give a table of this session of so many texts, and a *number*; it is gone at the end of the block."""
        columns = [Column(f"c{index}", _WIDEST, Family.TEXT) for index in range(count)]
        columns += [Column(number, "bigint", Family.WHOLE)] if number else []
        name = f"penstock_{uuid.uuid4().hex}"
        self.execute(f"CREATE TEMPORARY TABLE {name} ({', '.join(f'{one.name} {one.type}' for one in columns)})")
        try:
            yield Table(name, tuple(columns))
        finally:
            # In a transaction that has failed nothing can be done, nor needs to be.
            with suppress(PenstockError):
                self.execute(f"DROP TABLE {name}")

    def _added(
        self, name: str, columns: Sequence[Column], batches: Iterator[pa.RecordBatch], files: StagedFiles
    ) -> int:
        """Return how many records were added to a table; *files* say where there is room beside them."""
        if self.stage is not None:
            return self._copied(name, columns, batches, self.stage, files.paths[0].parent)
        row = f"({', '.join(map(_value, columns))})"
        listed = ", ".join(self.quoted(one.name) for one in columns)
        most = max(1, min(MOST_ROWS, MOST_VALUES // len(columns)))
        records = 0
        for batch in batches:
            rows = iter(zip(*texts_of(batch), strict=True))
            while some := _some(rows, most):
                into = f"INSERT INTO {name} ({listed}) VALUES ".replace("%", "%%")
                sql = into + ", ".join([row] * len(some))
                self._insert(sql, [value for one in some for value in one])
                records += len(some)
        return records

    def _copied(
        self, name: str, columns: Sequence[Column], batches: Iterator[pa.RecordBatch], stage: Stage, room: Path
    ) -> int:
        """Return how many records went through a place into a table."""
        null, listed = f"penstock_{uuid.uuid4().hex}", ", ".join(self.quoted(one.name) for one in columns)
        login = " ".join(f"{word} {self.literal(said)}" for word, said in stage.login)

        def made(batch: pa.RecordBatch) -> list[pa.Array]:
            return [_staged(one, column) for one, column in zip(batch.columns, columns, strict=True)]

        stage.clear()
        try:
            with TemporaryDirectory(dir=room) as folder:
                count = 0
                for part in texts.parts(batches, Path(folder), made, null):
                    stage.put(part)
                    part.unlink()
                    count += 1
            if count == 0:
                return 0
            self.execute(
                f"COPY {name} ({listed}) FROM {self.literal(stage.url)} {login} CSV ZSTD NULL AS {self.literal(null)} "
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


def _checked(
    batches: Iterator[pa.RecordBatch], columns: Sequence[Column], *, is_copied: bool
) -> Iterator[pa.RecordBatch]:
    """Yield batches. Raises PermanentError for a text that cannot be sent; an empty one COPY takes for null, if not
    as a text."""
    for batch in batches:
        bad = _no_text(batch)
        if is_copied:
            others = [index for index, one in enumerate(columns) if one.family is not Family.TEXT]
            bad += [Bad(row, index, _EMPTY) for index in others for row in _empty(batch.column(index))]
        for one in bad:
            raise PermanentError(
                f"a value of the column '{columns[one.column].name}' does not fit: {one.reason}. Replace it in a Select."
            )
        yield batch


def _empty(column: pa.Array) -> list[int]:
    is_text = pa.types.is_string(column.type) or pa.types.is_large_string(column.type)
    return list(pc.indices_nonzero(pc.equal(column, "")).to_pylist()) if is_text else []


def _no_text(batch: pa.RecordBatch) -> list[Bad]:
    """Return what no column takes (`sifting.Sieve`)."""
    found = []
    for index, column in enumerate(batch.columns):
        if not (pa.types.is_string(column.type) or pa.types.is_large_string(column.type)):
            continue
        tests = [(pc.greater(pc.binary_length(column), LONGEST), _LONG)]
        if has_zero(column):
            tests.insert(0, (pc.match_substring(column, "\0"), _ZERO))
        bad = {int(row): reason for test, reason in reversed(tests) for row in pc.indices_nonzero(test).to_numpy()}
        found += [Bad(row, index, reason) for row, reason in bad.items()]
    return found


def _values(columns: Sequence[Column], items: Sequence[Item]) -> list[Value]:
    """Return what is written from texts. Raises PermanentError where it cannot be told which of them fit."""
    values = [
        Value(column, one.kind, f"c{index}") for index, (column, one) in enumerate(zip(columns, items, strict=True))
    ]
    for one in values:
        one.check()
    return values
