"""Snowflake at the boundary of its driver: the real one, before a stand-in that speaks its API. No Snowflake was asked."""

from __future__ import annotations

import math
import sys
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import snowflake.connector as driver
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from penstock.connectors.databases import asking, drivers, hosts
from penstock.connectors.databases import texts as staged_texts
from penstock.connectors.databases.lines import StagedFiles
from penstock.connectors.databases.session import Gone
from penstock.connectors.databases.snowflake import names, values
from penstock.connectors.databases.snowflake import session as snow
from penstock.connectors.databases.snowflake.source import SnowflakeReader, _expression, _native
from penstock.connectors.databases.snowflake.target import SnowflakeTarget
from penstock.connectors.databases.sources import Into
from penstock.connectors.databases.statements import Native, Rows
from penstock.connectors.databases.targets import Column, Doubled, Family, Item, Table
from penstock.connectors.places import Place
from penstock.errors import ConnectionTestFailed, JobStopped, PermanentError, TransientError
from penstock.kit.secret import hidden
from penstock.kit.stopping import STOP
from penstock.plan.dtypes import Kind
from penstock.plan.ports import Connection
from penstock.plan.systems import DatabaseSource

HERE = "127.0.0.0/8"


@pytest.fixture(scope="module")
def fake(fake_of: Callable[[str], ModuleType]) -> ModuleType:
    """`tests/fakes/snow.py`."""
    return fake_of("snow")


@pytest.fixture
def server(fake: ModuleType, tmp_path: Path) -> Iterator[Any]:
    made = fake.Snowflake(tmp_path / "snow")
    yield made
    made.close()


def connection_of(server: Any, **more: Any) -> Connection:
    given = {**server.connection, **more}
    secrets = given.pop("secrets")
    return Connection("db", given.pop("type"), given, hidden(secrets))


def place_of(server: Any, allow: str | None = HERE) -> Place:
    return Place("127.0.0.1", server.server_port, ("127.0.0.1",), allow)


@pytest.fixture
def raw(server: Any) -> Iterator[Any]:
    made = snow.connected(connection_of(server), place_of(server))
    yield made
    made.close()


def raised(number: int, state: str = "", kind: type[Exception] = driver.ProgrammingError) -> Exception:
    """An error as the driver raises it."""
    return kind(msg="It is\n so", errno=number, sqlstate=state, sfqid="01b2", request_id="61a7")  # type: ignore[call-arg]


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (raised(2003, "42S02"), PermanentError), (raised(3001, "42501"), PermanentError),
        (raised(390100, "28000"), PermanentError),
        (raised(390111), Gone), (raised(390114), Gone), (raised(4, "", driver.OperationalError), Gone),
        (raised(250001, "08001", driver.DatabaseError), Gone), (raised(625, "57014"), TransientError),
        (raised(630), TransientError), (raised(200001), Doubled),
        (raised(100072, "22000", driver.IntegrityError), PermanentError),
    ],
)  # fmt: skip
def test_errors_are_classed_by_their_number(error: Exception, kind: type[Exception]) -> None:
    fault = snow.fault_of(error)
    assert type(fault) is kind
    assert "t is so." in fault.message
    assert "61a7" not in fault.message


@pytest.mark.parametrize(
    ("given", "host"),
    [
        ({"account_name": "AB12345", "region": "snowflake::us-east-1"}, "ab12345.us-east-1.snowflakecomputing.com"),
        ({"account_name": "ab12345", "region": "us-west-2"}, "ab12345.snowflakecomputing.com"),
        ({"account_name": "ab12345", "region": "azure::west-europe.azure"}, "ab12345.west-europe.azure.snowflakecomputing.com"),
        ({"account_name": "ab12345", "region": "cn-north-1"}, "ab12345.cn-north-1.snowflakecomputing.cn"),
        ({"account_name": "ab12345.eu-west-1", "region": "eu-west-1"}, "ab12345.eu-west-1.snowflakecomputing.com"),
        ({"account_name": "acme-my_shop", "region": "eu-west-1"}, "acme-my-shop.snowflakecomputing.com"),
        ({"account_name": "x", "endpoint": "https://acme.privatelink.snowflakecomputing.com"},
         "acme.privatelink.snowflakecomputing.com"),
    ],
)  # fmt: skip
def test_where_an_account_is(given: dict[str, Any], host: str) -> None:
    assert hosts.found(Connection("db", "snowflake", given)) == (host, 443)


def test_an_account_is_a_word() -> None:
    for given in (
        {"account_name": "a/b"},
        {"account_name": "evil.example.com/"},
        {"account_name": "a", "region": "x y"},
    ):
        with pytest.raises(PermanentError, match="are words"):
            hosts.found(Connection("db", "snowflake", given))
    with pytest.raises(ConnectionTestFailed, match="Account and region are words"):
        asking.Databases(None).test(Connection("db", "snowflake", {"account_name": "a b"}))


def test_what_a_session_is_told_as_it_begins(server: Any) -> None:
    session = snow.open_session(
        connection_of(server, role="LOADER", account_name="ab12345.us-east-1"), place_of(server)
    )
    session.close()
    (told,) = server.logins
    assert (told["LOGIN_NAME"], told["PASSWORD"], told["ACCOUNT_NAME"]) == ("loader", "canary-pw", "ab12345")
    given = told["SESSION_PARAMETERS"]
    assert given["TIMEZONE"] == "UTC"
    assert given["AUTOCOMMIT"] == "true"
    assert given["STATEMENT_TIMEOUT_IN_SECONDS"] == "600"
    assert given["QUOTED_IDENTIFIERS_IGNORE_CASE"] == "false"
    assert given["CLIENT_TELEMETRY_ENABLED"] == "false"
    assert server.told == []


def test_a_key_logs_in_without_a_password(server: Any) -> None:
    key = rsa.generate_private_key(65537, 2048)
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.BestAvailableEncryption(b"word")
    ).decode()
    given = connection_of(server, secrets={"private_key": pem, "passphrase": "word"})
    snow.open_session(given, place_of(server)).close()
    (told,) = server.logins
    assert told["AUTHENTICATOR"] == "SNOWFLAKE_JWT"
    assert told["TOKEN"].count(".") == 2
    assert "PASSWORD" not in told


def test_a_wrong_password_is_told_without_it(server: Any) -> None:
    given = connection_of(server, secrets={"password": "canary-wrong"})
    with pytest.raises(PermanentError, match="Incorrect username or password") as found:
        snow.connected(given, place_of(server))
    assert "canary" not in found.value.message


def test_a_server_that_is_not_there_may_be_there_later(server: Any) -> None:
    given = Place("127.0.0.1", 1, ("127.0.0.1",))
    with pytest.raises(Gone):
        snow.connected(connection_of(server), given)


def test_only_checked_addresses_are_reached(server: Any) -> None:
    """The driver would follow any address that a server names."""
    with pytest.raises((PermanentError, TransientError)):
        snow.connected(connection_of(server), place_of(server, "10.0.0.0/8"))
    assert server.logins == []
    with pytest.raises(ConnectionTestFailed, match="internal address"):
        asking.Databases("10.0.0.0/8").test(connection_of(server))


def test_a_test_climbs_to_one_row(server: Any) -> None:
    rungs = asking.Databases(HERE).test(connection_of(server))
    assert [(one.name, one.state.value) for one in rungs] == [
        ("resolve", "passed"), ("port", "passed"), ("login", "passed"), ("privileges", "warned"), ("version", "passed"),
        ("clock", "passed"), ("row", "passed"),
    ]  # fmt: skip
    assert asking.Databases(HERE).version(connection_of(server)) == "9.36.0"


def test_a_sample_and_the_catalogue(server: Any) -> None:
    cursor = server.base.cursor()
    cursor.execute(
        "CREATE TABLE t (id BIGINT NOT NULL, total DECIMAL(9, 2), more JSON, day DATE, is_so BOOLEAN, b BLOB)"
    )
    cursor.execute("""INSERT INTO t VALUES (7, 1.5, '{"a":1}', '2024-05-06', true, '\\x00\\xFF')""")
    cursor.close()
    known = asking.Databases(HERE)
    found = known.sample(connection_of(server), DatabaseSource(table="t", schema="main"), 5)
    assert dict(found.fields) == {
        "id": "long", "total": "double", "more": "json", "day": "datetime", "is_so": "boolean", "b": "string",
    }  # fmt: skip
    assert found.rows == ((7, "1.50", '{"a":1}', "2024-05-06", True, "\\x00ff"),)
    (table,) = known.tables(connection_of(server), "main")
    assert [(one.name, one.type, one.is_nullable) for one in table.columns][:4] == [
        ("id", "long", False), ("total", "double", True), ("more", "string", True), ("day", "datetime", True),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "sql",
    [
        "CREATE TABLE t (id int)", "CALL p()", "-- SELECT\nDELETE FROM t", "", "BEGIN",
        "WITH p AS PROCEDURE () RETURNS int LANGUAGE SQL AS 'x' CALL p()", "SELECT 1 ->> DELETE FROM t",
    ],
)  # fmt: skip
def test_what_is_no_query_is_not_sent(server: Any, raw: Any, sql: str) -> None:
    with pytest.raises(PermanentError, match="gives no rows"):
        snow.DbSession(raw, snow.SPEECH).first(sql)
    assert server.told == []


TIME = "YYYY-MM-DD HH24:MI:SS.FF6"


@pytest.mark.parametrize(
    ("number", "digits", "scale", "kind", "made"),
    [
        (snow.FIXED, 18, 0, Kind.LONG, "c"), (snow.FIXED, 38, 0, Kind.LONG, "TO_VARCHAR(CAST(TRUNC(c) AS NUMBER(38, 0)))"),
        (snow.FIXED, 38, 5, Kind.INT, "TO_VARCHAR(CAST(TRUNC(c) AS NUMBER(38, 0)))"),
        (snow.FIXED, 38, 5, Kind.DOUBLE, "TO_VARCHAR(c)"), (snow.FIXED, None, None, Kind.CHARARRAY, "TO_VARCHAR(c)"),
        (snow.FIXED, 38, 0, Kind.BOOLEAN, "CASE WHEN c = 0 THEN 'false' WHEN c IS NOT NULL THEN 'true' END"),
        (snow.REAL, None, None, Kind.DOUBLE, "c"), (snow.TEXT, None, None, Kind.CHARARRAY, "c"),
        (snow.BOOLEAN, None, None, Kind.BOOLEAN, "c"), (snow.BINARY, None, None, Kind.BYTEARRAY, "c"),
        (snow.DATE, None, None, Kind.DATETIME, "TO_VARCHAR(c, 'YYYY-MM-DD')"),
        (snow.TIMESTAMP_NTZ, None, 9, Kind.DATETIME, f"TO_VARCHAR(c, '{TIME}')"),
        (snow.TIMESTAMP_LTZ, None, 9, Kind.DATETIME, f"TO_VARCHAR(CONVERT_TIMEZONE('UTC', c), '{TIME}') || '+00:00'"),
        (snow.TIMESTAMP_TZ, None, 9, Kind.CHARARRAY, f"TO_VARCHAR(CONVERT_TIMEZONE('UTC', c), '{TIME}') || '+00:00'"),
        (snow.TIME, None, 9, Kind.CHARARRAY, "TO_VARCHAR(c, 'HH24:MI:SS.FF6')"),
        (snow.VARIANT, None, None, Kind.MAP, "TO_JSON(c)"), (snow.ARRAY, None, None, Kind.BAG, "TO_JSON(TO_VARIANT(c))"),
        (snow.MAP, None, None, Kind.MAP, "TO_JSON(TO_VARIANT(c))"),
        (snow.GEOGRAPHY, None, None, Kind.MAP, "TO_JSON(TO_VARIANT(ST_ASGEOJSON(c)))"),
        (snow.VECTOR, None, None, Kind.BAG, "TO_JSON(TO_VARIANT(CAST(c AS ARRAY)))"),
        (snow.INTERVAL_DAY_TIME, None, None, Kind.CHARARRAY, "CAST(c AS VARCHAR)"),
    ],
)  # fmt: skip
def test_columns_as_they_are_read(number: int, digits: int | None, scale: int | None, kind: Kind, made: str) -> None:
    native = _native(SimpleNamespace(name="C", type_code=number, precision=digits, scale=scale))
    assert _expression("c", str(native.type), kind)[0] == made


def test_a_type_that_is_not_read_is_named() -> None:
    with pytest.raises(PermanentError, match="type \\(file\\) that is not read"):
        _expression('"c"', snow.WORDS[snow.FILE], Kind.CHARARRAY)


def test_values_as_they_arrive(server: Any, raw: Any, tmp_path: Path) -> None:
    cursor = server.base.cursor()
    cursor.execute(
        'CREATE TABLE v (n DECIMAL(38, 0), s DECIMAL(9, 2), r DOUBLE, t VARCHAR, "at" TIMESTAMPTZ, b BLOB, o JSON)'
    )
    cursor.execute(
        "INSERT INTO v VALUES (99999999999999999999999999999999999999, -1.5, 'nan', '\U0001f600\n', "
        "'0001-01-01 00:00:00.000005Z', '\\x00', '[1]'), (NULL, NULL, NULL, NULL, NULL, NULL, NULL)"
    )
    cursor.close()
    reader = SnowflakeReader(raw)
    natives = reader.describe('SELECT * FROM "v"')
    kinds = [Kind.CHARARRAY, Kind.CHARARRAY, Kind.DOUBLE, Kind.CHARARRAY, Kind.DATETIME, Kind.BYTEARRAY, Kind.BAG]
    listed = ", ".join(
        f'{reader.expression(reader.quoted(one.name), one, kind)} AS "c{at}"'
        for at, (one, kind) in enumerate(zip(natives, kinds, strict=True))
    )
    counts: list[int] = []
    (file,) = reader.land(
        [f'SELECT {listed} FROM "v"'], natives, Into(tmp_path, 1, lambda amount, what: counts.append(amount))
    )
    first, second = pq.read_table(file).to_pylist()
    assert math.isnan(first.pop("c2"))
    assert first == {
        "c0": "9" * 38, "c1": "-1.50", "c3": "\U0001f600\n", "c4": datetime(1, 1, 1, 0, 0, 0, 5, tzinfo=UTC), "c5": b"\x00",
        "c6": "[1]",
    }  # fmt: skip
    assert set(second.values()) == {None}
    assert counts[-1] == 2


def test_a_read_ends_when_the_job_is_to_stop(server: Any, raw: Any, tmp_path: Path) -> None:
    """Another thread has the server cancel what the session does."""
    server.waits.add("slow")
    reader, natives = SnowflakeReader(raw), [Native("c", "text")]
    reader.expression('"c"', natives[0], Kind.CHARARRAY)

    def stop() -> None:
        server.began.wait(10)
        STOP.ask()

    other = threading.Thread(target=stop)
    other.start()
    try:
        with pytest.raises(JobStopped):
            reader.land(["SELECT slow"], natives, Into(tmp_path, 1, lambda amount, what: None))
    finally:
        other.join()
        STOP.forget()
    assert server.told == ["SELECT slow", "SELECT SYSTEM$CANCEL_ALL_QUERIES(1)"]


def staged(folder: Path, column: pa.Array) -> StagedFiles:
    folder.mkdir(exist_ok=True)
    pq.write_table(pa.table({"v": column}), folder / "v.parquet")
    return StagedFiles((folder / "v.parquet",))


@pytest.mark.parametrize(
    ("column", "kind", "made"),
    [
        (Column("v", "NUMBER", Family.WHOLE), Kind.LONG, "$1"), (Column("v", "TEXT", Family.TEXT), Kind.CHARARRAY, "$1"),
        (Column("v", "TIMESTAMP_TZ", Family.TIME), Kind.DATETIME, f"TO_TIMESTAMP_TZ($1 || ' +00:00', '{TIME} TZH:TZM')"),
        (Column("v", "TIMESTAMP_LTZ", Family.TIME), Kind.DATETIME, f"TO_TIMESTAMP_LTZ($1 || ' +00:00', '{TIME} TZH:TZM')"),
        (Column("v", "TIMESTAMP_NTZ", Family.TIME), Kind.DATETIME, f"TO_TIMESTAMP_NTZ($1, '{TIME}')"),
        (Column("v", "DATE", Family.TIME), Kind.DATETIME, f"CAST(TO_TIMESTAMP_NTZ($1, '{TIME}') AS DATE)"),
        (Column("v", "DATE", Family.TIME), Kind.CHARARRAY, "$1"),
        (Column("v", "VARIANT", Family.JSON), Kind.MAP, "PARSE_JSON($1)"),
        (Column("v", "ARRAY", Family.JSON), Kind.BAG, "TO_ARRAY(PARSE_JSON($1))"),
        (Column("v", "BINARY", Family.BYTES), Kind.CHARARRAY, "TO_BINARY($1, 'UTF-8')"),
    ],
)  # fmt: skip
def test_values_as_they_are_sent(column: Column, kind: Kind, made: str) -> None:
    assert values.value("$1", column, kind) == made


def test_texts_arrive_as_they_are(server: Any, raw: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In several files, from a folder whose name has to be quoted."""
    monkeypatch.setattr(staged_texts, "PART_BYTES", 1)
    cursor = server.base.cursor()
    cursor.execute("CREATE TABLE t (v VARCHAR)")
    texts = [None, "", " ", "\\N", "NULL", "\\", '"', "'", 'a,"b"\r\n\tc', "\U0001f600", "%s"]
    files = [staged(tmp_path / f"it's {number}", pa.array([one], pa.string())) for number, one in enumerate(texts)]
    made = StagedFiles(tuple(path for one in files for path in one.paths))
    target = SnowflakeTarget(raw)
    loaded = target.bulk(
        Table('"t"', (Column("v", "TEXT", Family.TEXT),)), [Item("v", Kind.CHARARRAY, False)], made, "fail"
    )
    assert loaded.records == len(texts)
    assert [one for (one,) in cursor.execute("SELECT v FROM t").fetchall()] == texts
    cursor.close()
    assert len([one for one in server.told if one.startswith("PUT")]) == len(texts)
    assert not list(server.stage.rglob("*.zst"))


def test_no_records_need_no_copy(server: Any, raw: Any, tmp_path: Path) -> None:
    files = staged(tmp_path / "none", pa.array([], pa.string()))
    table = Table('"t"', (Column("v", "TEXT", Family.TEXT),))
    assert SnowflakeTarget(raw).bulk(table, [Item("v", Kind.CHARARRAY, False)], files, "fail").records == 0
    assert not [one for one in server.told if one.startswith(("PUT", "COPY"))]


def test_what_was_staged_goes_when_the_copy_fails(server: Any, raw: Any, tmp_path: Path) -> None:
    server.raises.append(("COPY INTO", "100038", "Numeric value 'x' is not recognized"))
    table = Table('"t"', (Column("v", "NUMBER", Family.WHOLE),))
    files = staged(tmp_path / "bad", pa.array(["x"]))
    with pytest.raises(PermanentError, match="Numeric value 'x' is not recognized"):
        SnowflakeTarget(raw).bulk(table, [Item("v", Kind.CHARARRAY, False)], files, "fail")
    assert not list(server.stage.rglob("*.zst"))
    assert server.told[-1].startswith("REMOVE @~/penstock/")


def test_a_transaction_that_something_ended_is_not_open(server: Any, raw: Any) -> None:
    target = SnowflakeTarget(raw)
    assert not target.is_open()
    target.begin()
    assert target.is_open()
    target.execute("CREATE TABLE made (id int)")
    assert not target.is_open()


def test_a_session_that_is_over_is_gone(server: Any, raw: Any) -> None:
    for one in server.sessions.values():
        one.raw.close()
    server.sessions.clear()
    with pytest.raises(Gone, match="Session no longer exists"):
        SnowflakeTarget(raw).execute("COMMIT")


def test_names_and_texts_in_quotes() -> None:
    assert snow.quoted('a"b') == '"a""b"'
    assert snow.literal("it's \\") == "'it''s \\\\'"


def test_a_driver_that_is_not_installed_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [one for one in sys.modules if "databases.snowflake" in one]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "snowflake", None)
    monkeypatch.setitem(sys.modules, "snowflake.connector", None)
    with pytest.raises(PermanentError, match=r"pip install 'penstock\[snowflake\]'"):
        drivers.module("snowflake", "source")


@pytest.mark.parametrize(
    ("column", "kind", "safe"),
    [
        (Column("v", "NUMBER(9,2)", Family.DECIMAL), Kind.CHARARRAY, 'TRY_CAST("s" AS NUMBER(9,2))'),
        (Column("v", "FLOAT", Family.REAL), Kind.CHARARRAY, 'TRY_CAST("s" AS DOUBLE)'),
        (Column("v", "DATE", Family.TIME), Kind.CHARARRAY, 'TRY_CAST("s" AS DATE)'),
        (Column("v", "TEXT(5)", Family.TEXT), Kind.CHARARRAY, 'IFF(LENGTH("s") <= 5, "s", NULL)'),
        (
            Column("v", "BINARY(5)", Family.BYTES),
            Kind.CHARARRAY,
            """IFF(OCTET_LENGTH("s") <= 5, TO_BINARY("s", 'UTF-8'), NULL)""",
        ),
        (Column("v", "VARIANT", Family.JSON), Kind.MAP, 'TRY_PARSE_JSON("s")'),
        (
            Column("v", "OBJECT", Family.JSON),
            Kind.MAP,
            'IFF(IS_OBJECT(TRY_PARSE_JSON("s")), TO_OBJECT(TRY_PARSE_JSON("s")), NULL)',
        ),
        (Column("v", "GEOGRAPHY", Family.OTHER), Kind.CHARARRAY, 'TRY_TO_GEOGRAPHY("s")'),
    ],
)
def test_values_that_may_not_fit(column: Column, kind: Kind, safe: str) -> None:
    made = values.Value(column, kind, "s")
    assert made.can_fail
    assert made.sql(safe=True) == safe


@pytest.mark.parametrize(
    ("column", "kind"),
    [
        (Column("v", "TEXT", Family.TEXT), Kind.CHARARRAY), (Column("v", "BINARY", Family.BYTES), Kind.CHARARRAY),
        (Column("v", "DATE", Family.TIME), Kind.DATETIME),
    ],
)  # fmt: skip
def test_values_that_always_fit(column: Column, kind: Kind) -> None:
    assert not values.Value(column, kind, "s").can_fail


@pytest.mark.parametrize(
    ("name", "there", "meant"),
    [
        ("id", ["id", "ID"], "id"), ("id", ["ID"], "ID"), ("Id", ["ID", "id"], "ID"), ("ID", ["id"], None),
        ("my id", ["MY ID"], None), ("größe", ["GRÖSSE"], None), ("a$1", ["A$1"], "A$1"),
    ],
)  # fmt: skip
def test_a_name_is_its_own_or_in_capitals(name: str, there: list[str], meant: str | None) -> None:
    assert names.among(name, there) == meant


def test_tables_and_columns_are_found_in_capitals(server: Any, raw: Any, tmp_path: Path) -> None:
    """As they are where they were made without quotes."""
    cursor = server.base.cursor()
    cursor.execute('CREATE SCHEMA "SHOP"')
    cursor.execute('CREATE TABLE "SHOP"."ORDERS" ("ID" BIGINT, "my Name" VARCHAR)')
    target = SnowflakeTarget(raw)
    found = target.find("shop", "orders")
    assert found is not None
    assert (found.name, target.qualified("shop", "orders")) == ('"SHOP"."ORDERS"', '"SHOP"."ORDERS"')
    assert [target.column(one, found) for one in ("id", "my Name", "more", "My")] == ["ID", "my Name", "MORE", "MY"]
    assert target.find("shop", "other") is None
    assert target.qualified("shop", "other") == '"SHOP"."OTHER"'
    assert target.qualified("shop", "_penstock_ledger") == '"SHOP"."_penstock_ledger"'
    reader = SnowflakeReader(raw)
    origin = reader.found(DatabaseSource(table="orders", schema="shop"))
    assert (origin.schema, origin.table) == ("SHOP", "ORDERS")
    assert reader.found(DatabaseSource(table="none", schema="shop")).table == "none"
    reader.learn(Rows('"SHOP"."ORDERS"'), ["id", "my Name"])
    assert [reader.quoted(one) for one in ("id", "my Name", "no")] == ['"ID"', '"my Name"', '"no"']


FINE = "YYYY-MM-DD HH24:MI:SS.FF9"


@pytest.mark.parametrize(
    ("number", "digits", "scale", "value", "spelled", "made"),
    [
        (snow.FIXED, 18, 0, "7", "TO_VARCHAR(max(c))", "7"), (snow.FIXED, 38, 10, "0.1", "TO_VARCHAR(max(c))", "0.1"),
        (snow.REAL, None, None, "1e+300", "max(c)", "CAST('1e+300' AS DOUBLE)"),
        (snow.DATE, None, None, "2024-02-29", "TO_VARCHAR(max(c), 'YYYY-MM-DD')", "TO_DATE('2024-02-29', 'YYYY-MM-DD')"),
        (snow.TIMESTAMP_NTZ, None, 9, "2024-02-29 23:59:59.123456789", f"TO_VARCHAR(max(c), '{FINE}')",
         f"TO_TIMESTAMP_NTZ('2024-02-29 23:59:59.123456789', '{FINE}')"),
        (snow.TIMESTAMP_LTZ, None, 9, "2024-02-29 23:59:59.123456789+00:00",
         f"TO_VARCHAR(CONVERT_TIMEZONE('UTC', max(c)), '{FINE}') || '+00:00'",
         f"TO_TIMESTAMP_LTZ('2024-02-29 23:59:59.123456789+00:00', '{FINE}TZH:TZM')"),
        (snow.TEXT, None, None, "it's \\", "max(c)", "'it''s \\\\'"),
    ],
)  # fmt: skip
def test_watermarks_keep_all_digits(
    raw: Any, number: int, digits: int | None, scale: int | None, value: str, spelled: str, made: str
) -> None:
    native = _native(SimpleNamespace(name="C", type_code=number, precision=digits, scale=scale))
    reader = SnowflakeReader(raw)
    order = reader.order("c", native, Rows("t"))
    assert reader.spelled("max(c)", order) == spelled
    assert reader.literal(native, order, value) == made


def test_what_is_read_above_a_watermark_is_what_one_statement_gave(server: Any, raw: Any) -> None:
    """Rows that come after it are not among them, though no transaction holds anything."""
    cursor = server.base.cursor()
    cursor.execute("CREATE TABLE t (id INT, seen INT); INSERT INTO t VALUES (1, 5), (2, 7)")
    reader = SnowflakeReader(raw)
    reader.expression('"id"', Native("id", "whole"), Kind.LONG)
    held = reader.hold(Rows('"t"'), '"seen"', '"seen" >= 7')
    cursor.execute("INSERT INTO t VALUES (3, 9)")
    assert reader.row(held.select('max("seen"), count("id")')) == (7, 1)
    assert server.told[0] == 'SELECT "id", "seen" FROM "t" WHERE (\n"seen" >= 7\n)'
    assert "RESULT_SCAN('01b2c3d4-" in server.told[1]
    cursor.close()
