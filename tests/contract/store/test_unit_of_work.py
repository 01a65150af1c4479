"""Transactions on both databases: what is kept, what is undone, and writers beside writers and readers."""

from __future__ import annotations

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta, timezone

import pytest
from sqlalchemy import text
from sqlalchemy.exc import StatementError

from penstock.errors import BadRequest, TransientError
from penstock.services import packages
from penstock.services.principal import Principal
from penstock.services.records import Account, Package
from penstock.services.session import Sessions, UnitOfWork, open_store
from penstock.store.queries import people

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def name_of(uow: UnitOfWork) -> str:
    account = people.account(uow, "acme")
    assert account is not None
    return account.name


def rename(uow: UnitOfWork, name: str) -> Account:
    account = people.account(uow, "acme")
    assert account is not None
    account.name = name
    return account


def test_a_transaction_that_ends_well_is_kept(sessions: Sessions, principal: Principal) -> None:
    with sessions.write() as uow:
        rename(uow, "new")
    with sessions.read() as uow:
        assert name_of(uow) == "new"


@pytest.mark.parametrize("fault", [ValueError, KeyboardInterrupt])
def test_a_transaction_that_fails_is_undone(
    sessions: Sessions, principal: Principal, fault: type[BaseException]
) -> None:
    def fail() -> None:
        with sessions.write() as uow:
            rename(uow, "new")
            uow.session.flush()
            raise fault

    with pytest.raises(fault):
        fail()
    with sessions.read() as uow:
        assert name_of(uow) == "acme"


def test_what_a_reader_changes_is_not_kept(sessions: Sessions, principal: Principal) -> None:
    with sessions.read() as uow:
        row = rename(uow, "new")
    assert row.name == "new"
    with sessions.read() as uow:
        assert name_of(uow) == "acme"


def test_rows_stay_readable_after_their_transaction(sessions: Sessions, principal: Principal) -> None:
    with sessions.write() as uow:
        row = packages.create(uow, principal, {"name": "one"}, NOW)
    assert (row.name, row.created_at) == ("one", NOW)
    with sessions.read() as uow:
        again = packages.get(uow, principal, row.id)
    assert (again.name, again.created_at) == ("one", NOW)


def test_many_writers_wait_for_each_other(sessions: Sessions, principal: Principal) -> None:
    """A reader that becomes a writer is where SQLite would say 'database is locked'."""

    def write(number: int) -> None:
        for turn in range(5):
            with sessions.write() as uow:
                count = len(name_of(uow))
                packages.create(uow, principal, {"name": f"{number} {turn} {count}"}, NOW)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(write, range(8)))
    with sessions.read() as uow:
        assert uow.session.query(Package).count() == 40


def test_a_reader_is_not_held_up_by_a_writer(sessions: Sessions, principal: Principal) -> None:
    with sessions.write() as uow:
        rename(uow, "new")
        uow.session.flush()
        seen: list[str] = []

        def read() -> None:
            with sessions.read() as reader:
                seen.append(name_of(reader))

        thread = threading.Thread(target=read)
        thread.start()
        thread.join(10)
        assert seen == ["acme"]


def test_a_reader_sees_one_moment(sessions: Sessions, principal: Principal) -> None:
    if sessions.engine.dialect.name == "postgresql":
        # Each statement of PostgreSQL sees what was committed before it began; nothing here relies on more.
        return
    with sessions.read() as uow:
        assert name_of(uow) == "acme"
        with sessions.write() as other:
            rename(other, "new")
        uow.session.expire_all()
        assert name_of(uow) == "acme"


def test_instants_come_back_aware_and_in_utc(sessions: Sessions, principal: Principal) -> None:
    given = datetime(2026, 3, 1, 15, 4, 5, 678901, tzinfo=timezone(timedelta(hours=3)))
    with sessions.write() as uow:
        identity = packages.create(uow, principal, {"name": "one"}, given).id
    with sessions.read() as uow:
        found = packages.get(uow, principal, identity).created_at
    assert found == given
    assert found.utcoffset() == timedelta(0)
    assert (found.hour, found.microsecond) == (12, 678901)


def test_an_instant_without_a_zone_is_refused(sessions: Sessions, principal: Principal) -> None:
    naive = datetime(2026, 3, 1)
    with pytest.raises(StatementError, match="aware"), sessions.write() as uow:
        packages.create(uow, principal, {"name": "one"}, naive)


def test_the_order_of_variables_is_kept(sessions: Sessions, principal: Principal) -> None:
    given = {"z": "1", "a": "$z", "m": "São 'quoted' \\ \U0001f600"}
    with sessions.write() as uow:
        identity = packages.create(uow, principal, {"variables": given}, NOW).id
    with sessions.read() as uow:
        assert list(json.loads(packages.get(uow, principal, identity).variables).items()) == list(given.items())


def test_a_database_that_is_away_is_a_passing_trouble() -> None:
    away = Sessions("postgresql://nobody@/none?host=/nonexistent")
    with pytest.raises(TransientError), away.read() as uow:
        name_of(uow)


@pytest.mark.parametrize("url", ["mysql://host/name", "no url"])
def test_another_database_is_refused(url: str) -> None:
    with pytest.raises(BadRequest):
        open_store(url)


def test_a_client_that_stalls_does_not_keep_its_locks(postgres_url: str) -> None:
    database = Sessions(postgres_url)
    with database.read() as uow:
        found = uow.session.execute(text("SHOW idle_in_transaction_session_timeout")).scalar_one()
    database.close()
    assert found == "10s"
