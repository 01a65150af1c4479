"""A claim opens the secrets of the package as they are then; a job whose secrets do not open fails, and says which."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from sqlalchemy import select

from penstock.kit.sealing import Seal
from penstock.services import attempts, connections, packages, variables
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


def database(queue: Queue, name: str, **changes: str) -> str:
    given = {"name": name, "host": "db", "username": "reader", "password": f"canary of {name}", **changes}
    with queue.sessions.write() as uow:
        return connections.create(uow, queue.principal, "postgres", given, queue.now, SEAL).unique_id


def asking(queue: Queue, pool: int, *expressions: str, **variables: str) -> int:
    fields = [{"expression": text, "alias": f"v{number}"} for number, text in enumerate(expressions)]
    flow = {"components": [{"id": "1", "type": "select_component", "properties": {"fields": fields}}], "edges": []}
    with queue.sessions.write() as uow:
        raw = {"name": "p", "data_flow_json": json.dumps(flow), "variables": variables}
        package = packages.create(uow, queue.principal, raw, queue.now).id
    return queue.job(pool, package_id=package)


def test_an_order_has_the_databases_that_stand_in_the_package_and_no_others(queue: Queue) -> None:
    queue.join("a")
    pool = queue.ready_cluster()
    names = ("by name", "it's", "in a variable", "by id", "unused")
    keys = {name: database(queue, name) for name in names}
    asking(
        queue, pool, "ExecuteSqlString('by name', 'SELECT 1')", "ExecuteSqlDatetime('it\\'s', 'SELECT 1')",
        f"ExecuteSqlString('{keys['by id']}', 'SELECT 1')", db="'in a variable'",
    )  # fmt: skip
    taken = claim(queue, SEAL)
    assert isinstance(taken, Claimed)
    assert "canary" not in repr(taken)
    found = taken.order["connections"]
    assert set(found) == {"by name", "it's", "in a variable", keys["by id"]}
    assert found["by name"] == {
        "type": "postgres", "host": "db", "port": 5432, "username": "reader", "database": "", "ssl": True,
        "tunnel_type": "direct", "secrets": {"password": "canary of by name"},
    }  # fmt: skip


def test_a_package_that_asks_nothing_gets_no_database(queue: Queue) -> None:
    queue.join("a")
    pool = queue.ready_cluster()
    database(queue, "shop")
    asking(queue, pool, "CONCAT('shop', 'x')")
    taken = claim(queue, SEAL)
    assert isinstance(taken, Claimed)
    assert taken.order["connections"] == {}


def test_a_job_whose_database_does_not_open_fails_with_its_name(queue: Queue) -> None:
    queue.join("a")
    pool = queue.ready_cluster()
    key = database(queue, "shop")
    made = asking(queue, pool, "ExecuteSqlString('shop', 'SELECT 1')")
    assert isinstance(claim(queue, Seal([bytes(range(32))])), Lost)
    row = queue.job_row(made)
    assert row.errors.startswith(f"The password of the connection '{key}' cannot be opened")
    assert "canary" not in row.errors
