"""What databases that no test can start are told, statement by statement, at the boundary of their driver.

Each file of `databases/<system>` is the script of one load, for people who know the database to read. `make golden` writes the
files anew; their diff is reviewed like code.
"""

from __future__ import annotations

import importlib.util
import json
import os
import sys
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from types import ModuleType
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from psycopg.pq import TransactionStatus

from penstock.connectors import places
from penstock.connectors.databases.bigquery.session import connected as client_of
from penstock.connectors.databases.bigquery.target import BigQueryTarget
from penstock.connectors.databases.loading import Load
from penstock.connectors.databases.oracle.target import OracleTarget
from penstock.connectors.databases.redshift.target import RedshiftTarget
from penstock.connectors.databases.snowflake.session import connected
from penstock.connectors.databases.snowflake.target import SnowflakeTarget
from penstock.connectors.databases.sqlserver.target import SqlServerTarget
from penstock.kit.secret import hidden
from penstock.lang import compile_package
from penstock.plan.ports import Connection, Staged, Written
from penstock.plan.systems import DatabaseTarget

HERE = Path(__file__).parent / "databases"
REWRITE = os.environ.get("GOLDEN") == "write"
FIELDS = {"id": "long", "name": "string", "paid": "boolean", "at": "datetime", "total": "double", "more": "json"}
CASES: dict[str, dict[str, Any]] = {
    "append": {},
    "append_to_a_table_that_is_made": {"auto_create_table": True},
    "append_with_a_column_that_is_added": {"add_missing_columns": True},
    "truncate_insert": {"operation": "truncate_insert"},
    "delete_insert": {"operation": "delete_insert"},
    "merge_delete_insert": {"operation": "merge_delete_insert"},
    "merge_update_insert": {"operation": "merge_update_insert"},
    "update_and_mark_missing_rows": {"operation": "update", "missing_rows": "mark", "mark_column": "gone"},
    "insert_missing_and_delete_missing_rows": {"operation": "insert_missing", "missing_rows": "delete"},
    "append_in_chunks": {"chunk_records": 1},
    "merge_update_insert_in_chunks": {"operation": "merge_update_insert", "chunk_records": 1},
    "actions": {"pre_action_sql": "PRE", "post_action_sql": "POST"},
    "actions_outside": {"pre_action_sql": "PRE", "post_action_sql": "POST", "actions_in_transaction": False},
}
STAGED: dict[str, dict[str, Any]] = {
    "append_through_a_bucket": {}, "merge_through_a_bucket": {"operation": "merge_update_insert"},
}  # fmt: skip
BIGQUERY: dict[str, dict[str, Any]] = {
    "append": {}, "append_to_a_table_that_is_made": {"auto_create_table": True},
    "append_with_a_column_that_is_added": {"add_missing_columns": True},
    "append_to_a_partition": {"table": "orders\\$20240506"}, "append_to_a_partition_of_time": {"table": "orders\\$20240506"},
    "overwrite": {"operation": "overwrite"}, "overwrite_a_partition": {"operation": "overwrite", "table": "orders\\$20240506"},
    "overwrite_a_table_in_clusters": {"operation": "overwrite"},
    "merge": {"operation": "merge"}, "merge_into_a_partition_of_time": {"operation": "merge", "table": "orders\\$20240506"},
    "actions": {"pre_action_sql": "DELETE FROM shop.orders WHERE id = 7", "post_action_sql": "SELECT 'so'"},
    "actions_that_define": {
        "pre_action_sql": "CREATE TABLE shop.before (id INT64)", "post_action_sql": "DROP TABLE shop.before",
    },
    "skip": {"on_bad_value": "skip"}, "set_null": {"on_bad_value": "set_null"},
    "merge_and_delete_missing_rows": {"operation": "merge", "missing_rows": "delete", "missing_rows_limit_percent": 50},
    "merge_into_a_partition_and_mark_missing_rows": {
        "operation": "merge", "table": "orders\\$20240506", "missing_rows": "mark", "mark_column": "gone",
    },
    "append_in_chunks": {"chunk_records": 1}, "merge_in_chunks": {"operation": "merge", "chunk_records": 1},
}  # fmt: skip
"""Its own component has other operations."""
ASIDE = {"skip_after_an_action": {"on_bad_value": "skip", "pre_action_sql": "PRE"}}
POLICIES = {"skip": {"on_bad_value": "skip"}, "set_null": {"on_bad_value": "set_null"}}


def _fake(name: str) -> ModuleType:
    file = HERE.parents[1] / "fakes" / f"{name}.py"
    spec = importlib.util.spec_from_file_location(f"penstock_fakes_{name}", file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


big, driver, snow = _fake("big"), _fake("driver"), _fake("snow")
MOVED = r"INSERT INTO \S*orders\S* .*\) SELECT"
"""Records go from the table of the session into the target."""
CHUNK = [("chunk", "bigint", 20), ("epoch", "bigint", 20)]
"""Columns of the ledger that loads in chunks need; nothing else has them."""


def rows(*found: Any) -> Any:
    """An answer of rows; nothing here looks at their columns."""
    return [("c", 0)], list(found), len(found)


def moved(name: str) -> tuple[str, Any]:
    """How many records that is: both, or that of a chunk."""
    return MOVED, (None, [], 1 if "in_chunks" in name else 2)


def ledger(name: str, finished: str, looks: int = 1) -> list[Any]:
    """What is said of the ledger's row: there is none, then that of the first chunk; each is looked at some times."""
    known = rows(*([(0, 1, 1, 0)] if "in_chunks" in name else []))
    return [
        (r"UPDATE \S*_penstock_ledger\S* SET \S*records", (None, [], 1)),
        (finished, [*[rows()] * looks, known] if "in_chunks" in name else rows()),
    ]


def columns_of_ledger(name: str, *more: Any) -> Any:
    """Its columns: in a load in chunks it is of an early version at first."""
    early, widened = rows(("job", *more)), rows(*((one, *more) for one in ("job", "chunk", "epoch")))
    return [early, early, widened] if "in_chunks" in name else early


def sqlserver(name: str) -> tuple[Any, Any]:
    """A SQL Server with a table `shop.orders` and a ledger, unless the case says otherwise."""
    columns = [("id", "bigint", 19, 0, 8), ("name", "nvarchar", 0, 0, 18), ("paid", "bit", 1, 0, 1),
               ("at", "datetimeoffset", 33, 6, 10), ("total", "float", 53, 0, 8), ("more", "nvarchar", 0, 0, -1),
               ("gone", "datetime2", 27, 7, 8)]  # fmt: skip
    lacking = columns[:5] + columns[6:]
    there, absent, known = rows(("U ", 1, 1, 1, 1, 1)), rows(), rows(*columns)
    is_made, is_widened = "that_is_made" in name, "is_added" in name
    raw = driver.Driver(
        [
            moved(name),
            (r"sys.objects o WHERE.*_penstock_ledger", [absent, there] if is_made else there),
            (r"sys.objects o WHERE.*orders", [absent, there] if is_made else there),
            (r"sys.columns(.|\n)*_penstock_ledger", columns_of_ledger(name, "nvarchar", 0, 0, 380)),
            (r"sys.columns(.|\n)*orders", [rows(*lacking), known] if is_widened else known),
            (r"HAS_PERMS_BY_NAME\(DB_NAME", rows((1,))),
            (r"@@TRANCOUNT$", rows((1,))),
            *ledger(name, r"SELECT \[finished\]"),
            (r"HAVING", rows()),
            (r"SELECT number", rows()),
            (r"SELECT count\(\*\) FROM .* WHERE", rows((0,))),
            (r"SELECT count\(\*\)", rows((5,))),
            (r"OPENJSON", (None, [], 1 if "in_chunks" in name else 2)),
        ]
    )
    return raw, SqlServerTarget(raw)


@dataclass
class Place:
    """A bucket whose files are told like statements."""

    raw: Any
    url: str = "s3://lake/staging/penstock_00000000000000000000000000000000/"
    login: tuple[tuple[str, str], ...] = (
        ("ACCESS_KEY_ID", "key"),
        ("SECRET_ACCESS_KEY", "secret"),
        ("REGION", "eu-west-1"),
    )

    def put(self, file: Path) -> None:
        """Tell what is in a file."""
        with pa.CompressedInputStream(str(file), "zstd") as text:
            self.raw.told.append(f"-- {file.name}: {text.read().decode()!r}")

    def clear(self) -> None:
        """Tell it."""
        self.raw.told.append("-- the bucket is cleared")


def redshift(name: str) -> tuple[Any, Any]:
    """A Redshift with such a table."""
    columns = [("id", "bigint", 20), ("name", "character varying(9)", 1043), ("paid", "boolean", 16),
               ("at", "timestamp with time zone", 1184), ("total", "double precision", 701),
               ("more", "character varying(65535)", 1043), ("gone", "timestamp without time zone", 1114)]  # fmt: skip
    there, absent, known = rows((77, True)), rows(), rows(*columns, *(CHUNK if "in_chunks" in name else ()))
    is_made, is_widened = "that_is_made" in name, "is_added" in name
    raw = driver.Driver(
        [
            moved(name),
            (r"c.relname = '_penstock_ledger'", [absent, there] if is_made else there),
            (r"c.relname = 'orders'", [absent, there] if is_made else there),
            (r"has_table_privilege", rows((True, True, True, True))),
            (
                r"FROM pg_attribute",
                [rows(*columns[:5], columns[6]), known] if is_widened else known,
            ),
            (r"FROM pg_namespace", rows((1,))),
            (r"has_schema_privilege", rows((True,))),
            *ledger(name, r'SELECT "finished"', 2),
            (r"pg_last_copy_count", rows((2,))),
            (r"SELECT COUNT\(CASE", rows((0, 0, 0, 0))),
            (r"SELECT min", rows((1, 2))),
            (r"HAVING", rows()),
            (r"SELECT count\(\*\) FROM .* WHERE", rows((0,))),
            (r"SELECT count\(\*\)", rows((5,))),
        ]
    )
    raw.info.transaction_status = TransactionStatus.INTRANS
    target = RedshiftTarget(raw)
    target.stage = Place(raw) if name in STAGED else None
    return raw, target


def oracle(name: str) -> tuple[Any, Any]:
    """An Oracle with such a table."""
    columns = [("id", "NUMBER", 0, 19), ("name", "VARCHAR2", None, None), ("paid", "NUMBER", 0, 1),
               ("at", "TIMESTAMP(6) WITH TIME ZONE", 6, None), ("total", "BINARY_DOUBLE", None, None),
               ("more", "CLOB", None, None), ("gone", "DATE", None, None)]  # fmt: skip
    there, absent, known = (
        rows(("TABLE",)),
        rows(),
        rows(*columns, *((one, "NUMBER", 0, 19) for one, *_ in CHUNK if "in_chunks" in name)),
    )
    is_made, is_widened = "that_is_made" in name, "is_added" in name
    raw = driver.Driver(
        [
            moved(name),
            (r"FROM all_objects.*_penstock_ledger", [absent, there] if is_made else there),
            (r"FROM all_objects.*orders", [absent, there] if is_made else there),
            (r"FROM all_tab_columns", [rows(*columns[:5], columns[6]), known] if is_widened else known),
            (r"session_privs", rows((1,))),
            (r"SELECT DBMS_TRANSACTION", rows(("7.1.99",))),
            *ledger(name, r'SELECT "finished"'),
            (r"HAVING", rows()),
            (r"SELECT count\(\*\) FROM .* WHERE", rows((0,))),
            (r"SELECT count\(\*\)", rows((5,))),
        ]
    )
    return raw, OracleTarget(raw)


def snowflake(name: str) -> tuple[Any, Any]:
    """A stand-in for Snowflake with such a table, two rows in it, and the real driver before it."""
    folder = TemporaryDirectory()
    server = snow.Snowflake(Path(folder.name))
    server.takes |= {"PRE", "POST"}
    given = dict(server.connection)
    secrets, kind = given.pop("secrets"), given.pop("type")
    more = "" if "is_added" in name else "more JSON, "
    raw = server.base.cursor()
    raw.execute("CREATE SCHEMA shop")
    if "that_is_made" not in name:
        raw.execute(
            f'CREATE TABLE shop.orders (id BIGINT, name VARCHAR, paid BOOLEAN, "at" TIMESTAMPTZ, total DOUBLE, {more}'
            "gone TIMESTAMP)"
        )
        raw.execute("INSERT INTO shop.orders (id, name) VALUES (1, 'old'), (2, 'old')")
        raw.execute(
            "CREATE TABLE shop._penstock_ledger (job VARCHAR, output VARCHAR, records BIGINT, finished BIGINT, "
            "written_at TIMESTAMPTZ)"
        )
    raw.close()
    session = connected(
        Connection("db", kind, given, hidden(secrets)), places.Place("127.0.0.1", server.server_port, ("127.0.0.1",))
    )
    close = server.close
    server.close = lambda: (session.close(), close(), folder.cleanup())
    return server, SnowflakeTarget(session)


def bigquery(name: str) -> tuple[Any, Any]:
    """A stand-in for BigQuery with such a table, and the real client before it."""
    folder = TemporaryDirectory()
    server = big.BigQuery(Path(folder.name) / "big")
    given = {**server.connection, "database": "shop"}
    secrets, kind = given.pop("secrets"), given.pop("type")
    raw = server.base.cursor()
    raw.execute("CREATE SCHEMA shop")
    if "partition" in name:
        server.partitioned["orders"] = None if "of_time" in name else "at"
    if "clusters" in name:
        server.clustered.add("orders")
    if "that_is_made" not in name:
        more = (
            ("" if "is_added" in name else ", more JSON")
            + (", gone TIMESTAMP" if "mark" in name else "")
            + (", _PARTITIONTIME TIMESTAMPTZ" if "of_time" in name else "")
        )
        total = "total DECIMAL(38, 9)" if name in POLICIES else "total DOUBLE"
        raw.execute(
            f'CREATE TABLE shop.orders (id BIGINT, name VARCHAR, paid BOOLEAN, "at" TIMESTAMPTZ, {total}{more})'
        )
        raw.execute("INSERT INTO shop.orders (id, name) VALUES (1, 'old'), (3, 'old')")
        raw.execute(
            "CREATE TABLE shop._penstock_ledger (job VARCHAR, output VARCHAR, records BIGINT, finished BIGINT, "
            "written_at TIMESTAMPTZ)"
        )
    raw.close()
    client = client_of(
        Connection("db", kind, given, hidden(secrets)), places.Place("127.0.0.1", server.server_port, ("127.0.0.1",))
    )
    close = server.close
    server.close = lambda: (client.close(), close(), folder.cleanup())
    return server, BigQueryTarget(client)


SYSTEMS = {"bigquery": bigquery, "oracle": oracle, "redshift": redshift, "snowflake": snowflake, "sqlserver": sqlserver}
MORE = {
    "oracle": {**POLICIES, **ASIDE},
    "sqlserver": POLICIES,
    "redshift": {**STAGED, **POLICIES},
    "snowflake": POLICIES,
}
OWN = {"bigquery": BIGQUERY}
LOADS = [(system, name) for system in SYSTEMS for name in (*OWN.get(system, CASES), *MORE.get(system, ()))]


def load_of(system: str, properties: dict[str, Any], folder: Path) -> Load:
    """Return a load of two records."""
    is_own = system in OWN
    given = {"dataset" if is_own else "schema": "shop", "table": "orders", **properties}
    is_keyed = given.get("operation", "append") not in ("append", "overwrite", "truncate_insert", "delete_insert")
    flow = {
        "components": [
            {"id": "f", "name": "records", "type": "cloud_storage_source_component", "connection": {"name": "lake"},
             "properties": {"path": "in.csv"}, "fields": [{"name": name, "type": kind} for name, kind in FIELDS.items()]},
            {"id": "t", "name": "load", "type": f"{system if is_own else 'database'}_destination_component",
             "connection": {"name": "db"}, "properties": given,
             "mapping": [{"alias": name, "key": name == "id" and is_keyed} for name in FIELDS]},
        ],
        "edges": [{"from": "f", "to": "t"}],
    }  # fmt: skip
    compiled = compile_package(json.dumps(flow), {})
    assert compiled.plan is not None, compiled.diagnostics
    (write,) = compiled.plan.outputs
    assert isinstance(write.destination, DatabaseTarget)
    at: list[Any] = [datetime(2024, 5, 6, 7, 8, 9, 123000, tzinfo=UTC), None]
    if "$" in write.destination.table:
        at[1] = at[0]  # Nothing else lies in that partition.
    table = pa.table({
        "id": pa.array([1, 2], pa.int64()), "name": ["it's \\ \U0001f600", ""], "paid": [True, None],
        "at": pa.array(at, pa.timestamp("ms", "UTC")), "total": [0.1, None], "more": ['{"a":[1]}', None],
    })  # fmt: skip
    folder.mkdir()
    pq.write_table(table, folder / "part.parquet")
    staged = Staged(write, Connection("db", system), folder, Path("/db"), "job-1-1", "job-1 2026-01-02T03:04:05+00:00")
    return Load(staged, Written("load", 2, ("part.parquet",)), write.destination, None)


@pytest.mark.parametrize(("system", "name"), LOADS)
def test_what_a_load_says(system: str, name: str, tmp_path: Path) -> None:
    raw, target = SYSTEMS[system](name)
    try:
        load = load_of(
            system, {**CASES, **POLICIES, **ASIDE, **STAGED, **OWN.get(system, {})}[name], tmp_path / "staged"
        )
        made = load.publish(lambda: nullcontext(target))
    finally:
        raw.close()
    assert made.places == (f"shop.{load.target.table}",)
    assert made.is_once
    file = HERE / system / f"{name}.sql"
    if REWRITE:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(raw.script, "utf-8")
    assert raw.script == file.read_text("utf-8")


def test_every_file_is_of_a_load() -> None:
    assert {(one.parent.name, one.stem) for one in HERE.glob("*/*.sql")} == set(LOADS)
