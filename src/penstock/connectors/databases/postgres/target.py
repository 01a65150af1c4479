"""PostgreSQL as a target: rows go in by COPY, and all of a load is one transaction, tables that are made included."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from heapq import merge

import psycopg
import pyarrow as pa
import pyarrow.compute as pc
from psycopg.pq import TransactionStatus

from penstock.connectors.databases.limits import limit
from penstock.connectors.databases.lines import StagedFiles, ahead, encoded, has_zero, without_zeros
from penstock.connectors.databases.misfits import Misfit
from penstock.connectors.databases.postgres import binary
from penstock.connectors.databases.postgres.session import CANCEL_S, SETTINGS, connected, fault_of
from penstock.connectors.databases.targets import Column, Doubled, Family, Item, Loaded, Span, Table, update_from
from penstock.connectors.places import Place
from penstock.errors import PermanentError, TransientError
from penstock.plan.dtypes import Kind
from penstock.plan.ports import Connection

_WRITING = {**SETTINGS, "default_transaction_read_only": "off", "statement_timeout": "0"}
_UNIQUE = "23505"
_LATER = frozenset({"40001", "40P01", "55P03"})
"""What another transaction was in the way of, and may work when it is tried again."""
_TYPES = {
    Kind.BOOLEAN: "boolean", Kind.INT: "integer", Kind.LONG: "bigint", Kind.FLOAT: "real", Kind.DOUBLE: "double precision",
    Kind.CHARARRAY: "text", Kind.BYTEARRAY: "text", Kind.DATETIME: "timestamp with time zone", Kind.MAP: "json",
    Kind.BAG: "json", Kind.TUPLE: "json",
}  # fmt: skip
"""What columns are made of (dataflow reference 8.2)."""
_FAMILIES = {
    16: Family.BOOLEAN, 20: Family.WHOLE, 21: Family.WHOLE, 23: Family.WHOLE, 26: Family.WHOLE, 1700: Family.DECIMAL,
    700: Family.REAL, 701: Family.REAL, 25: Family.TEXT, 1042: Family.TEXT, 1043: Family.TEXT, 17: Family.BYTES,
    1082: Family.TIME, 1114: Family.TIME, 1184: Family.TIME, 114: Family.JSON, 3802: Family.JSON,
}  # fmt: skip
_COLUMNS = """
SELECT a.attname, format_type(a.atttypid, a.atttypmod), coalesce(nullif(t.typbasetype, 0), t.oid)::bigint
FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid
WHERE a.attrelid = {table}::regclass AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum
"""
_RIGHTS = """
SELECT has_table_privilege(c.oid, 'TRUNCATE'), has_table_privilege(c.oid, 'DELETE'),
has_any_column_privilege(c.oid, 'SELECT'), has_any_column_privilege(c.oid, 'INSERT'),
has_any_column_privilege(c.oid, 'UPDATE'), c.relkind IN ('r', 'p', 'f') FROM pg_class c WHERE c.oid = {table}::regclass
"""
_BY_KEY = """
SELECT set_config('random_page_cost', least(current_setting('random_page_cost')::float8, 1.1)::text, true)
"""
"""In a load by key: by its default of 4, which is that of disks that turn, ten million rows are read for the sake of a hundred
thousand that an index would find. It ends with the transaction."""
_VALID_SINCE = 160000
"""The version that tells of a text whether it is a value of a type."""
_FETCHED = 10_000
_ZERO = "the value holds a zero character, which PostgreSQL has no place for"


@contextmanager
def target(connection: Connection, place: Place) -> Iterator[PostgresTarget]:
    """Open what rows are written to. Raises PermanentError, TransientError."""
    with closing(connected(connection, place, _WRITING)) as raw:
        yield PostgresTarget(raw)


class PostgresTarget:
    """Writes rows (`targets.Target`)."""

    limited = staticmethod(limit)
    hold: str | None = None
    temporary_first = False
    creates_in_transaction = True
    is_by_types = True
    now = "now()"
    span: Span | None = None
    has_indexes = True

    def __init__(self, raw: psycopg.Connection) -> None:
        self._raw = raw
        self._temporaries: set[str] = set()

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
        name = self.qualified(schema, table)
        shown = self.literal(name)
        if self.rows(f"SELECT to_regclass({shown})")[0][0] is None:
            return None
        columns = self.rows(_COLUMNS.format(table=shown))
        *rights, is_plain = self.rows(_RIGHTS.format(table=shown))[0]
        names = ("TRUNCATE", "DELETE", "SELECT", "INSERT", "UPDATE")
        return Table(
            name,
            tuple(
                Column(str(one), str(kind), _FAMILIES.get(int(str(oid)), Family.OTHER)) for one, kind, oid in columns
            ),
            frozenset(right for right, may in zip(names, rights, strict=True) if not may),
            bool(is_plain),
        )

    def may_create(self, schema: str | None) -> bool:
        """Tell whether a table can be made."""
        where = "current_schema()" if schema is None else self.literal(schema)
        return bool(
            self.rows(f"SELECT has_schema_privilege(oid, 'CREATE') FROM pg_namespace WHERE nspname = {where}")
            == [(True,)]
        )

    def execute(self, sql: str) -> int:
        """Run one statement, or several of an action."""
        try:
            return max(self._raw.execute(sql.encode()).rowcount, 0)
        except psycopg.Error as error:
            raise self._fault(error) from error

    def rows(self, sql: str) -> Sequence[Sequence[object]]:
        """Return the rows of a statement."""
        try:
            return self._raw.execute(sql.encode()).fetchall()
        except psycopg.Error as error:
            raise self._fault(error) from error

    def _fault(self, error: psycopg.Error) -> Exception:
        return _fault(error)

    def begin(self) -> None:
        """Begin a transaction."""
        self.execute("BEGIN")

    def is_open(self) -> bool:
        """Tell whether a transaction goes on, perhaps one that has failed."""
        return self._raw.info.transaction_status != TransactionStatus.IDLE

    def commit(self) -> None:
        """End a transaction."""
        self.execute("COMMIT")

    def rollback(self) -> None:
        """Leave a transaction."""
        with suppress(psycopg.Error):
            self._raw.execute("ROLLBACK")

    def empty(self, table: Table) -> None:
        """Remove all rows of a table."""
        self.execute(f"TRUNCATE {table.name}")

    def serialize(self, table: Table) -> None:
        """Wait until no other load by key goes on in a table."""
        self.execute(
            f"SELECT pg_advisory_xact_lock('pg_class'::regclass::int, {self.literal(table.name)}::regclass::int)"
        )

    def temporary(self, table: Table, items: Sequence[Item]) -> Table:
        """Make a table of this session that has the columns of another."""
        listed = ", ".join(self.quoted(one.column) for one in items)
        made = self._temporary("", f" AS SELECT {listed} FROM {table.name} WITH NO DATA", table.columns)
        self._temporaries.add(made.name)
        return made

    def _temporary(self, definition: str, query: str, columns: tuple[Column, ...]) -> Table:
        name = f"penstock_{uuid.uuid4().hex}"
        self.execute(f"CREATE TEMPORARY TABLE {name} {definition} ON COMMIT DROP{query}")
        return Table(name, columns)

    def update(self, table: Table, given: Table, items: Sequence[Item], also: Sequence[str]) -> str:
        """Return the statement that changes the rows whose key is among those given."""
        return update_from(self.quoted, table, given, items, also, self.span)

    def bulk(self, table: Table, items: Sequence[Item], files: StagedFiles, on_bad_value: str) -> Loaded:
        """Add the records of files to a table, by COPY."""
        return self.bulk_of(table, items, files.batches(), on_bad_value)

    def bulk_of(
        self, table: Table, items: Sequence[Item], batches: Iterator[pa.RecordBatch], on_bad_value: str
    ) -> Loaded:
        """Add records to a table as they come."""
        loaded = self._load(table, items, batches, on_bad_value)
        if table.name in self._temporaries:
            # Nothing does it in time, and joins are planned by it. Of the other columns nothing is asked.
            keys = ", ".join(self.quoted(one.column) for one in items if one.is_key)
            self.execute(f"ANALYZE {table.name} ({keys})")
            self.rows(_BY_KEY)
        return loaded

    @property
    def sifts(self) -> bool:
        """Whether the server tells of a text whether it is a value of a type, and why not; who asks in another way knows."""
        return type(self).misfits is not PostgresTarget.misfits or self._raw.info.server_version >= _VALID_SINCE

    def misfits(self, table: Table, items: Sequence[Item], files: StagedFiles) -> Iterator[Misfit]:
        """Yield the values that do not fit, in the server's words: texts of all records are asked for in a temporary table."""
        listed = ", ".join(f"c{index} text" for index in range(len(items)))
        self.begin()
        try:
            texts = self._temporary(f"(n bigint, {listed})", "", ())
            zeros: list[tuple[int, int]] = []
            self._copy_lines(texts.name, _numbered(files, zeros))
            said = ((number, index, _ZERO) for number, index in zeros)
            for number, index, reason in merge(said, self._refused(texts, table, items)):
                yield Misfit(number, items[index].column, reason)
        finally:
            self.rollback()

    def _refused(self, texts: Table, table: Table, items: Sequence[Item]) -> Iterator[tuple[int, int, str]]:
        found = {one.name: one.type for one in table.columns}
        types = [self.literal(found[one.column]) for one in items]
        bad = " OR ".join(f"NOT pg_input_is_valid(c{index}, {one})" for index, one in enumerate(types))
        whys = ", ".join(
            f"({index}, (pg_input_error_info(c{index}, {one})).message)" for index, one in enumerate(types)
        )
        # The reasons of few are asked for, and only of those: a test takes a fraction of their time.
        self.execute(
            "DECLARE misfits NO SCROLL CURSOR FOR SELECT n, at, why "
            f"FROM (SELECT * FROM {texts.name} WHERE {bad} OFFSET 0) AS bad, LATERAL (VALUES {whys}) AS asked (at, why) "
            "WHERE why IS NOT NULL ORDER BY n, at"
        )
        while rows := self.rows(f"FETCH {_FETCHED} FROM misfits"):
            yield from ((int(str(number)), int(str(index)), str(why)) for number, index, why in rows)

    def cancel(self) -> None:
        """End the statement that another thread waits for."""
        with suppress(psycopg.Error):
            self._raw.cancel_safe(timeout=CANCEL_S)

    def _load(
        self, table: Table, items: Sequence[Item], batches: Iterator[pa.RecordBatch], on_bad_value: str
    ) -> Loaded:
        listed = ", ".join(self.quoted(one.column) for one in items)
        if on_bad_value == "fail":
            return Loaded(self._copy(f"{table.name} ({listed})", items, batches, on_bad_value, table)[0])
        if self._raw.info.server_version < _VALID_SINCE:
            raise PermanentError("'on_bad_value' other than fail needs PostgreSQL 16 or newer.")
        texts = self._temporary(f"({', '.join(f'c{index} text' for index in range(len(items)))})", "", ())
        records, without, nulled = self._copy(texts.name, items, batches, on_bad_value)
        return self._convert(table, items, texts, records, without, nulled, on_bad_value)

    def _convert(
        self, table: Table, items: Sequence[Item], texts: Table, records: int, skipped: int, nulled: int, policy: str
    ) -> Loaded:
        """Bring texts into a table as its columns read them; what does not fit is null, or its record is left out."""
        found = {one.name: one.type for one in table.columns}
        types = [found[one.column] for one in items]
        valid = [f"pg_input_is_valid(c{index}, {self.literal(one)})" for index, one in enumerate(types)]
        listed = ", ".join(self.quoted(one.column) for one in items)
        if policy == "skip":
            values = ", ".join(f"CAST(c{index} AS {one})" for index, one in enumerate(types))
            fits = " AND ".join(f"(c{index} IS NULL OR {one})" for index, one in enumerate(valid))
            # The conversion must not be tried before the test, in whatever order conditions are computed.
            kept = self.execute(
                f"INSERT INTO {table.name} ({listed}) SELECT {values} "
                f"FROM (SELECT * FROM {texts.name} WHERE {fits} OFFSET 0) AS fit"
            )
            return Loaded(kept, skipped + records - kept)
        counts = ", ".join(f"count(c{index}) FILTER (WHERE NOT {one})" for index, one in enumerate(valid))
        bad = sum(int(str(count)) for count in self.rows(f"SELECT {counts} FROM {texts.name}")[0])
        values = ", ".join(
            f"CASE WHEN {test} THEN CAST(c{index} AS {one}) END"
            for index, (one, test) in enumerate(zip(types, valid, strict=True))
        )
        kept = self.execute(f"INSERT INTO {table.name} ({listed}) SELECT {values} FROM {texts.name}")
        return Loaded(kept, 0, nulled + bad)

    @property
    def _counts_times(self) -> bool:
        """Whether times are whole numbers, which servers could be built without up to PostgreSQL 9.6."""
        return self._raw.info.parameter_status("integer_datetimes") == "on"

    def _copy(
        self,
        into: str,
        items: Sequence[Item],
        batches: Iterator[pa.RecordBatch],
        policy: str,
        table: Table | None = None,
    ) -> tuple[int, int, int]:
        """Copy records; returns how many arrived, how many were left out, and how many values became null, since no text
        of PostgreSQL has a zero character. What the columns of *table* hold exactly is sent in binary, all else as text."""
        skipped = nulled = 0
        how = binary.encoders(table, items) if table is not None and self._counts_times else None

        def made() -> Iterator[memoryview]:
            nonlocal skipped, nulled
            for batch in batches:
                sound, bad = _sound(batch, items, policy)
                nulled += bad if policy == "set_null" else 0
                skipped += batch.num_rows - sound.num_rows
                yield encoded(sound) if how is None else binary.encoded(sound, items, how)

        records = self._copy_lines(into, made(), is_binary=how is not None)
        return records, skipped, nulled

    def _copy_lines(self, into: str, lines: Iterator[memoryview], *, is_binary: bool = False) -> int:
        """Copy what is encoded; returns how many records arrived."""
        try:
            with self._raw.cursor() as cursor:
                form = " (FORMAT binary)" if is_binary else ""
                with cursor.copy(f"COPY {into} FROM STDIN{form}".encode()) as copy, closing(ahead(lines)) as coming:
                    if is_binary:
                        copy.write(binary.HEADER)
                    for one in coming:
                        copy.write(one)
                    if is_binary:
                        copy.write(binary.TRAILER)
                return cursor.rowcount
        except psycopg.Error as error:
            raise self._fault(error) from error


def _numbered(files: StagedFiles, zeros: list[tuple[int, int]]) -> Iterator[memoryview]:
    """Yield records as lines, their numbers first; of texts with a zero character, which become null, number and index are
    added to *zeros*."""
    at = 0
    for batch in files.batches():
        columns = list(batch.columns)
        found: list[tuple[int, int]] = []
        for index, column in enumerate(columns):
            if has_zero(column):
                columns[index] = without_zeros(column)
                lost = pc.and_(pc.is_valid(column), pc.is_null(columns[index]))
                found += [(at + int(number), index) for number in pc.indices_nonzero(lost).to_numpy()]
        zeros += sorted(found)
        numbers = pa.array(range(at, at + batch.num_rows), pa.int64())
        at += batch.num_rows
        yield encoded(pa.RecordBatch.from_arrays([numbers, *columns], names=["n", *map(str, range(len(columns)))]))


def _sound(batch: pa.RecordBatch, items: Sequence[Item], policy: str) -> tuple[pa.RecordBatch, int]:
    """Return a batch without zero characters, and how many values held one. Raises PermanentError where that fails the job."""
    bad = 0
    for index, item in enumerate(items):
        column = batch.column(index)
        if not has_zero(column):
            continue
        if policy == "fail":
            raise PermanentError(
                f"a text of the column '{item.column}' holds a zero character, which PostgreSQL has no place for. Replace it "
                "in a Select, or choose set_null or skip for it."
            )
        clean = without_zeros(column)
        bad += clean.null_count - column.null_count
        if policy == "skip":
            batch = batch.filter(pc.or_(pc.is_valid(clean), pc.is_null(column)))
        else:
            batch = batch.set_column(index, batch.schema.field(index), clean)
    return batch, bad


def _fault(error: psycopg.Error) -> Exception:
    fault = fault_of(error)
    detail = error.diag.context or ""
    line, _, _ = detail.partition("\n")
    if line.startswith("COPY "):
        fault = type(fault)(f"{fault.message} ({line})")
    if error.sqlstate in _LATER:
        return TransientError(fault.message)
    return Doubled(fault.message) if error.sqlstate == _UNIQUE else fault
