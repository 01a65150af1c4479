"""Statements of large packages, and that what only changes how a plan is run changes no record."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from penstock.cli.app import app
from penstock.engines.duckdb.statements import DEEPEST, build
from penstock.lang import compile_package
from penstock.plan.ports import Context

LAKE = {"name": "lake"}
SOURCE = {
    "id": "s",
    "type": "cloud_storage_source_component",
    "connection": LAKE,
    "properties": {"path": "in.csv"},
    "fields": [{"name": "id", "type": "int"}],
}
OUT = {"id": "d", "type": "cloud_storage_destination_component", "connection": LAKE, "properties": {"path": "out"}}


def chain(size: int) -> dict[str, Any]:
    """Return a flow of filters one behind the other, each dropping one number."""
    filters = [
        {"id": f"f{n}", "type": "filter_component", "properties": {"conditions": [{"expression": f"id != {n}"}]}}
        for n in range(size)
    ]
    ids = ["s", *(f"f{n}" for n in range(size)), "d"]
    return {"components": [SOURCE, *filters, OUT], "edges": edges(list(pairwise(ids)))}


def edges(pairs: Sequence[tuple[str, str]]) -> list[dict[str, str]]:
    return [{"from": begin, "to": end} for begin, end in pairs]


def run(folder: Path, flow: dict[str, Any], records: Sequence[int]) -> list[str]:
    (folder / "in.csv").write_text("".join(f"{one}\n" for one in records))
    (folder / "p.json").write_text(json.dumps(flow))
    (folder / "c.json").write_text(json.dumps({"lake": {"type": "file", "path": "."}}))
    done = CliRunner().invoke(app, ["run", str(folder / "p.json"), "--connections", str(folder / "c.json"), "--json"])
    assert done.exit_code == 0, done.output
    return (folder / "out" / "part-00000.csv").read_text().split()


def test_a_long_chain_is_cut_into_statements_and_runs(tmp_path: Path) -> None:
    size = 5 * DEEPEST
    assert run(tmp_path, chain(size), [0, 7, size - 1, size, size + 1]) == [str(size), str(size + 1)]


def test_a_union_of_many_inputs_runs(tmp_path: Path) -> None:
    union = [{"from": "s", "to": "u", "input": str(number)} for number in range(1, 501)]
    flow = {
        "components": [SOURCE, {"id": "u", "type": "union_component"}, OUT],
        "edges": [*union, *edges([("u", "d")])],
    }
    assert run(tmp_path, flow, [1, 2]) == ["1", "2"] * 500


@pytest.mark.parametrize(
    ("sizes", "joined"),
    [({"l": 10, "r": 9}, '"l" AS l LEFT JOIN "r" AS r ON'), ({"l": 9, "r": 10}, '"r" AS r RIGHT JOIN "l" AS l ON')],
)
def test_the_smaller_side_of_a_join_is_held_in_memory(sizes: dict[str, int], joined: str) -> None:
    both = [{"input": "left", "field": "id"}, {"input": "right", "field": "id", "alias": "other"}]
    properties = {"join_type": "left", "keys": [{"left": "id", "right": "id"}], "fields": both}
    flow = {
        "components": [
            SOURCE | {"id": "l"},
            SOURCE | {"id": "r"},
            {"id": "j", "type": "join_component", "properties": properties},
            OUT,
        ],
        "edges": [
            {"from": "l", "to": "j", "input": "left"},
            {"from": "r", "to": "j", "input": "right"},
            {"from": "j", "to": "d"},
        ],
    }
    plan = compile_package(flow, {}).plan
    assert plan is not None
    made = build(plan, Context(datetime(2026, 1, 2, tzinfo=UTC)), lambda scan: f"SELECT * FROM {scan.component}", sizes)
    assert joined in made.outputs[0]
