"""A Penstock server of its own in a throw-away folder, and a client for it."""

from __future__ import annotations

import base64
import contextlib
import http.client
import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import psutil

ACCOUNT = "bench"
MEDIA = "application/vnd.xplenty+json"
READY_S = 60.0
POLL_S = 0.005
"""How often a client asks for what it waits for, unless said otherwise."""


IDLE_S = 2.0
"""After a longer pause a client connects anew: servers close connections that nobody uses."""


class Client:
    """One keep-alive connection to a server."""

    def __init__(self, port: int, key: str) -> None:
        self.port = port
        self.headers = {
            "Authorization": "Basic " + base64.b64encode(f"{key}:".encode()).decode(),
            "Accept": f"{MEDIA}; version=2",
            "Content-Type": "application/json",
        }
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        self._used_at = time.monotonic()

    def call(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
        """Return the answer to a call under the account. Raises RuntimeError for a status of 400 or more."""
        text = None if body is None else json.dumps(body)
        if time.monotonic() - self._used_at > IDLE_S:
            self.connection.close()
        self.connection.request(method, f"/{ACCOUNT}/api/{path}", text, self.headers)
        answer = self.connection.getresponse()
        raw = answer.read()
        self._used_at = time.monotonic()
        if answer.status >= 400:
            raise RuntimeError(f"{method} {path}: {answer.status} {raw.decode()}")
        return json.loads(raw)

    def wait(self, path: str, *statuses: str, limit_s: float = 600.0, every_s: float = POLL_S) -> dict[str, Any]:
        """Return a resource once it has one of the statuses; it is asked for every so many seconds."""
        until = time.monotonic() + limit_s
        while time.monotonic() < until:
            found: dict[str, Any] = self.call("GET", path)
            if found["status"] in statuses:
                return found
            if found["status"] in ("failed", "error", "terminated", "stopped"):
                raise RuntimeError(f"{path}: {found['status']} {found.get('errors')}")
            time.sleep(every_s)
        raise RuntimeError(f"{path} had none of the statuses {', '.join(statuses)} in {limit_s:g} s")

    def cluster(self) -> int:
        """Return a cluster that is ready for jobs."""
        made = self.call("POST", "clusters", {"nodes": 1, "type": "production", "terminate_on_idle": False})
        self.wait(f"clusters/{made['id']}", "available", "idle", limit_s=30)
        return int(made["id"])

    def package(self, name: str, flow: Mapping[str, Any], variables: Mapping[str, str], connection_id: int) -> int:
        """Return a new package whose connection `data` is the one given."""
        bound = json.dumps({"type": "file", "id": connection_id})
        text = json.dumps(flow).replace('{"name": "data"}', bound)
        body = {"name": name, "data_flow_json": text, "variables": dict(variables)}
        return int(self.call("POST", "packages", body)["id"])

    def connect(self, folder: Path) -> int:
        """Return a new connection to a folder."""
        return int(self.call("POST", "connections/file", {"name": "data", "path": str(folder)})["id"])

    def run(self, cluster_id: int, package_id: int, every_s: float = POLL_S) -> tuple[float, int]:
        """Return how long a job took from submission to its end as this client sees it, and its id."""
        started = time.perf_counter()
        job = self.call("POST", "jobs", {"cluster_id": cluster_id, "package_id": package_id})
        self.wait(f"jobs/{job['id']}", "completed", every_s=every_s)
        return time.perf_counter() - started, int(job["id"])


@contextlib.contextmanager
def serving(folder: Path, roots: Path) -> Iterator[tuple[Client, int]]:
    """Run a server over *folder* with one slot, so that a job gets the whole machine; gives a client and its process id."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    key = secrets.token_hex(16)
    environ = {
        **os.environ, "PENSTOCK_ACCOUNT": ACCOUNT, "PENSTOCK_API_KEY": key, "PENSTOCK_FILE_ROOTS": str(roots),
        "PENSTOCK_CREDITS_PER_HOUR": "0", "PENSTOCK_SLOTS": "1", "PENSTOCK_OUTBOUND_ALLOW": "127.0.0.0/8",
    }  # fmt: skip
    command = [sys.executable, "-m", "penstock", "serve", "--port", str(port), "--data-dir", str(folder)]
    with (folder / "server.log").open("wb") as log:
        process = subprocess.Popen(command, env=environ, stdout=log, stderr=log)
    try:
        _wait_ready(process, port, folder / "server.log")
        yield Client(port, key), process.pid
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait_ready(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    until = time.monotonic() + READY_S
    while time.monotonic() < until:
        if process.poll() is not None:
            break
        with contextlib.suppress(OSError, http.client.HTTPException):
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=2)
            connection.request("GET", "/readyz")
            if connection.getresponse().status == 200:
                return
        time.sleep(0.05)
    raise RuntimeError(f"the server is not ready: {log.read_text()[-2000:]}")


class PeakMemory(threading.Thread):
    """Watches the processes below a server; *peak_bytes* is the most that one of them had resident."""

    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self.server = psutil.Process(pid)
        self.peak_bytes = 0
        self.over = threading.Event()

    def run(self) -> None:
        """Look every hundredth of a second: the kernel keeps each process's own peak."""
        while not self.over.wait(0.01):
            with contextlib.suppress(psutil.Error):
                for child in self.server.children(recursive=True):
                    self.peak_bytes = max(self.peak_bytes, _high_water(child.pid))

    def stop(self) -> int:
        """Return the peak."""
        self.over.set()
        self.join()
        return self.peak_bytes


def cpu_seconds(pid: int) -> float:
    """Return the processor time so far of a server and all processes below it, those that have ended included."""
    total = 0.0
    server = psutil.Process(pid)
    for one in (server, *server.children(recursive=True)):
        with contextlib.suppress(psutil.NoSuchProcess):
            took = one.cpu_times()
            total += took.user + took.system + took.children_user + took.children_system
    return total


def _high_water(pid: int) -> int:
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM:")), 0)
