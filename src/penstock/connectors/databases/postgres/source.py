"""Rows of PostgreSQL as Parquet: DuckDB's extension reads them by binary COPY, as the session of this connector says.

PostgreSQL itself makes text of every type that Parquet or DuckDB would bend: numbers without limit, arrays, intervals, JSON.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import duckdb
import psycopg
from psycopg.conninfo import make_conninfo

from penstock.connectors.databases import duck
from penstock.connectors.databases.incremental import unordered
from penstock.connectors.databases.limits import limit
from penstock.connectors.databases.postgres.session import SETTINGS, connected, fault_of, parameters_of
from penstock.connectors.databases.sources import Into, answering, check_stop
from penstock.connectors.databases.statements import Native, Rows, Running
from penstock.connectors.places import Place
from penstock.domain.watermark import Order
from penstock.errors import PermanentError, TransientError
from penstock.kit.stopping import STOP
from penstock.plan.dtypes import Kind
from penstock.plan.ports import Connection

_READING = {**SETTINGS, "statement_timeout": "0"}
"""Of sessions that read many rows: they may take their time."""
_AS_IT_IS = frozenset({16, 17, 20, 21, 23, 25, 700, 701, 1043})
"""Numbers of types that land as they are: boolean, bytea, integers, real numbers, text."""
_REALS = (700, 701)
_TIMES = frozenset({1082, 1114, 1184})
"""date, timestamp, timestamptz."""
_RUNNING = """
SELECT clock_timestamp()::text, min(xact_start)::text, count(*) FILTER (WHERE query = '<insufficient privilege>')
FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid() AND coalesce(backend_type, 'client backend') = 'client backend'
"""
_PAGES = """
SELECT coalesce(max(pg_relation_size(c.oid) / current_setting('block_size')::bigint), 0)
FROM pg_class c JOIN pg_am a ON a.oid = c.relam
WHERE c.oid = {table}::regclass AND c.relkind IN ('r', 'm') AND a.amname = 'heap'
AND NOT EXISTS (SELECT 1 FROM pg_inherits WHERE inhparent = c.oid)
"""
"""Of an ordinary table: what inherits from one may be of another kind, whose rows lie nowhere."""
FEWEST_PAGES = 1024
"""Of a part: eight mebibytes, which one session reads before another has begun."""
_RANGES_SINCE = 140000
"""The version that reads the rows between two places and no others."""
_OID, _NUMERIC, _PADDED = 26, 1700, 1042
_MOST_REAL = "1.7976931348623157e308"
MOST_AT_ONCE = 16
"""Sessions that read at once, whatever a package asks for."""
_LAST = "294000-01-01"
"""From here on a time has no microseconds in 64 bits; it lands as infinity, which is no date-time either."""
_ORDERED = {
    20: ("bigint", Order.WHOLE), 21: ("smallint", Order.WHOLE), 23: ("integer", Order.WHOLE), 26: ("oid", Order.WHOLE),
    1700: ("numeric", Order.NUMBER), 701: ("float8", Order.NUMBER), 1082: ("date", Order.DATE),
    1114: ("timestamp", Order.TIMESTAMP), 1184: ("timestamptz", Order.INSTANT), 25: ("text", Order.TEXT),
    1043: ("text", Order.TEXT), 1042: ("bpchar", Order.TEXT),
}  # fmt: skip
"""Numbers of types whose values have an order: the type of a literal that keeps an index in use, and what the order is."""
_STRUCTURES = frozenset({Kind.MAP, Kind.BAG})
_JSON = frozenset({114, 3802})
_FAILED = re.compile(r'Failed to execute query ".*": ?(.*)', re.DOTALL)
"""What the extension says of a statement, which may have several lines."""
_LOST = (
    "server closed the connection",
    "connection to server",
    "could not receive",
    "SSL SYSCALL",
    "terminating connection",
)
"""What libpq says of a session that has failed; of the extension's there is no number."""


@contextmanager
def reader(connection: Connection, place: Place) -> Iterator[PostgresReader]:
    """Open what reads rows of a database. Raises PermanentError, TransientError."""
    with closing(connected(connection, place, _READING)) as raw, parameters_of(connection, place, _READING) as given:
        yield PostgresReader(raw, make_conninfo("", **given))


class PostgresReader:
    """Reads rows (`sources.Reader`)."""

    limited = staticmethod(limit)
    is_parallel = True
    place = "ctid"

    def __init__(self, raw: psycopg.Connection, address: str) -> None:
        self._raw = raw
        self._address = address
        self._snapshot: str | None = None
        self._running: dict[int, duckdb.DuckDBPyConnection] = {}
        self._lock = threading.Lock()

    def quoted(self, name: str) -> str:
        """Return a name in double quotes."""
        return '"' + name.replace('"', '""') + '"'

    def describe(self, statement: str) -> Sequence[Native]:
        """Return the columns of a statement."""
        try:
            found = self._raw.execute(f"{statement} LIMIT 0".encode()).description or []
        except psycopg.Error as error:
            raise fault_of(error) from error
        orders = [_ORDERED[one.type_code][1] if one.type_code in _ORDERED else None for one in found]
        return [
            Native(one.name, one.type_code, one.type_display, order) for one, order in zip(found, orders, strict=True)
        ]

    def expression(self, column: str, native: Native, kind: Kind) -> str:
        """Return the SQL of a column as it lands."""
        if native.type in _AS_IT_IS:
            return column
        if native.type == _OID:
            return f"{column}::bigint"
        if native.type == _NUMERIC and kind in (Kind.INT, Kind.LONG):
            # Cut here, where all digits count; as text NaN would be read as 0.
            return f"CASE WHEN {column} = 'NaN' THEN 'no number' ELSE trunc({column})::text END"
        if native.type == _NUMERIC and kind is Kind.DOUBLE:
            # PostgreSQL gives the nearest one, faster than the engine reads its text; what is larger is infinite, as that is.
            return (
                f"CASE WHEN abs({column}) <= {_MOST_REAL} THEN {column}::float8 WHEN {column} = 'NaN' THEN 'NaN'::float8 "
                f"WHEN {column} > 0 THEN 'Infinity'::float8 WHEN {column} < 0 THEN '-Infinity'::float8 END"
            )
        if native.type == _PADDED:
            # A cast to text would take the blanks away.
            return f"CASE WHEN {column} IS NOT NULL THEN concat({column}) END"
        if native.type in _TIMES and kind not in (Kind.CHARARRAY, Kind.BYTEARRAY, *_STRUCTURES):
            return f"CASE WHEN {column} >= '{_LAST}' THEN 'infinity' ELSE {column} END"
        if kind in _STRUCTURES and native.type not in _JSON:
            return f"to_json({column})::text"
        return f"{column}::text"

    def begin(self) -> None:
        """Begin a snapshot that other sessions can read, while this one lasts."""
        if self._snapshot is not None:
            return
        try:
            self._raw.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
            self._snapshot = str(self._raw.execute("SELECT pg_export_snapshot()").fetchall()[0][0])
        except psycopg.Error as error:
            raise fault_of(error) from error

    def pages(self, table: str, parts: int) -> Sequence[int]:
        """Return the pages at which each part but the first begins."""
        if self._raw.info.server_version < _RANGES_SINCE:
            return []
        (found,) = self.row(_PAGES.format(table=duck.literal(table)))
        pages = int(str(found))
        parts = min(parts, pages // FEWEST_PAGES)
        return [pages * part // parts for part in range(1, parts)]

    def on_page(self, page: int) -> str:
        """Return the first place of a page."""
        return f"'({page},0)'"

    def running(self) -> Running | None:
        """Return which transactions of others are open in this database."""
        at, since, hidden = self.row(_RUNNING)
        return Running(str(at), None if since is None else str(since), int(str(hidden)))

    def row(self, statement: str) -> tuple[object, ...]:
        """Return the first row of a statement."""
        with answering(psycopg.Error, fault_of), STOP.ending(self._raw.cancel):
            found: tuple[object, ...] = self._raw.execute(statement.encode()).fetchall()[0]
        return found

    def order(self, column: str, native: Native, rows: Rows) -> Order:  # noqa: ARG002 -- columns have types here
        """Return what orders a column."""
        if native.order is None:
            raise unordered(column, native.shown)
        return native.order

    def spelled(self, value: str, order: Order) -> str:  # noqa: ARG002 -- all are alike
        """Return the text of an expression."""
        return f"({value})::text"

    def literal(self, native: Native, mark: Order, value: str) -> str:  # noqa: ARG002 -- its type says it
        """Return a literal of the column's type."""
        # Plain ones may read a backslash either way, as the server is set.
        quoted = "E" + duck.literal(value.replace("\\", "\\\\")) if "\\" in value else duck.literal(value)
        return f"{quoted}::{_ORDERED[int(native.type)][0]}"

    def land(self, statements: Sequence[str], natives: Sequence[Native], into: Into) -> Sequence[Path]:
        """Write the rows of statements, a file each; several at once read the snapshot of this session."""
        files = [into.folder / f"{index:05d}.parquet" for index in range(len(statements))]
        at_once = min(into.parallel, len(statements), MOST_AT_ONCE)
        has_reals = any(one.type in _REALS for one in natives)
        with closing(duck.opened(into.folder, "postgres_scanner")) as database, STOP.ending(self._cancel):
            if len(statements) > 1:
                self.begin()
            try:
                database.execute(f"SET pg_connection_cache = false; SET pg_pool_max_connections = {at_once + 1}")
                database.execute(f"ATTACH {duck.literal(self._address)} AS source (TYPE postgres, READ_ONLY)")
                with ThreadPoolExecutor(at_once) as pool:
                    parts = [
                        pool.submit(self._copy, database.cursor(), statement, file, has_reals=has_reals)
                        for statement, file in zip(statements, files, strict=True)
                    ]
                    self._await(parts, into)
            except duckdb.Error as error:
                check_stop()
                raise _fault(error) from error
        return files

    def _await(self, parts: Sequence[Future[int]], into: Into) -> None:
        """Wait for all parts; when one fails the others are ended."""
        total = 0
        try:
            for part in as_completed(parts):
                total += part.result()
                into.arrived(total, "rows")
        except duckdb.Error:
            for part in parts:
                part.cancel()
            self._cancel()
            raise

    def _copy(self, database: duckdb.DuckDBPyConnection, statement: str, file: Path, *, has_reals: bool) -> int:
        """Write the rows of one statement and return how many they were."""
        database.execute("BEGIN")
        try:
            return self._copied(database, statement, file, has_reals=has_reals)
        except BaseException:
            # Left to the end of the session, a transaction whose connection is gone would take the process with it.
            with suppress(duckdb.Error):
                database.execute("ROLLBACK")
            raise

    def _copied(self, database: duckdb.DuckDBPyConnection, statement: str, file: Path, *, has_reals: bool) -> int:
        if self._snapshot is not None:
            order = duck.literal(f"SET TRANSACTION SNAPSHOT {duck.literal(self._snapshot)}")
            database.execute(f"CALL postgres_execute('source', {order})").fetchall()
        row = database.execute("SELECT * FROM postgres_query('source', 'SELECT pg_backend_pid() AS pid')").fetchone()
        process = int(row[0]) if row else 0
        with self._lock:
            self._running[process] = database
        try:
            rows = f"SELECT * FROM postgres_query('source', {duck.literal(statement)})"
            made = database.execute(duck.landing(rows, file, has_reals=has_reals)).fetchone()
            database.execute("COMMIT")
        finally:
            with self._lock:
                del self._running[process]
        return int(made[0]) if made else 0

    def _cancel(self) -> None:
        """End what runs, from another thread: the extension waits for the server, so the server has to be told."""
        for process, database in list(self._running.items()):
            database.interrupt()
            with suppress(psycopg.Error):
                self._raw.execute("SELECT pg_cancel_backend(%s)", [process])


def _fault(error: duckdb.Error) -> PermanentError | TransientError:
    text = str(error)
    if "ERROR:" not in text and (failed := _FAILED.search(text)) is not None:
        # The server did not answer at all.
        first = failed[1].strip().split("\n")[0] or "no more was heard"
        return TransientError(f"the database broke off: {first.rstrip('.')}.")
    said = duck.said(error)
    if any(word in said for word in _LOST):
        return TransientError(f"the database broke off: {said}")
    return PermanentError(f"the database says: {said}")
