"""Calls of a real web server through `connections/curl`: what is answered, and what is never told."""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from starlette.testclient import TestClient

from penstock.api.app import Penstock
from penstock.kit import outbound
from penstock.kit.sealing import Seal

ALL = "/acme/api/connections"
KEY = {"Authorization": "Basic d2lyZS10ZXN0LWtleS0wMDAxOg=="}
CANARY = "canary-6Tb3+/\"'x"


class Web(BaseHTTPRequestHandler):
    """Says what its path stands for in `ANSWERS`, or what it was asked."""

    def answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
        status, text = ANSWERS.get(self.path, (200, ""))
        if self.path == "/echo":
            text = json.dumps({"method": self.command, "body": body, **{n.lower(): v for n, v in self.headers.items()}})
        self.send_response(status)
        self.send_header("Content-Length", str(len(text.encode())))
        self.send_header("X-Asked", self.headers.get("Authorization") or "nobody")
        self.end_headers()
        self.wfile.write(text.encode())

    do_GET = do_POST = answer  # noqa: N815 -- the names that the base class looks for

    def log_message(self, *_: object) -> None:
        """Say nothing."""


ANSWERS = {
    "/one": (200, '{"id": 1, "tags": ["a"], "more": {"x": null}}'),
    "/many": (200, '[{"id": 1}, {"id": 3000000000, "name": "b"}, {"id": 3}]'),
    "/arrays": (200, '[[1, "a"], [2, "b"]]'),
    "/lines": (200, '{"id": 1}\n{"id": 2}\n'),
    "/data": (200, 'a,1\n"b,c",2\n'),
    "/text": (200, "hello"),
    "/missing": (404, "nothing here"),
}


@pytest.fixture(scope="module")
def web() -> Iterator[str]:
    """The address of a web server."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Web)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    outbound.close()
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(scope="module")
def client(make_app: Callable[..., Penstock]) -> Iterator[TestClient]:
    """Calls as the owner of the account of a server that has a key and may reach this machine."""
    app = make_app(seal=Seal([bytes(32)]), outbound="127.0.0.0/8")
    with TestClient(app, raise_server_exceptions=False, headers=KEY) as made:
        yield made


def look(client: TestClient, **query: Any) -> Any:
    answer = client.get(f"{ALL}/curl/schema", params=query)
    assert "6Tb3" not in answer.text
    found = answer.json()
    if answer.status_code == 400:
        return found["error_message"]
    assert answer.status_code == 200, answer.text
    return [dict(one) for one in found["fields"]], found["data"]


@pytest.mark.parametrize(
    ("path", "response_type", "fields", "data"),
    [
        ("one", "", [{"id": "int"}, {"tags": "json_array"}, {"more": "json"}], [[1, ["a"], {"x": None}]]),
        ("many", "json", [{"id": "long"}, {"name": "string"}], [[1, None], [3000000000, "b"], [3, None]]),
        ("arrays", "array", [{"field1": "int"}, {"field2": "string"}], [[1, "a"], [2, "b"]]),
        ("many", "array", [{"id": "long"}, {"name": "string"}], [[1, None], [3000000000, "b"], [3, None]]),
        ("lines", "line_delimited_json", [{"id": "int"}], [[1], [2]]),
        ("data", "line_delimited_data", [{"field1": "string"}, {"field2": "int"}], [["a", 1], ["b,c", 2]]),
    ],
)
def test_answers_have_fields_and_records(
    client: TestClient, web: str, path: str, response_type: str, fields: Any, data: Any
) -> None:
    assert look(client, url=f"{web}/{path}", response_type=response_type) == (fields, data)
    body = {"url": f"{web}/{path}", "response_type": response_type}
    for tail in ("test", "validate"):
        answer = client.post(f"{ALL}/curl/{tail}", json=body)
        assert (answer.status_code, answer.content) == (200, b"true"), answer.text


def test_as_many_records_as_are_wanted(client: TestClient, web: str) -> None:
    assert look(client, url=f"{web}/many", lines=1)[1] == [[1]]


def test_a_raw_answer_is_one_record_even_where_it_is_an_error(client: TestClient, web: str) -> None:
    fields, data = look(client, url=f"{web}/missing", response_type="raw")
    assert fields == [{"status": "int"}, {"body": "string"}, {"headers": "json"}]
    assert data[0][:2] == [404, "nothing here"]
    assert data[0][2]["Content-Length"] == "12"


def test_method_headers_body_and_login_are_sent(client: TestClient, web: str) -> None:
    query = {
        "url": f"{web}/echo", "method": "POST", "headers[X-One]": "1", "body": "hi", "usaername": "u", "password": "pass-word",
    }  # fmt: skip
    fields, data = look(client, **query)
    found = dict(zip([next(iter(one)) for one in fields], data[0], strict=True))
    assert (found["method"], found["body"], found["x-one"]) == ("POST", "hi", "1")
    assert found["authorization"] == "Basic ***"
    assert look(client, url=f"{web}/echo", headers='{"X-Two": 2}')[1][0]


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"url": ""}, "url is missing"),
        ({"url": "ftp://x"}, "no http or https address"),
        ({"method": "DELETE"}, "method must be one of GET, POST"),
        ({"response_type": "xml"}, "response_type must be one of"),
        ({"headers": [1]}, "headers must be an object"),
        ({"url": "/missing"}, "The answer has the status 404. It begins with: nothing here"),
        ({"url": "http://10.1.2.3/"}, "internal address"),
        ({"connection_id": "x"}, "connection_id must be a whole number"),
    ],
)
def test_a_call_that_cannot_be_made_says_why(client: TestClient, web: str, changes: dict[str, Any], says: str) -> None:
    body = {"url": f"{web}/one", **changes}
    if body["url"].startswith("/"):
        body["url"] = web + body["url"]
    for tail in ("test", "validate"):
        answer = client.post(f"{ALL}/curl/{tail}", json=body)
        assert (answer.status_code, says in answer.json()["error_message"]) == (400, True), answer.text


def test_what_is_not_of_the_response_type_is_valid_as_a_test_only(client: TestClient, web: str) -> None:
    body = {"url": f"{web}/text"}
    assert client.post(f"{ALL}/curl/test", json=body).content == b"true"
    answer = client.post(f"{ALL}/curl/validate", json=body)
    assert (answer.status_code, "is no JSON" in answer.json()["message"]) == (400, True)


def test_a_stored_login_is_borrowed_and_not_told(client: TestClient, web: str) -> None:
    made = client.post(f"{ALL}/basic_auth", json={"name": "api", "username": "u", "password": CANARY}).json()
    token = client.post(f"{ALL}/hubspot", json={"name": "hub", "password": CANARY}).json()
    database = client.post(
        f"{ALL}/postgres", json={"name": "db", "host": "db.invalid", "username": "u", "password": CANARY}
    ).json()
    encoded = base64.b64encode(f"u:{CANARY}".encode()).decode()
    for lender, shown in ((made, "Basic ***"), (token, "Bearer ***")):
        query = {"url": f"{web}/echo", "connection_type": lender["type"], "connection_id": lender["id"]}
        for response_type in ("json", "raw"):
            found = json.dumps(look(client, **query, response_type=response_type))
            assert shown in found
            assert encoded not in found
    query = {"url": f"{web}/echo", "connection_id": made["id"]}
    assert "Basic ***" in json.dumps(look(client, **query))
    assert "lend no login" in look(client, url=f"{web}/echo", connection_id=database["id"])
    empty = client.post(f"{ALL}/hubspot", json={"name": "empty"}).json()
    assert "no password or token that it could lend" in look(client, url=f"{web}/echo", connection_id=empty["id"])
    missing = client.get(f"{ALL}/curl/schema", params={"url": f"{web}/echo", "connection_id": 2_000_000_000})
    assert missing.status_code == 404


def test_internal_addresses_are_refused_unless_they_are_allowed(owner: TestClient, web: str) -> None:
    answer = owner.post(f"{ALL}/curl/test", json={"url": f"{web}/one"})
    assert (answer.status_code, "internal address 127.0.0.1" in answer.json()["message"]) == (400, True)
