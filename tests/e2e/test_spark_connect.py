"""Packages, expressions and jobs on a real server of Spark Connect, from the wheel: what is the same as everywhere, and what
is particular to a driver that is elsewhere."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import sysconfig
import venv
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow.parquet
import pytest
from typer.testing import CliRunner

from penstock.cli.app import app
from penstock.cli.demo_data import prepare_flights
from penstock.engines.duckdb.run import DuckEngine
from penstock.engines.spark.options import SparkOptions
from penstock.engines.spark.run import SparkEngine
from penstock.engines.spark.session import opened
from penstock.errors import JobStopped, PenstockError
from penstock.lang.check.expressions import check_expression
from penstock.lang.functions.table import FUNCTIONS
from penstock.plan import dtypes
from penstock.plan.operators import ConnectionRef, FileSource, Scan, ScanField
from penstock.plan.ports import Context, Engine, Limits, Records
from penstock.plan.schema import Field, Schema
from penstock.plan.values import Kind, Value

ROOT = Path(__file__).parents[2]
CASES = ROOT / "tests" / "golden" / "cases"
HOST = "127.0.0.1"
SERVER = "org.apache.spark.sql.connect.service.SparkConnectServer"
FLIGHTS = 2_000
LONG_S = 400.0
"""How long the slowest step may take on a busy machine."""
CONTEXT = Context(datetime(2026, 1, 2, 3, 4, 5, 678_000, tzinfo=UTC), zone_minutes=90)
ASSERTED = """penstock: 1
name: Asserted
components:
  - name: numbers
    type: cloud_storage_source
    connection: lake
    path: n.csv
    fields: [n: int]
  - name: small
    type: assert
    input: numbers
    where: [n < 3]
    message: too many
  - name: out
    type: cloud_storage_destination
    input: small
    connection: lake
    path: out
"""
NewSpark = Callable[..., tuple[subprocess.Popen[bytes], Path]]


class Remote(NamedTuple):
    """A server of Spark Connect: its address, its process, and the folder where its tasks have theirs."""

    url: str
    process: subprocess.Popen[bytes]
    folder: Path

    @property
    def options(self) -> list[str]:
        return ["--engine", "spark", "--master", self.url]


def remote(new_spark: NewSpark, *options: str, python: Path | None = None) -> Remote:
    with socket.socket() as free:
        free.bind((HOST, 0))
        port = free.getsockname()[1]
    settings = {
        "spark.connect.grpc.binding.address": HOST,
        "spark.connect.grpc.binding.port": port,
        "spark.driver.host": HOST,
        "spark.driver.bindAddress": HOST,
        "spark.ui.enabled": "false",
        "spark.sql.shuffle.partitions": 4,
    }
    words = [word for key, value in settings.items() for word in ("--conf", f"{key}={value}")]
    process, folder = new_spark(
        "Spark Connect server started", "org.apache.spark.deploy.SparkSubmit", "--master", "local[2]", "--class", SERVER,
        *words, *options, "spark-internal", PYSPARK_PYTHON=str(python or sys.executable),
    )  # fmt: skip
    return Remote(f"sc://{HOST}:{port}", process, folder)


@pytest.fixture(scope="module")
def server(new_spark: NewSpark) -> Iterator[Remote]:
    """A server as the guide recommends it."""
    daemon = "spark.python.daemon.module=penstock.engines.spark.daemon"
    made = remote(new_spark, "--driver-java-options", "-Xss16m", "--conf", daemon)
    yield made
    here = opened(SparkOptions(made.url))
    for desk in (here.main, here.console):
        desk.session.stop()


@pytest.fixture(name="engine")
def fixture_engine(server: Remote) -> Engine:
    return SparkEngine(SparkOptions(server.url))


@pytest.fixture
def limits(tmp_path: Path) -> Limits:
    return Limits(256 << 20, 1, tmp_path)


def outcome(engine: Engine, text: str) -> str:
    expr = check_expression(text, Schema()).expr
    assert expr is not None, text
    try:
        return repr(engine.evaluate((expr,), Schema(), {}, CONTEXT))
    except PenstockError as error:
        return f"{type(error).__name__}: {error.message}"


def test_examples_of_functions_give_the_same(engine: Engine) -> None:
    """Those of every third function; all are compared on a driver of our own, which renders and computes as a server does."""
    examples = [row.example for row in FUNCTIONS.values()][::3]
    exprs = [expr for text in examples if (expr := check_expression(text, Schema()).expr) is not None]
    assert len(exprs) > len(examples) // 2
    wanted, found = ([*map(repr, one.evaluate(exprs, Schema(), {}, CONTEXT))] for one in (DuckEngine(), engine))
    assert found == wanted


@pytest.mark.parametrize(
    "text",
    [
        "ToDate('no date')",
        f"ToDate('{'no date ' * 400}')",
        "'a' == 'b' ? ToDate('no date') : CurrentTime()",
        "1 / 0",
        "-0.0",
    ],
)
def test_a_value_or_an_error_is_the_same(text: str, engine: Engine) -> None:
    assert outcome(engine, text) == outcome(DuckEngine(), text)


def test_the_console_of_a_server(server: Remote) -> None:
    lines = [
        {"id": "a", "expression": "UPPER(s)", "input": {"s": "straße"}},
        {"id": "b", "expression": "UCFIRST(s)", "input": {"s": "duck"}},
        {"id": "c", "expression": "ToDate(s)", "input": {"s": "no date"}},
        {"id": "d", "expression": "n * 2147483647", "input": {"n": {"$int": 3}}},
        {"id": "e", "expression": "TOBAG(n, s)", "input": {"n": 1, "s": None}},
    ]
    given = "".join(f"{json.dumps(line)}\n" for line in lines)
    command = [sys.executable, "-m", "penstock", "eval", "--batch"]
    done = [
        subprocess.run([*command, *options], input=given, capture_output=True, text=True, check=False)
        for options in ([], server.options)
    ]
    assert [one.stderr for one in done] == ["", ""]
    assert done[0].stdout == done[1].stdout
    assert done[0].stdout.count("\n") == len(lines)


def run(folder: Path, package: str, *options: str) -> dict[str, Any]:
    """Return the answer of a run over the connections in a folder."""
    command = ["run", package, "--connections", str(folder / "connections.json"), "--json", *options]
    done = CliRunner().invoke(app, command)
    assert done.exit_code in (0, 1), done.output
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def lake(folder: Path) -> Path:
    """Make a folder with the connection `lake` and return that of its files."""
    (folder / "lake").mkdir(parents=True)
    (folder / "connections.json").write_text(json.dumps({"lake": {"type": "file", "path": "lake"}}))
    return folder / "lake"


def lines_of(folder: Path, answer: Mapping[str, Any]) -> list[Counter[str]]:
    """Return the lines of each output, in any order."""
    files = [[folder / "lake" / name for name in one["files"]] for one in answer["outputs"]]
    return [Counter(line for file in some for line in file.read_text().splitlines()) for some in files]


@pytest.mark.parametrize(
    "case",
    [
        "window_behind_a_join", "join_full", "diamond_into_a_union", "cube_and_rollup", "flatten_two_bags", "limit_after_sort",
        "values_that_do_not_fit", "assert_with_every_kind_of_condition",
    ],
)  # fmt: skip
def test_cases_of_the_corpus(case: str, server: Remote, tmp_path: Path) -> None:
    found = []
    for name, options in (("duckdb", []), ("spark", server.options)):
        lake(tmp_path / name)
        shutil.copytree(CASES / case / "in", tmp_path / name / "lake", dirs_exist_ok=True)
        given = CASES / case / "run.json"
        variables = json.loads(given.read_text()).get("variables", {}) if given.exists() else {}
        more = [f"--var={key}={value}" for key, value in variables.items()]
        answer = run(tmp_path / name, str(CASES / case / "package.json"), *more, *options)
        assert answer["status"] == "completed", answer
        counts = [one["records_count"] for one in answer["outputs"]]
        found.append((counts, answer["sources"], lines_of(tmp_path / name, answer)))
    assert found[0] == found[1]


def test_an_assertion_that_fails_names_its_component(server: Remote, tmp_path: Path) -> None:
    (lake(tmp_path) / "n.csv").write_text("1\n2\n3\n")
    package = tmp_path / "package.yaml"
    package.write_text(ASSERTED)
    answers = [run(tmp_path, str(package), *options) for options in ([], server.options)]
    assert answers[0]["errors"] == answers[1]["errors"]
    assert "'small'" in str(answers[1]["errors"])
    assert sorted(one.name for one in (tmp_path / "lake").iterdir()) == ["n.csv"]


def test_a_sample_that_two_read_is_drawn_once(server: Remote, tmp_path: Path, flows: Any) -> None:
    flows.write_numbers(lake(tmp_path), 2_000)
    package = tmp_path / "package.json"
    package.write_text(json.dumps(flows.sampled("lake")))
    answer = run(tmp_path, str(package), *server.options)
    assert answer["sources"] == {"numbers": 2_000}
    left, right = lines_of(tmp_path, answer)
    assert left == right
    assert 0 < answer["outputs"][0]["records_count"] < 2_000
    assert sorted(one.name for one in (tmp_path / "lake").iterdir()) == ["left", "numbers.csv", "right"]
    assert sorted(one.name for one in (tmp_path / "lake" / "left").iterdir()) == ["part-00000.csv"]


def test_given_records_and_a_stop(engine: Engine, limits: Limits) -> None:
    source = FileSource(ConnectionRef("lake"), "x.csv", (ScanField("n"), ScanField("s")), delimiter=",")
    scan = Scan("orders", source, Schema((Field("n", dtypes.INT), Field("s", dtypes.CHARARRAY))))
    rows = tuple((Value(Kind.INT, n), None if n else Value(Kind.CHARARRAY, "𝒳\n'")) for n in range(3))
    assert sorted(engine.rows((scan,), {"orders": Records(rows)}, CONTEXT, limits)[0], key=repr) == sorted(
        rows, key=repr
    )
    engine.interrupt()
    with pytest.raises(JobStopped):
        engine.rows((scan,), {"orders": Records(())}, CONTEXT, limits)


def test_a_failure_names_its_component(server: Remote, tmp_path: Path, flows: Any) -> None:
    (lake(tmp_path) / "numbers.csv").write_text("n\n1\n")
    package = tmp_path / "package.json"
    package.write_text(json.dumps(flows.failing("lake")))
    answers = [run(tmp_path, str(package), *options)["errors"] for options in ([], server.options)]
    assert answers[0] == answers[1]
    assert "Component 'dated'" in str(answers[1])


def test_an_example_gives_the_same_records(server: Remote, tmp_path: Path) -> None:
    prepare_flights(tmp_path / "data")
    flights = tmp_path / "data" / "flights.csv"
    flights.write_text("".join(flights.read_text().splitlines(keepends=True)[: FLIGHTS + 1]))
    (tmp_path / "connections.toml").write_text((ROOT / "examples" / "connections.toml").read_text())
    found = []
    for options in ([], server.options):
        command = [
            "run", str(ROOT / "examples" / "flights.yaml"), "--json", "--connections", str(tmp_path / "connections.toml"),
            "--dynamic-var", "run_at=ToDate('2014-01-02T03:04:05.678Z')", *options,
        ]  # fmt: skip
        done = CliRunner().invoke(app, command)
        assert done.exit_code == 0, done.output
        answer = json.loads(done.stdout)
        table = pyarrow.parquet.read_table(tmp_path / "data" / "output" / "flights")
        described = Counter(zip(*(column.to_pylist() for column in table.itercolumns()), strict=True))
        carriers = (tmp_path / "data" / "output" / "carriers" / "part-00000.csv").read_text()
        found.append((answer["sources"], [one["records_count"] for one in answer["outputs"]], described, carriers))
    assert found[0] == found[1]


def test_a_cluster_runs_its_jobs_on_a_server(
    server: Remote, serve: Callable[..., Any], flows: Any, tmp_path: Path, wait_until: Callable[..., Any]
) -> None:
    own = serve(f"sqlite:///{tmp_path}/store.db", PENSTOCK_SPARK_MASTERS=f"far={server.url}", PENSTOCK_SLOTS="1")
    assert "spark::far" in {one["id"] for one in own.call("GET", "regions")}
    data = own.files / "lake"
    key = own.connect(data)
    flows.write_numbers(data, 30_000)
    cluster = own.cluster(region="spark::far")

    job = own.wait(own.submit(cluster, own.package(flows.doubled(key))), limit_s=LONG_S)
    assert (job["status"], job["errors"]) == ("completed", "")
    assert job["sources"] == [{"component": "numbers", "records_count": 30_000}]
    assert (data / "out" / "part-00000.csv").read_text().split() == ["n", *(str(2 * n) for n in range(30_000))]
    assert f"Spark Connect {server.url}" in own.log(job["id"])

    # 900 million pairs, so that there is something to stop; both sides have been read by then.
    long = own.submit(cluster, own.package(flows.pairs(key)))
    wait_until(lambda: [one["records_count"] for one in own.job(long)["sources"]] == [30_000] * 2, LONG_S)
    own.call("DELETE", f"jobs/{long}")
    assert own.wait(long, limit_s=LONG_S)["status"] == "stopped"
    assert "Killing all running tasks" in (server.folder / "said").read_text(errors="replace")
    assert [one for one in data.rglob("*") if ".staging-" in one.name] == []


@pytest.fixture(scope="module")
def bare_python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Python that has what this package needs, and not the package."""
    folder = tmp_path_factory.mktemp("python")
    venv.create(folder, symlinks=True)
    packages = Path(sysconfig.get_path("purelib", vars={"base": str(folder), "platbase": str(folder)}))
    # Of a folder that is named in such a file, such files are not read: this package's own way onto the path is one.
    (packages / "all.pth").write_text(f"{sysconfig.get_path('purelib')}\n")
    return folder / "bin" / "python"


def test_a_server_is_sent_what_it_lacks_and_its_death_is_told(
    new_spark: NewSpark, bare_python: Path, flows: Any, tmp_path: Path, wait_until: Callable[..., Any]
) -> None:
    lacks = subprocess.run([bare_python, "-c", "import duckdb, penstock"], capture_output=True, text=True, check=False)
    assert "No module named 'penstock'" in lacks.stderr
    server = remote(new_spark, python=bare_python)
    files = lake(tmp_path)
    flows.write_numbers(files, 30_000)
    package = tmp_path / "package.json"
    package.write_text(json.dumps(flows.pairs("lake")))
    command = [
        sys.executable,
        "-m",
        "penstock",
        "run",
        str(package),
        "--connections",
        str(tmp_path / "connections.json"),
    ]
    running = subprocess.Popen(
        [*command, *server.options], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        env={**os.environ, "COLUMNS": "200"},
    )  # fmt: skip
    with running:
        try:
            # Its tasks have counted: they had the package.
            wait_until(lambda: any(one.stat().st_size for one in files.glob(".pairs.staging-*/.counts/*")), LONG_S)
            os.kill(server.process.pid, signal.SIGKILL)
            said, complained = running.communicate(timeout=LONG_S)
        finally:
            running.kill()
    assert running.returncode == 1
    wanted = f"The Spark server {server.url} does not answer any more. Run the job again once it is up."
    assert (said + complained).splitlines()[-1] == wanted
    assert [one.name for one in files.iterdir()] == ["numbers.csv"]
