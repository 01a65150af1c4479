"""Commands that speak to a server or its store, as a user types them."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from penstock.cli.app import COMMANDS, app

ACCOUNT, KEY = "acme", "e2e-test-key-0001"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, new_server: Any) -> Any:
    """One server is enough here: the store's differences are tested elsewhere."""
    home = tmp_path_factory.mktemp("commands")
    return new_server(home, f"sqlite:///{home}/store.db")


def penstock(server: Any, *words: str, **settings: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "penstock", *words],
        env=server.environ | settings, capture_output=True, text=True, check=False,
    )  # fmt: skip


def place(server: Any) -> list[str]:
    return ["--server", f"http://127.0.0.1:{server.port}"]


def test_a_package_goes_in_and_comes_out_again(server: Any, flows: Any, tmp_path: Path) -> None:
    data = server.files / "in"
    key = server.connect(data)
    flows.write_numbers(data, 5)
    file = tmp_path / "doubled.json"
    file.write_text(
        json.dumps({"name": "Doubled", "variables": {"z": "1", "a": "2"}, "data_flow_json": flows.doubled("lake")})
    )
    made = penstock(server, "import", str(file), "--map", f"lake={key}", "--json", *place(server))
    assert made.returncode == 0, made.stderr
    (package,) = json.loads(made.stdout)
    assert (package["name"], package["status"], package["diagnostics"]) == ("Doubled", "completed", [])
    job = server.wait(server.submit(server.cluster(), package["id"]))
    assert (job["status"], job["errors"]) == ("completed", "")

    out = penstock(server, "export", str(package["id"]), *place(server))
    assert out.returncode == 0, out.stderr
    exported = json.loads(out.stdout)
    assert list(exported["variables"].items()) == [("z", "1"), ("a", "2")]
    again = tmp_path / "again.json"
    again.write_text(out.stdout)
    copied = penstock(server, "import", str(again), "--json", *place(server))
    assert copied.returncode == 0, copied.stderr
    out_again = penstock(server, "export", str(json.loads(copied.stdout)[0]["id"]), *place(server))
    assert json.loads(out_again.stdout) == exported


def test_a_connection_that_nobody_knows_is_a_finding(server: Any, flows: Any, tmp_path: Path) -> None:
    file = tmp_path / "doubled.json"
    file.write_text(json.dumps(flows.doubled("lake")))
    made = penstock(server, "import", str(file), *place(server))
    assert made.returncode == 2
    assert "doubled" in made.stdout
    assert made.stdout.count("PK107") == 2
    wrong = penstock(server, "import", str(file), "--map", "sea=FILE_CONNECTION_1", *place(server))
    assert wrong.returncode == 2
    assert wrong.stderr == "penstock: No package uses the connection sea of --map.\n"


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["import", "missing.json"], "The package file 'missing.json' cannot be read: No such file or directory."),
        (["export", "2000000000"], "GET packages/2000000000/export: Item not found. (404)"),
    ],
)
def test_what_goes_wrong_is_one_sentence(server: Any, words: list[str], sentence: str) -> None:
    done = penstock(server, *words, *place(server))
    assert (done.returncode, done.stdout, done.stderr) == (2, "", f"penstock: {sentence}\n")


def test_a_server_that_is_not_there_is_one_sentence(server: Any) -> None:
    done = penstock(server, "export", "1", "--server", "http://127.0.0.1:9")
    assert done.returncode == 2
    assert done.stderr == "penstock: The server at http://127.0.0.1:9 does not answer: Connection refused.\n"
    done = penstock(server, "export", "1", *place(server), PENSTOCK_API_KEY="")
    assert done.returncode == 2
    assert "PENSTOCK_API_KEY" in done.stderr


def test_an_account_that_must_pay_runs_nothing(server: Any, flows: Any) -> None:
    cluster, package = server.cluster(), server.package(flows.doubled("x"))
    done = penstock(server, "account", ACCOUNT, "--payment-required")
    assert done.returncode == 0, done.stderr
    server.call("POST", "jobs", {"cluster_id": cluster, "package_id": package}, status=402)
    server.call("GET", "jobs", status=200)
    assert penstock(server, "account", ACCOUNT, "--paid").returncode == 0
    server.call("POST", "jobs", {"cluster_id": cluster, "package_id": package}, status=201)
    unknown = penstock(server, "account", "nobody", "--paid")
    assert (unknown.returncode, unknown.stderr) == (2, "penstock: There is no account 'nobody'.\n")


def test_settings_say_where_they_come_from(server: Any, tmp_path: Path) -> None:
    config = tmp_path / "penstock.toml"
    config.write_text('slots = 7\npublic_url = "https://etl.example"\n')
    url = "postgresql://me:secret@db/penstock"
    done = penstock(server, "settings", "--json", PENSTOCK_CONFIG=str(config), PENSTOCK_DATABASE_URL=url)
    found = json.loads(done.stdout)
    assert found["PENSTOCK_SLOTS"] == {"value": 7, "origin": str(config)}
    assert found["PENSTOCK_DATABASE_URL"] == {"value": "postgresql://me:***@db/penstock", "origin": "environment"}
    assert found["PENSTOCK_PORT"] == {"value": 8080, "origin": "default"}
    assert KEY not in done.stdout
    assert "secret" not in done.stdout


def test_the_openapi_document_is_printed_without_a_store(server: Any, tmp_path: Path) -> None:
    done = penstock(server, "openapi", PENSTOCK_DATA_DIR=str(tmp_path / "none"))
    document = json.loads(done.stdout)
    assert document["openapi"].startswith("3.1")
    assert "/{account_id}/api/jobs" in document["paths"]
    assert not (tmp_path / "none").exists()


def test_a_port_that_is_taken_is_one_sentence(server: Any, tmp_path: Path) -> None:
    done = penstock(server, "serve", "--port", str(server.port), "--data-dir", str(tmp_path / "other"))
    assert done.returncode == 2
    assert done.stderr.startswith(
        f"penstock: Penstock cannot listen on 127.0.0.1:{server.port}: Address already in use."
    )


def test_every_command_shows_an_example() -> None:
    runner = CliRunner()
    shown = runner.invoke(app, ["--help"]).stdout
    for name in COMMANDS:
        assert name in shown
        assert "Example:" in runner.invoke(app, [name, "--help"]).stdout
    wrong = runner.invoke(app, ["serv"])
    assert wrong.exit_code == 2
    assert "No such command 'serv'" in wrong.output
