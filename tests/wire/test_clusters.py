"""Clusters: every field, every operation, every refusal."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from starlette.testclient import TestClient

from penstock.domain.cluster import ClusterStatus
from penstock.services.records import Cluster, Job, Slot, Worker
from penstock.services.session import Sessions

ALL = "/acme/api/clusters"
AT = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
ASKED = {
    "nodes": 4,
    "type": "production",
    "name": "Nightly",
    "description": "What it is for",
    "terminate_on_idle": False,
    "time_to_idle": 3600,
    "region": "amazon-web-services::us-east-1",
    "zone": "us-east-1b",
    "master_instance_type": "m3.xlarge",
    "slave_instance_type": "m3.xlarge",
    "master_spot_price": None,
    "slave_spot_price": 0.153,
    "master_spot_percentage": None,
    "slave_spot_percentage": 0.5,
    "allow_fallback": True,
    "stack": "white-everest",
    "bootstrap_actions": [
        {"script_path": "http://files.example/start/one.tar.gz", "args": ["arg1", "arg2"]},
        {"script_path": "s3://bucket/file2.sh"},
    ],
}


def test_a_cluster_is_created_as_asked(owner: TestClient, woken: list[float]) -> None:
    before = len(woken)
    answer = owner.post(ALL, json=ASKED)
    assert answer.status_code == 201
    made = answer.json()
    assert {name: made[name] for name in ASKED} == ASKED
    assert made["status"] == "pending"
    assert (made["running_jobs_count"], made["queued_jobs_count"], made["terminated_on_idle"]) == (0, 0, False)
    for name in ("available_since", "launched_at", "terminated_at", "idle_since", "plan_id"):
        assert made[name] is None
    assert made["url"] == f"http://testserver/acme/api/clusters/{made['id']}"
    assert made["html_url"] == f"http://testserver/acme/clusters/{made['id']}"
    assert made["created_at"] == made["updated_at"]
    assert made["creator"]["type"] == "User"
    assert made["creator"]["id"] == made["owner_id"]
    assert owner.get(f"{ALL}/{made['id']}").json() == made
    assert len(woken) == before + 1


def test_what_is_not_said_has_defaults(owner: TestClient) -> None:
    made = owner.post(ALL, json={"nodes": 2}).json()
    assert made["name"]
    wanted = {
        "description": "",
        "type": "production",
        "terminate_on_idle": False,
        "time_to_idle": 3600,
        "region": "self-hosted::local",
        "stack": "duckdb-1.5",
        "bootstrap_actions": [],
    }
    assert {name: made[name] for name in wanted} == wanted
    other = owner.post(ALL, json={"nodes": 1, "name": "", "description": "", "stack": "", "region": ""}).json()
    assert other["name"] not in ("", made["name"])
    assert (other["description"], other["stack"], other["region"]) == ("", "duckdb-1.5", "self-hosted::local")


@pytest.mark.parametrize("value", [True, 1, "1", "t", "true", "True", "TRUE"])
def test_yes_is_read(owner: TestClient, value: object) -> None:
    made = owner.post(ALL, json={"nodes": 1, "terminate_on_idle": value, "allow_fallback": value}).json()
    assert (made["terminate_on_idle"], made["allow_fallback"]) == (True, True)


@pytest.mark.parametrize("value", [False, 0, "0", "f", "false", "False"])
def test_no_is_read(owner: TestClient, value: object) -> None:
    made = owner.post(ALL, json={"nodes": 1, "terminate_on_idle": value, "allow_fallback": value}).json()
    assert (made["terminate_on_idle"], made["allow_fallback"]) == (False, False)


def test_numbers_are_read_from_text(owner: TestClient) -> None:
    body = {"nodes": "2", "time_to_idle": "60", "slave_spot_price": "0.153", "slave_spot_percentage": "1"}
    made = owner.post(ALL, json=body).json()
    assert (made["nodes"], made["time_to_idle"], made["slave_spot_price"], made["slave_spot_percentage"]) == (
        2, 60, 0.153, 1.0,
    )  # fmt: skip


def test_keys_that_only_answers_have_are_ignored(owner: TestClient) -> None:
    zeros = {"id": 0, "owner_id": 0, "status": "available", "running_jobs_count": 0, "terminated_on_idle": True}
    made = owner.post(ALL, json={"nodes": 1, **zeros, "created_at": "0001-01-01T00:00:00", "unknown": {}}).json()
    assert made["id"] > 0
    assert (made["status"], made["terminated_on_idle"]) == ("pending", False)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "nodes"),
        ({"nodes": None}, "nodes"),
        ({"nodes": ""}, "nodes"),
        ({"nodes": 0}, "nodes"),
        ({"nodes": -1}, "nodes"),
        ({"nodes": 1.5}, "nodes"),
        ({"nodes": "many"}, "nodes"),
        ({"nodes": True}, "nodes"),
        ({"nodes": [1]}, "nodes"),
        ({"nodes": 10**30}, "nodes"),
        ({"nodes": 2, "type": "sandbox"}, "nodes"),
        ({"nodes": 1, "type": "Production"}, "type"),
        ({"nodes": 1, "type": ["sandbox"]}, "type"),
        ({"nodes": 1, "name": {}}, "name"),
        ({"nodes": 1, "name": "x" * 300}, "name"),
        ({"nodes": 1, "description": []}, "description"),
        ({"nodes": 1, "terminate_on_idle": "maybe"}, "terminate_on_idle"),
        ({"nodes": 1, "time_to_idle": -1}, "time_to_idle"),
        ({"nodes": 1, "time_to_idle": 2**31}, "time_to_idle"),
        ({"nodes": 1, "region": "nowhere"}, "region"),
        ({"nodes": 1, "region": "mars::north"}, "region"),
        ({"nodes": 1, "region": "spark::none"}, "region"),
        ({"nodes": 1, "region": 5}, "region"),
        ({"nodes": 1, "stack": "spark-4.3"}, "stack"),
        ({"nodes": 1, "master_spot_price": -0.1}, "master_spot_price"),
        ({"nodes": 1, "master_spot_percentage": 1.01}, "master_spot_percentage"),
        ({"nodes": 1, "slave_spot_percentage": -0.01}, "slave_spot_percentage"),
        ({"nodes": 1, "bootstrap_actions": "x"}, "bootstrap_actions"),
        ({"nodes": 1, "bootstrap_actions": [{"args": []}]}, "bootstrap_actions"),
        ({"nodes": 1, "bootstrap_actions": [{"script_path": "x", "args": [1]}]}, "bootstrap_actions"),
    ],
)
def test_a_wrong_field_is_named(owner: TestClient, body: dict[str, Any], field: str) -> None:
    answer = owner.post(ALL, json=body)
    assert answer.status_code == 422
    assert field in answer.json()["message"]
    assert field in answer.json()["errors"]


@pytest.mark.parametrize(
    "region", ["self-hosted::local", "gcloud::europe-west1", "soft-layer::ams01", "amazon-web-services::sa-east-1"]
)
def test_regions_that_clients_name_are_kept(owner: TestClient, region: str) -> None:
    assert owner.post(ALL, json={"nodes": 1, "region": region}).json()["region"] == region


@pytest.mark.parametrize("stack", ["white-everest", "vanila-everest", "mint-everest", "blue-logan", "duckdb-1.5", "?"])
def test_any_stack_is_kept(owner: TestClient, stack: str) -> None:
    assert owner.post(ALL, json={"nodes": 1, "stack": stack}).json()["stack"] == stack


def test_a_change_is_partial(owner: TestClient, cluster: dict[str, Any]) -> None:
    path = f"{ALL}/{cluster['id']}"
    answer = owner.put(path, json={"description": "new", "time_to_idle": "7200"})
    assert answer.status_code == 200
    assert answer.json() | {"updated_at": ""} == cluster | {
        "description": "new", "time_to_idle": 7200, "updated_at": "",
    }  # fmt: skip
    answer = owner.put(path, json={"cluster": {"name": "", "terminate_on_idle": "t", "id": 7, "status": "error"}})
    assert (answer.json()["name"], answer.json()["terminate_on_idle"]) == (cluster["name"], True)
    assert answer.json()["status"] == "pending"
    assert owner.get(path).json() == answer.json()
    assert owner.put(path, json={}).status_code == 200


def test_more_nodes_scale_a_running_cluster(
    owner: TestClient, cluster: dict[str, Any], alter: Callable[..., None]
) -> None:
    path = f"{ALL}/{cluster['id']}"
    assert owner.put(path, json={"nodes": 2}).json()["status"] == "pending"
    for before in ("available", "idle", "scaling"):
        alter(Cluster, cluster["id"], status=before, nodes=1)
        assert owner.put(path, json={"nodes": 1, "name": "same"}).json()["status"] == before
        answer = owner.put(path, json={"nodes": 3}).json()
        assert (answer["status"], answer["nodes"]) == ("scaling", 3)


@pytest.mark.parametrize("status", ["pending_terminate", "terminating", "terminated"])
def test_an_ending_cluster_is_not_scaled(
    owner: TestClient, cluster: dict[str, Any], alter: Callable[..., None], status: str
) -> None:
    alter(Cluster, cluster["id"], status=status)
    answer = owner.put(f"{ALL}/{cluster['id']}", json={"nodes": 3})
    assert answer.status_code == 422
    assert status in answer.json()["message"]
    assert owner.get(f"{ALL}/{cluster['id']}").json()["nodes"] == 1


def test_a_sandbox_is_not_scaled(owner: TestClient) -> None:
    made = owner.post(ALL, json={"nodes": 1, "type": "sandbox"}).json()
    assert owner.put(f"{ALL}/{made['id']}", json={"nodes": 2}).status_code == 422
    assert owner.put(f"{ALL}/{made['id']}", json={"nodes": 1}).status_code == 200


@pytest.mark.parametrize("body", [{"nodes": 0}, {"nodes": "x"}, {"time_to_idle": "soon"}, {"name": []}])
def test_a_wrong_change_changes_nothing(owner: TestClient, cluster: dict[str, Any], body: dict[str, Any]) -> None:
    assert owner.put(f"{ALL}/{cluster['id']}", json=body | {"description": "new"}).status_code == 422
    assert owner.get(f"{ALL}/{cluster['id']}").json() == cluster


@pytest.mark.parametrize("status", list(ClusterStatus))
def test_what_can_be_terminated(
    owner: TestClient, cluster: dict[str, Any], alter: Callable[..., None], status: ClusterStatus
) -> None:
    alter(Cluster, cluster["id"], status=status)
    answer = owner.delete(f"{ALL}/{cluster['id']}")
    if status in ("available", "idle", "scaling", "error"):
        assert (answer.status_code, answer.json()["status"]) == (200, "pending_terminate")
        assert owner.get(f"{ALL}/{cluster['id']}").json()["status"] == "pending_terminate"
    else:
        assert answer.status_code == 422
        assert status in answer.json()["message"]
        assert owner.get(f"{ALL}/{cluster['id']}").json()["status"] == status


def test_its_jobs_are_asked_to_stop(
    owner: TestClient, cluster: dict[str, Any], job: dict[str, Any], alter: Callable[..., None]
) -> None:
    alter(Cluster, cluster["id"], status="available")
    assert owner.get(f"{ALL}/{cluster['id']}").json()["queued_jobs_count"] == 1
    alter(Job, job["id"], status="running")
    assert owner.get(f"{ALL}/{cluster['id']}").json()["running_jobs_count"] == 1
    ended = owner.delete(f"{ALL}/{cluster['id']}").json()
    assert (ended["status"], ended["running_jobs_count"], ended["queued_jobs_count"]) == ("pending_terminate", 1, 0)
    assert owner.get(f"/acme/api/jobs/{job['id']}").json()["status"] == "pending_stoppage"


def test_instances_are_its_slots(owner: TestClient, cluster: dict[str, Any], sessions: Sessions) -> None:
    path = f"{ALL}/{cluster['id']}/instances"
    assert owner.get(path).json() == []
    with sessions.write() as uow:
        worker = Worker(
            id=f"w{cluster['id']}", host="node-1", pid=1, slots=2, memory_bytes=1, started_at=AT,
            lease_until=datetime(2100, 1, 1, tzinfo=UTC),
        )  # fmt: skip
        uow.session.add(worker)
        uow.session.flush()
        for number in (1, 2):
            uow.session.add(Slot(cluster_id=cluster["id"], number=number, worker_id=worker.id, created_at=AT))
    found = owner.get(path).json()
    assert len(found) == 2
    assert [one["master"] for one in found] == [True, False]
    for one in found:
        assert (one["status"], one["zone"], one["spot"], one["vpc"]) == ("available", "Unsupported", False, False)
        assert one["private_dns"] == one["public_dns"] == "node-1"
        assert one["url"] == f"http://testserver/acme/api/clusters/{cluster['id']}/instances/{one['instance_id']}"


def test_there_are_no_plans(owner: TestClient) -> None:
    assert owner.get("/acme/api/cluster_plans").json() == []


@pytest.mark.parametrize("tail", ["", "/instances", "/watchers"])
def test_an_unknown_cluster_is_not_found(owner: TestClient, tail: str) -> None:
    assert owner.get(f"{ALL}/2000000000{tail}").status_code == 404
    assert owner.put(f"{ALL}/2000000000", json={}).status_code == 404
    assert owner.delete(f"{ALL}/2000000000").status_code == 404


def test_lists_are_filtered_by_state(owner: TestClient, idle: dict[str, Any]) -> None:
    for status in ClusterStatus:
        found = owner.get(ALL, params={"status": status, "limit": 100}).json()
        assert {one["status"] for one in found} <= {status}
        assert (idle["id"] in {one["id"] for one in found}) == (status == "idle")


def test_watching_begins_with_the_creator_and_ends_at_will(owner: TestClient, cluster: dict[str, Any]) -> None:
    path = f"{ALL}/{cluster['id']}/watchers"
    mine = {"id": cluster["owner_id"], "display_name": "Owner"}
    assert owner.get(path).json() == [mine]
    for _ in range(2):
        gone = owner.delete(path)
        assert (gone.status_code, gone.content) == (204, b"")
        assert "content-type" not in gone.headers
        assert owner.get(path).json() == []
    for _ in range(2):
        answer = owner.post(path)
        assert answer.status_code == 200
        assert set(answer.json()) == {"created_at", "cluster_url"}
        assert answer.json()["cluster_url"] == cluster["url"]
    assert owner.get(path).json() == [mine]
    for method in ("GET", "POST", "DELETE"):
        assert owner.request(method, f"{ALL}/2000000000/watchers").status_code == 404


SPARK = {
    "stacks": [{"id": "duckdb-1.5", "name": "DuckDB"}, {"id": "spark-4.3", "name": "Spark"}],
    "spark_masters": ("big",),
}


@pytest.fixture
def with_spark(make_app: Callable[..., Any], authorization: dict[str, str]) -> TestClient:
    """The owner at an installation with Spark and one master."""
    return TestClient(make_app(**SPARK), headers=authorization)


@pytest.mark.parametrize(
    ("body", "stack"),
    [
        ({}, "duckdb-1.5"),
        ({"stack": "spark-4.3"}, "spark-4.3"),
        ({"region": "spark::big"}, "spark-4.3"),
        ({"region": "spark::big", "stack": "spark-4.3"}, "spark-4.3"),
        ({"region": "amazon-web-services::us-east-1", "stack": "white-everest"}, "white-everest"),
    ],
)
def test_the_stack_is_that_of_the_region(with_spark: TestClient, body: dict[str, Any], stack: str) -> None:
    answer = with_spark.post(ALL, json={"nodes": 1, **body})
    assert (answer.status_code, answer.json()["stack"]) == (201, stack)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"region": "spark::small"}, "region"),
        ({"region": "spark::big", "stack": "duckdb-1.5"}, "stack"),
        ({"stack": "spark-3.5"}, "stack"),
    ],
)
def test_what_spark_is_not_there(with_spark: TestClient, body: dict[str, Any], field: str) -> None:
    answer = with_spark.post(ALL, json={"nodes": 1, **body})
    assert answer.status_code == 422
    assert field in answer.json()["errors"]


def test_masters_are_regions(with_spark: TestClient) -> None:
    ids = [one["id"] for one in with_spark.get("/acme/api/regions").json()]
    assert ids == ["self-hosted::local", "spark::big"]
