"""Calls of other systems on every engine: the same answers, one call for each record, none where it is not reached."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from penstock.engines.spark.run import SparkEngine
from penstock.errors import PackageInvalid, PenstockError
from penstock.kit import outbound
from penstock.lang.check.expressions import check_expression
from penstock.plan.ports import Context, Engine
from penstock.plan.schema import Schema
from penstock.runtime.execute import OpenGate, Order, execute
from penstock.runtime.look import Quiet
from penstock.wiring import jobs

HERE = "127.0.0.0/8"
NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
Run = Callable[..., list[str]]


class Server(ThreadingHTTPServer):
    """Answers with the path, and keeps what it was asked."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.asked: list[str] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class _Handler(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        self.server.asked.append(self.path)
        self.send_response(200)
        self.send_header("X-Path", self.path)
        self.end_headers()
        self.wfile.write(f"ü{self.path}".encode())

    def log_message(self, *_: Any) -> None:
        """Nobody reads it."""


@pytest.fixture
def server() -> Iterator[Server]:
    made = Server()
    thread = threading.Thread(target=made.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    yield made
    outbound.close()
    made.shutdown()
    made.server_close()
    thread.join(10)


@pytest.fixture
def run(engine: Engine, tmp_path: Path, flow_over: Any, written: Any) -> Run:
    """Runs a package that computes a field of three records, and returns what it has written."""

    def run(field: str, where: str = "true") -> list[str]:
        flow = flow_over("1,/a\n2,/b\n3,/c\n", "path", field, where)
        lake = {"lake": {"type": "file", "path": str(tmp_path)}}
        order = Order(
            "run-1", json.dumps(flow), NOW.isoformat(), connections=lake, scratch=str(tmp_path), outbound=HERE
        )
        execute(order, engine, jobs.connectors(None), Quiet(), OpenGate())
        found: list[str] = written()
        return found

    return run


def test_a_call_is_made_once_per_record(run: Run, server: Server) -> None:
    call = f"Curl(CONCAT('{server.url}', path), 'GET')"
    assert run(f"(chararray){call}#'body'") == ["ü/a", "ü/b", "ü/c"]
    assert sorted(server.asked) == ["/a", "/b", "/c"]
    server.asked.clear()
    assert run(f"ABS((int){call}#'status')", where="id > 1") == ["200", "200"]
    assert sorted(server.asked) == ["/b", "/c"]
    server.asked.clear()
    assert run(f"(chararray)Curl('{server.url}/x', 'GET')#'headers'#'X-Path'") == ["/x"] * 3
    assert server.asked == ["/x"] * 3


def test_a_call_in_a_branch_is_made_where_it_is_reached_or_refused(engine: Engine, run: Run, server: Server) -> None:
    field = f"CASE WHEN id == 2 THEN (chararray)Curl('{server.url}/b', 'GET')#'body' ELSE 'no' END"
    if isinstance(engine, SparkEngine):
        with pytest.raises(PackageInvalid, match="cannot stand in a branch"):
            run(field)
        assert server.asked == []
    else:
        assert run(field) == ["no", "no", "ü/b"]
        assert server.asked == ["/b"]


def value(engine: Engine, text: str, allow: str | None) -> Any:
    expr = check_expression(text, Schema()).expr
    assert expr is not None
    return engine.evaluate((expr,), Schema(), {}, Context(NOW, outbound=allow))[0]


def test_values_and_errors_are_the_same(engine: Engine, server: Server) -> None:
    call = f"Curl('{server.url}/x', 'GET')"
    assert value(engine, f"(chararray){call}#'body'", HERE).data == "ü/x"
    assert value(engine, f"(int)CurlPoll('/x', 1, 1000, '{server.url}/x', 'GET')#'status'", HERE).data == 200
    assert server.asked == ["/x", "/x"]
    assert value(engine, call, None) is None
    assert value(engine, "Curl((chararray)null, 'GET')", HERE) is None
    assert server.asked == ["/x", "/x"]
    with pytest.raises(PenstockError, match=r"internal address 127\.0\.0\.1"):
        value(engine, call, "")
    assert server.asked == ["/x", "/x"]
