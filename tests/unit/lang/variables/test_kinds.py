"""Secret variables and those of an account: where they stand, what they hide, and texts that have lost their quotes."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest

from penstock.engines.duckdb.run import DuckEngine
from penstock.lang.variables import Evaluated, Given, evaluate_in, placeholders, resolve
from penstock.plan.ports import Context
from penstock.plan.schema import Schema

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def evaluated(**given: Mapping[str, Any]) -> Evaluated:
    engine = DuckEngine()
    return evaluate_in(
        resolve(Given(**given)), lambda expr, at: engine.evaluate((expr,), Schema(), {}, at)[0], Context(NOW)
    )[0]


def text_of(found: Evaluated, name: str) -> str:
    return found.values[name].text


def test_what_is_nearer_to_the_run_wins() -> None:
    found = evaluated(
        account={"a": "1", "b": "1", "c": "1", "d": "1", "_DEFAULT_TIMEZONE": "'+02:00'"},
        package={"b": "2", "c": "2", "d": "2"},
        dynamic={"c": "3"},
        static={"d": "4"},
    )
    assert [text_of(found, name) for name in "abcd"] == ["1", "2", "3", "4"]
    assert text_of(found, "_DEFAULT_TIMEZONE") == "+02:00"


def test_each_kind_uses_those_before_it() -> None:
    found = evaluated(
        secret={"s": "x"},
        account={"one": "CONCAT('$s', '$_PARQUET_COMPRESSION')", "two": "CONCAT('$one', '!')"},
        package={"three": "CONCAT('$two', '$s')"},
    )
    assert text_of(found, "three") == "xUNCOMPRESSED!x"
    order = [one.name for one in resolve(Given(secret={"s": "x"}, account={"one": "1"}, package={"p": "1"}))]
    assert (
        order.index("_JOB_ID")
        < order.index("s")
        < order.index("_DEFAULT_TIMEZONE")
        < order.index("one")
        < order.index("p")
    )


def test_a_variable_of_the_account_does_not_see_those_of_packages() -> None:
    (finding,) = evaluated(account={"a": "$p"}, package={"p": "1"}).diagnostics
    assert finding.code == "PK305"


def test_what_is_computed_from_a_secret_is_secret() -> None:
    found = evaluated(
        secret={"s": "x"}, package={"a": "UPPER('$s')", "b": "SIZE('$a')", "c": "1 + 1", "d": "CONCAT('\\$s', 'y')"}
    )
    assert {name for name, value in found.values.items() if value.secret} == {"s", "a", "b"}
    assert text_of(found, "d") == "$sy"


def test_a_secret_is_text_and_no_expression() -> None:
    found = evaluated(secret={"s": "1 + 1"}, package={"a": "CONCAT('$s', '')", "b": "$s"})
    assert (text_of(found, "s"), text_of(found, "a"), text_of(found, "b")) == ("1 + 1", "1 + 1", "2")


def test_a_secret_without_a_value_stops_a_run_and_not_a_validation() -> None:
    (finding,) = evaluated(secret={"s": None}).diagnostics
    assert finding.code == "PK306"
    assert "secret variable 's' has no value" in finding.message
    stands_in = placeholders(resolve(Given(secret={"s": None}, package={"a": "(int)'$s' + 1"})))
    assert stands_in.diagnostics == ()
    assert stands_in.values["s"].placeholder
    assert stands_in.values["a"].secret


def test_a_value_given_for_the_run_is_as_secret() -> None:
    found = evaluated(secret={"s": None, "t": None}, static={"s": "'x'"}, dynamic={"t": "CONCAT('y', 'z')"})
    assert [(found.values[name].text, found.values[name].secret) for name in "st"] == [("x", True), ("yz", True)]
    assert found.diagnostics == ()


@pytest.mark.parametrize("text", ["qz jk", "qz'", "qz\\", "1qz", "qz +", "qz.jk"])
@pytest.mark.parametrize("expression", ["$s", "$s + 1", "CONCAT($s, 'x')", "UPPER('$s"])
def test_a_finding_about_a_secret_quotes_nothing_of_it(text: str, expression: str) -> None:
    found = evaluated(secret={"s": text}, package={"a": expression})
    for finding in found.diagnostics:
        said = f"{finding.message} {finding.hint or ''}"
        assert "qz" not in said
        assert "jk" not in said


@pytest.mark.parametrize("text", ["2026-01-03", "a b", "eu", "1/2", "10.1.1.1", "x == 1"])
def test_a_text_without_quotes_is_reported(text: str) -> None:
    found = evaluated(package={"a": f"'{text}'", "b": "$a"})
    warnings = [one for one in found.diagnostics if one.code == "PK910"]
    assert len(warnings) == 1
    assert warnings[0].field == "variables.b"
    assert (warnings[0].span.start, warnings[0].span.end) == (0, 2)  # type: ignore[union-attr]  # it has one


@pytest.mark.parametrize("text", ["12", "-1.5", "1e5", "10L", "2.5F", "true", "NULL", "", " 7 ", "\\'eu\\'", "ABS(1)"])
def test_what_is_meant_as_an_expression_is_not(text: str) -> None:
    found = evaluated(package={"a": f"'{text}'", "b": "'$a'" if not text.strip() else "COALESCE($a, $a)"})
    assert "PK910" not in {one.code for one in found.diagnostics}


def test_a_reference_in_quotes_or_to_a_predefined_one_is_not_reported() -> None:
    found = evaluated(
        package={"day": "'2026-01-03'", "a": "CONCAT('$day', '${day}')", "b": "COALESCE($_PACKAGE_NAME, '')"},
        predefined={"_PACKAGE_NAME": "big orders"},
    )
    assert found.diagnostics == ()
