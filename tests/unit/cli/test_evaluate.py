"""`penstock eval`: one expression, and a batch of them as JSON lines. No line stops the ones after it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from typer.testing import CliRunner

from penstock.cli.app import app


def batch(*cases: Any) -> list[dict[str, Any]]:
    """Answers to cases: objects as JSON, texts and bytes as they are."""
    lines = [one if isinstance(one, str | bytes) else json.dumps(one) for one in cases]
    given = b"\n".join(one if isinstance(one, bytes) else one.encode() for one in lines)
    result = CliRunner().invoke(app, ["eval", "--batch"], input=given)
    assert result.exit_code == 0, result.exception
    return [json.loads(line) for line in result.stdout.splitlines()]


def one(expression: str, **case: Any) -> dict[str, Any]:
    (answer,) = batch({"id": 1, "expression": expression, **case})
    assert answer.pop("id") == 1
    return answer


@pytest.mark.parametrize(
    ("expression", "given", "answer"),
    [
        ("a + 1", {"a": 2147483647}, {"value": -2147483648, "type": "int"}),
        ("a + 1", {"a": 2147483648}, {"value": 2147483649, "type": "long"}),
        ("a + 1", {"a": {"$long": 1}}, {"value": 2, "type": "long"}),
        ("a", {"a": 1.0}, {"value": 1.0, "type": "double"}),
        ("a", {"a": {"$double": 1}}, {"value": 1.0, "type": "double"}),
        ("a", {"a": {"$float": 0.1}}, {"value": 0.1, "type": "float"}),
        ("(double)a", {"a": {"$float": 0.1}}, {"value": 0.10000000149011612, "type": "double"}),
        ("a.$0 == 0.1F", {"a": {"$tuple": [{"$float": 0.1}]}}, {"value": True, "type": "boolean"}),
        ("SUM(a)", {"a": {"$bag": [[4], [None], [6]]}}, {"value": 10, "type": "long"}),
        ("SUM(a)", {"a": {"$bag": [[1], [3000000000]]}}, {"value": 3000000001, "type": "long"}),
        ("SUM(a)", {"a": {"$bag": [[1], [2.5]]}}, {"value": 3.5, "type": "double"}),
        ("MIN(a)", {"a": {"$bag": [["b"], ["a"], [None]]}}, {"value": "a", "type": "chararray"}),
        ("MAX(a.$1)", {"a": {"$bag": [["x", 5], [None, 7], ["y", None]]}}, {"value": 7, "type": "int"}),
        ("MAX(a)", {"a": {"$bag": [[5], ["10"]]}}, {"value": 10.0, "type": "double"}),
        ("a", {"a": {"$bag": [[1], [1, 2]]}}, {"value": {"$bag": [[1], [1, 2]]}, "type": "bag"}),
        ("(float)a", {"a": 1e39}, {"value": {"$float": "Infinity"}, "type": "float"}),
        ("a", {"a": {"$double": "NaN"}}, {"value": {"$double": "NaN"}, "type": "double"}),
        ("a", {"a": None}, {"value": None, "type": "bytearray"}),
        ("a", {"a": True}, {"value": True, "type": "boolean"}),
        ("a", {"a": "é😀"}, {"value": "é😀", "type": "chararray"}),
        ("a", {"a": {"$datetime": "2018-02-21T08:59:00Z"}},
         {"value": {"$datetime": "2018-02-21T08:59:00.000Z"}, "type": "datetime"}),
        ("a", {"a": {"$bag": [[1, "x"], [2, "y"]]}}, {"value": {"$bag": [[1, "x"], [2, "y"]]}, "type": "bag"}),
        ("a", {"a": {"$tuple": [1, None]}}, {"value": {"$tuple": [1, None]}, "type": "tuple"}),
        ("a", {"a": {"$map": {"k": {"$map": {}}}}}, {"value": {"$map": {"k": {"$map": {}}}}, "type": "map"}),
        ("left::a", {"left::a": 1}, {"value": 1, "type": "int"}),
        ("$x + $y", {"variables": {"x": "1", "y": "$x * 2"}}, {"value": 3, "type": "int"}),
    ],
)  # fmt: skip
def test_values_in_and_out(expression: str, given: dict[str, Any], answer: dict[str, Any]) -> None:
    assert one(expression, input=given) == answer


@pytest.mark.parametrize("ms", [0, 1, 9, 123, 250, 513, 999])
def test_now_is_what_the_current_time_is(ms: int) -> None:
    now = f"2018-02-21T08:59:00.{ms:03d}Z"
    assert one("CurrentTime()", now=now)["value"] == {"$datetime": now}


@pytest.mark.parametrize(
    "case",
    [
        {"expression": "a", "input": {"a": {"$double": "abc"}}},
        {"expression": "a", "input": {"a": {"$double": 10**400}}},
        {"expression": "a", "input": {"a": {"$int": 2**31}}},
        {"expression": "a", "input": {"a": {"$int": 1.5}}},
        {"expression": "a", "input": {"a": {"$int": True}}},
        {"expression": "a", "input": {"a": 2**63}},
        {"expression": "a", "input": {"a": [1]}},
        {"expression": "a", "input": {"a": {"b": 1}}},
        {"expression": "a", "input": {"a": {"$bag": [1]}}},
        {"expression": "a", "input": {"a": {"$tuple": {}}}},
        {"expression": "a", "input": {"a": {"$map": []}}},
        {"expression": "a", "input": {"a": {"$datetime": "x"}}},
        {"expression": "a", "input": {"a": {}}},
        {"expression": "a", "input": {"a b": 1}},
        {"expression": "a", "input": {"a": "\ud83d"}},
        {"expression": "'\ud83d'"},
        {"expression": "1", "input": 5},
        {"expression": "1", "input": {"variables": 5}},
        {"expression": "a", "input": {"variables": {"x": []}}},
        {"expression": "1", "now": "soon"},
        {"expression": "1", "now": 5},
        {"expression": "1", "now": "12018-02-21"},
        {"expression": 1},
        {},
        [],
        "nonsense",
        b'{"expression": "\xff"}',
        '{"expression": "1", "input": ' + '{"$tuple": [' * 200 + "]}" * 200 + "}",
        "[" * 100_000,
    ],
    ids=lambda case: repr(case)[:60],
)
def test_a_line_that_is_no_case_is_answered_and_the_next_one_read(case: Any) -> None:
    first, second = batch(
        {**case, "id": "\ud800"} if isinstance(case, dict) else case, {"id": 2, "expression": "1 + 1"}
    )
    assert first["error"]["code"] == "bad_request", first
    assert second == {"id": 2, "value": 2, "type": "int"}


@pytest.mark.parametrize(
    ("expression", "code"),
    [
        ("1 +", "PK202"),
        ("nope", "PK301"),
        ("$nope", "PK303"),
        ("ExecuteSqlLong('a', 'b')", "PK601"),
        ("ToDate('x')", "data"),
        ("'a' matches '('", "bad_pattern"),
    ],
)
def test_what_fails_says_why(expression: str, code: str) -> None:
    assert one(expression)["error"]["code"] == code


def test_a_failing_variable_is_the_failure() -> None:
    assert one("$x", input={"variables": {"x": "1 +"}})["error"]["code"] == "PK202"
    assert one("$x", input={"variables": {"x": "ToDate('x')"}})["error"]["code"] == "PK306"


def test_one_expression() -> None:
    result = CliRunner().invoke(app, ["eval", "UPPER(name)", "--set", 'name="duck"'])
    assert (result.exit_code, result.stdout) == (0, '"DUCK"  chararray\n')
    result = CliRunner().invoke(app, ["eval", "1.0/3", "--json"])
    assert json.loads(result.stdout) == {"value": 1 / 3, "type": "double"}


def test_one_expression_that_fails_shows_where() -> None:
    result = CliRunner().invoke(app, ["eval", "a + nope", "--set", "a=1"])
    assert result.exit_code == 2
    assert "PK301" in result.stderr
    assert "  a + nope\n      ^^^^\n" in result.stderr
