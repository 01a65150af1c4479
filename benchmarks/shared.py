"""(f) What each shared form costs for a million records: the function in its example, over a field in place of a constant."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from unittest.mock import patch

import duckdb

from penstock.engines.duckdb.expressions import render
from penstock.engines.duckdb.functions import Functions
from penstock.engines.duckdb.types import literal
from penstock.engines.functions import rows as forms
from penstock.engines.templates import mentioned
from penstock.lang.check.expressions import check_expression
from penstock.lang.functions import FUNCTIONS
from penstock.plan.exprs import Call, Cast, Expr, FieldRef, Literal
from penstock.plan.ports import Context
from penstock.plan.schema import Schema
from penstock.plan.values import Value

ROWS = 20_000
ON_SPARK_ROWS = 100_000
"""More there: what Spark takes for a statement of two records is taken off, and varies."""
MILLION = 1_000_000
OUTSIDE = frozenset({"Curl", "CurlPoll"})
"""What waits for another system."""


@dataclass(frozen=True, slots=True)
class Cost:
    """What a shared form takes, in seconds for a million records, in the example that is the cheapest of those that need it."""

    seconds: float
    example: str


def run(rows: int = ROWS) -> dict[str, Cost]:
    """Return what each shared form costs that an example needs; *rows* are measured, a million said."""
    connection = duckdb.connect(":memory:", config={"threads": "1"})
    connection.execute("SET enable_progress_bar = false")
    functions = Functions(connection)

    def seconds(sql: str, constant: Literal) -> float:
        with patch.object(forms, "REPEATS", frozenset()):  # what repeats is remembered: here every record counts as new
            functions.need(sql)
        return timed(connection, sql, constant, rows)

    found = measured(render, seconds, rows)
    connection.close()
    return found


def measured(
    render: Callable[[Expr, Context], str], seconds_of: Callable[[str, Literal], float], rows: int
) -> dict[str, Cost]:
    """Return what each shared form costs that an example needs, from the seconds that an engine takes for so many *rows* of an
    expression in its SQL, given a constant that is a field there."""
    found: dict[str, Cost] = {}
    for name, row in FUNCTIONS.items():
        checked = check_expression(row.example, Schema())
        if name in OUTSIDE or checked.expr is None:
            continue
        expr, values = over_fields(checked.expr)
        sql = render(expr, Context(datetime(2026, 1, 1, tzinfo=UTC)))
        used = sorted(mentioned(sql))
        if not used or not values:
            continue
        cost = Cost(seconds_of(sql, values[0]) * MILLION / rows, row.example)
        for one in used:
            # A form that several examples need costs what the cheapest of them costs: the others do more.
            if one not in found or cost.seconds < found[one].seconds:
                found[one] = cost
    return found


def table(here: Mapping[str, Cost], on_spark: Mapping[str, Cost]) -> list[tuple[str, str, str, str]]:
    """Return for each form its name, an example, and its seconds on the embedded engine and on Spark, the dearest first."""

    def dearest(name: str) -> float:
        return max(one[name].seconds for one in (here, on_spark) if name in one)

    def said(found: Mapping[str, Cost], name: str) -> str:
        return f"{found[name].seconds:.2f} s" if name in found else "–"

    return [
        (name, (here.get(name) or on_spark[name]).example, said(here, name), said(on_spark, name))
        for name in sorted({*here, *on_spark}, key=dearest, reverse=True)
    ]


def over_fields(expr: Expr) -> tuple[Expr, list[Literal]]:
    """Return an expression whose first constant is a field, and that constant; patterns stay constants."""
    values: list[Literal] = []

    def rewritten(part: Expr) -> Expr:
        match part:
            case Literal(Value()) if not values:
                values.append(part)
                return FieldRef("f", part.dtype, False)
            case Cast():
                return replace(part, arg=rewritten(part.arg))
            case Call():
                return replace(part, args=tuple(rewritten(arg) for arg in part.args))
        return part

    return rewritten(expr), values


def timed(connection: duckdb.DuckDBPyConnection, sql: str, constant: Literal, rows: int) -> float:
    """Return the seconds that an expression takes over so many records, without those that reading them takes."""
    # A column of a table: over a constant DuckDB would compute once.
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE given AS SELECT {literal(constant.value, constant.dtype)} AS f FROM range({rows})"
    )
    connection.execute(f"SELECT {sql} FROM given LIMIT 100").fetchall()
    took = []
    for chosen in ("f", sql):
        started = time.perf_counter()
        connection.execute(f"SELECT count(v) FROM (SELECT {chosen} AS v FROM given)").fetchall()
        took.append(time.perf_counter() - started)
    return max(took[1] - took[0], 0.0)
