"""Oracle as a target: rows go in by INSERT with arrays of values, and all of a load is one transaction.

Making a table ends a transaction there, and a temporary one might: both are made before it begins. TRUNCATE ends it as well.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from typing import Any

import oracledb
import pyarrow as pa

from penstock.connectors.databases import dbapi, sifting
from penstock.connectors.databases.dbapi import answer, described_as
from penstock.connectors.databases.limits import fetch_first
from penstock.connectors.databases.lines import StagedFiles
from penstock.connectors.databases.misfits import Misfit
from penstock.connectors.databases.oracle.probing import Probe
from penstock.connectors.databases.oracle.session import SPEECH, connected, fault_of, literal, quoted
from penstock.connectors.databases.oracle.values import inserting, sent
from penstock.connectors.databases.targets import Column, Family, Item, Loaded, Table
from penstock.connectors.places import Place
from penstock.errors import InvariantBroken, PermanentError
from penstock.plan.dtypes import Kind
from penstock.plan.ports import Connection

_TYPES = {
    Kind.BOOLEAN: "NUMBER(1)", Kind.INT: "NUMBER(10)", Kind.LONG: "NUMBER(19)", Kind.FLOAT: "BINARY_FLOAT",
    Kind.DOUBLE: "BINARY_DOUBLE", Kind.CHARARRAY: "VARCHAR2(4000 CHAR)", Kind.BYTEARRAY: "VARCHAR2(4000 CHAR)",
    Kind.DATETIME: "TIMESTAMP(6) WITH TIME ZONE", Kind.MAP: "CLOB", Kind.BAG: "CLOB", Kind.TUPLE: "CLOB",
}  # fmt: skip
_KEY = "VARCHAR2(190 CHAR)"
_FAMILIES = {
    "FLOAT": Family.DECIMAL, "BINARY_FLOAT": Family.REAL, "BINARY_DOUBLE": Family.REAL, "DATE": Family.TIME,
    **dict.fromkeys(("VARCHAR2", "NVARCHAR2", "CHAR", "NCHAR", "CLOB", "NCLOB"), Family.TEXT), "BOOLEAN": Family.BOOLEAN,
}  # fmt: skip
_CURRENT = "SYS_CONTEXT('USERENV', 'CURRENT_SCHEMA')"
_FIND = """SELECT object_type FROM all_objects WHERE owner = {schema} AND object_name = {table}
AND object_type IN ('TABLE', 'VIEW', 'MATERIALIZED VIEW') ORDER BY object_type"""
_COLUMNS = """SELECT column_name, data_type, data_scale, data_precision FROM all_tab_columns WHERE owner = {schema}
AND table_name = {table} ORDER BY column_id"""
_MAY_CREATE = """SELECT count(*) FROM session_privs WHERE privilege = 'CREATE ANY TABLE'
OR (privilege = 'CREATE TABLE' AND {schema} = {current})"""
_ID = "SELECT DBMS_TRANSACTION.LOCAL_TRANSACTION_ID FROM dual"
_BEGIN = "DECLARE given VARCHAR2(200) := DBMS_TRANSACTION.LOCAL_TRANSACTION_ID(TRUE); BEGIN NULL; END;"


@contextmanager
def target(connection: Connection, place: Place) -> Iterator[OracleTarget]:
    """Open what rows are written to. Raises PermanentError, TransientError."""
    with closing(connected(connection, place)) as raw:
        yield OracleTarget(raw)


class OracleTarget:
    """Writes rows (`targets.Target`). A transaction has a number: where it is another, something has ended it."""

    limited = staticmethod(fetch_first)
    quoted = staticmethod(quoted)
    literal = staticmethod(literal)
    hold: str | None = None
    creates_in_transaction = False
    temporary_first = True
    now = "SYSTIMESTAMP"

    def __init__(self, raw: Any) -> None:
        self._raw = raw
        self._number: object = None
        self._probe: tuple[object, str] | None = None
        """The table that values are tried in: the columns that it has, and its name."""

    def qualified(self, schema: str | None, table: str) -> str:
        """Return the name of a table in statements."""
        return f"{quoted(schema)}.{quoted(table)}" if schema else quoted(table)

    def type_of(self, kind: Kind, *, is_key: bool = False) -> str:
        """Return the type that a column is made with."""
        return _KEY if is_key else _TYPES[kind]

    def find(self, schema: str | None, table: str) -> Table | None:
        """Return a table, None where there is none; what the user may do there is told when it is done."""
        where = {"schema": literal(schema) if schema else _CURRENT, "table": literal(table)}
        found = self.rows(_FIND.format(**where))
        if not found:
            return None
        columns = tuple(
            Column(str(name), str(word), _family(str(word), scale))
            for name, word, scale, _ in self.rows(_COLUMNS.format(**where))
        )
        return Table(self.qualified(schema, table), columns, is_plain=str(found[0][0]) == "TABLE")

    def may_create(self, schema: str | None) -> bool:
        """Tell whether a table can be made."""
        where = literal(schema) if schema else _CURRENT
        return int(str(self.rows(_MAY_CREATE.format(schema=where, current=_CURRENT))[0][0])) > 0

    def execute(self, sql: str) -> int:
        """Run one statement; outside of a transaction it is one of its own."""
        count = answer(self._raw, sql, SPEECH)[0]
        if self._number is None:
            self._end(self._raw.commit)
        return count

    def rows(self, sql: str) -> Sequence[Sequence[object]]:
        """Return the rows of a statement."""
        return answer(self._raw, sql, SPEECH)[1]

    def begin(self) -> None:
        """Begin a transaction."""
        answer(self._raw, _BEGIN, SPEECH)
        self._number = self.rows(_ID)[0][0]

    def is_open(self) -> bool:
        """Tell whether a transaction goes on, the same that was begun."""
        return self._number is not None and self.rows(_ID)[0][0] == self._number

    def commit(self) -> None:
        """End a transaction."""
        self._number = None
        self._end(self._raw.commit)

    def rollback(self) -> None:
        """Leave a transaction."""
        self._number = None
        with suppress(oracledb.Error):
            self._raw.rollback()

    @staticmethod
    def _end(ends: Any) -> None:
        try:
            ends()
        except oracledb.Error as error:
            raise fault_of(error) from error

    def empty(self, table: Table) -> None:
        """Remove all rows of a table; TRUNCATE would end the transaction."""
        self.execute(f"DELETE FROM {table.name}")

    def serialize(self, table: Table) -> None:
        """Wait until no other transaction writes to a table; others may read it."""
        self.execute(f"LOCK TABLE {table.name} IN EXCLUSIVE MODE")

    def temporary(self, table: Table, items: Sequence[Item]) -> Table:
        """Make a table of this session that has the columns of another; it goes with the session."""
        listed = ", ".join(quoted(one.column) for one in items)
        name = f"ora$ptt_penstock_{uuid.uuid4().hex}"
        self.execute(
            f"CREATE PRIVATE TEMPORARY TABLE {name} ON COMMIT PRESERVE DEFINITION AS SELECT {listed} FROM {table.name} "
            "WHERE 1 = 0"
        )
        return Table(name, table.columns)

    def update(self, table: Table, given: Table, items: Sequence[Item], also: Sequence[str]) -> str:
        """Return the statement that changes the rows whose key is among those given."""
        changes = [f"there.{name} = given.{name}" for name in (quoted(one.column) for one in items if not one.is_key)]
        same = " AND ".join(f"there.{key} = given.{key}" for key in (quoted(one.column) for one in items if one.is_key))
        return (
            f"MERGE INTO {table.name} there USING {given.name} given ON ({same}) WHEN MATCHED THEN UPDATE SET "
            f"{', '.join([*changes, *also])}"
        )

    def bulk(self, table: Table, items: Sequence[Item], files: StagedFiles, on_bad_value: str) -> Loaded:
        """Add the records of files to a table, by arrays of values."""
        pairs = _pairs(table, items)
        add = self._adding(table.name, pairs)
        if on_bad_value == "fail":
            return Loaded(sum(add(batch) for batch in files.batches()))
        if self._probe is None:
            raise InvariantBroken("there is no table to try values in")
        return sifting.load(files, Probe(self._raw, self._probe[1], pairs).bad, add, on_bad_value)

    def aside(self, schema: str | None, table: Table | None, items: Sequence[Item]) -> None:  # noqa: ARG002
        """Make a table to try values in (`targets.Aside`): one with the columns of another, all of which may be null, for it is
        made of two SELECTs."""
        if table is None:
            return
        listed = ", ".join(quoted(one.column) for one in items)
        empty = f"SELECT {listed} FROM {table.name} WHERE 1 = 0"
        described = described_as(self._raw, empty, SPEECH)
        if self._probe is None or self._probe[0] != described:
            name = f"ora$ptt_penstock_{uuid.uuid4().hex}"
            self.execute(
                f"CREATE PRIVATE TEMPORARY TABLE {name} ON COMMIT PRESERVE DEFINITION AS {empty} UNION ALL {empty}"
            )
            self._probe = (described, name)

    def misfits(self, table: Table, items: Sequence[Item], files: StagedFiles) -> Iterator[Misfit]:
        """Yield the values that do not fit (`misfits.Sifting`)."""
        self.aside(None, table, items)
        if self._probe is None:
            raise InvariantBroken("there is no table to try values in")
        try:
            yield from sifting.misfits(files, items, Probe(self._raw, self._probe[1], _pairs(table, items)).bad)
        finally:
            self.rollback()

    def _adding(self, name: str, pairs: Sequence[tuple[Column, Item]]) -> Callable[[pa.RecordBatch], int]:
        """Return what adds a batch to a table, and how many records that were."""
        sql, sizes = inserting(name, pairs)

        def add(batch: pa.RecordBatch) -> int:
            columns, bad = sent(batch, pairs)
            if bad:
                column, _ = pairs[bad[0].column]
                raise PermanentError(
                    f"a value of the column '{column.name}' does not fit: {bad[0].reason}. Replace it in a Select."
                )
            try:
                with dbapi.closing(self._raw.cursor()) as cursor:
                    cursor.setinputsizes(*sizes)
                    cursor.executemany(sql, list(zip(*columns, strict=True)))
            except oracledb.Error as error:
                raise fault_of(error) from error
            return int(batch.num_rows)

        return add


def _pairs(table: Table, items: Sequence[Item]) -> list[tuple[Column, Item]]:
    types = {one.name: one for one in table.columns}
    return [(types[one.column], one) for one in items]


def _family(word: str, scale: object) -> Family:
    if word == "NUMBER":
        return Family.FLAG if scale == 0 else Family.DECIMAL
    return Family.TIME if word.startswith("TIMESTAMP") else _FAMILIES.get(word, Family.NONE)
