"""Names that differ only in case are different names, although DuckDB takes them for one."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from penstock.cli.app import app


def run(folder: Path, middle: list[dict[str, Any]], target: dict[str, Any]) -> tuple[int, dict[str, Any]]:
    here = {"name": "here"}
    fields = [{"name": "a", "type": "int"}, {"name": "A", "type": "int"}, {"name": "aB"}, {"name": "Ab"}]
    parts: list[dict[str, Any]] = [
        {"id": "in", "type": "cloud_storage_source_component", "connection": here, "fields": fields,
         "properties": {"path": "in.csv", "delimiter": ","}},
        *middle,
        {"id": "out", "type": "cloud_storage_destination_component", "connection": here, "properties": target},
    ]  # fmt: skip
    edges: list[dict[str, str]] = []
    for first, second in pairwise(parts):
        if second["type"] == "join_component":
            edges += [{"from": first["id"], "to": second["id"], "input": side} for side in ("left", "right")]
        else:
            edges.append({"from": first["id"], "to": second["id"]})
    (folder / "in.csv").write_text("1,10,x,p\n2,20,y,q\n2,30,z,q\n")
    (folder / "p.json").write_text(json.dumps({"components": parts, "edges": edges}))
    (folder / "c.json").write_text(json.dumps({"here": {"type": "file", "path": "."}}))
    done = CliRunner().invoke(app, ["run", str(folder / "p.json"), "--connections", str(folder / "c.json"), "--json"])
    return done.exit_code, json.loads(done.stdout)


FLAT = {"path": "out", "delimiter": ","}


def part(kind: str, **properties: Any) -> dict[str, Any]:
    return {"id": kind, "type": f"{kind}_component", "properties": properties}


@pytest.mark.parametrize(
    ("middle", "wanted"),
    [
        ([], "1,10,x,p\n2,20,y,q\n2,30,z,q\n"),
        ([part("select", fields=[{"expression": "a + A", "alias": "s"}, {"expression": "CONCAT(aB,Ab)", "alias": "S"}])],
         "11,xp\n22,yq\n32,zq\n"),
        ([part("filter", conditions=[{"expression": "A > 15 AND a < 15"}])], "2,20,y,q\n2,30,z,q\n"),
        ([part("sort", order_by=[{"field": "A", "direction": "desc"}])], "2,30,z,q\n2,20,y,q\n1,10,x,p\n"),
        ([part("aggregate", group_by=["Ab", "a"], functions=[{"function": "sum", "field": "A", "alias": "ab"}]),
          part("sort", order_by=[{"field": "a"}])], "p,1,10\nq,2,50\n"),
        ([part("join", keys=[{"left": "A", "right": "A"}],
               fields=[{"input": "left", "field": "a"}, {"input": "right", "field": "A"}]),
          part("sort", order_by=[{"field": "A"}])], "1,10\n2,20\n2,30\n"),
        ([part("distinct", keys=["a"]), part("select", fields=[{"expression": "a"}, {"expression": "Ab"}]),
          part("sort", order_by=[{"field": "a"}])], "1,p\n2,q\n"),
    ],
)  # fmt: skip
def test_each_name_keeps_its_own_values(tmp_path: Path, middle: list[dict[str, Any]], wanted: str) -> None:
    code, answer = run(tmp_path, middle, FLAT)
    assert code == 0, answer
    assert (tmp_path / "out" / "part-00000.csv").read_text() == wanted


@pytest.mark.parametrize("target", [{"format": "parquet"}, {"format": "json"}, {"header": True}])
def test_a_file_that_cannot_hold_both_is_refused_before_the_job_starts(tmp_path: Path, target: dict[str, Any]) -> None:
    code, answer = run(tmp_path, [], {"path": "out", **target})
    assert code == 2
    assert answer["diagnostics"][0]["code"] == "PK604"
    assert not (tmp_path / "out").exists()
