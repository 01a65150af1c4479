"""Jobs and example packages on a real Spark of three processes: a master and two workers, all from the wheels."""

from __future__ import annotations

import csv
import importlib.util
import json
import os
import shutil
import socket
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow.parquet
import pytest

from penstock.cli.demo_data import prepare_flights
from penstock.engines.spark.java import java_home

ROOT = Path(__file__).parents[2]
HOST = "127.0.0.1"
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


def start(stack: ExitStack, folder: Path, ready: str, kind: str, *options: str) -> subprocess.Popen[str]:
    """Start one of Spark's own processes, with a folder of its own, and return when it has said *ready*; it is ended with the
    stack."""
    folder.mkdir()
    spec = importlib.util.find_spec("pyspark")
    assert spec is not None
    assert spec.submodule_search_locations
    home = Path(spec.submodule_search_locations[0])
    logging = folder / "log4j2.properties"
    logging.write_text(
        "rootLogger.level = info\nrootLogger.appenderRef.out.ref = out\nappender.out.type = Console\n"
        "appender.out.name = out\nappender.out.layout.type = PatternLayout\nappender.out.layout.pattern = %m%n\n"
    )
    environment = {
        **os.environ,
        "JAVA_HOME": java_home({}, folder) or "",
        "SPARK_LOCAL_IP": HOST,
        "SPARK_LOCAL_DIRS": str(folder / "local"),
        "TMPDIR": str(folder),
        "SPARK_DAEMON_JAVA_OPTS": f"-Dlog4j2.configurationFile={logging}",
    }
    process = subprocess.Popen(
        [str(home / "bin" / "spark-class"), f"org.apache.spark.deploy.{kind}", "--host", HOST, *options],
        env=environment, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True,
    )  # fmt: skip

    def end() -> None:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, 9)
        process.wait()
        if process.stdout is not None:
            process.stdout.close()

    stack.callback(end)
    assert process.stdout is not None
    said = []
    for line in process.stdout:
        said.append(line)
        if ready in line:
            return process
    raise AssertionError(f"{kind} ended: {''.join(said[-20:])}")


class Standalone(NamedTuple):
    """A master and its workers, each with the folder where its tasks have theirs."""

    url: str
    workers: list[tuple[subprocess.Popen[str], Path]]


@pytest.fixture(scope="module")
def standalone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Standalone]:
    """A master with two workers of one core each."""
    folder = tmp_path_factory.mktemp("spark")
    port = free_port()
    url = f"spark://{HOST}:{port}"
    with ExitStack() as stack:
        start(
            stack, folder / "master", "Starting Spark master", "master.Master", "--port", str(port), "--webui-port", "0"
        )
        workers = []
        for number in range(2):
            own = folder / f"worker{number}"
            options = ("--cores", "1", "--memory", "1G", "--webui-port", "0", "--work-dir", str(own / "work"), url)
            workers.append((start(stack, own, "Successfully registered with master", "worker.Worker", *options), own))
        yield Standalone(url, workers)


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
        examples(tmp_path, "flights", *large, *on_spark), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
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
