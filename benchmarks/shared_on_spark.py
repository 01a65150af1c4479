"""(f) What each shared form costs on Spark local[2] for a million records, measured as on the embedded engine (`shared`)."""

from __future__ import annotations

import time
from typing import Any
from unittest.mock import patch

import pyarrow as pa
from pyspark.sql import SparkSession

from benchmarks.shared import ON_SPARK_ROWS, Cost, measured
from penstock.engines.spark import functions
from penstock.engines.spark.expressions import render
from penstock.engines.spark.options import SparkOptions
from penstock.engines.spark.session import opened
from penstock.engines.spark.types import literal
from penstock.plan.exprs import Literal
from penstock.plan.ports import ask_nobody

MASTER = "local[2]"


class Fresh(functions.Vectorised):
    """A shared function that remembers nothing: every record counts as new."""

    def __call__(self, *columns: Any) -> pa.Array:
        """Return its values."""
        functions._ONES[self.name] = functions._one(functions._BY_NAME[self.name], self.ask)
        return super().__call__(*columns)


def run(rows: int = ON_SPARK_ROWS) -> dict[str, Cost]:
    """Return what each shared form costs that an example needs on Spark; *rows* are measured, a million said."""
    desk = opened(SparkOptions(MASTER)).main

    def seconds(sql: str, constant: Literal) -> float:
        with patch.object(functions, "Vectorised", Fresh):
            desk.functions.need(sql, ask_nobody)
        return timed(desk.session, sql, constant, rows)

    return measured(render, seconds, rows)


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
