"""An example package on a real Spark of three processes: a master and two workers, all from the wheels."""

from __future__ import annotations

import csv
import importlib.util
import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest

from penstock.cli.demo_data import prepare_flights
from penstock.engines.spark.java import java_home

ROOT = Path(__file__).parents[2]
HOST = "127.0.0.1"


def free_port() -> int:
    with socket.socket() as sock:
        sock.bind((HOST, 0))
        return int(sock.getsockname()[1])


def start(stack: ExitStack, folder: Path, ready: str, kind: str, *options: str) -> subprocess.Popen[str]:
    """Start one of Spark's own processes and return when it has said *ready*; it is ended with the stack."""
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


@pytest.fixture(scope="module")
def master(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a master with two workers of one core each."""
    folder = tmp_path_factory.mktemp("spark")
    port = free_port()
    url = f"spark://{HOST}:{port}"
    with ExitStack() as stack:
        start(stack, folder, "Starting Spark master", "master.Master", "--port", str(port), "--webui-port", "0")
        for number in range(2):
            start(
                stack, folder, "Successfully registered with master", "worker.Worker", "--cores", "1", "--memory", "1G",
                "--webui-port", "0", "--work-dir", str(folder / f"work{number}"), url,
            )  # fmt: skip
        yield url


def test_an_example_runs_on_two_workers(master: str, tmp_path: Path) -> None:
    prepare_flights(tmp_path / "data")
    (tmp_path / "connections.toml").write_text((ROOT / "examples" / "connections.toml").read_text())
    rows = {}
    for engine in (["duckdb"], ["spark", "--master", master]):
        command = [
            sys.executable, "-m", "penstock", "run", str(ROOT / "examples" / "delays.yaml"), "--json",
            "--connections", str(tmp_path / "connections.toml"), "--var", "least=60", "--engine", *engine,
        ]  # fmt: skip
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        answer = json.loads(done.stdout)
        parts = sorted((tmp_path / "data" / "output" / "delays").glob("part-*.csv"))
        rows[engine[0]] = [row for part in parts for row in csv.DictReader(part.read_text().splitlines())]
        assert answer["outputs"][0]["records_count"] == len(rows[engine[0]]) > 0
        assert answer["sources"]["flights"] == 336_776
    assert rows["spark"] == rows["duckdb"]
