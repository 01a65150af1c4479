"""Databases as sources and destinations: one folder of files, one database, and packages that move records between them."""

from __future__ import annotations

import importlib.util
import json
import re
import shutil
import sqlite3
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import replace
from itertools import count, pairwise
from pathlib import Path
from types import ModuleType
from typing import Any, ClassVar, cast

import psycopg
import pymysql
import pytest
from tests.fakes.deaths import Asked, Cut, Dying, cutting

from penstock.connectors.databases.bigquery.handing import Handing
from penstock.connectors.databases.bigquery.target import BigQueryTarget
from penstock.connectors.databases.duckdb.source import opened
from penstock.connectors.databases.duckdb.target import DuckTarget
from penstock.connectors.databases.mysql.target import MysqlTarget
from penstock.connectors.databases.postgres.target import PostgresTarget
from penstock.connectors.databases.redshift import session as redshift
from penstock.connectors.databases.redshift.target import RedshiftTarget
from penstock.connectors.databases.snowflake.target import SnowflakeTarget
from penstock.connectors.databases.sqlite.target import SqliteTarget
from penstock.connectors.places import FilePlace
from penstock.engines.duckdb.run import DuckEngine
from penstock.errors import PenstockError
from penstock.plan.ports import Connector, Engine
from penstock.runtime.execute import Gate, OpenGate, Order, Result, execute
from penstock.runtime.look import Quiet
from penstock.wiring import jobs as wiring


def _fake(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(
        f"penstock_fakes_{name}", Path(__file__).parents[2] / "fakes" / f"{name}.py"
    )
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


big, snow = _fake("big"), _fake("snow")

HERE = "127.0.0.0/8"
_numbers = count(1)
SUBMITTED = "2026-01-02T03:04:05+00:00"


class Base:
    """A database under test: how a job connects to it, and a way of the test's own into it."""

    kind = "postgres"

    def __init__(self, url: str, port: int) -> None:
        self._raw = psycopg.connect(url, autocommit=True)
        name = url.partition("@/")[2].partition("?")[0]
        self._raw.execute("CREATE ROLE loader LOGIN PASSWORD 'canary-pw'") if not self._has_role() else None
        self._raw.execute(f"ALTER DATABASE {name} OWNER TO loader")
        self._raw.execute("ALTER SCHEMA public OWNER TO loader")
        self._raw.execute("SET ROLE loader")
        self.connection: dict[str, Any] = {
            "type": "postgres", "host": "127.0.0.1", "port": port, "database": name, "username": "loader", "ssl": False,
            "secrets": {"password": "canary-pw"},
        }  # fmt: skip

    def _has_role(self) -> bool:
        return bool(self.rows("SELECT 1 FROM pg_roles WHERE rolname = 'loader'"))

    def sql(self, *statements: str) -> None:
        """Run statements."""
        for one in statements:
            self._raw.execute(one.encode())

    def rows(self, statement: str) -> list[tuple[Any, ...]]:
        """Return rows."""
        return self._raw.execute(statement.encode()).fetchall()

    def insert(self, table: str, rows: Sequence[Sequence[Any]]) -> None:
        """Add rows by the driver, which is given values of Python."""
        with self._raw.cursor() as cursor:
            cursor.executemany(f"INSERT INTO {table} VALUES ({', '.join(['%s'] * len(rows[0]))})", rows)

    def target(self) -> type:
        """Return the class of what writes."""
        return PostgresTarget

    def steps(self) -> tuple[type, tuple[str, ...]]:
        """What a load is made of, and may break at: a class and methods of it."""
        return self.target(), ("execute", "bulk", "begin", "commit", "empty", "serialize", "temporary")

    def chunk_steps(self) -> tuple[type, tuple[str, str, str]]:
        """What a chunk is made of: it begins, its records arrive, it is written."""
        return self.target(), ("begin", "bulk", "commit")

    def forget(self) -> None:
        """Have loads unknown that were written."""
        self.sql("DELETE FROM _penstock_ledger")

    def first_step(self) -> tuple[type, str]:
        """The step after which rows are written, unless another attempt does so."""
        return self.target(), "begin"

    def last_step(self) -> tuple[type, str]:
        """The step after which rows are written for certain."""
        return self.target(), "commit"

    def source(self, fields: Sequence[Any], **properties: Any) -> dict[str, Any]:
        """A source of the database."""
        return table_source(fields, **properties)

    def table_target(self, mapping: Sequence[Any] = (), **properties: Any) -> dict[str, Any]:
        """A destination of the database."""
        return table_target(mapping, **properties)

    def close(self) -> None:
        """End the session."""
        self._raw.close()


@pytest.fixture
def postgres_base(postgres: Any, new_database: Callable[[], str]) -> Iterator[Base]:
    made = Base(new_database(), postgres.port)
    yield made
    made.close()


class RedshiftBase(Base):
    """A database of PostgreSQL that is taken for one of Redshift: the statements meant for that are run there, which says
    nothing of what Redshift itself makes of them. Settings that only Redshift has are left out."""

    kind = "redshift"

    def __init__(self, url: str, port: int) -> None:
        super().__init__(url, port)
        self.connection["type"] = "redshift"
        self.sql("CREATE FUNCTION getdate() RETURNS timestamp LANGUAGE sql AS 'SELECT clock_timestamp()::timestamp'")

    def target(self) -> type:
        """Return the class of what writes."""
        return RedshiftTarget


TRY_CAST = re.compile(r"TRY_CAST\(CASE WHEN BTRIM\((c\d+)\) <> '' THEN \1 END AS ([a-z ]+(?:\([\d,]+\))?[a-z ]*)\)")


def _tried(found: re.Match[str]) -> str:
    name, type = found.groups()
    return f"CASE WHEN pg_input_is_valid({name}, '{type}') THEN CAST({name} AS {type}) END"


@pytest.fixture
def redshift_base(
    postgres: Any, new_database: Callable[[], str], monkeypatch: pytest.MonkeyPatch
) -> Iterator[RedshiftBase]:
    known = tuple(one for one in redshift.SETTINGS if "enable_case_sensitive_identifier" not in one)
    assert len(known) == len(redshift.SETTINGS) - 1
    monkeypatch.setattr(redshift, "SETTINGS", known)
    for name in ("execute", "rows"):
        told = getattr(RedshiftTarget, name)
        # PostgreSQL tells by another name whether a text is one of a type.
        monkeypatch.setattr(RedshiftTarget, name, lambda self, sql, told=told: told(self, TRY_CAST.sub(_tried, sql)))
    made = RedshiftBase(new_database(), postgres.port)
    yield made
    made.close()


class MysqlBase(Base):
    """A database of MariaDB."""

    kind = "mysql"

    def __init__(self, market: Mapping[str, Any]) -> None:
        name = f"loads_{next(_numbers)}"
        self._raw: Any = pymysql.connect(unix_socket=market["socket"], user="root", autocommit=True)
        self.sql(
            f"CREATE DATABASE {name} CHARACTER SET utf8mb4", f"GRANT ALL ON {name}.* TO 'reader'@'127.0.0.1'", f"USE {name}",
            "SET sql_mode = 'ANSI_QUOTES', time_zone = '+00:00'",
        )  # fmt: skip
        self.connection = {
            "type": "mysql", "host": "127.0.0.1", "port": market["port"], "database": name, "username": "reader", "ssl": False,
            "secrets": {"password": market["password"]},
        }  # fmt: skip

    def sql(self, *statements: str) -> None:
        """Run statements."""
        with self._raw.cursor() as cursor:
            for one in statements:
                cursor.execute(one)

    def rows(self, statement: str) -> list[tuple[Any, ...]]:
        """Return rows."""
        with self._raw.cursor() as cursor:
            cursor.execute(statement)
            return list(cursor.fetchall())

    def target(self) -> type:
        """Return the class of what writes."""
        return MysqlTarget


@pytest.fixture
def mysql_base(market: dict[str, Any]) -> Iterator[MysqlBase]:
    made = MysqlBase(market)
    yield made
    made.close()


class SqliteBase(Base):
    """A SQLite file."""

    kind = "sqlite"

    def __init__(self, folder: Path) -> None:
        self.connection = {"type": "sqlite", "path": str(folder / "base.db")}

    def _open(self) -> Any:
        return sqlite3.connect(self.connection["path"], isolation_level=None)

    def sql(self, *statements: str) -> None:
        """Run statements."""
        with closing(self._open()) as raw:
            for one in statements:
                raw.execute(one)

    def rows(self, statement: str) -> list[tuple[Any, ...]]:
        """Return rows."""
        with closing(self._open()) as raw:
            return [tuple(row) for row in raw.execute(statement).fetchall()]

    def insert(self, table: str, rows: Sequence[Sequence[Any]]) -> None:
        """Add rows."""
        with closing(self._open()) as raw:
            raw.executemany(f"INSERT INTO {table} VALUES ({', '.join('?' * len(rows[0]))})", rows)

    def target(self) -> type:
        """Return the class of what writes."""
        return SqliteTarget

    def close(self) -> None:
        """Nothing is open."""


class DuckBase(SqliteBase):
    """A DuckDB file."""

    kind = "duckdb"

    def __init__(self, folder: Path) -> None:
        self.connection = {"type": "duckdb", "path": str(folder / "base.duckdb")}

    def _open(self) -> Any:
        file = Path(self.connection["path"])
        return opened(FilePlace(file, file.parent))

    def target(self) -> type:
        """Return the class of what writes."""
        return DuckTarget


@pytest.fixture
def sqlite_base(tmp_path: Path) -> SqliteBase:
    return SqliteBase(tmp_path)


@pytest.fixture
def duckdb_base(tmp_path: Path) -> DuckBase:
    return DuckBase(tmp_path)


class SnowflakeBase(SqliteBase):
    """A DuckDB behind the API of Snowflake, which the driver of that speaks to."""

    kind = "snowflake"

    def __init__(self, folder: Path) -> None:
        self.server = snow.Snowflake(folder / "snow")
        self.connection = self.server.connection

    def _open(self) -> Any:
        return self.server.base.cursor()

    def target(self) -> type:
        """Return the class of what writes."""
        return SnowflakeTarget

    def close(self) -> None:
        """End it."""
        self.server.close()


@pytest.fixture
def snowflake_base(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[SnowflakeBase]:
    # For each session the driver looks for the program that it runs in, through all that pytest has on the stack.
    monkeypatch.setattr("snowflake.connector.connection._connection.get_application_path", lambda: None)
    made = SnowflakeBase(tmp_path)
    yield made
    made.close()


class BigQueryBase(SqliteBase):
    """A DuckDB behind the API of BigQuery, which the client of that speaks to. Its components are its own: names of the others'
    options and operations are made its own, and what it does not have is left out of a test."""

    kind = "bigquery"
    operations: ClassVar = {
        "append": "append", "truncate_insert": "overwrite", "overwrite": "overwrite", "merge_update_insert": "merge",
        "merge": "merge",
    }  # fmt: skip

    def __init__(self, folder: Path) -> None:
        self.server = big.BigQuery(folder / "big")
        self.connection = self.server.connection

    def _open(self) -> Any:
        return self.server.base.cursor()

    def target(self) -> type:
        """Return the class of what writes."""
        return BigQueryTarget

    def steps(self) -> tuple[type, tuple[str, ...]]:
        """What a load is made of."""
        return Handing, ("_load", "_upload", "_query", "_ended")

    def chunk_steps(self) -> tuple[type, tuple[str, str, str]]:
        """What a chunk is made of; it is written with its script, of which the last step only hears."""
        return Handing, ("_load", "_query", "_clear")

    def forget(self) -> None:
        """Have loads unknown that were written, and their jobs with what they staged."""
        super().forget()
        self.server.jobs.clear()
        staged = "SELECT table_name FROM information_schema.tables WHERE table_name LIKE '%penstock^_%^_%' ESCAPE '^'"
        self.sql(*(f'DROP TABLE "{name}"' for (name,) in self.rows(staged)))

    def first_step(self) -> tuple[type, str]:
        """The step after which the records are handed over."""
        return Handing, "_load"

    def last_step(self) -> tuple[type, str]:
        """The step that comes when all is written."""
        return Handing, "_clear"

    def source(self, fields: Sequence[Any], **properties: Any) -> dict[str, Any]:
        """A source of it."""
        made = table_source(fields, **properties)
        given = self._own(properties, (), "schema_name")
        for name in ("split_key", "max_parallel"):
            given.pop(name, None)
        return {**made, "type": "bigquery_source_component", "properties": given}

    def table_target(self, mapping: Sequence[Any] = (), **properties: Any) -> dict[str, Any]:
        """A destination of it."""
        made = table_target(mapping, **properties)
        given = self._own(properties, ("actions_in_transaction",), "schema")
        operation = given.get("operation", "append")
        if operation not in self.operations:
            pytest.skip(f"it has no operation {operation}")
        given = {"table": "t", **given, "operation": self.operations[operation]}
        return {**made, "type": "bigquery_destination_component", "properties": given}

    def _own(self, properties: Mapping[str, Any], lacking: Sequence[str], schema: str) -> dict[str, Any]:
        for name in lacking:
            if name in properties:
                pytest.skip(f"it has no option {name}")
        return {("dataset" if name == schema else name): value for name, value in properties.items()}

    def close(self) -> None:
        """End it."""
        self.server.close()


@pytest.fixture
def bigquery_base(tmp_path: Path) -> Iterator[BigQueryBase]:
    made = BigQueryBase(tmp_path)
    yield made
    made.close()


@pytest.fixture(params=["postgres", "redshift", "mysql", "sqlite", "duckdb", "snowflake", "bigquery"])
def base(request: pytest.FixtureRequest) -> Base:
    """Each database."""
    found: Base = request.getfixturevalue(f"{request.param}_base")
    return found


class Told(Quiet):
    """Keeps what a job tells."""

    def __init__(self) -> None:
        super().__init__()
        self.read: dict[str, int] = {}
        self.moves: list[Mapping[str, Any]] = []

    def watermarks(self, moves: Sequence[Mapping[str, Any]]) -> None:
        self.moves = list(moves)

    def source(self, component: str, records: int) -> None:
        self.read[component] = records

    @property
    def text(self) -> str:
        return "\n".join(line for _, line in self.lines)


def _fields(fields: Sequence[Any]) -> list[Any]:
    return [{"name": one.split(":")[0], "type": one.split(":")[1]} if isinstance(one, str) else one for one in fields]


def table_source(fields: Sequence[Any], **properties: Any) -> dict[str, Any]:
    """A source of the database."""
    return {
        "id": "s", "name": "rows", "type": "database_source_component", "connection": {"name": "db"},
        "properties": properties, "fields": _fields(fields),
    }  # fmt: skip


def files_in(fields: Sequence[Any], **properties: Any) -> dict[str, Any]:
    """A source of files."""
    return {
        "id": "f", "name": "records", "type": "cloud_storage_source_component", "connection": {"name": "lake"},
        "properties": {"path": "in.csv", "delimiter": ",", "quote": '"', **properties}, "fields": _fields(fields),
    }  # fmt: skip


def files_out(**properties: Any) -> dict[str, Any]:
    """A destination of files."""
    return {
        "id": "o", "name": "out", "type": "cloud_storage_destination_component", "connection": {"name": "lake"},
        "properties": {"path": "out", "if_exists": "replace", **properties},
    }  # fmt: skip


def table_target(mapping: Sequence[Any] = (), **properties: Any) -> dict[str, Any]:
    """A destination of the database; *mapping* are columns of fields of their name, keys with a star."""
    made = [one if isinstance(one, dict) else {"alias": one.rstrip("*"), "key": one.endswith("*")} for one in mapping]
    return {
        "id": "t", "name": "load", "type": "database_destination_component", "connection": {"name": "db"},
        "properties": {"table": "t", **properties}, **({"mapping": made} if made else {}),
    }  # fmt: skip


class Jobs:
    """Runs packages over the folder `lake` and the database `db`."""

    records, files = staticmethod(files_in), staticmethod(files_out)

    def __init__(self, folder: Path, base: Base, engine: Engine | None = None) -> None:
        self.folder, self.base = folder, base
        self.source, self.target = base.source, base.table_target
        self.lake = folder / "lake"
        self.lake.mkdir()
        self.told = Told()
        self.engine = engine
        self.number = 0

    def order(self, components: Sequence[Mapping[str, Any]], **more: Any) -> Order:
        """Return the order for components in a line; numbers are those of one job."""
        ids = [one["id"] for one in components]
        edges = [{"from": one, "to": other} for one, other in pairwise(ids)]
        scratch = self.folder / f"scratch{self.number}"
        scratch.mkdir(exist_ok=True)
        given: dict[str, Any] = {
            "token": f"job-{self.number}-1", "flow": json.dumps({"components": list(components), "edges": edges}),
            "now": SUBMITTED, "connections": {"lake": {"type": "file", "path": str(self.lake)}, "db": self.base.connection},
            "scratch": str(scratch), "staging": str(self.folder / "staging"), "outbound": HERE, "threads": 2,
        }  # fmt: skip
        return Order(**{**given, **more})

    def run(self, *components: Mapping[str, Any], gate: Gate | None = None, **more: Any) -> Result:
        """Run a new job; raises what it fails with."""
        self.number += 1
        return self.attempt(self.order(components, **more), gate)

    def attempt(
        self, order: Order, gate: Gate | None = None, connectors: Mapping[str, Connector] | None = None
    ) -> Result:
        """Run one attempt."""
        self.told = Told()
        try:
            return execute(
                order, self.engine or DuckEngine(), connectors or wiring.connectors(None, allow=HERE), self.told,
                gate or OpenGate(), wiring.databases(HERE),
            )  # fmt: skip
        finally:
            assert "canary" not in self.told.text
            left = [one.name for one in (self.folder / "staging").glob("*")] if order.granted is None else []
            assert gate is not None or not left

    def dies(self, *components: Mapping[str, Any], **more: Any) -> tuple[Order, Order]:
        """Run an attempt that dies while it publishes; returns its order, and that of the next."""
        self.number += 1
        order, gate = self.order(components, **more), Asked()
        with pytest.raises(Cut):
            self.attempt(order, gate, self._dying())
        token = f"job-{self.number}-2"
        return order, replace(order, token=token, granted_token=order.token, granted=gate.asked)

    def _dying(self) -> dict[str, Connector]:
        return {name: cast("Connector", Dying(one)) for name, one in wiring.connectors(None, allow=HERE).items()}

    def granted(self, *components: Mapping[str, Any]) -> Order:
        """Run an attempt that dies before it writes anything; returns the order of one that may be attempted time and again,
        from the same staged files (`anew`)."""
        with pytest.MonkeyPatch.context() as patch:
            owner, name = self.base.first_step()
            cutting(patch, owner, [name], 0, Cut)
            _, again = self.dies(*components)
        shutil.copytree(self.folder / "staging", self.folder / "granted")
        return again

    def anew(self) -> None:
        """Have what was granted as it was, and nothing known of it at the target."""
        shutil.rmtree(self.folder / "staging")
        shutil.copytree(self.folder / "granted", self.folder / "staging")
        self.base.forget()

    def is_dead(self, order: Order) -> bool:
        """Run an attempt of what was granted; tells whether it died."""
        try:
            self.attempt(order, connectors=self._dying())
        except Cut:
            return True
        return False

    def failed(self, *components: Mapping[str, Any], **more: Any) -> str:
        """Run a new job that fails, and return what it says."""
        with pytest.raises(PenstockError) as found:
            self.run(*components, **more)
        return found.value.message

    def lines(self, name: str = "out") -> list[str]:
        """Return the lines of a folder of files, in the order of their text."""
        texts = [file.read_text() for file in (self.lake / name).iterdir()]
        # Not by splitlines, which ends lines at letters that stand in texts.
        return sorted(line for text in texts if text for line in text.removesuffix("\n").split("\n"))

    def read(self, fields: Sequence[Any], **properties: Any) -> list[str]:
        """Return the records of a source as lines of JSON."""
        self.run(self.source(fields, **properties), files_out(format="json"))
        return self.lines()

    def write(self, text: str, fields: Sequence[Any], **properties: Any) -> Result:
        """Write records given as lines with commas."""
        (self.lake / "in.csv").write_text(text)
        return self.run(files_in(fields), self.target(**properties))

    def refused(self, text: str, fields: Sequence[Any], **properties: Any) -> str:
        """Return what a write says that fails."""
        with pytest.raises(PenstockError) as found:
            self.write(text, fields, **properties)
        return found.value.message


@pytest.fixture
def cut() -> type[BaseException]:
    """What a process dies of."""
    return Cut


@pytest.fixture
def jobs(tmp_path: Path, base: Base) -> Jobs:
    return Jobs(tmp_path, base)
