"""`penstock run`: a package file end to end, without a server."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from penstock.cli.app import app


def source(path: str = "in.csv", **properties: Any) -> dict[str, Any]:
    return {
        "id": "s",
        "type": "cloud_storage_source_component",
        "name": "orders",
        "connection": {"name": "lake"},
        "properties": {"path": path, "delimiter": ",", "quote": '"', "skip_header": True, **properties},
        "fields": [{"name": "id", "type": "long"}, {"name": "total", "type": "double"}, {"name": "who"}],
    }


def destination(**properties: Any) -> dict[str, Any]:
    return {
        "id": "d",
        "type": "cloud_storage_destination_component",
        "name": "out",
        "connection": {"name": "lake"},
        "properties": {"path": "out", "delimiter": ",", "quote": '"', "header": True, **properties},
    }


@pytest.fixture
def lake(tmp_path: Path) -> Path:
    folder = tmp_path / "lake"
    folder.mkdir()
    (folder / "in.csv").write_text('id,total,who\n1,2.5,ann\n2,,"b,ob"\n3,x,carl,extra\n4\n')
    (tmp_path / "connections.json").write_text(json.dumps({"lake": {"type": "file", "path": "lake"}}))
    return folder


def run(lake: Path, components: list[dict[str, Any]], *options: str) -> tuple[int, dict[str, Any]]:
    edges = [{"from": a["id"], "to": b["id"]} for a, b in pairwise(components)]
    package = lake.parent / "package.json"
    package.write_text(json.dumps({"name": "p", "data_flow_json": {"components": components, "edges": edges}}))
    arguments = ["run", str(package), "--connections", str(lake.parent / "connections.json"), "--json", *options]
    result = CliRunner().invoke(app, arguments)
    return result.exit_code, json.loads(result.stdout)


def test_a_package_runs_and_says_what_it_wrote(lake: Path) -> None:
    big = {"id": "f", "type": "filter_component", "properties": {"conditions": [{"expression": "id >= $least"}]}}
    code, answer = run(lake, [source(), big, destination()], "--var", "least=2")
    assert (code, answer["status"], answer["sources"]) == (0, "completed", {"orders": 4})
    assert answer["outputs"][0]["records_count"] == 3
    receipt = answer["outputs"][0]["receipt"]
    assert (receipt["read"], receipt["filtered"], receipt["rejected"], receipt["written"]) == ({"orders": 4}, 1, 0, 3)
    assert receipt["key"] == {"fields": ["id"], "minimum": ["2"], "maximum": ["4"]}
    assert len(receipt["hash"]) == 32
    assert (lake / "out" / "part-00000.csv").read_text() == 'id,total,who\n2,,"b,ob"\n3,,carl\n4,,\n'


def test_a_failed_job_leaves_the_old_files_and_no_strays(lake: Path) -> None:
    (lake / "out").mkdir()
    (lake / "out" / "old.csv").write_text("old")
    bad = {
        "id": "x",
        "type": "select_component",
        "properties": {"fields": [{"expression": "ToDate(who)", "alias": "d"}]},
    }
    code, answer = run(lake, [source(), bad, destination(if_exists="replace")])
    assert (code, answer["status"]) == (1, "failed")
    assert "is no ISO 8601 date-time" in answer["errors"]
    assert sorted(one.name for one in lake.iterdir()) == ["in.csv", "out"]
    assert [one.name for one in (lake / "out").iterdir()] == ["old.csv"]


def test_a_package_that_does_not_compile_is_invalid(lake: Path) -> None:
    bad = {"id": "f", "type": "filter_component", "properties": {"conditions": [{"expression": "totl > 1"}]}}
    code, answer = run(lake, [source(), bad, destination()])
    assert code == 2
    assert answer["diagnostics"][0]["code"] == "PK301"
    assert answer["diagnostics"][0]["range"] == [0, 4]
    assert answer["diagnostics"][0]["hint"] == "Did you mean 'total'?"


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("missing.csv", "No file matches"),
        ("../connections.json", "'..'"),
        ("link.csv", "leads outside"),
    ],
)
def test_a_source_that_cannot_be_read_is_one_sentence(lake: Path, path: str, said: str) -> None:
    (lake / "link.csv").symlink_to(lake.parent / "connections.json")
    code, answer = run(lake, [source(path), destination()])
    assert code == 1
    assert said in answer["errors"]
    assert answer["errors"].startswith("Component 'orders'")


def test_a_file_in_another_encoding_is_named(lake: Path) -> None:
    (lake / "in.csv").write_bytes(b"id,total,who\n1,2,\xff\xfe\n")
    code, answer = run(lake, [source(), destination()])
    assert code == 1
    assert "is not valid UTF-8" in answer["errors"]
    assert "in.csv" in answer["errors"]
