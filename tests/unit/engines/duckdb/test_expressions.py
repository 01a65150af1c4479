"""Expressions as SQL: what a guard repeats is computed once, however deeply it is nested."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from penstock.engines.duckdb.expressions import LONG, bound, render
from penstock.lang.check.expressions import check_expression
from penstock.plan import dtypes
from penstock.plan.ports import Context
from penstock.plan.schema import Field, Schema
from penstock.plan.values import Instant, Value

GIVEN = Schema(
    (Field("s", dtypes.CHARARRAY), Field("i", dtypes.INT), Field("x", dtypes.DOUBLE), Field("d", dtypes.DATETIME))
)
VALUES = {
    "s": Value(dtypes.Kind.CHARARRAY, "Hello World"),
    "i": Value(dtypes.Kind.INT, 3),
    "x": Value(dtypes.Kind.DOUBLE, 0.3),
    "d": Value(dtypes.Kind.DATETIME, Instant(0, 0)),
}


@pytest.mark.parametrize(
    ("start", "step", "wanted"),
    [
        ("s", "SUBSTRING({0}, 0, 8)", "Hello Wo"),
        ("s", "UPPER(LOWER({0}))", "HELLO WORLD"),
        ("i", "(int)((chararray){0})", 3),
        ("i", "ROUND({0} * 1.0)", 3),
        ("i", "CASE WHEN {0} == 3 THEN 3 ELSE 4 END", 3),
        ("x", "(CASE WHEN {0} < 0.5 THEN 0.3 ELSE 0.7 END)", 0.3),
        ("x", "({0} / x * x)", 0.3),
        ("(long)i", "({0} % 7L + 0L)", 3),
        ("(chararray)d", "ToString(ToDate({0}, 'yyyy-MM-dd\\'T\\'HH:mm:ss.SSSZ'))", "1970-01-01T00:00:00.000Z"),
        ("i", "COALESCE({0} / i * 3, 5)", 3),
        ("(i == 3)", "({0} == true)", True),
    ],
)
def test_depth_costs_what_it_is_long(start: str, step: str, wanted: object, plain: Callable[..., object]) -> None:
    text = start
    for _ in range(18):
        text = step.format(text)
    checked = check_expression(text, GIVEN)
    assert checked.expr is not None
    sql = render(checked.expr, Context(datetime(2026, 1, 1, tzinfo=UTC)))
    assert len(sql) < 60_000
    assert plain(text, **VALUES) == wanted


def test_a_short_argument_is_repeated_and_a_long_one_named() -> None:
    def twice(args: list[str]) -> str:
        return f"({args[0]} + {args[0]} + {args[1]})"

    long = "x" * (LONG + 1)
    assert bound(["a", "b"], twice) == "(a + a + b)"
    assert bound([long, long[:-1]], twice) == f"list_transform([{long}], lambda _v1: (_v1 + _v1 + {long[:-1]}))[1]"


def test_named_arguments_inside_one_another_keep_their_names_apart() -> None:
    def twice(args: list[str]) -> str:
        return f"({args[0]} + {args[0]})"

    once = bound(["x" * (LONG + 1)], twice)
    assert bound([once], twice) == f"list_transform([{once}], lambda _v2: (_v2 + _v2))[1]"
