"""The search grammar against rows, on both databases."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from penstock.domain.cluster import ClusterStatus
from penstock.domain.job import JobStatus
from penstock.errors import InvalidFields
from penstock.services import clusters, jobs, packages
from penstock.services.access import identify
from penstock.services.accounts import bootstrap
from penstock.services.paging import PageRequest
from penstock.services.principal import Principal
from penstock.services.session import Sessions, UnitOfWork, open_store
from penstock.store.tables import JobLogLine

KEY = "store-test-key-0001"
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
DAY = timedelta(days=1)
PACKAGES = (
    ("orders", "daily load", NOW),
    ("Orders 100% new", None, NOW + DAY),
    ("orders_new", "the \\ weekly 'load'", NOW + 2 * DAY),
    ("customers", "orders too", NOW + 3 * DAY),
)


Filled = tuple[Sessions, Principal]


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def filled(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Filled]:
    """Packages, clusters and jobs whose ids count from 1; a second account repeats some names."""
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path_factory.mktemp('search') / 'penstock.db'}"
    else:
        url = request.getfixturevalue("new_database")()
    sessions = open_store(url)
    with sessions.write() as made:
        bootstrap(made, "acme", KEY, NOW)
        principal = Principal(*identify(made, KEY, "acme"))
        for name, description, at in PACKAGES:
            packages.create(made, principal, {"name": name, "description": description}, at)
        for number in (1, 2, 3):
            row = clusters.create(made, principal, {"nodes": number, "name": f"pool {number}"}, NOW + number * DAY)
            row.status = (ClusterStatus.PENDING, ClusterStatus.AVAILABLE, ClusterStatus.TERMINATED)[number - 1]
            row.terminated_at = NOW + 9 * DAY if number == 3 else None
        for number, status in enumerate((JobStatus.COMPLETED, JobStatus.FAILED, JobStatus.IDLE), 1):
            job = jobs.submit(made, principal, cluster_id=1, package_id=number, now=NOW + number * DAY)
            job.status = status
            if status is not JobStatus.IDLE:
                job.started_at = NOW + number * DAY
                job.completed_at = NOW + number * DAY + timedelta(seconds=10 * number)
            line = f"line {number} of a 50% done_log"
            made.session.add(JobLogLine(job_id=job.id, epoch=1, at=NOW, level="info", line=line))
        stranger = Principal(principal.user, bootstrap(made, "other", "store-test-key-0002", NOW))
        packages.create(made, stranger, {"name": "orders"}, NOW)
        clusters.create(made, stranger, {"nodes": 1, "name": "pool 1"}, NOW)
    yield sessions, principal
    sessions.close()


@pytest.fixture
def principal(filled: Filled) -> Principal:
    """The owner of the first account."""
    return filled[1]


@pytest.fixture
def uow(filled: Filled) -> Iterator[UnitOfWork]:
    """A transaction that reads."""
    with filled[0].read() as read:
        yield read


SERVICES = {"packages": packages.search, "clusters": clusters.search, "jobs": jobs.search}


def ids(uow: UnitOfWork, principal: Principal, kind: str, q: str, **asked: object) -> list[int]:
    page = SERVICES[kind](uow, principal, q, PageRequest(**asked))  # type: ignore[arg-type]  # words of a page
    return [row.id for row in page.items]


@pytest.mark.parametrize(
    ("kind", "q", "wanted"),
    [
        ("packages", "name:orders", [1, 2, 3]),
        ("packages", "NAME:ORDERS", [1, 2, 3]),
        ("packages", 'name:"orders 100% new"', [2]),
        ("packages", "name:%", [2]),
        ("packages", "name:_", [3]),
        ("packages", "name:orders_", [3]),
        ("packages", "description:\\", [3]),
        ("packages", "description:'load'", [3]),
        ("packages", "description:load", [1, 3]),
        ("packages", "-name:orders", [4]),
        ("packages", "-description:load", [2, 4]),
        ("packages", "name:orders -name:new", [1]),
        ("packages", "name:customers name:100", [2, 4]),
        ("packages", "-name:customers -name:100", [1, 3]),
        ("packages", "name:orders description:weekly", [3]),
        ("packages", "user:owner", [1, 2, 3, 4]),
        ("packages", "user:owner@acme", [1, 2, 3, 4]),
        ("packages", "-user:owner", []),
        ("packages", "id:2", [2]),
        ("packages", "id:>2", [2, 3, 4]),
        ("packages", "id:<2", [1, 2]),
        ("packages", "id:>2 id:<3", [2, 3]),
        ("packages", "id:1 id:4", [1, 4]),
        ("packages", "created:2026-03-02", [2]),
        ("packages", "created:>2026-03-02", [2, 3, 4]),
        ("packages", "created:<2026-03-02", [1, 2]),
        ("packages", "created:2026-03-02T12:00:00Z", [2]),
        ("packages", "created:2026-03-02T15:00:00+03:00", [2]),
        ("packages", "created:<2026-03-02T11:59:59Z", [1]),
        ("packages", "modified:>2026-03-04", [4]),
        ("packages", "weekly", [3]),
        ("packages", "customers weekly", [3, 4]),
        ("packages", "customers name:orders", []),
        ("packages", '"daily load"', [1]),
        ("packages", "nothing", []),
        ("packages", "unknown:orders", []),
        ("packages", "'; DROP TABLE packages; --", []),
        ("clusters", "name:pool", [1, 2, 3]),
        ("clusters", "nodes:2", [2]),
        ("clusters", "nodes:>2", [2, 3]),
        ("clusters", "status:available", [2]),
        ("clusters", "-status:available", [1, 3]),
        ("clusters", "status:pending status:available", [1, 2]),
        ("clusters", "created:2026-03-03", [2]),
        ("clusters", "terminated:>2026-01-01", [3]),
        ("clusters", "terminated:2026-03-10", [3]),
        ("clusters", "2", [2]),
        ("clusters", "id:1", [1]),
        ("jobs", "status:completed", [1]),
        ("jobs", "-status:completed", [2, 3]),
        ("jobs", "package:orders", [1, 2, 3]),
        ("jobs", "package:100%", [2]),
        ("jobs", "package:3", [3]),
        ("jobs", "-package:100%", [1, 3]),
        ("jobs", 'log:"line 2"', [2]),
        ("jobs", "log:%", [1, 2, 3]),
        ("jobs", "log:lineX", []),
        ("jobs", '-log:"line 2"', [1, 3]),
        ("jobs", "schedule:any", []),
        ("jobs", "-schedule:any", [1, 2, 3]),
        ("jobs", "user:owner", [1, 2, 3]),
        ("jobs", "duration:10", [1]),
        ("jobs", "duration:>10", [1, 2]),
        ("jobs", "duration:<10", [1, 3]),
        ("jobs", "duration:<19", [1, 3]),
        ("jobs", "started:2026-03-02", [1]),
        ("jobs", "finished:>2026-03-03", [2]),
        ("jobs", "id:>2", [2, 3]),
        ("jobs", "100%", [2]),
    ],
)
def test_what_matches(uow: UnitOfWork, principal: Principal, kind: str, q: str, wanted: list[int]) -> None:
    assert sorted(ids(uow, principal, kind, q)) == wanted


@pytest.mark.parametrize(
    ("q", "asked", "wanted"),
    [
        # a whole value counts more than a beginning, and that more than a place inside
        ("orders", {}, [1, 2, 3, 4]),
        ("orders", {"direction": "desc"}, [4, 3, 2, 1]),
        ("orders", {"sort": "no such word"}, [1, 2, 3, 4]),
        ("orders", {"sort": "name"}, [2, 4, 1, 3]),
        ("orders", {"sort": "created", "direction": "desc"}, [4, 3, 2, 1]),
        ("orders", {"sort": "modified", "direction": "asc"}, [1, 2, 3, 4]),
        ("name:orders", {"sort": "id", "direction": "desc"}, [3, 2, 1]),
        ("orders", {"offset": 1, "limit": 2}, [2, 3]),
        ("orders", {"offset": 99}, []),
    ],
)
def test_the_order(uow: UnitOfWork, principal: Principal, q: str, asked: dict[str, object], wanted: list[int]) -> None:
    assert ids(uow, principal, "packages", q, **asked) == wanted


@pytest.mark.parametrize(
    "q",
    [
        "id:x", "id:--5", "id:1.5", f"id:{'9' * 5000}", "-id:1", "-created:2026-01-01", "created:yesterday",
        "created:9999-12-31", "created:0001-01-01T00:00:00+10:00", "id:99999999999",
    ],
)  # fmt: skip
def test_what_is_refused(uow: UnitOfWork, principal: Principal, q: str) -> None:
    with pytest.raises(InvalidFields, match=r"^q: "):
        ids(uow, principal, "packages", q)


@pytest.mark.parametrize("q", ["", "  ", None, [], {}])
def test_an_expression_is_required(uow: UnitOfWork, principal: Principal, q: object) -> None:
    with pytest.raises(InvalidFields, match="q is missing"):
        packages.search(uow, principal, q, PageRequest())
