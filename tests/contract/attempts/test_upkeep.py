"""What happens by itself to clusters and their slots."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import pytest

from penstock.errors import InvalidFields
from penstock.services import upkeep
from penstock.store.tables import Cluster

if TYPE_CHECKING:
    from tests.contract.attempts.conftest import Queue


def alive(queue: Queue, *workers: str) -> None:
    for worker in workers:
        queue.join(worker)


def pass_time(queue: Queue, seconds: float, *workers: str) -> None:
    """Let workers renew their leases and the upkeep be done, every 10 seconds."""
    while seconds > 0:
        queue.later(min(seconds, 10))
        seconds -= 10
        alive(queue, *workers)
        queue.keep_up()


# --- coming up


def test_a_cluster_comes_up_when_there_is_a_worker(queue: Queue) -> None:
    pool = queue.cluster(2)
    queue.keep_up()
    assert queue.cluster_row(pool).status == "pending"
    queue.later(3)
    queue.join("a")
    queue.keep_up()
    row = queue.cluster_row(pool)
    assert (row.status, row.available_since, row.idle_since) == ("available", queue.now, None)
    assert queue.placed(pool) == ["a", "a"]
    assert queue.events("cluster", pool) == ["cluster.requested", "cluster.available"]


def test_a_pass_with_nothing_to_do_changes_nothing(queue: Queue) -> None:
    queue.join("a")
    pool = queue.ready_cluster(2)
    job = queue.job(pool)
    queue.keep_up()
    queue.later(1)
    before = (queue.cluster_row(pool).updated_at, queue.dump(job), queue.placed(pool))
    queue.keep_up()
    assert (queue.cluster_row(pool).updated_at, queue.dump(job), queue.placed(pool)) == before


def test_a_cluster_that_has_not_come_up_cannot_be_terminated(queue: Queue) -> None:
    pool = queue.cluster()
    with pytest.raises(InvalidFields, match="cannot be terminated"):
        queue.terminate(pool)


# --- slots


def test_slots_are_spread_over_live_workers_by_their_size(queue: Queue) -> None:
    queue.join("small", slots=2)
    queue.join("large", slots=4)
    pool = queue.ready_cluster(6)
    assert Counter(queue.placed(pool)) == {"small": 2, "large": 4}
    other = queue.ready_cluster(3)
    assert Counter(queue.placed(other)) == {"small": 1, "large": 2}


def test_slots_of_a_worker_that_died_are_placed_again(queue: Queue) -> None:
    """The cluster's status does not change for that."""
    alive(queue, "a", "b")
    pool = queue.ready_cluster(4)
    assert Counter(queue.placed(pool)) == {"a": 2, "b": 2}
    changed = queue.cluster_row(pool).updated_at
    pass_time(queue, 15, "a")
    assert queue.placed(pool) == ["a"] * 4
    row = queue.cluster_row(pool)
    assert (row.status, row.updated_at) == ("available", changed)


def test_slots_of_a_worker_that_left_are_placed_again_at_once(queue: Queue) -> None:
    alive(queue, "a", "b")
    pool = queue.ready_cluster(2)
    queue.leave("b")
    assert sorted(queue.placed(pool), key=str) == [None, "a"]
    queue.keep_up()
    assert queue.placed(pool) == ["a", "a"]
    assert queue.workers() == ["a"]


def test_slots_wait_for_a_worker_when_there_is_none(queue: Queue) -> None:
    queue.join("a")
    pool = queue.ready_cluster(2)
    queue.leave("a")
    queue.keep_up()
    assert queue.placed(pool) == [None, None]
    queue.join("b")
    queue.keep_up()
    assert queue.placed(pool) == ["b", "b"]


def test_a_dead_worker_is_forgotten_after_a_while(queue: Queue) -> None:
    alive(queue, "a", "b")
    queue.ready_cluster(2)
    pass_time(queue, 60, "a")
    assert queue.workers() == ["a", "b"], "for whoever looks"
    queue.later(300)
    pass_time(queue, 5, "a")
    assert queue.workers() == ["a"]


def test_a_worker_whose_row_is_lost_enters_again(queue: Queue) -> None:
    queue.join("a")
    pool = queue.ready_cluster()
    queue.leave("a")
    queue.later(1)
    queue.join("a", slots=3)
    queue.keep_up()
    assert queue.placed(pool) == ["a"]
    queue.job(pool)
    assert queue.claimed("a").epoch == 1


def test_a_new_worker_gets_its_share_of_slots_that_are_free(queue: Queue) -> None:
    """Whoever adds a worker wants what waits to move there; a worker that restarts is a new one."""
    queue.join("a")
    pool = queue.ready_cluster(4)
    for _ in range(4):
        queue.job(pool)
    held = [queue.claimed("a"), queue.claimed("a")]
    queue.join("b")
    queue.keep_up()
    assert Counter(queue.placed(pool)) == {"a": 2, "b": 2}
    assert {queue.claimed("b").job_id, queue.claimed("b").job_id}.isdisjoint({one.job_id for one in held})
    assert queue.claim("a") is None
    assert queue.claim("b") is None
    before = queue.placed(pool)
    queue.keep_up()
    assert queue.placed(pool) == before, "an even spread is left alone"


def test_a_busy_slot_stays_where_its_job_runs(queue: Queue) -> None:
    queue.join("a", slots=4)
    pool = queue.ready_cluster(3)
    for _ in range(3):
        queue.job(pool)
    held = [queue.claimed("a") for _ in range(3)]
    queue.join("b", slots=4)
    queue.keep_up()
    assert queue.placed(pool) == ["a", "a", "a"]
    queue.completed(held[0])
    queue.keep_up()
    assert Counter(queue.placed(pool)) == {"a": 2, "b": 1}


# --- resizing


def test_a_cluster_grows(queue: Queue) -> None:
    queue.join("a")
    pool = queue.ready_cluster(1)
    since = queue.cluster_row(pool).available_since
    queue.later(1)
    queue.update(pool, nodes=3)
    assert queue.cluster_row(pool).status == "scaling"
    assert queue.claim("a") is None
    queue.keep_up()
    row = queue.cluster_row(pool)
    assert (row.status, row.nodes, row.available_since) == ("available", 3, since)
    assert queue.placed(pool) == ["a", "a", "a"]
    assert queue.events("cluster", pool).count("cluster.available") == 1


def test_a_cluster_shrinks_while_all_its_slots_are_busy(queue: Queue) -> None:
    """Jobs run on; the next one waits until no more run than the cluster has slots."""
    queue.join("a", slots=3)
    pool = queue.ready_cluster(3)
    for _ in range(4):
        queue.job(pool)
    held = [queue.claimed("a") for _ in range(3)]
    queue.update(pool, nodes=1)
    queue.keep_up()
    assert queue.placed(pool) == ["a"]
    assert queue.renew("a", *held) == set()
    for one in held:
        assert queue.claim("a") is None
        queue.completed(one)
    assert queue.claimed("a").job_id == held[-1].job_id + 1


def test_a_job_waits_while_its_cluster_is_resized(queue: Queue) -> None:
    """A job that was `queued` stays so: there is no way back to `pending`."""
    queue.join("a")
    pool = queue.ready_cluster()
    first, queued = queue.job(pool), queue.job(pool)
    queue.claimed("a")
    queue.keep_up()
    assert queue.job_row(queued).status == "queued"
    queue.leave("a")
    queue.update(pool, nodes=2)
    new = queue.job(pool)
    queue.keep_up()
    assert queue.job_row(first).status == "running"
    reason = "the cluster 'pool' is being resized"
    assert (queue.job_row(queued).status, queue.job_row(queued).waiting_reason) == ("queued", reason)
    assert (queue.job_row(new).status, queue.job_row(new).waiting_reason) == ("pending", reason)


def test_an_idle_cluster_is_resized_too(queue: Queue) -> None:
    queue.join("a")
    pool = queue.ready_cluster(1, time_to_idle=5)
    pass_time(queue, 5, "a")
    assert queue.cluster_row(pool).status == "idle"
    queue.update(pool, nodes=2)
    queue.keep_up()
    assert (queue.cluster_row(pool).status, queue.placed(pool)) == ("available", ["a", "a"])


# --- idling and ending


def test_a_cluster_idles_when_it_had_nothing_to_do_for_its_time(queue: Queue) -> None:
    queue.join("a")
    pool = queue.ready_cluster(time_to_idle=60)
    pass_time(queue, 55, "a")
    assert queue.cluster_row(pool).status == "available"
    pass_time(queue, 5, "a")
    row = queue.cluster_row(pool)
    assert (row.status, row.idle_since) == ("idle", queue.now)
    assert queue.events("cluster", pool)[-1] == "cluster.idled"
    idle_since = queue.now
    pass_time(queue, 100, "a")
    row = queue.cluster_row(pool)
    assert (row.status, row.idle_since) == ("idle", idle_since), "it was not asked to end"


def test_a_cluster_with_a_job_does_not_idle(queue: Queue) -> None:
    """Whether the job runs or waits; and the time begins anew when it has ended."""
    queue.join("a")
    pool = queue.ready_cluster(time_to_idle=60)
    pass_time(queue, 50, "a")
    queue.job(pool)
    pass_time(queue, 30, "a")
    held = queue.claimed("a")
    for _ in range(10):
        pass_time(queue, 10, "a")
        queue.renew("a", held)
    assert queue.cluster_row(pool).status == "available"
    queue.completed(held)
    queue.keep_up()
    pass_time(queue, 55, "a")
    assert queue.cluster_row(pool).status == "available"
    pass_time(queue, 5, "a")
    assert queue.cluster_row(pool).status == "idle"


def test_a_job_on_an_idle_cluster_is_run(queue: Queue) -> None:
    queue.join("a")
    pool = queue.ready_cluster(time_to_idle=5)
    pass_time(queue, 5, "a")
    assert queue.cluster_row(pool).status == "idle"
    queue.job(pool)
    queue.keep_up()
    assert queue.cluster_row(pool).status == "idle"
    queue.claimed("a")
    assert queue.cluster_row(pool).status == "available"


def test_a_cluster_ends_itself_where_it_is_asked_to(queue: Queue) -> None:
    queue.join("a")
    pool = queue.ready_cluster(time_to_idle=5, terminate_on_idle=True)
    pass_time(queue, 5, "a")
    row = queue.cluster_row(pool)
    assert (row.status, row.terminated_on_idle, row.idle_since) == ("pending_terminate", True, queue.now)
    queue.keep_up()
    row = queue.cluster_row(pool)
    assert (row.status, row.terminated_at) == ("terminated", queue.now)
    assert queue.placed(pool) == []
    assert queue.events("cluster", pool)[-2:] == ["cluster.idled", "cluster.terminated"]


def test_a_cluster_ends_itself_also_when_it_is_told_to_while_it_idles(queue: Queue) -> None:
    queue.join("a")
    pool = queue.ready_cluster(time_to_idle=5)
    pass_time(queue, 5, "a")
    queue.update(pool, terminate_on_idle=True)
    queue.keep_up()
    assert queue.cluster_row(pool).status == "pending_terminate"


def test_the_end_of_a_cluster_stops_its_jobs_first(queue: Queue) -> None:
    queue.join("a")
    pool = queue.ready_cluster()
    running, waiting = queue.job(pool), queue.job(pool)
    held = queue.claimed("a")
    queue.terminate(pool)
    assert queue.cluster_row(pool).status == "pending_terminate"
    assert [queue.job_row(one).status for one in (running, waiting)] == ["pending_stoppage"] * 2
    queue.keep_up()
    assert queue.cluster_row(pool).status == "terminating"
    assert [queue.job_row(one).status for one in (running, waiting)] == ["pending_stoppage", "stopped"]
    assert queue.claim("a") is None
    queue.stopping(held)
    queue.keep_up()
    assert queue.cluster_row(pool).status == "terminating", "a process still runs"
    queue.unpublished(held)
    queue.keep_up()
    row = queue.cluster_row(pool)
    assert (row.status, row.terminated_on_idle) == ("terminated", False)
    assert queue.placed(pool) == []
    with pytest.raises(InvalidFields, match="cannot be terminated"):
        queue.terminate(pool)
    with pytest.raises(InvalidFields, match="is terminated"):
        queue.job(pool)


def test_a_job_that_slipped_in_while_its_cluster_ended_is_stopped(queue: Queue) -> None:
    """A caller may have read the cluster just before somebody else ended it."""
    queue.join("a")
    pool = queue.ready_cluster()
    late = queue.job(pool)
    with queue.sessions.write() as uow:
        uow.session.get_one(Cluster, pool).status = "pending_terminate"
    queue.keep_up()
    assert queue.job_row(late).status in ("pending_stoppage", "stopped")
    assert queue.claim("a") is None
    queue.keep_up()
    queue.keep_up()
    assert queue.job_row(late).status == "stopped"
    assert queue.cluster_row(pool).status == "terminated"


def test_one_worker_at_a_time_keeps_up(queue: Queue) -> None:
    if not queue.is_postgresql:
        return  # SQLite lets one transaction at a time write anything.
    queue.join("a")
    pool = queue.cluster()
    with queue.sessions.write() as uow:
        upkeep.keep_up(uow, queue.now)
        other = queue.cluster()
        assert queue.keep_up() == []
        assert queue.cluster_row(other).status == "pending"
    queue.keep_up()
    assert queue.cluster_row(pool).status == queue.cluster_row(other).status == "available"
