"""Oracle at the boundary of its driver: errors, values, statements. No server was asked; the driver is the real one."""

from __future__ import annotations

import re
import sys
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import oracledb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from penstock.connectors.databases import drivers, importing
from penstock.connectors.databases.dbapi import DbSession
from penstock.connectors.databases.lines import StagedFiles
from penstock.connectors.databases.oracle import session as oracle
from penstock.connectors.databases.oracle.source import OracleReader
from penstock.connectors.databases.oracle.target import OracleTarget
from penstock.connectors.databases.session import Gone
from penstock.connectors.databases.sources import Into
from penstock.connectors.databases.targets import Column, Doubled, Family, Item, Loaded, Table
from penstock.connectors.places import Place, TlsRefused
from penstock.errors import PermanentError, TransientError
from penstock.kit.secret import hidden
from penstock.plan.dtypes import Kind
from penstock.plan.ports import CellKind, Connection
from penstock.plan.systems import DatabaseSource

PLACE = Place("db.example.com", 1521, ("127.0.0.1",))


def raised(code: str, text: str) -> oracledb.DatabaseError:
    """An error as the driver raises it."""
    return oracledb.DatabaseError(
        SimpleNamespace(full_code=code, message=f"{code}: {text}\nHelp: https://example.com/")
    )


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("ORA-00942", PermanentError), ("ORA-00001", Doubled), ("ORA-00060", TransientError), ("ORA-00054", TransientError),
        ("ORA-03113", Gone), ("ORA-12541", Gone), ("DPY-4011", Gone), ("DPY-6005", Gone), ("ORA-01017", PermanentError),
        ("ORA-28000", PermanentError), ("DPY-6001", PermanentError),
    ],
)  # fmt: skip
def test_errors_are_classed_by_their_code(code: str, kind: type[Exception]) -> None:
    fault = oracle.fault_of(raised(code, "it is so"))
    assert type(fault) is kind
    assert f"{code}: it is so." in fault.message
    assert "Help" not in fault.message


def test_a_server_that_is_not_there_may_be_there_later() -> None:
    connection = Connection(
        "db", "oracle", {"username": "me", "database": "shop", "ssl": False}, hidden({"password": "secret-pw"})
    )
    with pytest.raises(TransientError) as found:
        oracle.connected(connection, Place("localhost", 1, ("127.0.0.1",)))
    assert "cannot connect" in found.value.message
    assert "secret-pw" not in found.value.message


def test_what_a_session_is_told_as_it_begins(driver: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    told: dict[str, Any] = {}
    raw = driver.Driver()

    def connect(**given: Any) -> Any:
        told.update(given)
        return raw

    monkeypatch.setattr(oracledb, "connect", connect)
    given = {"username": "me", "database": "shop", "ssl": True}
    session = oracle.open_session(Connection("db", "oracle", given, hidden({"password": "pw"})), PLACE)
    assert (told["host"], told["port"], told["service_name"], told["protocol"]) == ("127.0.0.1", 1521, "shop", "tcps")
    assert raw.told == [oracle.SETTINGS]
    assert raw.call_timeout == 600_000
    cursor = raw.cursor()
    assert raw.outputtypehandler(cursor, SimpleNamespace(type_code=oracledb.DB_TYPE_NUMBER)) == (Decimal, 100)
    assert raw.outputtypehandler(cursor, SimpleNamespace(type_code=oracledb.DB_TYPE_CLOB)) == (
        oracledb.DB_TYPE_LONG,
        100,
    )
    assert raw.outputtypehandler(cursor, SimpleNamespace(type_code=oracledb.DB_TYPE_VARCHAR)) is None
    session.close()
    assert raw.is_closed


def test_a_certificate_is_not_compared_with_an_address() -> None:
    with pytest.raises(TlsRefused, match="Set 'ssl_verify' to ca"):
        oracle.connected(Connection("db", "oracle", {"ssl": True, "ssl_verify": "full"}), PLACE)


def test_names_that_oracle_cannot_have_are_refused() -> None:
    assert oracle.quoted("a b") == '"a b"'
    with pytest.raises(PermanentError, match="no name of Oracle"):
        oracle.quoted('a"b')


TIME = "SYYYY-MM-DD HH24:MI:SS.FF6"
COLUMNS: list[tuple[Any, Kind, str, Any, Any]] = [
    (oracledb.DB_TYPE_NUMBER, Kind.CHARARRAY, "c", Decimal("1E+3"), "1000"),
    (oracledb.DB_TYPE_NUMBER, Kind.LONG, "TRUNC(c)", Decimal("-1"), "-1"),
    (oracledb.DB_TYPE_NUMBER, Kind.BOOLEAN, "CASE WHEN c = 0 THEN 'false' WHEN c IS NOT NULL THEN 'true' END", "true", "true"),
    (oracledb.DB_TYPE_BINARY_DOUBLE, Kind.DOUBLE, "c", 0.1, 0.1),
    (oracledb.DB_TYPE_BINARY_FLOAT, Kind.FLOAT, "c", 0.5, 0.5),
    (oracledb.DB_TYPE_VARCHAR, Kind.CHARARRAY, "c", "😀", "😀"),
    (oracledb.DB_TYPE_CLOB, Kind.CHARARRAY, "c", "long", "long"),
    (oracledb.DB_TYPE_RAW, Kind.CHARARRAY, "c", b"\x00\xff", b"\x00\xff"),
    (oracledb.DB_TYPE_DATE, Kind.DATETIME, "LTRIM(TO_CHAR(c, 'SYYYY-MM-DD HH24:MI:SS'))", "2024-05-06 07:08:09",
     datetime(2024, 5, 6, 7, 8, 9)),
    (oracledb.DB_TYPE_TIMESTAMP, Kind.DATETIME, f"LTRIM(TO_CHAR(c, '{TIME}'))", "0001-01-01 00:00:00.000005",
     datetime(1, 1, 1, 0, 0, 0, 5)),
    (oracledb.DB_TYPE_TIMESTAMP, Kind.CHARARRAY, f"LTRIM(TO_CHAR(c, '{TIME}'))", "0001-01-01 00:00:00.000005",
     "0001-01-01 00:00:00.000005"),
    (oracledb.DB_TYPE_TIMESTAMP_TZ, Kind.DATETIME, f"LTRIM(TO_CHAR(SYS_EXTRACT_UTC(c), '{TIME}\"+00:00\"'))",
     "2024-05-06 05:08:09.000000+00:00", datetime(2024, 5, 6, 5, 8, 9, tzinfo=UTC)),
    (oracledb.DB_TYPE_INTERVAL_DS, Kind.CHARARRAY, "TO_CHAR(c)", "+01 00:00:00", "+01 00:00:00"),
    (oracledb.DB_TYPE_JSON, Kind.MAP, "JSON_SERIALIZE(c RETURNING CLOB)", '{"a":1}', '{"a":1}'),
]  # fmt: skip


def described(kind: Any, name: str = "C") -> tuple[Any, ...]:
    """What the driver says of a column."""
    return (name, kind, None, None, None, None, True)


def test_values_as_they_arrive(driver: ModuleType, tmp_path: Path) -> None:
    kinds = [described(one[0]) for one in COLUMNS]
    values = [tuple(one[3] for one in COLUMNS), (None,) * len(COLUMNS)]
    raw = driver.Driver([("1 = 0", (kinds, [], 0)), ("SELECT", (kinds, values, 2))])
    reader = OracleReader(raw)
    natives = reader.describe('SELECT "C" FROM "t"')
    assert [reader.expression("c", one, column[1]) for one, column in zip(natives, COLUMNS, strict=True)] == [
        one[2] for one in COLUMNS
    ]
    (file,) = reader.land(["SELECT ..."], natives, Into(tmp_path, 1, lambda amount, what: None))
    found = pq.read_table(file)
    assert [column[0].as_py() for column in found.columns] == [one[4] for one in COLUMNS]
    assert [column[1].as_py() for column in found.columns] == [None] * len(COLUMNS)
    assert raw.told == [
        'SELECT * FROM (\nSELECT "C" FROM "t"\n) WHERE 1 = 0',
        oracle.READ_ONLY,
        "SELECT ...",
        "-- rollback",
    ]


def test_a_date_before_christ_is_no_date_time(driver: ModuleType, tmp_path: Path) -> None:
    raw = driver.Driver([("", ([described(oracledb.DB_TYPE_DATE)], [("-0044-03-15 00:00:00",)], 1))])
    reader = OracleReader(raw)
    natives = reader.describe("SELECT ...")
    reader.expression("c", natives[0], Kind.DATETIME)
    (file,) = reader.land(["SELECT ..."], natives, Into(tmp_path, 1, lambda amount, what: None))
    assert pq.read_table(file).column(0).cast(pa.int64()).to_pylist() == [2**63 - 1]


def test_a_type_that_is_not_read_is_named(driver: ModuleType) -> None:
    reader = OracleReader(driver.Driver([("", ([described(oracledb.DB_TYPE_OBJECT)], [], 0))]))
    with pytest.raises(PermanentError, match="type \\(object\\) that is not read"):
        reader.expression('"c"', reader.describe("SELECT ...")[0], Kind.CHARARRAY)


@pytest.mark.parametrize(
    "sql", ["CREATE TABLE t (id int)", "BEGIN NULL; END;", " DROP TABLE t", "-- SELECT\nDELETE FROM t", ""]
)
def test_what_is_no_query_is_not_sent(driver: ModuleType, sql: str) -> None:
    """A definition would be made at once, though the transaction only reads."""
    raw = driver.Driver()
    with pytest.raises(PermanentError, match="gives no rows"):
        DbSession(raw, oracle.SPEECH).first(sql)
    assert raw.told == []


@pytest.mark.parametrize(
    "sql", ["SELECT 1 FROM dual;", "/* all */ (select 1 from dual)", "-- one\nWITH q AS (SELECT 1) SELECT 1"]
)
def test_what_is_asked_only_reads(driver: ModuleType, sql: str) -> None:
    raw = driver.Driver([("dual|WITH", ([("N", oracledb.DB_TYPE_NUMBER, None, None, 5, 0, True)], [(Decimal(5),)], 1))])
    cell = DbSession(raw, oracle.SPEECH).first(sql)
    assert cell is not None
    assert (cell.kind, cell.text, cell.type) == (CellKind.WHOLE, "5", "int")
    assert raw.told == ["SET TRANSACTION READ ONLY", sql.rstrip(";"), "-- rollback"]


def test_a_sample_and_the_catalogue(driver: ModuleType) -> None:
    kinds = [
        ("ID", oracledb.DB_TYPE_NUMBER, None, None, 9, 0, False), ("N", oracledb.DB_TYPE_NUMBER, None, None, 38, 10, True),
        ("AT", oracledb.DB_TYPE_DATE, None, None, None, None, True),
    ]  # fmt: skip
    raw = driver.Driver([("FETCH", (kinds, [], 0))])
    found = importing.sample(DbSession(raw, oracle.SPEECH), DatabaseSource(table="T", schema="SHOP"), 5)
    assert raw.told[1] == 'SELECT * FROM "SHOP"."T" FETCH FIRST 5 ROWS ONLY'
    assert dict(found.fields) == {"ID": "int", "N": "double", "AT": "datetime"}
    listed = [("SHOP", "T", "1", "ID", "int", "NUMBER", "0"), ("SHOP", "T", "1", "X", "text", "VARCHAR2", "1")]
    raw = driver.Driver([("all_tab_columns", ([described(oracledb.DB_TYPE_VARCHAR)] * 7, listed, 2))])
    (table,) = importing.tables(DbSession(raw, oracle.SPEECH), "oracle", "SHOP", oracle.literal)
    assert table.is_view
    assert [(one.name, one.type, one.is_nullable) for one in table.columns] == [
        ("ID", "int", False),
        ("X", "string", True),
    ]


DAY = pa.array([datetime(2024, 5, 6, tzinfo=UTC)], pa.timestamp("ms", "UTC"))


def staged(folder: Path, column: pa.Array) -> StagedFiles:
    pq.write_table(pa.table({"v": column}), folder / "v.parquet")
    return StagedFiles((folder / "v.parquet",))


@pytest.mark.parametrize(
    ("column", "kind", "values", "sent", "place"),
    [
        (Column("v", "NUMBER", Family.DECIMAL), Kind.DOUBLE, pa.array([0.1]), [("NUMBER", Decimal("0.1"))], ":1"),
        (Column("v", "NUMBER", Family.DECIMAL), Kind.FLOAT, pa.array([0.1], pa.float32()), [("NUMBER", Decimal("0.1"))], ":1"),
        (Column("v", "BINARY_DOUBLE", Family.REAL), Kind.DOUBLE, pa.array([1e300]), [("BINARY_DOUBLE", 1e300)], ":1"),
        (Column("v", "NUMBER", Family.FLAG), Kind.BOOLEAN, pa.array([True]), [("NUMBER", 1)], ":1"),
        (Column("v", "VARCHAR2", Family.TEXT), Kind.BOOLEAN, pa.array([True]), [("VARCHAR", "true")], ":1"),
        (Column("v", "NVARCHAR2", Family.TEXT), Kind.CHARARRAY, pa.array(["ü"]), [("NVARCHAR", "ü")], ":1"),
        (Column("v", "VARCHAR2", Family.TEXT), Kind.LONG, pa.array([5]), [("VARCHAR", "5")], ":1"),
        (Column("v", "DATE", Family.TIME), Kind.DATETIME, DAY,
         [("VARCHAR", "2024-05-06 00:00:00.000000")], f"CAST(TO_TIMESTAMP(:1, '{TIME[1:]}') AS DATE)"),
    ],
)  # fmt: skip
def test_values_as_they_are_sent(
    driver: ModuleType,
    tmp_path: Path,
    column: Column,
    kind: Kind,
    values: pa.Array,
    sent: list[tuple[str, Any]],
    place: str,
) -> None:
    raw = driver.Driver()
    OracleTarget(raw).bulk(Table('"t"', (column,)), [Item("v", kind, False)], staged(tmp_path, values), "fail")
    ((word, value),) = sent
    assert raw.told == [f"-- sent as DB_TYPE_{word}", f'INSERT INTO "t" ("v") VALUES ({place}) -- {[(value,)]!r}']


def test_what_no_decimal_is_is_refused(driver: ModuleType, tmp_path: Path) -> None:
    table = Table('"t"', (Column("v", "NUMBER", Family.DECIMAL),))
    for value in (float("nan"), -float("inf"), 1e126, 1e-140):
        with pytest.raises(PermanentError, match=re.escape(f"which has no {str(value).replace('inf', 'infinity')}")):
            OracleTarget(driver.Driver()).bulk(
                table, [Item("v", Kind.DOUBLE, False)], staged(tmp_path, pa.array([value])), "fail"
            )


# --- what does not fit

PEOPLE = Table(
    '"t"',
    (
        Column("id", "NUMBER", Family.FLAG),
        Column("name", "VARCHAR2", Family.TEXT),
        Column("paid", "NUMBER", Family.DECIMAL),
    ),
)
ITEMS = [Item("id", Kind.CHARARRAY, False), Item("name", Kind.CHARARRAY, False), Item("paid", Kind.DOUBLE, False)]
RECORDS = [
    ("1", "Ann", 1.5), ("x", "Bert", 2.5), (None, "Christopher", None), ("y", "Christopher", float("nan")), ("2", "Dan", 1e200),
    ("3", None, None), ("4", "Eve", 0.0),
]  # fmt: skip
MISFITS = [
    (1, "id", "ORA-01722: invalid number"),
    (2, "name", 'ORA-12899: value too large for column "name" (actual: 11, maximum: 9)'),
    (3, "id", "ORA-01722: invalid number"),
    (3, "name", 'ORA-12899: value too large for column "name" (actual: 11, maximum: 9)'),
    (3, "paid", "the column is a NUMBER, which has no nan"),
    (4, "paid", "the column is a NUMBER, which has no 1e+200"),
]


def wrong(sql: str, record: tuple[Any, ...]) -> Exception | None:
    """What Oracle says of the first value of a record that does not fit."""
    for name, value in zip(re.findall(r'"(\w+)"', sql.partition("VALUES")[0].partition("(")[2]), record, strict=True):
        if name == "id" and value is not None and not value.isdigit():
            return raised("ORA-01722", "invalid number")
        if name == "name" and value is not None and len(value) > 9:
            where = f'"ME"."ora$ptt_penstock_1"."name" (actual: {len(value)}, maximum: 9)'
            return raised("ORA-12899", f"value too large for column {where}")
    return None


def people(folder: Path, records: list[Any] = RECORDS) -> StagedFiles:
    columns = zip(*records, strict=True)
    arrays = [pa.array(one, kind) for one, kind in zip(columns, (pa.string(), pa.string(), pa.float64()), strict=True)]
    pq.write_table(pa.Table.from_arrays(arrays, names=["id", "name", "paid"]), folder / "v.parquet")
    return StagedFiles((folder / "v.parquet",))


def added(raw: Any) -> list[Any]:
    """The records that went into the table itself."""
    told = [one for one in raw.told if one.startswith('INSERT INTO "t"')]
    return [record for one in told for record in eval(one.partition(" -- ")[2], {"Decimal": Decimal})]


def test_what_does_not_fit_is_named(driver: ModuleType, tmp_path: Path) -> None:
    raw = driver.Driver(wrong=wrong)
    found = list(OracleTarget(raw).misfits(PEOPLE, ITEMS, people(tmp_path)))
    assert [(one.number, one.column, one.reason) for one in found] == MISFITS
    assert added(raw) == []
    assert raw.told[-1] == "-- rollback"


@pytest.mark.parametrize("policy", ["skip", "set_null"])
def test_what_does_not_fit_is_left_out_or_null(driver: ModuleType, tmp_path: Path, policy: str) -> None:
    raw = driver.Driver(wrong=wrong)
    target = OracleTarget(raw)
    target.aside(None, PEOPLE, ITEMS)
    target.aside(None, PEOPLE, ITEMS)
    assert len([one for one in raw.told if one.startswith("CREATE")]) == 1
    loaded = target.bulk(PEOPLE, ITEMS, people(tmp_path), policy)
    bad = {(number, ("id", "name", "paid").index(column)) for number, column, _ in MISFITS}
    whole = [
        tuple(
            None if (number, at) in bad else Decimal(str(one)) if isinstance(one, float) else one
            for at, one in enumerate(record)
        )
        for number, record in enumerate(RECORDS)
    ]
    sound = [one for number, one in enumerate(whole) if number in (0, 5, 6)]
    assert added(raw) == (sound if policy == "skip" else whole)
    assert loaded == (Loaded(3, 4) if policy == "skip" else Loaded(7, 0, 6))


def test_values_are_tried_in_columns_as_they_are_now(driver: ModuleType) -> None:
    """An action may have changed them since."""
    before = ([("id", oracledb.DB_TYPE_NUMBER, 6, None, 5, 0, True)], [], 0)
    after = ([("id", oracledb.DB_TYPE_NUMBER, 10, None, 9, 0, True)], [], 0)
    raw = driver.Driver([("^SELECT", [before, before, after])])
    target = OracleTarget(raw)
    for made in (1, 1, 2):
        target.aside(None, PEOPLE, ITEMS)
        assert len([one for one in raw.told if one.startswith("CREATE PRIVATE TEMPORARY TABLE")]) == made


def test_a_text_longer_than_any_column_does_not_fit(driver: ModuleType, tmp_path: Path) -> None:
    table = Table(
        '"t"',
        (Column("v", "NVARCHAR2", Family.TEXT), Column("w", "VARCHAR2", Family.TEXT), Column("c", "CLOB", Family.TEXT)),
    )
    items = [Item(one.name, Kind.CHARARRAY, False) for one in table.columns]
    texts = pa.array(["x" * 16_384, "ü" * 16_383, "x" * 32_768])
    pq.write_table(pa.table({"v": texts, "w": texts, "c": texts}), tmp_path / "v.parquet")
    found = OracleTarget(driver.Driver()).misfits(table, items, StagedFiles((tmp_path / "v.parquet",)))
    assert [(one.number, one.column) for one in found] == [(0, "v"), (2, "v"), (2, "w")]


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("ORA-01400", PermanentError),
        ("ORA-02290", PermanentError),
        ("ORA-01653", PermanentError),
        ("ORA-00060", TransientError),
    ],
)
def test_what_is_no_matter_of_a_value_fails_the_load(
    driver: ModuleType, tmp_path: Path, code: str, kind: type[Exception]
) -> None:
    raw = driver.Driver(wrong=lambda sql, record: raised(code, "it is so"))
    target = OracleTarget(raw)
    target.aside(None, PEOPLE, ITEMS)
    with pytest.raises(kind, match=code):
        target.bulk(PEOPLE, ITEMS, people(tmp_path), "skip")
    assert added(raw) == []


def test_a_record_of_which_no_value_is_wrong_alone_fails_the_load(driver: ModuleType, tmp_path: Path) -> None:
    raw = driver.Driver(wrong=lambda sql, record: raised("ORA-01722", "invalid number") if len(record) > 1 else None)
    with pytest.raises(PermanentError, match=r"ORA-01722: invalid number\.$"):
        list(OracleTarget(raw).misfits(PEOPLE, ITEMS, people(tmp_path)))


def test_a_transaction_that_something_ended_is_not_open(driver: ModuleType) -> None:
    raw = driver.Driver(
        [("SELECT DBMS", [([("i", 1)], [("1.2.3",)], 1), ([("i", 1)], [("1.2.3",)], 1), ([("i", 1)], [(None,)], 1)])]
    )
    target = OracleTarget(raw)
    assert not target.is_open()
    target.begin()
    assert target.is_open()
    assert not target.is_open()


def test_a_driver_that_is_not_installed_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [one for one in sys.modules if "databases.oracle" in one]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "oracledb", None)
    with pytest.raises(PermanentError, match=r"pip install 'penstock\[oracle\]'"):
        drivers.module("oracle", "source")
