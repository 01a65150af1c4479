"""Searches: the grammar over clusters, jobs and packages."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from starlette.testclient import TestClient

from penstock.api.app import Penstock
from penstock.services.accounts import bootstrap
from penstock.services.records import Cluster, Job, Package
from penstock.services.session import Sessions
from penstock.store.tables import JobLogLine

KEY = "wire-test-key-searched"
NAMES = ["Daily orders", "daily 100% check", "weekly_report", 'O\'Brien "quoted"', "backslash \\ here", "ÜBER uns"]


def day(number: int) -> datetime:
    return datetime(2026, 5, number, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def store(sessions: Sessions) -> dict[str, list[int]]:
    """Ids of six packages, six clusters and six jobs of an account of its own, in order."""
    with sessions.write() as uow:
        account = bootstrap(uow, "searched", KEY, day(1))
        common = [{"account_id": account.id, "created_at": day(n), "updated_at": day(20 - n)} for n in range(1, 7)]
        owner = {"owner_id": account.id}
        clusters = [
            Cluster(
                name=name, status="terminated" if n < 2 else "available", nodes=n + 1, type="production", region="r",
                terminated_at=day(10 - n) if n < 2 else None, **owner, **common[n],
            )
            for n, name in enumerate(NAMES)
        ]  # fmt: skip
        packages = [
            Package(name=name, description="the daily one" if n == 2 else None, flow="{}", **owner, **common[n])
            for n, name in enumerate(NAMES)
        ]
        uow.session.add_all(clusters + packages)
        uow.session.flush()
        jobs = [
            Job(
                cluster_id=clusters[n].id, package_id=packages[n].id, creator_id=1, package_name=name, package_flow="{}",
                package_variables="{}", status="completed" if n < 3 else "failed",
                started_at=day(n + 1), completed_at=day(n + 1).replace(minute=n), **owner, **common[n],
            )
            for n, name in enumerate(NAMES)
        ]  # fmt: skip
        uow.session.add_all(jobs)
        uow.session.flush()
        uow.session.add(JobLogLine(job_id=jobs[1].id, epoch=1, at=day(2), level="error", line="disk is 100% full"))
        return {kind: [row.id for row in rows] for kind, rows in
                (("clusters", clusters), ("packages", packages), ("jobs", jobs))}  # fmt: skip


@pytest.fixture(scope="module")
def search(app: Penstock, store: dict[str, list[int]]) -> Iterator[Callable[..., list[int]]]:
    """Searches a collection, giving places in the lists above."""
    with TestClient(app, raise_server_exceptions=False) as client:
        client.auth = (KEY, "")

        def ask(kind: str, q: str, **more: Any) -> list[int]:
            answer = client.get(f"/searched/api/{kind}/search", params={"q": q, **more})
            assert answer.status_code == 200, answer.text
            return [store[kind].index(one["id"]) for one in answer.json()]

        yield ask


@pytest.mark.parametrize(
    ("kind", "q", "wanted"),
    [
        ("packages", "name:daily", [0, 1]),
        ("packages", 'name:"daily orders"', [0]),
        ("packages", "name:DAILY", [0, 1]),
        ("packages", "description:daily", [2]),
        ("packages", "daily", [0, 1, 2]),
        ("packages", "daily orders", [0, 1, 2]),
        ("packages", "-name:daily", [2, 3, 4, 5]),
        ("packages", "-description:daily", [0, 1, 3, 4, 5]),
        ("packages", "-name:daily -name:weekly", [3, 4, 5]),
        ("packages", "name:daily name:weekly", [0, 1, 2]),
        ("packages", "name:daily -name:orders", [1]),
        ("packages", "name:daily description:daily", []),
        ("packages", "name:%", [1]),
        ("packages", "name:_", [2]),
        ("packages", "%", [1]),
        ("packages", "_", [2]),
        ("packages", "name:\\", [4]),
        ("packages", "O'Brien", [3]),
        ("packages", "name:'", [3]),
        ("packages", 'name:"O\'Brien "', [3]),
        ("packages", "'; DROP TABLE packages; --", []),
        ("packages", "user:owner@searched", [0, 1, 2, 3, 4, 5]),
        ("packages", "user:nobody", []),
        ("packages", "created:2026-05-02", [1]),
        ("packages", "created:>2026-05-05", [4, 5]),
        ("packages", "created:<2026-05-02", [0, 1]),
        ("packages", "created:>2026-05-02 created:<2026-05-03", [1, 2]),
        ("packages", "created:2026-05-02T12:00:00Z", [1]),
        ("packages", "created:>2026-05-02T15:00:00+03:00", [1, 2, 3, 4, 5]),
        ("packages", "modified:<2026-05-15", [4, 5]),
        ("packages", "unknown:daily", []),
        ("packages", "name:", []),
        ("packages", '"', [3]),
        ("clusters", "nodes:3", [2]),
        ("clusters", "nodes:>5", [4, 5]),
        ("clusters", "nodes:<2 nodes:>1", [0, 1]),
        ("clusters", "nodes:2 nodes:4", [1, 3]),
        ("clusters", "status:terminated", [0, 1]),
        ("clusters", "-status:terminated", [2, 3, 4, 5]),
        ("clusters", "terminated:>2026-05-10", [0]),
        ("clusters", "terminated:2026-05-09", [1]),
        ("clusters", "weekly_report", [2]),
        ("jobs", "status:failed", [3, 4, 5]),
        ("jobs", "package:daily", [0, 1]),
        ("jobs", "log:100%", [1]),
        ("jobs", "-log:full", [0, 2, 3, 4, 5]),
        ("jobs", "schedule:nightly", []),
        ("jobs", "-schedule:nightly", [0, 1, 2, 3, 4, 5]),
        ("jobs", "duration:120", [2]),
        ("jobs", "duration:>240", [4, 5]),
        ("jobs", "duration:<59", [0]),
        ("jobs", "started:2026-05-03", [2]),
        ("jobs", "finished:>2026-05-05", [4, 5]),
        ("jobs", "weekly", [2]),
        ("jobs", "user:Owner status:completed", [0, 1, 2]),
    ],
)
def test_a_search_finds(search: Callable[..., list[int]], kind: str, q: str, wanted: list[int]) -> None:
    assert sorted(search(kind, q)) == wanted


@pytest.mark.parametrize("kind", ["clusters", "packages", "jobs"])
def test_ids_are_compared(search: Callable[..., list[int]], store: dict[str, list[int]], kind: str) -> None:
    ids = store[kind]
    assert search(kind, f"id:{ids[2]}") == [2]
    assert sorted(search(kind, f"id:>{ids[4]}")) == [4, 5]
    assert sorted(search(kind, f"id:<{ids[1]}")) == [0, 1]
    assert sorted(search(kind, f"id:{ids[0]} id:{ids[5]}")) == [0, 5]
    if kind != "packages":
        assert 3 in search(kind, str(ids[3]))
    assert search(kind, "id:2147483647") == []


@pytest.mark.parametrize(
    ("kind", "q"),
    [
        ("clusters", "id:x"),
        ("clusters", "id:1.5"),
        ("clusters", "id:99999999999"),
        ("clusters", "nodes:many"),
        ("clusters", "-nodes:2"),
        ("clusters", "-id:1"),
        ("clusters", "created:yesterday"),
        ("clusters", "created:>9999-12-31"),
        ("packages", "-created:2026-01-01"),
        ("jobs", "duration:long"),
        ("jobs", "started:2026-13-01"),
        ("jobs", "finished:0001-01-01T00:00:00+14:00"),
        ("jobs", ""),
        ("jobs", "   "),
    ],
)
def test_what_cannot_be_searched_is_refused(owner: TestClient, kind: str, q: str) -> None:
    answer = owner.get(f"/acme/api/{kind}/search", params={"q": q})
    assert answer.status_code == 422
    assert list(answer.json()["errors"]) == ["q"]


@pytest.mark.parametrize("kind", ["clusters", "packages", "jobs"])
def test_a_search_needs_an_expression(owner: TestClient, kind: str) -> None:
    for body in ({}, {"q": None}, {"q": []}, {"q": {"a": 1}}):
        answer = owner.request("GET", f"/acme/api/{kind}/search", json=body)
        assert answer.status_code == 422
    assert owner.request("GET", f"/acme/api/{kind}/search", json={"q": 7}).status_code == 200


def test_the_best_match_comes_first(search: Callable[..., list[int]]) -> None:
    assert search("packages", "weekly_report daily") == [2, 0, 1]
    assert search("packages", "weekly_report daily", sort="relevance", direction="desc") == [1, 0, 2]
    assert search("clusters", "weekly_report daily") == [2, 1, 0]
    assert search("clusters", "weekly_report daily", direction="asc") == [0, 1, 2]


@pytest.mark.parametrize(
    ("kind", "sort", "wanted"),
    [
        ("packages", "created", [0, 1, 2, 3, 4, 5]),
        ("packages", "created_at", [0, 1, 2, 3, 4, 5]),
        ("packages", "updated", [5, 4, 3, 2, 1, 0]),
        ("packages", "updated_at", [5, 4, 3, 2, 1, 0]),
        ("packages", "modified", [5, 4, 3, 2, 1, 0]),
        ("packages", "id", [0, 1, 2, 3, 4, 5]),
        ("packages", "nonsense", [0, 1, 2, 3, 4, 5]),
        ("jobs", "updated", [5, 4, 3, 2, 1, 0]),
        ("jobs", "modified", [5, 4, 3, 2, 1, 0]),
        ("jobs", "created_at", [0, 1, 2, 3, 4, 5]),
        ("clusters", "created", [5, 4, 3, 2, 1, 0]),
        ("clusters", "modified", [0, 1, 5, 4, 3, 2]),
    ],
)
def test_an_order_can_be_asked_for(search: Callable[..., list[int]], kind: str, sort: str, wanted: list[int]) -> None:
    assert search(kind, "id:>0", sort=sort) == wanted


@pytest.mark.parametrize("sort", ["id", "created", "updated_at", "nonsense"])
def test_an_order_can_be_turned_round(search: Callable[..., list[int]], sort: str) -> None:
    for kind in ("packages", "jobs"):
        rising, falling = (search(kind, "id:>0", sort=sort, direction=word) for word in ("asc", "desc"))
        assert rising == falling[::-1]


def test_rows_without_the_instant_come_last(search: Callable[..., list[int]]) -> None:
    assert search("clusters", "id:>0", sort="modified", direction="asc") == [1, 0, 2, 3, 4, 5]


def test_a_search_is_paged(search: Callable[..., list[int]]) -> None:
    assert search("packages", "id:>0", limit=2) == [0, 1]
    assert search("packages", "id:>0", limit=2, offset=4) == [4, 5]
    assert search("packages", "id:>0", limit=2, offset=6) == []


def test_a_search_sees_only_its_account(owner: TestClient, search: Callable[..., list[int]]) -> None:
    found = owner.get("/acme/api/packages/search", params={"q": "weekly_report"}).json()
    assert all(one["name"] != "weekly_report" or one["url"].startswith("http://testserver/acme/") for one in found)
    assert search("packages", 'name:"a package"') == []
