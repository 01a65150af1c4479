"""Expressions by text, through checker and engine: what the package language says they mean."""

from __future__ import annotations

import math
from datetime import UTC, datetime

import pytest

from penstock.engines.duckdb.evaluate import evaluate
from penstock.errors import DataError
from penstock.lang.check.expressions import check_expression
from penstock.lang.functions import FUNCTIONS
from penstock.plan.dtypes import Kind
from penstock.plan.ports import Context
from penstock.plan.schema import Schema
from penstock.plan.values import Instant, Value

CONTEXT = Context(datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC))
LAST_DIGITS = {"COSH": 1e-15, "COR": 0.0, "COV": 0.0}


def value_of(text: str) -> Value | None:
    checked = check_expression(text, Schema())
    assert checked.expr is not None, [one.sentence() for one in checked.findings]
    return evaluate((checked.expr,), Schema(), {}, CONTEXT)[0]


def plain(value: Value | None) -> object:
    return None if value is None else value.data


@pytest.mark.parametrize("name", sorted(FUNCTIONS))
def test_the_example_of_every_function_gives_what_its_row_says(name: str) -> None:
    row = FUNCTIONS[name]
    got, stated = value_of(row.example), value_of(row.gives)
    if LAST_DIGITS.get(name):
        assert got is not None
        assert stated is not None
        assert math.isclose(got.data, stated.data, rel_tol=LAST_DIGITS[name])
    else:
        assert got == stated


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("9/4", 2),
        ("-7/2", -3),
        ("-7 % 3", -1),
        ("1/0", None),
        ("1.0/0", None),
        ("5 % 0", None),
        ("1.0/(-0.0)", -math.inf),
        ("2147483647 + 1", -2147483648),
        ("-2147483648 / -1", -2147483648),
        ("9223372036854775807L * 2L", -2),
        ("-(-2147483648)", -2147483648),
        ("(int)4294967297L", 1),
        ("(int)3e10", 2147483647),
        ("(long)-1.9", -1),
        ("(int)'8.75'", 8),
        ("(int)' 2e2d '", 200),
        ("(int)'2147483648'", 2147483647),
        ("(int)'2147483649'", None),
        ("(int)'-9e99'", -2147483648),
        ("(int)'NaN'", 0),
        ("(int)'12x'", None),
        ("(long)'1_000'", None),
        ("(double)'1_000'", None),
        ("(double)'0x1p3'", 8.0),
        ("(chararray)1e10", "1.0E10"),
        ("(chararray)0.0001", "1.0E-4"),
        ("(chararray)100.0", "100.0"),
        ("(chararray)(0.1F + 0.2F)", "0.3"),
        ("(boolean)'tRuE'", True),
        ("(boolean)'yes'", None),
        ("(boolean)0", False),
        ("(int)true", 1),
        ("0.0 == -0.0", False),
        ("-0.0 < 0.0", True),
        ("'9' > '10'", True),
        ("null == 1", None),
        ("null is null", True),
        ("null == 1 OR true", True),
        ("null == 1 AND false", False),
        ("NOT (null == 1)", None),
        ("1 IN (2, null)", None),
        ("1 IN (1, null)", True),
        ("CASE WHEN null == 1 THEN 'a' ELSE 'b' END", None),
        ("CASE 2 WHEN 1 THEN 'a' WHEN 2 THEN 'b' END", "b"),
        ("(null == 1 ? 1 : 2)", None),
        ("(true ? 1 : 2.5)", 1.0),
        ("'order-17' matches 'order-\\\\d+'", True),
        ("'a\\nb' matches 'a.b'", False),
        ("'foobar' matches 'foo(?=bar)bar'", True),
        ("'aa' matches '(a)\\\\1'", True),
        ("'ß' matches '[a-z&&[^b]]'", False),
        ("REPLACE('a.b','.','x')", "xxx"),
        ("REPLACE('aab','a*','-')", "--b-"),
        ("REPLACE('a','(','x')", None),
        ("REGEX_EXTRACT('ab','(x)?b',1)", None),
        ("SIZE('😀x')", 3),
        ("SUBSTRING('penstock',3,99)", "stock"),
        ("SUBSTRING('abc',3,3)", ""),
        ("SUBSTRING('abc',4,9)", None),
        ("SUBSTRING('abc',-1,2)", None),
        ("INDEXOF('banana','x')", -1),
        ("INDEXOF('banana','')", 0),
        ("UPPER('straße')", "STRASSE"),
        ("TRIM(null)", None),
        ("RTRIM('x  \\n')", "x\n"),
        ("ROUND(2.5)", 3),
        ("ROUND(-2.5)", -2),
        ("ABS(-2147483648)", -2147483648),
        ("GetWeekYear(ToDate('2021-01-03'))", 2020),
        ("ToString(ToDate('2021-03-14T15:09+01:00'))", "2021-03-14T15:09:00.000+01:00"),
        ("MonthsBetween(ToDate('2021-02-28'),ToDate('2021-01-31'))", 1),
        ("DaysBetween(ToDate('2021-01-01'),ToDate('2021-01-02T12:00'))", -1),
        ("COALESCE(null, null)", None),
        ("[k#1]#'k'", 1),
        ("[k#1]#'K'", None),
        ("(1, 'a').$1", "a"),
        ("TOMAP('a',1,'b','x')#'b'", "x"),
        ("(chararray){(1),(2)}", "[1,2]"),
    ],
)
def test_meaning(text: str, wanted: object) -> None:
    assert plain(value_of(text)) == wanted


def test_a_datetime_keeps_its_offset_and_compares_by_instant() -> None:
    assert value_of("ToDate('2021-03-14T15:09+01:00')") == Value(Kind.DATETIME, Instant(1615730940000, 60))
    assert plain(value_of("ToDate('2021-03-14T15:00+01:00') == ToDate('2021-03-14T14:00Z')")) is True


def test_current_time_is_the_submission_of_the_job() -> None:
    assert value_of("CurrentTime()") == Value(Kind.DATETIME, Instant(1767323045000, 0))


@pytest.mark.parametrize(
    "text",
    [
        "ToDate('x')",
        "ToDate('2021-02-30')",
        "ToDate('24:00')",
        "ToDate('2021','yyyy-MM')",
        "AddDuration(ToDate('2021'),'PT')",
        "REGEX_EXTRACT('a','(',1)",
        "REGEX_EXTRACT('a','a',-1)",
        "ToDate('2021-01-01','yyyy-MM-dd','Nowhere/Land')",
        "'a' matches '('",
    ],
)
def test_a_bad_program_or_date_fails_with_one_sentence(text: str) -> None:
    with pytest.raises(DataError) as caught:
        value_of(text)
    assert "\n" not in caught.value.message
