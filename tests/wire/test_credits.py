"""The rate limit: headers, the refusal, and asking for it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest
from starlette.testclient import TestClient

from penstock.api.app import Penstock
from penstock.kit.clock import FixedClock

STATUS = ("/rate_limit_status", "/acme/api/rate_limit_status")


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock(datetime(2026, 1, 1, 12, tzinfo=UTC))


@pytest.fixture
def client(make_app: Callable[..., Penstock], clock: FixedClock, authorization: dict[str, str]) -> Iterator[TestClient]:
    """A caller who has three credits an hour."""
    app = make_app(credits_per_hour=3, clock=clock)
    with TestClient(app, raise_server_exceptions=False, headers=authorization) as one:
        yield one


def left(answer: object) -> tuple[str, str]:
    headers = answer.headers  # type: ignore[attr-defined] # an answer
    return headers["x-ratelimit-limit"], headers["x-ratelimit-remaining"]


def test_each_call_costs_one_credit_and_the_last_is_refused(client: TestClient, clock: FixedClock) -> None:
    assert left(client.get("/acme/api/clusters")) == ("3", "2")
    assert left(client.get("/user")) == ("3", "1")
    assert left(client.post("/acme/api/clusters", json={})) == ("3", "0")
    refused = client.get("/acme/api/clusters")
    assert (refused.status_code, refused.json()) == (429, {"message": "Rate Limit Exceeded"})
    assert left(refused) == ("3", "0")
    assert client.post("/acme/api/packages", json={}).status_code == 429
    clock.advance(3600)
    assert left(client.get("/acme/api/clusters")) == ("3", "2")


@pytest.mark.parametrize("path", STATUS)
def test_asking_for_it_is_free(client: TestClient, path: str) -> None:
    for _ in range(5):
        answer = client.get(path)
        assert answer.json() == {"limits": {"limit": 3, "remaining": 3}}
        assert left(answer) == ("3", "3")
    for _ in range(4):
        client.get("/acme/api/clusters")
    answer = client.get(path)
    assert (answer.status_code, answer.json()) == (200, {"limits": {"limit": 3, "remaining": 0}})


@pytest.mark.parametrize("path", STATUS)
def test_it_is_for_those_who_have_a_key(anyone: TestClient, path: str) -> None:
    assert anyone.get(path).status_code == 401


def test_strangers_are_counted_by_address_and_take_nothing_from_users(client: TestClient) -> None:
    for remaining in ("2", "1", "0"):
        answer = client.get("/acme/api/clusters", headers={"Authorization": "Basic eA=="})
        assert (answer.status_code, left(answer)) == (401, ("3", remaining))
    answer = client.get("/acme/api/clusters", headers={"Authorization": "Basic eA=="})
    assert answer.status_code == 429
    assert client.get("/nothing").status_code == 429
    assert left(client.get("/acme/api/clusters")) == ("3", "2")


def test_health_and_preflights_are_free(client: TestClient) -> None:
    for _ in range(5):
        assert client.get("/livez").status_code == 200
        assert client.options("/acme/api/clusters").status_code == 204
    assert left(client.options("/acme/api/clusters")) == ("3", "3")


def test_without_a_limit_there_is_always_something_left(owner: TestClient) -> None:
    for path in STATUS:
        limits = owner.get(path).json()["limits"]
        assert limits["limit"] == limits["remaining"] > 5000
