"""What a job says is the same on every engine: values that did not fit, and files that had to be read again."""

from __future__ import annotations

import json
from pathlib import Path

from typer.testing import CliRunner

from penstock.cli.app import app

PACKAGE = """penstock: 1
name: Counted
components:
  - name: orders
    type: cloud_storage_source
    connection: lake
    path: orders/*.csv
    delimiter: ","
    fields: [n: int, m: double]
  - name: out
    type: cloud_storage_destination
    input: orders
    connection: lake
    path: out
"""


def lines_of(folder: Path, engine: str) -> list[str]:
    """Return what a run says of its records, in order."""
    command = [
        "run",
        str(folder / "package.yaml"),
        "--connections",
        str(folder / "connections.json"),
        "--engine",
        engine,
    ]
    done = CliRunner().invoke(app, command, env={"COLUMNS": "200"})
    assert done.exit_code == 0, done.output
    said = [line.split(None, 1) for line in done.stdout.splitlines() if line.strip()]
    return [line[1] for line in said if line[0] == "warning" or "Reads again" in line[-1] or "shuffled" in line[-1]]


def test_what_did_not_fit_is_said(tmp_path: Path) -> None:
    (tmp_path / "lake" / "orders").mkdir(parents=True)
    (tmp_path / "connections.json").write_text(json.dumps({"lake": {"type": "file", "path": "lake"}}))
    (tmp_path / "package.yaml").write_text(PACKAGE)
    (tmp_path / "lake" / "orders" / "a.csv").write_text("1,1.5\nx,y\n2,z\n")
    (tmp_path / "lake" / "orders" / "b.csv").write_text("1,1.5\nz,2.5,3\n4,5\r6,7\n")
    on_duckdb = lines_of(tmp_path, "duckdb")
    (tmp_path / "package.yaml").write_text(PACKAGE.replace("path: out", "path: more"))
    on_spark = lines_of(tmp_path, "spark")
    assert on_duckdb == [
        "Reads again, some files record by record: they are not as neat as they looked.",
        "orders: 2 records became null, for 'n' is no int there",
        "orders: 2 records became null, for 'm' is no double there",
    ]
    assert on_spark == [*on_duckdb, "Spark shuffled 0 bytes and spilled 0 bytes to disk"]
