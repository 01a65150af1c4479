"""Registers the shared functions with a DuckDB connection, each over Arrow arrays."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any

import duckdb
import pyarrow as pa
from duckdb import DuckDBPyConnection
from duckdb.func import FunctionNullHandling, PythonUDFType

from penstock.engines.duckdb.types import DATETIME_SQL
from penstock.engines.functions.rows import ARROW, Row, over_row, remembering
from penstock.engines.functions.table import SHARED, Shared
from penstock.engines.templates import PREFIX, mentioned
from penstock.errors import PenstockError
from penstock.kit.outbound import Request
from penstock.plan.ports import Ask, Cell, ask_nobody

_SQL = {
    "text": "VARCHAR",
    "value": "VARCHAR",
    "int": "INTEGER",
    "long": "BIGINT",
    "float": "FLOAT",
    "double": "DOUBLE",
    "boolean": "BOOLEAN",
    "datetime": DATETIME_SQL,
    "values": "VARCHAR[]",
    "ints": "INTEGER[]",
}


def load() -> None:
    """Load what the first call of a function would: a third of what a small job takes, several times that where pandas is
    installed, which pyarrow looks for then. For a process that will fork; starts no thread."""
    importlib.import_module("pyarrow.dataset")
    pa.array([None])


class Failure:
    """Holds the error that a function raised inside DuckDB, which passes on only a text, and the function's name."""

    def __init__(self) -> None:
        self.error: PenstockError | None = None
        self.function = ""

    def take(self) -> PenstockError | None:
        """Return the error and forget it."""
        error, self.error = self.error, None
        return error


class Functions:
    """The shared functions of one connection, as `ps_<name>`: registered when a statement first mentions them, since
    registering all takes longer than a small job. *failure* keeps what is raised inside them, *ask* asks databases."""

    def __init__(self, connection: DuckDBPyConnection, ask: Ask = ask_nobody) -> None:
        self.failure = Failure()
        self.ask = ask
        self._connection = connection
        self._made: set[str] = set()

    def need(self, sql: str) -> None:
        """Register what a statement mentions."""
        for name in sorted(mentioned(sql) - self._made):
            if name in _BY_NAME:
                self._register(_BY_NAME[name])
                self._made.add(name)

    def _register(self, shared: Shared) -> None:
        parameters: list[Any] = [duckdb.sqltype(_SQL[word]) for word in shared.parameters]
        self._connection.create_function(
            f"{PREFIX}{shared.name}",
            vectorised(shared, self.failure, _Asked(self)),
            parameters,
            duckdb.sqltype(_SQL[shared.result]),
            type=PythonUDFType.ARROW,
            null_handling=FunctionNullHandling.SPECIAL,
            side_effects=shared.has_effects,
        )


class _Asked:
    """Asks as the functions of a session do when they are called, not when they are made (`penstock.plan.ports.Ask`)."""

    def __init__(self, functions: Functions) -> None:
        self._functions = functions

    def __call__(self, key: str, sql: str) -> Cell | None:
        return self._functions.ask(key, sql)

    def signed(self, key: str, request: Request, *, anew: bool = False) -> Request:
        return self._functions.ask.signed(key, request, anew=anew)


_BY_NAME = {shared.name: shared for shared in SHARED}


def vectorised(shared: Shared, failure: Failure, ask: Ask = ask_nobody) -> Callable[..., Any]:
    """Return the Arrow form of a shared function."""
    over = over_row(shared, ask)
    failed: list[tuple[Row, PenstockError]] = []

    def made(row: Row) -> Any:
        # DuckDB computes a constant that fails once more in each of its rounds: what took long to fail is not tried again.
        if failed and failed[0][0] == row and not shared.has_effects:
            raise failed[0][1]
        try:
            return over(row)
        except PenstockError as error:
            failed[:] = [(row, error)]
            raise

    one = remembering(shared, made)

    def run(*columns: pa.ChunkedArray) -> pa.Array:
        try:
            return pa.array(
                [one(row) for row in zip(*(column.to_pylist() for column in columns), strict=True)],
                ARROW[shared.result],
            )
        except PenstockError as error:
            failure.error, failure.function = error, f"{PREFIX}{shared.name}"
            raise

    return _OF_ARITY[len(shared.parameters)](run)


# DuckDB reads the number of parameters off the Python function, so each arity needs a function of its own.
# ruff: noqa: PLW0108 -- each lambda exists for its parameter list
_OF_ARITY: dict[int, Callable[[Callable[..., Any]], Callable[..., Any]]] = {
    1: lambda run: lambda a: run(a),
    2: lambda run: lambda a, b: run(a, b),
    3: lambda run: lambda a, b, c: run(a, b, c),
    4: lambda run: lambda a, b, c, d: run(a, b, c, d),
    5: lambda run: lambda a, b, c, d, e: run(a, b, c, d, e),
}
