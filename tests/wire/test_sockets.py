"""Bytes on a real connection: what no client library would send, and what it would hide."""

from __future__ import annotations

import base64
import json
import socket
from collections.abc import Callable
from typing import Any

import pytest

TOKEN = base64.b64encode(b"wire-test-key-0001").decode()


@pytest.fixture
def talk(live: tuple[str, int]) -> Callable[..., tuple[int, dict[str, str], bytes]]:
    """Sends one request and reads the answer up to the end of the connection."""

    def say(line: str | bytes, *headers: str, body: bytes = b"", host: str = "") -> tuple[int, dict[str, str], bytes]:
        start = line.encode() if isinstance(line, str) else line
        host = host or f"{live[0]}:{live[1]}"
        lines = [f"Host: {host}", f"Authorization: Basic {TOKEN}", "Connection: close", *headers]
        if body or not start.startswith(b"GET"):
            lines.append(f"Content-Length: {len(body)}")
        with socket.create_connection(live, timeout=30) as connection:
            connection.sendall(start + b"\r\n" + "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body)
            answer = b""
            while part := connection.recv(65536):
                answer += part
        head, _, rest = answer.partition(b"\r\n\r\n")
        first, *others = head.decode("latin-1").split("\r\n")
        found = {name.lower(): value for name, _, value in (other.partition(": ") for other in others)}
        return int(first.split()[1]), found, rest

    return say


def test_an_absolute_target_is_read_by_its_path_and_query(talk: Callable[..., Any], live: tuple[str, int]) -> None:
    for host in (f"{live[0]}:{live[1]}", "api.example.com", "api.example.com:80"):
        status, _, body = talk(f"GET http://{host}/acme/api/clusters?limit=1&status=all HTTP/1.1")
        assert (status, type(json.loads(body))) == (200, list)
    assert talk("GET http://api.example.com/ HTTP/1.1")[0] == 404
    assert talk(f"GET HTTP://{live[0]}/timezones HTTP/1.1")[0] == 200


@pytest.mark.parametrize("path", ["/timezones", "/acme/api/jobs", "/nothing"])
def test_an_answer_to_http_1_0_is_never_chunked(talk: Callable[..., Any], path: str) -> None:
    _, headers, body = talk(f"GET {path} HTTP/1.0", "Accept: application/vnd.xplenty+json")
    assert "transfer-encoding" not in headers
    assert headers["content-length"] == str(len(body))
    json.loads(body)


def test_http_1_0_can_create(talk: Callable[..., Any]) -> None:
    body = json.dumps({"cluster": {"nodes": 1, "id": 0, "owner_id": 0, "status": None}}).encode()
    status, headers, made = talk(
        "POST /acme/api/clusters HTTP/1.0", "Content-Type: application/vnd.xplenty+json", body=body
    )
    assert (status, "transfer-encoding" in headers) == (201, False)
    assert json.loads(made)["id"] > 0


def test_a_chunked_request_is_read(live: tuple[str, int]) -> None:
    lines = ["POST /acme/api/packages HTTP/1.1", "Host: a", f"Authorization: Basic {TOKEN}", "Connection: close"]
    head = "\r\n".join([*lines, "Transfer-Encoding: chunked", "", ""]).encode()
    with socket.create_connection(live, timeout=30) as connection:
        connection.sendall(head + b'e\r\n{"name": "chun\r\n')
        connection.sendall(b'5\r\nked"}\r\n0\r\n\r\n')
        answer = b""
        while part := connection.recv(65536):
            answer += part
    assert answer.startswith(b"HTTP/1.1 201 ")
    assert json.loads(answer.partition(b"\r\n\r\n")[2])["name"] == "chunked"


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
def test_no_body_and_no_length_is_no_body(live: tuple[str, int], method: str) -> None:
    with socket.create_connection(live, timeout=30) as connection:
        lines = f"{method} /acme/api/jobs/1/nothing HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
        connection.sendall(lines.encode())
        assert connection.recv(65536).startswith(b"HTTP/1.1 404 ")


def test_a_query_need_not_be_encoded(talk: Callable[..., Any]) -> None:
    for query in ('q=name:"a<b>|c"', "q=name:{x}^`", "q=created:>2026-01-01T00:00:00+03:00"):
        assert talk(f"GET /acme/api/clusters/search?{query} HTTP/1.1")[0] == 200, query
    assert talk("GET /acme/api/clusters/search?q=größe HTTP/1.1")[0] == 400


def test_a_name_cannot_split_an_answer(talk: Callable[..., Any]) -> None:
    name = "a\r\nX-Evil: 1\r\n\r\n<script>"
    body = json.dumps({"name": name}).encode()
    status, headers, made = talk("POST /acme/api/packages HTTP/1.1", "Content-Type: application/json", body=body)
    assert (status, "x-evil" in headers) == (201, False)
    assert json.loads(made)["name"] == name
    encoded = "a%0d%0aX-Evil:%201"
    for path in (f"/acme/api/packages?limit=1&x={encoded}", f"/{encoded}/api/jobs", f"/timezones?callback={encoded}"):
        assert "x-evil" not in talk(f"GET {path} HTTP/1.1")[1]


def test_a_host_without_its_port_gets_the_port_back(talk: Callable[..., Any], live: tuple[str, int]) -> None:
    _, _, body = talk("GET /user HTTP/1.1", host="localhost")
    assert json.loads(body)["url"] == f"http://localhost:{live[1]}/user"
    _, _, body = talk("GET /user HTTP/1.1", "X-Forwarded-For: 1.2.3.4", host="etl.example")
    assert json.loads(body)["url"].endswith("://etl.example/user")


def test_head_has_the_headers_of_get(talk: Callable[..., Any]) -> None:
    _, whole, body = talk("GET /timezones HTTP/1.1")
    status, headers, nothing = talk("HEAD /timezones HTTP/1.1")
    assert (status, nothing, headers["content-length"]) == (200, b"", whole["content-length"])
    assert len(body) == int(whole["content-length"])


def test_a_large_body_is_answered_and_the_next_call_too(talk: Callable[..., Any]) -> None:
    body = b'{"name": "' + b"x" * (10 << 20) + b'"}'
    status, _, told = talk("POST /acme/api/packages HTTP/1.1", "Content-Type: application/json", body=body)
    assert (status, set(json.loads(told))) == (400, {"message"})
    assert talk("GET /timezones HTTP/1.1")[0] == 200
    small = b'{"name": "x", "description": "' + b"x" * (1 << 20) + b'"}'
    assert talk("POST /acme/api/packages HTTP/1.1", "Content-Type: application/json", body=small)[0] == 201
