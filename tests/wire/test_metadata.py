"""What an organisation of Salesforce has, told through the API; its answers are samples, never from the service."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from penstock.api.app import Penstock
from penstock.connectors.registry import connectors
from penstock.kit import outbound
from penstock.kit.sealing import Seal
from penstock.services import ads

ALL = "/acme/api/connections"
KEY = {"Authorization": "Basic d2lyZS10ZXN0LWtleS0wMDAxOg=="}
CANARY = "canary-9Pw2-session"
DATA = "/services/data/v62.0/sobjects"
ANSWERS: dict[str, tuple[int, Any]] = {
    DATA: (200, {"sobjects": [
        {"name": "Account", "queryable": True}, {"name": "AIInsight", "queryable": False}, {"name": "Mine__c"},
    ]}),
    f"{DATA}/Account/describe": (200, {"fields": [
        {"name": "Id", "type": "id", "length": 18}, {"name": "Description", "type": "textarea", "length": 32000},
        {"name": "AnnualRevenue", "type": "currency"},
    ]}),
    f"{DATA}/No%2Fthing/describe": (404, [{"errorCode": "NOT_FOUND", "message": "The requested resource does not exist"}]),
    f"{DATA}/Odd/describe": (200, {"fields": "none"}),
}  # fmt: skip


GRAPH = "/v19.0/me/adaccounts?fields=account_id,id,name&limit=200"
ANSWERS[GRAPH] = (
    200,
    {"data": [{"account_id": "11", "id": "act_11", "name": "One"}], "paging": {"next": "HOME/v19.0/more"}},
)
ANSWERS["/v19.0/more"] = (200, {"data": [{"id": "act_12"}], "paging": {}})


class Org(BaseHTTPRequestHandler):
    """Says what its path stands for to whoever holds the session."""

    def do_GET(self) -> None:
        status, body = ANSWERS.get(self.path, (404, []))
        if self.headers.get("Authorization") != f"Bearer {CANARY}":
            status, body = 401, [{"errorCode": "INVALID_SESSION_ID", "message": f"not {self.headers['Authorization']}"}]
        home = f"http://127.0.0.1:{self.server.server_address[1]}"  # type: ignore[index,str-bytes-safe]
        text = json.dumps(body).replace("HOME", home).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def org() -> Iterator[str]:
    """The address of an organisation."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Org)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    outbound.close()
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that connections may use."""
    return tmp_path_factory.mktemp("lake")


@pytest.fixture(scope="module")
def client(make_app: Callable[..., Penstock], lake: Path) -> Iterator[TestClient]:
    """Calls as the owner of the account of a server that has a key and may reach this machine."""
    app = make_app(seal=Seal([bytes(32)]), connectors=connectors([lake], [], "127.0.0.0/8"), outbound="127.0.0.0/8")
    with TestClient(app, raise_server_exceptions=False, headers=KEY) as made:
        yield made


@pytest.fixture(scope="module")
def crm(client: TestClient, org: str) -> str:
    """The path of what the organisation has."""
    given = {"name": "crm", "environment": "production", "endpoint": org, "password": CANARY}
    made = client.post(f"{ALL}/salesforce", json=given)
    assert made.status_code == 201, made.text
    return f"{ALL}/metadata/salesforce/{made.json()['id']}"


def test_objects_that_can_be_queried(client: TestClient, crm: str) -> None:
    for query in ("", "?force_fetch=true"):
        answer = client.get(f"{crm}/objects{query}")
        assert (answer.status_code, answer.json()) == (200, {"entities": ["Account", "Mine__c"]})


def test_fields_of_an_object(client: TestClient, crm: str) -> None:
    answer = client.get(f"{crm}/fields", params={"object_name": "Account"})
    assert (answer.status_code, answer.json()) == (
        200,
        {"fields": [
            {"name": "Id", "length": 18, "type": "id"}, {"name": "Description", "length": 32000, "type": "textarea"},
            {"name": "AnnualRevenue", "length": None, "type": "currency"},
        ]},
    )  # fmt: skip


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ({}, "is missing. Name an object"), ({"object_name": "No/thing"}, "NOT_FOUND"),
        ({"object_name": "Odd"}, "has no 'fields'"),
    ],
)  # fmt: skip
def test_what_cannot_be_told_is_a_400(client: TestClient, crm: str, query: dict[str, str], said: str) -> None:
    answer = client.get(f"{crm}/fields", params=query)
    assert (answer.status_code, said in answer.json()["error_message"]) == (400, True), answer.text


def test_a_session_that_has_ended(client: TestClient, org: str) -> None:
    given = {"name": "old", "environment": "production", "endpoint": org, "password": f"{CANARY}-old"}
    made = client.post(f"{ALL}/salesforce", json=given).json()
    answer = client.get(f"{ALL}/metadata/salesforce/{made['id']}/objects")
    assert (answer.status_code, "canary" in answer.text) == (400, False)
    assert "INVALID_SESSION_ID" in answer.json()["error_message"]


def test_other_connections_and_unknown_ones_are_not_found(client: TestClient, lake: Path) -> None:
    other = client.post(f"{ALL}/file", json={"name": "lake", "path": str(lake)}).json()["id"]
    for number in (other, 987654, "x"):
        for tail in ("objects", "fields?object_name=Account"):
            assert client.get(f"{ALL}/metadata/salesforce/{number}/{tail}").status_code == 404


def _path(client: TestClient, kind: str, tail: str, password: str = CANARY) -> str:
    made = client.post(f"{ALL}/{kind}", json={"name": kind, "password": password})
    assert made.status_code == 201, made.text
    return f"{ALL}/metadata/{kind}/{made.json()['id']}/{tail}"


def test_accounts_of_facebook(client: TestClient, org: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ads, "GRAPH", org)
    path = _path(client, "facebookadsinsights", "accounts")
    answer = client.get(path, params={"api_version": "v19.0"})
    assert (answer.status_code, answer.json()) == (
        200,
        [{"account_id": "11", "id": "act_11", "name": "One"}, {"account_id": "12", "id": "act_12", "name": ""}],
    )
    for query, said in (({"api_version": "../x"}, "is a version such as"), ({}, "answers 404")):
        answer = client.get(path, params=query)
        assert (answer.status_code, said in answer.json()["error_message"]) == (400, True), answer.text
    refused = client.get(_path(client, "facebookadsinsights", "accounts?api_version=v19.0", f"{CANARY}-old"))
    assert (refused.status_code, "canary" in refused.text) == (400, False), refused.text


@pytest.mark.parametrize(
    ("kind", "tail", "said"),
    [
        ("bingads", "accounts", "developer token"), ("bingads", "columns?report_type=x", "developer token"),
        ("facebookadsinsights", "fields", "List them in the package"), ("analytics", "accounts", "was switched off"),
        ("adwords", "customers", "developer token"),
    ],
)  # fmt: skip
def test_services_that_cannot_be_asked_say_why(client: TestClient, lake: Path, kind: str, tail: str, said: str) -> None:
    path = _path(client, kind, tail)
    answer = client.get(path)
    assert (answer.status_code, said in answer.json()["error_message"]) == (400, True), answer.text
    other = client.post(f"{ALL}/file", json={"name": "lake", "path": str(lake)}).json()["id"]
    for number in (other, 987654, "x"):
        assert client.get(f"{ALL}/metadata/{kind}/{number}/{tail}").status_code == 404
