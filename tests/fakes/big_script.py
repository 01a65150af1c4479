"""Scripts of BigQuery, for its stand-in: statements that are one job, whose transaction ends with it."""

from __future__ import annotations

import re
from typing import Any, Protocol

import duckdb
from tests.fakes.google_sql import statements, translated, unescaped

_DEFINES = re.compile(r"\s*(CREATE|ALTER|DROP)\b", re.IGNORECASE)


class Refused(Exception):
    """What BigQuery says no with: the number of HTTP, its reason, a message."""


class Server(Protocol):
    """What runs a single statement."""

    def statement(self, cursor: Any, sql: str) -> tuple[list[dict[str, Any]], list[Any], int | None]:
        """Run one statement: its fields, its rows, how many rows it changed."""


class Script:
    """Statements that are one job: variables, one transaction, checks, statements from texts."""

    def __init__(self, cursor: Any, server: Server) -> None:
        self.cursor, self.server = cursor, server
        self.values: dict[str, int] = {}
        self.count = 0
        self.is_open = False

    def run(self, sql: str) -> Any:
        """Return what the last SELECT gives. What is open at the end is taken back."""
        result: Any = ([], [], None)
        listed = list(statements(sql))
        try:
            for one, following in zip(listed, [*listed[1:], ""], strict=True):
                try:
                    result = self._run(one) or result
                except duckdb.Error as error:
                    if not following.startswith("EXCEPTION"):
                        raise
                    raise Refused(400, "invalidQuery", f"{_said(following)}{error}") from error
        finally:
            if self.is_open:
                self.cursor.execute("ROLLBACK")
        return result

    def _run(self, sql: str) -> Any:
        word = sql.split(None, 1)[0].upper()
        if sql in ("BEGIN TRANSACTION", "COMMIT TRANSACTION"):
            self.is_open = word == "BEGIN"
            self.cursor.execute(word)
        elif word == "DECLARE":
            names, _, value = sql.removeprefix("DECLARE ").partition(" INT64 DEFAULT ")
            self.values |= dict.fromkeys(names.split(", "), int(value))
        elif found := re.fullmatch(r"BEGIN\s+(EXECUTE IMMEDIATE .*)", sql, re.DOTALL):
            return self._run(found[1])
        elif sql.startswith("EXCEPTION") or sql in ("END", "END IF"):
            return None
        elif found := re.fullmatch(r"IF (.*) THEN\s+RAISE USING MESSAGE = (.*)", sql, re.DOTALL):
            if self._value(found[1]):
                raise Refused(400, "invalidQuery", self._value(found[2]))
        elif word == "EXECUTE":
            return self._one(unescaped(sql.removeprefix("EXECUTE IMMEDIATE ")))
        elif word == "SET":
            name, _, value = sql.removeprefix("SET ").partition(" = ")
            self.values[name] = int(self._value(value))
        elif word == "ASSERT":
            test, _, says = sql.removeprefix("ASSERT ").rpartition(" AS ")
            if not self._value(test):
                raise Refused(400, "invalidQuery", unescaped(says))
        else:
            return self._one(sql)
        return None

    def _one(self, sql: str) -> Any:
        if self.is_open and _DEFINES.match(sql):
            raise Refused(400, "invalidQuery", "DDL statements are not supported in a transaction")
        fields, rows, changed = self.server.statement(
            self.cursor, self._filled(sql) if sql.startswith("SELECT arrived") else sql
        )
        self.count = changed or 0
        return (fields, rows, None) if fields else None

    def _value(self, sql: str) -> Any:
        return self.cursor.execute(f"SELECT {translated(self._filled(sql))}").fetchall()[0][0]

    def _filled(self, sql: str) -> str:
        sql = sql.replace("@@row_count", str(self.count))
        for name, value in self.values.items():
            sql = re.sub(rf"\b{name}\b", str(value), sql)
        return sql


def _said(handler: str) -> str:
    """Return what a handler says before the error."""
    return unescaped(handler.partition("CONCAT(")[2].rpartition(", @@error")[0])
