"""Texts that a shared function gave stay what they are, whatever DuckDB does with the memory that holds them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from penstock.cli.app import app

TEXT = "value number {0}, too long to lie beside its length"
NAMED = "REPLACE(a, '(?=n)number', 'N')"


@pytest.mark.parametrize(
    ("expression", "wanted"),
    [
        (f"COALESCE({NAMED}, 'none')", "value N {0}, too long to lie beside its length"),
        (f"UPPER(COALESCE({NAMED}, {NAMED}))", "VALUE N {0}, TOO LONG TO LIE BESIDE ITS LENGTH"),
        (f"COALESCE((b is null ? null : {NAMED}), 'none', a)", "none"),
        (f"(chararray)TOTUPLE({NAMED}).$0", "value N {0}, too long to lie beside its length"),
        (f"(chararray)TOTUPLE(TOBAG({NAMED})).$0", '["value N {0}, too long to lie beside its length"]'),
        (f"(chararray)COALESCE(TOMAP('k', {NAMED}), TOMAP('n', 1))#'k'", "value N {0}, too long to lie beside its length"),
    ],
)  # fmt: skip
def test_texts_of_shared_functions_survive_coalesce(tmp_path: Path, expression: str, wanted: str) -> None:
    texts = [TEXT.format(number) if number % 3 else "" for number in range(5000)]
    (tmp_path / "in.csv").write_text("".join(f"{text}\t\n" for text in texts))
    (tmp_path / "c.json").write_text(json.dumps({"data": {"type": "file", "path": "."}}))
    source = {
        "id": "in", "type": "cloud_storage_source_component", "connection": "data", "properties": {"path": "in.csv"},
        "fields": [{"name": "a"}, {"name": "b"}],
    }  # fmt: skip
    kept = {"conditions": [{"expression": "a is not null"}]}
    fields = [{"expression": expression, "alias": "t"}, {"expression": "a", "alias": "a"}]
    target = {
        "id": "out", "type": "cloud_storage_destination_component", "connection": "data",
        "properties": {"path": "out", "format": "json"},
    }  # fmt: skip
    parts = [
        source,
        {"id": "kept", "type": "filter_component", "properties": kept},
        {"id": "select", "type": "select_component", "properties": {"fields": fields}},
        target,
    ]
    edges = [{"from": "in", "to": "kept"}, {"from": "kept", "to": "select"}, {"from": "select", "to": "out"}]
    (tmp_path / "p.json").write_text(json.dumps({"components": parts, "edges": edges}))
    done = CliRunner().invoke(app, ["run", str(tmp_path / "p.json"), "--connections", str(tmp_path / "c.json")])
    assert done.exit_code == 0, done.output
    rows = [json.loads(line) for line in (tmp_path / "out" / "part-00000.json").read_text().splitlines()]
    assert len(rows) == sum(1 for text in texts if text)
    for row in rows:
        assert row["t"] == wanted.format(row["a"].split()[2].rstrip(","))
