"""Random walks over everything that callers, workers, the upkeep and time can do to jobs (R2, R8).

Whatever happens in whatever order: no illegal move (the conftest watches each), no two holders, no more jobs than slots,
nothing changes a job that has ended, and in the end every job ends.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ClassVar

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    initialize,
    invariant,
    multiple,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import select

from penstock.domain.cluster import DELETABLE, ENDING
from penstock.domain.job import FINAL, MOVES, WAITING, JobStatus
from penstock.services.attempts import Claimed
from penstock.services.session import Sessions
from penstock.store.queries.claims import HELD
from penstock.store.tables import Cluster, Job, Slot, Worker

if TYPE_CHECKING:
    from tests.contract.attempts.conftest import Queue

WORKERS = ("a", "b", "c")
WRITES = ("report", "grant", "stopping", "completed", "failed", "died", "gave back", "renew")


def reachable(before: JobStatus) -> frozenset[JobStatus]:
    """Every state that a job may get to, itself included: one transaction may make several moves."""
    found = {before}
    for one in MOVES[before]:
        found |= reachable(one)
    return frozenset(found)


class Walk(RuleBasedStateMachine):
    """A cluster or two, three workers, and every attempt that there ever was: old ones go on writing."""

    make: ClassVar[Callable[[], Queue]]
    clusters = Bundle("clusters")
    jobs = Bundle("jobs")
    held = Bundle("held")

    def __init__(self) -> None:
        super().__init__()
        self.queue = type(self).make()
        self.before: dict[int, dict[str, Any]] = {}
        self.is_kept_up = False

    @initialize(target=clusters)
    def begin(self) -> int:
        self.queue.join("a", slots=2)
        return self.queue.ready_cluster(2, time_to_idle=30)

    # --- callers

    @precondition(lambda self: len(self.rows(Cluster)) < 3)
    @rule(target=clusters, nodes=st.integers(1, 3), ends=st.booleans())
    def create(self, nodes: int, ends: bool) -> int:
        return self.queue.cluster(nodes, time_to_idle=20, terminate_on_idle=ends)

    @rule(cluster=clusters, nodes=st.integers(1, 3))
    def resize(self, cluster: int, nodes: int) -> None:
        if self.queue.cluster_row(cluster).status not in ENDING:
            self.queue.update(cluster, nodes=nodes)

    @rule(cluster=clusters)
    def terminate(self, cluster: int) -> None:
        if self.queue.cluster_row(cluster).status in DELETABLE:
            self.queue.terminate(cluster)

    @rule(target=jobs, cluster=clusters)
    def submit(self, cluster: int) -> Any:
        if self.queue.cluster_row(cluster).status in ENDING:
            return multiple()
        return self.queue.job(cluster)

    @rule(job=jobs)
    def stop(self, job: int) -> None:
        if self.queue.job_row(job).status not in FINAL:
            self.queue.stop(job)

    # --- workers

    @rule(worker=st.sampled_from(WORKERS))
    def join(self, worker: str) -> None:
        self.queue.join(worker, slots=1 + WORKERS.index(worker))

    @rule(worker=st.sampled_from(WORKERS))
    def leave(self, worker: str) -> None:
        self.queue.leave(worker)

    @rule()
    def keep_up(self) -> None:
        self.queue.keep_up()
        self.is_kept_up = True

    @rule(target=held, worker=st.sampled_from(WORKERS))
    def claim(self, worker: str) -> Any:
        taken = self.queue.claim(worker)
        if not isinstance(taken, Claimed):
            return multiple()
        row = self.queue.job_row(taken.job_id)
        assert (row.epoch, row.worker_id) == (taken.epoch, worker)
        self.count(row.cluster_id, worker)
        return (worker, taken)

    def count(self, cluster: int, worker: str) -> None:
        """R8: live leases on a cluster, and on a worker's part of it, are never more than live slots there."""
        now = self.queue.now
        live = {one.id for one in self.rows(Worker) if one.lease_until > now}
        places = [one.worker_id for one in self.rows(Slot) if one.cluster_id == cluster and one.worker_id in live]
        busy = [
            one.worker_id
            for one in self.rows(Job)
            if one.cluster_id == cluster and one.status in HELD and one.lease_until and one.lease_until > now
        ]
        assert len(busy) <= len(places)
        assert busy.count(worker) <= places.count(worker)

    @rule(one=held, write=st.sampled_from(WRITES))
    def write(self, one: tuple[str, Claimed], write: str) -> None:
        worker, attempt = one
        queue = self.queue
        before = queue.dump(attempt.job_id)
        if write == "report":
            done = queue.report(attempt, progress=0.5, lines=[(queue.now, "info", "said")], staged=["/x"])
        elif write == "renew":
            done = queue.renew(worker, attempt) == set()
        elif write in ("died", "gave back"):
            done = queue.unpublished(attempt, counts=write == "died")
        else:
            done = getattr(queue, write)(attempt)
        is_mine = before["epoch"] == attempt.epoch and before["status"] not in FINAL
        if write == "grant":
            is_new = before["status"] == "running" and before["lease_until"] > queue.now
            is_mine &= is_new if before["granted_epoch"] is None else before["granted_epoch"] == attempt.epoch
        elif write == "renew":
            is_mine &= before["worker_id"] == worker
        assert done == is_mine, write
        if not done and not (write == "grant" and before["epoch"] == attempt.epoch):
            assert queue.dump(attempt.job_id) == before

    @rule(one=consumes(held))
    def forget(self, one: tuple[str, Claimed]) -> None:
        """The process of an attempt is gone without a word."""

    @rule(seconds=st.sampled_from([0.5, 5, 10, 16, 31]))
    def pass_time(self, seconds: float) -> None:
        self.queue.later(seconds)

    # --- what always holds

    def rows(self, kind: type[Any]) -> list[Any]:
        with self.queue.sessions.read() as uow:
            return list(uow.session.scalars(select(kind).order_by(kind.id)))

    @invariant()
    def nothing_comes_back(self) -> None:
        kept_up, self.is_kept_up = self.is_kept_up, False
        for row in self.rows(Job):
            now = {column.key: getattr(row, column.key) for column in Job.__table__.columns}
            before = self.before.get(row.id, now)
            assert row.status in reachable(JobStatus(before["status"]))
            assert row.epoch - before["epoch"] in (0, 1)
            assert before["granted_epoch"] in (None, row.granted_epoch)
            assert row.takeovers in range(4)
            if before["status"] in FINAL:
                assert now == before
            if row.status in FINAL:
                assert (row.worker_id, row.lease_until, row.waiting_reason) == (None, None, None)
                assert row.completed_at is not None
                assert (row.failed_at is not None) == (row.status == "failed")
            elif row.status not in WAITING and row.epoch:
                assert row.lease_until is not None
                assert row.started_at is not None
            if kept_up and row.status in WAITING:
                assert row.waiting_reason
            if kept_up and row.status in HELD and row.epoch:
                assert bool(row.waiting_reason) == (row.lease_until <= self.queue.now)
            self.before[row.id] = now

    def teardown(self) -> None:
        """R1: with a worker that lives, every job ends, and a cluster that should end does."""
        queue = self.queue
        self.before = {}  # the rule that went before may have failed
        queue.later(16)
        for _ in range(60):
            queue.join("a", slots=9)
            queue.keep_up()
            taken = queue.claim("a")
            if isinstance(taken, Claimed):
                queue.completed(taken)
            elif all(row.status in FINAL for row in self.rows(Job)):
                break
            self.nothing_comes_back()
            queue.later(1)
        queue.keep_up()
        assert {row.status for row in self.rows(Job)} <= FINAL
        assert not {row.status for row in self.rows(Cluster)} & {"pending_terminate", "terminating", "pending"}
        self.nothing_comes_back()


def test_any_walk(store: Sessions, queue: Queue) -> None:
    class OnStore(Walk):
        make = staticmethod(lambda: type(queue)(store))

    run_state_machine_as_test(
        OnStore,
        settings=settings(
            max_examples=8,
            stateful_step_count=30,
            deadline=None,
            database=None,
            derandomize=True,
            suppress_health_check=list(HealthCheck),
        ),
    )
