"""`Curl` and `CurlPoll`: made once per record while a job runs, and nowhere else."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from penstock.cli.app import app
from penstock.kit import outbound


class Server(ThreadingHTTPServer):
    """Answers with how often it was asked, and what."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.asked: list[tuple[str, str, str, str]] = []
        self.let_go = threading.Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class _Handler(BaseHTTPRequestHandler):
    server: Server

    def _any(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length") or 0)).decode()
        self.server.asked.append((self.command, self.path, self.headers.get("X-Key") or "", body))
        if self.path == "/silent":
            self.server.let_go.wait(60)
        count = len(self.server.asked)
        self.send_response(200 if self.path != "/no" else 404)
        self.send_header("X-Count", str(count))
        self.end_headers()
        self.wfile.write(json.dumps({"path": self.path, "state": "done" if count >= 3 else "busy"}).encode())

    do_GET = do_POST = _any  # noqa: N815 -- the names that the library asks for

    def log_message(self, *_: Any) -> None:
        """Nobody reads it."""


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    monkeypatch.setattr(outbound, "RETRIES", (0.0,))
    made = Server()
    thread = threading.Thread(target=made.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    yield made
    made.let_go.set()
    outbound.close()
    made.shutdown()
    made.server_close()
    thread.join(10)


@pytest.fixture
def run(tmp_path: Path, server: Server, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Run a package that computes expressions over four records; returns the exit code, the answer and the lines."""
    (tmp_path / "in.csv").write_text("1,/a\n2,/b\n3,/c\n4,\n")
    (tmp_path / "connections.json").write_text(json.dumps({"lake": {"type": "file", "path": "."}}))
    monkeypatch.setenv("PENSTOCK_OUTBOUND_ALLOW", "127.0.0.0/8")

    def run(
        *expressions: str, where: str = "true", command: str = "run", variables: Any = None, secrets: Any = None
    ) -> Any:
        flow = {
            "components": [
                {"id": "s", "type": "cloud_storage_source_component", "name": "in", "connection": "lake",
                 "properties": {"path": "in.csv", "delimiter": ","},
                 "fields": [{"name": "id", "type": "int"}, {"name": "path"}]},
                {"id": "f", "type": "filter_component", "name": "some",
                 "properties": {"conditions": [{"expression": where}]}},
                {"id": "x", "type": "select_component", "name": "all", "properties": {"fields": [
                    {"expression": text, "alias": f"v{number}"} for number, text in enumerate(expressions)]}},
                {"id": "d", "type": "cloud_storage_destination_component", "name": "out", "connection": "lake",
                 "properties": {"path": "out", "delimiter": ";", "quote": "'", "if_exists": "replace"}},
            ],
            "edges": [{"from": a, "to": b} for a, b in ("sf", "fx", "xd")],
        }  # fmt: skip
        file = tmp_path / "p.json"
        file.write_text(
            json.dumps(
                {"name": "p", "data_flow_json": flow, "variables": variables or {}, "secret_variables": secrets or {}}
            )
        )
        words = [command, str(file), *(["out"] if command == "preview" else [])]
        done = CliRunner().invoke(app, [*words, "--connections", str(tmp_path / "connections.json"), "--json"])
        answer = json.loads(done.stdout)
        out = tmp_path / "out" / "part-00000.csv"
        return done.exit_code, answer, out.read_text().splitlines() if out.exists() else []

    return run


def test_a_call_is_made_once_per_record(run: Any, server: Server) -> None:
    call = f"Curl(CONCAT('{server.url}', path), 'GET')"
    code, answer, lines = run(f"(int){call}#'status'", where="path is not null")
    assert (code, answer["errors"], lines) == (0, "", ["200"] * 3)
    assert sorted(one[1] for one in server.asked) == ["/a", "/b", "/c"]


def test_a_call_whose_arguments_are_constants_is_made_once_per_record_too(run: Any, server: Server) -> None:
    code, _, lines = run(f"(chararray)Curl('{server.url}/x', 'GET')#'headers'#'X-Count'")
    assert (code, sorted(lines)) == (0, ["1", "2", "3", "4"])


def test_an_answer_that_is_used_twice_in_an_expression_is_asked_for_once(run: Any, server: Server) -> None:
    code, answer, lines = run(f"ABS((int)Curl('{server.url}/x', 'GET')#'status')", where="id == 1")
    assert (code, answer["errors"], lines, len(server.asked)) == (0, "", ["200"], 1)


@pytest.mark.parametrize(
    ("where", "asked"),
    [
        ("id > 2 AND (int)Curl('{url}/x', 'GET')#'status' == 200", 2),
        ("id > 2 OR (int)Curl('{url}/x', 'GET')#'status' == 200", 2),
        ("(int)Curl('{url}/x', 'GET')#'status' == 200", 4),
        ("COALESCE(path, (chararray)Curl('{url}/x', 'GET')#'body') != ''", 1),
    ],
)
def test_a_condition_calls_only_where_it_has_to(run: Any, server: Server, where: str, asked: int) -> None:
    code, answer, _ = run("id", where=where.replace("{url}", server.url))
    assert (code, answer["errors"], len(server.asked)) == (0, "", asked)


def test_a_branch_that_is_not_taken_calls_nobody(run: Any, server: Server) -> None:
    code, _, lines = run(f"CASE WHEN id == 2 THEN (chararray)Curl('{server.url}/b', 'GET')#'status' ELSE 'no' END")
    assert (code, sorted(lines), len(server.asked)) == (0, ["200", "no", "no", "no"], 1)


def test_the_whole_request_is_sent(run: Any, server: Server) -> None:
    call = f"Curl('{server.url}/p', 'post', '{{\"X-Key\": \"k\"}}', '{{\"a\":1}}')#'status'"
    assert run(f"(int){call}", where="id == 1")[2] == ["200"]
    assert server.asked == [("POST", "/p", "k", '{"a":1}')]


@pytest.mark.parametrize(
    ("call", "asked"),
    [("Curl((chararray)null, 'GET')", 0), ("Curl('{url}', (chararray)null)", 0),
     ("Curl('{url}/x', 'GET', (chararray)null, (chararray)null)", 1)],
)  # fmt: skip
def test_without_an_address_or_a_method_there_is_no_call(run: Any, server: Server, call: str, asked: int) -> None:
    code, _, lines = run("id", f"(int){call.replace('{url}', server.url)}#'status'", where="id == 1")
    assert (code, lines, len(server.asked)) == (0, ["1;200" if asked else "1;"], asked)


def test_an_answer_that_says_no_is_an_answer(run: Any, server: Server) -> None:
    assert run(f"(int)Curl('{server.url}/no', 'GET')#'status'", where="id == 1")[2] == ["404"]


def test_polling_goes_on_until_the_answer_fits(run: Any, server: Server) -> None:
    call = f"(chararray)CurlPoll('\"state\": *\"done\"', 1, 60000, '{server.url}/x', 'GET')#'body'"
    _, answer, lines = run(call, where="id == 1")
    assert (answer["errors"], len(server.asked)) == ("", 3)
    assert "done" in lines[0]


def test_polling_gives_the_last_answer_when_time_is_over(run: Any, server: Server) -> None:
    lines = run(f"(chararray)CurlPoll('never', 1, 0, '{server.url}/x', 'GET')#'body'", where="id == 1")[2]
    assert "busy" in lines[0]
    assert len(server.asked) == 1


def test_a_variable_calls_once_per_job(run: Any, server: Server) -> None:
    variables = {
        "answer": f"(chararray)Curl('{server.url}/v', 'GET')#'headers'#'X-Count'",
        "twice": "CONCAT('$answer', '$answer')",
    }
    code, answer, lines = run("'$twice'", variables=variables)
    assert (code, lines, answer["variables"]["answer"]) == (0, ["11"] * 4, "1")
    assert len(server.asked) == 1


def test_a_secret_in_a_call_is_sent_and_shown_nowhere(run: Any, server: Server) -> None:
    call = f"Curl('{server.url}/$token', 'GET', '{{\"X-Key\": \"$token\"}}')"
    code, answer, lines = run(f"(int){call}#'status'", where="id == 1", secrets={"token": "s3cret-1"})
    assert (code, lines) == (0, ["200"])
    assert server.asked[0][1:3] == ("/s3cret-1", "s3cret-1")
    assert "s3cret" not in json.dumps(answer)
    _, answer, _ = run("(int)Curl('http://10.0.0.1/$token', 'GET')#'status'", secrets={"token": "s3cret-1"})
    assert answer["status"] == "failed"
    assert "s3cret" not in json.dumps(answer)


def test_an_internal_address_is_refused_unless_it_is_allowed(
    run: Any, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PENSTOCK_OUTBOUND_ALLOW", "")
    code, answer, _ = run(f"(int)Curl('{server.url}/x', 'GET')#'status'")
    assert (code, server.asked) == (1, [])
    assert "internal address 127.0.0.1" in answer["errors"]


@pytest.mark.parametrize(
    ("call", "says"),
    [
        ("Curl('nope', 'GET')", "no http or https address"),
        ("Curl('{url}', 'FETCH')", "no method of HTTP"),
        ("Curl('{url}', 'GET', 'X: y')", "JSON object of names"),
    ],
)
def test_what_is_no_request_fails_the_job(run: Any, server: Server, call: str, says: str) -> None:
    code, answer, _ = run(f"(int){call.replace('{url}', server.url)}#'status'")
    assert (code, says in answer["errors"], server.asked) == (1, True, []), answer["errors"]


def test_previews_validation_and_the_console_call_nobody(run: Any, server: Server, tmp_path: Path) -> None:
    call = f"Curl('{server.url}/x', 'GET')"
    variables = {"v": f"(chararray){call}#'body'"}
    code, answer, _ = run("id", f"(int){call}#'status'", command="preview", where="id == 1", variables=variables)
    assert (code, answer["rows"][0]["v1"]) == (0, None)
    runner = CliRunner()
    assert runner.invoke(app, ["validate", str(tmp_path / "p.json")]).exit_code == 0
    assert runner.invoke(app, ["explain", str(tmp_path / "p.json")]).exit_code == 0
    done = runner.invoke(app, ["eval", f"{call}#'status'"])
    assert (done.exit_code, "null" in done.stdout) == (0, True)
    assert server.asked == []


@pytest.mark.parametrize("call", ["Curl('{url}/silent', 'GET')", "CurlPoll('never', 60000, 600000, '{url}/x', 'GET')"])
@pytest.mark.parametrize("place", ["field", "variable"])
def test_a_stop_ends_calls(run: Any, server: Server, monkeypatch: pytest.MonkeyPatch, call: str, place: str) -> None:
    from penstock.engines.duckdb.run import DuckEngine

    engine = DuckEngine()
    monkeypatch.setattr("penstock.wiring.engines.engine_named", lambda *_, **__: engine)
    monkeypatch.setattr("signal.signal", lambda *_: None)
    text = f"(int){call.replace('{url}', server.url)}#'status'"

    def stop() -> None:
        while not server.asked:
            server.let_go.wait(0.01)
        engine.interrupt()

    stopper = threading.Thread(target=stop)
    stopper.start()
    code, answer, _ = run("1" if place == "variable" else text, variables={"v": text} if place == "variable" else {})
    stopper.join(10)
    assert (code, answer["status"]) == (130, "stopped"), answer["errors"]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (
            "ExecuteSqlLong('POSTGRES_CONNECTION_3', 'SELECT 1')",
            "Cast the text: (long)ExecuteSqlString(connection, sql).",
        ),
        ("ExecuteSqlDouble('PG', 'SELECT 1')", "Cast the text: (double)ExecuteSqlString(connection, sql)."),
    ],
)
def test_functions_that_are_not_there_say_why(run: Any, text: str, says: str) -> None:
    code, answer, _ = run(text)
    assert (code, answer["diagnostics"][0]["code"]) == (2, "PK601")
    assert says in answer["errors"]
