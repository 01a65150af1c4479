"""Files of web servers: what a real one gives out, and what happens when one is busy, breaks off, or leads astray."""

from __future__ import annotations

import base64
import gzip
import random
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from penstock.connectors.files import fetching
from penstock.connectors.files.http import HttpFiles
from penstock.errors import ConnectionTestFailed, PermanentError, TransientError
from penstock.kit import outbound, stopping
from penstock.kit.secret import hidden
from penstock.plan.operators import FileTarget, Scan, Write
from penstock.plan.ports import Connection, Landing

Bind = Callable[..., Any]


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(fetching, "RETRIES_S", (0.0, 0.01, 0.01))
    monkeypatch.setattr(fetching, "PART_BYTES", 100_000)
    yield
    outbound.close()


@pytest.fixture
def text() -> str:
    return random.Random(2).randbytes(400_000).hex()


def at(endpoint: str, password: str | None = None) -> Connection:
    given = {"endpoint": endpoint, **({"username": "guest"} if password else {})}
    return Connection("web", "http", given, hidden({"password": password} if password else {}))


@pytest.fixture
def bind(source: Callable[..., Scan], landing: Callable[..., Landing]) -> Bind:
    """Binds a path of a connection; returns names to texts."""

    def bind(connection: Connection, path: str, allow: str | None = None, **more: Any) -> dict[str, str]:
        files = HttpFiles(allow).bind(source(path, **more), connection, landing()).files
        for one in files:
            assert Path(one.location).stat().st_size == one.size_bytes
        return {one.name: Path(one.location).read_text() for one in files}

    return bind


def test_files_of_a_real_server_land(bind: Bind, web_files: Any, text: str) -> None:
    address, folder, password = web_files
    (folder / "in").mkdir()
    for name, held in {"a b.csv": "a", "ü+%.csv": "u", "large.csv": text, "empty.csv": ""}.items():
        (folder / "in" / name).write_text(held)
    there = at(f"{address}/in", password)
    HttpFiles(None).test(there)
    assert bind(there, "a b.csv") == {f"{address}/in/a b.csv": "a"}
    assert bind(there, "/large.csv") == {f"{address}/in/large.csv": text}
    assert list(bind(there, "{large,empty,a b}.csv").values()) == [text, "", "a"]
    assert list(bind(at(address, password), "ü+%25.csv", bucket="in").values()) == ["u"]
    with pytest.raises(PermanentError, match=r"No file matches: http://.*/in/none.csv is not there \(status 404\)"):
        bind(there, "none.csv")
    with pytest.raises(PermanentError, match=r"is refused \(status 401\)") as caught:
        bind(at(f"{address}/in", "canary-wrong"), "a b.csv")
    assert "canary" not in caught.value.message
    with pytest.raises(ConnectionTestFailed, match="is refused"):
        HttpFiles(None).test(at(address, "canary-wrong"))


@pytest.mark.parametrize("path", ["*.csv", "in/", "", "/", "[ab].csv"])
def test_what_a_server_would_have_to_list_is_refused(bind: Bind, path: str) -> None:
    with pytest.raises(PermanentError, match="a web server lists no files"):
        bind(at("http://127.0.0.1:9"), path)


@pytest.mark.parametrize("path", ["../a.csv", "{a,..}/b.csv", "a/../../b.csv"])
def test_no_path_goes_up(bind: Bind, path: str) -> None:
    with pytest.raises(PermanentError, match=r"holds '\.\.', which is refused"):
        bind(at("http://127.0.0.1:9/files"), path)


def test_nothing_is_written_there(source: Callable[..., Scan], tmp_path: Path) -> None:
    scan = source("in")
    write = Write(
        "out", "1", "cloud_storage_destination_component", scan, FileTarget(scan.source.connection, "out", ())
    )
    with pytest.raises(PermanentError, match="files are only read from"):
        HttpFiles(None).locate(write, at("http://127.0.0.1:9"), "run-1-1", tmp_path)


@pytest.mark.parametrize("endpoint", ["", "ftp://a.example", "a.example/x", "https://", "http://[::1/", "http://a:b/"])
def test_an_endpoint_is_an_address(endpoint: str) -> None:
    with pytest.raises(ConnectionTestFailed, match="has no endpoint"):
        HttpFiles(None).test(at(endpoint))


# --- servers that misbehave


class Server(ThreadingHTTPServer):
    """Answers each request with the next of *plan*, and notes what was asked."""

    daemon_threads = True

    def __init__(self, held: bytes) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.held = held
        self.etag = '"1"'
        self.plan: list[str] = []
        self.asked: list[str] = []
        self.paths: list[str] = []
        self.logins: list[str | None] = []
        self.ranges = True

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Server

    def do_GET(self) -> None:
        asked = self.headers.get("range") or ""
        self.server.asked.append(asked)
        self.server.paths.append(self.path)
        self.server.logins.append(self.headers.get("authorization"))
        does = self.server.plan.pop(0) if self.server.plan else "give"
        if does.isdigit():
            self._say(int(does), {"Retry-After": "1"} if does == "429" else {}, b"")
        elif does.startswith("to "):
            self._say(302, {"Location": does[3:]}, b"")
        elif does.startswith("packed "):
            self._say(200, {"Content-Encoding": does[7:]}, self.server.held)
        elif does == "a part":
            self._say(206, {"Content-Range": f"bytes 0-99/{len(self.server.held)}"}, self.server.held[:100])
        elif does == "chunked":
            self.send_response(200)
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            for begin in range(0, len(self.server.held), 50_000):
                piece = self.server.held[begin : begin + 50_000]
                self.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece))
            self.wfile.write(b"0\r\n\r\n")
        else:
            self._give(asked if self.server.ranges else "", is_cut=does == "cut")

    def _give(self, asked: str, *, is_cut: bool) -> None:
        held, status, headers = self.server.held, 200, {"ETag": self.server.etag}
        if asked:
            begin, _, end = asked.removeprefix("bytes=").partition("-")
            headers["Content-Range"] = f"bytes {begin}-{end}/{len(held)}"
            held, status = held[int(begin) : int(end) + 1], 206
        self._say(status, headers, held, sent=len(held) // 2 if is_cut else None)
        self.close_connection = is_cut

    def _say(self, status: int, headers: dict[str, str], body: bytes, sent: int | None = None) -> None:
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body[:sent])

    def log_message(self, *words: Any) -> None:
        """Say nothing."""


@pytest.fixture
def server(text: str) -> Iterator[Server]:
    made = Server(text.encode())
    threading.Thread(target=made.serve_forever, daemon=True).start()
    yield made
    made.shutdown()
    made.server_close()


def test_a_large_file_comes_in_parts(bind: Bind, server: Server, text: str) -> None:
    assert bind(at(server.url), "a.csv") == {f"{server.url}/a.csv": text}
    assert sorted(server.asked[1:])[0] == "bytes=0-99999"
    assert len(server.asked) == 1 + 8


@pytest.mark.parametrize("behind", ["?signature=canary", "#there"])
def test_no_path_stands_behind_a_query(behind: str) -> None:
    with pytest.raises(ConnectionTestFailed, match="holds a query or a fragment") as caught:
        HttpFiles(None).test(at(f"http://127.0.0.1:9/files{behind}"))
    assert "canary" not in caught.value.message


def test_what_a_name_holds_reaches_the_server(bind: Bind, server: Server) -> None:
    for name in ("100%.csv", "100% a%20b.csv", "a#b.csv", "100%.csv?x=a b"):
        bind(at(server.url), name)
    asked = list(dict.fromkeys(server.paths))
    assert asked == ["/100%25.csv", "/100%25%20a%20b.csv", "/a%23b.csv", "/100%25.csv?x=a%20b"]


def test_the_user_of_a_connection_comes_before_that_of_its_endpoint(bind: Bind, server: Server, text: str) -> None:
    inside = server.url.replace("//", "//other:else@")
    assert bind(at(inside), "a.csv") == {f"{server.url}/a.csv": text}
    before = len(server.logins)
    bind(at(inside, "canary"), "a.csv")
    assert len(set(server.logins[:before])) == len(set(server.logins[before:])) == 1
    assert server.logins[0] != server.logins[-1] == "Basic " + base64.b64encode(b"guest:canary").decode()


@pytest.mark.parametrize("is_known", [True, False])
def test_a_query_is_no_part_of_the_name(
    server: Server, source: Callable[..., Scan], landing: Callable[..., Landing], is_known: bool
) -> None:
    server.plan = [] if is_known else ["chunked", "chunked"]
    (found,) = HttpFiles(None).bind(source("a.csv.gz?to=canary/b.zip"), at(server.url), landing()).files
    assert Path(found.location).name.endswith("0.csv.gz")


def test_what_is_packed_on_its_way_lands_as_the_file_is(
    bind: Bind, server: Server, text: str, source: Callable[..., Scan], landing: Callable[..., Landing]
) -> None:
    server.held = gzip.compress(text.encode())
    server.plan = ["packed gzip", "packed x-gzip"]
    assert bind(at(server.url), "a.csv") == {f"{server.url}/a.csv": text}
    for words in ({"path": "a.csv.gz"}, {"path": "a.csv", "compression": "gzip"}):
        server.plan = ["packed gzip", "packed gzip"]
        (found,) = HttpFiles(None).bind(source(**words), at(server.url), landing()).files
        assert gzip.decompress(Path(found.location).read_bytes()).decode() == text
    for packing in ("br", "zstd", "gzip, br"):
        server.plan = [f"packed {packing}"]
        with pytest.raises(PermanentError, match="is packed on its way in a form that is not read: " + packing):
            bind(at(server.url), "a.csv")


def test_a_part_that_nobody_asked_for_is_no_file(bind: Bind, server: Server) -> None:
    server.plan = ["a part"]
    with pytest.raises(PermanentError, match="is no file: the server answers with status 206"):
        bind(at(server.url), "a.csv")


def test_a_server_that_refuses_parts_gives_the_whole(bind: Bind, server: Server, text: str) -> None:
    server.plan = ["give", "416"]
    assert bind(at(server.url), "a.csv") == {f"{server.url}/a.csv": text}


def test_a_server_without_parts_gives_the_whole(bind: Bind, server: Server, text: str) -> None:
    server.ranges = False
    assert bind(at(server.url), "a.csv") == {f"{server.url}/a.csv": text}


def test_a_body_of_unknown_length_lands_whole(bind: Bind, server: Server, text: str) -> None:
    server.plan = ["chunked", "503", "chunked"]
    assert bind(at(server.url), "a.csv.gz?signature=canary") == {f"{server.url}/a.csv.gz": text}


def test_a_part_that_is_cut_goes_on_from_there(bind: Bind, server: Server, text: str) -> None:
    server.plan = ["give", "cut", "cut", "503", "500"]
    assert bind(at(server.url), "a.csv") == {f"{server.url}/a.csv": text}
    assert any(
        not asked.split("=")[1].split("-")[0].endswith("00000") for asked in server.asked[1:] if asked[6:7] != "0"
    )


def test_a_server_that_wants_to_be_left_alone_is(
    bind: Bind, server: Server, text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    waited: list[float] = []
    monkeypatch.setattr(stopping.Stop, "wait", lambda stop, seconds: waited.append(seconds))
    server.plan = ["429"] * 6
    assert bind(at(server.url), "a.csv") == {f"{server.url}/a.csv": text}
    assert len(waited) == 6  # more than there are tries
    assert all(1.0 <= one <= 1.1 for one in waited)


def test_a_server_that_always_fails_fails_the_job(bind: Bind, server: Server) -> None:
    server.plan = ["503"] * 100
    with pytest.raises(TransientError, match="is not given now: the server answers with status 503"):
        bind(at(server.url), "a.csv")
    assert len(server.asked) == 4


def test_a_file_that_changes_fails_the_job(bind: Bind, server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    room = fetching._Fetch._room

    def changing(fetch: Any, wanted: int) -> None:
        server.etag = '"2"'
        room(fetch, wanted)

    monkeypatch.setattr(fetching._Fetch, "_room", changing)
    with pytest.raises(PermanentError, match="changed while it was read"):
        bind(at(server.url), "a.csv")


@pytest.mark.parametrize("allow", ["", "10.0.0.0/8"])
def test_nothing_inside_is_reached(bind: Bind, server: Server, allow: str) -> None:
    with pytest.raises(PermanentError, match=r"has the internal address 127\.0\.0\.1"):
        bind(at(server.url), "a.csv", allow)
    assert server.asked == []


def test_no_redirect_leads_inside(bind: Bind, server: Server) -> None:
    server.plan = ["to http://169.254.169.254/latest/meta-data"]
    with pytest.raises(PermanentError, match=r"has the internal address 169.254.169.254"):
        bind(at(server.url), "a.csv", "127.0.0.1/32")


def test_a_preview_reads_the_begin(
    server: Server, source: Callable[..., Scan], landing: Callable[..., Landing], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("penstock.connectors.files.previews.LEAST_BYTES", 1000)
    server.held = b"".join(b"%d,a line\n" % number for number in range(30_000))
    (found,) = HttpFiles(None).bind(source("{a,b}.csv"), at(server.url), landing(1)).files
    assert Path(found.location).read_bytes() == server.held[: server.held[:16_384].rindex(b"\n") + 1]


@pytest.mark.parametrize("plan", [["give", "503"], ["give", "cut"]])
def test_a_preview_waits_and_does_without_parts(
    server: Server, source: Callable[..., Scan], landing: Callable[..., Landing], text: str, plan: list[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setattr("penstock.connectors.files.previews.LEAST_BYTES", 1000)
    server.held, server.plan = text.encode() + b"\n" + text.encode(), plan
    for has_parts in (True, False):
        server.ranges = has_parts
        (found,) = HttpFiles(None).bind(source("a.csv"), at(server.url), landing(60)).files
        begin = 800_001 if has_parts else 1_600_001
        assert Path(found.location).read_bytes() == server.held[:begin]
