"""Jobs: the contract of running one, and everything that can be asked of one afterwards."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from starlette.testclient import TestClient

from penstock.domain.job import JobStatus
from penstock.services.accounts import set_payment_required
from penstock.services.records import Cluster, Job, JobOutput, JobSource
from penstock.services.session import Sessions

ALL = "/acme/api/jobs"
AT = datetime(2012, 12, 30, 14, 21, 29, 500_000, tzinfo=UTC)
END = datetime(2012, 12, 30, 14, 28, 27, tzinfo=UTC)


@pytest.fixture
def done(sessions: Sessions, job: dict[str, Any]) -> dict[str, Any]:
    """A job that has completed, with an output that has a preview and one that has none."""
    with sessions.write() as uow:
        row = uow.session.get_one(Job, job["id"])
        row.status, row.progress, row.outputs_count = "completed", 1.0, 2
        row.started_at, row.completed_at = AT, END
        row.used_variables = json.dumps({"a": 32, "b": "two", "_JOB_ID": row.id, "c": 1.5, "d": True, "e": None})
        common = {"job_id": row.id, "fields": '["id", "account_name"]', "created_at": AT, "updated_at": END}
        kind = "cloud_storage_destination_component"
        uow.session.add(
            JobOutput(
                name="/out/a", component_name="destination7", component_type=kind, records_count=10_415_234_000,
                progress=1.0, preview="appl\t258072\n", preview_type="csv", **common,
            )
        )  # fmt: skip
        uow.session.add(JobOutput(name="/out/b", component_name="other", component_type=kind, **common))
        uow.session.add(JobSource(job_id=row.id, component="orders", records_count=3_000_000_000))
    return job


# -- running one


def test_a_job_is_created_and_nothing_is_compiled(
    owner: TestClient, cluster: dict[str, Any], package: dict[str, Any], woken: list[float]
) -> None:
    before = len(woken)
    body = {
        "cluster_id": cluster["id"],
        "package_id": package["id"],
        "variables": {"InputPath": "'/today'", "vegetable": "'tomato'", "pizza": "ClockTime()", "n": 5, "x": True},
        "dynamic_variables": {"OutputPath": "CONCAT('/out/', ToString(CurrentTime(), 'yyyy'))", "f": 1.5},
    }
    answer = owner.post(ALL, json=body)
    assert answer.status_code == 201
    made = answer.json()
    wanted = {
        "status": "idle",
        "owner_id": cluster["owner_id"],
        "progress": 0.0,
        "outputs_count": 0,
        "outputs": [],
        "variables": body["variables"],
        "dynamic_variables": body["dynamic_variables"],
        "started_at": None,
        "failed_at": None,
        "completed_at": None,
        "cluster_id": cluster["id"],
        "package_id": package["id"],
        "errors": "",
        "runtime_in_seconds": 0,
        "master_auto_retry_attempts": None,
        "attempts": 0,
        "url": f"http://testserver{ALL}/{made['id']}",
        "html_url": f"http://testserver/acme/jobs/{made['id']}",
        "log_url": f"http://testserver{ALL}/{made['id']}/log",
        "package": {name: package[name] for name in ("id", "name", "url")},
        "cluster": {name: cluster[name] for name in ("id", "name", "url")},
        "waiting_reason": None,
        "sources": [],
    }
    assert {name: made[name] for name in wanted} == wanted
    assert list(made["variables"]) == list(body["variables"])
    assert made["created_at"] == made["updated_at"]
    assert made["creator"] == {
        "type": "User", "id": cluster["owner_id"], "display_name": "Owner",
        "url": "http://testserver/user", "html_url": "http://testserver/user",
    }  # fmt: skip
    assert set(made) == set(wanted) | {"id", "created_at", "updated_at", "creator"}
    assert owner.get(f"{ALL}/{made['id']}").json() == made
    assert owner.get(f"{ALL}/{made['id']}/watchers").json() == [{"id": cluster["owner_id"], "display_name": "Owner"}]
    assert len(woken) == before + 1


@pytest.mark.parametrize(
    "flow", [{}, "", "not json", "[]", {"components": [{"teleporter_component": {}}], "edges": [{"source": "1"}]}]
)
def test_a_package_that_cannot_run_is_accepted(owner: TestClient, cluster: dict[str, Any], flow: object) -> None:
    package = owner.post("/acme/api/packages", json={"data_flow_json": flow})
    assert package.status_code == 201
    answer = owner.post(ALL, json={"cluster_id": cluster["id"], "package_id": package.json()["id"]})
    assert (answer.status_code, answer.json()["status"]) == (201, "idle")


def test_old_spellings_run_too(owner: TestClient, cluster: dict[str, Any], package: dict[str, Any]) -> None:
    bodies: list[dict[str, Any]] = [
        {"cluster_id": str(cluster["id"]), "package_id": str(package["id"])},
        {"cluster_id": cluster["id"], "job_id": package["id"]},
        {"cluster_id": cluster["id"], "package_id": None, "job_id": package["id"]},
        {"job": {"cluster_id": cluster["id"], "package_id": package["id"], "id": 0, "status": "idle"}},
        {"cluster_id": float(cluster["id"]), "package_id": package["id"], "variables": [], "dynamic_variables": None},
        {"cluster_id": cluster["id"], "package_id": package["id"], "variables": '{"a": "1"}'},
        {"cluster_id": cluster["id"], "package_id": package["id"], "variables": "", "unknown": [{}]},
    ]
    for body in bodies:
        answer = owner.post(ALL, json=body)
        assert answer.status_code == 201, (body, answer.text)
        assert (answer.json()["cluster_id"], answer.json()["package_id"]) == (cluster["id"], package["id"])
        assert isinstance(answer.json()["variables"], dict)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"cluster_id": None}, "cluster_id"),
        ({"package_id": None}, "package_id"),
        ({"cluster_id": ""}, "cluster_id"),
        ({"cluster_id": 2_000_000_000}, "cluster_id"),
        ({"package_id": 2_000_000_000}, "package_id"),
        ({"cluster_id": 0}, "cluster_id"),
        ({"cluster_id": -1}, "cluster_id"),
        ({"cluster_id": 10**40}, "cluster_id"),
        ({"cluster_id": "1; DROP TABLE jobs"}, "cluster_id"),
        ({"cluster_id": [1]}, "cluster_id"),
        ({"cluster_id": {"id": 1}}, "cluster_id"),
        ({"cluster_id": True}, "cluster_id"),
        ({"package_id": 1.5}, "package_id"),
        ({"variables": "x"}, "variables"),
        ({"variables": 5}, "variables"),
        ({"variables": ["a"]}, "variables"),
        ({"variables": {"a": {"b": 1}}}, "variables"),
        ({"dynamic_variables": {"a": ["b"]}}, "dynamic_variables"),
        ({"dynamic_variables": True}, "dynamic_variables"),
    ],
)
def test_a_wrong_field_is_named(
    owner: TestClient, cluster: dict[str, Any], package: dict[str, Any], change: dict[str, Any], field: str
) -> None:
    answer = owner.post(ALL, json={"cluster_id": cluster["id"], "package_id": package["id"]} | change)
    assert answer.status_code == 422
    assert field in answer.json()["message"]
    assert list(answer.json()["errors"]) == [field]


def test_nothing_at_all_names_both(owner: TestClient) -> None:
    for body in (None, {}, {"job": {}}):
        answer = owner.post(ALL, json=body)
        assert answer.status_code == 422
        assert set(answer.json()["errors"]) == {"cluster_id", "package_id"}


@pytest.mark.parametrize("status", ["pending_terminate", "terminating", "terminated", "error"])
def test_a_cluster_that_ends_takes_no_job(
    owner: TestClient, cluster: dict[str, Any], package: dict[str, Any], alter: Callable[..., None], status: str
) -> None:
    alter(Cluster, cluster["id"], status=status)
    answer = owner.post(ALL, json={"cluster_id": cluster["id"], "package_id": package["id"]})
    assert answer.status_code == 422
    assert status in answer.json()["message"]


@pytest.mark.parametrize("status", ["pending", "creating", "available", "idle", "scaling"])
def test_a_cluster_that_comes_up_or_is_there_takes_jobs(
    owner: TestClient, cluster: dict[str, Any], package: dict[str, Any], alter: Callable[..., None], status: str
) -> None:
    alter(Cluster, cluster["id"], status=status)
    assert owner.post(ALL, json={"cluster_id": cluster["id"], "package_id": package["id"]}).status_code == 201


def test_an_archived_package_is_not_run(owner: TestClient, cluster: dict[str, Any], package: dict[str, Any]) -> None:
    owner.delete(f"/acme/api/packages/{package['id']}")
    answer = owner.post(ALL, json={"cluster_id": cluster["id"], "package_id": package["id"]})
    assert answer.status_code == 422
    assert "archived" in answer.json()["message"]


def test_an_account_that_must_pay_runs_nothing(
    owner: TestClient, cluster: dict[str, Any], package: dict[str, Any], sessions: Sessions
) -> None:
    body = {"cluster_id": cluster["id"], "package_id": package["id"]}
    now = datetime(2026, 1, 1, tzinfo=UTC)
    with sessions.write() as uow:
        set_payment_required(uow, "acme", True, now)
    try:
        for path, given in ((ALL, body), (ALL, {}), ("/acme/api/clusters", {"nodes": 1})):
            answer = owner.post(path, json=given)
            assert answer.status_code == 402
            assert set(answer.json()) == {"message"}
        assert owner.get(ALL).status_code == 200
        assert owner.post(ALL, json=body, headers={"Authorization": "Basic eA=="}).status_code == 401
        assert owner.post(ALL, content=b"{", headers={"Content-Type": "application/json"}).status_code == 400
    finally:
        with sessions.write() as uow:
            set_payment_required(uow, "acme", False, now)
    assert owner.post(ALL, json=body).status_code == 201


def test_a_job_keeps_the_package_as_it_was(
    owner: TestClient, job: dict[str, Any], package: dict[str, Any], sessions: Sessions
) -> None:
    owner.put(f"/acme/api/packages/{package['id']}", json={"name": "renamed", "data_flow_json": "{}", "variables": {}})
    with sessions.read() as uow:
        row = uow.session.get_one(Job, job["id"])
        assert json.loads(row.package_flow)["components"]
        assert json.loads(row.package_variables) == {"b": "1", "a": "'x'"}
    assert owner.get(f"{ALL}/{job['id']}").json()["package"]["name"] == "renamed"


# -- asking for one


def test_a_job_that_is_done_shows_what_it_did(owner: TestClient, done: dict[str, Any]) -> None:
    found = owner.get(f"{ALL}/{done['id']}").json()
    assert (found["status"], found["progress"], found["runtime_in_seconds"]) == ("completed", 1.0, 417)
    assert (found["started_at"], found["completed_at"]) == ("2012-12-30T14:21:29Z", "2012-12-30T14:28:27Z")
    assert found["sources"] == [{"component": "orders", "records_count": 3_000_000_000}]
    assert found["outputs_count"] == 2
    first, second = found["outputs"]
    url = f"http://testserver{ALL}/{done['id']}/outputs/{first['id']}"
    assert first == {
        "id": first["id"], "name": "/out/a", "records_count": 10_415_234_000, "progress": 1.0,
        "created_at": "2012-12-30T14:21:29Z", "updated_at": "2012-12-30T14:28:27Z",
        "preview_url": f"{url}/preview", "preview_type": "csv", "url": url,
        "component": {
            "name": "destination7", "type": "cloud_storage_destination_component", "fields": ["id", "account_name"],
        },
        "receipt": None,
    }  # fmt: skip
    assert (second["preview_url"], second["preview_type"], second["progress"]) == (None, None, None)
    assert owner.get(url.removeprefix("http://testserver")).json() == first
    preview = owner.get(f"{url}/preview".removeprefix("http://testserver")).json()
    assert preview == {"preview": "appl\t258072\n", "url": f"{url}/preview"}
    assert owner.get(f"{ALL}/{done['id']}/outputs/{second['id']}/preview").status_code == 404


def test_a_job_that_runs_counts_its_seconds(owner: TestClient, job: dict[str, Any], alter: Callable[..., None]) -> None:
    alter(Job, job["id"], status="running", started_at=AT, progress=0.25, waiting_reason="waiting for a worker")
    found = owner.get(f"{ALL}/{job['id']}").json()
    assert found["runtime_in_seconds"] > 10_000
    assert (found["progress"], found["waiting_reason"], found["completed_at"]) == (0.25, "waiting for a worker", None)


@pytest.mark.parametrize("include", ["cluster", "package", "cluster,package", "package, cluster", "log_summary", "x"])
def test_others_are_embedded_in_full_on_request(
    owner: TestClient, done: dict[str, Any], cluster: dict[str, Any], package: dict[str, Any], include: str
) -> None:
    plain = owner.get(f"{ALL}/{done['id']}").json()
    found = owner.get(f"{ALL}/{done['id']}", params={"include": include}).json()
    if "cluster" in include:
        assert found["cluster"] == owner.get(f"/acme/api/clusters/{cluster['id']}").json()
    if "package" in include:
        whole = owner.get(f"/acme/api/packages/{package['id']}").json()
        assert whole.items() >= found["package"].items()
        assert {"status", "flow_type", "variables"} <= set(found["package"])
        assert "data_flow_json" not in found["package"]
    assert ("log_summary" in found) == (include == "log_summary")
    same = set(plain) - {"cluster", "package"}
    assert {name: found[name] for name in same} == {name: plain[name] for name in same}


def test_lists_and_searches_embed_in_full(
    owner: TestClient, done: dict[str, Any], cluster: dict[str, Any], package: dict[str, Any]
) -> None:
    single = owner.get(f"{ALL}/{done['id']}?include=cluster,package").json()
    assert owner.get(ALL, params={"package_id": package["id"]}).json() == [single]
    assert owner.get(ALL, params={"package_id": str(package["id"]), "include": "cluster"}).json() == [single]
    assert owner.get(f"{ALL}/search", params={"q": f"id:{done['id']}"}).json() == [single]


def test_lists_are_filtered_by_state(owner: TestClient, done: dict[str, Any], queued: dict[str, Any]) -> None:
    for status in JobStatus:
        found = owner.get(ALL, params={"status": status, "limit": 100}).json()
        assert {one["status"] for one in found} <= {status}


def test_a_log_summary_says_why(
    owner: TestClient, job: dict[str, Any], alter: Callable[..., None], write_log: Callable[..., None]
) -> None:
    alter(Job, job["id"], status="failed", errors="Customer ID missing", failed_at=END, completed_at=END)
    write_log(job["id"], [(AT, "info", "began"), (END, "error", "Customer ID missing")])
    found = owner.get(f"{ALL}/{job['id']}?include=log_summary").json()["log_summary"]
    assert found == {
        "id": job["id"],
        "body": owner.get(f"{ALL}/{job['id']}/log").json()["body"],
        "error_summary": "Customer ID missing",
        "openai_extract": None,
        "action_items": [],
        "created_at": "2012-12-30T14:28:27Z",
    }


def test_a_log_is_its_lines(owner: TestClient, job: dict[str, Any], write_log: Callable[..., None]) -> None:
    path = f"{ALL}/{job['id']}/log"
    assert owner.get(path).json() == {"body": "", "url": f"http://testserver{path}"}
    write_log(job["id"], [(AT, "info", "read 3 files"), (END, "warning", "ünïcode")])
    body = owner.get(path).json()["body"]
    assert body.splitlines() == [
        "2012-12-30T14:21:29.500Z INFO    read 3 files",
        "2012-12-30T14:28:27.000Z WARNING ünïcode",
    ]


def test_used_variables_keep_their_kinds(owner: TestClient, job: dict[str, Any], alter: Callable[..., None]) -> None:
    path = f"{ALL}/{job['id']}/variables"
    assert owner.get(path).json() == {}
    used = {"z": 32, "b": "two", "_JOB_ID": job["id"], "c": 1.5, "d": True, "e": None}
    alter(Job, job["id"], used_variables=json.dumps(used))
    found = owner.get(path).json()
    assert found == used
    assert list(found) == list(used)


def test_children_are_the_jobs_that_a_workflow_started(
    owner: TestClient, cluster: dict[str, Any], package: dict[str, Any], job: dict[str, Any], alter: Callable[..., None]
) -> None:
    path = f"{ALL}/{job['id']}/children"
    assert owner.get(path).json() == []
    body = {"cluster_id": cluster["id"], "package_id": package["id"]}
    children = [owner.post(ALL, json=body).json()["id"] for _ in range(3)]
    for child in children:
        alter(
            Job, child, parent_job_id=job["id"], component_name="run_my_first_package",
            component_type="run_package_component",
        )  # fmt: skip
    alter(Job, children[0], status="completed")
    found = owner.get(path).json()
    assert [one["id"] for one in found] == children[::-1]
    wanted = {"name": "run_my_first_package", "type": "run_package_component"}
    assert all(one["component"] == wanted and "status" in one["cluster"] for one in found)
    assert [one["id"] for one in owner.get(path, params={"status": "completed"}).json()] == children[:1]
    assert [one["id"] for one in owner.get(path, params={"limit": 1, "direction": "asc"}).json()] == children[:1]
    assert owner.get(path, params={"status": "x"}).status_code == 422
    assert "component" not in owner.get(f"{ALL}/{job['id']}").json()
    assert owner.get(f"{ALL}/{children[0]}").json()["component"] == wanted


# -- stopping one


@pytest.mark.parametrize("status", list(JobStatus))
def test_what_can_be_stopped(
    owner: TestClient, job: dict[str, Any], alter: Callable[..., None], woken: list[float], status: JobStatus
) -> None:
    alter(Job, job["id"], status=status)
    answer = owner.delete(f"{ALL}/{job['id']}")
    if status in ("completed", "failed", "stopped"):
        assert answer.status_code == 422
        assert status in answer.json()["message"]
    else:
        assert answer.status_code == 200
        wanted = status if status == "stopping" else "pending_stoppage"
        assert (answer.json()["status"], answer.json()["outputs"]) == (wanted, [])
        assert answer.json()["started_at"] is None
    assert owner.get(f"{ALL}/{job['id']}").json()["status"] in (status, "pending_stoppage")


# -- watching one


def test_watching_answers_201_and_200_for_one_client(owner: TestClient, job: dict[str, Any]) -> None:
    path = f"{ALL}/{job['id']}/watchers"
    for headers, status in (
        ({}, 201),
        ({"User-Agent": "xplenty-rb/1.0.2"}, 200),
        ({"User-Agent": "a xplenty-rb/"}, 201),
    ):
        for _ in range(2):
            answer = owner.post(path, headers=headers)
            assert answer.status_code == status
            assert set(answer.json()) == {"created_at", "job_url"}
            assert answer.json()["job_url"] == job["url"]
    assert [set(one) for one in owner.get(path).json()] == [{"id", "display_name"}]
    for _ in range(2):
        assert owner.delete(path).status_code == 204
    assert owner.get(path).json() == []


@pytest.mark.parametrize(
    "tail",
    ["", "/log", "/variables", "/children", "/watchers", "/outputs/1", "/outputs/1/preview", "?include=package"],
)
def test_an_unknown_job_is_not_found(owner: TestClient, tail: str) -> None:
    answer = owner.get(f"{ALL}/2000000000{tail}")
    assert (answer.status_code, answer.json()) == (404, {"message": "Item not found."})


def test_an_output_belongs_to_its_job(owner: TestClient, done: dict[str, Any], queued: dict[str, Any]) -> None:
    output = owner.get(f"{ALL}/{done['id']}").json()["outputs"][0]["id"]
    other = owner.post(ALL, json={"cluster_id": done["cluster_id"], "package_id": done["package_id"]}).json()["id"]
    assert owner.get(f"{ALL}/{other}/outputs/{output}").status_code == 404
    assert owner.get(f"{ALL}/{other}/outputs/{output}/preview").status_code == 404
    assert owner.delete(f"{ALL}/2000000000").status_code == 404
    assert owner.post(f"{ALL}/2000000000/watchers").status_code == 404


def test_odd_numbers_of_a_run_are_still_json(
    owner: TestClient, job: dict[str, Any], alter: Callable[..., None]
) -> None:
    alter(Job, job["id"], used_variables='{"a": NaN, "b": Infinity, "c": 1e400}')
    assert owner.get(f"{ALL}/{job['id']}/variables").json() == {"a": "NaN", "b": "Infinity", "c": "Infinity"}
