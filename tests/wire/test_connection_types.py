"""Connections of every type: made, shown, changed and deleted as the wire has it, their secrets never given back."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from penstock.api.app import Penstock
from penstock.connectors.registry import databases
from penstock.kit.sealing import Seal
from penstock.services import connection_parameters, connection_types, connections
from penstock.services.coerce import Fields
from penstock.services.connection_types import TYPES, Type
from penstock.services.session import Sessions
from penstock.store.tables import Connection

ALL = "/acme/api/connections"
SEAL = Seal([bytes(range(32))])
KEY = {"Authorization": "Basic d2lyZS10ZXN0LWtleS0wMDAxOg=="}
WIRE = json.loads(Path(__file__).with_name("connection_types.json").read_text())
"""The types of the wire and what it says of their parameters; ours are those that are not in it."""
COMMON = {"id", "name", "type", "username", "unique_id", "created_at", "updated_at", "url"}
CANARY = "canary-4Jw8+/\"'ü"
VALUES = {
    "text": "some", "long": "some\ntext", "certificates": "-----BEGIN CERTIFICATE-----\nMII\n-----END CERTIFICATE-----\n",
    "path": "/nowhere", "host": "db.invalid", "port": 7, "boolean": True, "url": "https://files.invalid/a",
}  # fmt: skip
every = pytest.mark.parametrize("kind", TYPES.values(), ids=list(TYPES))


@pytest.fixture(scope="module")
def client(make_app: Callable[..., Penstock]) -> Iterator[TestClient]:
    """Calls as the owner of the account of a server that has a key, and connects to nothing that is internal."""
    with TestClient(make_app(seal=SEAL, databases=databases("")), raise_server_exceptions=False, headers=KEY) as made:
        yield made


def value_of(one: connection_parameters.Parameter) -> Any:
    if one.secret:
        return f"{CANARY} {one.name}"
    return one.allowed[-1] if one.allowed else VALUES[one.kind]


def whole(kind: Type) -> dict[str, Any]:
    """Return a body that gives every parameter of a type."""
    return {"name": "x", **{one.name: value_of(one) for one in kind.parameters}}


def least(kind: Type) -> dict[str, Any]:
    """Return a body that gives what has to be given, and no more."""
    given = {one.name: value_of(one) for one in kind.parameters if one.needed and one.where is None}
    if kind.type == "sftp":
        given["password"] = f"{CANARY} password"
    return {"name": "x", **given}


@pytest.mark.parametrize("name", WIRE)
def test_a_type_of_the_wire_has_the_parameters_of_the_wire(client: TestClient, name: str) -> None:
    kind, wanted = TYPES[name], WIRE[name]["parameters"]
    assert kind.name == WIRE[name]["name"]
    assert not kind.own
    found = {one.name: one for one in kind.parameters if not one.own}
    assert set(found) | set(kind.read_only) == set(wanted)
    document = client.app.openapi()["components"]["schemas"][f"ConnectionFields_{name}"]  # type: ignore[attr-defined]
    for key, one in found.items():
        says = wanted[key]
        schema = document["properties"][key]
        assert (schema["type"], schema.get("default")) == (says["type"], says.get("default")), key
        assert [*one.allowed, *one.refused] == says.get("enum", []), key
        assert one.secret is says.get("secret", False), key
        assert (key in document["required"]) is says.get("required", False), key
        assert bool(one.needed) is bool(says.get("required") or says.get("sometimes")), key


def test_types_are_those_of_the_wire_and_ours() -> None:
    assert set(TYPES) - {name for name, one in TYPES.items() if one.own} == set(WIRE)
    assert {name for name, one in TYPES.items() if one.own} == {
        "basic_auth", "bearer", "duckdb", "file", "http", "oauth2", "singer", "sqlite",
    }  # fmt: skip
    for kind in TYPES.values():
        assert len({one.name for one in kind.parameters}) == len(kind.parameters)
        assert not {one.name for one in kind.parameters} & (COMMON - {"username"})
        assert all(one.about or kind.own for one in kind.parameters)


@every
def test_a_connection_of_any_type_lives_and_dies(client: TestClient, sessions: Sessions, kind: Type) -> None:
    answer = client.post(f"{ALL}/{kind.type}", json=least(kind))
    assert answer.status_code == 201, answer.text
    made = answer.json()
    plain = {one.name: one.default for one in kind.parameters if not one.secret and one.default is not None}
    plain |= {name: value for name, value in least(kind).items() if name != "name" and "canary" not in str(value)}
    assert set(made) == COMMON | set(plain)
    assert {name: made[name] for name in plain} == plain
    assert made["username"] == plain.get("username")
    assert made["unique_id"] == f"{kind.type.upper()}_CONNECTION_{made['id']}"
    path = f"{ALL}/{kind.type}/{made['id']}"
    assert made["url"] == f"http://testserver{path}"
    assert client.get(path).json() == made
    assert client.put(path, json={"id": 7, "unique_id": "x", "unheard_of": {}, "name": "y"}).json()["name"] == "y"
    with sessions.read() as uow:
        found = connections.opened(uow.session.get_one(Connection, made["id"]), SEAL)
    hidden = {name: one.reveal() for name, one in found.items()}
    assert hidden == {name: value for name, value in least(kind).items() if "canary" in str(value)}
    assert client.delete(path).json()["id"] == made["id"]
    assert client.get(path).status_code == 404


@every
def test_what_has_to_be_given_is_missed_at_once(client: TestClient, kind: Type) -> None:
    answer = client.post(f"{ALL}/{kind.type}", json={})
    needed = set(least(kind))
    assert (answer.status_code, set(answer.json()["errors"])) == (422, needed), answer.text
    for name in needed - {"name"}:
        answer = client.post(f"{ALL}/{kind.type}", json={**least(kind), name: ""})
        assert list(answer.json()["errors"]) == [name]
        assert "canary" not in answer.text


@every
def test_a_secret_is_said_by_nothing(
    client: TestClient, kind: Type, home: Path, sessions: Sessions, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    body = whole(kind)
    answers = [client.post(f"{ALL}/{kind.type}", json=body)]
    assert answers[0].status_code == 201, answers[0].text
    path = f"{ALL}/{kind.type}/{answers[0].json()['id']}"
    wrong = {name: [value] if "canary" in str(value) else value for name, value in body.items()}
    answers += [
        client.get(path),
        client.get(ALL, params={"limit": 100, "type": kind.type}),
        client.put(path, json=body),
        client.put(path, json=wrong),
        client.post(f"{ALL}/{kind.type}", json=wrong),
        client.post(f"{ALL}/{kind.type}/test", json=body),
        client.post(f"{ALL}/{kind.type}/test", json=wrong),
        client.post(f"{ALL}/test", json={"type": kind.type, **body}),
        client.post(f"{path}/test", params={"include": "rungs"}),
        client.post(f"{path}/validate", json={"bucket": "b", "path": "p", "table": "t", "schema_name": "s"}),
    ]
    if kind.type != "file":
        assert [answer.status_code for answer in answers[6:]] == [400] * 5
    answers.append(client.delete(path))
    assert [answer.text for answer in answers if "canary" in answer.text or "4Jw8" in answer.text] == []
    assert "canary" not in caplog.text
    given = connection_types.read(kind.type, Fields(body))
    bound = connections.new(kind.type, body)
    assert "canary" not in repr(given) + repr(bound) + str(given) + str(bound)
    with sessions.read() as uow:
        uow.session.connection().exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    assert b"canary-4Jw8" not in b"".join(file.read_bytes() for file in home.glob("penstock.db*"))


@every
def test_what_has_no_connector_is_kept_and_says_so_when_it_is_tested(client: TestClient, kind: Type) -> None:
    made = client.post(f"{ALL}/{kind.type}", json=least(kind)).json()
    for tail in ("test", "validate"):
        answer = client.post(f"{ALL}/{kind.type}/{made['id']}/{tail}", json={"path": "x", "bucket": "b"})
        assert answer.status_code == 400
        assert answer.json()["error_message"] == answer.json()["message"] != ""


def test_a_code_takes_the_place_of_a_password(client: TestClient) -> None:
    def errors(**body: Any) -> list[str]:
        answer = client.post(f"{ALL}/xero", json={"name": "x", **body})
        return list(answer.json().get("errors", ()))

    assert errors(password="canary") == []
    assert errors(code="canary", redirect_uri="https://here.invalid/back") == []
    assert errors(code="canary") == ["redirect_uri"]
    assert errors() == ["password"]
    made = client.post(f"{ALL}/xero", json={"name": "x", "password": "canary"}).json()
    path = f"{ALL}/xero/{made['id']}"
    assert client.put(path, json={"code": "canary"}).status_code == 422
    assert client.put(path, json={"code": "canary", "redirect_uri": "https://a.invalid"}).status_code == 200
    assert client.put(path, json={"expires": "t", "uid": "canary"}).json()["expires"] is True


def test_how_one_authenticates_decides_what_is_needed(client: TestClient) -> None:
    body = {"name": "x", "host": "files.invalid", "username": "u"}
    assert list(client.post(f"{ALL}/sftp", json=body).json()["errors"]) == ["password"]
    made = client.post(f"{ALL}/sftp", json={**body, "auth_method": "key", "private_key": "canary"}).json()
    assert (made["auth_method"], made["port"]) == ("key", 22)
    path = f"{ALL}/sftp/{made['id']}"
    assert list(client.put(path, json={"auth_method": "password"}).json()["errors"]) == ["password"]
    assert client.put(path, json={"auth_method": "password", "password": "canary"}).status_code == 200
    assert client.put(path, json={"auth_method": "other"}).status_code == 422
    assert client.post(f"{ALL}/salesforce", json={"name": "x", "password": "p"}).status_code == 422
    made = client.post(f"{ALL}/salesforce", json={"name": "x", "password": "p", "environment": "sandbox"}).json()
    assert made["environment"] == "sandbox"


@pytest.mark.parametrize(
    ("kind", "changes", "fields"),
    [
        ("postgres", {"ssh_username": "u"}, ["ssh_username"]),
        ("postgres", {"ssh_host": "b.invalid"}, ["ssh_username", "ssh_password"]),
        ("postgres", {"ssh_host": "b.invalid", "ssh_username": "u", "ssh_private_key": "canary"}, []),
        ("postgres", {"ssh_host": "b/c", "ssh_username": "u", "ssh_password": "canary"}, ["ssh_host"]),
        ("postgres", {"ssl": False, "ssl_verify": "full"}, ["ssl_verify"]),
        ("postgres", {"ssl": False, "ssl_verify": "none"}, []),
        ("postgres", {"ssl": False, "ssl_ca": VALUES["certificates"]}, ["ssl_ca"]),
        ("postgres", {"ssl_ca": "no certificate"}, ["ssl_ca"]),
        ("postgres", {"ssl_verify": "some"}, ["ssl_verify"]),
        ("postgres", {"ssl_cert": "x"}, ["ssl_cert"]),
        ("snowflake", {"ssh_host": "b.invalid"}, ["ssh_host"]),
        ("s3", {"ssl_verify": "full"}, ["ssl_verify"]),
        ("s3", {"endpoint": "ftp://x"}, ["endpoint"]),
        ("s3", {"endpoint": "https://u:canary@x"}, ["endpoint"]),
        ("s3", {"host": "ignored", "endpoint": "http://127.0.0.1:9000", "path_style": "f"}, []),
        ("sqlite", {"path": "relative.db"}, ["path"]),
        ("hubspot", {"tunnel_type": "reverse"}, ["tunnel_type"]),
        ("shopify", {"hmac": "x", "shop": "y", "timestamp": 3}, []),
    ],
)
def test_what_would_be_less_safe_in_silence_is_refused(
    client: TestClient, kind: str, changes: dict[str, Any], fields: list[str]
) -> None:
    answer = client.post(f"{ALL}/{kind}", json={**least(TYPES[kind]), **changes})
    assert list(answer.json().get("errors", ())) == fields, answer.text
    assert "canary" not in answer.text


def test_a_tunnel_can_be_given_up(client: TestClient) -> None:
    tunnel = {"ssh_host": "b.invalid", "ssh_username": "u", "ssh_password": "canary"}
    made = client.post(f"{ALL}/mysql", json={**least(TYPES["mysql"]), **tunnel}).json()
    path = f"{ALL}/mysql/{made['id']}"
    assert (made["ssh_host"], made["ssh_username"]) == ("b.invalid", "u")
    assert client.put(path, json={"ssh_port": 2222}).json()["ssh_port"] == 2222
    assert client.put(path, json={"ssh_host": ""}).json()["ssh_host"] == ""
    assert client.put(path, json={"ssh_port": 2223}).status_code == 422


def test_types_are_listed_as_the_wire_has_them(client: TestClient) -> None:
    types = client.get(f"{ALL}/types").json()
    assert [one["type"] for one in types] == sorted(TYPES)
    assert {one["type"]: one["groups"][0]["group_type"] for one in types}["xero"] == "services"
    assert client.get(ALL, params={"type": "s3,xero"}).status_code == 200
    assert client.post(f"{ALL}/marketo", json={"name": "x"}).status_code == 422
