"""Rows of a SQLite file as Parquet. A column of SQLite holds values of any type, so all land as texts or bytes, made for the
type of the field; the engine reads them as it reads any text."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from penstock.connectors.databases.arriving import ROWS
from penstock.connectors.databases.incremental import unordered
from penstock.connectors.databases.limits import limit
from penstock.connectors.databases.sources import Into, answering
from penstock.connectors.databases.statements import Native, Rows, Running
from penstock.connectors.places import FilePlace
from penstock.domain.watermark import Order
from penstock.errors import PermanentError, TransientError
from penstock.kit.decimals import double_to_text
from penstock.kit.stopping import STOP
from penstock.plan.dtypes import Kind
from penstock.plan.ports import Connection

BUSY_S = 60.0
"""How long is waited for another process that writes."""
_REFUSED = frozenset({sqlite3.SQLITE_ATTACH, sqlite3.SQLITE_DETACH})
_SPACED = re.compile(r"(\d{4}-\d\d-\d\d) (\d\d:)")
"""How SQLite's own functions write a time; ISO has a T there."""
_NUMBERED = re.compile(r":\d+$")


@contextmanager
def reader(connection: Connection, place: FilePlace) -> Iterator[SqliteReader]:  # noqa: ARG001 -- its parameters are a path
    """Open what reads rows of a file. Raises PermanentError."""
    if not place.file.is_file():
        raise PermanentError(f"there is no file '{place.file}'. Correct the path.")
    with closing(opened(place.file, "ro")) as raw:
        yield SqliteReader(raw)


def opened(place: Path, mode: str) -> sqlite3.Connection:
    """Open a file; no statement may reach another one. Raises PermanentError."""
    try:
        made = sqlite3.connect(
            f"{place.as_uri()}?mode={mode}", uri=True, timeout=BUSY_S, isolation_level=None, check_same_thread=False
        )
        # Opening looks at nothing.
        made.execute("PRAGMA schema_version").fetchone()
        made.set_authorizer(lambda action, *_: sqlite3.SQLITE_DENY if action in _REFUSED else sqlite3.SQLITE_OK)
    except sqlite3.Error as error:
        raise fault_of(error) from error
    return made


def fault_of(error: sqlite3.Error) -> PermanentError | TransientError:
    """Return what an error means here."""
    text = str(error).strip().rstrip(".")
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return TransientError(f"the database says: {text}.")
    return PermanentError(f"the database says: {text}.")


class SqliteReader:
    """Reads rows (`sources.Reader`)."""

    limited = staticmethod(limit)
    is_parallel = False
    fault_of = staticmethod(fault_of)

    def __init__(self, raw: sqlite3.Connection) -> None:
        self.raw = raw
        self._kinds: list[Kind] = []
        self._is_begun = False

    def quoted(self, name: str) -> str:
        """Return a name in double quotes."""
        return '"' + name.replace('"', '""') + '"'

    def describe(self, statement: str) -> Sequence[Native]:
        """Return the columns of a statement. A name in quotes that is no column would be a text for SQLite."""
        try:
            _, _, source = statement.partition(" FROM ")
            known = {one[0] for one in self.raw.execute(f"SELECT * FROM {source} LIMIT 0").description}
            found = self.raw.execute(f"{statement} LIMIT 0").description
        except sqlite3.Error as error:
            raise fault_of(error) from error
        for name, *_ in found:
            if name.lower() not in {one.lower() for one in known}:
                raise PermanentError(f"the database says: no such column: {name}. It has: {', '.join(sorted(known))}.")
        return [Native(one[0], "") for one in found]

    def columns(self, query: str) -> Sequence[str]:
        """Return the names of the columns of a query. In brackets a second `a` is `a:1`, which may be a name of its own too;
        without them the query begins to run."""
        with answering(sqlite3.Error, fault_of), STOP.ending(self.raw.interrupt):
            found = [one[0] for one in self.raw.execute(f"SELECT * FROM (\n{query}\n) LIMIT 0").description]
            if any(_NUMBERED.search(name) for name in found):
                found = [one[0] for one in self.raw.execute(query).description]
        return found

    def expression(self, column: str, native: Native, kind: Kind) -> str:  # noqa: ARG002 -- values have types, not columns
        """Return the column."""
        self._kinds.append(kind)
        return column

    def begin(self) -> None:
        """Begin a snapshot: what is read first fixes it."""
        if not self._is_begun:
            self.raw.execute("BEGIN")
            self._is_begun = True
            self.row("SELECT count(*) FROM sqlite_master")

    def running(self) -> Running | None:
        """Nobody can be asked."""
        return None

    def row(self, statement: str) -> tuple[object, ...]:
        """Return the first row of a statement."""
        with answering(sqlite3.Error, fault_of), STOP.ending(self.raw.interrupt):
            found: tuple[object, ...] = self.raw.execute(statement).fetchone()
        return found

    def order(self, column: str, native: Native, rows: Rows) -> Order | None:  # noqa: ARG002 -- values have types, not columns
        """Return what orders the values of a column: numbers lie below texts, and texts below bytes, so that the lowest and the
        highest say what all of them are."""
        found = {
            str(self.row(rows.select(f"typeof({end}({column}))"))[0]).replace("real", "integer")
            for end in ("min", "max")
        }
        if found == {"null"}:
            return None
        if found not in ({"integer"}, {"text"}):
            raise unordered(column, "blob" if found == {"blob"} else "several at once")
        return Order.NUMBER if found == {"integer"} else Order.TEXT

    def spelled(self, value: str, order: Order) -> str:  # noqa: ARG002 -- all are alike
        """Return the expression: texts and numbers are told as they are."""
        return value

    def literal(self, native: Native, mark: Order, value: str) -> str:  # noqa: ARG002 -- values have types, not columns
        """Return a literal."""
        return value if mark is Order.NUMBER else "'" + value.replace("'", "''") + "'"

    def land(self, statements: Sequence[str], natives: Sequence[Native], into: Into) -> Sequence[Path]:
        """Write the rows of statements, a file each, in one snapshot."""
        files = [into.folder / f"{index:05d}.parquet" for index in range(len(statements))]
        made = [_landed(kind) for kind in self._kinds[-len(natives) :]]
        schema = pa.schema([(f"c{index}", one) for index, (one, _) in enumerate(made)])
        total = 0
        with answering(sqlite3.Error, fault_of), STOP.ending(self.raw.interrupt):
            self.begin()
            for statement, file in zip(statements, files, strict=True):
                cursor = self.raw.execute(statement)
                with pq.ParquetWriter(file, schema, compression="none", use_dictionary=False) as writer:
                    while rows := cursor.fetchmany(ROWS):
                        columns = zip(*rows, strict=True)
                        arrays = [
                            pa.array([None if value is None else convert(value) for value in column], kind)
                            for (kind, convert), column in zip(made, columns, strict=True)
                        ]
                        writer.write_batch(pa.record_batch(arrays, schema=schema))
                        total += len(rows)
                        into.arrived(total, "rows")
            self.raw.execute("ROLLBACK")
        return files


def _landed(kind: Kind) -> tuple[pa.DataType, Callable[[Any], Any]]:
    match kind:
        case Kind.CHARARRAY | Kind.BYTEARRAY:
            return pa.binary(), _bytes
        case Kind.BOOLEAN:
            return (
                pa.string(),
                lambda value: str(value != 0).lower() if isinstance(value, int | float) else _text(value),
            )
        case Kind.DATETIME:
            return pa.string(), lambda value: _SPACED.sub(r"\1T\2", _text(value), count=1)
        case _:
            return pa.string(), _text


def _bytes(value: Any) -> bytes:
    """Return a value for a field that shows it, real numbers as the language prints them."""
    if isinstance(value, bytes):
        return value
    return (double_to_text(value) if isinstance(value, float) else str(value)).encode()


def _text(value: Any) -> str:
    """Return a value as text; bytes that are none as what fits no type."""
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    if isinstance(value, float):
        return str(value).replace("inf", "Infinity")
    return str(value)
