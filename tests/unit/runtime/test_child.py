"""The process of a job, without a process: what it tells its worker, and how each end of a job is said."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from penstock.domain.diagnostic import Diagnostic
from penstock.errors import DataError, InvariantBroken, JobStopped, LeaseLost, PermanentError
from penstock.runtime.channel import Channel
from penstock.runtime.child import Adapters, run_child
from penstock.runtime.execute import Order
from penstock.wiring import jobs


def flow(*outputs: str, if_exists: str = "replace", expression: str = "n") -> str:
    """A package that reads numbers and writes them to some outputs."""
    fields = [{"expression": expression, "alias": "n"}]
    parts: list[dict[str, Any]] = [
        {
            "id": "s", "type": "cloud_storage_source_component", "name": "numbers", "connection": {"name": "lake"},
            "properties": {"path": "numbers.csv", "delimiter": ","}, "fields": [{"name": "n", "type": "int"}],
        },
        {"id": "c", "type": "select_component", "name": "chosen", "properties": {"fields": fields}},
    ]  # fmt: skip
    edges = [{"from": "s", "to": "c"}]
    if len(outputs) > 1:
        parts.append({"id": "k", "type": "clone_component", "name": "both", "properties": {}})
        edges.append({"from": "c", "to": "k"})
    for number, name in enumerate(outputs, 1):
        parts.append(
            {
                "id": name, "type": "cloud_storage_destination_component", "name": name, "connection": {"name": "lake"},
                "properties": {"path": name, "delimiter": ",", "if_exists": if_exists},
            }
        )  # fmt: skip
        begin = {"from": "k", "output": str(number)} if len(outputs) > 1 else {"from": "c"}
        edges.append({**begin, "to": name})
    return json.dumps({"components": parts, "edges": edges})


@pytest.fixture
def lake(tmp_path: Path) -> Path:
    folder = tmp_path / "lake"
    folder.mkdir()
    (folder / "numbers.csv").write_text("1\n2\n3\n")
    return folder


@pytest.fixture
def order(lake: Path) -> Callable[..., dict[str, Any]]:
    """Makes orders as a worker sends them."""

    def make(text: str, **more: Any) -> dict[str, Any]:
        given: dict[str, Any] = {
            "token": "job-7-1",
            "flow": text,
            "now": "2026-03-01T12:00:00+00:00",
            "connections": {"lake": {"type": "file", "path": str(lake)}},
            "scratch": str(lake.parent / "scratch"),
            "memory_bytes": 1 << 28,
            "threads": 1,
        }
        return {**given, **more}

    return make


class Talk:
    """A worker's side of the talk with a child, which runs in a thread."""

    def __init__(self, engine: Any, lake: Path) -> None:
        ours, theirs = socket.socketpair()
        self.channel = Channel(ours)
        adapters = Adapters(lambda: engine, jobs.connectors([lake]), lambda engine: None)
        self.thread = threading.Thread(target=self._run, args=(theirs, adapters), daemon=True)
        self.fault: BaseException | None = None
        self.heard: list[dict[str, Any]] = []
        self._theirs = theirs
        self.thread.start()

    def _run(self, end: socket.socket, adapters: Adapters) -> None:
        try:
            run_child(end, adapters)
        except BaseException as error:  # noqa: BLE001 -- the test looks at it
            self.fault = error
        finally:
            end.shutdown(socket.SHUT_RDWR)

    def until(self, *kinds: str) -> dict[str, Any]:
        """Return the next message of some kinds; others are kept."""
        while True:
            said = self.channel.receive()
            assert said is not None, self.heard
            self.heard.append(dict(said))
            if said["kind"] in kinds:
                return dict(said)

    def all(self, kind: str) -> list[dict[str, Any]]:
        return [one for one in self.heard if one["kind"] == kind]

    def close(self) -> None:
        self.channel.close()
        self.thread.join(30)
        assert not self.thread.is_alive()
        self._theirs.close()


@pytest.fixture
def talk(lake: Path) -> Iterator[Callable[[Any], Talk]]:
    made: list[Talk] = []

    def begin(engine: Any) -> Talk:
        made.append(Talk(engine, lake))
        made[-1].until("ready")
        return made[-1]

    yield begin
    for one in made:
        one.close()


Begin = Callable[[Any], Talk]
MakeOrder = Callable[..., dict[str, Any]]


def visible(lake: Path) -> dict[str, list[str]]:
    """What lies in the lake beside its source: folders with the names in them."""
    return {one.name: sorted(part.name for part in one.iterdir()) for one in lake.iterdir() if one.is_dir()}


def test_a_job_from_order_to_receipts(talk: Begin, order: MakeOrder, fake_engine: ModuleType, lake: Path) -> None:
    engine = fake_engine.FakeEngine(lambda reporter: reporter.progress(0.5))
    said = talk(engine)
    said.channel.send(order(flow("out"), package_variables={"day": "'x'"}))
    asked = said.until("ask")
    receipt = {"read": {}, "bytes": sum(map(len, fake_engine.PARTS.values()))}
    assert asked["written"] == [
        {
            "component": "out", "records": 3, "files": [*fake_engine.PARTS], "preview": "1\n", "preview_type": "csv",
            "receipt": receipt,
        }
    ]  # fmt: skip
    assert visible(lake) == {".out.staging-job-7-1": [*fake_engine.PARTS]}
    said.channel.send({"kind": "grant", "granted": True})
    done = said.until("done", "failed", "stopped")
    assert done["kind"] == "done"
    assert [Path(one).name for one in done["outputs"][0]["files"]] == [*fake_engine.PARTS]
    assert done["outputs"][0]["receipt"] == {**receipt, "written": 3, "is_once": True}
    assert visible(lake) == {"out": [*fake_engine.PARTS]}
    assert said.all("variables")[0]["values"]["day"] == "x"
    assert said.all("outputs")[0]["declared"][0]["component"] == "out"
    assert said.all("staged") == [{"kind": "staged", "folders": [str(lake / ".out.staging-job-7-1")]}]
    assert [one["fraction"] for one in said.all("progress")] == [0.5]
    order_of = [one["kind"] for one in said.heard]
    assert order_of.index("staged") < order_of.index("ask")
    assert (engine.limits[0].memory_bytes, engine.limits[0].threads) == (1 << 28, 1)
    assert said.channel.receive() is None


def test_no_grant_because_of_a_stop(talk: Begin, order: MakeOrder, fake_engine: ModuleType, lake: Path) -> None:
    said = talk(fake_engine.FakeEngine())
    said.channel.send(order(flow("out")))
    said.until("ask")
    said.channel.send({"kind": "stop"})
    said.channel.send({"kind": "grant", "granted": False})
    assert said.until("done", "failed", "stopped") == {"kind": "stopped"}
    assert visible(lake) == {}


def test_no_grant_because_another_worker_has_the_job(
    talk: Begin, order: MakeOrder, fake_engine: ModuleType, lake: Path
) -> None:
    said = talk(fake_engine.FakeEngine())
    said.channel.send(order(flow("out")))
    said.until("ask")
    said.channel.send({"kind": "grant", "granted": False})
    assert said.until("done", "failed", "stopped") == {"kind": "stopped"}
    assert visible(lake) == {}


def test_a_stop_while_it_runs(talk: Begin, order: MakeOrder, fake_engine: ModuleType, lake: Path) -> None:
    begun = threading.Event()

    def during(reporter: Any) -> None:
        begun.set()
        assert engine.interrupted.wait(30)

    engine = fake_engine.FakeEngine(during)
    said = talk(engine)
    said.channel.send(order(flow("out")))
    assert begun.wait(30)
    said.channel.send({"kind": "stop"})
    assert said.until("done", "failed", "stopped") == {"kind": "stopped"}
    assert said.all("ask") == []
    assert visible(lake) == {}


@pytest.mark.parametrize("when", ["it runs", "it asks"])
def test_a_worker_that_is_gone_ends_the_job(
    talk: Begin, order: MakeOrder, fake_engine: ModuleType, lake: Path, when: str
) -> None:
    """Nobody would let it publish; nothing is left."""
    begun = threading.Event()

    def during(reporter: Any) -> None:
        begun.set()
        if when == "it runs":
            assert engine.interrupted.wait(30)

    engine = fake_engine.FakeEngine(during)
    said = talk(engine)
    said.channel.send(order(flow("out")))
    assert begun.wait(30)
    if when == "it asks":
        said.until("ask")
    said.close()
    assert said.fault is None
    assert visible(lake) == {}


def test_a_worker_that_is_gone_before_the_order(talk: Begin, fake_engine: ModuleType) -> None:
    said = talk(fake_engine.FakeEngine())
    said.close()
    assert said.fault is None


def test_a_publication_that_was_granted_goes_on_when_the_worker_is_gone(
    talk: Begin, order: MakeOrder, fake_engine: ModuleType, lake: Path
) -> None:
    """To stop between two outputs would take from the next attempt what it is to publish."""
    said = talk(fake_engine.FakeEngine())
    said.channel.send(order(flow("one", "two")))
    said.until("ask")
    said.channel.send({"kind": "grant", "granted": True})
    said.close()
    assert visible(lake) == {"one": [*fake_engine.PARTS], "two": [*fake_engine.PARTS]}


def test_what_was_granted_before_is_published_without_asking(
    talk: Begin, order: MakeOrder, fake_engine: ModuleType, lake: Path
) -> None:
    staged = lake / ".out.staging-job-7-1"
    staged.mkdir()
    (staged / "part-00000.csv").write_text("1\n")
    engine = fake_engine.FakeEngine()
    said = talk(engine)
    granted = [{"component": "out", "records": 1, "files": ["part-00000.csv"], "preview": "1", "preview_type": "csv"}]
    said.channel.send(order(flow("out"), token="job-7-2", granted_token="job-7-1", granted=granted))
    done = said.until("done", "failed", "stopped")
    assert done["kind"] == "done"
    assert done["outputs"][0]["records"] == 1
    assert (said.all("ask"), engine.runs) == ([], [])
    assert visible(lake) == {"out": ["part-00000.csv"]}


def failing(fake_engine: ModuleType, error: BaseException) -> Any:
    def during(reporter: Any) -> None:
        raise error

    return fake_engine.FakeEngine(during)


@pytest.mark.parametrize("kind", [PermanentError, DataError])
def test_an_error_that_we_name_is_one_sentence(
    talk: Begin, order: MakeOrder, fake_engine: ModuleType, lake: Path, kind: type[Exception]
) -> None:
    said = talk(failing(fake_engine, kind("The disk is full. Make room.")))
    said.channel.send(order(flow("out")))
    assert said.until("done", "failed", "stopped") == {"kind": "failed", "sentence": "The disk is full. Make room."}
    assert visible(lake) == {}


@pytest.mark.parametrize("error", [ValueError("secret 123"), InvariantBroken("secret 123"), MemoryError("secret 123")])
def test_a_bug_is_told_without_its_details(
    talk: Begin,
    order: MakeOrder,
    fake_engine: ModuleType,
    lake: Path,
    capsys: pytest.CaptureFixture[str],
    error: Exception,
) -> None:
    said = talk(failing(fake_engine, error))
    said.channel.send(order(flow("out")))
    end = said.until("done", "failed", "stopped")
    assert end["kind"] == "failed"
    assert type(error).__name__ in end["sentence"]
    assert "secret" not in end["sentence"]
    assert "secret 123" in capsys.readouterr().err
    assert visible(lake) == {}


@pytest.mark.parametrize("error", [JobStopped("x"), LeaseLost("x")])
def test_what_unwinds_a_job_is_no_failure(
    talk: Begin, order: MakeOrder, fake_engine: ModuleType, lake: Path, error: BaseException
) -> None:
    said = talk(failing(fake_engine, error))
    said.channel.send(order(flow("out")))
    assert said.until("done", "failed", "stopped") == {"kind": "stopped"}
    assert visible(lake) == {}


def test_every_finding_of_a_package_is_in_the_log(talk: Begin, order: MakeOrder, fake_engine: ModuleType) -> None:
    said = talk(fake_engine.FakeEngine())
    said.channel.send(order(flow("out", expression="m + 1")))
    end = said.until("done", "failed", "stopped")
    assert end["kind"] == "failed"
    assert "'chosen'" in end["sentence"]
    assert [(one["level"], one["line"][:5]) for one in said.all("log")] == [("error", "PK301")]


def test_what_the_engine_cannot_do_fails_before_anything_is_staged(
    talk: Begin, order: MakeOrder, fake_engine: ModuleType
) -> None:
    engine = fake_engine.FakeEngine()
    engine.lacks = (Diagnostic("PK604", "This engine cannot do it.", component="out"),)
    said = talk(engine)
    said.channel.send(order(flow("out")))
    assert said.until("done", "failed", "stopped")["sentence"] == "Component 'out': This engine cannot do it."
    assert said.all("staged") == []


def test_a_message_that_is_no_order_ends_the_process(talk: Begin, fake_engine: ModuleType, order: MakeOrder) -> None:
    said = talk(fake_engine.FakeEngine())
    said.channel.send({"no": "order"})
    said.thread.join(30)
    assert isinstance(said.fault, TypeError)


def test_an_order_is_plain_json(order: MakeOrder) -> None:
    given = order(flow("out"), granted=None, variables={"a": 1, "b": None})
    assert json.loads(json.dumps(Order(**given).to_json())) == json.loads(json.dumps(Order(**given).to_json()))
    assert Order(**json.loads(json.dumps(given))) == Order(**given)
