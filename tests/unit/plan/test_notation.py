"""Typed expressions as text: parentheses where levels need them, and nowhere else."""

from __future__ import annotations

import pytest

from penstock.lang.check.expressions import check_expression
from penstock.plan import dtypes
from penstock.plan.notation import literal, text_of
from penstock.plan.schema import Field, Schema
from penstock.plan.values import Instant, Value

GIVEN = Schema(
    (
        Field("i", dtypes.INT),
        Field("l", dtypes.LONG),
        Field("d", dtypes.DOUBLE),
        Field("s", dtypes.CHARARRAY),
        Field("b", dtypes.BOOLEAN),
        Field("m", dtypes.MAP),
    )
)


def written(text: str) -> str:
    expr = check_expression(text, GIVEN).expr
    assert expr is not None
    return text_of(expr, lambda _: "s1")


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("i - (i - i) - i", "s1.i - (s1.i - s1.i) - s1.i"),
        ("(i + 1) * 2 / (3 * i)", "(s1.i + 1) * 2 / (3 * s1.i)"),
        ("i + l", "(long)s1.i + s1.l"),
        ("(chararray)(i + 1)", "(chararray)(s1.i + 1)"),
        ("- -i", "-(-s1.i)"),
        ("-(i + 1)", "-(s1.i + 1)"),
        ("i - -1", "s1.i - -1"),
        ("NOT (b AND i == 1) OR b", "NOT (s1.b AND s1.i == 1) OR s1.b"),
        ("(b OR b) AND NOT b", "(s1.b OR s1.b) AND NOT s1.b"),
        ("(i == 1) == b", "(s1.i == 1) == s1.b"),
        ("i + 1 is null", "s1.i + 1 is null"),
        ("(b AND b) is not null", "(s1.b AND s1.b) is not null"),
        ("s matches 'a\\\\d\\'\\n'", "s1.s matches 'a\\\\d\\'\\n'"),
        ("b ? 1 : 2L", "CASE WHEN s1.b THEN 1L ELSE 2L END"),
        ("(chararray)m#'k'", "(chararray)s1.m#'k'"),
        ("TOTUPLE(i, s).$1", "TOTUPLE(s1.i, s1.s).$1"),
        ("i IN (1, 2)", "s1.i == 1 OR s1.i == 2"),
        ("b ? null : s", "CASE WHEN s1.b THEN (chararray)null ELSE s1.s END"),
    ],
)
def test_an_expression_is_written_as_it_is_meant(text: str, wanted: str) -> None:
    assert written(text) == wanted


@pytest.mark.parametrize("text", ["i - (i - i)", "-(-i)", "NOT (b AND b)", "(b OR b) AND b", "(i == 1) == b"])
def test_what_is_written_means_the_same(text: str) -> None:
    again = written(text).replace("s1.", "")
    assert check_expression(again, GIVEN).expr == check_expression(text, GIVEN).expr


@pytest.mark.parametrize(
    ("value", "wanted"),
    [
        (None, "null"),
        (Value(dtypes.Kind.LONG, 5), "5L"),
        (Value(dtypes.Kind.FLOAT, 2.5), "2.5F"),
        (Value(dtypes.Kind.DOUBLE, float("nan")), '{"d":"NaN"}'),
        (Value(dtypes.Kind.BOOLEAN, False), "false"),
        (Value(dtypes.Kind.DATETIME, Instant(5, 60)), '{"t":[5,60]}'),
    ],
)
def test_a_constant_shows_its_type(value: Value | None, wanted: str) -> None:
    assert literal(value) == wanted
