"""Packages of one source and one destination, run as `penstock run` runs them."""

from __future__ import annotations

import itertools
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from penstock.cli.app import app

Copy = Callable[..., dict[str, Any]]


@pytest.fixture
def copy(tmp_path: Path) -> Copy:
    """Run source → destination over *fields* (`name:type` words, or field objects); returns what `--json` prints.

    *select* is a list of expression and alias between the two, *mapping* of field and column."""

    def copy(
        read: dict[str, Any],
        fields: list[Any] | None,
        write: dict[str, Any],
        select: list[tuple[str, str]] | None = None,
        mapping: list[tuple[str, str]] | None = None,
    ) -> dict[str, Any]:
        (tmp_path / "connections.json").write_text(json.dumps({"data": {"type": "file", "path": "."}}))
        listed = [
            {"name": one.split(":")[0], "type": one.split(":")[1]} if isinstance(one, str) else one
            for one in fields or ()
        ]
        steps = [
            {
                "id": "in", "type": "cloud_storage_source_component", "name": "in", "connection": "data",
                "properties": read, **({} if fields is None else {"fields": listed}),
            },
            {
                "id": "out", "type": "cloud_storage_destination_component", "name": "out", "connection": "data",
                "properties": {"path": "out", "if_exists": "replace", **write},
                **({} if mapping is None else {"mapping": [{"alias": one, "column": name} for one, name in mapping]}),
            },
        ]  # fmt: skip
        if select is not None:
            fields_made = [{"expression": text, "alias": alias} for text, alias in select]
            steps.insert(1, {"id": "s", "type": "select_component", "name": "s", "properties": {"fields": fields_made}})
        edges = [{"from": one["id"], "to": other["id"]} for one, other in itertools.pairwise(steps)]
        (tmp_path / "p.json").write_text(json.dumps({"components": steps, "edges": edges}))
        words = ["run", str(tmp_path / "p.json"), "--connections", str(tmp_path / "connections.json"), "--json"]
        found: dict[str, Any] = json.loads(CliRunner().invoke(app, words).stdout)
        return found

    return copy


@pytest.fixture
def read(copy: Copy, tmp_path: Path) -> Callable[..., list[list[Any]]]:
    """The records that a source gives for files (name to text or bytes), as JSON values; a failed job is its error text."""

    def read(files: dict[str, str | bytes], fields: list[Any] | None, **properties: Any) -> Any:
        for name, content in files.items():
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).write_bytes(content if isinstance(content, bytes) else content.encode())
        shutil.rmtree(tmp_path / "out", ignore_errors=True)
        found = copy(
            {"path": next(iter(files)), **properties}, fields, {"format": "json", "merge_to_single_file": True}
        )
        if found["status"] != "completed":
            assert not (tmp_path / "out").exists()
            assert not list(tmp_path.glob(".out*"))
            return found["errors"]
        lines = (tmp_path / "out" / "part-00000.json").read_text().splitlines()
        return [list(json.loads(line).values()) for line in lines]

    return read


@pytest.fixture
def warned(read: Callable[..., Any], tmp_path: Path) -> Callable[..., list[str]]:
    """What a job that reads such files warns of."""

    def warned(files: dict[str, str | bytes], fields: list[Any] | None, **properties: Any) -> list[str]:
        read(files, fields, **properties)
        words = ["run", str(tmp_path / "p.json"), "--connections", str(tmp_path / "connections.json")]
        found = CliRunner().invoke(app, words, env={"COLUMNS": "300"}).output.splitlines()
        return [line.removeprefix("warning").strip() for line in found if line.startswith("warning")]

    return warned
