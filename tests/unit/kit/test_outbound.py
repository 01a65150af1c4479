"""Calls to addresses that users give, against a server of this machine that the operator allows."""

from __future__ import annotations

import base64
import gzip
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from penstock.errors import DataError, PermanentError, TransientError
from penstock.kit import outbound
from penstock.kit.networks import is_allowed, networks
from penstock.kit.outbound import Request, call
from penstock.kit.stopping import Stop

HERE = "127.0.0.0/8"


class Server(ThreadingHTTPServer):
    """Answers each path with what a test says, and keeps what it was asked."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.asked: list[tuple[str, str, dict[str, str], bytes]] = []
        self.answers: dict[str, Callable[[Any], None]] = {}
        self.let_go = threading.Event()

    def url(self, path: str = "/", host: str = "127.0.0.1") -> str:
        return f"http://{host}:{self.server_port}{path}"


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Server

    def _any(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        self.server.asked.append((self.command, self.path, dict(self.headers), body))
        answer = self.server.answers.get(self.path)
        if answer is not None:
            answer(self)
        else:
            self.reply(200, b"ok")

    def reply(self, status: int, body: bytes = b"", **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST = do_PUT = do_DELETE = do_PATCH = _any  # noqa: N815 -- the names that the library asks for

    def do_HEAD(self) -> None:
        self.server.asked.append((self.command, self.path, dict(self.headers), b""))
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        """Nobody reads it."""


@pytest.fixture
def server() -> Iterator[Server]:
    made = Server()
    thread = threading.Thread(target=made.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    yield made
    made.let_go.set()
    outbound.close()
    made.shutdown()
    made.server_close()
    thread.join(10)


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbound, "RETRIES", (0.0, 0.0, 0.0))


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("8.8.8.8", True), ("2606:4700::1", True), ("::ffff:8.8.8.8", True), ("64:ff9b::808:808", True),
        ("127.0.0.1", False), ("10.1.2.3", False), ("172.16.0.1", False), ("192.168.1.1", False), ("100.64.0.1", False),
        ("169.254.169.254", False), ("0.0.0.0", False), ("224.0.0.1", False), ("240.0.0.1", False),
        ("255.255.255.255", False), ("::1", False), ("::", False), ("fe80::1%eth0", False), ("fd00::1", False),
        ("ff02::1", False), ("::ffff:127.0.0.1", False), ("::ffff:169.254.169.254", False), ("64:ff9b::7f00:1", False),
        ("2002:7f00:1::1", False), ("2001:0:4136:e378:8000:63bf:80ff:fffe", False),
    ],
)  # fmt: skip
def test_only_public_addresses_are_reached(address: str, public: bool) -> None:
    assert is_allowed(address) is public


def test_the_operator_opens_networks() -> None:
    opened = networks("10.1.0.0/16, fd00::/8,127.0.0.1")
    assert is_allowed("10.1.9.9", opened)
    assert is_allowed("::ffff:10.1.9.9", opened)
    assert is_allowed("fd12::1", opened)
    assert is_allowed("127.0.0.1", opened)
    assert not is_allowed("10.2.0.1", opened)
    assert not is_allowed("127.0.0.2", opened)
    with pytest.raises(ValueError):
        networks("not a network")


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "localhost", "2130706433", "0x7f000001", "0177.0.0.1", "127.1", "[::1]", "[::ffff:127.0.0.1]"]
)
def test_no_spelling_of_an_internal_address_is_reached(server: Server, host: str) -> None:
    with pytest.raises((PermanentError, TransientError, DataError)) as raised:
        call(Request("GET", server.url("/secret-path?token=x", host)))
    assert server.asked == []
    assert "secret-path" not in raised.value.message
    assert "token" not in raised.value.message


def test_a_name_is_resolved_once_and_the_checked_address_is_reached(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A name that changes its address between the check and the connection gains nothing."""
    resolved = []

    def resolve(host: str, _port: int) -> list[str]:
        resolved.append(host)
        return ["127.0.0.1" if len(resolved) == 1 else "169.254.169.254"]

    monkeypatch.setattr(outbound, "_resolved", resolve)
    answer = call(Request("GET", server.url("/", "rebinding.example")), HERE)
    assert (answer.status, resolved) == (200, ["rebinding.example"])
    assert server.asked[0][2]["Host"] == f"rebinding.example:{server.server_port}"


def test_a_name_with_one_internal_address_is_refused(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbound, "_resolved", lambda host, port: ["93.184.215.14", "10.0.0.1"])
    with pytest.raises(PermanentError, match=r"internal address 10\.0\.0\.1.*PENSTOCK_OUTBOUND_ALLOW"):
        call(Request("GET", server.url("/", "mixed.example")))


def test_a_redirect_is_checked_again(server: Server) -> None:
    server.answers["/"] = lambda it: it.reply(302, Location="http://169.254.169.254/latest")
    with pytest.raises(PermanentError, match=r"169\.254\.169\.254"):
        call(Request("GET", server.url()), HERE)
    server.answers["/"] = lambda it: it.reply(302, Location="file:///etc/passwd")
    with pytest.raises(PermanentError, match="not http or https"):
        call(Request("GET", server.url()), HERE)


@pytest.mark.parametrize(
    ("status", "method", "then"),
    [(301, "POST", "GET"), (302, "POST", "GET"), (303, "PUT", "GET"), (307, "POST", "POST"), (308, "PUT", "PUT"),
     (302, "PUT", "PUT"), (303, "HEAD", "HEAD")],
)  # fmt: skip
def test_redirects_keep_or_change_the_method(server: Server, status: int, method: str, then: str) -> None:
    server.answers["/"] = lambda it: it.reply(status, Location="/there")
    if method == "HEAD":
        assert call(Request("HEAD", server.url()), HERE).text == ""
        return
    call(Request(method, server.url(), {"Content-Type": "text/x"}, b"body"), HERE)
    found = server.asked[-1]
    assert (found[0], found[1]) == (then, "/there")
    assert found[3] == (b"body" if then == method else b"")
    assert ("Content-Type" in found[2]) is (then == method)


def test_what_authenticates_goes_to_one_place_only(server: Server) -> None:
    headers = {"authorization": "Bearer x", "X-Api-Key": "y", "Cookie": "z", "X-Other": "w"}
    for place, kept in (("/there", True), (server.url("/there", "localhost"), False)):
        server.answers["/"] = lambda it, place=place: it.reply(302, Location=place)
        call(Request("GET", server.url(), headers), HERE + ",::1")
        found = {name.lower() for name in server.asked[-1][2]}
        assert "x-other" in found
        assert ({"authorization", "x-api-key", "cookie"} <= found) is kept
        assert bool({"authorization", "x-api-key", "cookie"} & found) is kept
    call(Request("GET", server.url(), {}, None, "ann", "pw"), HERE + ",::1")
    assert "Authorization" not in server.asked[-1][2]


def test_it_does_not_redirect_for_ever(server: Server) -> None:
    server.answers["/"] = lambda it: it.reply(302, Location="/")
    with pytest.raises(PermanentError, match="redirects more than 5 times"):
        call(Request("GET", server.url()), HERE)
    assert len(server.asked) == 6


def test_an_answer_has_status_headers_and_text(server: Server) -> None:
    def answer(it: Any) -> None:
        it.send_response(404)
        for name, value in (("X-One", "a"), ("x-one", "b"), ("Content-Type", "text/plain; charset=iso-8859-1")):
            it.send_header(name, value)
        it.send_header("Content-Length", "2")
        it.end_headers()
        it.wfile.write(b"\xfc!")

    server.answers["/"] = answer
    found = call(Request("get", server.url(), {"X-Mine": "ü"}), HERE)
    assert (found.status, found.text, found.headers["X-One"]) == (404, "ü!", "a, b")
    assert server.asked[0][0] == "GET"


def test_user_and_password_and_body_are_sent(server: Server) -> None:
    call(Request("POST", server.url(), {"Content-Type": "application/json"}, b'{"a":1}', "ann", "pä:ss"), HERE)
    method, _, headers, body = server.asked[0]
    assert (method, body, headers["Content-Type"]) == ("POST", b'{"a":1}', "application/json")
    assert base64.b64decode(headers["Authorization"].removeprefix("Basic ")).decode() == "ann:pä:ss"


def test_packed_answers_are_unpacked_and_bombs_are_refused(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    server.answers["/"] = lambda it: it.reply(200, gzip.compress(b"x" * 1000), Content_Encoding="gzip")
    assert call(Request("GET", server.url()), HERE).text == "x" * 1000
    monkeypatch.setattr(outbound, "MOST_BYTES", 999)
    with pytest.raises(PermanentError, match="is larger than"):
        call(Request("GET", server.url()), HERE)


@pytest.mark.parametrize("lost", [1, 8, 9, 15])
def test_a_packed_answer_that_is_cut_off_is_none(server: Server, lost: int) -> None:
    packed = gzip.compress(b"1\n2\n", mtime=0)
    server.answers["/"] = lambda it: it.reply(200, packed[:-lost], Content_Encoding="gzip")
    with pytest.raises(TransientError, match="cannot be unpacked: its gzip stream does not end"):
        call(Request("POST", server.url()), HERE)


def test_packed_answers_of_several_streams_are_read_whole(server: Server) -> None:
    several = gzip.compress(b"1\n") + gzip.compress(b"2\n" * 3_000_000)
    for packed, text in ((several, "1\n" + "2\n" * 3_000_000), (b"", ""), (gzip.compress(b"") + b"\0\0", "")):
        server.answers["/"] = lambda it, packed=packed: it.reply(200, packed, Content_Encoding="gzip")
        assert call(Request("GET", server.url()), HERE).text == text


def test_a_header_that_breaks_a_line_is_refused_without_its_value(server: Server) -> None:
    with pytest.raises(DataError, match="header 'Authorization' holds a line break") as said:
        call(Request("GET", server.url(), {"Authorization": "Bearer s3cret\n"}), HERE)
    assert "s3cret" not in str(said.value)
    call(Request("GET", server.url(), {"X-Mine": " x "}), HERE)
    assert server.asked[0][2]["X-Mine"] == "x"


@pytest.mark.parametrize("status", [429, 502, 503, 504])
def test_a_busy_server_is_asked_again_and_its_last_answer_counts(server: Server, status: int) -> None:
    server.answers["/"] = lambda it: it.reply(status if len(server.asked) < 3 else 200, b"x")
    assert call(Request("GET", server.url()), HERE).status == 200
    server.answers["/"] = lambda it: it.reply(status, b"last")
    server.asked.clear()
    assert call(Request("GET", server.url()), HERE).text == "last"
    assert len(server.asked) == 4
    server.asked.clear()
    assert call(Request("POST", server.url()), HERE).status == status
    assert len(server.asked) == 1, "what may have been done is not done twice"


@pytest.mark.parametrize("status", [400, 401, 404, 500])
def test_other_answers_count_at_once(server: Server, status: int) -> None:
    server.answers["/"] = lambda it: it.reply(status)
    assert call(Request("GET", server.url()), HERE).status == status
    assert len(server.asked) == 1


def test_a_connection_that_breaks_is_tried_again_where_that_is_safe(server: Server) -> None:
    def break_off(it: Any) -> None:
        it.close_connection = True
        it.connection.shutdown(socket.SHUT_RDWR)

    server.answers["/"] = break_off
    for method, times in (("GET", 4), ("POST", 1)):
        server.asked.clear()
        with pytest.raises(TransientError):
            call(Request(method, server.url()), HERE)
        assert len(server.asked) == times


def test_nobody_listening_is_tried_again_for_any_method(monkeypatch: pytest.MonkeyPatch) -> None:
    tries = []
    resolve = outbound._resolved
    monkeypatch.setattr(outbound, "_resolved", lambda *given: tries.append(1) or resolve(*given))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        with pytest.raises(TransientError, match="cannot be reached"):
            call(Request("POST", f"http://127.0.0.1:{free.getsockname()[1]}/"), HERE)
    assert len(tries) == 4


def test_a_stop_ends_a_call_that_waits(server: Server) -> None:
    stop = Stop()
    server.answers["/"] = lambda it: (stop.ask(), server.let_go.wait(60))
    began = time.monotonic()
    with pytest.raises(TransientError, match="stopped"):
        call(Request("GET", server.url()), HERE, stop)
    assert time.monotonic() - began < 30
    assert len(server.asked) == 1
    with pytest.raises(TransientError, match="stopped"):
        call(Request("GET", server.url()), HERE, stop)
    stop.forget()
    server.answers.clear()
    assert call(Request("GET", server.url()), HERE, stop).status == 200


def test_a_server_that_says_nothing_is_given_up(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbound, "WHOLE_S", 0.3)
    monkeypatch.setattr(outbound, "RETRIES", ())
    server.answers["/"] = lambda it: server.let_go.wait(60)
    with pytest.raises(TransientError, match="did not answer in time"):
        call(Request("GET", server.url()), HERE)


def test_nothing_is_taken_from_the_environment(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    outbound.close()
    assert call(Request("GET", server.url()), HERE).status == 200


@pytest.mark.parametrize(
    "request_",
    [
        Request("GET", ""), Request("GET", "nope"), Request("GET", "ftp://x/"), Request("GET", "file:///etc/passwd"),
        Request("GET", "http://"), Request("FETCH", "http://x/"), Request("GET\r\nX: y", "http://x/"),
        Request("GET", "http://x:y/"),
    ],
)  # fmt: skip
def test_what_is_no_request_is_refused(request_: Request) -> None:
    with pytest.raises(DataError):
        call(request_)


@pytest.mark.parametrize("headers", [{"X\r\nY": "z"}, {"X": "a\r\nY: b"}, {"Ü": "a"}, {"": "a"}, {"X": "a\0"}])
def test_headers_smuggle_nothing(server: Server, headers: dict[str, str]) -> None:
    with pytest.raises(DataError):
        call(Request("GET", server.url(), headers), HERE)
    assert server.asked == []


def test_answers_of_json_are_text(server: Server) -> None:
    server.answers["/"] = lambda it: it.reply(200, json.dumps({"ü": 1}, ensure_ascii=False).encode())
    assert json.loads(call(Request("GET", server.url()), HERE).text) == {"ü": 1}
