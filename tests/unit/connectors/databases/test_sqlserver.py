"""SQL Server at the boundary of its driver: errors, values, statements. No server was asked; the driver is the real one."""

from __future__ import annotations

import sys
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from types import ModuleType
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pymssql
import pytest

from penstock.connectors.databases import drivers, importing
from penstock.connectors.databases.dbapi import DbSession
from penstock.connectors.databases.lines import StagedFiles
from penstock.connectors.databases.session import Gone
from penstock.connectors.databases.sources import Into
from penstock.connectors.databases.sqlserver import session as sqlserver
from penstock.connectors.databases.sqlserver.source import SqlServerReader
from penstock.connectors.databases.sqlserver.target import SqlServerTarget
from penstock.connectors.databases.targets import Column, Doubled, Family, Item, Table
from penstock.connectors.places import Place, TlsRefused
from penstock.errors import ConnectionTestFailed, PermanentError, TransientError
from penstock.kit.secret import hidden
from penstock.plan.dtypes import Kind
from penstock.plan.ports import CellKind, Connection
from penstock.plan.systems import DatabaseSource
from penstock.wiring import jobs

PLACE = Place("db.example.com", 1433, ("127.0.0.1",))


@pytest.mark.parametrize(
    ("number", "text", "kind"),
    [
        (208, "Invalid object name 't'.", PermanentError), (2627, "Violation of PRIMARY KEY constraint.", Doubled),
        (2601, "Cannot insert duplicate key row.", Doubled), (1205, "Transaction was deadlocked.", TransientError),
        (1222, "Lock request time out period exceeded.", TransientError), (40613, "Database is not available.", TransientError),
        (20047, "DBPROCESS is dead or not enabled", Gone), (20003, "Adaptive Server connection timed out", Gone),
    ],
)  # fmt: skip
def test_errors_are_classed_by_their_number(number: int, text: str, kind: type[Exception]) -> None:
    """As the driver raises them: a number and bytes, sometimes in a pair within."""
    for error in (pymssql.OperationalError(number, text.encode()), pymssql.DatabaseError((number, text.encode()))):
        fault = sqlserver.fault_of(error)
        assert type(fault) is kind
        assert text.rstrip(".") in fault.message


def test_a_server_that_is_not_there_may_be_there_later() -> None:
    connection = Connection("db", "sqlserver", {"username": "me"}, hidden({"password": "secret-pw"}))
    with pytest.raises(TransientError) as found:
        sqlserver.connected(connection, Place("localhost", 1, ("127.0.0.1",)))
    assert "Unable to connect" in found.value.message
    assert "secret-pw" not in found.value.message


@pytest.mark.parametrize(
    ("number", "text"),
    [(18456, "Login failed for user 'me'."), (4060, 'Cannot open database "no" requested by the login.')],
)
def test_a_wrong_password_and_a_wrong_database_are_not_tried_again(
    monkeypatch: pytest.MonkeyPatch, number: int, text: str
) -> None:
    def connect(**given: Any) -> None:
        raise pymssql.OperationalError(
            (number, text.encode() + b"DB-Lib error message 20018, severity 14:\nGeneral error\n")
        )

    monkeypatch.setattr(pymssql, "connect", connect)
    with pytest.raises(PermanentError) as found:
        sqlserver.connected(Connection("db", "sqlserver"), PLACE)
    assert found.value.message == text


@pytest.mark.parametrize(("ssl", "said"), [(True, "require"), (False, "request")])
def test_what_a_session_is_told_as_it_begins(monkeypatch: pytest.MonkeyPatch, ssl: bool, said: str) -> None:
    told: dict[str, Any] = {}
    monkeypatch.setattr(pymssql, "connect", told.update)
    sqlserver.connected(Connection("db", "sqlserver", {"username": "me", "database": "shop", "ssl": ssl}), PLACE)
    assert (told["server"], told["port"], told["database"], told["encryption"]) == ("127.0.0.1", "1433", "shop", said)
    assert told["conn_properties"][0] == "SET XACT_ABORT ON"
    assert "SET TEXTSIZE 2147483647" in told["conn_properties"]


def test_certificates_are_not_checked_and_so_refused() -> None:
    with pytest.raises(TlsRefused, match="checks no certificates"):
        sqlserver.connected(Connection("db", "sqlserver", {"ssl": True, "ssl_verify": "full"}), PLACE)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [("it's", "N'it''s'"), ("a\\b", "N'a\\b'"), ("a\\\nb", "N'a\\' + N'\nb'"), ("a\\\r\nb", "N'a\\' + N'\r\nb'")],
)
def test_a_backslash_before_a_line_break_is_kept(text: str, wanted: str) -> None:
    assert sqlserver.literal(text) == wanted


EARLY = datetime(1, 1, 1, 0, 0, 0, 5)
COLUMNS: list[tuple[str, str, Kind, str, Any, Any]] = [
    ("i", "int", Kind.INT, "[i]", 7, 7),
    ("b", "bit", Kind.BOOLEAN, "[b]", True, True),
    ("f", "float", Kind.DOUBLE, "[f]", 0.1, 0.1),
    ("d", "decimal(38,10)", Kind.CHARARRAY, "CAST([d] AS varchar(64))", "1.10", "1.10"),
    ("w", "decimal(38,10)", Kind.LONG, "CAST(CAST(ROUND([w], 0, 1) AS decimal(38,0)) AS varchar(64))", "-1", "-1"),
    ("m", "money", Kind.DOUBLE, "CAST(CAST([m] AS decimal(38,4)) AS varchar(64))", "1.2345", "1.2345"),
    ("t", "datetime2(7)", Kind.DATETIME, "CAST([t] AS datetime2(6))", EARLY, EARLY),
    ("day", "date", Kind.DATETIME, "CAST([day] AS datetime2(6))", date(9999, 12, 31), datetime(9999, 12, 31)),
    ("s", "datetime", Kind.CHARARRAY, "CONVERT(varchar(40), [s], 121)", "2024-05-06 07:08:09.123", "2024-05-06 07:08:09.123"),
    ("o", "datetimeoffset(7)", Kind.DATETIME, "CAST(SWITCHOFFSET([o], '+00:00') AS datetime2(6))",
     datetime(2024, 5, 6, 5, 8, 9), datetime.fromisoformat("2024-05-06T05:08:09+00:00")),
    ("n", "nvarchar(max)", Kind.CHARARRAY, "[n]", "😀", "😀"),
    ("g", "uniqueidentifier", Kind.CHARARRAY, "CAST([g] AS char(36))", "A-B", "A-B"),
    ("y", "varbinary(9)", Kind.CHARARRAY, "[y]", b"\x00\xff", b"\x00\xff"),
    ("x", "xml", Kind.CHARARRAY, "CAST([x] AS nvarchar(max))", "<a/>", "<a/>"),
    ("h", "hierarchyid", Kind.CHARARRAY, "CAST([h] AS nvarchar(max))", "/1/", "/1/"),
]  # fmt: skip


def test_values_as_they_arrive(driver: ModuleType, tmp_path: Path) -> None:
    described = [(name, word, None) for name, word, *_ in COLUMNS]
    values = [tuple(one[4] for one in COLUMNS), (None,) * len(COLUMNS)]
    raw = driver.Driver([("dm_exec_describe", ([], described, 1)), ("SELECT", ([], values, 2))])
    raw.answers[0] = ("dm_exec_describe", ([("c", 1)], described, 1))
    reader = SqlServerReader(raw)
    natives = reader.describe("SELECT 'it''s'")
    said = [reader.expression(f"[{one[0]}]", native, one[2]) for one, native in zip(COLUMNS, natives, strict=True)]
    assert said == [one[3] for one in COLUMNS]
    told: list[tuple[int, str]] = []
    (file,) = reader.land(["SELECT ..."], natives, Into(tmp_path, 1, lambda amount, what: told.append((amount, what))))
    found = pq.read_table(file)
    assert [column[0].as_py() for column in found.columns] == [one[5] for one in COLUMNS]
    assert [column[1].as_py() for column in found.columns] == [None] * len(COLUMNS)
    assert told == [(2, "rows")]
    assert raw.told[0].startswith(
        "SELECT name, system_type_name, error_message FROM sys.dm_exec_describe_first_result_set(N'SELECT"
    )
    assert raw.told[1:] == ["BEGIN TRANSACTION", "SELECT ...", sqlserver.ROLLBACK]


def test_a_statement_that_cannot_be_described_is_refused_with_what_is_said(driver: ModuleType) -> None:
    raw = driver.Driver([("dm_exec", ([("c", 1)], [(None, None, "Invalid column name 'nobody'.")], 1))])
    with pytest.raises(PermanentError, match="the database says: Invalid column name 'nobody'"):
        SqlServerReader(raw).describe("SELECT nobody FROM t")


def test_what_is_asked_is_taken_back(driver: ModuleType) -> None:
    raw = driver.Driver([("count", ([("n", pymssql.NUMBER.value)], [(5,)], 1)), ("DELETE", (None, [], 5))])
    session = DbSession(raw, sqlserver.SPEECH)
    cell = session.first("SELECT count(*) FROM t")
    assert cell is not None
    assert (cell.kind, cell.text) == (CellKind.WHOLE, "5")
    with pytest.raises(PermanentError, match="gives no rows"):
        session.first("DELETE FROM t")
    begin, end = sqlserver.BEGIN, sqlserver.ROLLBACK
    assert raw.told == [begin, "SELECT count(*) FROM t", end, begin, "DELETE FROM t", end]


def test_a_sample_takes_types_from_values(driver: ModuleType) -> None:
    groups = [("a", 3), ("b", 3), ("c", 5), ("d", 4), ("e", 1), ("f", 2), ("g", 3)]
    row = (1, 0.5, Decimal("1.10"), datetime(2024, 5, 6), "x", b"ab", True)
    raw = driver.Driver([("SELECT TOP", (groups, [row], 1))])
    found = importing.sample(DbSession(raw, sqlserver.SPEECH), DatabaseSource(table="t", schema="dbo"), 5)
    assert raw.told[1] == "SELECT TOP (5) * FROM [dbo].[t]"
    assert dict(found.fields) == {
        "a": "long", "b": "double", "c": "double", "d": "datetime", "e": "string", "f": "string", "g": "boolean",
    }  # fmt: skip
    assert found.rows == ((1, 0.5, "1.10", "2024-05-06 00:00:00", "x", "\\x6162", True),)


def test_tables_with_their_columns(driver: ModuleType) -> None:
    rows = [("dbo", "t", "0", "id", "int", "int", "0"), ("dbo", "t", "0", "yes", "boolean", "bit", "1")]
    raw = driver.Driver([("INFORMATION_SCHEMA", ([("c", 1)] * 7, rows, 2))])
    (table,) = importing.tables(DbSession(raw, sqlserver.SPEECH), "sqlserver", "dbo", lambda text: f"'{text}'")
    assert [(one.name, one.type, one.native, one.is_nullable) for one in table.columns] == [
        ("id", "int", "int", False), ("yes", "boolean", "bit", True),
    ]  # fmt: skip
    assert "AND c.TABLE_SCHEMA = 'dbo'" in raw.told[1]


def staged(folder: Path, texts: list[str | None]) -> StagedFiles:
    pq.write_table(pa.table({"v": pa.array(texts, pa.string())}), folder / "v.parquet")
    return StagedFiles((folder / "v.parquet",))


@pytest.mark.parametrize(
    ("type", "family", "kind", "wanted"),
    [
        ("bigint", Family.WHOLE, Kind.CHARARRAY, "CAST(CASE WHEN c0 IN ('', '-', '+') THEN 'none' ELSE c0 END AS bigint)"),
        ("decimal(9,2)", Family.DECIMAL, Kind.DOUBLE, "CAST(CAST(c0 AS float) AS decimal(9,2))"),
        ("datetime", Family.TIME, Kind.DATETIME, "CAST(CAST(c0 AS datetime2(3)) AS datetime)"),
        ("nvarchar", Family.TEXT, Kind.CHARARRAY, "c0"),
    ],
)  # fmt: skip
def test_casts_that_would_bend_a_value_are_not_made(
    driver: ModuleType, tmp_path: Path, type: str, family: Family, kind: Kind, wanted: str
) -> None:
    raw = driver.Driver([("OPENJSON", (None, [], 1))])
    table = Table("[t]", (Column("v", type, family),))
    SqlServerTarget(raw).bulk(table, [Item("v", kind, False)], staged(tmp_path, ["1"]), "fail")
    assert raw.told == [
        f"INSERT INTO [t] ([v]) SELECT {wanted} FROM OPENJSON(N'[[\"1\"]]') WITH (c0 nvarchar(max) '$[0]') AS given"
    ]


def test_letters_that_a_narrow_column_would_lose_are_refused(driver: ModuleType, tmp_path: Path) -> None:
    table = Table("[t]", (Column("v", "varchar", Family.TEXT),))
    target = SqlServerTarget(driver.Driver([("OPENJSON", (None, [], 1))]))
    target.bulk(table, [Item("v", Kind.CHARARRAY, False)], staged(tmp_path, ["ascii"]), "fail")
    with pytest.raises(PermanentError, match="Make it an nvarchar"):
        target.bulk(table, [Item("v", Kind.CHARARRAY, False)], staged(tmp_path, ["ü"]), "fail")


PEOPLE = Table(
    "[t]",
    (
        Column("id", "int", Family.WHOLE),
        Column("name", "nvarchar(5)", Family.TEXT),
        Column("code", "varchar(9)", Family.TEXT),
    ),
)
ITEMS = [Item(one.name, Kind.CHARARRAY, False) for one in PEOPLE.columns]
READ = "c0 nvarchar(max) '$[0]', c1 nvarchar(max) '$[1]', c2 nvarchar(max) '$[2]'"
ASKED = (
    "SELECT number, CASE WHEN c0 IS NOT NULL AND TRY_CAST(CASE WHEN c0 IN ('', '-', '+') THEN 'none' ELSE c0 END AS int) IS "
    "NULL THEN LEFT(c0, 100) END, CASE WHEN c1 IS NOT NULL AND CASE WHEN DATALENGTH(RTRIM(c1)) <= 10 THEN c1 END IS NULL THEN "
    "LEFT(c1, 100) END, CASE WHEN c2 IS NOT NULL AND CASE WHEN DATALENGTH(RTRIM(c2)) <= 18 THEN c2 END IS NULL THEN "
    'LEFT(c2, 100) END FROM OPENJSON(N\'[["x","Ann","a","0"],["1","Christine",null,"1"],["2","Bert","b","2"]]\') '
    f"WITH ({READ}, number int '$[3]') AS given WHERE "
)


def people(folder: Path) -> StagedFiles:
    given = {"id": ["x", "1", "2"], "name": ["Ann", "Christine", "Bert"], "code": ["a", "ü", "b"]}
    pq.write_table(pa.table({name: pa.array(one, pa.string()) for name, one in given.items()}), folder / "v.parquet")
    return StagedFiles((folder / "v.parquet",))


@pytest.fixture
def server(driver: ModuleType) -> Any:
    """A driver that says of the first two records what does not fit."""
    return driver.Driver(
        [
            ("SELECT number", ([("n", 1)], [(1, None, "Christine", None), (0, "x", None, None)], 2)),
            ("INSERT", (None, [], 3)),
        ]
    )


def test_what_does_not_fit_is_named(server: Any, tmp_path: Path) -> None:
    found = list(SqlServerTarget(server).misfits(PEOPLE, ITEMS, people(tmp_path)))
    assert [(one.number, one.column, one.reason) for one in found] == [
        (0, "id", "the value 'x' is no int"), (1, "name", "the value 'Christine' is no nvarchar(5)"),
        (1, "code", "the text has letters beyond ASCII, which a varchar(9) may turn into question marks"),
    ]  # fmt: skip
    (told,) = server.told
    assert told.startswith(ASKED)


@pytest.mark.parametrize("policy", ["skip", "set_null"])
def test_what_does_not_fit_is_left_out_or_null(server: Any, tmp_path: Path, policy: str) -> None:
    loaded = SqlServerTarget(server).bulk(PEOPLE, ITEMS, people(tmp_path), policy)
    assert (loaded.skipped, loaded.nulled) == ((2, 0) if policy == "skip" else (0, 3))
    records = '["2","Bert","b"]' if policy == "skip" else '[null,"Ann","a"],["1",null,null],["2","Bert","b"]'
    cast = "CAST(CASE WHEN c0 IN ('', '-', '+') THEN 'none' ELSE c0 END AS int)"
    into = f"INSERT INTO [t] ([id], [name], [code]) SELECT {cast}, c1, c2 FROM OPENJSON(N'[{records}]') WITH ({READ}) AS given"
    assert server.told[1:] == [into]


def test_a_driver_that_is_not_installed_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [one for one in sys.modules if "databases.sqlserver" in one]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "pymssql", None)
    with pytest.raises(PermanentError, match=r"pip install 'penstock\[sqlserver\]'"):
        drivers.module("sqlserver", "target")
    connection = Connection("db", "sqlserver", {"host": "127.0.0.1", "port": 1})
    with pytest.raises(ConnectionTestFailed):
        jobs.databases(None).test(connection)
