"""What became null, for a cast could not convert it or for it is no JSON, is counted and said alike on every engine."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from penstock.plan.ports import Engine
from penstock.runtime.execute import OpenGate, Order, execute
from penstock.runtime.look import Quiet
from penstock.wiring import jobs

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
ROWS = "12;1.5;true;9999999999\nx;y;z;w\n;;;\n3.7;1e3;TRUE;99999999999999999999\n"
Told = Callable[..., list[str]]


@pytest.fixture
def told(engine: Engine, tmp_path: Path) -> Told:
    """Runs a Filter, an Assert and a Select over four records of text; returns the records and the warnings of the log."""

    def run(*expressions: str, where: str = "true", holds: str = "true") -> list[str]:
        (tmp_path / "in.csv").write_text(ROWS)
        fields = [{"expression": text, "alias": f"v{number}"} for number, text in enumerate(expressions)]
        flow = {
            "components": [
                {"id": "s", "type": "cloud_storage_source_component", "name": "in", "connection": "lake",
                 "properties": {"path": "in.csv", "delimiter": ";"}, "fields": [{"name": name} for name in "abcd"]},
                {"id": "f", "type": "filter_component", "name": "some",
                 "properties": {"conditions": [{"expression": where}]}},
                {"id": "a", "type": "assert_component", "name": "sound",
                 "properties": {"conditions": [{"expression": holds}], "message": "no"}},
                {"id": "x", "type": "select_component", "name": "typed", "properties": {"fields": fields}},
                {"id": "d", "type": "cloud_storage_destination_component", "name": "out", "connection": "lake",
                 "properties": {"path": "out", "delimiter": ",", "quote": '"', "if_exists": "replace"}},
            ],
            "edges": [{"from": a, "to": b} for a, b in ("sf", "fa", "ax", "xd")],
        }  # fmt: skip
        lake = {"lake": {"type": "file", "path": str(tmp_path)}}
        order = Order("run-1", json.dumps(flow), NOW.isoformat(), connections=lake, scratch=str(tmp_path))
        listener = Quiet()
        execute(order, engine, jobs.connectors(None), listener, OpenGate())
        parts = sorted((tmp_path / "out").glob("part-*"))
        records = [line for part in parts for line in part.read_text().splitlines()]
        return [*records, *(line for level, line in listener.lines if level == "warning")]

    return run


def casts(component: str, count: int) -> str:
    if count == 1:
        return f"{component}: 1 value became null, for a cast could not convert it"
    return f"{component}: {count} values became null, for a cast could not convert them"


def texts(component: str, count: int) -> str:
    if count == 1:
        return f"{component}: 1 text became null, for it could not be read as JSON"
    return f"{component}: {count} texts became null, for they could not be read as JSON"


def test_each_kind_of_cast_is_counted(told: Told) -> None:
    found = told("(int)a", "(long)d", "(double)b", "(float)b", "(boolean)c", "(int)TOMAP('k', a)#'k'")
    assert found == [
        "12,9999999999,1.5,1.5,true,12",
        ",,,,,",
        ",,,,,",
        "3,,1000.0,1000.0,true,3",
        casts("typed", 1 + 2 + 1 + 1 + 1 + 1),
    ]


def test_a_cast_counts_once_and_where_it_is_reached(told: Told) -> None:
    found = told(
        "(int)a + (int)a", "(int)a + 1", "CASE WHEN a != 'x' THEN (int)d ELSE 0 END", "COALESCE((int)b, (int)c, 5)",
        "a == 'x' ? (int)d : (int)a",
    )  # fmt: skip
    # Of the Selects' casts: a once, 'x'; d of the first and the last record; b 'y' and then c 'z'; d 'w'. Of the last
    # record COALESCE takes b.
    assert found[-1] == casts("typed", 1 + 2 + 2 + 1)


def test_nothing_is_said_where_nothing_fails(told: Told) -> None:
    found = told(
        "(chararray)a", "ParseIntOrDefault(a, 1)", "CASE WHEN a != 'x' THEN (int)a ELSE 0 END", "(int)1.5", "a is null",
        "a matches '[0-9]+' ? (long)a : 7L",
    )  # fmt: skip
    assert len(found) == 4


def test_each_component_counts_for_itself(told: Told) -> None:
    found = told("(int)a", where="(double)b is null or (double)b > 5.0", holds="COALESCE((int)a, 1) > 0")
    assert found == ["", "", "3", casts("some", 1), casts("sound", 1), casts("typed", 1)]


@pytest.mark.parametrize(
    ("where", "count"),
    [
        ("(int)a > 3", 1), ("a != 'x' AND (int)a > 3", 0), ("a == 'x' OR (int)a > 3", 0), ("a != 'q' AND (int)a > 3", 1),
        ("NOT ((int)a > 3)", 1), ("(int)a > 3 AND (int)d > 3", 2),
    ],
)  # fmt: skip
def test_a_filter_computes_no_more_than_it_needs(where: str, count: int, told: Told) -> None:
    found = [line for line in told("a", where=where) if line.startswith("some")]
    assert found == ([casts("some", count)] if count else [])


def test_what_is_no_json_is_counted_apart(told: Told) -> None:
    found = told(
        "SIZE(JsonStringToBag(CONCAT('[', a, ']')))", "(int)a", "JsonStringToMap(CONCAT('{\"k\":', d, '}'))#'k'"
    )
    assert found[-2:] == [casts("typed", 1), texts("typed", 1 + 2)]
