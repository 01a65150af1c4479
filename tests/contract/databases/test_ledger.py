"""A load happens once (R18, R22): wherever an attempt dies, and whatever becomes of its session, the next one knows."""

from __future__ import annotations

import shutil
from itertools import count
from typing import TYPE_CHECKING, Any

import pytest
from tests.fakes.deaths import Cut, cutting

from penstock.connectors.databases import loading
from penstock.connectors.databases.session import Gone
from penstock.errors import PermanentError

if TYPE_CHECKING:
    from tests.contract.databases.conftest import Base, Jobs

TWO = ["id:int", "name:string"]


@pytest.fixture(autouse=True)
def table(jobs: Jobs, base: Base, monkeypatch: pytest.MonkeyPatch) -> None:
    base.sql("CREATE TABLE t (id int, name varchar(9))", "INSERT INTO t VALUES (1, 'old')")
    (jobs.lake / "in.csv").write_text("1,new\n2,two\n")
    monkeypatch.setattr(loading, "RETRY_S", (0.0, 0.0))


def target_of(base: Base) -> type:
    found: type = base.target()
    return found


WANTED = {
    "append": [(1, "new"), (1, "old"), (2, "two")],
    "truncate_insert": [(1, "new"), (2, "two")],
    "merge_update_insert": [(1, "new"), (2, "two")],
}


def given(operation: str) -> dict[str, Any]:
    return {"operation": operation, "mapping": ["id*", "name"] if "merge" in operation else []}


def refill(base: Base) -> None:
    base.sql("DELETE FROM t", "INSERT INTO t VALUES (1, 'old')")


@pytest.mark.parametrize("operation", list(WANTED))
def test_wherever_an_attempt_dies_the_next_one_completes_it(jobs: Jobs, base: Base, operation: str) -> None:
    if base.kind == "bigquery" and operation == "truncate_insert":
        pytest.skip("its steps are those of an append")
    order = jobs.granted(jobs.records(TWO), jobs.target(**given(operation)))
    for number in count():
        jobs.anew()
        with pytest.MonkeyPatch.context() as patch:
            hit = cutting(patch, *base.steps(), number, Cut)
            is_dead = jobs.is_dead(order)
        assert is_dead == bool(hit)
        assert sorted(base.rows("SELECT * FROM t")) in ([(1, "old")], WANTED[operation])
        made = jobs.attempt(order)
        assert sorted(base.rows("SELECT * FROM t")) == WANTED[operation]
        assert made.outputs[0].records == 2
        assert made.outputs[0].receipt["is_once"]
        if not hit:
            break
        refill(base)
    assert number > 4


@pytest.mark.parametrize("operation", ["append", "merge_update_insert"])
def test_a_session_that_breaks_off_is_opened_again(jobs: Jobs, base: Base, operation: str) -> None:
    """The commit too, whose end is not known then (R22)."""
    order = jobs.granted(jobs.records(TWO), jobs.target(**given(operation)))
    for number in count():
        jobs.anew()
        with pytest.MonkeyPatch.context() as patch:
            hit = cutting(patch, *base.steps(), number, lambda: Gone("cut."))
            jobs.attempt(order)
        assert sorted(base.rows("SELECT * FROM t")) == WANTED[operation]
        refill(base)
        if not hit:
            break
    assert number > 4


def test_two_attempts_at_once_write_once(jobs: Jobs, base: Base, cut: type[BaseException]) -> None:
    """An attempt whose lease was lost may still write when the next one begins."""
    if base.kind in ("sqlite", "duckdb"):
        pytest.skip("one process would wait for itself: what is written to files has one writer")
    owner, name = base.first_step()
    with pytest.MonkeyPatch.context() as patch:
        cutting(patch, *base.steps(), 0, cut)
        _, again = jobs.dies(jobs.records(TWO), jobs.target())
    is_first = [True]
    begins = getattr(owner, name)

    def late(self: Any, *args: Any) -> None:
        begins(self, *args)
        if is_first.pop():
            is_first.append(False)
            jobs_of_other = again
            jobs.attempt(jobs_of_other)
        else:
            is_first.append(False)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(owner, name, late)
        jobs.attempt(again)
    assert sorted(base.rows("SELECT * FROM t")) == WANTED["append"]


def test_what_was_staged_and_is_gone_was_not_written(jobs: Jobs, base: Base, cut: type[BaseException]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        cutting(patch, *base.steps(), 0, cut)
        _, again = jobs.dies(jobs.records(TWO), jobs.target())
    shutil.rmtree(jobs.folder / "staging")
    with pytest.raises(PermanentError, match="what was staged is gone, so nothing was written"):
        jobs.attempt(again)
    assert base.rows("SELECT * FROM t") == [(1, "old")]


def test_jobs_of_one_number_submitted_at_two_instants_are_two(jobs: Jobs, base: Base) -> None:
    """They are of two installations."""
    first = jobs.order([jobs.records(TWO), jobs.target()])
    jobs.attempt(first)
    jobs.attempt(jobs.order([jobs.records(TWO), jobs.target()], now="2026-01-02T03:04:06+00:00"))
    assert base.rows("SELECT count(*) FROM t") == [(5,)]


def test_an_action_after_the_write_is_not_forgotten(jobs: Jobs, base: Base, cut: type[BaseException]) -> None:
    given = {"post_action_sql": "UPDATE t SET name = 'post' WHERE id = 2", "actions_in_transaction": False}
    with pytest.MonkeyPatch.context() as patch:
        commit = target_of(base).commit  # type: ignore[attr-defined]

        def cut_after(self: Any) -> None:
            commit(self)
            raise cut

        patch.setattr(target_of(base), "commit", cut_after)
        _, again = jobs.dies(jobs.records(TWO), jobs.target(**given))
    assert (2, "two") in base.rows("SELECT * FROM t")
    jobs.attempt(again)
    assert sorted(base.rows("SELECT * FROM t")) == [(1, "new"), (1, "old"), (2, "post")]
