"""What drivers of Python's database API have in common: statements that are answered, values as cells, errors as ours."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from itertools import islice
from typing import Any

from penstock.connectors.databases.arriving import spelled
from penstock.connectors.databases.session import MOST_BYTES, NO_ROWS, Column, Row, checked
from penstock.errors import PermanentError, TransientError
from penstock.kit.stopping import STOP
from penstock.plan.ports import Cell, CellKind

Described = Sequence[Any]
"""What a driver says of a column: name, number of its type, and more."""


@dataclass(frozen=True, slots=True)
class Speech:
    """A driver: what it raises and what that means here, how names are quoted and few rows asked for, what it says of a
    column's type, the statement that begins what only reads, and how a statement that runs is ended from outside."""

    errors: type[Exception]
    fault: Callable[[Exception], PermanentError | TransientError]
    quoted: Callable[[str], str]
    limited: Callable[[str, int], str]
    kind: Callable[[Described], tuple[CellKind, str]]
    reading: str
    leaving: Callable[[Any], None]
    cancel: Callable[[Any], None]
    prepared: Callable[[str], str] = str
    """Returns a statement that is asked as the database takes it. Raises PermanentError for one that cannot be asked."""


class DbSession:
    """An open session (`session.Session`); used by one thread at a time. Whatever a statement does is taken back."""

    def __init__(self, raw: Any, speech: Speech) -> None:
        self._raw = raw
        self._speech = speech

    def quoted(self, name: str) -> str:
        """Return a name as an identifier."""
        return self._speech.quoted(name)

    def limited(self, statement: str, size: int) -> str:
        """Return a SELECT that gives at most some rows."""
        return self._speech.limited(statement, size)

    def close(self) -> None:
        """End the session."""
        with suppress(self._speech.errors):
            self._raw.close()

    def first(self, sql: str) -> Cell | None:
        """Return the first column of the first row."""
        with self._answering(sql) as cursor:
            row = cursor.fetchone()
            described = cursor.description[0]
        cell = None if row is None else self._cell(row[0], described)
        if cell is not None and len(cell.text) > MOST_BYTES:
            raise PermanentError(f"the value is larger than {MOST_BYTES >> 20} MiB. Ask for less.")
        return cell

    def rows(self, sql: str, most: int, seconds: float) -> tuple[tuple[Column, ...], list[Row]]:  # noqa: ARG002
        """Return the columns of a statement and its first rows."""
        with self._answering(sql) as cursor:
            described = list(cursor.description)
            found: list[Row] = [
                tuple(self._cell(value, one) for value, one in zip(row, described, strict=True))
                for row in islice(fetched(cursor), most)
            ]
        columns = (self._column(one, [row[at] for row in found]) for at, one in enumerate(described))
        return tuple(columns), found

    def _column(self, described: Described, cells: Sequence[Cell | None]) -> Column:
        """Return what a column is: what its first value says, where there is one."""
        kind, name = self._speech.kind(described)
        return Column(str(described[0]), next((one.kind for one in cells if one is not None), kind), name)

    def _cell(self, value: Any, described: Described) -> Cell | None:
        if value is None:
            return None
        kind, name = self._speech.kind(described)
        return Cell(kind_of(value, kind), shown(value), name)

    @contextmanager
    def _answering(self, sql: str) -> Iterator[Any]:
        raw, speech = self._raw, self._speech
        sql = speech.prepared(checked(sql))
        try:
            with STOP.ending(lambda: speech.cancel(raw)), closing(raw.cursor()) as cursor:
                if speech.reading:
                    cursor.execute(speech.reading)
                cursor.execute(sql)
                if not cursor.description:
                    raise PermanentError(NO_ROWS)
                yield cursor
        except speech.errors as error:
            STOP.check()
            raise speech.fault(error) from error
        finally:
            with suppress(speech.errors):
                speech.leaving(raw)


@contextmanager
def closing(cursor: Any) -> Iterator[Any]:
    """Give a cursor, closed at the end of the block."""
    try:
        yield cursor
    finally:
        cursor.close()


def fetched(cursor: Any, size: int = 1000) -> Iterator[Sequence[Any]]:
    """Yield the rows of a cursor, fetched some at a time; ends early when the job is to stop."""
    while rows := cursor.fetchmany(size):
        STOP.check()
        yield from rows


def answer(raw: Any, sql: str, speech: Speech) -> tuple[int, list[Sequence[Any]]]:
    """Run a statement; returns how many rows it changed, and those that it gave. Raises what the driver's error means."""
    try:
        with closing(raw.cursor()) as cursor:
            cursor.execute(sql)
            rows = list(cursor.fetchall()) if cursor.description else []
            return max(int(cursor.rowcount), 0), rows
    except speech.errors as error:
        raise speech.fault(error) from error


def described_as(raw: Any, sql: str, speech: Speech) -> tuple[tuple[Any, ...], ...]:
    """Return what the driver says of the columns that a statement gives. Raises what its error means."""
    try:
        with closing(raw.cursor()) as cursor:
            cursor.execute(sql)
            return tuple(tuple(one) for one in cursor.description or ())
    except speech.errors as error:
        raise speech.fault(error) from error


def kind_of(value: Any, kind: CellKind) -> CellKind:
    """Return what a value is: what its column is said to be, where the value does not say it better."""
    match value:
        case bool():
            return CellKind.BOOLEAN
        case int():
            return CellKind.WHOLE
        case float():
            return CellKind.DOUBLE if kind is not CellKind.FLOAT else kind
        case Decimal():
            return CellKind.WHOLE if kind is CellKind.WHOLE else CellKind.DECIMAL
        case datetime():
            return CellKind.TIMESTAMP if value.tzinfo is None else CellKind.INSTANT
        case date():
            return CellKind.DATE
    return kind


def shown(value: Any) -> str:
    """Return a value that is not null as a cell has it.

    >>> shown(b"ab"), shown(datetime(2024, 5, 6, 9, 8, tzinfo=UTC)), shown(Decimal("1.10"))
    ('\\\\x6162', '2024-05-06 09:08:00', '1.10')
    """
    if isinstance(value, bytes | bytearray):
        return f"\\x{value.hex()}"
    if isinstance(value, datetime) and value.tzinfo is not None:
        value = value.astimezone(UTC).replace(tzinfo=None)
    return spelled(value) or ""


def sentence(text: str) -> str:
    """Return the first line of what a database said, as a sentence."""
    line = next((one.strip() for one in text.splitlines() if one.strip()), "no reason was given")
    return line if line.endswith((".", "!", "?")) else f"{line}."
