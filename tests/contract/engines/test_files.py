"""Every format goes out and comes in again with the same records, on every engine."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from penstock.cli.app import app

FIELDS = [
    {"name": "id", "type": "long"}, {"name": "s"}, {"name": "d", "type": "double"}, {"name": "t", "type": "datetime"},
    {"name": "k"},
]  # fmt: skip
RECORDS = [
    {"id": n, "s": f"té,x{n}", "d": n / 4, "t": "2024-02-29T01:02:03.004Z", "k": [None, "a/b", "ü"][n % 3]}
    for n in range(60)
]
WRITTEN: dict[str, dict[str, Any]] = {
    "bzip2": {"delimiter": ",", "quote": '"', "header": True, "compression": "bzip2"},
    "zstd": {"delimiter": ",", "escape": "\\", "compression": "zstd", "merge_to_single_file": True},
    "lines": {"format": "json", "compression": "bzip2", "merge_to_single_file": True},
    "array": {"format": "json_array", "merge_to_single_file": True},
    "arrays": {"format": "json_array", "compression": "gzip"},
    "avro": {"format": "avro"},
    "avro_whole": {"format": "avro", "merge_to_single_file": True},
    "excel": {"format": "excel", "header": True, "merge_to_single_file": True},
    "sized": {"delimiter": ",", "quote": '"', "target_size_bytes": 500},
    "folders": {"format": "json", "partition_by": ["k"]},
    "folders_whole": {"format": "parquet", "partition_by": ["k"], "merge_to_single_file": True},
    "folders_ordered": {"format": "json", "partition_by": ["k"]},
}
READ: dict[str, dict[str, Any]] = {
    "bzip2": {"delimiter": ",", "quote": '"', "skip_header": True},
    "zstd": {"delimiter": ",", "escape": "\\"},
    "lines": {"record_type": "json"},
    "array": {"record_type": "json", "record_delimiter": "eof", "base_record": "$"},
    "arrays": {"record_type": "json", "record_delimiter": "eof", "base_record": "$[*]"},
    "avro": {"record_type": "avro"},
    "avro_whole": {"record_type": "avro"},
    "excel": {"record_type": "excel", "skip_header": True, "match_fields": "name"},
    "sized": {"delimiter": ",", "quote": '"'},
}


def source(name: str, properties: dict[str, Any], fields: list[dict[str, Any]]) -> dict[str, Any]:
    kind = "cloud_storage_source_component"
    return {"id": name, "type": kind, "name": name, "connection": "lake", "properties": properties, "fields": fields}


def target(name: str, properties: dict[str, Any]) -> dict[str, Any]:
    kind = "cloud_storage_destination_component"
    return {"id": name, "type": kind, "name": name, "connection": "lake", "properties": properties}


@pytest.fixture
def run(tmp_path: Path, engine_name: str) -> Any:
    """Runs components on an engine; returns its outputs by name."""

    def run(components: list[dict[str, Any]], edges: list[dict[str, str]]) -> dict[str, Any]:
        (tmp_path / "connections.json").write_text(json.dumps({"lake": {"type": "file", "path": "."}}))
        (tmp_path / "p.json").write_text(json.dumps({"components": components, "edges": edges}))
        words = ["run", str(tmp_path / "p.json"), "--connections", str(tmp_path / "connections.json"), "--json"]
        done = CliRunner().invoke(app, [*words, "--engine", engine_name])
        assert done.exit_code == 0, done.output
        return {one["component"]["name"]: one for one in json.loads(done.stdout)["outputs"]}

    return run


@pytest.fixture(params=["duckdb", "spark"])
def engine_name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def test_what_is_written_is_read_again(run: Any, tmp_path: Path) -> None:
    for number in range(2):
        lines = (json.dumps(one) + "\n" for one in RECORDS[number::2])
        (tmp_path / f"in{number}.json").write_text("".join(lines))
    ordered = {
        "id": "sorted",
        "type": "sort_component",
        "name": "sorted",
        "properties": {"order_by": [{"field": "id"}]},
    }
    components = [source("in", {"path": "in*.json", "record_type": "json"}, FIELDS), ordered]
    components += [target(name, {"path": f"out/{name}", **properties}) for name, properties in WRITTEN.items()]
    edges = [{"from": "in", "to": "sorted"}]
    edges += [
        {"from": "sorted" if name in ("sized", "folders_ordered", "array") else "in", "to": name} for name in WRITTEN
    ]
    outputs = run(components, edges)
    assert {name: one["records_count"] for name, one in outputs.items()} == dict.fromkeys(WRITTEN, 60)
    for name, properties in WRITTEN.items():
        files = [Path(one) for one in outputs[name]["files"]]
        assert all(one.is_file() for one in files)
        if properties.get("merge_to_single_file") and "partition_by" not in properties:
            assert len(files) == 1
    folders = {Path(one).parent.name: Path(one) for one in outputs["folders_whole"]["files"]}
    assert sorted(folders) == ["k=%C3%BC", "k=__HIVE_DEFAULT_PARTITION__", "k=a%2Fb"]
    for kind in ("folders", "folders_ordered"):
        by_folder: dict[str, list[int]] = {}
        for one in outputs[kind]["files"]:
            lines = Path(one).read_text().splitlines()
            by_folder.setdefault(Path(one).parent.name, []).extend(json.loads(line)["id"] for line in lines)
        wanted = {"k=__HIVE_DEFAULT_PARTITION__": 0, "k=a%2Fb": 1, "k=%C3%BC": 2}
        made = by_folder if kind == "folders_ordered" else {name: sorted(ids) for name, ids in by_folder.items()}
        assert made == {name: list(range(first, 60, 3)) for name, first in wanted.items()}
    assert len(outputs["sized"]["files"]) > 3
    texts = "".join(Path(one).read_text() for one in outputs["sized"]["files"])
    assert [int(line.split(",")[0]) for line in texts.splitlines()] == list(range(60))
    assert [one["id"] for one in json.loads(Path(outputs["array"]["files"][0]).read_text())] == list(range(60))
    again(run, tmp_path)


def again(run: Any, tmp_path: Path) -> None:
    components, edges = [], []
    for name, properties in READ.items():
        components.append(source(name, {"path": f"out/{name}/*", **properties}, FIELDS))
        components.append(target(f"to_{name}", {"path": f"again/{name}", "format": "json"}))
        edges.append({"from": name, "to": f"to_{name}"})
    outputs = run(components, edges)
    for name in READ:
        lines = [line for one in outputs[f"to_{name}"]["files"] for line in Path(one).read_text().splitlines()]
        records = sorted((json.loads(line) for line in lines), key=lambda one: one["id"])
        assert records == RECORDS, name
