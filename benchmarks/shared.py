"""(f) What each shared form costs for a million records: the function in its example, over a field in place of a constant."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from unittest.mock import patch

import duckdb

from benchmarks.measure import Line
from penstock.engines.duckdb.expressions import render
from penstock.engines.duckdb.functions import Functions
from penstock.engines.duckdb.types import literal
from penstock.engines.functions import rows as forms
from penstock.engines.functions.table import SHARED
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


def run(rows: int = ROWS) -> list[Line]:
    """Return a line for each shared form that an example needs, the dearest first; *rows* are measured, a million said."""
    connection = duckdb.connect(":memory:", config={"threads": "1"})
    connection.execute("SET enable_progress_bar = false")
    functions = Functions(connection)

    def seconds(sql: str, constant: Literal) -> float:
        with patch.object(forms, "REPEATS", frozenset()):  # what repeats is remembered: here every record counts as new
            functions.need(sql)
        return timed(connection, sql, constant, rows)

    lines = measured(render, seconds, rows)
    connection.close()
    return lines


def measured(
    render: Callable[[Expr, Context], str], seconds_of: Callable[[str, Literal], float], rows: int, where: str = ""
) -> list[Line]:
    """Return a line for each shared form that an example needs, from the seconds that an engine takes for so many *rows* of an
    expression in its SQL, given a constant that is a field there."""
    found: dict[str, tuple[float, str]] = {}
    for name, row in FUNCTIONS.items():
        checked = check_expression(row.example, Schema())
        if name in OUTSIDE or checked.expr is None:
            continue
        expr, values = over_fields(checked.expr)
        sql = render(expr, Context(datetime(2026, 1, 1, tzinfo=UTC)))
        used = sorted(mentioned(sql))
        if not used or not values:
            continue
        seconds = seconds_of(sql, values[0])
        for one in used:
            # A form that several examples need costs what the cheapest of them costs: the others do more.
            if one not in found or seconds < found[one][0]:
                found[one] = (seconds, row.example)
    return lines_of(found, rows, where)


def lines_of(found: Mapping[str, tuple[float, str]], rows: int, where: str = "") -> list[Line]:
    """Return a line for each form, the dearest first, from the seconds that so many rows took, and an example."""
    dearest = sorted(found.items(), key=lambda item: -item[1][0])
    never = len(SHARED) - len(found)
    return [
        *(
            _line(f"`{one}` in `{example}`{where}", f"{seconds * MILLION / rows:.2f} s")
            for one, (seconds, example) in dearest
        ),
        _line(f"shared forms without an example of their own{where}", f"{never}"),
    ]


def _line(name: str, ours: str) -> Line:
    # A bar would end the cell of the table.
    return Line(f"(f) {name}".replace("|", "\\|"), ours, "–", None, "–", None)


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
