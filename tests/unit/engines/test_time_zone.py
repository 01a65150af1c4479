"""The time zone of the host has no say in what datetimes mean."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pyarrow.parquet


def run(folder: Path, source: dict[str, Any], fields: list[dict[str, str]], target: dict[str, Any]) -> None:
    components = [
        {"id": "s", "type": "cloud_storage_source_component", "connection": {"name": "here"}, "properties": source,
         "fields": fields},
        {"id": "d", "type": "cloud_storage_destination_component", "connection": {"name": "here"}, "properties": target},
    ]  # fmt: skip
    (folder / "p.json").write_text(json.dumps({"components": components, "edges": [{"from": "s", "to": "d"}]}))
    (folder / "c.json").write_text(json.dumps({"here": {"type": "file", "path": "."}}))
    command = [sys.executable, "-m", "penstock", "run", str(folder / "p.json"), "--connections", str(folder / "c.json")]
    subprocess.run(command, check=True, env={**os.environ, "TZ": "America/New_York"}, capture_output=True)


def test_parquet_holds_the_instant_wherever_the_host_is(tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text("2021-07-14T15:09:26.535+01:00\n2021-01-01T00:00:00Z\n2021-01-02\n\n")
    at = [{"name": "at", "type": "datetime"}]
    run(tmp_path, {"path": "in.csv", "delimiter": ","}, at, {"path": "first", "format": "parquet"})
    column = pyarrow.parquet.read_table(tmp_path / "first" / "part-00000.parquet").column("at")
    assert column.type == pyarrow.timestamp("us", "UTC")
    wanted = [1626271766535000, 1609459200000000, 1609545600000000]
    assert [value for value in column.cast("int64").to_pylist() if value is not None] == wanted

    source = {"path": "first/part-00000.parquet", "record_type": "parquet"}
    run(tmp_path, source, at, {"path": "second", "delimiter": ","})
    assert [line for line in (tmp_path / "second" / "part-00000.csv").read_text().splitlines() if line] == [
        "2021-07-14T14:09:26.535Z",
        "2021-01-01T00:00:00.000Z",
        "2021-01-02T00:00:00.000Z",
    ]
