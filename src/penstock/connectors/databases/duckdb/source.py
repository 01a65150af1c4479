"""Rows of a DuckDB file as Parquet, written by DuckDB itself, which may reach that file and the landing folder alone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

import duckdb

from penstock.connectors.databases import duck
from penstock.connectors.databases.incremental import unordered
from penstock.connectors.databases.limits import limit
from penstock.connectors.databases.sources import Into, answering
from penstock.connectors.databases.statements import Native, Rows, Running
from penstock.connectors.places import FilePlace
from penstock.domain.watermark import Order
from penstock.errors import PermanentError, TransientError
from penstock.kit.stopping import STOP
from penstock.plan.dtypes import Kind
from penstock.plan.ports import Connection

_AS_IT_IS = frozenset(
    "BOOLEAN TINYINT SMALLINT INTEGER BIGINT UTINYINT USMALLINT UINTEGER FLOAT DOUBLE VARCHAR BLOB".split()
)
_TIMES = frozenset({"DATE", "TIMESTAMP", "TIMESTAMP WITH TIME ZONE"})
_FINE_TIMES = frozenset({"TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP_NS"})
_TEXTUAL = (Kind.CHARARRAY, Kind.BYTEARRAY, Kind.MAP, Kind.BAG)
_WHOLE = frozenset(f"{sign}{word}" for sign in ("", "U") for word in "TINYINT SMALLINT INTEGER BIGINT HUGEINT".split())
_ORDERS = {
    "DOUBLE": Order.NUMBER, "DATE": Order.DATE, "TIMESTAMP WITH TIME ZONE": Order.INSTANT, "VARCHAR": Order.TEXT,
    **dict.fromkeys(("TIMESTAMP", *sorted(_FINE_TIMES)), Order.TIMESTAMP), **dict.fromkeys(sorted(_WHOLE), Order.WHOLE),
}  # fmt: skip
_LAST = "294000-01-01"


@contextmanager
def reader(connection: Connection, place: FilePlace) -> Iterator[DuckReader]:  # noqa: ARG001 -- its parameters are a path
    """Open what reads rows of a file. Raises PermanentError."""
    if not place.file.is_file():
        raise PermanentError(f"there is no file '{place.file}'. Correct the path.")
    with closing(opened(place)) as raw:
        yield DuckReader(raw)


def opened(place: FilePlace) -> duckdb.DuckDBPyConnection:
    """Open a file, in one way for readers and writers; from then on it reaches its own file and the folder alone, before
    any text of a package reaches it. Raises PermanentError, TransientError."""
    try:
        made = duckdb.connect(
            str(place.file),
            config={
                "autoinstall_known_extensions": "false", "autoload_known_extensions": "false", "memory_limit": duck.MEMORY,
                "allow_community_extensions": "false", "threads": 2,
            },
        )  # fmt: skip
    except duckdb.Error as error:
        raise fault_of(error) from error
    with ExitStack() as undo:
        undo.callback(made.close)
        # What is set is set for all of a process that have the file open, so that one at a time has.
        if made.execute("SELECT current_setting('lock_configuration')").fetchone() == (True,):
            raise TransientError(f"this process has '{place.file}' open already.")
        made.execute("SET TimeZone = 'UTC'")
        made.execute(f"SET allowed_directories = [{duck.literal(str(place.folder))}]")
        made.execute("SET enable_external_access = false")
        made.execute("SET lock_configuration = true")
        undo.pop_all()
    return made


def fault_of(error: duckdb.Error) -> PermanentError | TransientError:
    """Return what an error means here."""
    said = duck.said(error)
    if isinstance(error, duckdb.TransactionException) or "Conflicting lock" in said:
        return TransientError(f"the database says: {said}")
    return PermanentError(f"the database says: {said}")


class DuckReader:
    """Reads rows (`sources.Reader`)."""

    limited = staticmethod(limit)
    is_parallel = False
    fault_of = staticmethod(fault_of)

    def __init__(self, raw: duckdb.DuckDBPyConnection) -> None:
        self.raw = raw
        self._is_begun = False

    def quoted(self, name: str) -> str:
        """Return a name in double quotes."""
        return '"' + name.replace('"', '""') + '"'

    def describe(self, statement: str) -> Sequence[Native]:
        """Return the columns of a statement."""
        try:
            found = self.raw.execute(f"DESCRIBE {statement}").fetchall()
        except duckdb.Error as error:
            raise fault_of(error) from error
        return [Native(str(one[0]), str(one[1]), order=_order(str(one[1]))) for one in found]

    def columns(self, query: str) -> Sequence[str]:
        """Return the names of the columns of a query; in brackets a second `a` would be `a_1`."""
        return [one.name for one in self.describe(query)]

    def expression(self, column: str, native: Native, kind: Kind) -> str:
        """Return the SQL of a column as it lands."""
        word = str(native.type)
        if word in _AS_IT_IS:
            return column
        if word in _TIMES and kind not in _TEXTUAL:
            return f"CASE WHEN {column} >= '{_LAST}' THEN 'infinity' ELSE {column} END"
        if word in _FINE_TIMES and kind not in _TEXTUAL:
            if word == "TIMESTAMP_NS":
                # A cast would give the nearest microsecond, and with it the next second.
                count = f"epoch_ns({column})"
                return f"make_timestamp({count} // 1000 - CAST({count} % 1000 < 0 AS BIGINT))"
            return f"CAST({column} AS TIMESTAMP)"
        if word.startswith("DECIMAL") and kind in (Kind.INT, Kind.LONG):
            return f"CAST(CAST(trunc({column}) AS HUGEINT) AS VARCHAR)"
        if word.startswith("DECIMAL"):
            # Without the zero before the point it would be no number for many.
            return f"regexp_replace(CAST({column} AS VARCHAR), '^(-?)\\.', '\\10.')"
        if kind in (Kind.MAP, Kind.BAG) and word != "JSON":
            return f"CAST(to_json({column}) AS VARCHAR)"
        return f"CAST({column} AS VARCHAR)"

    def begin(self) -> None:
        """Begin a snapshot."""
        if not self._is_begun:
            self.raw.execute("BEGIN TRANSACTION READ ONLY")
            self._is_begun = True

    def running(self) -> Running | None:
        """Nobody can be asked."""
        return None

    def row(self, statement: str) -> tuple[object, ...]:
        """Return the first row of a statement."""
        with answering(duckdb.Error, fault_of), STOP.ending(self.raw.interrupt):
            found: tuple[object, ...] = self.raw.execute(statement).fetchall()[0]
        return found

    def order(self, column: str, native: Native, rows: Rows) -> Order:  # noqa: ARG002 -- columns have types here
        """Return what orders a column."""
        if native.order is None:
            raise unordered(column, str(native.type))
        return native.order

    def spelled(self, value: str, order: Order) -> str:  # noqa: ARG002 -- all are alike
        """Return the text of an expression."""
        return f"CAST({value} AS VARCHAR)"

    def literal(self, native: Native, mark: Order, value: str) -> str:  # noqa: ARG002 -- its type says it
        """Return a literal of the column's type."""
        return f"CAST({duck.literal(value)} AS {native.type})"

    def land(self, statements: Sequence[str], natives: Sequence[Native], into: Into) -> Sequence[Path]:
        """Write the rows of statements, a file each."""
        files = [into.folder / f"{index:05d}.parquet" for index in range(len(statements))]
        has_reals = any(one.type in ("FLOAT", "DOUBLE") for one in natives)
        with answering(duckdb.Error, fault_of), STOP.ending(self.raw.interrupt):
            self.begin()
            for statement, file in zip(statements, files, strict=True):
                row = self.raw.execute(duck.landing(statement, file, has_reals=has_reals)).fetchone()
                into.arrived(int(row[0]) if row else 0, "rows")
            self.raw.execute("COMMIT")
        return files


def _order(word: str) -> Order | None:
    """Return what orders the values of a type, None where nothing does."""
    return Order.NUMBER if word.startswith("DECIMAL") else _ORDERS.get(word)
