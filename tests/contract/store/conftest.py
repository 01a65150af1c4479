"""A fresh store on each database, with one account in it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from penstock.services.access import identify
from penstock.services.accounts import bootstrap
from penstock.services.principal import Principal
from penstock.services.session import Sessions, open_store

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
KEY = "store-test-key-0001"


@pytest.fixture
def sessions(store_url: str) -> Iterator[Sessions]:
    """A store at the newest revision."""
    opened = open_store(store_url)
    yield opened
    opened.close()


@pytest.fixture
def principal(sessions: Sessions) -> Principal:
    """The owner of the account."""
    with sessions.write() as uow:
        bootstrap(uow, "acme", KEY, NOW)
        return Principal(*identify(uow, KEY, "acme"))
