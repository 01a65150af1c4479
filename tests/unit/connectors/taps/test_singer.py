"""Singer taps: what becomes of what they write, and of them. `hostile.py` is a tap that does what a test says."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any

import psutil
import pytest

from penstock.connectors.taps import process
from penstock.errors import ConnectionTestFailed, JobStopped, PermanentError
from penstock.kit.secret import hidden
from penstock.kit.stopping import STOP
from penstock.plan.ports import Connection
from penstock.runtime.execute import OpenGate, Order, execute
from penstock.runtime.look import preview
from penstock.wiring import engines, jobs

HOSTILE = Path(__file__).with_name("hostile.py")
FIELDS = [{"name": "id", "type": "long"}, {"name": "price", "type": "double"}]
SECRET = "canary-token-of-the-tap"


class Ear:
    """A listener that keeps the log."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def log(self, level: str, line: str) -> None:
        self.lines.append(f"{level} {line}")

    def __getattr__(self, _: str) -> Any:
        return lambda *_: None

    def __contains__(self, text: str) -> bool:
        return any(text in line for line in self.lines)


class Runner:
    """Runs packages that read a tap."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.lake, self.ear = folder, folder / "lake", Ear()
        self.lake.mkdir()
        self.notes = folder / "notes"
        command = folder / "tap"
        command.write_text(f"#!/bin/sh\nexec '{sys.executable}' -S '{HOSTILE}' \"$@\"\n")
        command.chmod(0o755)
        self.taps = {"hostile": str(command)}
        self.config: dict[str, Any] = {"token": SECRET, "notes": str(self.notes)}
        self.tap = "hostile"
        self._runs = count(1)

    def order(self, fields: Any, stream: str, **properties: Any) -> Order:
        scratch = self.folder / f"scratch{next(self._runs)}"
        scratch.mkdir()
        source = {
            "id": "in", "type": "singer_source_component", "connection": {"name": "tap"}, "fields": fields,
            "properties": {"stream": stream, **properties},
        }  # fmt: skip
        target = {
            "id": "out", "type": "cloud_storage_destination_component", "connection": {"name": "lake"},
            "properties": {"path": "out", "format": "json", "if_exists": "replace"},
        }  # fmt: skip
        flow = {"components": [source, target], "edges": [{"from": "in", "to": "out"}]}
        connections = {
            "lake": {"type": "file", "path": str(self.lake)},
            "tap": {"type": "singer", "tap": self.tap, "secrets": {"config": json.dumps(self.config)}},
        }
        return Order(
            token="job-7-1", flow=json.dumps(flow), now="2026-03-01T12:00:00+00:00", connections=connections,
            scratch=str(scratch), staging=str(self.folder / "staged"),
        )  # fmt: skip

    @property
    def connectors(self) -> Any:
        return jobs.connectors([self.lake], taps=self.taps)

    def read(self, fields: Any = FIELDS, stream: str = "orders", gate: Any = None, **properties: Any) -> list[Any]:
        order = self.order(fields, stream, **properties)
        execute(order, engines.engine(), self.connectors, self.ear, gate or OpenGate())
        parts = sorted((self.lake / "out").iterdir())
        return [json.loads(line) for part in parts for line in part.read_text().splitlines()]


@pytest.fixture
def runner(tmp_path: Path) -> Runner:
    return Runner(tmp_path)


@pytest.fixture
def stop() -> Iterator[None]:
    yield
    STOP.forget()


def test_records_of_a_stream(runner: Runner) -> None:
    assert runner.read() == [{"id": n, "price": n + 0.5} for n in (1, 2, 3)]
    assert "info in: 3 records, 1 schemas, a state" in runner.ear
    assert "1 records of the stream 'people' were not asked for" in runner.ear
    assert "ACTIVATE_VERSION of 'orders'" in runner.ear
    assert "info in: INFO began with ***" in runner.ear, "what it says is in the log, its secrets are not"
    discover, run, chosen = (json.loads(line) for line in runner.notes.read_text().splitlines())
    assert discover[0] == ["--config", "config.json", "--discover"]
    assert run[0] == ["--config", "config.json", "--catalog", "catalog.json"]
    assert (run[1], run[2]) == ("0o600", [])
    assert chosen[0] == "orders"
    marks = {"/".join(one["breadcrumb"]): one["metadata"]["selected"] for one in chosen[1]}
    assert marks == {"": True, "properties/id": True, "properties/name": False, "properties/price": True}


def test_the_id_of_a_stream_names_it_too(runner: Runner) -> None:
    assert len(runner.read(stream="x-orders")) == 3


def test_no_environment_of_penstock(runner: Runner, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PENSTOCK_SEALING_KEY", "canary-key")
    runner.read()
    assert all(json.loads(line)[2] == [] for line in runner.notes.read_text().splitlines()[:2])


def test_a_state_is_kept_after_success_alone(runner: Runner) -> None:
    state = {"connection": {"name": "lake"}, "path": "state.json"}

    class Closed:
        def grant(self, outputs: Any) -> None:
            raise PermanentError("Not granted.")

    with pytest.raises(PermanentError, match="Not granted"):
        runner.read(state=state, gate=Closed())
    assert not (runner.lake / "state.json").exists()
    assert [one["id"] for one in runner.read(state=state)] == [1, 2, 3]
    assert json.loads((runner.lake / "state.json").read_text()) == {"last": 3}
    assert [one["id"] for one in runner.read(state=state)] == [4, 5, 6]
    assert "info in: its state is kept" in runner.ear
    runner.config["mode"] = "dies"
    with pytest.raises(PermanentError):
        runner.read(state=state)
    assert json.loads((runner.lake / "state.json").read_text()) == {"last": 6}
    assert not list((runner.folder / "staged").glob(".states*")), "nothing stays behind"
    (runner.lake / "state.json").write_text("{")
    with pytest.raises(PermanentError, match=r"the state 'state.json' cannot be read: it is no JSON"):
        runner.read(state=state)


def test_a_state_in_a_folder_is_one_of_its_files(runner: Runner) -> None:
    (runner.lake / "states").mkdir()
    (runner.lake / "states" / "other.json").write_text("{")
    state = {"connection": {"name": "lake"}, "path": "states/"}
    assert [one["id"] for one in runner.read(state=state)] == [1, 2, 3]
    assert json.loads((runner.lake / "states" / "state.json").read_text()) == {"last": 3}
    assert [one["id"] for one in runner.read(state=state)] == [4, 5, 6]


def test_a_component_adds_to_the_configuration(runner: Runner) -> None:
    assert len(runner.read(config={"count": "5"})) == 5


@pytest.mark.parametrize(
    ("mode", "says"),
    [
        (
            "garbage",
            "Line 5 of the tap 'hostile' is no message: it is no JSON. It begins with: Traceback: this is no message",
        ),
        ("dies", "The tap 'hostile' ended with the exit code 3. It said last: could not go on with ***"),
        ("killed", "The tap 'hostile' ended by the signal 9."),
        ("batch", "Line 5 of the tap 'hostile' is a BATCH, whose files are not read"),
        ("early", "Line 1 of the tap 'hostile' is a RECORD before the SCHEMA of its stream"),
        ("lost", "The tap 'hostile' gives no catalog when it is asked to discover"),
        ("huge", "The tap 'hostile' writes a line of more than 1 MiB"),
    ],
)
def test_taps_that_misbehave(runner: Runner, monkeypatch: pytest.MonkeyPatch, mode: str, says: str) -> None:
    monkeypatch.setattr(process, "LONGEST_LINE", 1 << 20)
    runner.config |= {"mode": mode, "size": str(4 << 20)}
    with pytest.raises(PermanentError) as raised:
        runner.read()
    assert f"Component 'in': {says}" in raised.value.message
    assert SECRET not in raised.value.message + "".join(runner.ear.lines)
    assert not (runner.lake / "out").exists()


def test_a_tap_that_lingers_is_ended(runner: Runner, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "GRACE_S", 0.1)
    runner.config["mode"] = "lingers"
    with pytest.raises(PermanentError, match="closed its output and did not end"):
        runner.read()


def test_a_stop_ends_a_deaf_tap_and_what_it_started(
    runner: Runner, monkeypatch: pytest.MonkeyPatch, stop: None
) -> None:
    monkeypatch.setattr(process, "GRACE_S", 0.1)
    pids = runner.folder / "pids"
    runner.config |= {"mode": "deaf", "pids": str(pids)}
    stopper = threading.Thread(target=lambda: (_until(lambda: pids.exists() and pids.read_text()), STOP.ask()))
    stopper.start()
    with pytest.raises(JobStopped):
        runner.read()
    stopper.join()
    _until(lambda: not any(map(_lives, pids.read_text().split())))


def test_a_tap_dies_with_its_job(runner: Runner) -> None:
    """Also where the process of the job is killed, and can end nothing itself."""
    pids = runner.folder / "pids"
    (runner.folder / "config.json").write_text(json.dumps({"mode": "deaf", "pids": str(pids)}))
    (runner.folder / "catalog.json").write_text('{"streams": [{"stream": "orders", "selected": true, "metadata": []}]}')
    text = (
        "from pathlib import Path\n"
        "from penstock.connectors.taps.process import Tap\n"
        "from penstock.kit.stopping import STOP\n"
        f"arguments = ['--config', 'config.json', '--catalog', 'catalog.json']\n"
        f"tap = Tap('x', {runner.taps['hostile']!r}, arguments, Path({str(runner.folder)!r}), STOP, print)\n"
        "for line in tap.lines(): pass\n"
    )
    job = subprocess.Popen([sys.executable, "-c", text], start_new_session=True, stdout=subprocess.DEVNULL)
    _until(lambda: pids.exists() and pids.read_text())
    tap, child = pids.read_text().split()
    os.kill(job.pid, signal.SIGKILL)
    job.wait()
    _until(lambda: not _lives(tap))
    os.killpg(job.pid, signal.SIGKILL)  # as a worker does, with all that is in the group
    _until(lambda: not _lives(child))


def test_a_preview_ends_the_tap(runner: Runner) -> None:
    runner.config["mode"] = "endless"
    order = runner.order(FIELDS, "orders")
    found = preview(order, "in", 10, engines.engine(), runner.connectors, ["in"])
    assert len(found.rows) == 10


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (
            {"tap": "other"},
            "The tap 'other' may not be run here. The operator allows taps with PENSTOCK_SINGER_TAPS; known: hostile",
        ),
        ({"taps": {"hostile": "/nowhere/tap"}}, "The tap 'hostile' is not installed: '/nowhere/tap' is no program"),
        ({"config": ["x"]}, "The 'config' of the connection 'tap' is no JSON object"),
    ],
)
def test_what_is_not_run(runner: Runner, change: dict[str, Any], says: str) -> None:
    for name, value in change.items():
        setattr(runner, name, value)
    with pytest.raises(PermanentError) as raised:
        runner.read()
    assert says in raised.value.message
    assert not runner.notes.exists()


def test_streams_and_fields_that_are_not_there(runner: Runner) -> None:
    with pytest.raises(PermanentError, match=r"has no stream 'order'\. It has: orders, people"):
        runner.read(stream="order")
    with pytest.raises(PermanentError, match=r"has no property 'city'\. It has: id, name, price"):
        runner.read([{"name": "city"}])


def test_the_test_of_a_connection(runner: Runner) -> None:
    connector = runner.connectors["singer"]
    given = Connection("tap", "singer", {"tap": "hostile"}, hidden({"config": json.dumps(runner.config)}))
    assert [one.name for one in connector.test(given)] == ["place", "login"]
    with pytest.raises(ConnectionTestFailed, match="gives no catalog"):
        connector.test(Connection("tap", "singer", {"tap": "hostile"}, hidden({"config": '{"mode": "lost"}'})))


def test_a_tap_from_the_package_index(runner: Runner, tap_jsonl: Path) -> None:
    """tap-jsonl, in an environment of its own: its discovery, its types, its state."""
    data = runner.folder / "a.jsonl"
    rows = [{"id": number, "name": f"n{number}", "price": number + 0.5, "tags": ["a"]} for number in range(1, 1001)]
    data.write_text("".join(json.dumps(row) + "\n" for row in rows))
    runner.taps, runner.tap = {"jsonl": str(tap_jsonl)}, "jsonl"
    os.utime(data, (1_772_000_000, 1_772_000_000))
    runner.config = {"path": str(runner.folder / "*.jsonl"), "stream_name": "rows"}
    fields = [*FIELDS, {"name": "name"}, {"name": "tags", "type": "json_array"}]
    state = {"connection": {"name": "lake"}, "path": "state.json"}
    assert runner.read(fields, "rows", state=state) == rows
    assert "1,000 records" in runner.ear
    kept = json.loads((runner.lake / "state.json").read_text())
    assert kept["bookmarks"]["rows"]["partitions"][0]["replication_key_value"] == "2026-02-25T06:13:20+00:00"
    (runner.folder / "b.jsonl").write_text(json.dumps({"id": 1001, "name": "new", "price": 1.0, "tags": []}) + "\n")
    # This tap takes its state, and looks for its bookmark under another name than it writes it: it reads all again.
    assert len(runner.read(fields, "rows", state=state)) == 1001
    kept = json.loads((runner.lake / "state.json").read_text())
    assert len(kept["bookmarks"]["rows"]["partitions"]) == 2


def _lives(pid: str) -> bool:
    try:
        return psutil.Process(int(pid)).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def _until(test: Any) -> None:
    deadline = time.monotonic() + 20
    while not test():
        assert time.monotonic() < deadline
        time.sleep(0.01)
