"""Workers and servers that are killed, stalled and restarted in the middle of a job."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest

Wait = Callable[..., Any]
TAKEN_OVER_S = 20.0
LONG, SHORT = 60_000, 3_000
"""Lines whose pairs take minutes; and about a second."""


def count_of_pairs(folder: Path) -> int:
    lines = (folder / "pairs" / "part-00000.csv").read_text().split()[1:]
    return sum(int(line.split(",")[1]) for line in lines)


def running(server: Any, flows: Any, lines: int = LONG) -> tuple[int, Path]:
    """Return a job that runs, and its folder."""
    data = server.files / "data"
    key = server.connect(data)
    flows.write_numbers(data, lines)
    job_id = server.submit(server.cluster(), server.package(flows.pairs(key)))
    server.wait(job_id, "running")
    return job_id, data


def below(process: psutil.Process) -> list[psutil.Process]:
    return process.children(recursive=True)


def gone(processes: list[psutil.Process]) -> bool:
    return not any(one.is_running() and one.status() != psutil.STATUS_ZOMBIE for one in processes)


def attempt_on(server: Any, job_id: int, number: int) -> bool:
    return f"Attempt {number} on worker" in server.log(job_id)


def test_a_killed_worker_loses_no_job(own_server: Any, flows: Any, wait_until: Wait) -> None:
    server = own_server
    job_id, data = running(server, flows)
    worker = server.worker_process()
    children = below(worker)
    assert len(children) >= 2
    os.kill(worker.pid, signal.SIGKILL)
    killed_at = time.monotonic()
    wait_until(lambda: gone(children), 5)
    flows.write_numbers(data, SHORT)
    seen: set[tuple[str, str | None]] = set()

    def taken_over() -> bool:
        job = server.job(job_id)
        seen.add((job["status"], job["waiting_reason"]))
        return attempt_on(server, job_id, 2)

    wait_until(taken_over, TAKEN_OVER_S + 10)
    took = time.monotonic() - killed_at
    assert took <= TAKEN_OVER_S, took
    assert {status for status, _ in seen} <= {"running", "completed"}
    assert {reason for _, reason in seen} <= {None, "waiting for a worker"}
    job = server.wait(job_id)
    assert job["status"] == "completed"
    assert job["attempts"] == 0
    assert count_of_pairs(data) == SHORT * SHORT
    assert [one.name for one in data.iterdir() if one.name.startswith(".")] == []


def test_a_killed_server_loses_no_job(own_server: Any, flows: Any, wait_until: Wait) -> None:
    server = own_server
    job_id, data = running(server, flows)
    tree = below(psutil.Process(server.process.pid))
    server.stop(signal.SIGKILL)
    wait_until(lambda: gone(tree), 5)
    flows.write_numbers(data, SHORT)
    server.start()
    job = server.wait(job_id)
    assert job["status"] == "completed"
    assert attempt_on(server, job_id, 2)
    assert count_of_pairs(data) == SHORT * SHORT


def test_a_server_that_is_stopped_gives_its_jobs_back(own_server: Any, flows: Any, wait_until: Wait) -> None:
    server = own_server
    job_id, data = running(server, flows)
    tree = below(psutil.Process(server.process.pid))
    assert server.stop() == 0
    assert gone(tree)
    assert [one.name for one in data.iterdir() if one.name.startswith(".")] == []
    flows.write_numbers(data, SHORT)
    server.start()
    wait_until(lambda: attempt_on(server, job_id, 2), TAKEN_OVER_S)
    assert "gave the job back" in server.log(job_id)  # no lease had to run out
    assert server.wait(job_id)["status"] == "completed"
    assert count_of_pairs(data) == SHORT * SHORT


@pytest.fixture
def two_workers(serve: Callable[..., Any], postgres_url: str) -> Any:
    """A server over PostgreSQL, and one more worker of one slot each."""
    server = serve(postgres_url, PENSTOCK_SLOTS="1")
    server.add_worker()
    return server


def test_a_stalled_worker_neither_changes_a_job_nor_publishes(two_workers: Any, flows: Any, wait_until: Wait) -> None:
    server = two_workers
    data = server.files / "data"
    key = server.connect(data)
    flows.write_numbers(data, LONG)
    cluster = server.cluster()
    stalled, other = server.worker_process(), psutil.Process(server.workers[0].pid)
    job_id = server.submit(cluster, server.package(flows.pairs(key)))
    wait_until(lambda: attempt_on(server, job_id, 1))
    if f"-{stalled.pid}-" not in server.log(job_id):
        stalled, other = other, stalled
    os.kill(stalled.pid, signal.SIGSTOP)
    children = below(stalled)
    flows.write_numbers(data, SHORT)
    try:
        wait_until(lambda: attempt_on(server, job_id, 2), TAKEN_OVER_S + 10)
        assert f"-{other.pid}-" in server.log(job_id)
        job = server.wait(job_id)
    finally:
        os.kill(stalled.pid, signal.SIGCONT)
    assert job["status"] == "completed"
    published = (data / "pairs" / "part-00000.csv").stat()
    wait_until(lambda: not any(one.is_running() and one.cpu_percent(0.1) > 20 for one in children), 20)
    after = (data / "pairs" / "part-00000.csv").stat()
    assert (after.st_ino, after.st_mtime_ns) == (published.st_ino, published.st_mtime_ns)
    ended = server.job(job_id)
    assert (ended["status"], ended["completed_at"]) == (job["status"], job["completed_at"])
    assert wait_until(lambda: [one.name for one in data.iterdir() if one.name.startswith(".")] == [])


def test_many_jobs_on_two_workers_run_once_each(two_workers: Any, flows: Any) -> None:
    server = two_workers
    data = server.files / "data"
    key = server.connect(data)
    flows.write_numbers(data, 100)
    cluster = server.cluster(nodes=2)
    jobs = [server.submit(cluster, server.package(flows.doubled(key, f"out{n}"))) for n in range(16)]
    assert {server.wait(one)["status"] for one in jobs} == {"completed"}
    logs = [server.log(one) for one in jobs]
    assert all(log.count("Attempt 1 on worker") == 1 and "Attempt 2" not in log for log in logs)
    assert sorted(one.name for one in data.iterdir() if one.is_dir()) == sorted(f"out{n}" for n in range(16))


def test_a_database_that_crashes_loses_no_job(
    serve: Callable[..., Any], new_postgres: Callable[[], Any], flows: Any
) -> None:
    database = new_postgres()
    server = serve(database.url("postgres"), PENSTOCK_SLOTS="1")
    data = server.files / "data"
    key = server.connect(data)
    flows.write_numbers(data, SHORT)
    cluster = server.cluster()
    package = server.package(flows.pairs(key))
    jobs = [server.submit(cluster, package)]
    server.wait(jobs[0], "running")
    database.stop(signal.SIGQUIT)
    assert server.call("GET", f"jobs/{jobs[0]}", status=503)["message"]
    database.start()
    jobs.append(server.submit(cluster, package))
    assert [server.wait(one)["status"] for one in jobs] == ["completed", "completed"]
    assert all("Attempt 2" not in server.log(one) for one in jobs)
    assert count_of_pairs(data) == SHORT * SHORT
