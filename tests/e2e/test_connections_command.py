"""`penstock connections` against a real server: secrets of many connections are set and tested, and nothing says them (R39)."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from penstock.services.connection_types import TYPES

CANARY = "canary-2Xw9+/x'Zz"
FIELDS = {
    "text": "some", "long": "some", "certificates": "-----BEGIN CERTIFICATE-----\n", "path": "/nowhere", "host": "db.invalid",
    "port": 7, "boolean": True, "url": "https://files.invalid/a",
}  # fmt: skip


@pytest.fixture(scope="module")
def one_server(new_server: Any, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A server that may reach this machine, and keeps its key in its data directory."""
    home = tmp_path_factory.mktemp("connections")
    return new_server(home, f"sqlite:///{home}/store.db", PENSTOCK_OUTBOUND_ALLOW="127.0.0.0/8")


def command(server: Any, *words: str, group: str = "connections", code: int = 0) -> str:
    environ = {**server.environ, "PENSTOCK_PUBLIC_URL": f"http://127.0.0.1:{server.port}", "COLUMNS": "200"}
    done = subprocess.run(
        [sys.executable, "-m", "penstock", group, *words],
        env=environ, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    said = done.stdout + done.stderr
    assert done.returncode == code, said
    assert "canary" not in said
    assert "2Xw9" not in said
    return said


def made(server: Any, kind: str, name: str, **changes: Any) -> dict[str, Any]:
    given = {
        one.name: one.allowed[0] if one.allowed else FIELDS[one.kind]
        for one in TYPES[kind].parameters
        if one.needed and one.where is None
    }
    body = {**given, "name": name, **changes}
    found: dict[str, Any] = server.call("POST", f"connections/{kind}", body)
    return found


def test_secrets_are_set_and_connections_tested(one_server: Any, shop: dict[str, Any], tmp_path: Path) -> None:
    good = made(one_server, "postgres", "good", **{**shop, "password": "wrong"})
    bad = made(one_server, "postgres", "bad", **{**shop, "username": "nobody"})
    other = made(one_server, "xero", "other")
    secrets = {
        "good": {"password": shop["password"]},
        bad["unique_id"]: {"password": CANARY},
        other["unique_id"]: {"password": CANARY, "refresh_token": ""},
    }
    assert "FAILED" in command(one_server, "test", "good", code=1)
    file = tmp_path / "secrets.json"
    file.write_text(json.dumps(secrets))
    found = {one["unique_id"]: one for one in json.loads(command(one_server, "fill", str(file), "--json", code=1))}
    assert (found[good["unique_id"]]["status"], found[good["unique_id"]]["secrets"]) == ("success", ["password"])
    assert found[bad["unique_id"]]["rungs"][-1]["rung"] == "login"
    assert "password authentication failed" in found[bad["unique_id"]]["message"]
    assert "none is known here to try" in found[other["unique_id"]]["message"]
    assert found[other["unique_id"]]["secrets"] == ["password"]
    shown = command(one_server, "test", "good", bad["unique_id"], code=1)
    assert "can be used" in shown
    assert "login      failed" in shown
    assert "privileges passed" in command(one_server, "test", good["unique_id"])


@pytest.mark.parametrize("ending", ["yaml", "json", "toml"])
def test_files_are_read_in_each_spelling(one_server: Any, tmp_path: Path, ending: str) -> None:
    one = made(one_server, "basic_auth", f"api {ending}")
    text = {
        "yaml": f"{one['unique_id']}:\n  password: 0123\n",
        "json": json.dumps({one["unique_id"]: {"password": "0123"}}),
        "toml": f'[{one["unique_id"]}]\npassword = "0123"\n',
    }[ending]
    file = tmp_path / f"secrets.{ending}"
    file.write_text(text)
    assert "1 set, untested" in command(one_server, "fill", str(file), "--no-test")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("nowhere: {password: canary}", "There is no connection 'nowhere' on the server."),
        ("twice: {password: canary}", "2 connections are called 'twice'. Write one of BASIC_AUTH_CONNECTION_"),
        ("once: {pass: canary}", "has no secret 'pass'. Known: password."),
        ("once: canary", "must map connections to secrets"),
        ("once: {password: [canary]}", "A secret of 'once' in"),
        ("once: {password: 'canary", "is not written well in line 1"),
        ("- canary", "must map connections"),
    ],
)
def test_a_file_that_is_wrong_sets_nothing(one_server: Any, tmp_path: Path, text: str, says: str) -> None:
    if not [one for one in one_server.call("GET", "connections?limit=100") if one["name"] == "once"]:
        made(one_server, "basic_auth", "once")
        made(one_server, "basic_auth", "twice")
        made(one_server, "basic_auth", "twice")
    file = tmp_path / "secrets.yaml"
    file.write_text(text)
    said = command(one_server, "fill", str(file), code=2)
    assert says in said


def test_no_type_tells_its_secrets(one_server: Any, tmp_path: Path) -> None:
    secrets = {}
    for name, kind in TYPES.items():
        if any(one.secret for one in kind.parameters):
            more = {"ssh_host": "gate.invalid", "ssh_username": "u", "ssh_password": "x", "password": "x"}
            has = {found.name for found in kind.parameters}
            one = made(one_server, name, f"of {name}", **{key: value for key, value in more.items() if key in has})
            secrets[one["unique_id"]] = {
                found.name: f"{CANARY} {found.name}" for found in kind.parameters if found.secret
            }
            secrets[one["unique_id"]].pop("code", None)
    file = tmp_path / "secrets.json"
    file.write_text(json.dumps(secrets))
    found = json.loads(command(one_server, "fill", str(file), "--json", code=1))
    assert {len(one["secrets"]) for one in found} == {len(one) for one in secrets.values()}
    command(one_server, "test", *secrets, code=1)
    command(one_server, "rotate", "--data-dir", str(one_server.home / "data"), group="keys")
    command(one_server, "test", "--json", code=1)
    seen = json.dumps(one_server.call("GET", "connections?limit=100")) + one_server.said()
    assert "2Xw9" not in seen
    one_server.stop()
    stored = b"".join(path.read_bytes() for path in one_server.home.rglob("*") if path.is_file())
    assert b"2Xw9" not in stored
