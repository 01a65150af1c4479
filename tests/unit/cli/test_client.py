"""The client of the commands, against a server that answers as a test wants."""

from __future__ import annotations

import base64
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from penstock.cli.client import Client
from penstock.errors import BadRequest, CallerError, NotFound, PermanentError


class Server(ThreadingHTTPServer):
    """Answers every call with *answer*, and keeps what was asked."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.answer: tuple[int, bytes] = (200, b"{}")
        self.asked: list[dict[str, Any]] = []

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class Handler(BaseHTTPRequestHandler):
    server: Server

    def answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.server.asked.append({"line": f"{self.command} {self.path}", "headers": self.headers, "body": body})
        status, text = self.server.answer
        if status == 0:
            self.close_connection = True
            return
        self.send_response(status)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    do_GET = do_POST = answer  # noqa: N815 -- the names that the base class looks for

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def server() -> Iterator[Server]:
    made = Server()
    thread = threading.Thread(target=made.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    yield made
    made.shutdown()
    thread.join()
    made.server_close()


@pytest.fixture
def client(server: Server) -> Iterator[Client]:
    made = Client(server.address, "ac me", "a-key")
    yield made
    made.close()


def test_a_call_names_account_key_and_version(server: Server, client: Client) -> None:
    server.answer = (200, '{"id": 1, "name": "São"}'.encode())
    assert client.call("POST", "packages", {"name": "é"}) == {"id": 1, "name": "São"}
    asked = server.asked[0]
    assert asked["line"] == "POST /ac%20me/api/packages HTTP/1.1".removesuffix(" HTTP/1.1")
    assert asked["headers"]["Accept"] == "application/vnd.xplenty+json; version=2"
    token = asked["headers"]["Authorization"].removeprefix("Basic ")
    assert base64.b64decode(token) == b"a-key:"
    assert asked["body"] == b'{"name": "\\u00e9"}'


def test_a_call_without_a_body(server: Server, client: Client) -> None:
    assert client.call("GET", "packages/1/export") == {}
    assert server.asked[0]["body"] == b""


def test_an_address_may_have_a_path(server: Server) -> None:
    client = Client(f"{server.address}/etl/", "acme", "a-key")
    client.call("GET", "packages/1")
    client.close()
    assert server.asked[0]["line"] == "GET /etl/acme/api/packages/1"


@pytest.mark.parametrize(
    ("status", "text", "kind", "sentence"),
    [
        (404, b'{"message": "Item not found."}', NotFound, "GET x: Item not found. (404)"),
        (422, b'{"message": "name is missing."}', CallerError, "GET x: name is missing. (422)"),
        (401, b'{"message": "The API key is not known."}', CallerError, "GET x: The API key is not known. (401)"),
        (500, b"{}", CallerError, "GET x: refused (500)"),
        (500, b"[]", CallerError, "GET x: refused (500)"),
    ],
)
def test_what_the_server_refuses_is_told_in_its_words(
    server: Server, client: Client, status: int, text: bytes, kind: type[CallerError], sentence: str
) -> None:
    server.answer = (status, text)
    with pytest.raises(kind) as caught:
        client.call("GET", "x")
    assert caught.value.message == sentence


@pytest.mark.parametrize("text", [b"", b"<html>", b"\xff", b"[" * 100_000])
@pytest.mark.parametrize("status", [200, 502])
def test_another_server_answers(server: Server, client: Client, status: int, text: bytes) -> None:
    server.answer = (status, text)
    with pytest.raises(PermanentError, match="is no Penstock server"):
        client.call("GET", "x")


def test_a_server_that_hangs_up_is_called_again(server: Server, client: Client) -> None:
    server.answer = (0, b"")
    with pytest.raises(PermanentError, match="does not answer"):
        client.call("GET", "x")
    server.answer = (200, b"{}")
    assert client.call("GET", "x") == {}


def test_nobody_is_there(server: Server) -> None:
    address = server.address
    server.shutdown()
    server.server_close()
    client = Client(address, "acme", "a-key")
    with pytest.raises(PermanentError, match=f"The server at {address} does not answer: Connection refused"):
        client.call("GET", "x")
    client.close()


@pytest.mark.parametrize(
    "address",
    [
        "",
        "host",
        "host:8080",
        "ftp://host",
        "http://",
        "http:///path",
        "http://[::1",
        "http://host:port",
        "http://h:99999",
    ],
)
def test_what_is_no_address(address: str) -> None:
    with pytest.raises(BadRequest, match="is no address of a server"):
        Client(address, "acme", "a-key")
