"""A claim opens the secrets of the package as they are then; a job whose secrets do not open fails, and says which."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from sqlalchemy import select

from penstock.kit.sealing import Seal
from penstock.services import attempts, packages, variables
from penstock.services.attempts import Claimed, Lost
from penstock.store.tables import SecretVariable

if TYPE_CHECKING:
    from tests.contract.attempts.conftest import Queue

SEAL = Seal([bytes(32)])


def change(queue: Queue, **secrets: str | None) -> None:
    with queue.sessions.write() as uow:
        raw = {"secret_variables": secrets}
        packages.update(uow, queue.principal, queue.package_id, raw, queue.now, SEAL)


def claim(queue: Queue, seal: Seal) -> Claimed | Lost | None:
    with queue.sessions.write() as uow:
        return attempts.claim(uow, "a", queue.now, seal)


def test_an_order_has_the_secrets_that_the_package_has_when_it_begins(queue: Queue) -> None:
    queue.join("a")
    pool = queue.ready_cluster()
    change(queue, token="old", later=None)
    made = queue.job(pool)
    change(queue, token="new", later=None)
    taken = claim(queue, SEAL)
    assert isinstance(taken, Claimed)
    assert taken.order["secret_variables"] == {"token": "new", "later": None}
    row = queue.job_row(made)
    held = json.dumps([getattr(row, column.key) for column in row.__table__.columns], default=str)
    assert "old" not in held
    assert "new" not in held


def test_a_takeover_opens_them_again(queue: Queue) -> None:
    queue.join("a")
    pool = queue.ready_cluster()
    change(queue, token="x")
    made = queue.job(pool)
    assert isinstance(claim(queue, SEAL), Claimed)
    queue.later(15)
    queue.join("a")
    again = claim(queue, SEAL)
    assert isinstance(again, Claimed)
    assert (again.job_id, again.epoch, again.order["secret_variables"]) == (made, 2, {"token": "x"})


def test_a_job_whose_secrets_do_not_open_fails_with_their_name(queue: Queue) -> None:
    queue.join("a")
    pool = queue.ready_cluster()
    change(queue, token="x")
    made = queue.job(pool)
    assert claim(queue, Seal([bytes([1] * 32)])) == Lost(made, ())
    row = queue.job_row(made)
    assert (row.status, row.worker_id, row.lease_until) == ("failed", None, None)
    assert row.errors.startswith("The secret variable 'token' cannot be opened: it was sealed with the key")
    assert queue.events("job", made)[-1] == "job.failed"
    assert claim(queue, SEAL) is None, "its slot is free, and nothing waits"


def test_a_token_out_of_another_package_does_not_open(queue: Queue) -> None:
    queue.join("a")
    pool = queue.ready_cluster()
    change(queue, token="x")
    with queue.sessions.write() as uow:
        other = packages.create(uow, queue.principal, {"secret_variables": {"token": "y"}}, queue.now, SEAL).id
        rows = {row.package_id: row for row in uow.session.scalars(select(SecretVariable))}
        rows[queue.package_id].sealed = rows[other].sealed
    made = queue.job(pool)
    assert isinstance(claim(queue, SEAL), Lost)
    assert "does not belong to this place" in queue.job_row(made).errors


def test_an_order_has_the_variables_of_the_account_as_they_were_at_submission(queue: Queue) -> None:
    queue.join("a")
    pool = queue.ready_cluster()
    for given in ({"b": "1", "a": "2"}, {}):
        with queue.sessions.write() as uow:
            variables.replace(uow, queue.principal, given, queue.now)
        if given:
            queue.job(pool)
    taken = claim(queue, SEAL)
    assert isinstance(taken, Claimed)
    assert list(taken.order["account_variables"].items()) == [("b", "1"), ("a", "2")]
