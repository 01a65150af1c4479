"""Values of variables: in list order, once per job, as text."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from penstock.domain.diagnostic import Span
from penstock.engines.duckdb.run import DuckEngine
from penstock.lang.variables import Evaluated, Given, evaluate_in, placeholders, resolve
from penstock.plan.exprs import Expr
from penstock.plan.ports import Context
from penstock.plan.schema import Schema
from penstock.plan.values import Value

NOW = datetime(2018, 2, 21, 8, 59, 0, 1_000, tzinfo=UTC)
ENGINE = DuckEngine()


def compute(expr: Expr, context: Context) -> Value | None:
    return ENGINE.evaluate((expr,), Schema(), {}, context)[0]


def evaluated(package: dict[str, Any], **given: dict[str, Any]) -> tuple[Evaluated, Context]:
    return evaluate_in(resolve(Given(package, **given)), compute, Context(NOW))


def texts(package: dict[str, Any], **given: dict[str, Any]) -> dict[str, str]:
    found, _ = evaluated(package, **given)
    assert found.diagnostics == ()
    return {name: value.text for name, value in found.values.items() if not name.startswith("_")}


@pytest.mark.parametrize(
    ("expression", "text"),
    [
        ("1 + 2", "3"), ("2147483647 + 1", "-2147483648"), ("(int)4294967296L", "0"), ("3000000000L", "3000000000"),
        ("'a'", "a"),
        ("'\\'a\\''", "'a'"), ("''", ""), ("null", ""), ("1/0", ""), ("TRUE", "true"), ("2.50", "2.5"),
        ("1e10", "1.0E10"),
        ("0.1F", "0.1"), ("-0.0", "-0.0"), ("CurrentTime()", "2018-02-21T08:59:00.001Z"),
        ("ToString(CurrentTime(),'yyyy')", "2018"),
        ("CASE WHEN 1==2 THEN 'x' ELSE 'y' END", "y"), ("['a'#1]", '{"a":1}'), ("64", "64"), (64, "64"),
        (True, "true"), (2.5, "2.5"),
        ("COALESCE($_PACKAGE_LAST_SUCCESSFUL_JOB_SUBMISSION_TIMESTAMP,'first')", "first"),
        ("$_CLUSTER_NODES_COUNT * 2", "2"),
        ("1 -- a comment", "1"),
    ],
)  # fmt: skip
def test_a_value_becomes_text(expression: Any, text: str) -> None:
    assert texts({"v": expression}) == {"v": text}


def test_values_are_evaluated_in_list_order() -> None:
    assert texts({"b": "3", "a": "$b + 4", "c": "'$a-$b'"}) == {"b": "3", "a": "7", "c": "7-3"}


def test_a_random_value_is_drawn_once() -> None:
    found, _ = evaluated({"r": "RANDOM()"})
    value = found.values["r"].value
    assert value is not None
    assert float(found.values["r"].text) == value.data


@pytest.mark.parametrize(
    ("package", "code", "path", "span", "part"),
    [
        ({"a": "$a + 1"}, "PK305", "variables.a", Span(0, 2), "uses itself"),
        ({"a": "$b", "b": "1"}, "PK305", "variables.a", Span(0, 2), "evaluated after 'a'"),
        ({"a": "$nope"}, "PK303", "variables.a", Span(0, 5), "not defined"),
        ({"a": "1 +"}, "PK202", "variables.a", Span(3, 3), "ends after '+'"),
        ({"a": "field"}, "PK301", "variables.a", Span(0, 5), "does not arrive"),
        ({"x": "1", "a": "$x + nope"}, "PK301", "variables.a", Span(5, 9), "does not arrive"),
        ({"a": "ToDate('x')"}, "PK306", "variables.a", None, "cannot be computed"),
        ({"a": "ExecuteSqlLong('x')"}, "PK601", "variables.a", Span(0, 14), "not known for certain"),
        ({"a": ""}, "PK203", "variables.a", Span(0, 0), "empty"),
        ({"_DEFAULT_TIMEZONE": "'Mars'"}, "PK306", "variables._DEFAULT_TIMEZONE", None, "is no offset"),
    ],
)
def test_what_cannot_be_evaluated_is_a_finding(
    package: dict[str, Any], code: str, path: str, span: Span | None, part: str
) -> None:
    found, _ = evaluated(package)
    (finding,) = found.diagnostics
    assert (finding.code, finding.field, finding.span) == (code, path, span)
    assert part in finding.message


def test_a_variable_that_failed_is_not_reported_again_where_it_is_used() -> None:
    found, _ = evaluated({"a": "1 +", "b": "$a", "c": "5"})
    assert [one.field for one in found.diagnostics] == ["variables.a"]
    assert found.values["c"].text == "5"


@pytest.mark.parametrize(
    ("zone", "minutes"),
    [("'+02:00'", 120), ("'-0530'", -330), ("'+01'", 60), ("'Z'", 0), ("'UTC'", 0), ("''", 0), ("'+23:59'", 1439)],
)
def test_the_default_zone_holds_for_the_variables_after_it_and_for_the_job(zone: str, minutes: int) -> None:
    found, context = evaluated({"day": "(long)ToDate('1970-01-01')", "_DEFAULT_TIMEZONE": zone})
    assert found.diagnostics == ()
    assert context.zone_minutes == minutes
    assert found.values["day"].text == str(-minutes * 60_000)


@pytest.mark.parametrize("zone", ["'+24:00'", "'+2'", "'Europe/Paris'", "5", "'+02:60'", "'+0200 '"])
def test_what_is_no_offset_is_refused(zone: str) -> None:
    found, _ = evaluated({"_DEFAULT_TIMEZONE": zone})
    assert [one.code for one in found.diagnostics] == ["PK306"]


@pytest.mark.parametrize(
    ("text", "strict"), [("true", True), ("'true'", True), ("1 == 1", True), ("false", False), ("null", False)]
)
def test_strict_errors_are_part_of_the_context(text: str, strict: bool) -> None:
    assert evaluated({"_STRICT_PIG_ERRORS": text})[1].strict is strict


@pytest.mark.parametrize(
    ("text", "sums"), [("'auto'", None), ("null", None), ("true", True), ("'true'", True), ("false", False)]
)
def test_whether_records_are_hashed_is_part_of_the_context(text: str, sums: bool | None) -> None:
    found, context = evaluated({"_RECEIPT_HASH": text})
    assert (found.diagnostics, context.sums) == ((), sums)


def test_another_word_for_it_is_refused() -> None:
    assert [one.code for one in evaluated({"_RECEIPT_HASH": "'yes'"})[0].diagnostics] == ["PK306"]


def test_static_values_are_taken_as_they_are_but_for_one_pair_of_quotes() -> None:
    static = {
        "a": "1 + 1",
        "b": "'tomato'",
        "c": "''x''",
        "d": "'",
        "e": "it's",
        "n": 5,
        "t": True,
        "z": None,
        "q": "''",
    }
    assert texts({"a": "7", "sum": "$n + 1"}, static=static) == {
        "a": "1 + 1", "b": "tomato", "c": "'x'", "d": "'", "e": "it's", "n": "5", "t": "true", "z": "", "q": "",
        "sum": "6",
    }  # fmt: skip


def test_dynamic_values_are_expressions_in_the_place_of_the_packages_own() -> None:
    got = texts({"a": "1", "b": "$a + 1", "c": "$b"}, dynamic={"b": "$a * 10", "late": "'$c!'"})
    assert got == {"a": "1", "b": "10", "c": "10", "late": "10!"}


def test_a_run_overrides_system_variables_but_no_predefined_ones() -> None:
    found, context = evaluated(
        {"_DEFAULT_TIMEZONE": "'+01:00'"},
        static={"_DEFAULT_TIMEZONE": "+03:00", "_JOB_ID": "99"},
        predefined={"_JOB_ID": 7},
    )
    assert context.zone_minutes == 180
    assert found.values["_JOB_ID"].text == "7"


def test_validation_knows_constants_and_stands_in_for_the_rest() -> None:
    found = placeholders(
        resolve(Given({"n": "1 + 2", "s": "'x'", "t": "CurrentTime()", "d": "ToString(CurrentTime())", "b": "1 < 2"}))
    )
    assert found.diagnostics == ()
    shown = {name: (value.text, value.placeholder) for name, value in found.values.items() if not name.startswith("_")}
    assert shown == {
        "n": ("3", False), "s": ("x", False), "t": ("1970-01-01T00:00:00.000Z", True), "d": ("x", True), "b": ("true", True),
    }  # fmt: skip


def test_validation_finds_what_no_value_can_mend() -> None:
    found = placeholders(resolve(Given({"a": "1 +", "b": "nope", "c": "$c", "_DEFAULT_TIMEZONE": "'Mars'"})))
    assert sorted(one.code for one in found.diagnostics) == ["PK202", "PK301", "PK305", "PK306"]
