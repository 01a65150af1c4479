"""Stores where single files are kept, and what need not land again: manifests live by both."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from penstock.cli.app import app
from penstock.errors import PermanentError
from penstock.plan.operators import Scan
from penstock.plan.ports import Keeper, Landing


@pytest.fixture
def file(tmp_path: Path) -> Path:
    made = tmp_path / "kept.txt"
    made.write_text("one")
    return made


def keep(bench: Any, path: str, file: Path) -> str:
    assert isinstance(bench.store, Keeper)
    return bench.store.keep(bench.connection, bench.bucket, path, file, "named.gz")


def test_a_file_is_kept_in_place_of_the_old_one(bench: Any, file: Path) -> None:
    bench.fill({"a/b/other": "o"})
    assert keep(bench, "a/b/[1] ü.gz", file).endswith("a/b/[1] ü.gz")
    file.write_text("two, longer")
    keep(bench, "a/b/[1] ü.gz", file)
    assert bench.tree() == {"a/b/other": "o", "a/b/[1] ü.gz": "two, longer"}


def test_folders_are_made_or_take_it_under_its_name(bench: Any, file: Path) -> None:
    bench.fill({"there/other": "o"})
    assert keep(bench, "there", file).endswith("there/named.gz")
    keep(bench, "new/deep/", file)
    keep(bench, "first", file)
    assert bench.tree() == {"there/other": "o", "there/named.gz": "one", "new/deep/named.gz": "one", "first": "one"}


def test_a_path_that_goes_up_is_refused(bench: Any, file: Path) -> None:
    with pytest.raises(PermanentError):
        keep(bench, "../up.gz", file)
    assert bench.tree() == {}


def test_a_replacement_that_fails_leaves_the_old_file(bench: Any, file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bench.fill({"m.gz": "old"})
    file.unlink()
    with pytest.raises((PermanentError, OSError)):
        keep(bench, "m.gz", file)
    assert bench.tree() == {"m.gz": "old"}


def test_what_is_known_does_not_land(far: Any, source: Callable[..., Scan], landing: Callable[..., Landing]) -> None:
    far.fill({"in/a": "aaa", "in/b": "b", "in/c": "cc"})
    arrived: list[int] = []
    asked: list[tuple[str, int]] = []

    def is_known(name: str, size_bytes: int) -> bool:
        asked.append((name, size_bytes))
        return name.endswith("in/a")

    place = replace(landing(), is_known=is_known, arrived=lambda amount, _: arrived.append(amount))
    found = far.store.bind(source("in/", far.bucket), far.connection, place).files
    assert [(one.name.rpartition("in/")[2], one.size_bytes, bool(one.location)) for one in found] == [
        ("a", 3, False), ("b", 1, True), ("c", 2, True),
    ]  # fmt: skip
    assert [Path(one.location).read_text() for one in found[1:]] == ["b", "cc"]
    assert max(arrived) == 3
    assert [one for _, one in asked] == [3, 1, 2]
    assert sorted(one.name for one in place.folder.rglob("*") if one.is_file()) == ["b", "c"]


def test_an_incremental_source_reads_only_what_its_manifest_in_the_store_does_not_list(
    far: Any, tmp_path: Path
) -> None:
    if far.connection.type == "gs":
        pytest.skip("its stand-in takes a key that connections do not take")
    given = {**far.connection.parameters, "password": far.connection.secret("password"), "type": far.connection.type}
    (tmp_path / "out").mkdir()
    (tmp_path / "connections.json").write_text(
        json.dumps({"far": given, "here": {"type": "file", "path": str(tmp_path / "out")}})
    )
    place = {"connection": {"name": "far"}, "bucket": far.bucket, "path": "manifests/"}
    properties = {"path": "in/", "bucket": far.bucket, "source_action": "incremental", "manifest": place}
    components = [
        {"id": "in", "type": "cloud_storage_source_component", "name": "in", "connection": "far",
         "properties": properties, "fields": [{"name": "n", "type": "int"}]},
        {"id": "out", "type": "cloud_storage_destination_component", "name": "out", "connection": "here",
         "properties": {"path": "o", "if_exists": "append"}},
    ]  # fmt: skip
    (tmp_path / "p.json").write_text(json.dumps({"components": components, "edges": [{"from": "in", "to": "out"}]}))

    def run() -> int:
        words = ["run", str(tmp_path / "p.json"), "--connections", str(tmp_path / "connections.json"), "--json"]
        done = json.loads(CliRunner().invoke(app, words).stdout)
        assert done["status"] == "completed", done
        return int(done["outputs"][0]["records_count"])

    far.fill({"in/a": "1\n2\n"})
    assert run() == 2
    far.fill({"in/b": "3\n"})
    assert [run(), run()] == [1, 0]
    assert sorted(far.names()) == ["in/a", "in/b", "manifests/manifest.gz"]
