"""Secret variables on the command line: from a file, to the engine, and into nothing that is shown."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from penstock.cli.app import app

PACKAGE = """\
penstock: 1
name: p
variables:
  - url: "CONCAT('https://x/?k=', '$token')"
secret_variables:
  - token
components:
  - name: in
    type: cloud_storage_source
    connection: lake
    path: in.csv
    delimiter: ","
    fields: [id: int]
  - name: all
    type: select
    input: in
    fields:
      - t: "CONCAT('$token', '!')"
  - name: out
    type: cloud_storage_destination
    input: all
    connection: lake
    path: out
    delimiter: ","
"""


@pytest.fixture
def call(tmp_path: Path) -> Any:
    (tmp_path / "in.csv").write_text("1\n")
    (tmp_path / "p.yaml").write_text(PACKAGE)
    (tmp_path / "connections.json").write_text(json.dumps({"lake": {"type": "file", "path": "."}}))
    (tmp_path / "secrets.toml").write_text('token = "s3cret-value"\n')
    (tmp_path / "secrets.json").write_text('{"token": "s3cret-value"}')

    def call(command: str, *words: str) -> tuple[int, str]:
        given = [] if command in ("validate", "explain") else ["--connections", str(tmp_path / "connections.json")]
        done = CliRunner().invoke(app, [command, str(tmp_path / "p.yaml"), *words, *given])
        return done.exit_code, done.output + str(done.exception or "")

    return call


@pytest.mark.parametrize("kind", ["toml", "json"])
def test_a_run_takes_them_from_a_file(call: Any, tmp_path: Path, kind: str) -> None:
    code, said = call("run", "--secrets", str(tmp_path / f"secrets.{kind}"), "--json")
    assert code == 0, said
    assert (tmp_path / "out" / "part-00000.csv").read_text() == "s3cret-value!\n"
    assert "s3cret" not in said
    used = json.loads(said.splitlines()[0])["variables"]
    assert (used["token"], used["url"]) == ("***", "***")


def test_a_value_of_the_command_line_is_as_secret(call: Any, tmp_path: Path) -> None:
    code, said = call("run", "--var", "token=s3cret-value", "--json")
    assert (code, "s3cret" in said) == (0, False)


def test_a_preview_shows_what_is_around_them(call: Any, tmp_path: Path) -> None:
    code, said = call("preview", "all", "--secrets", str(tmp_path / "secrets.toml"), "--json")
    assert (code, json.loads(said.splitlines()[0])["rows"]) == (0, [{"t": "***!"}])


@pytest.mark.parametrize("command", ["validate", "explain"])
def test_looking_at_a_package_needs_none(call: Any, command: str) -> None:
    code, said = call(command)
    assert code == 0, said


def test_a_run_without_a_value_names_what_is_missing(call: Any) -> None:
    code, said = call("run")
    assert code == 2
    assert "The secret variable 'token' has no value here" in said


@pytest.mark.parametrize(
    ("text", "says"),
    [('{"other": "s3cret-value"}', "no secret variable 'other'"), ('["s3cret-value"]', "must map names to texts"),
     ('{"token": "s3cret-value"', "is not JSON"), ('{"token": {"a": "s3cret-value"}}', "must map names to texts")],
)  # fmt: skip
def test_a_file_that_does_not_fit_is_refused_without_a_value(call: Any, tmp_path: Path, text: str, says: str) -> None:
    (tmp_path / "secrets.json").write_text(text)
    code, said = call("run", "--secrets", str(tmp_path / "secrets.json"))
    assert code != 0
    assert says in " ".join(said.split())
    assert "s3cret" not in said
