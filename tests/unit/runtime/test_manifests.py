"""Sources that read only what is new: the manifest is replaced after the whole job, and by nothing less."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from penstock.cli.app import app

Run = Callable[..., dict[str, Any]]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Runs a package that appends the records of `in/*.csv` to `out`; returns what is printed."""
    (tmp_path / "in").mkdir()

    def run(second: bool = False, **more: Any) -> dict[str, Any]:
        manifest = {"connection": {"name": "lake"}, "path": "kept/[1] orders.gz"}
        properties = {"path": "in/*.csv", "delimiter": ",", "source_action": "incremental", "manifest": manifest}
        components: list[dict[str, Any]] = [
            {"id": one, "type": "cloud_storage_source_component", "name": one, "connection": "lake",
             "properties": {**properties, **more}, "fields": [{"name": "n", "type": "int"}]}
            for one in (["in", "again"] if second else ["in"])
        ]  # fmt: skip
        edges = [{"from": one["id"], "to": f"out_{one['id']}"} for one in components]
        components += [
            {"id": edge["to"], "type": "cloud_storage_destination_component", "name": edge["to"], "connection": "lake",
             "properties": {"path": edge["to"], "if_exists": "append"}}
            for edge in edges
        ]  # fmt: skip
        (tmp_path / "connections.json").write_text(json.dumps({"lake": {"type": "file", "path": "."}}))
        (tmp_path / "p.json").write_text(json.dumps({"components": components, "edges": edges}))
        words = ["run", str(tmp_path / "p.json"), "--connections", str(tmp_path / "connections.json"), "--json"]
        found: dict[str, Any] = json.loads(CliRunner().invoke(app, words).stdout)
        return found

    return run


def listed(tmp_path: Path) -> dict[str, int]:
    lines = gzip.decompress((tmp_path / "kept" / "[1] orders.gz").read_bytes()).decode().splitlines()
    return {Path(one["path"]).name: one["size"] for one in map(json.loads, lines)}


def count(done: dict[str, Any]) -> int:
    assert done["status"] == "completed", done
    found: int = done["outputs"][0]["records_count"]
    return found


def test_only_new_and_changed_files_are_read(run: Run, tmp_path: Path) -> None:
    (tmp_path / "in" / "a.csv").write_text("1\n2\n")
    assert count(run()) == 2
    assert listed(tmp_path) == {"a.csv": 4}
    entry = json.loads(gzip.decompress((tmp_path / "kept" / "[1] orders.gz").read_bytes()))
    folder = str(tmp_path / "in")
    assert entry == {"path": f"{folder}/a.csv", "srcDir": folder, "srcPath": f"{folder}/a.csv", "size": 4}
    assert count(run()) == 0
    (tmp_path / "in" / "b.csv").write_text("3\n")
    (tmp_path / "in" / "a.csv").write_text("1\n2\n4\n")
    assert count(run()) == 4
    assert listed(tmp_path) == {"a.csv": 6, "b.csv": 2}
    (tmp_path / "in" / "b.csv").unlink()
    assert count(run()) == 0
    (tmp_path / "in" / "b.csv").write_text("3\n")
    assert count(run()) == 1
    assert not list(tmp_path.glob(".*"))


@pytest.mark.parametrize("path", ["in/kept.gz", "/in/kept.gz", "in/"])
def test_a_manifest_in_the_folder_that_is_read_is_no_data(run: Run, tmp_path: Path, path: str) -> None:
    (tmp_path / "in" / "a.csv").write_text("1\n")
    place = {"connection": {"name": "lake"}, "path": path}
    assert count(run(path="in/*", manifest=place)) == 1
    assert count(run(path="in/*", manifest=place)) == 0
    (tmp_path / "in" / "b.csv").write_text("2\n3\n")
    assert count(run(path="in/*", manifest=place)) == 2


def test_a_job_that_fails_leaves_the_manifest(run: Run, tmp_path: Path) -> None:
    (tmp_path / "in" / "a.csv").write_text("1\n")
    assert count(run()) == 1
    (tmp_path / "in" / "b.csv").write_text("x\n")
    assert run(on_bad_value="fail")["status"] == "failed"
    assert listed(tmp_path) == {"a.csv": 2}
    (tmp_path / "in" / "b.csv").write_text("7\n")
    assert count(run(on_bad_value="fail")) == 1


@pytest.mark.parametrize(
    "content",
    [b"", b"no gzip", gzip.compress(b"[]\n", mtime=0), gzip.compress(b'{"path": "a"}\n', mtime=0)],
    ids=["empty", "plain", "list", "no size"],
)
def test_a_manifest_that_cannot_be_read_fails_the_job(run: Run, tmp_path: Path, content: bytes) -> None:
    (tmp_path / "in" / "a.csv").write_text("1\n")
    (tmp_path / "kept").mkdir()
    (tmp_path / "kept" / "[1] orders.gz").write_bytes(content)
    assert "the manifest 'kept/[1] orders.gz' cannot be read" in run()["errors"]
    assert (tmp_path / "kept" / "[1] orders.gz").read_bytes() == content


def test_two_sources_with_one_manifest_are_refused(run: Run, tmp_path: Path) -> None:
    (tmp_path / "in" / "a.csv").write_text("1\n")
    assert "its manifest is that of 'in' as well" in run(second=True)["errors"]


def test_no_file_at_all_stays_an_error(run: Run) -> None:
    assert "No file matches" in run()["errors"]
