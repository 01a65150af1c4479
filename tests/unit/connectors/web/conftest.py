"""A web API of this machine that does what a test says, and packages that read and write it, through `execute`."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from penstock.connectors.web import waiting
from penstock.kit import outbound, stopping
from penstock.plan.ports import Written
from penstock.runtime.execute import OpenGate, Order, execute
from penstock.runtime.look import preview
from penstock.wiring import engines, jobs

LOCAL = "127.0.0.0/8"


class Asked:
    """A request as the server got it."""

    def __init__(self, method: str, target: str, headers: Mapping[str, str], body: bytes) -> None:
        self.method, self.target, self.body = method, target, body
        self.headers = {name.lower(): value for name, value in headers.items()}
        self.path = urlsplit(target).path
        self.query = {name: values[-1] for name, values in parse_qs(urlsplit(target).query).items()}

    @property
    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)


class Reply:
    """What the server answers: *cut* sends only so many bytes of the body and breaks off."""

    def __init__(self, body: Any = b"", status: int = 200, cut: int | None = None, **headers: str) -> None:
        is_data = isinstance(body, bytes | str)
        text = body if is_data else json.dumps(body)
        self.body = text.encode() if isinstance(text, str) else text
        self.status, self.cut = status, cut
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}
        if not is_data:
            self.headers.setdefault("Content-Type", "application/json")


Answers = Callable[[Asked], Reply]


class Service(ThreadingHTTPServer):
    """A web API: what it answers below each path, and what it was asked."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.asked: list[Asked] = []
        self.answers: dict[str, Answers] = {}

    def url(self, path: str = "/") -> str:
        return f"http://127.0.0.1:{self.server_port}{path}"

    def on(self, path: str, *replies: Reply | Answers) -> None:
        """Answer with these, one after the other, the last one from then on."""
        waiting = list(replies)

        def answer(asked: Asked) -> Reply:
            found = waiting.pop(0) if len(waiting) > 1 else waiting[0]
            return found if isinstance(found, Reply) else found(asked)

        self.answers[path] = answer

    def queries(self) -> list[dict[str, str]]:
        return [one.query for one in self.asked]


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Service

    def _any(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        asked = Asked(self.command, self.path, dict(self.headers), body)
        self.server.asked.append(asked)
        answer = self.server.answers.get(asked.path)
        reply = answer(asked) if answer else Reply({"error": "no such place"}, 404)
        self.send_response(reply.status)
        for name, value in reply.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(reply.body)))
        self.end_headers()
        self.wfile.write(reply.body[: reply.cut])
        if reply.cut is not None:
            self.wfile.flush()
            self.close_connection = True

    do_GET = do_POST = do_PUT = do_DELETE = do_PATCH = _any  # noqa: N815 -- the names that the library asks for

    def log_message(self, *_: Any) -> None:
        """Nobody reads it."""


class Ear:
    """A listener that keeps the log."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.declared: list[Mapping[str, Any]] = []

    def log(self, level: str, line: str) -> None:
        self.lines.append(f"{level} {line}")

    def progress(self, fraction: float) -> None:
        """Not looked at."""

    def source(self, component: str, records: int) -> None:
        """Not looked at."""

    def output(self, component: str, records: int, progress: float | None) -> None:
        """Not looked at."""

    def variables(self, values: Mapping[str, Any]) -> None:
        """Not looked at."""

    def outputs(self, outputs: Sequence[Mapping[str, Any]]) -> None:
        self.declared += outputs

    def staged(self, folders: Sequence[str]) -> None:
        """Not looked at."""

    def __contains__(self, text: str) -> bool:
        return any(text in line for line in self.lines)


class Runner:
    """Runs packages on the embedded engine, in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.lake = folder / "lake"
        self.lake.mkdir()
        self._runs = count(1)
        self.ear = Ear()
        self.gate: Any = OpenGate()
        self.allow: str | None = LOCAL
        self.connections: dict[str, dict[str, Any]] = {"lake": {"type": "file", "path": str(self.lake)}}

    def order(self, components: Sequence[Mapping[str, Any]], edges: Sequence[tuple[str, str]], **more: Any) -> Order:
        scratch = self.folder / f"scratch{next(self._runs)}"
        scratch.mkdir()
        flow = {"components": components, "edges": [{"from": begin, "to": end} for begin, end in edges]}
        given: dict[str, Any] = {
            "token": "job-7-1", "flow": json.dumps(flow), "now": "2026-03-01T12:00:00+00:00",
            "connections": self.connections, "scratch": str(scratch), "staging": str(self.folder / "staged"), "outbound": LOCAL,
        }  # fmt: skip
        return Order(**{**given, **more})

    def run(self, order: Order, engine: Any = None) -> Any:
        connectors = dict(jobs.connectors([self.lake], allow=self.allow))
        databases = jobs.databases(self.allow)
        return execute(order, engine or engines.engine(), connectors, self.ear, self.gate, databases)

    def read(self, fields: Sequence[Any], engine: Any = None, **properties: Any) -> list[dict[str, Any]]:
        """The records of a source, as JSON; *properties* beside `url` are those of the source, and `more` goes to the order."""
        more = properties.pop("more", {})
        keys = properties.pop("keys", {})
        kind = properties.pop("kind", "rest_api")
        source = {
            "id": "in", "type": f"{kind}_source_component", "properties": properties, **keys,
            **({"fields": list(fields)} if fields else {}),
        }  # fmt: skip
        target = {
            "id": "out", "type": "cloud_storage_destination_component", "connection": {"name": "lake"},
            "properties": {"path": "out", "format": "json", "if_exists": "replace"},
        }  # fmt: skip
        self.run(self.order([source, target], [("in", "out")], **more), engine)
        parts = sorted((self.lake / "out").iterdir())
        return [json.loads(line) for part in parts for line in part.read_text().splitlines()]

    def write(self, records: Sequence[Any], fields: Sequence[Any], **properties: Any) -> Any:
        """Send records; `more` goes to the order, `mapping` beside the properties, `gate` and `finish` stand for themselves."""
        return self.run(self.sending(records, fields, **properties))

    def sending(self, records: Sequence[Any], fields: Sequence[Any], **properties: Any) -> Order:
        """The order of a package that sends records."""
        more, keys = properties.pop("more", {}), properties.pop("keys", {})
        (self.lake / "in.json").write_text("".join(f"{json.dumps(one)}\n" for one in records))
        source = {
            "id": "in", "type": "cloud_storage_source_component", "connection": {"name": "lake"},
            "properties": {"path": "in.json", "record_type": "json"}, "fields": list(fields),
        }  # fmt: skip
        sort = {"id": "sort", "type": "sort_component", "properties": {"order_by": [{"field": "id"}]}}
        kind = properties.pop("kind", "rest_api")
        target = {"id": "out", "type": f"{kind}_destination_component", "properties": properties, **keys}
        return self.order([source, sort, target], [("in", "sort"), ("sort", "out")], **more)

    def compute(self, expression: str, engine: Any = None) -> Any:
        """The value of an expression over one record, as JSON."""
        (self.lake / "one.csv").write_text("1\n")
        parts = [
            {
                "id": "in", "type": "cloud_storage_source_component", "connection": {"name": "lake"},
                "properties": {"path": "one.csv"}, "fields": [{"name": "id", "type": "int"}],
            },
            {"id": "s", "type": "select_component", "properties": {"fields": [{"expression": expression, "alias": "v"}]}},
            {
                "id": "out", "type": "cloud_storage_destination_component", "connection": {"name": "lake"},
                "properties": {"path": "computed", "format": "json", "if_exists": "replace"},
            },
        ]  # fmt: skip
        self.run(self.order(parts, [("in", "s"), ("s", "out")]), engine)
        (part,) = (self.lake / "computed").iterdir()
        return json.loads(part.read_text())["v"]

    def look(self, fields: Sequence[Any], size: int, **properties: Any) -> int:
        """How many records a preview of a source shows."""
        source = {"id": "in", "type": "rest_api_source_component", "properties": properties, "fields": list(fields)}
        order = self.order([source], [])
        connectors = dict(jobs.connectors([self.lake], allow=self.allow))
        return len(preview(order, "in", size, engines.engine(), connectors, ["in"]).rows)


class Keeping:
    """A gate that keeps what was asked of it."""

    def __init__(self) -> None:
        self.asked: list[Written] = []

    def grant(self, outputs: Sequence[Written]) -> None:
        self.asked += outputs


@pytest.fixture
def keeping() -> Keeping:
    return Keeping()


@pytest.fixture
def service() -> Iterator[Service]:
    made = Service()
    thread = threading.Thread(target=made.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    yield made
    outbound.close()
    made.shutdown()
    made.server_close()
    thread.join(10)


@pytest.fixture
def runner(tmp_path: Path) -> Runner:
    return Runner(tmp_path)


@pytest.fixture
def reply() -> type[Reply]:
    return Reply


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The waits that a run would have made, in seconds: nothing waits, and time goes on as if it had."""
    made: list[float] = []
    monkeypatch.setattr(stopping.Stop, "wait", lambda self, seconds: made.append(seconds))
    monkeypatch.setattr(waiting, "QUOTAS", waiting.Quotas(lambda: sum(made)))
    monkeypatch.setattr(waiting, "spread", lambda seconds: seconds)
    return made


class Samples:
    """Answers of a service, written from what it publishes of its API."""

    def __init__(self, service: str) -> None:
        file = Path(__file__).parent / "samples" / f"{service}.json"
        self._answers: dict[str, Any] = json.loads(file.read_text("utf-8"))["answers"]

    def __call__(self, name: str, **values: str) -> Reply:
        """An answer; *values* take the places `{…}` of its headers."""
        found = self._answers[name]
        headers = {key: text.format(**values) if values else text for key, text in found.get("headers", {}).items()}
        made = Reply(found.get("text", found.get("body", "")), found.get("status", 200))
        made.headers |= headers
        return made


@pytest.fixture
def samples() -> type[Samples]:
    return Samples
