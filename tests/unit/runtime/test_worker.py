"""The loop of a worker over a real store, turn by turn: children that say what a test wants, and a clock moved by hand."""

from __future__ import annotations

import json
import shutil
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from penstock.errors import TransientError
from penstock.kit.clock import FixedClock
from penstock.runtime import worker as worker_module
from penstock.runtime.limits import Limits
from penstock.runtime.worker import Worker
from penstock.services import clusters, jobs, packages
from penstock.services.access import identify
from penstock.services.accounts import bootstrap
from penstock.services.principal import Principal
from penstock.services.records import Cluster, Job
from penstock.services.session import Sessions, UnitOfWork, open_store

KEY = "worker-test-key-0001"
OUT = {"component": "out", "type": "cloud_storage_destination_component", "name": "folder", "fields": ["id"]}
RECEIPT = {"read": {"in": 9}, "left_out": 2, "bytes": 14}
WRITTEN = {
    "component": "out", "records": 7, "files": ["part-00000.csv"], "preview": "1", "preview_type": "csv", "receipt": RECEIPT,
}  # fmt: skip
AT = "2026-03-01T12:00:00+00:00"
LOOKS = 6
"""Turns after which everything that is due has been done."""


class Store(Sessions):
    """The store as a worker sees it; a test can take it away, or let the answer to a commit be lost."""

    is_away = False
    loses_answers = False

    @contextmanager
    def read(self) -> Iterator[UnitOfWork]:
        self._require()
        with super().read() as uow:
            yield uow

    @contextmanager
    def write(self) -> Iterator[UnitOfWork]:
        self._require()
        with super().write() as uow:
            yield uow
        if self.loses_answers:
            raise TransientError("The store cannot be reached at the moment. Try again.")

    def _require(self) -> None:
        if self.is_away:
            raise TransientError("The store cannot be reached at the moment. Try again.")


class Driven:
    """A worker that does a turn when it is told to."""

    def __init__(self, url: str, folder: Path, fakes: ModuleType, time: Any, slots: int) -> None:
        self.store = Store(url)
        self.clock = FixedClock(datetime(2026, 3, 1, 12, tzinfo=UTC))
        self.time = time
        self.fakes = fakes
        self.children = fakes.FakeChildren()
        self.scratch = folder / "scratch"
        self.limits = Limits(slots, 1 << 30, 4)
        with self.store.write() as uow:
            bootstrap(uow, "acme", KEY, self.clock())
            self.principal = Principal(*identify(uow, KEY, "acme"))
            self.package = packages.create(uow, self.principal, {"name": "p"}, self.clock()).id
            self.cluster = clusters.create(uow, self.principal, {"nodes": slots, "name": "c"}, self.clock()).id
        self.worker = self.new_worker("w1")
        self.turn()

    def new_worker(self, name: str) -> Worker:
        made = Worker(self.store, self.clock, self.children, self.scratch, self.limits, name)
        made._begin()
        return made

    def turn(self, count: int = LOOKS) -> None:
        for _ in range(count):
            self.worker._turn()

    def later(self, seconds: float) -> None:
        """Move both clocks, and do what is due, a second at a time."""
        while seconds > 0:
            step = min(seconds, 1.0)
            self.time.now += step
            self.clock.advance(step)
            seconds -= step
            self.turn(2)

    def submit(self) -> int:
        with self.store.write() as uow:
            return jobs.submit(
                uow, self.principal, cluster_id=self.cluster, package_id=self.package, now=self.clock()
            ).id

    def stop(self, job_id: int) -> None:
        with self.store.write() as uow:
            jobs.stop(uow, self.principal, job_id, self.clock())

    def row(self, job_id: int) -> Job:
        with Sessions.read(self.store) as uow:
            return uow.session.get_one(Job, job_id)

    def cluster_row(self) -> Cluster:
        with Sessions.read(self.store) as uow:
            return uow.session.get_one(Cluster, self.cluster)

    def log(self, job_id: int) -> str:
        with Sessions.read(self.store) as uow:
            return jobs.log(uow, self.principal, job_id)

    def started(self) -> tuple[int, Any]:
        """A new job and the child that runs it."""
        before = set(self.children.made)
        job_id = self.submit()
        self.turn()
        token = f"job-{job_id}-{self.row(job_id).epoch}"
        return job_id, self.child_of(token) if before else None

    def child_of(self, token: str) -> Any:
        """The child that was given the order of an attempt."""
        for child in self.children.made.values():
            if child.end.fileno() >= 0 and any(one.get("token") == token for one in child.listen()):
                return child
        raise AssertionError(f"no child runs {token}")


@pytest.fixture
def time(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """The monotonic clock of a worker; it waits for nothing."""
    held = SimpleNamespace(now=1000.0)
    monkeypatch.setattr(worker_module, "time", SimpleNamespace(monotonic=lambda: held.now))
    monkeypatch.setattr(worker_module, "LOOK_EVERY_S", 0.0)
    return held


@pytest.fixture(scope="module")
def empty_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store at the newest revision, to be copied."""
    made = tmp_path_factory.mktemp("empty") / "penstock.db"
    open_store(f"sqlite:///{made}").close()
    return made


@pytest.fixture
def drive(
    tmp_path: Path, empty_store: Path, fake_children: ModuleType, time: SimpleNamespace
) -> Iterator[Callable[..., Driven]]:
    made: list[Driven] = []

    def begin(slots: int = 2) -> Driven:
        shutil.copyfile(empty_store, tmp_path / "penstock.db")
        made.append(Driven(f"sqlite:///{tmp_path / 'penstock.db'}", tmp_path, fake_children, time, slots))
        return made[-1]

    yield begin
    for one in made:
        one.worker._end()
        one.store.close()


@pytest.fixture
def driven(drive: Callable[..., Driven]) -> Driven:
    """A worker of two slots, with a cluster that is up."""
    return drive()


def test_a_job_from_claim_to_end(driven: Driven) -> None:
    assert driven.cluster_row().status == "available"
    assert len(driven.children.made) == 3, "a warm child for each slot, and one for the job that follows"
    job_id, child = driven.started()
    order = child.heard[0]
    assert (order["token"], order["memory_bytes"], order["threads"]) == (f"job-{job_id}-1", 1 << 29, 2)
    scratch = Path(order["scratch"])
    assert scratch.is_dir()
    child.say("outputs", declared=[OUT])
    child.say("log", at=AT, level="info", line="hello")
    child.say("progress", fraction=0.25)
    child.say("source", component="in", records=3)
    child.say("staged", folders=[])
    driven.later(1)
    row = driven.row(job_id)
    assert (row.status, row.progress, row.outputs_count) == ("running", 0.25, 1)
    assert [(one.component, one.records_count) for one in row.sources] == [("in", 3)]
    assert "Attempt 1 on worker w1: 2 threads, 0.5 GiB." in driven.log(job_id)
    assert "hello" in driven.log(job_id)
    child.say("ask", written=[WRITTEN])
    driven.turn()
    assert child.listen()[1:] == [{"kind": "grant", "granted": True}]
    assert driven.row(job_id).granted_epoch == 1
    child.say("done", outputs=[{**WRITTEN, "files": ["/data/folder/part-00000.csv"]}])
    driven.turn()
    row = driven.row(job_id)
    assert (row.status, row.outputs[0].files) == ("completed", '["/data/folder/part-00000.csv"]')
    assert scratch.exists(), "its process is still there"
    driven.children.exit(child.pid, 0)
    driven.turn()
    assert not scratch.exists()
    assert len(driven.children.made) == 4, "a child runs one job and is replaced"
    assert driven.children.killed == []


def test_a_worker_takes_as_many_jobs_as_it_has_slots(driven: Driven) -> None:
    made = [driven.submit() for _ in range(3)]
    driven.later(1)
    assert [driven.row(one).status for one in made] == ["running", "running", "queued"]
    child = driven.child_of(f"job-{made[0]}-1")
    child.say("failed", sentence="It broke.")
    driven.turn()
    assert driven.row(made[0]).errors == "It broke."
    driven.later(1)
    assert driven.row(made[2]).status == "queued", "the process of the first one is still there"
    driven.children.exit(child.pid, 0)
    driven.turn(3)  # within a moment: a child is forked, the job is seen, the job is claimed
    assert driven.row(made[2]).status == "running"


def test_leases_are_renewed(driven: Driven) -> None:
    job_id, _ = driven.started()
    driven.later(60)
    row = driven.row(job_id)
    assert (row.status, row.epoch) == ("running", 1)
    assert row.lease_until is not None
    assert (row.lease_until - driven.clock()).total_seconds() >= 9


# --- stops


def test_a_stop_interrupts_and_is_done_when_the_process_is_gone(driven: Driven) -> None:
    job_id, child = driven.started()
    driven.stop(job_id)
    driven.turn()
    assert driven.row(job_id).status == "stopping"
    assert child.listen()[1:] == [{"kind": "stop"}]
    child.say("stopped")
    driven.turn()
    assert driven.row(job_id).status == "stopping", "R6: its process is still there"
    driven.children.exit(child.pid, 0)
    driven.turn()
    assert driven.row(job_id).status == "stopped"
    assert driven.children.killed == []


def test_a_job_that_does_not_heed_a_stop_is_killed(driven: Driven) -> None:
    job_id, child = driven.started()
    driven.children.obedient = False
    driven.stop(job_id)
    driven.later(1)
    assert driven.children.killed == []
    driven.later(2)
    assert driven.children.killed == [child.pid]
    assert driven.row(job_id).status == "stopping"
    driven.children.exit(child.pid, -9)
    driven.turn()
    row = driven.row(job_id)
    assert (row.status, row.errors) == ("stopped", "")


@pytest.mark.parametrize("end", ["failed", "done"])
def test_an_end_that_is_told_after_a_stop_waits_for_the_process(driven: Driven, end: str) -> None:
    job_id, child = driven.started()
    child.say("outputs", declared=[OUT])
    driven.stop(job_id)
    child.say("failed", sentence="x") if end == "failed" else child.say("done", outputs=[WRITTEN])
    driven.turn()
    assert driven.row(job_id).status in ("pending_stoppage", "stopping")
    driven.children.exit(child.pid, 0)
    driven.turn()
    assert driven.row(job_id).status == "stopped"


def test_a_stop_before_the_grant_refuses_it(driven: Driven) -> None:
    job_id, child = driven.started()
    child.say("outputs", declared=[OUT])
    child.say("ask", written=[WRITTEN])
    driven.stop(job_id)
    driven.turn()
    assert {"kind": "grant", "granted": False} in child.listen()
    assert driven.row(job_id).granted_epoch is None


def test_what_publishes_is_not_killed_half_way(driven: Driven) -> None:
    job_id, child = driven.started()
    child.say("outputs", declared=[OUT])
    child.say("ask", written=[WRITTEN])
    driven.turn()
    driven.stop(job_id)
    driven.later(20)
    assert driven.children.killed == []
    child.say("done", outputs=[WRITTEN])
    driven.turn()
    driven.children.exit(child.pid, 0)
    driven.turn()
    row = driven.row(job_id)
    assert (row.status, row.errors) == ("stopped", "The stop came too late: every output was published already.")


def test_a_stop_is_obeyed_while_one_job_follows_the_other(driven: Driven) -> None:
    """And clusters come up meanwhile: jobs that begin go first, but not for ever."""
    long, child = driven.started()
    driven.stop(long)
    with driven.store.write() as uow:
        other = clusters.create(uow, driven.principal, {"nodes": 1, "name": "d"}, driven.clock()).id
    for _ in range(12):
        short = driven.submit()
        driven.worker.wake()
        driven.time.now += 0.1
        driven.turn(2)
        runs = driven.child_of(f"job-{short}-1")
        runs.say("failed", sentence="x")
        driven.children.exit(runs.pid, 0)
        driven.time.now += 0.1
        driven.turn(1)
    assert {"kind": "stop"} in child.listen()
    with Sessions.read(driven.store) as uow:
        assert uow.session.get_one(Cluster, other).status == "available"


# --- processes that end without a word, or say what they should not


@pytest.mark.parametrize(
    ("code", "sentence"),
    [
        (
            -9,
            "The process of the job was killed from outside, perhaps because the machine ran out of memory. Run it again.",
        ),
        (
            -11,
            "The process of the job ended unexpectedly with signal 11. Run it again; the log of its worker may say more.",
        ),
        (1, "The process of the job ended unexpectedly with code 1. Run it again; the log of its worker may say more."),
        (0, "The process of the job ended unexpectedly with code 0. Run it again; the log of its worker may say more."),
    ],
)
def test_a_process_that_ends_without_a_word(driven: Driven, code: int, sentence: str) -> None:
    job_id, child = driven.started()
    driven.children.exit(child.pid, code)
    driven.turn()
    row = driven.row(job_id)
    assert (row.status, row.errors) == ("failed", sentence)


def test_a_process_that_held_too_much_memory(driven: Driven) -> None:
    job_id, child = driven.started()
    driven.worker._too_large(child.pid)
    driven.turn()
    row = driven.row(job_id)
    assert row.status == "failed"
    assert "more memory than its slot has" in row.errors


@pytest.mark.parametrize(
    "raw",
    [b"no json\n", b'{"kind": "done", "outputs": [{"component": "none"}]}\n', b'{"kind": "failed"}\n', b"[]\n" * 50],
)
def test_a_process_that_says_what_no_child_says_is_killed(driven: Driven, raw: bytes) -> None:
    """The worker goes on."""
    job_id, child = driven.started()
    child.end.sendall(raw)
    driven.turn()
    assert driven.children.killed == [child.pid]
    assert driven.row(job_id).status == "failed"
    other, _ = driven.started()
    assert driven.row(other).status == "running"


def test_a_process_that_stays_after_its_last_word_is_killed(driven: Driven) -> None:
    job_id, child = driven.started()
    child.say("failed", sentence="x")
    driven.later(4)
    assert driven.children.killed == []
    driven.later(2)
    assert driven.children.killed == [child.pid]
    assert driven.row(job_id).errors == "x"


def test_everything_that_was_said_before_the_end_is_heard(driven: Driven, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("penstock.runtime.channel.AT_ONCE", 10)
    job_id, child = driven.started()
    for number in range(20):
        child.say("log", at=AT, level="info", line=f"line {number} {'x' * 500}")
    child.say("failed", sentence="The last word.")
    driven.children.exit(child.pid, 0)
    driven.turn()
    assert driven.row(job_id).errors == "The last word."
    assert "line 19" in driven.log(job_id)


def test_a_warm_child_that_dies_is_replaced_and_no_job_notices(driven: Driven) -> None:
    first = min(driven.children.made)
    driven.children.exit(first, -9)
    driven.turn(1)
    job_id, _ = driven.started()
    assert driven.row(job_id).status == "running"
    assert len(driven.children.made) == 4


def test_a_job_whose_order_cannot_be_sent_is_left_to_another_attempt(driven: Driven) -> None:
    """Its child died before it had anything to do with the job."""
    first = driven.children.made[min(driven.children.made)]
    first.channel.close()
    job_id = driven.submit()
    driven.turn(1)
    driven.turn()
    row = driven.row(job_id)
    assert (row.status, row.epoch, row.takeovers) == ("running", 2, 1)
    assert driven.child_of(f"job-{job_id}-2")


def test_a_fork_server_that_dies_takes_no_job_with_it(driven: Driven) -> None:
    job_id, _ = driven.started()
    driven.children.die()
    driven.turn()
    assert driven.children.restarts == 1
    row = driven.row(job_id)
    assert (row.status, row.epoch, row.takeovers) == ("running", 2, 1)
    assert driven.child_of(f"job-{job_id}-2")


def test_a_last_word_is_heard_although_the_fork_server_died(driven: Driven) -> None:
    job_id, child = driven.started()
    child.say("failed", sentence="The last word.")
    driven.children.die()
    driven.turn()
    assert driven.row(job_id).errors == "The last word."


def test_a_scratch_folder_that_cannot_be_made_fails_the_job(driven: Driven, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(name: str) -> Path:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(driven.worker._scratch, "folder", full)
    job_id = driven.submit()
    driven.turn()
    row = driven.row(job_id)
    assert row.status == "failed"
    assert "No space left on device" in row.errors


# --- a store that is away


def test_a_store_that_comes_back_in_time_is_not_noticed(driven: Driven) -> None:
    job_id, child = driven.started()
    driven.store.is_away = True
    child.say("log", at=AT, level="info", line="meanwhile")
    child.say("progress", fraction=0.5)
    driven.later(7)
    child.say("log", at=AT, level="info", line="later")
    child.say("outputs", declared=[OUT])
    child.say("ask", written=[WRITTEN])
    driven.turn()
    assert child.listen()[1:] == []
    driven.store.is_away = False
    driven.later(2)
    assert child.listen()[1:] == [{"kind": "grant", "granted": True}]
    row = driven.row(job_id)
    assert (row.status, row.progress) == ("running", 0.5)
    lines = driven.log(job_id)
    assert lines.index("meanwhile") < lines.index("later")
    driven.later(20)
    assert driven.row(job_id).epoch == 1


def test_an_end_that_could_not_be_written_is_written_later(driven: Driven) -> None:
    job_id, child = driven.started()
    driven.store.is_away = True
    child.say("log", at=AT, level="info", line="the end")
    child.say("failed", sentence="It broke.")
    driven.turn()
    driven.children.exit(child.pid, 0)
    driven.later(3)
    driven.store.is_away = False
    driven.later(1)
    row = driven.row(job_id)
    assert (row.status, row.errors) == ("failed", "It broke.")
    assert driven.log(job_id).count("the end") == 1


def test_a_lease_that_cannot_be_renewed_ends_the_process_before_it_runs_out(driven: Driven, tmp_path: Path) -> None:
    """So that nobody else takes the job over while it still runs (R2)."""
    job_id, child = driven.started()
    staged = tmp_path / f".out.staging-job-{job_id}-1"
    staged.mkdir()
    child.say("staged", folders=[str(staged)])
    driven.turn()
    lease_until = driven.row(job_id).lease_until
    assert lease_until is not None
    driven.store.is_away = True
    driven.later(12)
    assert driven.children.killed == []
    driven.later(2)
    assert driven.children.killed == [child.pid]
    assert driven.clock() < lease_until
    assert not staged.exists()
    driven.store.is_away = False
    driven.later(4)
    row = driven.row(job_id)
    assert (row.status, row.epoch, row.takeovers) == ("running", 2, 1)


def test_a_lost_job_that_nobody_took_is_free_at_once(driven: Driven) -> None:
    """No lease has to run out again."""
    job_id, _ = driven.started()
    driven.store.is_away = True
    driven.later(14)
    driven.store.is_away = False
    driven.later(2)
    row = driven.row(job_id)
    assert (row.epoch, row.takeovers) == (2, 1)


def test_no_job_begins_while_the_process_of_a_lost_one_is_there(driven: Driven) -> None:
    """It may be the same job."""
    job_id, child = driven.started()
    driven.children.obedient = False
    driven.store.is_away = True
    driven.later(16)
    driven.store.is_away = False
    driven.later(3)
    assert driven.row(job_id).epoch == 1
    driven.children.exit(child.pid, -9)
    driven.later(2)
    assert driven.row(job_id).epoch == 2


@pytest.mark.parametrize("how", ["the process dies", "the lease runs out"])
def test_a_grant_whose_answer_was_lost_is_no_refusal(driven: Driven, tmp_path: Path, how: str) -> None:
    """The transaction may have been kept: then another attempt publishes, so nothing that is staged may go (R22)."""
    job_id, child = driven.started()
    staged = tmp_path / f".out.staging-job-{job_id}-1"
    staged.mkdir()
    child.say("outputs", declared=[OUT])
    child.say("staged", folders=[str(staged)])
    driven.later(1)
    driven.store.loses_answers = True
    child.say("ask", written=[WRITTEN])
    driven.turn(1)
    driven.store.is_away, driven.store.loses_answers = True, False
    assert driven.row(job_id).granted_epoch == 1
    if how == "the process dies":
        driven.children.exit(child.pid, -9)
        driven.turn()
        driven.store.is_away = False
    else:
        driven.later(14)
        assert driven.children.killed == [child.pid]
        driven.store.is_away = False
    driven.later(4)
    assert staged.exists()
    order = driven.child_of(f"job-{job_id}-2").heard[0]
    assert order["granted_token"] == f"job-{job_id}-1"
    assert json.loads(json.dumps(order["granted"])) == [WRITTEN]


def test_a_job_that_another_worker_holds_is_let_go(driven: Driven) -> None:
    job_id, child = driven.started()
    with driven.store.write() as uow:
        row = uow.session.get_one(Job, job_id)
        row.epoch, row.worker_id = 2, "other"
    driven.later(6)
    assert driven.children.killed == [child.pid]
    row = driven.row(job_id)
    assert (row.status, row.epoch, row.worker_id) == ("running", 2, "other")


# --- the end of a worker


def give_back(driven: Driven) -> None:
    driven.worker.stop()
    assert driven.worker._stopping.is_set()
    driven.worker._give_all_back()


def test_a_worker_that_ends_gives_its_jobs_back(driven: Driven, monkeypatch: pytest.MonkeyPatch) -> None:
    job_id, child = driven.started()
    child.say("stopped")
    driven.children.exit(child.pid, 0)
    give_back(driven)
    row = driven.row(job_id)
    assert (row.status, row.worker_id, row.takeovers) == ("running", None, 0)
    driven.worker._end()
    driven.children = driven.fakes.FakeChildren()
    driven.worker = driven.new_worker("w2")
    driven.later(3)
    row = driven.row(job_id)
    assert (row.epoch, row.worker_id, row.takeovers) == (2, "w2", 0)
    assert "gave the job back" in driven.log(job_id)


def test_a_job_that_was_to_stop_is_stopped_when_its_worker_ends(driven: Driven) -> None:
    job_id, child = driven.started()
    driven.stop(job_id)
    driven.turn()
    driven.children.exit(child.pid, 0)
    give_back(driven)
    assert driven.row(job_id).status == "stopped"


def test_a_job_that_is_done_while_its_worker_ends_is_completed(driven: Driven) -> None:
    job_id, child = driven.started()
    child.say("outputs", declared=[OUT])
    child.say("done", outputs=[WRITTEN])
    driven.children.exit(child.pid, 0)
    give_back(driven)
    assert driven.row(job_id).status == "completed"


def test_a_worker_ends_when_whoever_started_it_hangs_up(drive: Callable[..., Driven]) -> None:
    driven = drive()
    ours, theirs = socket.socketpair()
    driven.worker.watch(theirs)
    ours.send(b"w")
    driven.turn(1)
    assert not driven.worker._stopping.is_set()
    ours.close()
    driven.turn(1)
    assert driven.worker._stopping.is_set()
    theirs.close()
