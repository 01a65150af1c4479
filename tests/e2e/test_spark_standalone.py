"""Jobs and example packages on a real Spark of three processes: a master and two workers, all from the wheels."""

from __future__ import annotations

import csv
import json
import os
import shutil
import socket
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow.parquet
import pytest

from penstock.cli.demo_data import prepare_flights

ROOT = Path(__file__).parents[2]
HOST = "127.0.0.1"
DEPLOY = "org.apache.spark.deploy"
HERE = ("--host", HOST, "--webui-port", "0")
FLIGHTS = 20_000
"""How many flights are enough to be at work on when a worker dies."""
TASKS = "penstock-task-*"
"""The folders of tasks that read or write a file."""
LONG_S = 400.0
"""How long the slowest step may take on a busy machine."""


def free_port() -> int:
    with socket.socket() as sock:
        sock.bind((HOST, 0))
        return int(sock.getsockname()[1])


class Standalone(NamedTuple):
    """A master and its workers, each with the folder where its tasks have theirs."""

    url: str
    workers: list[tuple[subprocess.Popen[bytes], Path]]


@pytest.fixture(scope="module")
def standalone(new_spark: Callable[..., tuple[subprocess.Popen[bytes], Path]]) -> Standalone:
    """A master with two workers of one core each."""
    port = free_port()
    url = f"spark://{HOST}:{port}"
    new_spark("Starting Spark master", f"{DEPLOY}.master.Master", *HERE, "--port", str(port))
    options = (*HERE, "--cores", "1", "--memory", "1G", "--work-dir", "work", url)
    ready = "Successfully registered with master"
    return Standalone(url, [new_spark(ready, f"{DEPLOY}.worker.Worker", *options) for _ in range(2)])


def test_a_cluster_runs_its_jobs_on_a_master(
    standalone: Standalone, serve: Callable[..., Any], flows: Any, tmp_path: Path, wait_until: Callable[..., Any]
) -> None:
    server = serve(f"sqlite:///{tmp_path}/store.db", PENSTOCK_SPARK_MASTERS=f"big={standalone.url}", PENSTOCK_SLOTS="1")
    assert {one["id"] for one in server.call("GET", "stacks")} == {"duckdb-1.5", "spark-4.3"}
    assert "spark::big" in {one["id"] for one in server.call("GET", "regions")}
    data = server.files / "lake"
    key = server.connect(data)
    flows.write_numbers(data, 30_000)
    cluster = server.cluster(region="spark::big", nodes=2)
    assert server.call("GET", f"clusters/{cluster}")["stack"] == "spark-4.3"

    job = server.wait(server.submit(cluster, server.package(flows.doubled(key))), limit_s=LONG_S)
    assert (job["status"], job["errors"]) == ("completed", "")
    assert job["sources"] == [{"component": "numbers", "records_count": 30_000}]
    written = (data / "out" / "part-00000.csv").read_text().split()
    assert written == ["n", *(str(2 * n) for n in range(30_000))]
    assert f"master {standalone.url}" in server.log(job["id"])

    # 900 million pairs, so that there is something to stop.
    long = server.submit(cluster, server.package(flows.pairs(key)))
    wait_until(lambda: "application app-" in server.log(long), LONG_S)
    server.call("DELETE", f"jobs/{long}")
    stopped = server.wait(long, limit_s=LONG_S)
    assert stopped["status"] == "stopped"
    assert [one for one in data.rglob("*") if ".staging-" in one.name] == []


def examples(folder: Path, package: str, *options: str) -> list[str]:
    """Return the command that runs an example over the data in a folder."""
    return [
        sys.executable, "-m", "penstock", "run", str(ROOT / "examples" / f"{package}.yaml"), "--json",
        "--connections", str(folder / "connections.toml"), *options,
    ]  # fmt: skip


def answer_of(command: Sequence[str]) -> dict[str, Any]:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def delimited(folder: Path, output: str) -> list[dict[str, str]]:
    parts = sorted((folder / "data" / "output" / output).glob("part-*.csv"))
    return [row for part in parts for row in csv.DictReader(part.read_text().splitlines())]


def described(folder: Path) -> Counter[Any]:
    table = pyarrow.parquet.read_table(folder / "data" / "output" / "flights")
    return Counter(zip(*(column.to_pylist() for column in table.itercolumns()), strict=True))


def is_busy(worker: Path) -> bool:
    """Tell whether a task of a worker reads or writes a file."""
    return any(worker.glob(TASKS))


def listening(folder: Path) -> dict[str, str]:
    """Return the environment of a driver that writes what its scheduler does into a folder."""
    (folder / "events").mkdir()
    (folder / "spark-defaults.conf").write_text(
        f"spark.eventLog.enabled true\nspark.eventLog.dir {(folder / 'events').as_uri()}\n"
        "spark.eventLog.rolling.enabled false\nspark.eventLog.compress false\n"
    )
    return {**os.environ, "SPARK_CONF_DIR": str(folder)}


def lost_and_done(folder: Path) -> tuple[set[tuple[int, int]], set[tuple[int, int]]]:
    """Return the tasks, by stage and number, that went with an executor, and those that ended well."""
    (log,) = (folder / "events").iterdir()
    ends = [one for one in map(json.loads, log.read_text().splitlines()) if one["Event"] == "SparkListenerTaskEnd"]
    by_reason: dict[str, set[tuple[int, int]]] = {"ExecutorLostFailure": set(), "Success": set()}
    for one in ends:
        place = one["Stage ID"], one["Task Info"]["Index"]
        by_reason.setdefault(one["Task End Reason"]["Reason"], set()).add(place)
    return by_reason["ExecutorLostFailure"], by_reason["Success"]


def test_the_examples_give_the_same_records_when_a_worker_dies(
    standalone: Standalone, tmp_path: Path, wait_until: Callable[..., Any]
) -> None:
    prepare_flights(tmp_path / "data")
    flights = tmp_path / "data" / "flights.csv"
    flights.write_text("".join(flights.read_text().splitlines(keepends=True)[: FLIGHTS + 1]))
    (tmp_path / "connections.toml").write_text((ROOT / "examples" / "connections.toml").read_text())
    on_spark = ["--engine", "spark", "--master", standalone.url]

    small = ["--var", "least=60"]
    rows = []
    for options in ([], on_spark):
        answer = answer_of(examples(tmp_path, "delays", *small, *options))
        assert answer["sources"]["flights"] == FLIGHTS
        rows.append(delimited(tmp_path, "delays"))
    assert rows[0] == rows[1] != []

    large = ["--dynamic-var", "run_at=ToDate('2014-01-02T03:04:05.678Z')"]
    on_duckdb = answer_of(examples(tmp_path, "flights", *large))
    wanted = described(tmp_path), delimited(tmp_path, "carriers")
    for left in (one for _, own in standalone.workers for one in own.glob(TASKS)):
        shutil.rmtree(left)  # of a job that was stopped
    running = subprocess.Popen(
        examples(tmp_path, "flights", *large, *on_spark), env=listening(tmp_path),
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    with running:
        try:
            process = wait_until(lambda: next((one for one, own in standalone.workers if is_busy(own)), None), LONG_S)
            os.killpg(process.pid, 9)
            assert running.poll() is None
            said, complained = running.communicate(timeout=LONG_S)
        finally:
            running.kill()
    assert running.returncode == 0, said + complained
    answer = json.loads(said)
    assert [one["records_count"] for one in answer["outputs"]] == [one["records_count"] for one in on_duckdb["outputs"]]
    assert answer["sources"] == on_duckdb["sources"]
    assert (described(tmp_path), delimited(tmp_path, "carriers")) == wanted
    lost, done = lost_and_done(tmp_path)
    assert lost, "no task was running on the worker that was killed"
    assert lost <= done, "what was lost was not run again"
