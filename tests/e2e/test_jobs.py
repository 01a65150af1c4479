"""Jobs through HTTP on a real server, over each database."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil

Wait = Callable[..., Any]


def strays(folder: Path) -> list[str]:
    """Return what lies beside the files that a user put or a job published."""
    return sorted(one.name for one in folder.rglob("*") if ".staging-" in one.name or ".replaced-" in one.name)


def job_processes(server: Any) -> list[psutil.Process]:
    """Return the processes that run or await jobs: the children of the fork server."""
    return [
        child
        for process in server.worker_process().children()
        for child in process.children()
        if child.status() != psutil.STATUS_ZOMBIE
    ]


def test_a_job_runs_and_tells_what_it_did(server: Any, data: Path, flows: Any) -> None:
    key = server.connect(data)
    flows.write_numbers(data, 1000)
    cluster = server.cluster()
    package = server.package(flows.doubled(key), variables={"greeting": "'hello'", "at": "CurrentTime()"})
    job = server.wait(server.submit(cluster, package, variables={"greeting": "good day"}))
    assert (job["status"], job["errors"], job["progress"]) == ("completed", "", 1.0)
    assert job["sources"] == [{"component": "numbers", "records_count": 1000}]
    (output,) = job["outputs"]
    assert (output["records_count"], output["progress"], output["name"]) == (1000, 1.0, "out")
    assert output["component"] == {
        "name": "out", "type": "cloud_storage_destination_component", "fields": ["n"],
    }  # fmt: skip
    written = (data / "out" / "part-00000.csv").read_text().split()
    assert written == ["n", *(str(2 * n) for n in range(1000))]
    preview = server.call("GET", f"jobs/{job['id']}/outputs/{output['id']}/preview")["preview"]
    assert preview.split("\n")[:3] == ["n", "0", "2"]
    variables = server.call("GET", f"jobs/{job['id']}/variables")
    assert variables["greeting"] == "good day"
    assert variables["_JOB_ID"] == job["id"]
    assert "1,000 records published to out" in server.log(job["id"])
    assert strays(data) == []


def test_a_package_that_does_not_compile_fails_with_a_sentence(server: Any, flows: Any) -> None:
    cluster = server.cluster()
    flow = flows.doubled("nowhere")
    flow["components"][1]["properties"]["fields"][0]["expression"] = "n * missing"
    job = server.wait(server.submit(cluster, server.package(flow, variables={"a": "1 + 1"})))
    assert job["status"] == "failed"
    assert "Component 'twice'" in job["errors"]
    assert "missing" in job["errors"]
    assert job["failed_at"] is not None
    assert server.call("GET", f"jobs/{job['id']}/variables")["a"] == 2
    assert "PK3" in server.log(job["id"])


def test_an_empty_package_is_accepted_and_fails(server: Any) -> None:
    package = server.call("POST", "packages", {"name": "empty"})["id"]
    job = server.wait(server.submit(server.cluster(), package))
    assert job["status"] == "failed"
    assert job["errors"]


def test_a_failed_job_leaves_old_files_alone(server: Any, data: Path, flows: Any) -> None:
    key = server.connect(data)
    flows.write_numbers(data, 10)
    cluster = server.cluster()
    flow = flows.doubled(key)
    assert server.wait(server.submit(cluster, server.package(flow)))["status"] == "completed"
    before = (data / "out" / "part-00000.csv").read_bytes()
    flow["components"][0]["properties"]["path"] = "gone.csv"
    job = server.wait(server.submit(cluster, server.package(flow)))
    assert job["status"] == "failed"
    assert job["errors"].startswith("Component 'numbers': No file matches 'gone.csv'")
    assert (data / "out" / "part-00000.csv").read_bytes() == before
    assert strays(data) == []


def test_a_stopped_job_is_gone_before_it_is_stopped(server: Any, data: Path, flows: Any, wait_until: Wait) -> None:
    key = server.connect(data)
    flows.write_numbers(data, 10)
    cluster = server.cluster()
    assert server.wait(server.submit(cluster, server.package(flows.doubled(key, "pairs"))))["status"] == "completed"
    before = (data / "pairs" / "part-00000.csv").read_bytes()
    flows.write_numbers(data, 60_000)
    job_id = server.submit(cluster, server.package(flows.pairs(key)))
    server.wait(job_id, "running")
    wait_until(lambda: strays(data))
    busy = wait_until(lambda: [one for one in job_processes(server) if one.cpu_percent(0.1) > 20])
    answer = server.call("DELETE", f"jobs/{job_id}")
    assert answer["status"] == "pending_stoppage"
    job = server.wait(job_id, limit_s=15)
    assert job["status"] == "stopped"
    assert not any(one.is_running() and one.status() != psutil.STATUS_ZOMBIE for one in busy)
    assert (data / "pairs" / "part-00000.csv").read_bytes() == before
    assert wait_until(lambda: strays(data) == [])
    server.call("DELETE", f"jobs/{job_id}", status=422)
    # The slot is free again.
    flows.write_numbers(data, 10)
    assert server.wait(server.submit(cluster, server.package(flows.doubled(key))))["status"] == "completed"


def test_a_job_that_ignores_the_stop_is_killed(server: Any, data: Path, flows: Any, wait_until: Wait) -> None:
    key = server.connect(data)
    flows.write_numbers(data, 60_000)
    job_id = server.submit(server.cluster(), server.package(flows.pairs(key)))
    server.wait(job_id, "running")
    (busy, *_) = wait_until(lambda: [one for one in job_processes(server) if one.cpu_percent(0.1) > 20])
    os.kill(busy.pid, signal.SIGSTOP)  # as deaf as a process can be
    server.call("DELETE", f"jobs/{job_id}")
    assert server.wait(job_id, limit_s=15)["status"] == "stopped"
    assert not psutil.pid_exists(busy.pid)
    assert wait_until(lambda: strays(data) == [])


def test_a_job_whose_process_is_killed_fails(server: Any, data: Path, flows: Any, wait_until: Wait) -> None:
    key = server.connect(data)
    flows.write_numbers(data, 60_000)
    job_id = server.submit(server.cluster(), server.package(flows.pairs(key)))
    server.wait(job_id, "running")
    (busy, *_) = wait_until(lambda: [one for one in job_processes(server) if one.cpu_percent(0.1) > 20])
    os.kill(busy.pid, signal.SIGKILL)
    job = server.wait(job_id, limit_s=15)
    assert job["status"] == "failed"
    assert "killed from outside" in job["errors"]
    assert wait_until(lambda: strays(data) == [])


def test_a_cluster_runs_no_more_jobs_than_it_has_nodes(server: Any, data: Path, flows: Any) -> None:
    key = server.connect(data)
    flows.write_numbers(data, 5_000)  # so that somebody is seen to wait
    cluster = server.cluster(nodes=1)
    package = server.package(flows.pairs(key))
    other = server.package(flows.pairs(key, "others"))
    jobs = [server.submit(cluster, package), server.submit(cluster, other)]
    reasons: set[str] = set()
    until = time.monotonic() + 60
    while True:
        # In one answer: between two the first may end and the second begin.
        found = [one for one in server.call("GET", "jobs") if one["id"] in jobs]
        assert len(found) == len(jobs)
        assert sum(one["status"] == "running" for one in found) <= 1
        reasons.update(one["waiting_reason"] for one in found if one["status"] == "queued" and one["waiting_reason"])
        if all(one["status"] == "completed" for one in found):
            break
        assert time.monotonic() < until
    assert "waiting for a free slot of the cluster 'a cluster': its slot is busy" in reasons
    instances = server.call("GET", f"clusters/{cluster}/instances")
    assert [one["status"] for one in instances] == ["available"]


def test_an_idle_cluster_ends_by_itself(server: Any, flows: Any, wait_until: Wait) -> None:
    made = server.call("POST", "clusters", {"nodes": 1, "terminate_on_idle": True, "time_to_idle": 1})
    seen = set()

    def ended() -> Any:
        found = server.call("GET", f"clusters/{made['id']}")
        seen.add(found["status"])
        return found if found["status"] == "terminated" else None

    cluster = wait_until(ended)
    assert cluster["terminated_on_idle"] is True
    assert cluster["terminated_at"] is not None
    package = server.package(flows.doubled("data"))
    server.call("POST", "jobs", {"cluster_id": made["id"], "package_id": package}, status=422)


def test_ending_a_cluster_stops_its_jobs(server: Any, data: Path, flows: Any, wait_until: Wait) -> None:
    key = server.connect(data)
    flows.write_numbers(data, 60_000)
    cluster = server.cluster()
    job_id = server.submit(cluster, server.package(flows.pairs(key)))
    server.wait(job_id, "running")
    assert server.call("DELETE", f"clusters/{cluster}")["status"] == "pending_terminate"
    assert server.wait(job_id, limit_s=15)["status"] == "stopped"
    wait_until(lambda: server.call("GET", f"clusters/{cluster}")["status"] == "terminated")


def test_counts_and_lines_are_there_while_a_job_runs(server: Any, data: Path, flows: Any, wait_until: Wait) -> None:
    key = server.connect(data)
    flows.write_numbers(data, 60_000)
    job_id = server.submit(server.cluster(), server.package(flows.pairs(key)))
    found = wait_until(
        lambda: next((one for one in [server.job(job_id)] if any(s["records_count"] for s in one["sources"])), None), 20
    )
    assert found["status"] == "running"
    assert {one["component"] for one in found["sources"]} == {"left", "right"}
    assert found["outputs_count"] == 1
    assert "left: 1 file" in server.log(job_id)
    server.call("DELETE", f"jobs/{job_id}")
    server.wait(job_id)


def test_connections_stay_where_files_may_be(server: Any, data: Path, flows: Any) -> None:
    cluster = server.cluster()
    outside = server.home / "outside"
    flows.write_numbers(outside, 3)
    key = server.connect(data)
    (data / "link").symlink_to(outside)
    (data / "store").symlink_to(server.home / "data")
    for path in ("../../outside/numbers.csv", "link/numbers.csv", "store/penstock.db", "/etc/passwd"):
        flow = flows.doubled(key)
        flow["components"][0]["properties"]["path"] = path
        job = server.wait(server.submit(cluster, server.package(flow)))
        assert job["status"] == "failed"
        assert job["errors"].startswith("Component 'numbers': ")
    server.call("POST", "connections/file", {"name": "relative", "path": "relative"}, status=422)
    for path in (str(outside), str(server.home / "data"), "/etc"):
        made = server.call("POST", "connections/file", {"name": f"to {path}", "path": path})
        server.call("POST", f"connections/file/{made['id']}/test", status=400)


def test_names_are_never_statements(server: Any, data: Path, flows: Any) -> None:
    name = """x"; DROP TABLE jobs; -- ' $(touch pwned) `id` \n\t\\ {{7*7}} é 日本"""
    key = server.connect(data, name=name)
    flows.write_numbers(data, 3)
    flow = flows.doubled(key)
    flow["components"][1]["name"] = name
    flow["components"][1]["properties"]["fields"][0]["alias"] = "n"
    cluster = server.cluster(name=name, description=name)
    job = server.wait(server.submit(cluster, server.package(flow, name=name, description=name)))
    assert job["status"] in ("completed", "failed")
    assert server.call("GET", f"packages/{job['package_id']}")["name"] == name
    assert server.call("GET", f"jobs/{job['id']}")["status"] == job["status"]
    assert not list(server.home.rglob("pwned"))
