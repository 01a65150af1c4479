"""A claim takes the oldest job for which there is a place, and never more jobs than there are places."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from penstock.services import connections, packages

if TYPE_CHECKING:
    from tests.contract.attempts.conftest import Queue


def test_the_oldest_job_is_taken_first(queue: Queue) -> None:
    queue.join("a")
    pool = queue.ready_cluster(3)
    made = [queue.job(pool) for _ in range(3)]
    assert [queue.claimed("a").job_id for _ in range(3)] == made
    assert queue.claim("a") is None


def test_a_claim_starts_the_job(queue: Queue) -> None:
    queue.join("a")
    pool = queue.ready_cluster()
    made = queue.job(pool)
    queue.keep_up()
    queue.later(1)
    assert queue.has_work("a")
    taken = queue.claimed("a")
    row = queue.job_row(made)
    assert (taken.job_id, taken.epoch) == (made, 1)
    assert (row.status, row.epoch, row.worker_id, row.waiting_reason) == ("running", 1, "a", None)
    assert row.started_at == row.updated_at == queue.now
    assert row.lease_until is not None
    assert (row.lease_until - queue.now).total_seconds() == 15
    assert queue.events("job", made) == ["job.submitted", "job.started"]
    assert not queue.has_work("a")


def test_a_job_is_not_taken_where_it_has_no_place(queue: Queue) -> None:
    """Neither on a cluster that is coming up, nor by a worker without a slot of it."""
    pool = queue.cluster()
    queue.job(pool)
    queue.join("a")
    assert queue.claim("a") is None
    queue.keep_up()
    queue.join("b")
    assert not queue.has_work("b")
    assert queue.claim("b") is None
    assert queue.claimed("a").epoch == 1


@pytest.mark.parametrize("nodes", [1, 2, 3])
def test_a_cluster_runs_as_many_jobs_as_it_has_slots(queue: Queue, nodes: int) -> None:
    queue.join("a", slots=9)
    pool = queue.ready_cluster(nodes)
    for _ in range(nodes + 2):
        queue.job(pool)
    taken = [queue.claimed("a") for _ in range(nodes)]
    assert queue.claim("a") is None
    queue.completed(taken[0])
    assert queue.claimed("a").job_id == taken[-1].job_id + 1
    assert queue.claim("a") is None


def test_a_slot_is_free_when_the_lease_on_it_has_run_out(queue: Queue) -> None:
    """Slots are counted from live leases (R8). The lost job is older, so it is the first to get its slot again."""
    queue.join("a")
    pool = queue.ready_cluster()
    first, second = queue.job(pool), queue.job(pool)
    assert queue.claimed("a").job_id == first
    queue.later(14)
    queue.join("a")
    assert queue.claim("a") is None
    queue.later(1)
    again = queue.claimed("a")
    assert (again.job_id, again.epoch) == (first, 2)
    assert queue.claim("a") is None
    assert queue.job_row(second).status == "idle"


def test_a_cluster_that_is_full_does_not_hold_up_another(queue: Queue) -> None:
    queue.join("a")
    full, free = queue.ready_cluster(), queue.ready_cluster()
    queue.job(full)
    queue.claimed("a")
    queue.job(full)
    wanted = queue.job(free)
    assert queue.claimed("a").job_id == wanted


def test_slots_that_move_do_not_let_a_job_in_beside_the_one_that_still_runs(queue: Queue) -> None:
    """A job is claimed between two renewals of its worker, so its lease outlives the worker's."""
    queue.join("a")
    pool = queue.ready_cluster()
    first, second = queue.job(pool), queue.job(pool)
    queue.later(10)
    held = queue.claimed("a")
    queue.later(6)
    queue.join("b")
    queue.keep_up()
    assert queue.placed(pool) == ["b"]
    assert queue.claim("b") is None, "two jobs on a cluster of one slot"
    queue.completed(held)
    assert held.job_id == first
    assert queue.claimed("b").job_id == second


def test_a_cluster_that_shrank_waits_for_what_still_runs(queue: Queue) -> None:
    """R8: also where the slot that is left is on another worker than the job that still runs."""
    queue.join("a", slots=1)
    queue.join("b", slots=1)
    pool = queue.ready_cluster(2)
    assert sorted(queue.placed(pool)) == ["a", "b"]
    queue.job(pool)
    goes = queue.placed(pool)[1]
    stays = queue.placed(pool)[0]
    held = queue.claimed(goes)
    queue.update(pool, nodes=1)
    queue.keep_up()
    assert queue.placed(pool) == [stays]
    queue.job(pool)
    assert queue.claim(stays) is None
    queue.completed(held)
    assert queue.claimed(stays).epoch == 1


def test_a_worker_whose_lease_has_run_out_takes_nothing(queue: Queue) -> None:
    """Its slots may be placed elsewhere at any moment."""
    queue.join("a")
    pool = queue.ready_cluster()
    queue.job(pool)
    queue.later(15)
    assert not queue.has_work("a")
    assert queue.claim("a") is None
    queue.join("a")
    assert queue.claimed("a").epoch == 1


def test_an_idle_cluster_is_available_again(queue: Queue) -> None:
    queue.join("a")
    pool = queue.ready_cluster(time_to_idle=5)
    queue.later(5)
    queue.join("a")
    queue.keep_up()
    assert queue.cluster_row(pool).status == "idle"
    queue.job(pool)
    queue.claimed("a")
    row = queue.cluster_row(pool)
    assert (row.status, row.idle_from) == ("available", None)
    assert row.idle_since == queue.now


def test_the_order_holds_what_the_attempt_needs(queue: Queue) -> None:
    queue.join("a")
    pool = queue.ready_cluster()
    flow = {"components": [], "edges": []}
    with queue.sessions.write() as uow:
        raw = {"name": "daily", "variables": {"z": "1", "a": "$z"}, "data_flow_json": json.dumps(flow)}
        package = packages.create(uow, queue.principal, raw, queue.now).id
    made = queue.job(pool, package_id=package, variables={"day": "x"}, dynamic_variables={"n": "1 + 1"})
    with queue.sessions.write() as uow:
        packages.update(uow, queue.principal, package, {"name": "changed", "variables": {}}, queue.now)
    order = queue.claimed("a").order
    assert json.loads(order["flow"]) == flow
    assert list(order["package_variables"]) == ["z", "a"]
    assert (order["variables"], order["dynamic_variables"]) == ({"day": "x"}, {"n": "1 + 1"})
    assert (order["token"], order["now"]) == (f"job-{made}-1", queue.now.isoformat())
    assert "granted" not in order
    given = order["predefined"]
    assert (given["_PACKAGE_NAME"], given["_JOB_SUBMITTED_AT"]) == ("daily", "2026-03-01T12:00:00Z")
    assert (given["_JOB_ID"], given["_PACKAGE_ID"], given["_CLUSTER_ID"]) == (made, package, pool)
    assert given["_PACKAGE_LAST_SUCCESSFUL_JOB_SUBMISSION_TIMESTAMP"] is None


def test_the_last_success_is_the_package_s_own(queue: Queue) -> None:
    queue.join("a")
    pool = queue.ready_cluster()
    queue.job(pool)
    queue.completed(queue.claimed("a"))
    queue.later(60)
    queue.join("a")
    queue.job(pool)
    queue.failed(queue.claimed("a"))
    queue.later(60)
    queue.join("a")
    queue.job(pool)
    given = queue.claimed("a").order["predefined"]
    assert given["_PACKAGE_LAST_SUCCESSFUL_JOB_SUBMISSION_TIMESTAMP"] == "2026-03-01T12:00:00Z"


def test_the_order_holds_no_connection_but_those_that_the_package_names(queue: Queue) -> None:
    queue.join("a")
    pool = queue.ready_cluster()
    with queue.sessions.write() as uow:
        made = {
            name: connections.create(uow, queue.principal, "file", {"name": name, "path": f"/data/{name}"}, queue.now)
            for name in ("by id", "by name", "unused")
        }
        key = f"FILE_CONNECTION_{made['by id'].id}"
        named = [{"type": "file", "id": made["by id"].id}, {"name": "by name"}]
        sources = [
            {"id": str(number), "type": "cloud_storage_source_component", "connection": one}
            for number, one in enumerate(named)
        ]
        raw = {"name": "p", "data_flow_json": json.dumps({"components": sources, "edges": []})}
        package = packages.create(uow, queue.principal, raw, queue.now).id
    queue.job(pool, package_id=package)
    order = queue.claimed("a").order
    assert order["connections"] == {
        key: {"type": "file", "path": "/data/by id"},
        "by name": {"type": "file", "path": "/data/by name"},
    }


def test_a_stack_that_is_not_installed_is_noted(queue: Queue) -> None:
    queue.join("a")
    pool = queue.ready_cluster(stack="black-everest")
    made = queue.job(pool)
    queue.claimed("a")
    assert queue.lines(made) == ["1 info The stack 'black-everest' is not installed here; the job runs on duckdb-1.5."]


def test_a_sandbox_is_told(queue: Queue) -> None:
    queue.join("a")
    pool = queue.ready_cluster(type="sandbox")
    queue.job(pool)
    assert queue.claimed("a").is_sandbox
