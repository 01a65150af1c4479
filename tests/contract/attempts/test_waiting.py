"""Waiting is always explained, and the explanation is true (R51)."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.contract.attempts.conftest import Queue


def why(queue: Queue, job_id: int) -> tuple[str, str | None]:
    """State and reason, after a pass of the upkeep."""
    queue.keep_up()
    row = queue.job_row(job_id)
    return row.status, row.waiting_reason


def test_the_cluster_is_coming_up(queue: Queue) -> None:
    made = queue.job(queue.cluster(name="lake"))
    assert why(queue, made) == ("pending", "the cluster 'lake' is coming up")


def test_there_is_no_worker(queue: Queue) -> None:
    queue.join("a")
    pool = queue.ready_cluster()
    queue.leave("a")
    assert why(queue, queue.job(pool)) == ("queued", "waiting for a worker")


def test_the_only_worker_is_dead(queue: Queue) -> None:
    queue.join("a")
    pool = queue.ready_cluster()
    queue.later(15)
    made = queue.job(pool)
    assert queue.placed(pool) == ["a"]
    assert why(queue, made) == ("queued", "waiting for a worker")


def test_its_one_slot_is_busy(queue: Queue) -> None:
    queue.join("a")
    pool = queue.ready_cluster()
    queue.job(pool)
    queue.claimed("a")
    wanted = "waiting for a free slot of the cluster 'pool': its slot is busy"
    assert why(queue, queue.job(pool)) == ("queued", wanted)


def test_all_slots_are_busy(queue: Queue) -> None:
    queue.join("a", slots=9)
    pool = queue.ready_cluster(2)
    for _ in range(2):
        queue.job(pool)
        queue.claimed("a")
    wanted = "waiting for a free slot of the cluster 'pool': all 2 slots are busy"
    assert why(queue, queue.job(pool)) == ("queued", wanted)


def test_workers_are_busy_with_other_clusters(queue: Queue) -> None:
    queue.join("a", slots=1)
    other, pool = queue.ready_cluster(name="other"), queue.ready_cluster()
    queue.job(other)
    queue.claimed("a")
    wanted = "waiting for a worker: those with free slots of the cluster 'pool' run other jobs"
    assert why(queue, queue.job(pool)) == ("queued", wanted)


def test_a_worker_is_about_to_take_it(queue: Queue) -> None:
    """Nothing is busy: it is a matter of moments."""
    queue.join("a")
    pool = queue.ready_cluster()
    wanted = "the cluster 'pool' has a free slot, and its worker is about to take the next job"
    assert why(queue, queue.job(pool)) == ("queued", wanted)


def test_a_job_that_lost_its_worker_holds_no_slot(queue: Queue) -> None:
    queue.join("a")
    pool = queue.ready_cluster()
    lost = queue.job(pool)
    queue.claimed("a")
    queue.later(15)
    queue.join("b")
    waiting = queue.job(pool)
    assert why(queue, lost) == ("running", "waiting for a worker")
    assert why(queue, waiting)[1] == "the cluster 'pool' has a free slot, and its worker is about to take the next job"


def test_the_reason_follows_what_happens(queue: Queue) -> None:
    pool = queue.cluster()
    first, second = queue.job(pool), queue.job(pool)
    assert why(queue, second)[0] == "pending"
    queue.join("a")
    assert why(queue, second)[0] == "queued"
    held = queue.claimed("a")
    assert held.job_id == first
    assert queue.job_row(first).waiting_reason is None
    assert why(queue, second)[1] == "waiting for a free slot of the cluster 'pool': its slot is busy"
    queue.completed(held)
    assert queue.claimed("a").job_id == second
    assert queue.job_row(second).waiting_reason is None


def test_what_does_not_wait_has_no_reason(queue: Queue) -> None:
    queue.join("a")
    pool = queue.ready_cluster()
    done, stopped = queue.job(pool), queue.job(pool)
    queue.completed(queue.claimed("a"))
    queue.keep_up()
    queue.stop(stopped)
    assert queue.job_row(stopped).waiting_reason is None
    queue.keep_up()
    assert [queue.job_row(one).waiting_reason for one in (done, stopped)] == [None, None]


def test_more_jobs_wait_than_anybody_counts(queue: Queue) -> None:
    queue.join("a")
    pool = queue.ready_cluster()
    made = [queue.job(pool) for _ in range(30)]
    queue.claimed("a")
    queue.keep_up()
    found = {queue.job_row(one).waiting_reason for one in made[1:]}
    assert found == {"waiting for a free slot of the cluster 'pool': its slot is busy"}
