"""An attempt that lost its job changes nothing any more; the job goes on as the next attempt, and is given up in the end."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from penstock.errors import InvalidFields
from penstock.services import attempts
from penstock.services.attempts import Claimed, Lost

if TYPE_CHECKING:
    from tests.contract.attempts.conftest import Queue

AT = datetime(2026, 3, 1, 12, tzinfo=UTC)
STAGED = "/data/.out.staging-job-1-1"
RECEIPT = {"read": {"in": 9}, "left_out": 2, "bytes": 14}
WRITTEN = {
    "component": "out", "records": 7, "files": ["part-00000.csv"], "preview": "1", "preview_type": "csv", "receipt": RECEIPT,
}  # fmt: skip


def started(queue: Queue, nodes: int = 1) -> Claimed:
    """A job that the worker `a` runs."""
    queue.join("a")
    queue.job(queue.ready_cluster(nodes))
    return queue.claimed("a")


def taken_over(queue: Queue, held: Claimed) -> Claimed:
    """The next attempt, by the worker `b`, once the lease has run out."""
    queue.later(15)
    queue.join("b")
    queue.keep_up()
    again = queue.claimed("b")
    assert again.job_id == held.job_id
    return again


def test_every_attempt_has_the_next_epoch(queue: Queue) -> None:
    held = started(queue)
    epochs = [held.epoch]
    for _ in range(2):
        held = taken_over(queue, held)
        epochs.append(held.epoch)
    assert epochs == [1, 2, 3]


def assert_shut(queue: Queue, held: Claimed) -> None:
    """Nothing that an attempt may write changes the job."""
    before = queue.dump(held.job_id)
    told = {"lines": [(AT, "info", "late")], "progress": 0.9, "sources": {"s": 9}, "staged": ["x"]}
    assert queue.report(held, **told) is False
    assert queue.renew("a", held) == queue.renew("b", held) == {held.job_id}
    assert not queue.is_running(held)
    for write in (queue.grant, queue.stopping, queue.completed, queue.failed, queue.unpublished):
        assert write(held) is False
        assert queue.dump(held.job_id) == before, write.__name__
    assert queue.unpublished(held, counts=False) is False
    assert queue.dump(held.job_id) == before


def test_an_old_epoch_changes_nothing(queue: Queue) -> None:
    """R2: a worker that comes back too late can neither change state nor publish."""
    old = started(queue)
    taken_over(queue, old)
    queue.later(1)
    assert_shut(queue, old)


@pytest.mark.parametrize("end", ["completed", "failed", "stopped"])
def test_nothing_changes_a_job_that_has_ended(queue: Queue, end: str) -> None:
    held = started(queue)
    if end == "stopped":
        queue.stop(held.job_id)
        assert queue.unpublished(held)
    else:
        assert getattr(queue, end)(held) is True
    before = queue.dump(held.job_id)
    queue.later(60)
    queue.join("a")
    queue.join("b")
    assert_shut(queue, held)
    queue.keep_up()
    assert queue.claim("a") is None
    assert queue.claim("b") is None
    with pytest.raises(InvalidFields):
        queue.stop(held.job_id)
    queue.terminate(queue.job_row(held.job_id).cluster_id)
    queue.keep_up()
    assert queue.dump(held.job_id) == before


def test_a_job_whose_worker_is_lost_stays_running_and_says_that_it_waits(queue: Queue) -> None:
    held = started(queue)
    queue.later(14.9)
    queue.keep_up()
    assert queue.job_row(held.job_id).waiting_reason is None
    queue.later(0.1)
    queue.keep_up()
    row = queue.job_row(held.job_id)
    assert (row.status, row.waiting_reason) == ("running", "waiting for a worker")
    assert row.started_at == AT


def test_a_takeover_is_the_same_job_and_says_so(queue: Queue) -> None:
    held = started(queue)
    queue.report(held, progress=0.5, sources={"s": 100}, lines=[(AT, "info", "half")], staged=[STAGED])
    again = taken_over(queue, held)
    row = queue.job_row(held.job_id)
    assert (row.status, row.epoch, row.worker_id, row.waiting_reason) == ("running", 2, "b", None)
    assert row.started_at == AT
    assert row.sources == [], "what the first attempt counted is counted again"
    assert again.order["token"] == f"job-{held.job_id}-2"
    assert queue.lines(held.job_id) == [
        "1 info half",
        "2 warning The worker of attempt 1 was lost; this worker takes the job over.",
    ]
    assert queue.events("job", held.job_id) == ["job.submitted", "job.started"]


def test_a_lease_that_is_renewed_late_but_in_time_is_explained_no_more(queue: Queue) -> None:
    """Nobody took the job over meanwhile, so its worker goes on with it."""
    held = started(queue)
    queue.later(16)
    queue.keep_up()
    assert queue.job_row(held.job_id).waiting_reason == "waiting for a worker"
    queue.join("a")
    assert queue.renew("a", held) == set()
    row = queue.job_row(held.job_id)
    assert row.waiting_reason is None
    assert row.lease_until is not None
    assert row.lease_until > queue.now


def test_a_job_whose_worker_died_three_times_is_given_up(queue: Queue) -> None:
    held = started(queue)
    queue.report(held, staged=[STAGED])
    for _ in range(2):
        held = taken_over(queue, held)
    queue.later(15)
    queue.join("b")
    lost = queue.claim("b")
    assert lost == Lost(held.job_id, (STAGED,))
    row = queue.job_row(held.job_id)
    assert (row.status, row.epoch, row.worker_id, row.lease_until) == ("failed", 3, None, None)
    assert row.errors.startswith("The job was given up: its worker died 3 times.")
    assert row.failed_at == row.completed_at == queue.now
    assert queue.events("job", held.job_id) == ["job.submitted", "job.started", "job.failed"]
    assert queue.lines(held.job_id)[-1].startswith("3 error The job was given up")
    assert queue.claim("b") is None


def test_a_job_that_died_while_it_published_says_what_stands(queue: Queue) -> None:
    held = started(queue)
    assert queue.grant(held)
    for number in (1, 2):
        queue.report(
            held, stands={"out": f"{number} of 6 chunks were written before.", "other": "no output of this job"}
        )
        held = taken_over(queue, held)
    queue.later(15)
    queue.join("b")
    queue.claim("b")
    said = queue.job_row(held.job_id).errors
    assert "It died while publishing" in said
    assert "Component 'out': 2 of 6 chunks were written before. Of what was written in the last moment only" in said


def test_a_job_that_is_given_back_counts_no_death(queue: Queue) -> None:
    held = started(queue)
    for epoch in range(2, 8):
        assert queue.unpublished(held, counts=False)
        row = queue.job_row(held.job_id)
        assert row.status == "running"
        held = queue.claimed("a")
        assert held.epoch == epoch
    assert "lost" not in " ".join(queue.lines(held.job_id))
    assert queue.lines(held.job_id)[0] == "2 info The worker of attempt 1 gave the job back; this worker goes on."
    for _ in range(2):
        held = taken_over(queue, held)
    queue.later(15)
    queue.join("b")
    assert isinstance(queue.claim("b"), Lost)


def test_a_process_that_ended_with_a_death_frees_the_job_at_once(queue: Queue) -> None:
    held = started(queue)
    for _ in range(2):
        assert queue.unpublished(held)
        held = queue.claimed("a")
    assert queue.unpublished(held)
    assert isinstance(queue.claim("a"), Lost)


# --- the grant


def test_the_grant_notes_what_is_staged(queue: Queue) -> None:
    held = started(queue)
    assert queue.grant(held)
    row = queue.job_row(held.job_id)
    assert (row.status, row.granted_epoch, row.outputs_count) == ("running", 1, 1)
    assert (row.outputs[0].records_count, row.outputs[0].files) == (7, '["part-00000.csv"]')
    queue.later(20)
    queue.stop(held.job_id)
    assert queue.grant(held, {**WRITTEN, "records": 99}), "the answer may have been lost on the way"
    assert queue.job_row(held.job_id).outputs[0].records_count == 7


def test_the_grant_is_refused_after_the_end_of_the_lease(queue: Queue) -> None:
    held = started(queue)
    queue.later(15)
    before = queue.dump(held.job_id)
    with queue.sessions.write() as uow:
        assert attempts.grant(uow, held.job_id, held.epoch, [], queue.now) is False
    assert queue.dump(held.job_id) == before


def test_the_grant_is_refused_after_a_stop(queue: Queue) -> None:
    held = started(queue)
    queue.stop(held.job_id)
    assert queue.grant(held) is False
    queue.stopping(held)
    assert queue.grant(held) is False
    assert queue.job_row(held.job_id).granted_epoch is None


def test_what_was_granted_is_handed_to_the_next_attempt(queue: Queue) -> None:
    """R18: it is published, not computed again; and no second grant can replace what was staged by the first."""
    held = started(queue)
    queue.grant(held)
    again = taken_over(queue, held)
    assert again.order["granted_token"] == f"job-{held.job_id}-1"
    assert again.order["granted"] == [WRITTEN]
    row = queue.job_row(held.job_id)
    assert (row.outputs[0].records_count, row.outputs[0].progress) == (7, 1.0)
    assert queue.grant(again, {**again.order["granted"][0], "records": 99}) is False
    third = taken_over(queue, again)
    assert third.order["granted_token"] == f"job-{held.job_id}-1"
    assert third.order["granted"] == again.order["granted"]
    assert queue.completed(third)
    assert queue.job_row(held.job_id).status == "completed"


def test_a_granted_job_that_is_given_up_says_that_outputs_may_be_there(queue: Queue) -> None:
    held = started(queue)
    queue.report(held, staged=[STAGED])
    queue.grant(held)
    for _ in range(2):
        held = taken_over(queue, held)
    queue.later(15)
    queue.join("b")
    lost = queue.claim("b")
    assert lost == Lost(held.job_id, ())
    errors = queue.job_row(held.job_id).errors
    assert "outputs may be there in part" in errors
    assert errors.endswith(": .out.staging-job-1-1.")


# --- what attempts tell


def test_progress_never_falls_and_never_exceeds_one(queue: Queue) -> None:
    held = started(queue)
    for told, kept in ((0.5, 0.5), (0.25, 0.5), (7.0, 1.0)):
        queue.report(held, progress=told)
        assert queue.job_row(held.job_id).progress == kept


def test_text_that_no_database_holds_is_kept_as_near_as_it_can_be(queue: Queue) -> None:
    """A zero character, or half of a surrogate pair, in a record that a message quotes or that a preview shows."""
    held = started(queue)
    odd = "a\x00b\ud800c"
    out = {"component": odd, "type": "t", "name": odd, "fields": [odd]}
    queue.report(held, lines=[(AT, "info", odd)], declared=[out], variables={odd: odd}, sources={odd: 1}, staged=[odd])
    written = {"component": odd, "records": 1, "files": [odd], "preview": odd, "preview_type": "csv"}
    with queue.sessions.write() as uow:
        assert attempts.grant(uow, held.job_id, held.epoch, [written], queue.now)
    queue.report(held, outputs={odd: (5, None)}, sources={odd: 2})
    row = queue.job_row(held.job_id)
    assert queue.lines(held.job_id) == ["1 info a\ufffdb\ufffdc"]
    assert (row.outputs[0].component_name, row.outputs[0].preview) == ("a\ufffdb\ufffdc", "a\ufffdb\ufffdc")
    assert row.outputs[0].records_count == 5
    assert [(one.component, one.records_count) for one in row.sources] == [("a\ufffdb\ufffdc", 2)]
    assert queue.failed(held, odd)
    assert queue.job_row(held.job_id).errors == "a\ufffdb\ufffdc"


def test_long_lines_and_sentences_are_cut(queue: Queue) -> None:
    held = started(queue)
    queue.report(held, lines=[(AT, "info", "x" * 100_000)])
    queue.failed(held, "y" * 100_000)
    assert queue.lines(held.job_id) == ["1 info " + "x" * 8_000]
    assert queue.job_row(held.job_id).errors == "y" * 4_000


def test_an_end_that_nobody_asked_to_stop_fails_with_its_sentence(queue: Queue) -> None:
    held = started(queue)
    queue.later(3)
    assert queue.failed(held, "The file is missing.")
    row = queue.job_row(held.job_id)
    assert (row.status, row.errors, row.failed_at) == ("failed", "The file is missing.", queue.now)
    assert queue.events("job", held.job_id)[-1] == "job.failed"


def test_a_completed_job_is_done_in_all_its_parts(queue: Queue) -> None:
    held = started(queue)
    queue.report(held, staged=[STAGED], progress=0.2)
    queue.grant(held)
    queue.later(2)
    assert queue.completed(held)
    row = queue.job_row(held.job_id)
    assert (row.status, row.progress, row.errors, row.staged) == ("completed", 1.0, "", "[]")
    assert (row.completed_at, row.failed_at, row.worker_id, row.lease_until) == (queue.now, None, None, None)
    assert queue.events("job", held.job_id)[-1] == "job.completed"
