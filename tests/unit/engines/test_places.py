"""A function that fails the job: the sentence names the component that calls it."""

from __future__ import annotations

import itertools
import json
from pathlib import Path
from typing import Any

from typer.testing import CliRunner

from penstock.cli.app import app


def run(folder: Path, selects: list[str], outputs: int = 1) -> dict[str, Any]:
    (folder / "in.csv").write_text("t\nx\n")
    (folder / "connections.json").write_text(json.dumps({"data": {"type": "file", "path": "."}}))
    source = {
        "id": "in", "type": "cloud_storage_source_component", "name": "in", "connection": "data",
        "properties": {"path": "in.csv", "skip_header": True}, "fields": [{"name": "t", "type": "string"}],
    }  # fmt: skip
    steps = [
        {"id": f"s{n}", "type": "select_component", "name": f"step {n}",
         "properties": {"fields": [{"expression": text, "alias": "t"}]}}
        for n, text in enumerate(selects)
    ]  # fmt: skip
    targets = [
        {"id": f"o{n}", "type": "cloud_storage_destination_component", "name": f"out {n}", "connection": "data",
         "properties": {"path": f"out{n}"}}
        for n in range(outputs)
    ]  # fmt: skip
    chain = ["in", *(one["id"] for one in steps)]
    edges = [{"from": one, "to": other} for one, other in itertools.pairwise(chain)]
    edges += [{"from": chain[-1], "to": one["id"]} for one in targets]
    (folder / "p.json").write_text(json.dumps({"components": [source, *steps, *targets], "edges": edges}))
    words = ["run", str(folder / "p.json"), "--connections", str(folder / "connections.json"), "--json"]
    found: dict[str, Any] = json.loads(CliRunner().invoke(app, words).stdout)
    return found


def test_the_only_caller_is_named(tmp_path: Path) -> None:
    found = run(tmp_path, ["CONCAT(t, 'y')", "(chararray)ToDate(t)", "CONCAT(t, 'z')"])
    assert found["status"] == "failed"
    assert found["errors"].startswith("Component 'step 1': 'xy' is no ISO 8601 date-time.")


def test_of_several_callers_all_are_named(tmp_path: Path) -> None:
    found = run(tmp_path, ["CONCAT((chararray)ToDate('2020'), t)", "(chararray)ToDate(t)"])
    assert found["errors"].startswith("Component 'step 0' or 'step 1': ")


def test_a_step_that_several_outputs_share_is_named(tmp_path: Path) -> None:
    found = run(tmp_path, ["(chararray)ToDate(t)"], outputs=2)
    assert found["errors"].startswith("Component 'step 0': 'x' is no ISO 8601 date-time.")
    assert not list(tmp_path.glob("out*"))
