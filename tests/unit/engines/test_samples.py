"""Sample: the same seed gives the same records, another one others, and about the share that is asked for."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from typer.testing import CliRunner

from penstock.cli.app import app

RECORDS = 20_000


def sampled(folder: Path, **properties: Any) -> list[int]:
    lake = {"name": "lake"}
    source = {
        "id": "s", "type": "cloud_storage_source_component", "connection": lake, "properties": {"path": "in.csv"},
        "fields": [{"name": "id", "type": "int"}],
    }  # fmt: skip
    sample = {"id": "p", "type": "sample_component", "properties": properties}
    target = {"path": "out", "if_exists": "replace"}
    out = {"id": "d", "type": "cloud_storage_destination_component", "connection": lake, "properties": target}
    edges = [{"from": "s", "to": "p"}, {"from": "p", "to": "d"}]
    (folder / "in.csv").write_text("".join(f"{one}\n" for one in range(RECORDS)))
    (folder / "p.json").write_text(json.dumps({"components": [source, sample, out], "edges": edges}))
    (folder / "c.json").write_text(json.dumps({"lake": {"type": "file", "path": "."}}))
    done = CliRunner().invoke(app, ["run", str(folder / "p.json"), "--connections", str(folder / "c.json"), "--json"])
    assert done.exit_code == 0, done.output
    return sorted(int(line) for line in (folder / "out" / "part-00000.csv").read_text().split())


def test_a_seed_gives_the_same_records_each_time(tmp_path: Path) -> None:
    first = sampled(tmp_path, percentage=10, seed=7)
    assert first == sampled(tmp_path, percentage=10, seed=7)
    assert first != sampled(tmp_path, percentage=10, seed=8)
    # Three standard deviations are 127 records; these seeds are within them, today and always.
    assert abs(len(first) - RECORDS // 10) < 127


def test_a_larger_share_holds_the_smaller_one(tmp_path: Path) -> None:
    small, large = sampled(tmp_path, percentage=0.5, seed=3), sampled(tmp_path, percentage=50, seed=3)
    assert set(small) <= set(large)
    assert abs(len(small) - 100) < 30
    assert abs(len(large) - RECORDS // 2) < 213


def test_a_huge_seed_is_a_seed(tmp_path: Path) -> None:
    assert len(sampled(tmp_path, percentage=50, seed=10**30)) > 0


def test_no_record_is_kept_twice(tmp_path: Path) -> None:
    found = sampled(tmp_path, percentage=99.5)
    assert len(found) == len(set(found))
    assert sampled(tmp_path, percentage=100) == list(range(RECORDS))
    assert sampled(tmp_path, percentage=0) == []
