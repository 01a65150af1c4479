"""Watermarks in the store (R17): moved with the end of a job that ends well, under its epoch, never down."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from penstock.errors import NotFound
from penstock.services import watermarks

if TYPE_CHECKING:
    from tests.contract.attempts.conftest import Queue

    from penstock.services.attempts import Claimed


def mark(value: int, *ties: str) -> dict[str, Any]:
    return {"column": "at", "order": "whole numbers", "value": str(value), "ties": list(ties)}


def move(began: int | None, reached: int, component: str = "rows", key: str = "k") -> dict[str, Any]:
    texts = {
        "component_id": component,
        "component": component,
        "connection": "X_CONNECTION_1",
        "key": key,
        "reads": "t",
    }
    return {**texts, "began": None if began is None else mark(began), "reached": mark(reached, "tie")}


@pytest.fixture
def pool(queue: Queue) -> int:
    queue.join("one")
    queue.join("two")
    return queue.ready_cluster(4)


@pytest.fixture
def run(queue: Queue, pool: int) -> Callable[..., Claimed]:
    """Claim a new job that says how far it has come, and may publish."""

    def begun(*moves: dict[str, Any], worker: str = "one") -> Claimed:
        queue.job(pool)
        held = queue.claimed(worker)
        assert queue.report(held, watermarks=list(moves))
        assert queue.grant(held)
        return held

    return begun


def given(queue: Queue, pool: int) -> list[tuple[str, str]]:
    """The watermarks that a new job gets, as component and value."""
    queue.job(pool)
    held = queue.claimed("one")
    queue.failed(held)
    return [(one["component_id"], one["mark"]["value"]) for one in held.order["watermarks"]]


def test_the_next_job_gets_what_a_job_has_reached(queue: Queue, pool: int, run: Callable[..., Claimed]) -> None:
    assert given(queue, pool) == []
    held = run(move(None, 5), move(None, 7, "more"))
    assert given(queue, pool) == [], "not before it is done"
    assert queue.completed(held)
    assert given(queue, pool) == [("more", "7"), ("rows", "5")]
    with queue.sessions.read() as uow:
        (more, rows) = watermarks.shown(uow, queue.package_id)
    assert (rows["component"], rows["column"], rows["value"], rows["reads"]) == ("rows", "at", "5", "t")
    assert (more["value"], rows["job_id"]) == ("7", held.job_id)
    assert queue.completed(run(move(5, 6)))
    assert given(queue, pool) == [("more", "7"), ("rows", "6")]


def test_a_job_that_fails_or_is_stopped_moves_nothing(queue: Queue, pool: int, run: Callable[..., Claimed]) -> None:
    queue.completed(run(move(None, 5)))
    queue.failed(run(move(5, 6)))
    held = run(move(5, 7))
    queue.stop(held.job_id)
    assert queue.completed(held)
    assert queue.job_row(held.job_id).status == "stopped"
    assert "Watermarks stay as they were" in queue.job_row(held.job_id).errors
    assert given(queue, pool) == [("rows", "5")]


def test_an_attempt_that_holds_the_job_no_more_moves_nothing(queue: Queue, pool: int) -> None:
    queue.job(pool)
    stale = queue.claimed("one")
    queue.report(stale, watermarks=[move(None, 9)])
    queue.later(16)
    queue.join("two")
    held = queue.claimed("two")
    assert held.job_id == stale.job_id
    assert not queue.report(stale, watermarks=[move(None, 99)])
    assert not queue.completed(stale)
    assert queue.grant(held)
    assert queue.completed(held)
    queue.join("one")
    assert given(queue, pool) == [], "the second attempt has not said how far it has come"


def test_who_finishes_what_was_published_moves_it(queue: Queue, pool: int, run: Callable[..., Claimed]) -> None:
    """The process dies between the publication and the end: what was granted is what the watermark belongs to."""
    dead = run(move(None, 5))
    queue.later(16)
    queue.join("two")
    held = queue.claimed("two")
    assert (held.job_id, held.epoch) == (dead.job_id, dead.epoch + 1)
    assert held.order["granted_token"] == f"job-{dead.job_id}-{dead.epoch}"
    assert not queue.completed(dead)
    assert queue.completed(held)
    queue.join("one")
    assert given(queue, pool) == [("rows", "5")]


def test_of_two_jobs_at_once_the_higher_one_stays(queue: Queue, pool: int, run: Callable[..., Claimed]) -> None:
    queue.completed(run(move(None, 5)))
    slow, fast = run(move(5, 7)), run(move(5, 9))
    queue.completed(fast)
    queue.completed(slow)
    assert given(queue, pool) == [("rows", "9")]


def test_other_rows_have_a_watermark_of_their_own(queue: Queue, pool: int, run: Callable[..., Claimed]) -> None:
    queue.completed(run(move(None, 5)))
    queue.completed(run(move(None, 3, key="other")))
    assert given(queue, pool) == [("rows", "5"), ("rows", "3")]


def test_one_that_is_taken_away_stays_away(queue: Queue, pool: int, run: Callable[..., Claimed]) -> None:
    queue.completed(run(move(None, 5)))
    held = run(move(5, 7))
    with queue.sessions.write() as uow:
        assert watermarks.reset(uow, queue.package_id, "rows") == 1
    queue.completed(held)
    assert given(queue, pool) == []
    assert any("was taken away while this job ran" in line for line in queue.lines(held.job_id))
    with queue.sessions.write() as uow, pytest.raises(NotFound, match="There is no watermark of 'rows'"):
        watermarks.reset(uow, queue.package_id, "rows")
    with queue.sessions.read() as uow, pytest.raises(NotFound, match="There is no package 999"):
        watermarks.shown(uow, 999)
