"""Pages of collections on both databases: order, ties, filters, ends."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from penstock.services import packages
from penstock.services.accounts import bootstrap
from penstock.services.paging import PageRequest
from penstock.services.principal import Principal
from penstock.services.session import Sessions, UnitOfWork

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture
def uow(sessions: Sessions, principal: Principal) -> Iterator[UnitOfWork]:
    """Seven packages made in pairs of the same instant, and one of another account."""
    with sessions.write() as made:
        for number in range(1, 8):
            packages.create(made, principal, {"name": f"p{9 - number}"}, NOW + timedelta(minutes=number // 2))
        stranger = Principal(principal.user, bootstrap(made, "other", "store-test-key-0002", NOW))
        packages.create(made, stranger, {"name": "p0"}, NOW)
    with sessions.read() as read:
        yield read


def names(uow: UnitOfWork, principal: Principal, **asked: object) -> list[str]:
    page = packages.list_page(uow, principal, PageRequest(**asked))  # type: ignore[arg-type]  # words of a page
    return [row.name for row in page.items]


NEWEST = ["p2", "p3", "p4", "p5", "p6", "p7", "p8"]


@pytest.mark.parametrize(
    ("asked", "wanted"),
    [
        ({}, NEWEST),
        ({"direction": "asc"}, NEWEST[::-1]),
        ({"sort": "created"}, NEWEST),
        ({"sort": "updated", "direction": "asc"}, NEWEST[::-1]),
        ({"sort": "id"}, NEWEST),
        ({"sort": "name"}, NEWEST[::-1]),
        ({"sort": "name", "direction": "asc"}, NEWEST),
        ({"sort": "account_id"}, NEWEST),
        ({"sort": "no such word"}, NEWEST),
        ({"limit": 2}, NEWEST[:2]),
        ({"limit": 2, "offset": 6}, NEWEST[6:]),
        ({"offset": 7}, []),
        ({"offset": 2**31 - 1}, []),
        ({"since": NOW + timedelta(minutes=3)}, NEWEST[:2]),
        ({"since": NOW + timedelta(minutes=3, microseconds=1)}, []),
        ({"since": datetime(1, 1, 1, tzinfo=UTC)}, NEWEST),
        ({"since": datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)}, []),
    ],
)
def test_a_page(uow: UnitOfWork, principal: Principal, asked: dict[str, object], wanted: list[str]) -> None:
    assert names(uow, principal, **asked) == wanted


@pytest.mark.parametrize("direction", ["asc", "desc"])
@pytest.mark.parametrize("limit", [1, 2, 3, 7, 100])
def test_pages_hold_everything_once(uow: UnitOfWork, principal: Principal, direction: str, limit: int) -> None:
    found: list[str] = []
    more = True
    while more:
        asked = PageRequest(offset=len(found), limit=limit, direction=direction)
        page = packages.list_page(uow, principal, asked)
        found += [row.name for row in page.items]
        more = page.has_more
    assert sorted(found) == NEWEST
