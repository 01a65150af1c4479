"""Connections to databases in files of commands: read by the rules of the API, asked in jobs only."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from penstock.cli.app import app
from penstock.cli.packages import read_connections
from penstock.errors import BadRequest

LEAST = {"type": "postgres", "host": "db", "username": "reader", "password": "canary"}


def written(folder: Path, **connections: Any) -> Path:
    file = folder / "connections.json"
    file.write_text(json.dumps(connections))
    return file


def test_a_database_has_the_defaults_of_its_type_and_its_password_apart(tmp_path: Path) -> None:
    found = read_connections(written(tmp_path, PG=LEAST, MY={**LEAST, "type": "mysql", "port": "3307", "ssl": "true"}))
    common = {"host": "db", "username": "reader", "database": "", "tunnel_type": "direct"}
    assert found == {
        "PG": {**common, "type": "postgres", "port": 5432, "ssl": True, "secrets": {"password": "canary"}},
        "MY": {**common, "type": "mysql", "port": 3307, "ssl": True, "secrets": {"password": "canary"}},
    }


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"host": ""}, "host is missing. Give the name or address of the server."),
        ({"password": None}, "password is missing."),
        ({"port": "x"}, "port must be a whole number"),
        ({"tunnel_type": "reverse"}, "tunnel_type 'reverse' is not supported."),
        ({"ssh_host": "bastion"}, "ssh_username is missing. Give the user of the SSH server."),
        ({"ssl_cert": "x"}, "ssl_cert is not supported by connections of type 'postgres'."),
    ],
)
def test_what_is_wrong_is_said_without_the_password(tmp_path: Path, changes: dict[str, Any], says: str) -> None:
    with pytest.raises(BadRequest) as caught:
        read_connections(written(tmp_path, PG={**LEAST, **changes}))
    assert "The connection 'PG' in '" in caught.value.message
    assert says in caught.value.message
    assert "canary" not in caught.value.message


def test_a_job_asks_and_a_preview_does_not(tmp_path: Path, shop: dict[str, Any]) -> None:
    (tmp_path / "in.csv").write_text("2\n")
    file = written(tmp_path, lake={"type": "file", "path": "."}, shop={"type": "postgres", **shop})
    asks = "ExecuteSqlString('shop', CONCAT('SELECT name FROM region WHERE id = ', (chararray)n))"
    flow = {
        "components": [
            {"id": "s", "type": "cloud_storage_source_component", "name": "in", "connection": "lake",
             "properties": {"path": "in.csv", "delimiter": ","}, "fields": [{"name": "n", "type": "int"}]},
            {"id": "x", "type": "select_component", "name": "all",
             "properties": {"fields": [{"expression": asks, "alias": "a"}, {"expression": "'$v'", "alias": "b"}]}},
            {"id": "d", "type": "cloud_storage_destination_component", "name": "out", "connection": "lake",
             "properties": {"path": "out", "delimiter": ","}},
        ],
        "edges": [{"from": "s", "to": "x"}, {"from": "x", "to": "d"}],
    }  # fmt: skip
    package = tmp_path / "p.json"
    variables = {"v": "ExecuteSqlString('shop', 'SELECT max(name) FROM region')"}
    package.write_text(json.dumps({"name": "p", "data_flow_json": flow, "variables": variables}))
    words = ["--connections", str(file), "--json"]
    runner = CliRunner()
    seen = json.loads(runner.invoke(app, ["preview", str(package), "all", *words]).stdout)
    assert seen["rows"] == [{"a": None, "b": ""}]
    done = runner.invoke(app, ["run", str(package), *words])
    assert (done.exit_code, "canary" in done.output) == (0, False), done.output
    assert (tmp_path / "out" / "part-00000.csv").read_text() == "west,west\n"
    assert runner.invoke(app, ["validate", str(package)]).exit_code == 0
    file.write_text(file.read_text().replace(str(shop["port"]), "1"))
    done = runner.invoke(app, ["run", str(package), *words])
    answer = json.loads(done.stdout)
    assert (done.exit_code, answer["status"], "canary" in done.output) == (2, "invalid", False)
    assert "The variable 'v' cannot be computed: Connection 'shop': " in answer["errors"]
    assert "Connection refused" in answer["errors"]


def test_the_console_asks_nobody() -> None:
    done = CliRunner().invoke(app, ["eval", "ExecuteSqlDatetime('shop', 'SELECT now()')"])
    assert (done.exit_code, "null" in done.stdout) == (0, True)
