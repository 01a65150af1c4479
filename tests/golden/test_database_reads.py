"""What databases that no test can start are asked when they are read above a watermark, at the boundary of their driver.

Each file of `databases/<system>/reads` holds what is asked for a column of one type: the first time, the next time, and with an
overlap. `make golden` writes the files anew; their diff is reviewed like code.
"""

from __future__ import annotations

import importlib.util
import json
import os
import sys
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import oracledb
import pytest

from penstock.connectors.databases import sources
from penstock.connectors.databases.oracle.source import OracleReader
from penstock.connectors.databases.redshift.source import RedshiftReader
from penstock.connectors.databases.sqlserver.source import SqlServerReader
from penstock.domain.watermark import Order, Watermark
from penstock.errors import PermanentError
from penstock.lang import compile_package
from penstock.plan.operators import Scan, iter_operators
from penstock.plan.ports import BoundSource, Landing
from penstock.plan.systems import DatabaseSource

HERE = Path(__file__).parent / "databases"
REWRITE = os.environ.get("GOLDEN") == "write"


def _driver() -> ModuleType:
    spec = importlib.util.spec_from_file_location(
        "penstock_fakes_driver_reads", HERE.parents[1] / "fakes" / "driver.py"
    )
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


driver = _driver()
Case = tuple[Any, Order, Any, str, float]
"""The driver's word for a type, its order, the highest value as the driver gives it, as it is kept, and an overlap."""
AT, FINE, EVEN = "2024-02-29 23:59:59.123456", "2024-02-29 23:59:59.123456700", "2024-02-29 23:59:59.000000000"
NUMBER, PRECISE = oracledb.DB_TYPE_NUMBER, Decimal("99999999999999999999.0000000001")
ORACLE: dict[str, Case] = {
    "number": ((NUMBER, 38, 10), Order.NUMBER, PRECISE, str(PRECISE), 0.5),
    "number_without_a_scale": ((NUMBER, 0, -127), Order.NUMBER, Decimal("1E+3"), "1000", 1),
    "number_of_whole_ones": ((NUMBER, 19, 0), Order.WHOLE, Decimal(2**63 - 1), str(2**63 - 1), 2.5),
    "binary_double": ((oracledb.DB_TYPE_BINARY_DOUBLE, 0, 0), Order.NUMBER, 1e300, "1e+300", 0.25),
    "date": ((oracledb.DB_TYPE_DATE, 0, 0), Order.TIMESTAMP, EVEN, EVEN, 0.5),
    "timestamp": ((oracledb.DB_TYPE_TIMESTAMP, 0, 9), Order.TIMESTAMP, FINE, FINE, 60),
    "timestamp_tz": ((oracledb.DB_TYPE_TIMESTAMP_TZ, 0, 9), Order.INSTANT, f"{FINE}+00:00", f"{FINE}+00:00", 60),
    "varchar": ((oracledb.DB_TYPE_VARCHAR, 0, 0), Order.TEXT, "2024-03-01T00:00:00Z", "2024-03-01T00:00:00Z", 1),
    "nvarchar": ((oracledb.DB_TYPE_NVARCHAR, 0, 0), Order.TEXT, "it's 😀\\", "it's 😀\\", 0),
}  # fmt: skip
SQLSERVER: dict[str, Case] = {
    "bigint": ("bigint", Order.WHOLE, 2**63 - 1, str(2**63 - 1), 2.5),
    "decimal": ("decimal(38,10)", Order.NUMBER, str(PRECISE), str(PRECISE), 0.5),
    "money": ("money", Order.NUMBER, "1.0001", "1.0001", 0.25),
    "float": ("float", Order.NUMBER, 0.1, "0.1", 0.25),
    "date": ("date", Order.DATE, "2024-02-29", "2024-02-29", 86400),
    "datetime": ("datetime", Order.TIMESTAMP, "2024-02-29 23:59:59.997", "2024-02-29 23:59:59.997", 0.001),
    "smalldatetime": ("smalldatetime", Order.TIMESTAMP, "2024-02-29 23:59:00", "2024-02-29 23:59:00", 30),
    "datetime2": ("datetime2(7)", Order.TIMESTAMP, f"{AT}7", f"{AT}7", 60),
    "datetimeoffset": ("datetimeoffset(7)", Order.INSTANT, f"{AT}7+00:00", f"{AT}7+00:00", 60),
    "varchar": ("varchar(20)", Order.TEXT, "2024-03-01T00:00:00Z", "2024-03-01T00:00:00Z", 1),
    "nvarchar": ("nvarchar(max)", Order.TEXT, "it's 😀", "it's 😀", 0),
}
REDSHIFT: dict[str, Case] = {
    "bigint": (20, Order.WHOLE, 2**63 - 1, str(2**63 - 1), 2.5),
    "numeric": (1700, Order.NUMBER, str(PRECISE), str(PRECISE), 0.5),
    "double": (701, Order.NUMBER, 1e300, "1e+300", 0.25),
    "date": (1082, Order.DATE, "2024-02-29", "2024-02-29", 86400),
    "timestamp": (1114, Order.TIMESTAMP, AT, AT, 60),
    "timestamptz": (1184, Order.INSTANT, f"{AT}+00", f"{AT}+00", 60),
    "varchar": (1043, Order.TEXT, "it's \\ 😀", "it's \\ 😀", 0),
}


def oracle(kind: Any, top: Any, count: int) -> tuple[Any, Any]:
    """An Oracle whose table has a number and a column of a type."""
    word, precision, scale = kind
    number = ("id", NUMBER, None, None, 10, 0, True)
    seen = ("seen", word, None, None, precision, scale, True)
    raw = driver.Driver(
        [
            (r"(?s)1 = 0", [([number], [], 0), ([seen], [], 0)]),
            (r"count\(\*\)", ([number], [(Decimal(count),)], 1)),
            (r"(?i)max\(", ([seen], [(top,)], 1)),
            (r"SELECT TRUNC", ([number], [("7",)], 1)),
        ]
    )
    return raw, OracleReader(raw)


def sqlserver(kind: Any, top: Any, count: int) -> tuple[Any, Any]:
    """A SQL Server with such a table."""
    described = [("c", 0)]
    raw = driver.Driver(
        [
            (r"dm_exec_describe", [(described, [("id", "int", None)], 1), (described, [("seen", kind, None)], 1)]),
            (r"snapshot_isolation_state", (described, [(1,)], 1)),
            (r"count\(\*\)", (described, [(count,)], 1)),
            (r"max\(", (described, [(top,)], 1)),
            (r"SELECT \[id\]", (described, [(7,)], 1)),
        ]
    )
    return raw, SqlServerReader(raw)


def redshift(kind: Any, top: Any, count: int) -> tuple[Any, Any]:
    """A Redshift with such a table."""
    number, seen = (
        SimpleNamespace(name=one[0], type_code=one[1], type_display="x") for one in (("id", 23), ("seen", kind))
    )
    raw = driver.Driver(
        [
            (r'SELECT "id" FROM', ([number], [], 0)),
            (r'SELECT "seen" FROM', ([seen], [], 0)),
            (r"count\(\*\)", ([number], [(count,)], 1)),
            (r"max\(", ([seen], [(top,)], 1)),
            (r'SELECT "id" AS', ([number], [(7,)], 1)),
        ]
    )
    return raw, RedshiftReader(raw)


Made = Callable[[Any, Any, int], tuple[Any, Any]]
SYSTEMS: dict[str, tuple[Made, dict[str, Case]]] = {
    "oracle": (oracle, ORACLE), "sqlserver": (sqlserver, SQLSERVER), "redshift": (redshift, REDSHIFT),
}  # fmt: skip
READS = [(system, name) for system, (_, cases) in SYSTEMS.items() for name in cases]


def scan_of(system: str, overlap: float) -> Scan:
    """Return an incremental source."""
    watermark = {"column": "seen", **({"overlap": overlap} if overlap else {})}
    flow = {
        "components": [
            {"id": "s", "name": "rows", "type": "database_source_component", "connection": {"name": "db"},
             "properties": {"schema_name": "shop", "table": "orders", "where_clause": "id > 1", "source_action": "incremental",
                            "watermark": watermark}, "fields": [{"name": "id", "type": "int"}]},
            {"id": "o", "name": "out", "type": "cloud_storage_destination_component", "connection": {"name": "lake"},
             "properties": {"path": "out"}},
        ],
        "edges": [{"from": "s", "to": "o"}],
    }  # fmt: skip
    compiled = compile_package(json.dumps(flow), {})
    assert compiled.plan is not None, (system, compiled.diagnostics)
    (scan,) = (one for one in iter_operators(compiled.plan) if isinstance(one, Scan))
    return scan


def read(system: str, name: str, folder: Path, *, since: Watermark | None = None, overlap: float = 0.0, rows: int = 1,
         top: Any = ...) -> tuple[BoundSource, str]:  # fmt: skip
    """Read the source once; returns what landed, and what the database was asked."""
    made, cases = SYSTEMS[system]
    kind, _, highest, _, _ = cases[name]
    raw, reader = made(kind, highest if top is ... else top, rows)
    scan = scan_of(system, overlap)
    assert isinstance(scan.origin, DatabaseSource)
    return sources.land(reader, scan, scan.origin, Landing(folder, since=since)), raw.script


@pytest.mark.parametrize(("system", "name"), READS)
def test_what_a_read_asks(system: str, name: str, tmp_path: Path) -> None:
    _, order, _, value, overlap = SYSTEMS[system][1][name]
    first, asked = read(system, name, tmp_path / "first")
    mark = first.watermark
    assert mark is not None
    assert (mark.order, mark.value, len(mark.ties)) == (order, value, 1)
    script = f"-- the first time\n{asked}"
    again, asked = read(system, name, tmp_path / "next", since=mark)
    assert again.watermark == mark
    script += f"\n-- the next time\n{asked}"
    if overlap:
        _, asked = read(system, name, tmp_path / "overlap", since=mark, overlap=overlap)
        script += f"\n-- with an overlap of {overlap:g}\n{asked}"
    file = HERE / system / "reads" / f"{name}.sql"
    if REWRITE:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(script, "utf-8")
    assert script == file.read_text("utf-8")


@pytest.mark.parametrize(("system", "name"), [(system, next(iter(cases))) for system, (_, cases) in SYSTEMS.items()])
def test_without_a_value_the_watermark_stays(system: str, name: str, tmp_path: Path) -> None:
    first, _ = read(system, name, tmp_path / "first", top=None)
    assert first.watermark is None
    _, order, _, value, _ = SYSTEMS[system][1][name]
    mark = Watermark("seen", order, value)
    again, asked = read(system, name, tmp_path / "next", since=mark, top=None)
    assert again.watermark is not None
    assert again.watermark.value == value
    assert len(again.files) == 1, "only rows of the old value can be new"
    assert asked.count("AS") >= 1


UNORDERED = [
    ("oracle", (oracledb.DB_TYPE_CLOB, 0, 0)), ("oracle", (oracledb.DB_TYPE_BINARY_FLOAT, 0, 0)),
    ("oracle", (oracledb.DB_TYPE_RAW, 0, 0)), ("sqlserver", "real"), ("sqlserver", "uniqueidentifier"),
    ("sqlserver", "timestamp"), ("sqlserver", "bit"), ("redshift", 700), ("redshift", 16), ("redshift", 4000),
]  # fmt: skip


@pytest.mark.parametrize(("system", "kind"), UNORDERED)
def test_what_has_no_order_is_refused(system: str, kind: Any, tmp_path: Path) -> None:
    raw, reader = SYSTEMS[system][0](kind, None, 0)
    scan = scan_of(system, 0)
    assert isinstance(scan.origin, DatabaseSource)
    with pytest.raises(PermanentError, match="gives rows no order here"):
        sources.land(reader, scan, scan.origin, Landing(tmp_path / "landed"))
    assert not any("max(" in one for one in raw.told)


def test_a_sql_server_without_snapshots_is_refused(tmp_path: Path) -> None:
    raw, reader = sqlserver("bigint", 1, 0)
    raw.answers[1] = (raw.answers[1][0], ([("c", 0)], [(0,)], 1))
    scan = scan_of("sqlserver", 0)
    assert isinstance(scan.origin, DatabaseSource)
    with pytest.raises(PermanentError, match="SET ALLOW_SNAPSHOT_ISOLATION ON"):
        sources.land(reader, scan, scan.origin, Landing(tmp_path / "landed"))
    assert not any("max(" in one for one in raw.told)


def test_a_text_that_a_narrow_column_might_lose_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PermanentError, match="letters beyond ASCII, which varchar"):
        read("sqlserver", "varchar", tmp_path / "landed", top="ü")


def test_every_file_is_of_a_read() -> None:
    assert {(one.parents[1].name, one.stem) for one in HERE.glob("*/reads/*.sql")} == set(READS)
