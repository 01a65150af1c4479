"""BigQuery at the boundary of its client: the real one, before a stand-in that speaks its API. No BigQuery was asked."""

from __future__ import annotations

import json
import math
import sys
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import google.auth.exceptions
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import requests
from google.api_core import exceptions as answers

from penstock.connectors.databases import asking, drivers, hosts
from penstock.connectors.databases.bigquery import session as big
from penstock.connectors.databases.bigquery.handing import Handing
from penstock.connectors.databases.bigquery.partitions import partition_of
from penstock.connectors.databases.bigquery.source import BigQueryReader, _expression, _native
from penstock.connectors.databases.bigquery.tables import BigQueryTables, _column
from penstock.connectors.databases.bigquery.target import BigQueryTarget
from penstock.connectors.databases.bigquery.values import Value
from penstock.connectors.databases.lines import StagedFiles
from penstock.connectors.databases.loading import Handed
from penstock.connectors.databases.pieces import Piece
from penstock.connectors.databases.session import Gone
from penstock.connectors.databases.sources import Into
from penstock.connectors.databases.statements import Native, Rows
from penstock.connectors.databases.targets import Column, Family
from penstock.connectors.databases.trying import misfit, relation
from penstock.connectors.places import Place
from penstock.errors import ConnectionTestFailed, JobStopped, PermanentError, TransientError
from penstock.kit.secret import hidden
from penstock.kit.stopping import STOP
from penstock.plan.dtypes import Kind
from penstock.plan.operators import ConnectionRef, FileTarget, Write
from penstock.plan.ports import Connection, Staged
from penstock.plan.systems import DatabaseSource, DatabaseTarget

HERE = "127.0.0.0/8"


@pytest.fixture(scope="module")
def fake(fake_of: Callable[[str], ModuleType]) -> ModuleType:
    """`tests/fakes/big.py`."""
    return fake_of("big")


@pytest.fixture
def server(fake: ModuleType, tmp_path: Path) -> Iterator[Any]:
    made = fake.BigQuery(tmp_path / "big")
    yield made
    made.close()


def connection_of(server: Any, **more: Any) -> Connection:
    given = {**server.connection, **more}
    secrets = given.pop("secrets")
    return Connection("db", given.pop("type"), given, hidden(secrets))


def place_of(server: Any, allow: str | None = HERE) -> Place:
    return Place("127.0.0.1", server.server_port, ("127.0.0.1",), allow)


@pytest.fixture
def client(server: Any) -> Iterator[Any]:
    made = big.connected(connection_of(server), place_of(server))
    yield made
    made.close()


def said(reason: str, message: str = "It is so", kind: type[Any] = answers.BadRequest) -> Exception:
    return kind(f"GET https://x: {message}", errors=[{"reason": reason, "message": message}])


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (said("invalidQuery"), PermanentError), (said("accessDenied", kind=answers.Forbidden), PermanentError),
        (said("rateLimitExceeded", kind=answers.Forbidden), TransientError), (said("backendError"), TransientError),
        (said("x", kind=answers.ServiceUnavailable), TransientError), (answers.TooManyRequests("slow down"), TransientError),
        (said("invalidQuery", "Transaction is aborted due to concurrent update against table t"), TransientError),
        (google.auth.exceptions.TransportError("no route"), Gone), (requests.ConnectionError("reset"), Gone),
        (google.auth.exceptions.RefreshError("invalid_grant"), PermanentError), (TimeoutError(), TransientError),
    ],
)  # fmt: skip
def test_errors_are_classed_by_their_reason(error: Exception, kind: type[Exception]) -> None:
    fault = big.fault_of(error)
    assert type(fault) is kind
    assert "https://x" not in fault.message


def test_where_a_project_is() -> None:
    assert hosts.found(Connection("db", "bigquery", {"host": "acme-shop-1"})) == ("bigquery.googleapis.com", 443)
    assert hosts.found(Connection("db", "bigquery", {"host": "a.com:acme"})) == ("bigquery.googleapis.com", 443)
    with pytest.raises(ConnectionTestFailed, match="id of a project"):
        asking.Databases(None).test(Connection("db", "bigquery", {"host": "evil.example.com/"}))
    with pytest.raises(PermanentError, match="are words"):
        hosts.scope(Connection("db", "bigquery"), "a`b")


@pytest.mark.parametrize("key", ["", "{}", "[1]", "canary", '{"private_key": "canary"}'])
def test_a_key_that_is_none_is_told_without_it(server: Any, key: str) -> None:
    with pytest.raises(PermanentError, match="key of a service account") as found:
        big.connected(connection_of(server, secrets={"password": key}), place_of(server))
    assert "canary" not in found.value.message


def test_a_key_that_google_refuses(server: Any) -> None:
    key = {**json.loads(server.connection["secrets"]["password"]), "client_email": "canary@x"}
    with pytest.raises(
        PermanentError, match=r"Google refuses the key of the service account in the password: .*account"
    ):
        big.open_session(connection_of(server, secrets={"password": json.dumps(key)}), place_of(server))


def test_only_checked_addresses_are_reached(server: Any) -> None:
    """A key names the address that gives its tokens."""
    with pytest.raises((PermanentError, TransientError)):
        big.open_session(connection_of(server), place_of(server, "10.0.0.0/8"))
    assert server.tokens == 0
    with pytest.raises(ConnectionTestFailed, match="internal address"):
        asking.Databases("10.0.0.0/8").test(connection_of(server))


def test_a_test_climbs_to_one_row(server: Any) -> None:
    rungs = asking.Databases(HERE).test(connection_of(server))
    assert [(one.name, one.state.value) for one in rungs] == [
        ("resolve", "passed"), ("port", "passed"), ("login", "passed"), ("privileges", "warned"), ("version", "passed"),
        ("clock", "passed"), ("row", "passed"),
    ]  # fmt: skip
    assert asking.Databases(HERE).version(connection_of(server)) == "GoogleSQL"


def test_a_sample_and_the_catalogue(server: Any) -> None:
    server.base.cursor().execute(
        "CREATE TABLE t (id BIGINT NOT NULL, total DECIMAL(9, 2), more JSON, day DATE, is_so BOOLEAN, b BLOB, l VARCHAR[]);"
        """INSERT INTO t VALUES (7, 1.5, '{"a":1}', '2024-05-06', true, '\\x00\\xFF', ['x', 'y'])"""
    )
    known = asking.Databases(HERE)
    found = known.sample(connection_of(server), DatabaseSource(table="t", schema="main"), 5)
    assert dict(found.fields) == {
        "id": "long", "total": "double", "more": "json", "day": "datetime", "is_so": "boolean", "b": "string",
        "l": "json_array",
    }  # fmt: skip
    assert found.rows == ((7, "1.50", '{"a": 1}', "2024-05-06", True, "\\x00ff", '["x", "y"]'),)
    for schema in ("main", None):
        (table,) = known.tables(connection_of(server), schema)
        assert [(one.name, one.type, one.is_nullable) for one in table.columns][:4] == [
            ("id", "long", False), ("total", "double", True), ("more", "string", True), ("day", "datetime", True),
        ]  # fmt: skip


@pytest.mark.parametrize(
    "sql", ["CREATE TABLE t (id INT64)", "CALL p()", "DELETE FROM t WHERE TRUE", "DECLARE x INT64"]
)
def test_what_is_no_query_is_not_run(server: Any, client: Any, sql: str) -> None:
    with pytest.raises(PermanentError, match="gives no rows"):
        big.BigQuerySession(client).first(sql)
    assert server.told == []


TIME = "%E4Y-%m-%d %H:%M:%E6S"


@pytest.mark.parametrize(
    ("word", "kind", "made"),
    [
        ("INTEGER", Kind.LONG, "c"), ("FLOAT", Kind.DOUBLE, "c"), ("BOOLEAN", Kind.BOOLEAN, "c"), ("STRING", Kind.INT, "c"),
        ("BYTES", Kind.BYTEARRAY, "c"), ("NUMERIC", Kind.DOUBLE, "CAST(c AS STRING)"),
        ("BIGNUMERIC", Kind.LONG, "CAST(TRUNC(c) AS STRING)"),
        ("NUMERIC", Kind.BOOLEAN, "CASE WHEN c = 0 THEN 'false' WHEN c IS NOT NULL THEN 'true' END"),
        ("DATE", Kind.DATETIME, "UNIX_MICROS(TIMESTAMP(c))"), ("DATE", Kind.CHARARRAY, "FORMAT_DATE('%E4Y-%m-%d', c)"),
        ("DATETIME", Kind.DATETIME, "UNIX_MICROS(TIMESTAMP(c))"), ("TIMESTAMP", Kind.DATETIME, "UNIX_MICROS(c)"),
        ("DATETIME", Kind.CHARARRAY, f"FORMAT_DATETIME('{TIME}', c)"),
        ("TIMESTAMP", Kind.CHARARRAY, f"FORMAT_TIMESTAMP('{TIME}+00:00', c, 'UTC')"),
        ("TIME", Kind.CHARARRAY, "FORMAT_TIME('%H:%M:%E6S', c)"), ("JSON", Kind.MAP, "TO_JSON_STRING(c)"),
        ("RECORD", Kind.MAP, "TO_JSON_STRING(TO_JSON(c))"), ("ARRAY", Kind.BAG, "TO_JSON_STRING(TO_JSON(c))"),
        ("GEOGRAPHY", Kind.MAP, "ST_ASGEOJSON(c)"), ("INTERVAL", Kind.CHARARRAY, "CAST(c AS STRING)"),
    ],
)  # fmt: skip
def test_columns_as_they_are_read(word: str, kind: Kind, made: str) -> None:
    assert _expression("c", word, kind)[0] == made


def test_a_type_that_is_not_read_is_named() -> None:
    with pytest.raises(PermanentError, match=r"type \(RANGE\) that is not read"):
        _expression("`c`", "RANGE", Kind.CHARARRAY)


def test_values_as_they_arrive(server: Any, client: Any, tmp_path: Path, fake: ModuleType, monkeypatch: Any) -> None:
    """Page after page."""
    monkeypatch.setattr(fake, "PAGE", 1)
    server.base.cursor().execute(
        'CREATE TABLE v (n DECIMAL(38, 9), w BIGINT, r DOUBLE, t VARCHAR, "at" TIMESTAMPTZ, l TIMESTAMP, b BLOB, o JSON);'
        "INSERT INTO v VALUES (99999999999999999999999999999.999999999, -9223372036854775808, 'nan', '\U0001f600\n', "
        "'0001-01-01 00:00:00.000005Z', '9999-12-31 23:59:59.999999', '\\x00', '[1]'), "
        "(NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL)"
    )
    reader = BigQueryReader(client)
    natives = reader.describe("SELECT * FROM `v`")
    kinds = [
        Kind.CHARARRAY,
        Kind.LONG,
        Kind.DOUBLE,
        Kind.CHARARRAY,
        Kind.DATETIME,
        Kind.DATETIME,
        Kind.BYTEARRAY,
        Kind.BAG,
    ]
    listed = ", ".join(
        f"{reader.expression(reader.quoted(one.name), one, kind)} AS `c{at}`"
        for at, (one, kind) in enumerate(zip(natives, kinds, strict=True))
    )
    counts: list[int] = []
    (file,) = reader.land(
        [f"SELECT {listed} FROM `v`"], natives, Into(tmp_path, 1, lambda amount, what: counts.append(amount))
    )
    first, second = pq.read_table(file).to_pylist()
    assert math.isnan(first.pop("c2"))
    assert first == {
        "c0": "9" * 29 + "." + "9" * 9, "c1": -(2**63), "c3": "\U0001f600\n",
        "c4": datetime(1, 1, 1, 0, 0, 0, 5, tzinfo=UTC), "c5": datetime(9999, 12, 31, 23, 59, 59, 999999), "c6": b"\x00",
        "c7": "[1]",
    }  # fmt: skip
    assert set(second.values()) == {None}
    assert counts[-1] == 2


def test_a_read_ends_when_the_job_is_to_stop(server: Any, client: Any, tmp_path: Path) -> None:
    server.waits.add("slow")
    reader, natives = BigQueryReader(client), [Native("c", "STRING")]
    reader.expression("`c`", natives[0], Kind.CHARARRAY)

    def stop() -> None:
        server.began.wait(10)
        STOP.ask()
        server.cancelled.set()

    other = threading.Thread(target=stop)
    other.start()
    try:
        with pytest.raises(JobStopped):
            reader.land(["SELECT slow"], natives, Into(tmp_path, 1, lambda amount, what: None))
    finally:
        other.join()
        STOP.forget()


@pytest.mark.parametrize(
    ("type_", "kind", "sql", "safe"),
    [
        ("INT64", Kind.LONG, "`v`", None), ("FLOAT64", Kind.INT, "CAST(`v` AS FLOAT64)", None),
        ("INT64", Kind.CHARARRAY, "CAST(`v` AS INT64)", "SAFE_CAST(`v` AS INT64)"),
        ("NUMERIC(9, 2)", Kind.DOUBLE, "CAST(`v` AS NUMERIC(9, 2))", "SAFE_CAST(`v` AS NUMERIC(9, 2))"),
        ("STRING(5)", Kind.CHARARRAY, "`v`", "IF(LENGTH(`v`) <= 5, `v`, NULL)"),
        ("STRING", Kind.CHARARRAY, "`v`", None), ("BYTES", Kind.CHARARRAY, "CAST(`v` AS BYTES)", None),
        ("DATE", Kind.DATETIME, "CAST(`v` AS DATE)", None), ("DATETIME", Kind.DATETIME, "CAST(`v` AS DATETIME)", None),
        ("TIMESTAMP", Kind.CHARARRAY, "CAST(`v` AS TIMESTAMP)", "SAFE_CAST(`v` AS TIMESTAMP)"),
        ("JSON", Kind.MAP, "PARSE_JSON(`v`)", "SAFE.PARSE_JSON(`v`)"),
        ("GEOGRAPHY", Kind.CHARARRAY, "ST_GEOGFROM(`v`)", "SAFE.ST_GEOGFROM(`v`)"), ("STRING", Kind.BAG, "`v`", None),
    ],
)  # fmt: skip
def test_values_as_they_are_written(type_: str, kind: Kind, sql: str, safe: str | None) -> None:
    made = Value(Column("v", type_, Family.OTHER), kind)
    assert (made.sql(), made.can_fail) == (sql, safe is not None)
    if safe is not None:
        assert misfit(made) == f"`v` IS NOT NULL AND {safe} IS NULL"
        assert relation("s", [made], "fail") == f"SELECT {sql} AS `v` FROM s"
        assert relation("s", [made], "set_null") == f"SELECT {safe} AS `v` FROM s"
        assert relation("s", [made], "skip") == f"SELECT {safe} AS `v` FROM s WHERE NOT (({misfit(made)}))"


def test_columns_that_no_field_is_written_to() -> None:
    def known(word: str, mode: str = "NULLABLE", **more: int) -> Column:
        blank = dict.fromkeys(("max_length", "precision", "scale"))
        return _column(SimpleNamespace(name="v", field_type=word, mode=mode, **{**blank, **more}))

    assert known("INTEGER", "REPEATED") == Column("v", "ARRAY<INT64>", Family.NONE)
    assert known("RECORD") == Column("v", "STRUCT", Family.NONE)
    assert known("RANGE").family is Family.NONE
    assert known("NUMERIC", precision=9, scale=2) == Column("v", "NUMERIC(9, 2)", Family.DECIMAL)
    assert known("STRING", max_length=5) == Column("v", "STRING(5)", Family.TEXT)


def parted(by: str, field: str | None, word: str = "DATE") -> Any:
    schema = [SimpleNamespace(name="day", field_type=word)]
    return SimpleNamespace(time_partitioning=SimpleNamespace(type_=by, field=field), schema=schema)


@pytest.mark.parametrize(
    ("found", "name", "holds"),
    [
        (parted("DAY", "day"), "20240229", "`day` >= DATE '2024-02-29' AND `day` < DATE '2024-03-01'"),
        (parted("MONTH", "day", "DATETIME"), "202412",
         "`day` >= DATETIME '2024-12-01 00:00:00' AND `day` < DATETIME '2025-01-01 00:00:00'"),
        (parted("YEAR", "day"), "2024", "`day` >= DATE '2024-01-01' AND `day` < DATE '2025-01-01'"),
        (parted("HOUR", None), "2024123123",
         "_PARTITIONTIME >= TIMESTAMP '2024-12-31 23:00:00+00' AND _PARTITIONTIME < TIMESTAMP '2025-01-01 00:00:00+00'"),
    ],
)  # fmt: skip
def test_partitions_by_name(found: Any, name: str, holds: str) -> None:
    made = partition_of(found, f"t${name}")
    assert made is not None
    assert made.holds() == holds
    assert partition_of(found, "t") is None


def test_partitions_that_cannot_be() -> None:
    for name in ("2024", "20240230", "__NULL__", "", "2024010١"):
        with pytest.raises(PermanentError, match="names no partition: they are by day there"):
            partition_of(parted("DAY", "day"), f"t${name}")
    with pytest.raises(PermanentError, match="has no partitions by time"):
        partition_of(SimpleNamespace(time_partitioning=None), "t$20240101")


# --- a whole output, handed over


@pytest.fixture
def table(server: Any) -> Any:
    server.base.cursor().execute(
        "CREATE TABLE t (id BIGINT, name VARCHAR); INSERT INTO t VALUES (1, 'old'), (2, 'old')"
    )
    return server


def handing(server: Any, client: Any, folder: Path, rows: list[tuple[Any, Any]], **more: Any) -> Any:
    """What writes some rows; each call is another attempt of one job."""
    folder.mkdir(exist_ok=True)
    ids, names = pa.array([one for one, _ in rows], pa.int64()), pa.array([one for _, one in rows], pa.string())
    pq.write_table(pa.table({"id": ids, "name": names}), folder / "part.parquet")
    keys = ("id",) if more.get("operation") == "merge" else ()
    target = DatabaseTarget("t", None, keys=keys, **more)
    given = SimpleNamespace(schema=[
        SimpleNamespace(name=name, dtype=SimpleNamespace(kind=kind))
        for name, kind in (("id", Kind.LONG), ("name", Kind.CHARARRAY))
    ])  # fmt: skip
    files = FileTarget(
        ConnectionRef("db"), "t", (("id", "id"), ("name", "name")), format="parquet", on_bad_value="fail"
    )
    write = Write("load", "load", "bigquery_destination_component", given, files, target)  # type: ignore[arg-type]
    staged = Staged(write, connection_of(server), folder, Path("/t"), "job-1-1", "job-1 now")
    paths, session = StagedFiles((folder / "part.parquet",)), BigQueryTarget(client)
    ledger = session.ledger(None, staged, in_chunks=False)
    is_once = ledger.made()
    seen = ledger.find() if is_once else None
    piece = Piece(0, len(rows), len(rows))
    handed = Handed(staged, target, ledger, piece, seen, seen is not None, is_once, lambda: paths, lambda: None)
    return Handing(session, handed)


def rows_of(server: Any) -> list[Any]:
    return sorted(server.base.cursor().execute("SELECT * FROM t").fetchall(), key=str)


def left(server: Any) -> list[str]:
    """Tables that were made for what is staged."""
    found = server.base.cursor().execute(
        "SELECT table_name FROM duckdb_tables() WHERE table_name LIKE '\\_penstock\\_%' ESCAPE '\\'"
    )
    return [name for (name,) in found.fetchall() if name != "_penstock_ledger"]


def test_a_merge_keeps_old_values_where_new_ones_are_null(table: Any, client: Any, tmp_path: Path) -> None:
    made = handing(table, client, tmp_path / "s", [(1, None), (2, "new"), (None, "none")], operation="merge")
    counts = made.run()
    assert made.handed.is_once
    assert counts.rows == {"updated": 2, "inserted": 1}
    assert rows_of(table) == [(1, "old"), (2, "new"), (None, "none")]
    assert left(table) == []
    assert all(table.expires[name] for name in table.expires if name != "_penstock_ledger")


@pytest.mark.parametrize("lost", ["_write_1", "_0_1"])
def test_a_job_whose_answer_is_lost_is_found_by_its_name(
    table: Any, client: Any, tmp_path: Path, lost: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(big.RETRY, "_initial", 0.001)
    table.drops.append(lost)
    made = handing(table, client, tmp_path / "s", [(3, "new")])
    try:
        made.run()
    except TransientError:
        made.run()
    assert rows_of(table) == [(1, "old"), (2, "old"), (3, "new")]
    assert sum("BEGIN TRANSACTION" in one for one in table.told) == 1
    assert sum("PARQUET" in one for one in table.told) == 1


@pytest.mark.parametrize("word", ["BEGIN TRANSACTION", "_0_1"])
def test_a_job_that_failed_for_a_while_is_begun_again(table: Any, client: Any, tmp_path: Path, word: str) -> None:
    table.raises.append(
        (word, 503, "backendError", "Error encountered during execution. Retrying may solve the problem.")
    )
    with pytest.raises(TransientError):
        handing(table, client, tmp_path / "s", [(3, "new")]).run()
    assert rows_of(table) == [(1, "old"), (2, "old")]
    handing(table, client, tmp_path / "s", [(3, "new")]).run()
    handing(table, client, tmp_path / "s", [(3, "new")]).run()
    assert rows_of(table) == [(1, "old"), (2, "old"), (3, "new")]
    assert left(table) == []


def test_what_was_handed_over_and_is_gone_is_handed_over_again(table: Any, client: Any, tmp_path: Path) -> None:
    """It expired, or another attempt was done with it."""
    table.raises.append(("BEGIN TRANSACTION", 503, "backendError", "later"))
    with pytest.raises(TransientError):
        handing(table, client, tmp_path / "s", [(3, "new")]).run()
    (name,) = left(table)
    table.base.cursor().execute(f'DROP TABLE "{name}"')
    table.made.pop(f"main.{name}")
    handing(table, client, tmp_path / "s", [(3, "new")]).run()
    assert rows_of(table) == [(1, "old"), (2, "old"), (3, "new")]


def test_without_a_ledger_it_is_said_to_be_at_least_once(
    table: Any, client: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A job that goes by its name is found all the same, as long as BigQuery remembers it."""
    refuses: Callable[..., Any] = lambda self: False  # noqa: E731
    monkeypatch.setattr("penstock.connectors.databases.bigquery.handing.BigLedger._make", refuses)
    for _ in range(2):
        made = handing(table, client, tmp_path / "s", [(3, "new")])
        made.run()
        assert made.handed.is_once is False
    assert rows_of(table) == [(1, "old"), (2, "old"), (3, "new")]


def test_a_table_that_is_made_again_has_the_columns_that_are_written(table: Any, client: Any, tmp_path: Path) -> None:
    table.base.cursor().execute("ALTER TABLE t ADD more INT")
    handing(table, client, tmp_path / "s", [(3, "new")], operation="overwrite").run()
    assert rows_of(table) == [(3, "new")]
    table.partitioned["t"] = "id"
    message = "'add_missing_columns' is not for such tables"
    with pytest.raises(PermanentError, match=message):
        handing(table, client, tmp_path / "u", [(3, "new")], add_missing_columns=True)._table()


def test_a_data_set_is_named_somewhere(server: Any) -> None:
    client = big.connected(connection_of(server, database=""), place_of(server))
    with pytest.raises(PermanentError, match="names a data set"):
        BigQueryTables(client).find(None, "t")
    assert BigQueryTables(client).qualified("other.web", "t$20240101") == "`other`.`web`.`t`"
    with pytest.raises(PermanentError, match="is no name of a data set"):
        BigQueryTables(client).find("a b", "t")
    assert BigQueryTables(client).may_create("nowhere") is False
    client.close()


def test_names_and_texts_in_quotes() -> None:
    assert big.quoted("a`b\\") == "`a\\`b\\\\`"
    assert big.literal("it's \\\n") == "'it\\'s \\\\\\n'"


def test_a_driver_that_is_not_installed_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [one for one in sys.modules if "databases.bigquery" in one or one.partition(".")[0] == "google"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "google", None)
    with pytest.raises(PermanentError, match=r"pip install 'penstock\[bigquery\]'"):
        drivers.module("bigquery", "source")


@pytest.mark.parametrize(
    ("word", "value", "spelled", "made"),
    [
        ("INTEGER", "7", "MAX(c)", "7"), ("FLOAT", "1e+300", "MAX(c)", "CAST('1e+300' AS FLOAT64)"),
        ("NUMERIC", "0.1", "MAX(c)", "CAST('0.1' AS NUMERIC)"),
        ("NUMERIC", "0.0999999999", "MAX(c)", "CAST('0.0999999999' AS BIGNUMERIC)"),
        ("DATE", "2024-02-29", "FORMAT_DATE('%E4Y-%m-%d', MAX(c))", "DATE '2024-02-29'"),
        ("DATETIME", "2024-02-29 23:59:59.123456", "FORMAT_DATETIME('%E4Y-%m-%d %H:%M:%E6S', MAX(c))",
         "DATETIME '2024-02-29 23:59:59.123456'"),
        ("TIMESTAMP", "2024-02-29 23:59:59.123456+00:00",
         "FORMAT_TIMESTAMP('%E4Y-%m-%d %H:%M:%E6S+00:00', MAX(c), 'UTC')", "TIMESTAMP '2024-02-29 23:59:59.123456+00:00'"),
        ("STRING", "it's", "MAX(c)", "'it\\'s'"),
    ],
)  # fmt: skip
def test_watermarks_keep_all_digits(client: Any, word: str, value: str, spelled: str, made: str) -> None:
    native = _native(SimpleNamespace(name="c", field_type=word, mode="NULLABLE"))
    reader = BigQueryReader(client)
    order = reader.order("c", native, Rows("t"))
    assert reader.spelled("MAX(c)", order) == spelled
    assert reader.literal(native, order, value) == made


def test_statements_of_a_snapshot_are_of_one_session_which_ends(server: Any, client: Any) -> None:
    cursor = server.base.cursor()
    cursor.execute("CREATE TABLE t (id INT); INSERT INTO t VALUES (1)")
    reader = BigQueryReader(client)
    reader.describe("SELECT `id` FROM `t`")
    reader.begin()
    assert reader.row("SELECT MAX(id) FROM `t`") == (1,)
    cursor.execute("INSERT INTO t VALUES (2)")
    assert reader.row("SELECT MAX(id) FROM `t`") == (1,)
    assert len(server.sessions) == 1
    reader.leave()
    assert server.sessions == {}
    assert reader.row("SELECT MAX(id) FROM `t`") == (2,)
    cursor.close()
