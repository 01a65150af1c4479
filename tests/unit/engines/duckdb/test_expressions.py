"""Expressions as SQL: what a guard repeats is computed once, however deeply it is nested."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import duckdb
import pytest

from penstock.engines.duckdb.expressions import LONG, bound, render
from penstock.engines.duckdb.functions import Functions
from penstock.engines.fallible import may_fail
from penstock.errors import DataError
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


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("s matches '\\\\d+' AND ToDate(s, 'yyyy') is not null", False),
        ("s == 'Hello World' OR ToDate(s) is null", True),
        ("i == 3 AND s != 'Hello World' AND ToDate(s) is null", False),
        ("NOT (s == 'Hello World' OR ToDate(s) is null)", False),
        ("s IN ('Hello World', ToString(ToDate(s)))", True),
        ("(s == 'x' AND ToDate(s) is null) ? 1 : 2", 2),
        ("i == 4 AND s matches CONCAT('(', s)", False),
        ("null == 1 OR i == 3 OR ToDate(s) is null", True),
        ("CASE WHEN i == 4 THEN ToDate(s) ELSE null END", None),
        ("COALESCE(s, ToString(ToDate(s)))", "Hello World"),
        ("null == 1 AND ToDate(s, 'yyyy') is null AND false", DataError),
        ("null == 1 AND ParseDate(s, 'yyyy') is not null", False),
        ("null == 1 OR ParseDate(s, 'yyyy') is not null", None),
    ],
)
def test_what_is_decided_computes_nothing_more(text: str, wanted: object, plain: Callable[..., object]) -> None:
    if wanted is DataError:
        with pytest.raises(DataError):
            plain(text, **VALUES)
    else:
        assert plain(text, **VALUES) == wanted


@pytest.mark.parametrize(
    ("text", "fails"),
    [
        ("ToDate(i)", True), ("(datetime)s", True), ("(datetime)i", False), ("s matches 'a+'", False),
        ("s matches '('", True), ("s matches s", True),
        ("REPLACE(s, '[a-z]', '')", False), ("STRSPLIT(s)", False), ("ToString(d)", False),
        ("ToString(d, 'yyyy')", False), ("ToString(d, s)", True),
        ("CASE WHEN i == 1 THEN AddDuration(d, 'P1D') ELSE d END", True), ("UPPER(REGEX_EXTRACT(s, '(', 1))", True),
        ("i % 0", False), ("ABS(i)", False), ("ToDate('2021-03-14')", False), ("ToDate('no')", True),
        ("(datetime)'2021-03-14'", False), ("ToDate('14.3.2021', 'd.M.yyyy')", False), ("ToDate('a', 'd.M.yyyy')", True),
        ("ToDate('a', 'b')", True), ("AddDuration(CurrentTime(), 'P-1D')", False), ("AddDuration(CurrentTime(), '1D')", True),
        ("SwitchTimeZone(CurrentTime(), 'Europe/Paris')", False), ("SwitchTimeZone(CurrentTime(), 'Nowhere')", True),
    ],
)  # fmt: skip
def test_what_can_fail(text: str, fails: bool) -> None:
    expr = check_expression(text, GIVEN).expr
    assert expr is not None
    assert may_fail(expr, Context(datetime(2026, 1, 1, tzinfo=UTC))) is fails


@pytest.mark.parametrize("text", ["i % 0", "ABS(i)", "UPPER(STRSPLIT(s, '-', i).$0)"])
def test_more_can_fail_where_errors_are_strict(text: str) -> None:
    expr = check_expression(text, GIVEN).expr
    assert expr is not None
    assert may_fail(expr, Context(datetime(2026, 1, 1, tzinfo=UTC), strict=True))
    assert not may_fail(expr, Context(datetime(2026, 1, 1, tzinfo=UTC)))


def test_texts_of_many_records_survive_being_named() -> None:
    text = "s"
    for _ in range(6):
        text = f"UPPER(LOWER({text}))"
    expr = check_expression(f"CASE WHEN i >= 0 THEN {text} ELSE 'x' END", GIVEN).expr
    assert expr is not None
    sql = render(expr, Context(datetime(2026, 1, 1, tzinfo=UTC)))
    assert "list_transform" in sql
    connection = duckdb.connect(":memory:")
    Functions(connection).need(sql)
    given = "SELECT 'long text é number ' || range AS s, range::INTEGER AS i FROM range(20000) WHERE range % 3 = 0"
    connection.execute(f"CREATE TEMP TABLE made AS SELECT s, {sql} AS v FROM ({given})")
    assert connection.execute("SELECT count(*), count_if(v <> upper(s)) FROM made").fetchone() == (6667, 0)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("COALESCE(s, ToString(ToDate(s, 'yyyy-MM-dd'), 'yyyy-MM-01'))", "Hello World"),
        ("COALESCE(s, ToString(ToDate('a', 'yyyy-MM-dd'), 'yyyy-MM-01'))", "Hello World"),
        ("CASE WHEN s is null THEN GetDay(ToDate('a', 'yyyy-MM-dd')) ELSE 1 END", 1),
        ("SIZE(TOBAG(1, CASE s WHEN 'no' THEN GetDay(ToDate('a', 'yyyy-MM-dd')) ELSE 1 END))", 2),
        ("s is null AND ToDate('a', 'yyyy-MM-dd') is null", False),
        ("s is not null OR (datetime)'no date' is null", True),
    ],
)
def test_what_would_fail_is_not_computed_where_it_is_not_reached(
    text: str, wanted: object, plain: Callable[..., object]
) -> None:
    assert plain(text, **VALUES) == wanted


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("SUM(TOBAG(f, 1.0F))", 2147483649.0),
        ("AVG(TOBAG(f, f))", 2147483648.0),
        ("TOTUPLE(f).$0 * 1.0", 2147483648.0),
        ("TOMAP('k', f)#'k' * 1.0", 2147483648.0),
    ],
)
def test_a_float_in_a_structure_keeps_every_bit(text: str, wanted: float, plain: Callable[..., object]) -> None:
    """Java prints 2147483648 as 2.14748365E9, which names this float and another double."""
    assert plain(text, f=Value(dtypes.Kind.FLOAT, 2147483648.0)) == wanted
