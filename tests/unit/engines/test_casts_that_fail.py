"""Values that a cast cannot convert become null, and the log of the job says how many (dataflow reference 4.4)."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from penstock.engines.duckdb.run import DuckEngine
from penstock.runtime.execute import OpenGate, Order, execute
from penstock.runtime.look import Quiet
from penstock.wiring import jobs

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
ROWS = "12;1.5;true;9999999999\nx;y;z;w\n;;;\n3.7;1e3;TRUE;99999999999999999999\n"
Lines = Callable[..., list[str]]


@pytest.fixture
def lines(tmp_path: Path) -> Lines:
    """Run a Select, and perhaps a Filter or an Assert before it; return the warnings of its log, and the records before
    them."""

    def run(*expressions: str, where: str = "true", holds: str = "true") -> list[str]:
        (tmp_path / "in.csv").write_text(ROWS)
        flow = {
            "components": [
                {"id": "s", "type": "cloud_storage_source_component", "name": "in", "connection": "lake",
                 "properties": {"path": "in.csv", "delimiter": ";"}, "fields": [{"name": name} for name in "abcd"]},
                {"id": "f", "type": "filter_component", "name": "some",
                 "properties": {"conditions": [{"expression": where}]}},
                {"id": "a", "type": "assert_component", "name": "sound",
                 "properties": {"conditions": [{"expression": holds}], "message": "no"}},
                {"id": "x", "type": "select_component", "name": "typed", "properties": {"fields": [
                    {"expression": text, "alias": f"v{number}"} for number, text in enumerate(expressions)]}},
                {"id": "d", "type": "cloud_storage_destination_component", "name": "out", "connection": "lake",
                 "properties": {"path": "out", "delimiter": ",", "quote": '"', "if_exists": "replace"}},
            ],
            "edges": [{"from": a, "to": b} for a, b in ("sf", "fa", "ax", "xd")],
        }  # fmt: skip
        lake = {"lake": {"type": "file", "path": str(tmp_path)}}
        order = Order("run-1", json.dumps(flow), NOW.isoformat(), connections=lake, scratch=str(tmp_path))
        listener = Quiet()
        execute(order, DuckEngine(), jobs.connectors(None), listener, OpenGate())
        records = (tmp_path / "out" / "part-00000.csv").read_text().splitlines()
        return [*records, *(line for level, line in listener.lines if level == "warning")]

    return run


def many(count: int) -> str:
    if count == 1:
        return "typed: 1 value became null, for a cast could not convert it"
    return f"typed: {count} values became null, for a cast could not convert them"


@pytest.mark.parametrize(
    ("expression", "records", "count"),
    [
        ("(int)a", ["12", "", "", "3"], 1),
        ("(long)d", ["9999999999", "", "", ""], 2),
        ("(double)b", ["1.5", "", "", "1000.0"], 1),
        ("(float)b", ["1.5", "", "", "1000.0"], 1),
        ("(boolean)c", ["true", "", "", "true"], 1),
        ("(int)TOMAP('k', a)#'k'", ["12", "", "", "3"], 1),
        ("(boolean)TOMAP('k', c)#'k'", ["true", "", "", "true"], 1),
        ("(int)a + (int)a", ["24", "", "", "6"], 1),
        ("ABS((int)a)", ["12", "", "", "3"], 1),
        ("(int)a + (int)d", ["", "", "", ""], 4),
    ],
)
def test_what_cannot_be_converted_is_counted(lines: Lines, expression: str, records: list[str], count: int) -> None:
    assert lines(expression) == [*records, many(count)]


def test_a_cast_that_is_written_twice_counts_once(lines: Lines) -> None:
    assert lines("(int)a", "(int)a + 1", "(double)b")[-1] == many(2)


@pytest.mark.parametrize(
    "expression",
    ["(chararray)a", "ParseIntOrDefault(a, 1)", "CASE WHEN a != 'x' THEN (int)a ELSE 0 END", "(int)1.5", "a is null"],
)
def test_nothing_is_said_where_nothing_fails(lines: Lines, expression: str) -> None:
    assert len(lines(expression)) == 4


def test_a_filter_counts_for_itself(lines: Lines) -> None:
    assert lines("a", where="(int)a > 3") == ["12", many(1).replace("typed", "some")]
    found = lines("(int)a", where="(double)b is null")
    assert found == ["", "", many(1).replace("typed", "some"), many(1)]


@pytest.mark.parametrize("behind", ["true", "a is not null"])
def test_an_assert_counts_for_itself(lines: Lines, behind: str) -> None:
    found = lines("a", where=behind, holds="COALESCE((int)a, 1) > 0")
    assert found[-1] == many(1).replace("typed", "sound")


@pytest.mark.parametrize(
    ("expression", "records"),
    [
        ("SIZE(JsonStringToBag(CONCAT('[', a, ']')))", ["1", "", "", "1"]),
        ("JsonStringToMap(CONCAT('{\"k\":', a, '}'))#'k'", ["12", "", "", "3.7"]),
    ],
)
def test_what_is_no_json_is_counted_apart(lines: Lines, expression: str, records: list[str]) -> None:
    said = "typed: 1 text became null, for it could not be read as JSON"
    assert lines(expression) == [*records, said]
    assert lines(expression, "(int)a")[-2:] == [many(1), said]
