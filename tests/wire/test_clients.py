"""The published Python client against a live server."""

from __future__ import annotations

import urllib.error
from collections.abc import Iterator
from datetime import UTC
from typing import Any

import pytest
import xplenty3.xplenty_api
from starlette.testclient import TestClient
from xplenty3.exceptions import XplentyAPIException

from penstock.services.records import Cluster
from penstock.services.session import Sessions

ACCOUNT = "acme"
KEY = "wire-test-key-0001"


@pytest.fixture
def client(live: tuple[str, int], monkeypatch: pytest.MonkeyPatch) -> Any:
    """The client; only its host is changed."""
    monkeypatch.setattr(xplenty3.xplenty_api, "API_URL", f"http://{live[0]}:{live[1]}/%s/api/")
    return xplenty3.XplentyClient(ACCOUNT, KEY)


@pytest.fixture(autouse=True)
def _closed_errors(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The client leaves the answers of failed calls open; they are closed here, so that no warning is an error."""
    made: list[urllib.error.HTTPError] = []
    begin = urllib.error.HTTPError.__init__

    def remember(self: urllib.error.HTTPError, *args: Any, **more: Any) -> None:
        begin(self, *args, **more)
        made.append(self)

    monkeypatch.setattr(urllib.error.HTTPError, "__init__", remember)
    yield
    for one in made:
        one.close()


@pytest.fixture
def quiet(recwarn: pytest.WarningsRecorder) -> None:
    """The client never closes what it reads."""


def test_clusters(client: Any, sessions: Sessions) -> None:
    made = client.create_cluster("sandbox", 1, "from python", "described", terminate_on_idle=True, time_to_idle=60)
    assert (made.name, made.description, made.type, made.nodes) == ("from python", "described", "sandbox", 1)
    assert (made.status, made.terminate_on_idle, made.time_to_idle) == ("pending", True, 60)
    assert (made.running_jobs_count, made.available_since) == (0, None)
    assert made.created_at.astimezone(UTC) == made.created_at
    assert client.get_cluster(made.id).name == "from python"
    assert made.id in [one.id for one in client.get_clusters()]
    with pytest.raises(XplentyAPIException, match="pending cannot be terminated"):
        client.terminate_cluster(made.id)
    with sessions.write() as uow:
        uow.session.get_one(Cluster, made.id).status = "available"
    assert client.terminate_cluster(made.id).status == "pending_terminate"


def test_clusters_without_a_name(client: Any) -> None:
    made = client.create_cluster("production", 2, None, None)
    assert made.name.startswith("cluster-")
    assert (made.nodes, made.terminate_on_idle, made.time_to_idle) == (2, False, 3600)


def test_jobs(client: Any, cluster: dict[str, Any], package: dict[str, Any]) -> None:
    made = client.add_job(cluster["id"], package["id"], vars={"a": "1"}, dynamic_vars={"d": "CurrentTime()"})
    assert (made.status, made.cluster_id, made.package_id) == ("idle", cluster["id"], package["id"])
    assert (made.variables, made.dynamic_variables) == ({"a": "1"}, {"d": "CurrentTime()"})
    assert (made.errors, made.progress, made.outputs_count, made.runtime_in_seconds) == ("", 0.0, 0, 0)
    assert client.get_job(made.id).created_at == made.created_at is not None
    assert made.id in [one.id for one in client.get_jobs()]
    assert client.stop_job(made.id)["status"] == "pending_stoppage"


def test_packages(client: Any, package: dict[str, Any]) -> None:
    found = client.get_package(package["id"])
    assert (found.id, found.name, found.variables) == (package["id"], "a package", {"b": "1", "a": "'x'"})
    assert package["id"] in [one.id for one in client.get_packages()]


def test_limits(client: Any) -> None:
    limits = client.get_account_limits()
    assert limits.limit >= limits.remaining > 0


def test_a_failure_is_read(client: Any, owner: TestClient) -> None:
    with pytest.raises(XplentyAPIException, match=r"^Item not found\.$"):
        client.get_job(2_000_000_000)
    with pytest.raises(XplentyAPIException, match="cluster_id 2000000000 does not exist"):
        client.add_job(2_000_000_000, 1)


def test_an_unknown_key_is_refused(client: Any) -> None:
    client.api_key = "wire-test-key-unknown"
    with pytest.raises(XplentyAPIException, match="API key"):
        client.get_jobs()
