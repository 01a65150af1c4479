"""What every database driver gives here: an open session that answers one statement after the other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from penstock.errors import DataError, TransientError
from penstock.plan.ports import Cell, CellKind

CONNECT_S = 10
"""How long a database may take until it can be asked."""
ASK_S = 600
"""How long a statement may take."""
LOOK_S = 0.25
"""How often a statement that runs looks whether it is to stop."""
MOST_BYTES = 16 << 20
"""Of a value."""
NO_ROWS = "the statement gives no rows. Write a SELECT."
"""What is said of a statement that is no query."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column of what a statement gives: *type* is the database's word for its type."""

    name: str
    kind: CellKind
    type: str


Row = tuple[Cell | None, ...]


class Session(Protocol):
    """An open session. It reads only, and every statement stands for itself."""

    def first(self, sql: str) -> Cell | None:
        """Return the first column of the first row; None where there is no row, or where it is null. Further rows are not
        fetched.

        Raises Gone when the session had ended before, PermanentError for what the database refuses, TransientError when it
        took too long or was stopped. Messages do not name the connection.
        """

    def rows(self, sql: str, most: int, seconds: float) -> tuple[tuple[Column, ...], list[Row]]:
        """Return the columns of a statement and its first rows, *most* of them, within *seconds*. Of values that are no text
        there are hexadecimal digits behind `\\x`. Raises as `first` does. Such a session is closed then, not kept."""

    def quoted(self, name: str) -> str:
        """Return a name as an identifier of the database's SQL."""

    def limited(self, statement: str, size: int) -> str:
        """Return a SELECT that gives at most some rows."""

    def close(self) -> None:
        """End the session; quiet when it has ended."""


def checked(sql: str) -> str:
    """Return a statement that can be sent. Raises DataError for one that is no text."""
    if "\0" in sql:
        raise DataError("the statement holds a zero character, which no statement can.")
    try:
        sql.encode()
    except UnicodeEncodeError as error:
        raise DataError("the statement holds half of a surrogate pair, which is no text.") from error
    return sql


class Gone(TransientError):
    """The session ended before it could answer: a new one may."""

    code = "session_gone"
