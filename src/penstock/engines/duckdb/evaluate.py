"""Expressions over one record: what variables, the console and tests need. One locked database serves a process."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache

import duckdb

from penstock.engines.duckdb.expressions import render
from penstock.engines.duckdb.functions import Functions
from penstock.engines.duckdb.types import column_of, literal, to_value
from penstock.errors import DataError
from penstock.plan.exprs import Expr
from penstock.plan.ports import Context
from penstock.plan.schema import Schema
from penstock.plan.values import Value

CLOSED: dict[str, str | bool | int | float | list[str]] = {
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
    "enable_external_access": "false",
    "threads": "1",
}


@cache
def _database() -> tuple[duckdb.DuckDBPyConnection, Functions]:
    connection = duckdb.connect(":memory:", config=CLOSED)
    connection.execute("SET lock_configuration = true")
    return connection, Functions(connection)


def warm_up() -> None:
    """Open the database that evaluates expressions, as the first variable of a process would."""
    _database()


def evaluate(
    exprs: Sequence[Expr], given: Schema, record: Mapping[str, Value | None], context: Context
) -> tuple[Value | None, ...]:
    """Return the values of expressions over one record of *given*; a missing field is null.

    Raises DataError with one plain sentence when an expression fails the job.
    """
    connection, functions = _database()
    columns = [f"{literal(record.get(field.name), field.dtype)} AS {column_of(field.name)}" for field in given]
    # The barrier keeps DuckDB from folding a record's values into the expression while it plans.
    source = f"(SELECT {', '.join(columns) or '1 AS one'} LIMIT 1)"
    chosen = ", ".join(f"{render(expr, context)} AS v{index}" for index, expr in enumerate(exprs))
    sql = f"SELECT {chosen} FROM {source}"
    functions.need(sql)
    functions.ask = context.ask
    try:
        row = connection.execute(sql).fetchone()
    except duckdb.Error as error:
        raise functions.failure.take() or DataError(
            f"The expression cannot be computed: {first_line(error)}"
        ) from error
    return tuple(to_value(raw, expr.dtype) for raw, expr in zip(row or (), exprs, strict=True))


def first_line(error: duckdb.Error) -> str:
    """Return the first line of what DuckDB said, without its kind."""
    line = str(error).split("\n")[0]
    return line.split(": ", 1)[-1]
