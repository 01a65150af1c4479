"""(f) What each shared form costs on Spark local[2] for a million records, measured as on the embedded engine (`shared`)."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Any
from unittest.mock import patch

import pyarrow as pa
from pyspark.sql import SparkSession

from benchmarks.measure import Line
from benchmarks.shared import ON_SPARK_ROWS, OUTSIDE, lines_of, over_fields
from penstock.engines.spark import functions
from penstock.engines.spark.expressions import render
from penstock.engines.spark.options import SparkOptions
from penstock.engines.spark.session import opened
from penstock.engines.spark.types import literal
from penstock.engines.templates import mentioned
from penstock.lang.check.expressions import check_expression
from penstock.lang.functions import FUNCTIONS
from penstock.plan.exprs import Literal
from penstock.plan.ports import Context, ask_nobody
from penstock.plan.schema import Schema

MASTER = "local[2]"


class Fresh(functions.Vectorised):
    """A shared function that remembers nothing: every record counts as new."""

    def __call__(self, *columns: Any) -> pa.Array:
        """Return its values."""
        functions._ONES[self.name] = functions._one(functions._BY_NAME[self.name], self.ask)
        return super().__call__(*columns)


def run(rows: int = ON_SPARK_ROWS) -> list[Line]:
    """Return a line for each shared form that an example needs on Spark; *rows* are measured, a million said."""
    desk = opened(SparkOptions(MASTER)).main
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
        with patch.object(functions, "Vectorised", Fresh):
            desk.functions.need(sql, ask_nobody)
        seconds = timed(desk.session, sql, values[0], rows)
        for one in used:
            if one not in found or seconds < found[one][0]:
                found[one] = (seconds, row.example)
    return lines_of(found, rows, f", on Spark {MASTER}")


def timed(session: SparkSession, sql: str, constant: Literal, rows: int) -> float:
    """Return the seconds that an expression takes over so many records, without those that a statement of two takes."""
    took = []
    for count in (2, 2, rows):
        # No constant, which Spark would put into the expression and compute once; and a value that is needed.
        given = f"SELECT CASE WHEN id >= 0 THEN {literal(constant.value, constant.dtype)} END AS f FROM range(0, {count}, 1, 2)"
        started = time.perf_counter()
        session.sql(f"SELECT max(hash(v)) FROM (SELECT {sql} AS v FROM ({given}))").collect()
        took.append(time.perf_counter() - started)
    return max(took[2] - took[1], 0.0)
