"""One application over a fresh store, called in memory or over a real socket."""

from __future__ import annotations

import base64
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from starlette.testclient import TestClient

from penstock.api.app import Penstock, create_app
from penstock.api.deps import Deps
from penstock.connectors import registry
from penstock.kit.clock import system_clock
from penstock.services.accounts import bootstrap
from penstock.services.records import Cluster, Job, JobOutput
from penstock.services.session import Sessions, open_store
from penstock.store.tables import JobLogLine

ACCOUNT = "acme"
KEY = "wire-test-key-0001"
OTHER_ACCOUNT = "other-acme"
OTHER_KEY = "wire-test-key-0002"
STACKS = ({"id": "duckdb-1.5", "name": "DuckDB 1.5, embedded"},)

FLOW: dict[str, Any] = {
    "components": [
        {
            "cloud_storage_source_component": {
                "id": "1",
                "name": "orders",
                "cloud_storage_connection_id": "FILE_CONNECTION_1",
                "path": "orders.csv",
                "record_type": "delimited",
            }
        }
    ],
    "edges": [],
}


def basic(key: str = KEY, *, colon: bool = True) -> dict[str, str]:
    """Return the header that carries a key."""
    token = base64.b64encode(f"{key}{':' if colon else ''}".encode()).decode()
    return {"Authorization": f"Basic {token}"}


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for the store, and `files/` that connections may use."""
    folder = tmp_path_factory.mktemp("wire")
    (folder / "files").mkdir()
    return folder


@pytest.fixture(scope="session")
def sessions(home: Path) -> Iterator[Sessions]:
    """A store with two accounts, whose owners do not know each other."""
    opened = open_store(f"sqlite:///{home / 'penstock.db'}")
    now = datetime(2026, 1, 1, tzinfo=UTC)
    with opened.write() as uow:
        bootstrap(uow, ACCOUNT, KEY, now)
        bootstrap(uow, OTHER_ACCOUNT, OTHER_KEY, now)
    yield opened
    opened.close()


@pytest.fixture(scope="session")
def woken() -> list[float]:
    """When the worker was woken."""
    return []


@pytest.fixture(scope="session")
def make_app(sessions: Sessions, home: Path, woken: list[float]) -> Callable[..., Penstock]:
    """Makes applications over the one store."""

    def make(**changes: Any) -> Penstock:
        facts: dict[str, Any] = {
            "sessions": sessions,
            "clock": system_clock,
            "wake": lambda: woken.append(time.monotonic()),
            "connectors": registry.connectors([home / "files"], [], ""),
            "credits_per_hour": 0,
            "stacks": STACKS,
        }
        return create_app(Deps(**(facts | changes)))

    return make


@pytest.fixture(scope="session")
def app(make_app: Callable[..., Penstock]) -> Penstock:
    """The application."""
    return make_app()


@pytest.fixture(scope="session")
def authorization() -> dict[str, str]:
    """The header of the owner of the account."""
    return basic()


@pytest.fixture(scope="session")
def anyone(app: Penstock) -> Iterator[TestClient]:
    """Calls without credentials."""
    with TestClient(app, raise_server_exceptions=False) as client:
        yield client


@pytest.fixture(scope="session")
def owner(app: Penstock) -> Iterator[TestClient]:
    """Calls as the owner of the account."""
    with TestClient(app, raise_server_exceptions=False, headers=basic()) as client:
        yield client


@pytest.fixture(scope="session")
def stranger(app: Penstock) -> Iterator[TestClient]:
    """Calls as the owner of the other account."""
    with TestClient(app, raise_server_exceptions=False, headers=basic(OTHER_KEY)) as client:
        yield client


@pytest.fixture(scope="session")
def live(make_app: Callable[..., Penstock]) -> Iterator[tuple[str, int]]:
    """Host and port of a server in a thread, on a port of its own."""
    listener = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(make_app(), log_level="error", lifespan="off"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    while not server.started:
        assert thread.is_alive()
        time.sleep(0.01)
    yield listener.getsockname()
    server.should_exit = True
    thread.join(10)
    listener.close()


@pytest.fixture
def fresh(store_url: str, make_app: Callable[..., Penstock]) -> Iterator[TestClient]:
    """Calls as the owner of an account in an empty store: once on each database."""
    store = open_store(store_url)
    with store.write() as uow:
        bootstrap(uow, ACCOUNT, KEY, datetime(2026, 1, 1, tzinfo=UTC))
    with TestClient(make_app(sessions=store), raise_server_exceptions=False, headers=basic()) as client:
        yield client
    store.close()


@pytest.fixture
def cluster(owner: TestClient) -> dict[str, Any]:
    """A new cluster."""
    return created(owner.post("/acme/api/clusters", json={"nodes": 1, "name": "a cluster"}))


@pytest.fixture
def package(owner: TestClient) -> dict[str, Any]:
    """A new package."""
    body = {"name": "a package", "data_flow_json": json.dumps(FLOW), "variables": {"b": "1", "a": "'x'"}}
    return created(owner.post("/acme/api/packages", json=body))


@pytest.fixture
def job(owner: TestClient, cluster: dict[str, Any], package: dict[str, Any]) -> dict[str, Any]:
    """A new job, which nobody runs."""
    body = {"cluster_id": cluster["id"], "package_id": package["id"], "variables": {"b": "2"}}
    return created(owner.post("/acme/api/jobs", json=body))


@pytest.fixture
def alter(sessions: Sessions) -> Callable[..., None]:
    """Changes columns of a row, as a worker would."""

    def change(kind: type[Any], identity: int, **values: Any) -> None:
        with sessions.write() as uow:
            row = uow.session.get_one(kind, identity)
            for name, value in values.items():
                setattr(row, name, value)

    return change


@pytest.fixture
def write_log(sessions: Sessions) -> Callable[..., None]:
    """Writes lines into the log of a job."""

    def write(job_id: int, lines: list[tuple[datetime, str, str]]) -> None:
        with sessions.write() as uow:
            for at, level, line in lines:
                uow.session.add(JobLogLine(job_id=job_id, epoch=1, at=at, level=level, line=line))

    return write


@pytest.fixture
def idle(cluster: dict[str, Any], alter: Callable[..., None]) -> dict[str, Any]:
    """A cluster that has nothing to do."""
    alter(Cluster, cluster["id"], status="idle")
    return cluster


@pytest.fixture
def queued(owner: TestClient, sessions: Sessions, cluster: dict[str, Any], package: dict[str, Any]) -> dict[str, Any]:
    """A job that waits for a slot, with one output."""
    body = {"cluster_id": cluster["id"], "package_id": package["id"], "variables": {"b": "2"}}
    job = created(owner.post("/acme/api/jobs", json=body))
    now = datetime(2026, 1, 1, tzinfo=UTC)
    with sessions.write() as uow:
        row = uow.session.get_one(Job, job["id"])
        row.status = "queued"
        row.outputs_count = 1
        output = JobOutput(
            job_id=row.id, name="out", component_name="out", component_type="cloud_storage_destination_component",
            fields='["id", "account_name"]', progress=0.0, created_at=now, updated_at=now,
        )  # fmt: skip
        uow.session.add(output)
    return job


def created(answer: Any) -> dict[str, Any]:
    """Return what a 201 carries."""
    assert answer.status_code == 201, answer.text
    value: dict[str, Any] = answer.json()
    return value
