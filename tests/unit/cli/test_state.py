"""The file of `penstock run --state`, and `penstock watermarks`."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from penstock.cli import state as states
from penstock.cli.app import app
from penstock.errors import BadRequest, NotFound, PermanentError


def mark(value: str) -> dict[str, Any]:
    return {"column": "n", "order": "whole numbers", "value": value, "ties": []}


def move(began: str | None, reached: str, component: str = "rows") -> dict[str, Any]:
    texts = {"component_id": component, "component": component, "connection": "db", "key": "k", "reads": "t"}
    return {**texts, "began": None if began is None else mark(began), "reached": mark(reached)}


def test_it_holds_what_runs_have_reached(tmp_path: Path) -> None:
    file = tmp_path / "p.state"
    with states.opened(file, "p") as kept:
        assert kept.watermarks == []
        kept.move([])
        assert not file.exists()
        kept.move([move(None, "5"), move(None, "1", "more")])
    with states.opened(file, "p") as kept:
        assert [(one["component"], one["mark"]["value"]) for one in kept.watermarks] == [("rows", "5"), ("more", "1")]
        kept.move([move("5", "3")])
        kept.move([move("5", "9")])
    with states.opened(file) as kept:
        assert [one["mark"]["value"] for one in kept.watermarks] == ["9", "1"]
        assert kept.reset("rows") == 1
        with pytest.raises(NotFound, match=r"no watermark of 'rows'.*It has: more"):
            kept.reset("rows")
    with states.opened(file) as kept:
        assert [one["component"] for one in kept.watermarks] == ["more"]
    assert sorted(one.name for one in tmp_path.iterdir()) == [".p.state.lock", "p.state"]


def test_it_is_of_one_package_and_of_one_run(tmp_path: Path) -> None:
    file = tmp_path / "p.state"
    with states.opened(file, "p") as kept:
        kept.move([move(None, "5")])
        with pytest.raises(BadRequest, match="Another run uses"), states.opened(file, "p"):
            pass
    with pytest.raises(BadRequest, match="holds the watermarks of 'p', not of 'q'"), states.opened(file, "q"):
        pass


@pytest.mark.parametrize(
    "text", ["", "[]", "{", '{"format": 2}', '{"format": 1, "package": "p", "watermarks": [{}]}', "\xff"]
)
def test_what_is_no_such_file_is_refused(tmp_path: Path, text: str) -> None:
    file = tmp_path / "p.state"
    file.write_bytes(text.encode("latin-1"))
    with pytest.raises(BadRequest, match="holds no watermarks"), states.opened(file, "p"):
        pass


def test_places_that_cannot_be_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(BadRequest, match="cannot be used"), states.opened(tmp_path / "no" / "p.state", "p"):
        pass
    with states.opened(tmp_path / "p.state", "p") as kept:

        def full(*_: object) -> None:
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(states.os, "fsync", full)
        with pytest.raises(PermanentError, match=r"cannot be written: No space left on device\. The next run reads"):
            kept.move([move(None, "5")])


def flow() -> dict[str, Any]:
    return {
        "components": [
            {
                "id": "s", "name": "rows", "type": "database_source_component", "connection": {"name": "db"},
                "properties": {"table": "t", "source_action": "incremental", "watermark": {"column": "$by"}},
                "fields": [{"name": "n", "type": "int"}],
            },
            {
                "id": "o", "name": "out", "type": "cloud_storage_destination_component", "connection": {"name": "lake"},
                "properties": {"path": "out", "if_exists": "replace", "delimiter": ","},
            },
        ],
        "edges": [{"from": "s", "to": "o"}],
    }  # fmt: skip


def test_runs_and_the_command(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "t.db", isolation_level=None)) as base:
        base.execute("CREATE TABLE t (n INTEGER)")
        base.execute("INSERT INTO t VALUES (1), (2)")
    package, connections, state = tmp_path / "p.json", tmp_path / "c.json", tmp_path / "p.state"
    package.write_text(json.dumps({"name": "p", "variables": {"by": "'n'"}, "data_flow_json": flow()}))
    there = {"db": {"type": "sqlite", "path": str(tmp_path / "t.db")}, "lake": {"type": "file", "path": str(tmp_path)}}
    connections.write_text(json.dumps(there))

    def run(*more: str) -> tuple[int, dict[str, Any]]:
        done = CliRunner().invoke(app, ["run", str(package), "--connections", str(connections), "--json", *more])
        return done.exit_code, json.loads(done.stdout)

    code, answer = run()
    assert (code, answer["status"]) == (1, "failed")
    assert "Name a file for it: penstock run --state FILE." in answer["errors"]
    code, answer = run("--state", str(state))
    assert (code, answer["outputs"][0]["records_count"]) == (0, 2)
    code, answer = run("--state", str(state))
    assert (code, answer["outputs"][0]["records_count"]) == (0, 0)
    assert answer["outputs"][0]["receipt"]["watermarks"] == {"rows": "n: above 2, up to 2"}
    shown = CliRunner().invoke(app, ["watermarks", "--state", str(state), "--json"])
    (one,) = json.loads(shown.stdout)
    assert (one["component"], one["column"], one["value"], one["reads"]) == ("rows", "n", "2", "t")
    assert "rows" in CliRunner().invoke(app, ["watermarks", "--state", str(state)]).stdout
    reset = CliRunner().invoke(app, ["watermarks", "--state", str(state), "--reset", "rows"])
    assert reset.stdout == "1 watermark of 'rows' taken away: its next job reads everything.\n"
    assert "no watermarks" in CliRunner().invoke(app, ["watermarks", "--state", str(state)]).stdout
    assert run("--state", str(state))[1]["outputs"][0]["records_count"] == 2


def test_the_command_wants_one_place(tmp_path: Path) -> None:
    for words in (["watermarks"], ["watermarks", "1", "--state", "x"], ["watermarks", "--state", str(tmp_path / "x")]):
        done = CliRunner().invoke(app, words)
        assert isinstance(done.exception, BadRequest), words
