"""A Filter over a cross join gives the same records whether DuckDB looks for the pairs or tests all of them."""

from __future__ import annotations

import json
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from penstock.cli.app import app
from penstock.engines.duckdb.statements import build
from penstock.lang import compile_package
from penstock.plan.ports import Context

LAKE = {"name": "lake"}
JOINED = {
    "i == j": True,
    "i == j AND x < y": True,
    "i >= j AND i < j + 2": True,
    "j <= i AND i <= j + 1": True,
    "x >= y AND x <= y + 1.0": True,
    "y < x AND (x < y + 2.0 OR t == u)": False,
    "x == y": True,
    "x >= y AND x <= y": True,
    "t >= u AND t <= u": True,
    "t == u AND i != j": True,
    "i < j": False,
    "i < 3 AND j > 1": False,
    "i == j OR t == u": False,
    "i + j == 4": False,
    "(i == j) AND NOT (x > y)": True,
    "t matches '[ab]+' AND t == u": True,
    "ToDate(t) == ToDate(u)": False,
}
"""Conditions, and whether they say which pairs to look for."""
RECORDS = """\
1,0.0,a
2,-0.0,b
3,NaN,a
,1.5,
4,Infinity,\U0001d11e
2,,\uff5e
1,-1.0,ab
"""


def source(identity: str, names: str) -> dict[str, Any]:
    types = ("int", "double", "string")
    fields = [{"name": name, "type": word} for name, word in zip(names.split(), types, strict=True)]
    return {
        "id": identity, "type": "cloud_storage_source_component", "connection": LAKE,
        "properties": {"path": "in.csv", "delimiter": ","}, "fields": fields,
    }  # fmt: skip


def destination(identity: str) -> dict[str, Any]:
    kind = "cloud_storage_destination_component"
    return {"id": identity, "type": kind, "connection": LAKE, "properties": {"path": f"out/{identity}"}}


def flow(condition: str) -> dict[str, Any]:
    """Return a flow with two cross joins: a Filter alone reads the first; the second is written as it is, too."""
    parts = [source("l", "i x t"), source("r", "j y u"), destination("pairs")]
    edges = [{"from": "d", "to": "pairs"}]
    for pairs, name in (("c", "alone"), ("d", "beside")):
        parts.append({"id": pairs, "type": "cross_join_component"})
        parts.append(
            {"id": f"f_{name}", "type": "filter_component", "properties": {"conditions": [{"expression": condition}]}}
        )
        parts.append(destination(name))
        edges += [{"from": "l", "to": pairs, "input": "left"}, {"from": "r", "to": pairs, "input": "right"}]
        edges += [{"from": pairs, "to": f"f_{name}"}, {"from": f"f_{name}", "to": name}]
    return {"components": parts, "edges": edges}


@pytest.mark.parametrize("condition", [one for one in JOINED if "ToDate" not in one])
def test_the_same_records_either_way(condition: str, tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text(RECORDS)
    (tmp_path / "p.json").write_text(json.dumps(flow(condition)))
    (tmp_path / "c.json").write_text(json.dumps({"lake": {"type": "file", "path": "."}}))
    command = ["run", str(tmp_path / "p.json"), "--connections", str(tmp_path / "c.json"), "--json"]
    done = CliRunner().invoke(app, command)
    assert done.exit_code == 0, done.output
    counts = json.loads(done.stdout)["outputs"]
    alone, beside = (
        Counter((tmp_path / "out" / name / "part-00000.csv").read_text().splitlines()) for name in ("alone", "beside")
    )
    assert alone == beside
    assert alone
    assert {one["records_count"] for one in counts} >= {49}


@pytest.mark.parametrize(("condition", "is_joined"), JOINED.items())
def test_pairs_are_looked_for_where_that_is_faster(condition: str, is_joined: bool) -> None:
    plan = compile_package(flow(condition), {}).plan
    assert plan is not None
    made = build(plan, Context(datetime(2026, 1, 2, tzinfo=UTC)), lambda scan: f"SELECT * FROM {scan.component}")
    by_name = dict(zip((one.component for one in plan.outputs), made.outputs, strict=True))
    assert ("LEFT JOIN" in by_name["alone"]) is is_joined
    assert ("CROSS JOIN" in by_name["alone"]) is not is_joined
    assert "JOIN" not in by_name["beside"]
