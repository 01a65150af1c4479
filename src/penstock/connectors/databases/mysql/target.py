"""MySQL and MariaDB as targets: rows go in by LOAD DATA LOCAL, what changes them is one transaction.

A table is made before that transaction begins: making one ends it. LOAD DATA LOCAL makes warnings of errors, so that one
warning fails the load. Only the lines of the load are ever sent, whatever file a server may ask for.
"""

from __future__ import annotations

import hashlib
import re
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any

import pyarrow as pa
import pymysql
from pymysql.connections import MySQLResult
from pymysql.constants import ER, SERVER_STATUS
from pymysql.cursors import Cursor

from penstock.connectors.databases import sifting
from penstock.connectors.databases.limits import limit
from penstock.connectors.databases.lines import StagedFiles, encoded
from penstock.connectors.databases.misfits import Misfit
from penstock.connectors.databases.mysql.probing import JSON, probing
from penstock.connectors.databases.mysql.session import NO_PEER, connected, fault_of, said_of, shut
from penstock.connectors.databases.targets import Column, Doubled, Family, Item, Loaded, Table
from penstock.connectors.places import Place
from penstock.errors import PermanentError, TransientError
from penstock.plan.dtypes import Kind
from penstock.plan.ports import Connection

_TYPES = {
    Kind.BOOLEAN: "boolean", Kind.INT: "integer", Kind.LONG: "bigint", Kind.FLOAT: "float", Kind.DOUBLE: "double",
    Kind.CHARARRAY: "longtext", Kind.BYTEARRAY: "longtext", Kind.DATETIME: "datetime(6)", Kind.MAP: "json",
    Kind.BAG: "json", Kind.TUPLE: "json",
}  # fmt: skip
_FAMILIES = {
    **dict.fromkeys(("smallint", "mediumint", "int", "bigint", "year"), Family.WHOLE), "tinyint": Family.FLAG,
    "decimal": Family.DECIMAL, "float": Family.REAL, "double": Family.REAL,
    **dict.fromkeys(("char", "varchar", "tinytext", "text", "mediumtext", "longtext"), Family.TEXT),
    **dict.fromkeys(("binary", "varbinary", "tinyblob", "blob", "mediumblob", "longblob"), Family.BYTES),
    **dict.fromkeys(("date", "datetime", "timestamp"), Family.TIME), "json": Family.JSON,
    **dict.fromkeys(("bit", "geometry", "point", "linestring", "polygon", "multipoint", "multilinestring", "multipolygon",
                     "geometrycollection"), Family.NONE),
    "computed": Family.COMPUTED,
}  # fmt: skip
_WORD = "IF(extra LIKE '% GENERATED%', 'computed', data_type)"
"""The word for what a column holds; of one that is computed MySQL takes any value and keeps its own."""
_TRANSACTIONAL = frozenset({"innodb", "rocksdb", "tokudb", "xtradb", "ndbcluster"})
_LATER = frozenset({ER.LOCK_WAIT_TIMEOUT, ER.LOCK_DEADLOCK})
_SEND_BYTES = (1 << 20) - 16
"""Of a packet; servers take sixteen times as much."""
_LOCK_S = 86_400
_MARIADB = re.compile(r"(\d+)\.(\d+)\.\d+-mariadb", re.IGNORECASE)
_CHECKS_JSON = (10, 4)
"""The version of MariaDB that checks what goes into a column of JSON."""
_MODE = "STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION,ERROR_FOR_DIVISION_BY_ZERO"


class _Result(MySQLResult):
    """An answer; where the server asks for a file it gets the lines that wait."""

    def _read_load_local_packet(self, first_packet: Any) -> None:  # noqa: ARG002 -- it names a file
        connection: Any = self.connection
        try:
            for lines in connection.waiting or ():
                for begin in range(0, len(lines), _SEND_BYTES):
                    connection.write_packet(bytes(lines[begin : begin + _SEND_BYTES]))
        except BaseException:
            connection._force_close()
            raise
        connection.write_packet(b"")
        packet = connection._read_packet()
        if not packet.is_ok_packet():
            raise pymysql.OperationalError(2014, "Commands out of sync")
        self._read_ok_packet(packet)  # type: ignore[attr-defined]


class _Connection(pymysql.Connection):
    """A connection that sends the lines of a load and no file."""

    waiting: Iterator[memoryview] | None = None

    def _read_query_result(self, unbuffered: bool = False) -> int:  # noqa: ARG002 -- all answers are small
        self._result = None
        result = _Result(self)
        result.read()
        self._result = result
        if result.server_status is not None:
            self.server_status = result.server_status
        return int(result.affected_rows or 0)


@contextmanager
def target(connection: Connection, place: Place) -> Iterator[MysqlTarget]:
    """Open what rows are written to. Raises PermanentError, TransientError."""
    raw, twin = connected(connection, place, _prepare, _Connection, local_infile=True)
    try:
        yield MysqlTarget(raw)
    finally:
        shut(twin)
        twin.close()
        with suppress(pymysql.MySQLError, OSError):
            raw.close()


def _prepare(raw: Any) -> None:
    with raw.cursor(Cursor) as cursor:
        cursor.execute(
            f"SET time_zone = '+00:00', sql_notes = 0, lc_messages = 'en_US', sql_mode = '{_MODE}', net_read_timeout = 600"
        )


class MysqlTarget:
    """Writes rows (`targets.Target`)."""

    limited = staticmethod(limit)
    hold: str | None = None
    temporary_first = False
    creates_in_transaction = False
    now = "utc_timestamp(6)"

    def __init__(self, raw: Any) -> None:
        self._raw = raw

    def quoted(self, name: str) -> str:
        """Return a name in backticks."""
        return "`" + name.replace("`", "``") + "`"

    def literal(self, text: str) -> str:
        """Return a text in quotes."""
        return "'" + text.replace("\\", "\\\\").replace("'", "''") + "'"

    def qualified(self, schema: str | None, table: str) -> str:
        """Return the name of a table in statements."""
        return f"{self.quoted(schema)}.{self.quoted(table)}" if schema else self.quoted(table)

    def type_of(self, kind: Kind, *, is_key: bool = False) -> str:
        """Return the type that a column is made with."""
        return "varchar(190) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin" if is_key else _TYPES[kind]

    def find(self, schema: str | None, table: str) -> Table | None:
        """Return a table, None where there is none."""
        where = (
            f"table_schema = {self.literal(schema) if schema else 'database()'} AND table_name = {self.literal(table)}"
        )
        found = self.rows(f"SELECT table_type, engine FROM information_schema.tables WHERE {where}")
        if not found:
            return None
        kind, engine = map(str, found[0])
        name = self.qualified(schema, table)
        if kind == "BASE TABLE" and engine.lower() not in _TRANSACTIONAL:
            raise PermanentError(
                f"{name} is of the engine {engine}, which knows no transactions. Make it one of InnoDB."
            )
        columns = self.rows(
            f"SELECT column_name, column_type, {_WORD} FROM information_schema.columns WHERE {where} "
            "ORDER BY ordinal_position"
        )
        checked = self._checked_json(where) if any(str(word) == "longtext" for _, _, word in columns) else frozenset()
        made = (
            Column(str(one), JSON if str(one) in checked else str(shown), _FAMILIES.get(str(word), Family.OTHER))
            for one, shown, word in columns
        )
        return Table(name, tuple(made), is_plain=kind == "BASE TABLE")

    def _checked_json(self, where: str) -> frozenset[str]:
        """Return the columns of MariaDB's JSON, which are texts with a check of their own."""
        version = _MARIADB.search(str(self._raw.get_server_info()))
        if version is None or tuple(map(int, version.groups())) < _CHECKS_JSON:
            return frozenset()
        found = self.rows(
            "SELECT constraint_name, check_clause FROM information_schema.check_constraints WHERE "
            + where.replace("table_schema", "constraint_schema")
        )
        return frozenset(str(name) for name, clause in found if clause == f"json_valid({self.quoted(str(name))})")

    def may_create(self, schema: str | None) -> bool:
        """Tell whether there is a database for a table; MySQL does not say what the user may."""
        where = f"schema_name = {self.literal(schema) if schema else 'database()'}"
        return bool(self.rows(f"SELECT 1 FROM information_schema.schemata WHERE {where}"))

    def execute(self, sql: str) -> int:
        """Run one statement."""
        return self._answer(sql)[0]

    def rows(self, sql: str) -> Sequence[Sequence[object]]:
        """Return the rows of a statement; all values are texts."""
        return self._answer(sql)[1]

    def _answer(self, sql: str) -> tuple[int, Sequence[Sequence[object]]]:
        try:
            with self._raw.cursor(Cursor) as cursor:
                count = cursor.execute(sql)
                return int(count), cursor.fetchall()
        except pymysql.MySQLError as error:
            raise _fault(error) from error
        except NO_PEER as error:
            raise PermanentError("the server answers what the driver cannot read.") from error

    def begin(self) -> None:
        """Begin a transaction."""
        self.execute("START TRANSACTION")

    def is_open(self) -> bool:
        """Tell whether a transaction goes on."""
        return bool(self._raw.server_status & SERVER_STATUS.SERVER_STATUS_IN_TRANS)

    def commit(self) -> None:
        """End a transaction."""
        self.execute("COMMIT")

    def rollback(self) -> None:
        """Leave a transaction."""
        with suppress(PermanentError, TransientError):
            self.execute("ROLLBACK")

    def empty(self, table: Table) -> None:
        """Remove all rows of a table; TRUNCATE would end the transaction."""
        self.execute(f"DELETE FROM {table.name}")

    def serialize(self, table: Table) -> None:
        """Wait until no other load by key goes on in a table."""
        database = self.rows("SELECT database()")[0][0]
        name = f"penstock {hashlib.sha256(f'{database} {table.name}'.encode()).hexdigest()[:40]}"
        self.execute(f"DO GET_LOCK({self.literal(name)}, {_LOCK_S})")

    def temporary(self, table: Table, items: Sequence[Item]) -> Table:
        """Make a table of this session that has the columns of another."""
        listed = ", ".join(self.quoted(one.column) for one in items)
        name = f"penstock_{uuid.uuid4().hex}"
        texts = {one.name for one in table.columns if one.family in (Family.TEXT, Family.BYTES, Family.JSON)}
        keys = [self.quoted(one.column) for one in items if one.is_key and one.column not in texts]
        # An index that is added later ends the transaction.
        index = f" (INDEX ({', '.join(keys)}))" if keys else ""
        self.execute(
            f"CREATE TEMPORARY TABLE {name}{index} ENGINE = InnoDB AS SELECT {listed} FROM {table.name} WHERE false"
        )
        return Table(name, table.columns)

    def update(self, table: Table, given: Table, items: Sequence[Item], also: Sequence[str]) -> str:
        """Return the statement that changes the rows whose key is among those given."""
        plain = [self.quoted(one.column) for one in items if not one.is_key]
        changes = [f"{table.name}.{name} = given.{name}" for name in plain] + [f"{table.name}.{one}" for one in also]
        keys = [self.quoted(one.column) for one in items if one.is_key]
        same = " AND ".join(f"{table.name}.{key} = given.{key}" for key in keys)
        return f"UPDATE {table.name} JOIN {given.name} AS given ON {same} SET {', '.join(changes)}"

    def bulk(self, table: Table, items: Sequence[Item], files: StagedFiles, on_bad_value: str) -> Loaded:
        """Add the records of files to a table, by LOAD DATA LOCAL."""
        digits, columns = _digits(table, items), [one.column for one in items]
        if on_bad_value == "fail":
            return Loaded(self._added(table.name, columns, files.batches(), digits))
        with probing(self, table, items, digits) as probe:
            return sifting.load(
                files, probe.bad, lambda batch: self._added(table.name, columns, iter([batch]), digits), on_bad_value
            )

    def misfits(self, table: Table, items: Sequence[Item], files: StagedFiles) -> Iterator[Misfit]:
        """Yield the values that do not fit (`misfits.Sifting`)."""
        with probing(self, table, items, _digits(table, items)) as probe:
            yield from sifting.misfits(files, items, probe.bad)

    def _added(
        self, name: str, columns: Sequence[str], batches: Iterator[pa.RecordBatch], digits: frozenset[int]
    ) -> int:
        """Add batches to a table. Raises PermanentError for whatever there is to be said of them."""
        records = self.load(name, columns, batches, digits)
        warnings = self.rows("SHOW WARNINGS LIMIT 1")
        if warnings:
            raise PermanentError(f"the database says: {str(warnings[0][2]).rstrip('.')}.")
        return records

    def load(
        self,
        name: str,
        columns: Sequence[str],
        batches: Iterator[pa.RecordBatch],
        digits: frozenset[int],
        more: str = "",
    ) -> int:
        """Add batches to a table as well as it goes (`probing.Loader`)."""
        listed = ", ".join(self.quoted(one) for one in columns)
        self._raw.waiting = (encoded(batch, "\\0", digits) for batch in batches)
        try:
            return self.execute(
                f"LOAD DATA LOCAL INFILE 'lines' INTO TABLE {name} CHARACTER SET utf8mb4 ({listed}){more}"
            )
        finally:
            self._raw.waiting = None


def _digits(table: Table, items: Sequence[Item]) -> frozenset[int]:
    """Return which of the items are booleans that go as 1 and 0."""
    families = {one.name: one.family for one in table.columns}
    return frozenset(
        index
        for index, one in enumerate(items)
        if one.kind is Kind.BOOLEAN and families.get(one.column) is not Family.TEXT
    )


def _fault(error: pymysql.MySQLError) -> PermanentError | TransientError:
    code, said = said_of(error)
    if code in _LATER:
        return TransientError(f"the database says: {said}")
    if code == ER.DUP_ENTRY:
        return Doubled(f"the database says: {said}")
    return fault_of(error)
