"""Package files in YAML on the command line: run, validated, formatted, exported."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from penstock.cli import exchange
from penstock.cli.app import app
from penstock.lang.files import is_same, read_file

FILE = """\
penstock: 1
variables:
  - least: "2"
components:
  - name: orders
    type: cloud_storage_source
    connection: lake
    path: in.csv
    delimiter: ","
    fields:
      - id: long
      - "no": string
  - name: big
    type: filter
    input: orders
    where:
      - id >= $least
  - name: out
    type: cloud_storage_destination
    input: big
    connection: lake
    path: out
    delimiter: ","
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    (tmp_path / "lake").mkdir()
    (tmp_path / "lake" / "in.csv").write_text("1,a\n2,b\n3,c\n")
    (tmp_path / "connections.toml").write_text('[lake]\ntype = "file"\npath = "lake"\n')
    made = tmp_path / "big.yaml"
    made.write_text(FILE)
    return made


def call(*arguments: object) -> tuple[int, str]:
    result = CliRunner().invoke(app, [str(one) for one in arguments])
    return result.exit_code, result.stdout


def test_a_yaml_file_runs_as_its_json_does(file: Path) -> None:
    code, shown = call("run", file, "--connections", file.with_name("connections.toml"), "--json")
    answer = json.loads(shown)
    assert (code, answer["status"], answer["outputs"][0]["records_count"]) == (0, "completed", 2)
    assert (file.parent / "lake/out/part-00000.csv").read_text() == "2,b\n3,c\n"


def test_a_spelling_mistake_stops_a_run(file: Path) -> None:
    file.write_text(FILE.replace("variables:", "varaibles:"))
    code, shown = call("run", file, "--connections", file.with_name("connections.toml"), "--json")
    assert (code, json.loads(shown)["status"]) == (2, "invalid")
    assert not (file.parent / "lake/out").exists()


def test_findings_say_line_and_column(file: Path) -> None:
    file.write_text(FILE.replace("id >= $least", "idd >= $lesat"))
    code, shown = call("validate", file, "--json")
    assert code == 2
    found = json.loads(shown)
    assert [(one["code"], one["line"], one["column"]) for one in found] == [("PK303", 17, 9)]
    assert "PK303 error: big, properties.conditions[0].expression (line 17, column 9)" in call("validate", file)[1]


def test_a_mistyped_key_is_one_finding(file: Path) -> None:
    file.write_text(FILE.replace("    connection: lake\n    path: out", "    conection: lake\n    path: out"))
    found = json.loads(call("validate", file, "--json")[1])
    assert [(one["code"], one["hint"]) for one in found if one["code"] == "PK104"] == [
        ("PK104", "Did you mean 'connection'?")
    ]


def test_a_file_that_is_no_yaml_is_one_finding(file: Path) -> None:
    file.write_text(FILE + "\tx: 1\n")
    code, shown = call("validate", file, "--json")
    assert (code, [one["code"] for one in json.loads(shown)]) == (2, ["PK108"])


def test_fmt_writes_the_canonical_form_once(file: Path) -> None:
    file.write_text("# mine\n" + FILE.replace('least: "2"', "least: 2"))
    assert call("fmt", file, "--check") == (1, f"{file}: not in canonical form\n")
    assert call("fmt", file) == (0, f"{file}: formatted\n")
    assert file.read_text() == "# mine\n" + FILE
    assert call("fmt", file) == (0, "")
    assert call("fmt", file, "--check") == (0, "")


def test_fmt_leaves_a_file_with_mistakes_alone(file: Path) -> None:
    broken = FILE.replace("variables:", "varaibles:")
    file.write_text(broken)
    assert call("fmt", file)[0] == 2
    assert file.read_text() == broken


def test_fmt_prints_json_as_yaml(file: Path, tmp_path: Path) -> None:
    package = read_file(FILE).package
    (tmp_path / "p.json").write_text(json.dumps(package))
    assert call("fmt", tmp_path / "p.json") == (0, FILE)


def test_export_prints_yaml(monkeypatch: pytest.MonkeyPatch) -> None:
    package = {"name": "p", **(read_file(FILE).package or {})}
    package["data_flow_json"] = json.dumps(package["data_flow_json"])

    class Server:
        def __init__(self, *arguments: object) -> None:
            pass

        def call(self, method: str, path: str) -> Any:
            return package

        def close(self) -> None:
            pass

    monkeypatch.setattr(exchange, "Client", Server)
    code, shown = call("export", 1, "--yaml", "--account", "a", "--key", "k")
    assert code == 0
    assert is_same(read_file(shown).package or {}, package)
