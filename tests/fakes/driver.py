"""A stand-in for the connection of a database driver: it keeps what it is told, and answers what it is told to answer."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

Answer = tuple[Sequence[Any] | None, Sequence[Sequence[Any]], int]
"""The description of columns (None where a statement gives no rows), rows, and how many rows a statement changed."""
_NAME = re.compile("penstock_[0-9a-f]{32}")


@dataclass
class Driver:
    """A connection of Python's database API. *answers* are patterns of statements, the first that fits counts; an exception in
    place of an answer is raised, and of a list the next answer is given, the last one again and again. *info* is what psycopg
    says of a session, *wrong* what a statement fails with for one of its records, None where it does not."""

    answers: list[tuple[str, Answer | Exception | list[Answer]]] = field(default_factory=list)
    info: Any = field(default_factory=SimpleNamespace)
    told: list[str] = field(default_factory=list)
    wrong: Callable[[str, Sequence[Any]], Exception | None] = lambda sql, record: None
    is_closed: bool = False

    def cursor(self) -> Cursor:
        """Return a cursor."""
        return Cursor(self)

    def execute(self, sql: bytes, values: Any = None) -> Cursor:
        """Run a statement, as psycopg does."""
        cursor = self.cursor()
        cursor.execute(sql.decode(), values)
        return cursor

    def close(self) -> None:
        """End."""
        self.is_closed = True

    def commit(self) -> None:
        """Note it."""
        self.told.append("-- commit")

    def rollback(self) -> None:
        """Note it."""
        self.told.append("-- rollback")

    @property
    def script(self) -> str:
        """All that was told, with names that differ from run to run alike."""
        return "".join(f"{_NAME.sub('penstock_0', one)};\n" for one in self.told)


class Cursor:
    """Of such a connection."""

    arraysize = 100

    def __init__(self, driver: Driver) -> None:
        self._driver = driver
        self._rows: list[Sequence[Any]] = []
        self.description: Sequence[Any] | None = None
        self.rowcount = -1
        self._errors: list[Any] = []

    def execute(self, sql: str | bytes, values: Any = None) -> None:
        """Note a statement, and find its answer; one without has neither rows nor changes."""
        sql = sql.decode() if isinstance(sql, bytes) else sql
        self._driver.told.append(sql if values is None else f"{sql} -- {values!r}")
        self._answer(sql)

    def _answer(self, sql: str) -> None:
        found: Any = next((one for pattern, one in self._driver.answers if re.search(pattern, sql)), (None, (), 0))
        if isinstance(found, Exception):
            raise found
        if isinstance(found, list):
            found = found.pop(0) if len(found) > 1 else found[0]
        self.description, rows, self.rowcount = found
        self._rows = list(rows)

    def executemany(self, sql: str, values: Sequence[Any], batcherrors: bool = False) -> None:
        """Note a statement and its values; what is wrong with them is kept where that is asked for, as oracledb does."""
        self._driver.told.append(f"{sql} --{' batcherrors' * batcherrors} {list(values)!r}")
        self._answer(sql)
        found = [(offset, self._driver.wrong(sql, one)) for offset, one in enumerate(values)]
        self._errors = []
        for offset, error in found:
            if error is None:
                continue
            if not batcherrors:
                raise error
            error.args[0].offset = offset
            self._errors.append(error.args[0])
        self.rowcount = len(values) - len(self._errors)

    def getbatcherrors(self) -> list[Any]:
        """Return what was wrong, as oracledb does."""
        return self._errors

    def setinputsizes(self, *types: Any) -> None:
        """Note as what the values of the next statement are sent, as oracledb does."""
        self._driver.told.append(f"-- sent as {', '.join(one.name for one in types)}")

    def var(self, kind: Any, arraysize: int) -> tuple[Any, int]:
        """Return what values arrive as, as oracledb does."""
        return kind, arraysize

    def stream(self, sql: bytes) -> Iterator[Sequence[Any]]:
        """Run a statement and give its rows one by one, as psycopg does."""
        self.execute(sql.decode())
        yield from self._rows

    def fetchone(self) -> Sequence[Any] | None:
        """Return the next row."""
        return self._rows.pop(0) if self._rows else None

    def fetchmany(self, size: int) -> list[Sequence[Any]]:
        """Return the next rows."""
        made, self._rows = self._rows[:size], self._rows[size:]
        return made

    def fetchall(self) -> list[Sequence[Any]]:
        """Return all rows."""
        return self.fetchmany(len(self._rows))

    def close(self) -> None:
        """End."""

    def __enter__(self) -> Cursor:
        return self

    def __exit__(self, *_: object) -> None:
        """End."""
