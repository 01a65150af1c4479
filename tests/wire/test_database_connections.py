"""Connections to databases: kept with sealed passwords, never given back, and really tested."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from penstock.api.app import Penstock
from penstock.connectors.registry import databases
from penstock.kit.sealing import Seal
from penstock.services import connections
from penstock.services.session import Sessions
from penstock.store.tables import Connection

ALL = "/acme/api/connections"
SEAL = Seal([bytes(range(32))])
KEY = {"Authorization": "Basic d2lyZS10ZXN0LWtleS0wMDAxOg=="}
FIELDS = {
    "id", "name", "type", "username", "unique_id", "created_at", "updated_at", "url", "host", "port", "database", "ssl",
    "tunnel_type",
}  # fmt: skip
CANARY = "canary-8Kq3+/\"'ü"
LEAST = {"name": "db", "host": "db.example.com", "username": "reader", "password": CANARY}


@pytest.fixture(scope="module")
def client(make_app: Callable[..., Penstock]) -> Iterator[TestClient]:
    """Calls as the owner of the account of a server that has a key, and databases of this machine."""
    app = make_app(seal=SEAL, databases=databases("127.0.0.0/8"))
    with TestClient(app, raise_server_exceptions=False, headers=KEY) as made:
        yield made


def made(client: TestClient, **body: Any) -> dict[str, Any]:
    answer = client.post(f"{ALL}/postgres", json={**LEAST, **body})
    assert answer.status_code == 201, answer.text
    assert "canary" not in answer.text
    found: dict[str, Any] = answer.json()
    return found


def opened(sessions: Sessions, identity: int) -> dict[str, str]:
    with sessions.read() as uow:
        found = connections.opened(uow.session.get_one(Connection, identity), SEAL)
        return {name: one.reveal() for name, one in found.items()}


def test_a_connection_is_stored_with_the_defaults_of_its_type(client: TestClient, sessions: Sessions) -> None:
    one = made(client)
    assert set(one) == FIELDS
    assert one["unique_id"] == f"POSTGRES_CONNECTION_{one['id']}"
    assert (one["type"], one["username"], one["host"], one["port"]) == ("postgres", "reader", "db.example.com", 5432)
    assert (one["database"], one["ssl"], one["tunnel_type"]) == ("", True, "direct")
    assert client.get(f"{ALL}/postgres/{one['id']}").json() == one
    assert opened(sessions, one["id"]) == {"password": CANARY}


def test_the_password_is_sealed_and_given_back_by_nobody(client: TestClient, sessions: Sessions, home: Path) -> None:
    one = made(client)
    path = f"{ALL}/postgres/{one['id']}"
    answers = [
        client.get(path), client.get(ALL, params={"limit": 100}), client.put(path, json={"name": "x"}),
        client.post(f"{path}/test"), client.post(f"{path}/validate"), client.delete(path),
    ]  # fmt: skip
    assert [answer.status_code for answer in answers] == [200, 200, 200, 400, 400, 200]
    assert [answer for answer in answers if "canary" in answer.text] == []
    with sessions.read() as uow:
        uow.session.connection().exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    stored = b"".join(file.read_bytes() for file in home.glob("penstock.db*"))
    assert b"canary-8Kq3" not in stored


def test_a_sealed_password_that_is_moved_to_another_row_does_not_open(client: TestClient, sessions: Sessions) -> None:
    first, second = made(client), made(client)
    with sessions.write() as uow:
        rows = {row.id: row for row in uow.session.query(Connection)}
        rows[second["id"]].secrets = rows[first["id"]].secrets
    answer = client.post(f"{ALL}/postgres/{second['id']}/test")
    assert answer.status_code == 400
    assert f"The password of the connection '{second['unique_id']}' cannot be opened" in answer.json()["message"]


def test_a_change_is_partial(client: TestClient, sessions: Sessions) -> None:
    one = made(client, port="6543", ssl="false", database="shop")
    path = f"{ALL}/postgres/{one['id']}"
    assert (one["port"], one["ssl"], one["database"]) == (6543, False, "shop")
    same = client.put(path, json={"password": "", "host": "", "username": None, "port": ""}).json()
    assert {**same, "updated_at": ""} == {**one, "updated_at": ""}
    assert opened(sessions, one["id"]) == {"password": CANARY}
    changed = client.put(path, json={"password": "canary-9", "host": "other", "database": "", "ssl": 1}).json()
    assert (changed["host"], changed["database"], changed["ssl"], changed["port"]) == ("other", "", True, 6543)
    assert opened(sessions, one["id"]) == {"password": "canary-9"}


def test_each_type_has_defaults_of_its_own(client: TestClient) -> None:
    one = client.post(f"{ALL}/mysql", json=LEAST).json()
    assert set(one) == FIELDS
    assert one["unique_id"] == f"MYSQL_CONNECTION_{one['id']}"
    assert (one["port"], one["ssl"], one["database"], one["tunnel_type"]) == (3306, False, "", "direct")


def test_a_mariadb_that_answers_is_true(client: TestClient, market: dict[str, Any]) -> None:
    given = {name: value for name, value in market.items() if name != "socket"}
    one = client.post(f"{ALL}/mysql", json={"name": "market", **given}).json()
    table = {"table": "region", "schema_name": "market"}
    for answer in (
        client.post(f"{ALL}/mysql/{one['id']}/test"),
        client.post(f"{ALL}/mysql/test", json={"name": "new", **given}),
        client.post(f"{ALL}/mysql/{one['id']}/validate", json=table),
    ):
        assert (answer.status_code, answer.content) == (200, b"true"), answer.text
    wrong = client.post(f"{ALL}/mysql/test", json={"name": "new", **given, "password": CANARY})
    assert (wrong.status_code, "Access denied" in wrong.json()["error_message"]) == (400, True)
    assert "canary" not in wrong.text


def test_forms_and_envelopes_store_the_same(client: TestClient) -> None:
    for body in (
        {"data": {f"connection[{name}]": value for name, value in LEAST.items()}},
        {"json": {"connection": LEAST}},
        {"json": {**LEAST, "port": 5432, "unheard_of": "x", "id": 7}},
    ):
        answer = client.post(f"{ALL}/postgres", **body)
        assert answer.status_code == 201, answer.text
        assert (answer.json()["host"], answer.json()["port"]) == ("db.example.com", 5432)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"name": ""}, "name"),
        ({"host": None}, "host"),
        ({"host": "a b"}, "host"),
        ({"host": "/var/run"}, "host"),
        ({"host": "a,b"}, "host"),
        ({"host": "u@h"}, "host"),
        ({"host": "x" * 256}, "host"),
        ({"username": ""}, "username"),
        ({"password": ""}, "password"),
        ({"password": None}, "password"),
        ({"password": ["canary"]}, "password"),
        ({"password": "canary" * 20_000}, "password"),
        ({"port": 0}, "port"),
        ({"port": 65_536}, "port"),
        ({"port": "x"}, "port"),
        ({"ssl": "maybe"}, "ssl"),
        ({"database": {}}, "database"),
        ({"tunnel_type": "reverse"}, "tunnel_type"),
        ({"tunnel_type": "ssh"}, "tunnel_type"),
        ({"ssh_port": 22}, "ssh_port"),
        ({"sslmode": "verify-full"}, "sslmode"),
        ({"ssl_cert": "x"}, "ssl_cert"),
    ],
)
def test_a_wrong_or_unsupported_parameter_is_named(client: TestClient, changes: dict[str, Any], field: str) -> None:
    answer = client.post(f"{ALL}/postgres", json={**LEAST, **changes})
    assert answer.status_code == 422, answer.text
    assert list(answer.json()["errors"]) == [field]
    assert "canary" not in answer.text
    if field != "name":
        answer = client.post(f"{ALL}/postgres/test", json={**LEAST, **changes})
        assert (answer.status_code, field in answer.json()["error_message"]) == (400, True)
        assert "canary" not in answer.text


def test_without_a_key_a_password_is_refused(owner: TestClient) -> None:
    answer = owner.post(f"{ALL}/postgres", json=LEAST)
    assert (answer.status_code, "PENSTOCK_SEALING_KEY" in answer.text, "canary" in answer.text) == (422, True, False)


def test_lists_and_types(client: TestClient) -> None:
    one = made(client)
    assert one["id"] in [row["id"] for row in client.get(ALL, params={"type": "postgres", "limit": 100}).json()]
    assert one["id"] not in [row["id"] for row in client.get(ALL, params={"type": "file", "limit": 100}).json()]
    assert client.get(f"{ALL}/file/{one['id']}").status_code == 404
    kind = next(kind for kind in client.get(f"{ALL}/types").json() if kind["type"] == "postgres")
    assert (kind["name"], set(kind)) == ("PostgreSQL", {"type", "name", "description", "icon_url", "groups"})


def test_a_database_that_answers_is_true(client: TestClient, shop: dict[str, Any]) -> None:
    one = client.post(f"{ALL}/postgres", json={"name": "shop", **shop}).json()
    for answer in (
        client.post(f"{ALL}/postgres/{one['id']}/test"),
        client.post(f"{ALL}/postgres/test", json={"name": "new", **shop}),
        client.post(f"{ALL}/test", json={"name": "new", "type": "postgres", **shop}),
        client.post(f"{ALL}/postgres/{one['id']}/validate"),
        client.post(f"{ALL}/{one['id']}/validate", json={"table": "region", "schema_name": "public"}),
    ):
        assert (answer.status_code, answer.content) == (200, b"true"), answer.text


def test_the_rungs_are_told_where_they_are_asked_for(client: TestClient, shop: dict[str, Any]) -> None:
    answer = client.post(f"{ALL}/postgres/test", params={"include": "rungs"}, json={"name": "new", **shop})
    found = answer.json()
    assert (answer.status_code, found["status"], found["message"]) == (200, "success", None)
    assert [(one["rung"], one["status"]) for one in found["rungs"]] == [
        (name, "passed") for name in ("resolve", "port", "login", "privileges", "version", "clock", "row")
    ]
    table = {"table": "region", "schema_name": "public", "include": "rungs"}
    one = client.post(f"{ALL}/postgres", json={"name": "shop", **shop}).json()
    assert client.post(f"{ALL}/postgres/{one['id']}/validate", json=table).json()["rungs"][-1]["rung"] == "row"
    failed = client.post(f"{ALL}/postgres/test", json={"name": "new", **shop, "password": "wrong"}).json()
    assert (failed["rung"], [one["status"] for one in failed["rungs"]]) == ("login", ["passed", "passed", "failed"])
    assert failed["error_message"].startswith("Login: ")


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"password": CANARY}, "password authentication failed"),
        ({"port": 1}, "Connection refused"),
        ({"database": "nowhere"}, "does not exist"),
        ({"host": "nowhere.invalid"}, "is not known"),
        ({"host": "10.255.255.1"}, "internal address"),
        ({"ssl": True}, "Set 'ssl' to false"),
    ],
)
def test_a_database_that_does_not_says_why(
    client: TestClient, shop: dict[str, Any], changes: dict[str, Any], says: str
) -> None:
    body = {"name": "new", **shop, **changes}
    one = client.post(f"{ALL}/postgres", json=body).json()
    for answer in (client.post(f"{ALL}/postgres/test", json=body), client.post(f"{ALL}/postgres/{one['id']}/test")):
        assert answer.status_code == 400
        assert answer.json()["error_message"] == answer.json()["message"]
        assert says in answer.json()["message"]
        assert "canary" not in answer.text
        assert json.dumps(CANARY)[1:-1] not in answer.text


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ({"table": "region"}, "schema_name is missing"),
        ({"table": "nowhere", "schema_name": "public"}, "does not exist"),
        ({"table": [], "schema_name": "public"}, "table must be text"),
    ],
)
def test_a_table_that_is_not_there_says_so(client: TestClient, shop: dict[str, Any], body: Any, says: str) -> None:
    one = client.post(f"{ALL}/postgres", json={"name": "shop", **shop}).json()
    answer = client.post(f"{ALL}/postgres/{one['id']}/validate", json=body)
    assert (answer.status_code, says in answer.json()["error_message"]) == (400, True), answer.text


def test_validation_knows_which_databases_there_are(client: TestClient, home: Path) -> None:
    one = made(client, name="the only db")
    client.post(f"{ALL}/file", json={"name": "the only lake", "path": str(home / "files")})
    variables = {
        "key": f"'{one['unique_id']}'",
        "number": "SUBSTRING('abc', 1, 2)",
        "good": f"ExecuteSqlString('{one['unique_id']}', 'SELECT 1')",
        "by_name": "ExecuteSqlDatetime('the only db', 'SELECT now()')",
        "by_variable": "ExecuteSqlString('$key', 'SELECT 1')",
        "later": "ExecuteSqlString('POSTGRES_CONNECTION_$number', 'SELECT 1')",
        "unknown": "ExecuteSqlString('POSTGRES_CONNECTION_999999', 'SELECT 1')",
        "a_lake": "ExecuteSqlDateTime('the only lake', 'SELECT 1')",
    }
    package = client.post("/acme/api/packages", json={"name": "p", "variables": variables}).json()
    found = client.post(f"/acme/api/packages/{package['id']}/validate").json()["errors"]
    messages = [one["message"] for one in found if one["code"] == "PK107"]
    assert len(messages) == 2, messages
    assert "There is no connection 'POSTGRES_CONNECTION_999999', which ExecuteSqlString asks." in messages[0]
    assert "The connection 'the only lake' leads to no database" in messages[1]
