"""Singer taps under a real server: their records and states, and that they end as their job does."""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest

Wait = Callable[..., Any]
HOSTILE = Path(__file__).parents[1] / "unit" / "connectors" / "taps" / "hostile.py"
SECRET = "canary-token-of-the-tap"
STATE = {"path": "states/rows.json"}


class Taps:
    """A server that allows taps, and packages that read them into a folder."""

    def __init__(self, server: Any, flows: Any, folder: str) -> None:
        self.server, self.flows = server, flows
        self.data = server.files / folder
        self.lake, self.cluster = server.connect(self.data), server.cluster()

    def connect(self, tap: str, **config: Any) -> dict[str, Any]:
        made: dict[str, Any] = self.server.call(
            "POST", "connections/singer", {"name": tap, "tap": tap, "config": json.dumps(config)}
        )
        return made

    def package(self, connection: str, stream: str, *fields: tuple[str, str], **properties: Any) -> int:
        source = {
            "id": "rows", "type": "singer_source_component", "name": "rows", "connection": {"name": connection},
            "properties": {"stream": stream, **properties},
            "fields": [{"name": name, "type": kind} for name, kind in fields],
        }  # fmt: skip
        out = self.flows.target("out", self.lake, "out", if_exists="replace", merge_to_single_file=True)
        return int(self.server.package(self.flows.flow(source, out, edges=[("rows", "out")])))

    def submit(self, package: int) -> int:
        return int(self.server.submit(self.cluster, package))

    def runs(self, package: int) -> dict[str, Any]:
        """Run a package to its end, whatever that is."""
        job: dict[str, Any] = self.server.wait(self.submit(package))
        return job

    @property
    def state(self) -> dict[str, Any]:
        return {"connection": {"name": self.lake}, **STATE}

    @property
    def kept(self) -> Any:
        return json.loads((self.data / STATE["path"]).read_text())

    @property
    def lines(self) -> list[str]:
        return (self.data / "out" / "part-00000.csv").read_text().split()[1:]


@pytest.fixture(scope="module")
def server(new_server: Callable[..., Any], tap_jsonl: Path, tmp_path_factory: pytest.TempPathFactory) -> Any:
    home = tmp_path_factory.mktemp("taps")
    command = home / "tap"
    command.write_text(f"#!/bin/sh\nexec '{sys.executable}' -S '{HOSTILE}' \"$@\"\n")
    command.chmod(0o755)
    allowed = f"hostile={command},jsonl={tap_jsonl}"
    return new_server(home / "server", f"sqlite:///{home}/penstock.db", PENSTOCK_SINGER_TAPS=allowed)


@pytest.fixture
def taps(server: Any, flows: Any, request: pytest.FixtureRequest) -> Taps:
    return Taps(server, flows, request.node.name)


def test_a_tap_from_the_package_index(taps: Taps, tmp_path: Path) -> None:
    for name, numbers in (("a", range(1, 501)), ("b", range(501, 1001))):
        lines = [json.dumps({"id": one, "name": f"n{one}", "price": one + 0.5}) + "\n" for one in numbers]
        (tmp_path / f"{name}.jsonl").write_text("".join(lines))
    made = taps.connect("jsonl", path=str(tmp_path / "*.jsonl"), stream_name="rows")
    tested = taps.server.call("POST", f"connections/singer/{made['id']}/test")
    assert json.dumps(tested).find("canary") == -1
    fields = (("id", "long"), ("name", "string"), ("price", "double"))
    job = taps.runs(taps.package(made["unique_id"], "rows", *fields, state=taps.state))
    assert job["status"] == "completed", job["errors"]
    assert job["outputs"][0]["records_count"] == 1000
    assert sorted(taps.lines) == sorted(f"{one},n{one},{one + 0.5}" for one in range(1, 1001))
    assert taps.kept["bookmarks"]["rows"]
    log = taps.server.log(job["id"])
    assert "rows: 1,000 records" in log
    assert "rows: its state is kept" in log


def test_the_next_job_goes_on_behind_the_state(taps: Taps) -> None:
    made = taps.connect("hostile", token=SECRET)
    package = taps.package(made["unique_id"], "orders", ("id", "long"), ("price", "double"), state=taps.state)
    for first in (1, 4):
        job = taps.runs(package)
        assert job["status"] == "completed", job["errors"]
        assert job["outputs"][0]["records_count"] == 3
        assert taps.lines == [f"{one},{one + 0.5}" for one in range(first, first + 3)]
        assert taps.kept == {"last": first + 2}
        assert "INFO began with ***" in taps.server.log(job["id"])
    assert "canary" not in taps.server.said()


def test_a_tap_that_fails_fails_its_job_with_its_words(taps: Taps) -> None:
    well, ill = taps.connect("hostile", token=SECRET), taps.connect("hostile", token=SECRET, mode="dies")
    taps.runs(taps.package(well["unique_id"], "orders", ("id", "long"), state=taps.state))
    published = taps.lines, taps.kept
    job = taps.runs(taps.package(ill["unique_id"], "orders", ("id", "long"), state=taps.state))
    assert job["status"] == "failed"
    assert "The tap 'hostile' ended with the exit code 3. It said last: could not go on with ***" in job["errors"]
    assert (taps.lines, taps.kept) == published
    assert [one.name for one in taps.data.iterdir() if one.name.startswith(".")] == []


def lives(pids: list[int]) -> bool:
    """Tell whether one of some processes goes on."""

    def goes_on(pid: int) -> bool:
        try:
            return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
        except psutil.NoSuchProcess:
            return False

    return any(goes_on(pid) for pid in pids)


def deaf(taps: Taps, wait_until: Wait, tmp_path: Path) -> tuple[int, list[int]]:
    """Return a job whose tap hears no signal, and the processes of the tap."""
    pids = tmp_path / "pids"
    made = taps.connect("hostile", mode="deaf", pids=str(pids))
    job_id = taps.submit(taps.package(made["unique_id"], "orders", ("id", "long")))
    found: list[int] = wait_until(
        lambda: [int(one) for one in pids.read_text().split()] if pids.exists() and pids.read_text() else None
    )
    assert len(found) == 2
    assert lives(found)
    return job_id, found


def test_a_stop_ends_the_tap_and_what_it_started(taps: Taps, wait_until: Wait, tmp_path: Path) -> None:
    job_id, pids = deaf(taps, wait_until, tmp_path)
    taps.server.call("DELETE", f"jobs/{job_id}")
    assert taps.server.wait(job_id, limit_s=15)["status"] == "stopped"
    assert not lives(pids)
    assert not (taps.data / "out").exists()


def test_a_tap_does_not_outlive_a_worker_that_is_killed(taps: Taps, wait_until: Wait, tmp_path: Path) -> None:
    _, (tap, child) = deaf(taps, wait_until, tmp_path)
    os.kill(taps.server.worker_process().pid, signal.SIGKILL)
    wait_until(lambda: not lives([tap]), 10)
    os.kill(child, signal.SIGKILL)  # what a tap has started itself is no child of the job's process
    assert not (taps.data / "out").exists()
