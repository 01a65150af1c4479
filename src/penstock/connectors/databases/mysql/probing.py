"""Which values MySQL and MariaDB would bend: they are loaded into tables of the session first, to hear what is said of them.

A temporary table has the types of the real one, and none of its rules: no key, no check, and null wherever it is. What a load
into it warns of is what makes one into the real table fail, for it is the same statement. A warning says its row, and where one
column is loaded alone, the column is known. JSON is asked for in SQL, since its faults are said without a row.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Protocol

import pyarrow as pa

from penstock.connectors.databases.sifting import Bad
from penstock.connectors.databases.targets import Item, Table
from penstock.errors import PenstockError, PermanentError

JSON = "json"
"""The type of a column that takes JSON alone, of whichever kind the server makes it."""
_MOST_WARNINGS = 65_535
"""That a server keeps of one statement."""
_WARNING = re.compile(r"(?P<reason>.*?)(?: for column .*)? at row (?P<row>[1-9]\d*)", re.DOTALL)
_TEXTS = "(place bigint, value longtext CHARACTER SET utf8mb4) ENGINE = InnoDB"
_NO_JSON = "the value is no JSON"


class Loader(Protocol):
    """A session that loads."""

    def quoted(self, name: str) -> str:
        """Return a name as an identifier."""

    def execute(self, sql: str) -> int:
        """Run one statement."""

    def rows(self, sql: str) -> Sequence[Sequence[object]]:
        """Return the rows of a statement."""

    def load(
        self,
        name: str,
        columns: Sequence[str],
        batches: Iterator[pa.RecordBatch],
        digits: frozenset[int],
        more: str = "",
    ) -> int:
        """Add batches to a table as well as it goes; the booleans of the columns *digits* are 1 and 0, *more* is the end of the
        statement."""


class Probe:
    """Temporary tables for the values of some *items* on their way into a table."""

    def __init__(self, session: Loader, table: Table, items: Sequence[Item], digits: frozenset[int]) -> None:
        self._session = session
        self._items = items
        types = {one.name: one.type for one in table.columns}
        self._json = [index for index, one in enumerate(items) if types[one.column] == JSON]
        self._plain = [index for index in range(len(items)) if index not in self._json]
        self._digits = digits
        quoted = session.quoted
        listed = ", ".join(f"there.{quoted(items[index].column)}" for index in self._plain)
        # A column of what an outer join adds may be null whatever it is else.
        self._typed = (
            f"ENGINE = InnoDB AS SELECT {listed} FROM (SELECT 1 AS one) AS one LEFT JOIN {table.name} AS there ON false "
            "WHERE false"
        )

    @contextmanager
    def _made(self, definition: str) -> Iterator[str]:
        """Give an empty table of the session: one that is emptied keeps all its rows while the transaction goes on."""
        name = f"penstock_{uuid.uuid4().hex}"
        self._session.execute(f"CREATE TEMPORARY TABLE {name} {definition}")
        try:
            yield name
        finally:
            with suppress(PenstockError):
                self._session.execute(f"DROP TEMPORARY TABLE IF EXISTS {name}")

    def bad(self, batch: pa.RecordBatch) -> list[Bad]:
        """Return the values of a batch that do not fit (`sifting.Sieve`)."""
        found = [one for index in self._json for one in self._no_json(batch.column(index), index)]
        if self._plain and self._warned(batch, self._plain, 1):
            for index in self._plain:
                found += self._named(batch.select([index]), index, 0)
        return found

    def _named(self, batch: pa.RecordBatch, index: int, first: int) -> Iterator[Bad]:
        """Yield the values of one column that do not fit, *first* the row of the first."""
        warnings = self._warned(batch, [index], _MOST_WARNINGS)
        if len(warnings) == _MOST_WARNINGS and batch.num_rows > 1:
            half = batch.num_rows // 2
            yield from self._named(batch.slice(0, half), index, first)
            yield from self._named(batch.slice(half), index, first + half)
            return
        reasons: dict[int, str] = {}
        for said in warnings:
            known = _WARNING.fullmatch(said)
            if known is None or int(known["row"]) > batch.num_rows:
                # Of which value it is said is not known, and none is left out on a guess.
                raise PermanentError(f"the database says: {said.rstrip('.')}.")
            reasons.setdefault(int(known["row"]) - 1, known["reason"].rstrip("."))
        for row, reason in reasons.items():
            yield Bad(first + row, index, reason)

    def _warned(self, batch: pa.RecordBatch, indices: Sequence[int], most: int) -> list[str]:
        """Return the first of what is said of columns of a batch; *batch* holds them all, or the only one."""
        if batch.num_columns > len(indices):
            batch = batch.select(list(indices))
        names = [self._items[index].column for index in indices]
        digits = frozenset(at for at, index in enumerate(indices) if index in self._digits)
        # A column without a default may be null here, but not left out.
        others = [one.column for index, one in enumerate(self._items) if index in self._plain and index not in indices]
        more = ", ".join(f"{self._session.quoted(one)} = NULL" for one in others)
        with self._made(self._typed) as name:
            self._session.load(name, names, iter([batch]), digits, f" SET {more}" if more else "")
            return [str(one[2]) for one in self._session.rows(f"SHOW WARNINGS LIMIT {most}")]

    def _no_json(self, column: pa.Array, index: int) -> Iterator[Bad]:
        places = pa.array(range(len(column)), pa.int64())
        batch = pa.RecordBatch.from_arrays([places, column], ["place", "value"])
        with self._made(_TEXTS) as name:
            self._session.load(name, batch.schema.names, iter([batch]), frozenset())
            for (row,) in self._session.rows(f"SELECT place FROM {name} WHERE NOT json_valid(value)"):
                yield Bad(int(str(row)), index, _NO_JSON)


@contextmanager
def probing(session: Loader, table: Table, items: Sequence[Item], digits: frozenset[int]) -> Iterator[Probe]:
    """Give a probe of a table; the session keeps as many warnings as it can until the end of the block."""
    session.execute(f"SET max_error_count = {_MOST_WARNINGS}")
    try:
        yield Probe(session, table, items, digits)
    finally:
        with suppress(PenstockError):
            session.execute("SET max_error_count = DEFAULT")
