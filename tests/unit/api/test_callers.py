"""Whom a key belongs to, remembered for a moment."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from penstock.api.callers import Callers
from penstock.errors import NotAuthenticated
from penstock.kit.clock import FixedClock
from penstock.services.access import hash_key
from penstock.services.accounts import bootstrap
from penstock.services.session import Sessions, open_store
from penstock.store.tables import ApiKey

KEY = "a-key-of-the-owner"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Sessions]:
    opened = open_store(f"sqlite:///{tmp_path / 'penstock.db'}")
    with opened.write() as uow:
        bootstrap(uow, "acme", KEY, datetime(2026, 1, 1, tzinfo=UTC))
    yield opened
    opened.close()


def test_a_key_that_is_taken_away_reads_for_a_second_more(store: Sessions) -> None:
    clock = FixedClock(datetime(2026, 1, 1, tzinfo=UTC))
    callers = Callers(clock)
    with store.read() as uow:
        user, account = callers.identify(uow, KEY, "acme")
    assert account is not None
    with store.write() as uow:
        uow.session.query(ApiKey).filter_by(hash=hash_key(KEY)).delete()
    with store.read() as uow:
        clock.advance(0.999)
        assert callers.identify(uow, KEY, "acme") == (user, account)
        clock.advance(0.001)
        with pytest.raises(NotAuthenticated):
            callers.identify(uow, KEY, "acme")


def test_accounts_and_keys_are_kept_apart(store: Sessions) -> None:
    callers = Callers(FixedClock(datetime(2026, 1, 1, tzinfo=UTC)))
    with store.read() as uow:
        assert callers.identify(uow, KEY, "acme")[1] is not None
        assert callers.identify(uow, KEY, "other")[1] is None
        assert callers.identify(uow, KEY, "")[1] is None
        with pytest.raises(NotAuthenticated):
            callers.identify(uow, "another-key-0001", "acme")


def test_a_clock_that_goes_back_forgets(store: Sessions) -> None:
    clock = FixedClock(datetime(2026, 1, 1, tzinfo=UTC))
    callers = Callers(clock)
    with store.read() as uow:
        first = callers.identify(uow, KEY, "acme")[0]
    clock.advance(-60)
    with store.read() as uow:
        assert callers.identify(uow, KEY, "acme")[0] is not first
