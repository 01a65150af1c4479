"""The records of operators are the same on every engine: given ones, read ones, the first of them, in order."""

from __future__ import annotations

import json
import math
import threading
from datetime import UTC, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner

from penstock.cli.app import app
from penstock.engines.duckdb.run import DuckEngine
from penstock.engines.spark.run import SparkEngine
from penstock.engines.spark.session import opened
from penstock.errors import DataError, JobStopped
from penstock.plan import dtypes
from penstock.plan.dtypes import DType, Kind
from penstock.plan.exprs import Call, Expr, FieldRef
from penstock.plan.operators import (
    Aggregate,
    ConnectionRef,
    CrossJoin,
    Direction,
    FileSource,
    JoinField,
    Measure,
    Operator,
    Project,
    Scan,
    ScanField,
    Sort,
    SortKey,
)
from penstock.plan.ports import BoundSource, Context, Engine, FileEntry, Limits, Records
from penstock.plan.schema import Field, Schema
from penstock.plan.values import Instant, Value

EXAMPLES = Path(__file__).parents[3] / "examples"
CONTEXT = Context(datetime(2026, 1, 2, tzinfo=UTC))
VALUES: tuple[Value, ...] = (
    Value(Kind.INT, -7),
    Value(Kind.LONG, 2**63 - 1),
    Value(Kind.FLOAT, 0.10000000149011612),
    Value(Kind.DOUBLE, -0.0),
    Value(Kind.CHARARRAY, "a'b\\c\n${x} 𝒳"),
    Value(Kind.BOOLEAN, False),
    Value(Kind.DATETIME, Instant(1_519_203_540_123, 120)),
    Value(Kind.MAP, {"k": Value(Kind.INT, 1), "n": None}),
    Value(Kind.TUPLE, (Value(Kind.CHARARRAY, "x"), None)),
    Value(Kind.BAG, ((Value(Kind.DOUBLE, 1.5),),)),
    Value(Kind.BYTEARRAY, "raw"),
)


@pytest.fixture(name="engine", params=["duckdb", "spark"])
def fixture_engine(request: pytest.FixtureRequest) -> Engine:
    return DuckEngine() if request.param == "duckdb" else SparkEngine()


@pytest.fixture(name="limits")
def fixture_limits(tmp_path: Path) -> Limits:
    return Limits(256 << 20, 1, tmp_path)


def scan_of(schema: Schema) -> Scan:
    source = FileSource(ConnectionRef("lake"), "x.csv", tuple(ScanField(name) for name in schema.names), delimiter=",")
    return Scan("orders", source, schema)


def sorted_by(scan: Scan, name: str) -> Sort:
    return Sort("sorted", scan, (SortKey(name, Direction.DESC),), scan.schema)


def test_given_records_come_back_as_they_are(engine: Engine, limits: Limits) -> None:
    values = VALUES[:-1]
    scan = scan_of(Schema(tuple(Field(f"f{at}", DType(value.kind)) for at, value in enumerate(values))))
    rows = (values, (None,) * len(values))
    found = engine.rows((scan,), {"orders": Records(rows)}, CONTEXT, limits)[0]
    assert sorted(map(repr, found)) == sorted(map(repr, rows))
    assert math.copysign(1, next(row[3] for row in found if row[3] is not None).data) < 0


def test_no_records(engine: Engine, limits: Limits) -> None:
    scan = scan_of(Schema((Field("n", dtypes.INT),)))
    assert engine.rows((scan,), {"orders": Records(())}, CONTEXT, limits) == ((),)


def test_the_first_ones_in_order_of_several_operators(engine: Engine, limits: Limits) -> None:
    scan = scan_of(Schema((Field("n", dtypes.INT),)))
    rows = tuple((Value(Kind.INT, n),) for n in (3, 1, 4, 1, 5))
    found = engine.rows((sorted_by(scan, "n"), scan), {"orders": Records(rows)}, CONTEXT, limits, 2)
    assert found[0] == ((Value(Kind.INT, 5),), (Value(Kind.INT, 4),))
    assert len(found[1]) == 2


def test_records_of_files(engine: Engine, limits: Limits, tmp_path: Path) -> None:
    files = []
    for number in range(3):
        path = tmp_path / f"{number}.csv"
        path.write_text("".join(f"{number * 10 + n}\n" for n in range(10)))
        files.append(FileEntry(str(path), path.name, path.stat().st_size))
    scan = scan_of(Schema((Field("n", dtypes.INT),)))
    bound = BoundSource(scan.source, tuple(files))
    found = engine.rows((sorted_by(scan, "n"),), {"orders": bound}, CONTEXT, limits)[0]
    assert [row[0].data for row in found if row[0] is not None] == list(range(29, -1, -1))


@pytest.mark.parametrize(
    ("delimiter", "wanted"), [("eof", [b"a\xff\x00\r\n\nb"]), ("new_line", [b"a\xff\x00", b"", b"b"])]
)
def test_bytes_of_raw_files(
    engine: Engine, limits: Limits, tmp_path: Path, delimiter: str, wanted: list[bytes]
) -> None:
    path = tmp_path / "in.bin"
    path.write_bytes(b"a\xff\x00\r\n\nb")
    source = FileSource(
        ConnectionRef("lake"), "in.bin", (ScanField("r"),), record_type="raw", record_delimiter=delimiter
    )
    scan = Scan("orders", source, Schema((Field("r", DType(Kind.BYTEARRAY)),)))
    bound = BoundSource(source, (FileEntry(str(path), path.name, path.stat().st_size),))
    found = engine.rows((scan,), {"orders": bound}, CONTEXT, limits)[0]
    assert sorted(row[0].data for row in found if row[0] is not None) == sorted(wanted)


def test_a_failure_is_one_of_ours(engine: Engine, limits: Limits) -> None:
    scan = scan_of(Schema((Field("s", dtypes.CHARARRAY),)))
    parsed: Expr = Call("ToDate", (FieldRef("s", dtypes.CHARARRAY),), dtypes.DATETIME)
    made = Project("dated", scan, (parsed,), Schema((Field("d", dtypes.DATETIME),)))
    rows = Records(((Value(Kind.CHARARRAY, "no date"),),))
    with pytest.raises(DataError, match="Component 'dated'"):
        engine.rows((made,), {"orders": rows}, CONTEXT, limits)


def test_what_was_stopped_gives_nothing(limits: Limits) -> None:
    engine = SparkEngine()
    engine.interrupt()
    scan = scan_of(Schema((Field("n", dtypes.INT),)))
    with pytest.raises(JobStopped):
        engine.rows((scan,), {"orders": Records(())}, CONTEXT, limits)


def test_what_runs_is_stopped(limits: Limits) -> None:
    """A million million pairs are counted, until somebody has enough of it."""
    engine = SparkEngine()
    schema = Schema((Field("n", dtypes.INT),))
    wide = Schema((Field("n", dtypes.INT), Field("m", dtypes.INT)))
    made: Operator = scan_of(schema)
    for _ in range(2):
        pairs = CrossJoin("pairs", made, made, (JoinField("left", "n"), JoinField("right", "n")), wide)
        made = Project("sums", pairs, (FieldRef("n", dtypes.INT),), schema)
    count = Aggregate("counted", made, (), (Measure("count_all", None),), Schema((Field("c", dtypes.LONG),)))
    rows = Records(tuple((Value(Kind.INT, n),) for n in range(1000)))
    tracker = opened(engine.options).access.session.sparkContext.statusTracker()

    def stop() -> None:
        while not tracker.getActiveJobsIds():
            over.wait(0.05)
        engine.interrupt()

    over = threading.Event()
    stopper = threading.Thread(target=stop, daemon=True)
    stopper.start()
    with pytest.raises(JobStopped):
        engine.rows((count,), {"orders": rows}, CONTEXT, limits)
    over.set()
    stopper.join()


def test_the_cases_of_an_example_pass_on_spark() -> None:
    done = CliRunner().invoke(app, ["test", str(EXAMPLES / "delays.test.yaml"), "--engine", "spark"])
    assert done.exit_code == 0, done.output
    assert done.stdout.endswith("1 passed, 0 failed.\n")


def test_a_preview_on_spark(tmp_path: Path) -> None:
    (tmp_path / "lake").mkdir()
    (tmp_path / "lake" / "n.csv").write_text("1\n2\n3\n")
    (tmp_path / "connections.json").write_text(json.dumps({"lake": {"type": "file", "path": "lake"}}))
    package = tmp_path / "package.yaml"
    package.write_text(
        "penstock: 1\nname: Doubled\ncomponents:\n  - name: numbers\n    type: cloud_storage_source\n"
        "    connection: lake\n    path: n.csv\n    fields: [n: int]\n  - name: twice\n    type: select\n"
        "    input: numbers\n    fields: [m: n * 2]\n"
    )
    command = ["preview", str(package), "twice", "--connections", str(tmp_path / "connections.json"), "--json"]
    answers = [CliRunner().invoke(app, [*command, "--engine", engine]) for engine in ("duckdb", "spark")]
    assert [one.exit_code for one in answers] == [0, 0], answers[1].output
    assert json.loads(answers[0].stdout) == json.loads(answers[1].stdout)


def test_an_explanation_for_spark() -> None:
    done = CliRunner().invoke(app, ["explain", str(EXAMPLES / "delays.yaml"), "--engine", "spark", "--json"])
    assert done.exit_code == 0, done.output
    answer = json.loads(done.stdout)
    assert answer["engine"] == "spark"
    assert "`late` AS (SELECT" in answer["sql"]
