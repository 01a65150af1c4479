"""A stop, from every state, ends in `stopped`; and not before the process is gone."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from penstock.errors import InvalidFields
from penstock.services.attempts import Claimed

if TYPE_CHECKING:
    from tests.contract.attempts.conftest import Queue

AT = datetime(2026, 3, 1, 12, tzinfo=UTC)
STAGED = "/data/.out.staging-job-1-1"


def assert_stopped(queue: Queue, job_id: int, errors: str = "") -> None:
    row = queue.job_row(job_id)
    assert (row.status, row.worker_id, row.lease_until, row.waiting_reason) == ("stopped", None, None, None)
    assert row.completed_at == queue.now
    assert row.failed_at is None
    assert row.errors == errors
    assert queue.events("job", job_id)[-1] == "job.stopped"
    with pytest.raises(InvalidFields, match="cannot be stopped"):
        queue.stop(job_id)


@pytest.mark.parametrize("state", ["idle", "pending", "queued"])
def test_a_job_that_waits_is_stopped_without_having_run(queue: Queue, state: str) -> None:
    if state != "pending":
        queue.join("a")
    pool = queue.cluster()
    if state == "queued":
        queue.keep_up()
    made = queue.job(pool)
    if state != "idle":
        queue.keep_up()
    assert queue.job_row(made).status == state
    queue.later(2)
    queue.stop(made)
    row = queue.job_row(made)
    assert (row.status, row.stop_requested_at) == ("pending_stoppage", queue.now)
    assert queue.claim("a") is None
    queue.keep_up()
    assert_stopped(queue, made)
    assert queue.job_row(made).started_at is None


def running(queue: Queue, nodes: int = 1) -> Claimed:
    queue.join("a")
    queue.job(queue.ready_cluster(nodes))
    return queue.claimed("a")


def test_a_running_job_is_stopped_when_its_worker_says_that_the_process_is_gone(queue: Queue) -> None:
    held = running(queue)
    assert queue.stop_requests("a") == set()
    queue.stop(held.job_id)
    assert queue.stop_requests("a") == {held.job_id}
    queue.keep_up()
    assert queue.job_row(held.job_id).status == "pending_stoppage", "its worker still has it"
    assert queue.stopping(held)
    assert queue.job_row(held.job_id).status == "stopping"
    assert queue.stop_requests("a") == set()
    assert queue.stopping(held), "said twice"
    queue.keep_up()
    assert queue.unpublished(held)
    assert_stopped(queue, held.job_id)


def test_a_stop_is_asked_once(queue: Queue) -> None:
    held = running(queue)
    queue.stop(held.job_id)
    asked = queue.now
    queue.later(1)
    queue.stop(held.job_id)
    queue.stopping(held)
    queue.stop(held.job_id)
    row = queue.job_row(held.job_id)
    assert (row.status, row.stop_requested_at) == ("stopping", asked)


@pytest.mark.parametrize("state", ["pending_stoppage", "stopping"])
def test_a_job_that_should_stop_and_lost_its_worker_is_stopped(queue: Queue, state: str) -> None:
    """R7; and what it had staged is to be removed."""
    held = running(queue)
    queue.report(held, staged=[STAGED])
    queue.stop(held.job_id)
    if state == "stopping":
        queue.stopping(held)
    queue.later(14)
    assert queue.keep_up() == []
    queue.later(1)
    assert queue.claim("a") is None
    assert queue.keep_up() == [STAGED]
    assert_stopped(queue, held.job_id)
    assert queue.unpublished(held) is False
    assert queue.keep_up() == []


@pytest.mark.parametrize("write", ["failed", "completed", "unpublished"])
@pytest.mark.parametrize("state", ["pending_stoppage", "stopping"])
def test_however_a_job_ends_that_should_stop_it_is_stopped(queue: Queue, state: str, write: str) -> None:
    held = running(queue)
    queue.stop(held.job_id)
    if state == "stopping":
        queue.stopping(held)
    assert getattr(queue, write)(held)
    late = "The stop came too late: every output was published already."
    assert_stopped(queue, held.job_id, late if write == "completed" else "")


def test_a_job_that_is_given_back_while_a_stop_comes_is_stopped(queue: Queue) -> None:
    held = running(queue)
    queue.stop(held.job_id)
    assert queue.unpublished(held, counts=False)
    assert_stopped(queue, held.job_id)


# --- after the grant a stop cannot take data back


def test_a_granted_job_that_should_stop_says_that_it_was_too_late(queue: Queue) -> None:
    held = running(queue)
    queue.grant(held)
    queue.stop(held.job_id)
    queue.stopping(held)
    assert queue.completed(held)
    assert_stopped(queue, held.job_id, "The stop came too late: every output was published already.")


@pytest.mark.parametrize("how", ["the process died", "the worker died"])
def test_a_publication_that_was_granted_is_finished_before_the_job_is_stopped(queue: Queue, how: str) -> None:
    """Between two renames neither the old files nor the new ones are there: this is not where a job may end."""
    held = running(queue)
    queue.grant(held)
    queue.stop(held.job_id)
    queue.stopping(held)
    if how == "the process died":
        assert queue.unpublished(held)
    else:
        queue.later(15)
        queue.join("a")
    queue.keep_up()
    row = queue.job_row(held.job_id)
    assert (row.status, row.waiting_reason) == ("stopping", "waiting for a worker")
    again = queue.claimed("a")
    row = queue.job_row(held.job_id)
    assert (again.job_id, again.epoch, row.status, row.waiting_reason) == (held.job_id, 2, "stopping", None)
    assert "granted" in again.order
    assert queue.completed(again)
    assert_stopped(queue, held.job_id, "The stop came too late: every output was published already.")


def test_a_publication_that_nobody_finishes_is_not_waited_for_for_ever(queue: Queue) -> None:
    """R7: half a minute after the stop request it is over, and what is staged is left for a person to look at."""
    held = running(queue)
    queue.report(held, staged=[STAGED])
    queue.grant(held)
    queue.stop(held.job_id)
    queue.later(29)
    assert queue.keep_up() == []
    assert queue.job_row(held.job_id).status == "pending_stoppage"
    queue.later(1)
    assert queue.keep_up() == []
    assert_stopped(
        queue,
        held.job_id,
        "The job was stopped while it published: outputs may be there in part. "
        "Folders with the rest, beside them, for a person to look at: .out.staging-job-1-1.",
    )


def test_a_publication_that_kills_its_workers_ends_stopped(queue: Queue) -> None:
    held = running(queue)
    queue.grant(held)
    queue.stop(held.job_id)
    for _ in range(2):
        queue.unpublished(held)
        held = queue.claimed("a")
    queue.unpublished(held)
    queue.claim("a")
    row = queue.job_row(held.job_id)
    assert row.status == "stopped"
    assert "outputs may be there in part" in row.errors
