"""A real server with its worker, as a user starts it: process tree, store, HTTP."""

from __future__ import annotations

import base64
import contextlib
import http.client
import importlib.util
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import psutil
import pytest

ACCOUNT, KEY = "acme", "e2e-test-key-0001"
READY_S = 60.0
WAIT_S = 60.0
FINAL = ("completed", "failed", "stopped")


class Server:
    """`penstock serve` over a folder; calls go to its account."""

    def __init__(self, home: Path, store: str, **settings: str) -> None:
        self.home, self.store, self.settings = home, store, settings
        self.files = home / "data" / "files"
        self.workers: list[subprocess.Popen[bytes]] = []
        self.start()

    @property
    def environ(self) -> dict[str, str]:
        plain = {name: value for name, value in os.environ.items() if not name.startswith("PENSTOCK_")}
        given = {"PENSTOCK_ACCOUNT": ACCOUNT, "PENSTOCK_API_KEY": KEY, "PENSTOCK_CREDITS_PER_HOUR": "0"}
        return plain | given | {"PENSTOCK_DATABASE_URL": self.store} | self.settings

    def start(self) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.process = self._spawn("serve", "--port", str(self.port))
        until = time.monotonic() + READY_S
        while True:
            with contextlib.suppress(OSError):
                if self._ask("GET", "/readyz", None)[0] == 200:
                    return
            assert self.process.poll() is None, self.said()
            assert time.monotonic() < until, self.said()
            time.sleep(0.05)

    def _spawn(self, *words: str) -> subprocess.Popen[bytes]:
        self.home.mkdir(exist_ok=True)
        with (self.home / "log").open("ab") as log:
            return subprocess.Popen(
                [sys.executable, "-m", "penstock", *words, "--data-dir", str(self.home / "data")],
                env=self.environ, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            )  # fmt: skip

    def said(self) -> str:
        return (self.home / "log").read_text(errors="replace")

    def add_worker(self) -> subprocess.Popen[bytes]:
        self.workers.append(self._spawn("worker"))
        return self.workers[-1]

    def worker_process(self) -> psutil.Process:
        """Return the worker that the server has started."""
        return until(lambda: next((one for one in self._below() if one.cmdline()[3:4] == ["worker"]), None))

    def _below(self) -> list[psutil.Process]:
        return psutil.Process(self.process.pid).children()

    def stop(self, how: signal.Signals = signal.SIGTERM) -> int:
        self.process.send_signal(how)
        return self.process.wait(30)

    def close(self) -> None:
        for process in (*self.workers, self.process):
            if process.poll() is None:
                process.send_signal(signal.SIGCONT)
                process.terminate()
                process.wait(30)

    def _ask(self, method: str, path: str, body: Mapping[str, Any] | None) -> tuple[int, Any]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        token = base64.b64encode(f"{KEY}:".encode()).decode()
        headers = {"Authorization": f"Basic {token}", "Content-Type": "application/json"}
        try:
            connection.request(method, path, None if body is None else json.dumps(body), headers)
            answer = connection.getresponse()
            return answer.status, json.loads(answer.read() or b"null")
        finally:
            connection.close()

    def call(self, method: str, path: str, body: Mapping[str, Any] | None = None, *, status: int | None = None) -> Any:
        """Return the answer to a call under the account; any other status than the one wanted is a failure."""
        found, value = self._ask(method, f"/{ACCOUNT}/api/{path}", body)
        assert found == status if status is not None else found < 400, (method, path, found, value)
        return value

    def cluster(self, **fields: Any) -> int:
        made = self.call("POST", "clusters", {"nodes": 1, "name": "a cluster", **fields})
        until(lambda: self.call("GET", f"clusters/{made['id']}")["status"] == "available")
        return int(made["id"])

    def connect(self, folder: Path, name: str | None = None) -> str:
        folder.mkdir(parents=True, exist_ok=True)
        made = self.call("POST", "connections/file", {"name": name or folder.name, "path": str(folder)})
        return str(made["unique_id"])

    def package(self, flow: Mapping[str, Any], **fields: Any) -> int:
        return int(self.call("POST", "packages", {"name": "a package", "data_flow_json": flow, **fields})["id"])

    def submit(self, cluster: int, package: int, **fields: Any) -> int:
        return int(self.call("POST", "jobs", {"cluster_id": cluster, "package_id": package, **fields})["id"])

    def job(self, job_id: int) -> dict[str, Any]:
        found: dict[str, Any] = self.call("GET", f"jobs/{job_id}")
        return found

    def wait(self, job_id: int, *statuses: str, limit_s: float = WAIT_S) -> dict[str, Any]:
        """Return a job once it has one of the statuses, by default once it has ended."""
        wanted = statuses or FINAL

        def look() -> dict[str, Any] | None:
            found = self.job(job_id)
            if found["status"] in wanted:
                return found
            assert found["status"] not in FINAL, found
            return None

        return until(look, limit_s)

    def log(self, job_id: int) -> str:
        return str(self.call("GET", f"jobs/{job_id}/log")["body"])


def until(look: Callable[[], Any], limit_s: float = WAIT_S) -> Any:
    """Return what *look* returns, once it is something."""
    end, pause_s = time.monotonic() + limit_s, 0.02
    while not (found := look()):
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(pause_s)
        pause_s = min(1.1 * pause_s, 0.2)  # to ask takes a server longer than to be asked
    return found


@pytest.fixture(scope="session")
def flows() -> Any:
    """The packages of `flows.py`; the tests are no package, so the module is loaded by its path."""
    spec = importlib.util.spec_from_file_location("penstock_e2e_flows", Path(__file__).with_name("flows.py"))
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def wait_until() -> Callable[..., Any]:
    return until


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Callable[..., Server]]:
    """Starts servers; all are stopped at the end."""
    with contextlib.ExitStack() as stack:

        def start(store: str, **settings: str) -> Server:
            server = Server(tmp_path / "server", store, **settings)
            stack.callback(server.close)
            return server

        yield start


@pytest.fixture
def own_server(serve: Callable[..., Server], store_url: str) -> Server:
    """A server with two slots that the test may kill, once over each database."""
    return serve(store_url, PENSTOCK_SLOTS="2")


@pytest.fixture(scope="module")
def new_server() -> Iterator[Callable[..., Server]]:
    """Starts servers that the tests of a module share."""
    with contextlib.ExitStack() as stack:

        def start(home: Path, store: str, **settings: str) -> Server:
            server = Server(home, store, **settings)
            stack.callback(server.close)
            return server

        yield start


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def server(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, new_server: Callable[..., Server]
) -> Server:
    """A server with two slots that the tests of a module share, once over each database."""
    home = tmp_path_factory.mktemp("server")
    store = request.getfixturevalue("new_database")() if request.param == "postgresql" else f"sqlite:///{home}/store.db"
    return new_server(home, store, PENSTOCK_SLOTS="2")


@pytest.fixture
def data(server: Server, request: pytest.FixtureRequest) -> Path:
    """A folder of the shared server for one test."""
    folder = server.files / request.node.name.replace("[", "-").rstrip("]")
    folder.mkdir()
    return folder
