"""Both databases: calls at once, of which none fails and none is lost, and texts that one of them minds."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from starlette.testclient import TestClient

TIMES = 12


def at_once(fresh: TestClient, method: str, path: str, **more: Any) -> Counter[int]:
    """Return how often each status was answered."""
    with ThreadPoolExecutor(TIMES) as threads:
        calls = [threads.submit(fresh.request, method, path, **more) for _ in range(TIMES)]
        return Counter(call.result().status_code for call in calls)


def test_calls_at_once(fresh: TestClient) -> None:
    cluster = fresh.post("/acme/api/clusters", json={"nodes": 1}).json()["id"]
    package = fresh.post("/acme/api/packages", json={}).json()["id"]
    body = {"cluster_id": cluster, "package_id": package}
    assert at_once(fresh, "POST", "/acme/api/jobs", json=body) == {201: TIMES}
    jobs = fresh.get("/acme/api/jobs").json()
    assert len({job["id"] for job in jobs}) == TIMES

    watchers = f"/acme/api/jobs/{jobs[0]['id']}/watchers"
    assert at_once(fresh, "DELETE", watchers) == {204: TIMES}
    assert at_once(fresh, "POST", watchers) == {201: TIMES}
    assert len(fresh.get(watchers).json()) == 1

    assert at_once(fresh, "PUT", f"/acme/api/packages/{package}", json={"name": "x"}) == {200: TIMES}
    assert fresh.get(f"/acme/api/packages/{package}").json()["version"] == TIMES + 1

    assert at_once(fresh, "DELETE", f"/acme/api/jobs/{jobs[0]['id']}") == {200: TIMES}
    assert at_once(fresh, "POST", f"/acme/api/packages/{package}/validate") == {200: TIMES}
    assert at_once(fresh, "PUT", f"/acme/api/clusters/{cluster}", json={"nodes": 2}) == {200: TIMES}

    made = fresh.post("/acme/api/connections/file", json={"name": "a", "path": "/x"}).json()["id"]
    assert at_once(fresh, "DELETE", f"/acme/api/connections/file/{made}") == {200: 1, 404: TIMES - 1}


def test_texts_that_only_one_database_minds(fresh: TestClient) -> None:
    assert fresh.get("/%00/api/jobs").status_code == 404
    assert fresh.get("/acme/api/regions/%00").status_code == 404
    assert fresh.get("/acme/api/connections/%00/1").status_code == 404
    assert fresh.get("/acme/api/packages/search?q=%00").status_code == 400
    assert fresh.post("/acme/api/packages", json={"name": "\u0000"}).status_code == 400
    assert fresh.post("/acme/api/packages", json={"data_flow_json": '{"a": "\\u0000"}'}).status_code == 201
    assert fresh.post("/acme/api/packages", json={"flow_version": "x" * 65}).status_code == 422
    assert fresh.post("/acme/api/clusters", json={"nodes": 1, "time_to_idle": 2**31}).status_code == 422
    assert fresh.post("/acme/api/clusters", json={"nodes": 1, "slave_spot_price": 1e308}).status_code == 201
    assert fresh.get("/acme/api/jobs?package_id=2147483648").status_code == 422
    assert fresh.get("/acme/api/jobs?offset=99999999999999999999").json() == []
    assert fresh.get("/acme/api/clusters/search?q=id:%3E2147483648").status_code == 422
