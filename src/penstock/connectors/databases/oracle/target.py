"""Oracle as a target: rows go in by INSERT with arrays of values, and all of a load is one transaction.

Making a table ends a transaction there, and a temporary one might: both are made before it begins. TRUNCATE ends it as well.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from decimal import Decimal
from typing import Any

import oracledb
import pyarrow as pa

from penstock.connectors.databases import dbapi
from penstock.connectors.databases.dbapi import answer
from penstock.connectors.databases.limits import fetch_first
from penstock.connectors.databases.lines import StagedFiles
from penstock.connectors.databases.oracle.session import SPEECH, connected, fault_of, literal, quoted
from penstock.connectors.databases.targets import Column, Family, Item, Loaded, Table
from penstock.connectors.places import Place
from penstock.errors import PermanentError
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
_LARGE = frozenset({"CLOB", "NCLOB"})
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
        if on_bad_value != "fail":
            raise PermanentError("'on_bad_value' other than fail is not available for Oracle in this version yet.")
        types = {one.name: one for one in table.columns}
        columns = [types[one.column] for one in items]
        listed = ", ".join(quoted(one.column) for one in items)
        pairs = list(zip(columns, items, strict=True))
        places = ", ".join(_place(number, *pair) for number, pair in enumerate(pairs, 1))
        sql = f"INSERT INTO {table.name} ({listed}) VALUES ({places})"
        records = 0
        try:
            with dbapi.closing(self._raw.cursor()) as cursor:
                for batch in files.batches():
                    cursor.setinputsizes(*(_bound(*pair) for pair in pairs))
                    given = [_values(array, column) for array, column in zip(batch.columns, columns, strict=True)]
                    cursor.executemany(sql, list(zip(*given, strict=True)))
                    records += batch.num_rows
        except oracledb.Error as error:
            raise fault_of(error) from error
        return Loaded(records)


def _family(word: str, scale: object) -> Family:
    if word == "NUMBER":
        return Family.FLAG if scale == 0 else Family.DECIMAL
    return Family.TIME if word.startswith("TIMESTAMP") else _FAMILIES.get(word, Family.NONE)


def _place(number: int, column: Column, item: Item) -> str:
    """Return where a value stands in the statement: an instant comes as text, in UTC."""
    if item.kind is not Kind.DATETIME:
        return f":{number}"
    if column.type.endswith("TIME ZONE"):
        return f"TO_TIMESTAMP_TZ(:{number} || '+00:00', 'YYYY-MM-DD HH24:MI:SS.FF6TZH:TZM')"
    made = f"TO_TIMESTAMP(:{number}, 'YYYY-MM-DD HH24:MI:SS.FF6')"
    return f"CAST({made} AS DATE)" if column.type == "DATE" else made


def _bound(column: Column, item: Item) -> Any:
    """Return as what a value is sent."""
    if column.type in _LARGE:
        return oracledb.DB_TYPE_CLOB if column.type == "CLOB" else oracledb.DB_TYPE_NCLOB
    if column.family is Family.BOOLEAN:
        return oracledb.DB_TYPE_BOOLEAN
    if item.kind in (Kind.FLOAT, Kind.DOUBLE):
        # As a decimal a real number has the digits that it is written with.
        return oracledb.DB_TYPE_BINARY_DOUBLE if column.family is Family.REAL else oracledb.DB_TYPE_NUMBER
    if item.kind in (Kind.INT, Kind.LONG, Kind.BOOLEAN) and column.family is not Family.TEXT:
        return oracledb.DB_TYPE_NUMBER
    is_national = column.family is Family.TEXT and column.type.startswith("N")
    return oracledb.DB_TYPE_NVARCHAR if is_national else oracledb.DB_TYPE_VARCHAR


def _values(array: pa.Array, column: Column) -> list[object]:
    """Return the values of a column as they are sent."""
    if pa.types.is_timestamp(array.type):
        array = array.cast(pa.timestamp("us")).cast(pa.string())
    elif pa.types.is_boolean(array.type) and column.family not in (Family.TEXT, Family.BOOLEAN):
        array = array.cast(pa.int8())
    elif column.family is Family.TEXT:
        array = array.cast(pa.large_string())
    elif pa.types.is_floating(array.type) and column.family is Family.DECIMAL:
        return [_decimal(text, column) for text in array.cast(pa.string()).to_pylist()]
    return list(array.to_pylist())


def _decimal(text: str | None, column: Column) -> Decimal | None:
    made = None if text is None else Decimal(text)
    if made is not None and not made.is_finite():
        raise PermanentError(
            f"the column '{column.name}' is a {column.type}, which has no {text}. Replace it in a Select."
        )
    return made
