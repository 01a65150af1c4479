"""Several workers and callers at once: real threads, each with transactions of its own."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from random import Random
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import event, func, select

from penstock.domain.cluster import READY
from penstock.domain.job import FINAL, WAITING
from penstock.errors import InvalidFields
from penstock.services import attempts, clusters, jobs, upkeep
from penstock.services.attempts import Claimed, Report, WorkerFacts
from penstock.services.session import UnitOfWork
from penstock.store.queries import claims, workers
from penstock.store.tables import Cluster, Job, Slot

if TYPE_CHECKING:
    from tests.contract.attempts.conftest import Queue

JOIN_S = 60
STRESS_S = 1.5
MOST_WAITING = 12


def at_once(*calls: Callable[[], object]) -> list[object]:
    """Begin all calls in the same moment, and return what each gave."""
    gate = threading.Barrier(len(calls))

    def call(one: Callable[[], object]) -> object:
        gate.wait(JOIN_S)
        return one()

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(call, calls))


def test_workers_that_race_never_take_the_same_job(queue: Queue) -> None:
    names = ["a", "b", "c", "d"]
    for name in names:
        queue.join(name, slots=5)
    pool = queue.ready_cluster(20)
    made = [queue.job(pool) for _ in range(18)]

    def take(name: str) -> list[int]:
        found = []
        for _ in range(12):
            taken = queue.claim(name)
            if isinstance(taken, Claimed):
                assert taken.epoch == 1
                found.append(taken.job_id)
        return found

    taken = at_once(*(lambda name=name: take(name) for name in names))
    assert sorted(one for found in taken for one in found) == made


def test_a_takeover_is_given_to_one_worker(queue: Queue) -> None:
    queue.join("a")
    pool = queue.ready_cluster(8)
    made = queue.job(pool)
    queue.claimed("a")
    queue.later(15)
    names = ["b", "c", "d", "e"]
    for name in names:
        queue.join(name)
    queue.keep_up()
    taken = at_once(*(lambda name=name: queue.claim(name) for name in names))
    found = [one for one in taken if isinstance(one, Claimed)]
    assert [(one.job_id, one.epoch) for one in found] == [(made, 2)]


def waiting_for_a_lock(queue: Queue, thread: threading.Thread) -> bool:
    """Wait until PostgreSQL says that somebody waits for a lock, or the thread has ended."""
    query = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
    until = time.monotonic() + JOIN_S
    while time.monotonic() < until and thread.is_alive():
        with queue.sessions.engine.connect() as connection:
            if connection.exec_driver_sql(query).scalar_one():
                return True
    return False


def interleaved(queue: Queue, first: Callable[[UnitOfWork], object], second: Callable[[], object]) -> None:
    """Do *second* while the transaction of *first* is open; where it has to wait for that, let it."""
    if not queue.is_postgresql:
        first_done(queue, first)
        second()
        return
    with queue.sessions.write() as uow:
        first(uow)
        thread = threading.Thread(target=second)
        thread.start()
        waiting_for_a_lock(queue, thread)
    thread.join(JOIN_S)
    assert not thread.is_alive()


def first_done(queue: Queue, first: Callable[[UnitOfWork], object]) -> None:
    # SQLite lets one transaction at a time write: the second begins when the first has ended.
    with queue.sessions.write() as uow:
        first(uow)


def test_a_claim_does_not_bring_back_a_cluster_that_somebody_ends(queue: Queue) -> None:
    queue.join("a")
    pool = queue.ready_cluster(time_to_idle=5)
    queue.later(5)
    queue.join("a")
    queue.keep_up()
    assert queue.cluster_row(pool).status == "idle"
    made = queue.job(pool)
    taken: list[object] = []
    interleaved(
        queue,
        lambda uow: clusters.terminate(uow, queue.principal, pool, queue.now),
        lambda: taken.append(queue.claim("a")),
    )
    assert taken == [None]
    assert queue.cluster_row(pool).status == "pending_terminate"
    assert queue.job_row(made).status == "pending_stoppage"


def test_no_job_is_taken_on_by_a_cluster_that_just_ends(queue: Queue) -> None:
    """The caller hears of it at once, instead of a job that is stopped before it began."""
    queue.join("a")
    pool = queue.ready_cluster()
    refused: list[InvalidFields] = []

    def submit() -> None:
        try:
            queue.job(pool)
        except InvalidFields as error:
            refused.append(error)

    interleaved(queue, lambda uow: clusters.terminate(uow, queue.principal, pool, queue.now), submit)
    assert [one.errors for one in refused] == [
        {"cluster_id": ["cluster_id names a cluster that is pending_terminate. Run the job on another."]}
    ]


def test_a_cluster_that_ends_stops_a_job_that_is_just_submitted(queue: Queue) -> None:
    queue.join("a")
    pool = queue.ready_cluster()
    made: list[int] = []

    def submit(uow: UnitOfWork) -> None:
        given = {"cluster_id": pool, "package_id": queue.package_id}
        made.append(jobs.submit(uow, queue.principal, **given, now=queue.now).id)

    interleaved(queue, submit, lambda: queue.terminate(pool))
    assert queue.job_row(made[0]).status == "pending_stoppage"


def test_jobs_of_one_cluster_are_submitted_at_once(queue: Queue) -> None:
    """Keeping the cluster as it is does not make callers wait for each other."""
    queue.join("a")
    pool = queue.ready_cluster()
    if not queue.is_postgresql:
        pytest.skip("SQLite lets one transaction at a time write")
    given = {"cluster_id": pool, "package_id": queue.package_id}
    with queue.sessions.write() as first, queue.sessions.write() as second:
        for uow in (first, second):
            jobs.submit(uow, queue.principal, **given, now=queue.now)


def test_a_cluster_that_ends_stops_a_job_that_is_just_claimed(queue: Queue) -> None:
    """And neither waits for the other in a circle."""
    queue.join("a")
    pool = queue.ready_cluster(time_to_idle=5)
    queue.later(5)
    queue.join("a")
    queue.keep_up()
    made = queue.job(pool)
    interleaved(queue, lambda uow: attempts.claim(uow, "a", queue.now), lambda: queue.terminate(pool))
    assert queue.cluster_row(pool).status == "pending_terminate"
    row = queue.job_row(made)
    assert (row.status, row.worker_id) == ("pending_stoppage", "a")


def test_two_claims_share_the_last_slot(queue: Queue) -> None:
    """One worker's slot was placed on another between them, so both have one to count."""
    queue.join("a")
    pool = queue.ready_cluster()
    queue.job(pool)
    queue.job(pool)
    queue.join("b")
    taken: list[object] = []

    def first(uow: UnitOfWork) -> None:
        taken.append(attempts.claim(uow, "a", queue.now))

    def second() -> None:
        with queue.sessions.write() as uow:
            for slot in workers.slots(uow, pool):
                slot.worker_id = "b"
        taken.append(queue.claim("b"))

    interleaved(queue, first, second)
    assert isinstance(taken[0], Claimed)
    assert taken[1] is None


def test_a_worker_leaves_while_slots_are_placed_on_it(queue: Queue) -> None:
    queue.join("a")
    pool = queue.cluster(2)
    interleaved(queue, lambda uow: upkeep.keep_up(uow, queue.now), lambda: queue.leave("a"))
    assert queue.placed(pool) == [None, None]
    interleaved(queue, lambda uow: attempts.leave(uow, "a"), lambda: queue.keep_up())


def test_slots_are_not_placed_on_a_worker_that_leaves(queue: Queue) -> None:
    queue.join("a")
    queue.join("b")
    pool = queue.cluster(2)
    interleaved(queue, lambda uow: attempts.leave(uow, "a"), lambda: queue.keep_up())
    assert queue.placed(pool) == ["b", "b"]


def test_a_dead_worker_that_comes_back_while_it_is_forgotten(queue: Queue) -> None:
    queue.join("a")
    queue.later(400)
    queue.join("b")
    facts = WorkerFacts("a", "host", 1, 2, 1 << 30)
    interleaved(queue, lambda uow: attempts.join(uow, facts, queue.now), lambda: queue.keep_up())
    assert queue.workers() == ["a", "b"]


def test_a_stop_and_an_end_in_the_same_moment_give_one_of_the_two(queue: Queue) -> None:
    queue.join("a")
    pool = queue.ready_cluster()
    for _ in range(5):
        made = queue.job(pool)
        held = queue.claimed("a")

        def stop(job_id: int = made) -> None:
            try:
                queue.stop(job_id)
            except InvalidFields:
                return  # it had ended

        at_once(stop, lambda held=held: queue.completed(held))
        row = queue.job_row(made)
        assert row.status in ("completed", "stopped")
        assert queue.events("job", made).count(f"job.{row.status}") == 1


def test_renewals_and_the_end_of_a_cluster_lock_jobs_in_one_order(queue: Queue) -> None:
    """A worker names its jobs in the order in which it got them, and rows lie in the order of their last change."""
    queue.join("a", slots=9)
    pool = queue.ready_cluster(6)
    for _ in range(6):
        queue.job(pool)
    held = [queue.claimed("a") for _ in range(6)]
    for one in reversed(held):
        queue.report(one, progress=0.1)
    locked: list[int] = []

    def note(connection: object, cursor: object, statement: str, parameters: object, *_: object) -> None:
        if statement.startswith("UPDATE jobs") and "lease_until" in statement:
            locked.append(next(value for name, value in dict(parameters).items() if name.startswith("id")))

    if queue.is_postgresql:
        event.listen(queue.sessions.engine, "before_cursor_execute", note)
        try:
            queue.renew("a", *reversed(held))
        finally:
            event.remove(queue.sessions.engine, "before_cursor_execute", note)
        assert locked == sorted(one.job_id for one in held)


class Stress:
    """Threads that do everything at once for a while, on real time; what they see is kept."""

    def __init__(self, queue: Queue) -> None:
        self.queue = queue
        self.until = time.monotonic() + STRESS_S
        self.faults: list[BaseException] = []
        self.claims: list[tuple[int, int]] = []
        self.done = {"claims": 0, "passes": 0, "stops": 0, "resizes": 0}
        with queue.sessions.write() as uow:
            self.pools = [
                clusters.create(uow, queue.principal, {"nodes": nodes, "name": f"pool {nodes}"}, self.now(uow)).id
                for nodes in (1, 2, 3)
            ]

    def now(self, uow: UnitOfWork) -> object:
        return attempts.database_now(uow, lambda: self.queue.now)

    def run(self, *steps: Callable[[Random], None]) -> None:
        def loop(number: int, step: Callable[[Random], None]) -> None:
            random = Random(number)
            try:
                while not self.is_over():
                    step(random)
            except BaseException as error:  # noqa: BLE001 -- whatever it is, the test shows it
                self.faults.append(error)

        threads = [threading.Thread(target=loop, args=pair) for pair in enumerate(steps)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(JOIN_S)
            assert not thread.is_alive()
        if self.faults:
            raise self.faults[0]

    def is_over(self) -> bool:
        """A while has passed; on a machine that has much else to do, when everything has happened at least once."""
        late = time.monotonic() - self.until
        return bool(self.faults) or (late > 0 and (min(self.done.values()) > 0 or late > JOIN_S / 2))

    def worker(self, name: str) -> Callable[[Random], None]:
        held: dict[int, Claimed] = {}

        def step(random: Random) -> None:
            sessions = self.queue.sessions
            with sessions.write() as uow:
                now = self.now(uow)
                attempts.join(uow, WorkerFacts(name, "host", 1, 3, 1 << 30), now)
                for lost in attempts.renew(uow, name, {one: held[one].epoch for one in held}, now):
                    held.pop(lost)
            with sessions.write() as uow:
                taken = attempts.claim(uow, name, self.now(uow))
            if isinstance(taken, Claimed):
                self.done["claims"] += 1
                self.claims.append((taken.job_id, taken.epoch))
                assert taken.job_id not in held
                held[taken.job_id] = taken
            with sessions.write() as uow:
                now = self.now(uow)
                for one in sorted(held):
                    told = Report(progress=random.random(), lines=[(self.queue.now, "info", "said")], sources={"s": 1})
                    attempts.report(uow, one, held[one].epoch, told, now)
            for one in list(held.values()):
                end = random.choice(["go on", "done", "failed", "died", "given back", "grant"])
                with sessions.write() as uow:
                    self.end(uow, one, end)
                if end not in ("go on", "grant"):
                    held.pop(one.job_id)
            if random.random() < 0.03 and not held:
                with sessions.write() as uow:
                    attempts.leave(uow, name)

        return step

    def end(self, uow: UnitOfWork, one: Claimed, how: str) -> None:
        now, job, epoch = self.now(uow), one.job_id, one.epoch
        if how == "done":
            attempts.completed(uow, job, epoch, Report(), [], now)
        elif how == "failed":
            attempts.failed(uow, job, epoch, Report(), "It broke.", now)
        elif how == "grant":
            attempts.grant(uow, job, epoch, [], now)
        elif how != "go on":
            attempts.unpublished(uow, job, epoch, Report(), now, counts=how == "died")

    def keep_up(self, random: Random) -> None:
        with self.queue.sessions.write() as uow:
            upkeep.keep_up(uow, self.now(uow))
        self.done["passes"] += 1

    def call(self, random: Random) -> None:
        queue = self.queue
        with queue.sessions.write() as uow:
            now = self.now(uow)
            pool = random.choice(self.pools)
            what = random.choice(["submit"] * 6 + ["stop"] * 2 + ["resize"])
            waiting = uow.session.scalar(select(func.count()).where(Job.status.in_(WAITING))) or 0
            if what == "submit" and waiting < MOST_WAITING:
                jobs.submit(uow, queue.principal, cluster_id=pool, package_id=queue.package_id, now=now)
            elif what in ("submit", "resize"):
                clusters.update(uow, queue.principal, pool, {"nodes": random.randint(1, 4)}, now)
                self.done["resizes"] += 1
            else:
                unfinished = select(Job.id).where(Job.status.not_in(FINAL)).order_by(Job.id.desc()).limit(1)
                job = uow.session.scalar(unfinished)
                if job is not None:
                    self.stop(uow, job)

    def stop(self, uow: UnitOfWork, job: int) -> None:
        try:
            jobs.stop(uow, self.queue.principal, job, self.now(uow))
            self.done["stops"] += 1
        except InvalidFields:
            return  # it ended a moment ago

    def count(self, random: Random) -> None:
        """In every moment, as one statement sees it: no more live leases on a cluster than it may have."""
        with self.queue.sessions.read() as uow:
            now = self.now(uow)
            wanted = select(Cluster.id, Job.worker_id, Job.epoch).join(Job, Job.cluster_id == Cluster.id)
            held = list(uow.session.execute(wanted.where(Job.status.in_(claims.HELD), Job.lease_until > now)))
        for pool in self.pools:
            assert sum(one[0] == pool for one in held) <= 4, "as many as the largest size of any cluster"


def test_everything_at_once(queue: Queue) -> None:
    """R8, R10: no deadlock, no two holders of an attempt, and in the end slots in use = live jobs = none."""
    stress = Stress(queue)
    others = (stress.keep_up, stress.keep_up, stress.call, stress.call, stress.count)
    stress.run(*(stress.worker(name) for name in ("a", "b", "c")), *others)
    assert len(set(stress.claims)) == len(stress.claims), "one attempt was given out twice"
    assert min(stress.done.values()) > 0, stress.done
    with queue.sessions.read() as uow:
        queue.now = max(attempts.database_now(uow, lambda: queue.now), queue.now)
    queue.later(16)
    for _ in range(300):
        queue.later(1)
        queue.join("z", slots=99)
        queue.keep_up()
        taken = queue.claim("z")
        if isinstance(taken, Claimed):
            queue.completed(taken)
        elif all(row.status in FINAL for row in queue.job_rows()):
            break
    assert {row.status for row in queue.job_rows()} <= FINAL
    with queue.sessions.read() as uow:
        sizes = {one.id: one.nodes for one in uow.session.scalars(select(Cluster).where(Cluster.status.in_(READY)))}
        placed = [slot.cluster_id for slot in uow.session.scalars(select(Slot))]
    assert {pool: placed.count(pool) for pool in sizes} == sizes
