"""What only databases have that are files: no statement of a package reaches another file, and previews are short."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb
import pytest

from penstock.connectors.databases.duckdb.source import opened
from penstock.connectors.places import FilePlace
from penstock.errors import ConnectionTestFailed, PenstockError, TransientError
from penstock.kit.secret import hidden
from penstock.plan.dtypes import LONG
from penstock.plan.operators import ConnectionRef, FileSource, Scan, ScanField
from penstock.plan.ports import Connection, Landing
from penstock.plan.schema import Field, Schema
from penstock.plan.systems import DatabaseSource
from penstock.wiring import jobs as wiring

ONE = ["id:int"]


@pytest.fixture
def elsewhere(tmp_path: Path) -> Path:
    """A folder with files that no package may reach."""
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    (folder / "secret.csv").write_text("canary\n1\n")
    with closing(sqlite3.connect(folder / "store.db")) as store:
        store.execute("CREATE TABLE keys (id int)")
    with duckdb.connect(str(folder / "store.duckdb")) as other:
        other.execute("CREATE TABLE keys (id int)")
    return folder


DUCK = [
    "COPY (SELECT 1) TO '{0}/made.csv'",
    "CREATE TABLE stolen AS SELECT * FROM read_csv('{0}/secret.csv')",
    "CREATE TABLE stolen AS SELECT * FROM read_text('{0}/secret.csv')",
    "ATTACH '{0}/store.duckdb' AS other",
    "SET enable_external_access = true",
    "SELECT 1; COPY (SELECT 1) TO '{0}/made.csv'",
    "EXPORT DATABASE '{0}/made'",
]
SQLITE = ["ATTACH '{0}/store.db' AS other", "VACUUM INTO '{0}/made.db'", "SELECT load_extension('{0}/secret.csv')"]


@pytest.mark.parametrize("place", ["pre_action_sql", "post_action_sql"])
@pytest.mark.parametrize("inside", [True, False])
@pytest.mark.parametrize(
    ("base", "sql"), [*(("duckdb", one) for one in DUCK), *(("sqlite", one) for one in SQLITE)], indirect=["base"]
)
def test_no_action_reaches_another_file(
    jobs: Any, base: Any, elsewhere: Path, sql: str, place: str, inside: bool
) -> None:
    base.sql("CREATE TABLE t (id int)")
    before = sorted(one.name for one in elsewhere.iterdir())
    with pytest.raises(PenstockError):
        jobs.write("1\n", ONE, actions_in_transaction=inside, **{place: sql.format(elsewhere)})
    assert sorted(one.name for one in elsewhere.iterdir()) == before
    assert base.rows("SELECT count(*) FROM t WHERE id <> 1") == [(0,)]


@pytest.mark.parametrize(
    ("base", "query"),
    [
        ("duckdb", "SELECT * FROM read_csv('{0}/secret.csv')"),
        ("duckdb", "SELECT size AS canary FROM read_text('{0}/secret.csv')"),
        ("duckdb", "SELECT canary FROM '{0}/secret.csv'"),
        ("sqlite", "SELECT id AS canary FROM other.keys"),
    ],
    indirect=["base"],
)
def test_no_query_reaches_another_file(jobs: Any, base: Any, elsewhere: Path, query: str) -> None:
    base.sql("CREATE TABLE t (id int)")
    source = jobs.source(["canary:int"], access_mode="query", query=query.format(elsewhere))
    with pytest.raises(PenstockError) as found:
        jobs.run(source, jobs.files())
    # Not even what its first line says.
    assert "It has" not in found.value.message


@pytest.fixture
def connection(base: Any) -> Connection:
    given = {name: value for name, value in base.connection.items() if name not in ("type", "secrets")}
    return Connection("db", base.connection["type"], given, hidden(base.connection.get("secrets", {})))


def test_a_preview_asks_for_no_more_rows_than_it_shows(base: Any, connection: Connection, tmp_path: Path) -> None:
    base.sql("CREATE TABLE t (id int)", "INSERT INTO t VALUES " + ", ".join(f"({n})" for n in range(500)))
    scan = Scan(
        "rows", FileSource(ConnectionRef("db"), "t", (ScanField("id"),), record_type="parquet"), Schema((Field("id", LONG),)),
        DatabaseSource("t"),
    )  # fmt: skip
    connector = wiring.connectors(None, allow="127.0.0.0/8")[connection.type]
    (file,) = connector.bind(scan, connection, Landing(tmp_path / "landing", 7)).files
    assert duckdb.execute(f"SELECT count(*) FROM read_parquet('{file.location}')").fetchall() == [(7,)]


@pytest.mark.parametrize("base", ["duckdb", "sqlite"], indirect=True)
def test_a_file_is_tried(base: Any, connection: Connection, tmp_path: Path) -> None:
    connector = wiring.connectors(None)[connection.type]
    with pytest.raises(ConnectionTestFailed, match="There is no file"):
        connector.test(connection)
    base.sql("CREATE TABLE t (id int)")
    connector.test(connection)
    (tmp_path / "lines").write_text("no database at all\n" * 100)
    with pytest.raises(ConnectionTestFailed, match=r"not a (valid )?(DuckDB )?database"):
        connector.test(replace(connection, parameters={"path": str(tmp_path / "lines")}))


@pytest.mark.parametrize("base", ["duckdb"], indirect=True)
def test_a_process_has_a_file_open_once(base: Any, tmp_path: Path) -> None:
    """What a file may reach would else be what the first who opened it may."""
    base.sql("CREATE TABLE t (id int)")
    place = FilePlace(Path(base.connection["path"]), tmp_path / "landing")
    with closing(opened(place)), pytest.raises(TransientError, match="open already"):
        opened(place)
    opened(place).close()


@pytest.mark.parametrize("base", ["sqlite", "duckdb"], indirect=True)
def test_columns_of_one_name_are_not_guessed_between(jobs: Any, base: Any) -> None:
    base.sql("CREATE TABLE t (id int)", "INSERT INTO t VALUES (1)")
    query = 'WITH x AS (SELECT id FROM t) SELECT id AS a, id + 1 AS A, id AS "b:1", id + 1 AS b FROM x'
    given = {"access_mode": "query", "query": f"{query} -- all"}
    said = "Component 'rows': the query gives 2 columns of the name 'a'. Name them apart, with AS."
    assert jobs.failed(jobs.source(["b:int", "a:int"], **given), jobs.files()) == said
    assert jobs.failed(jobs.source(["b:int"], split_key="a", **given), jobs.files()) == said
    found = jobs.read(["b:int", {"name": "b:1", "alias": "c", "type": "int"}], **given)
    assert found == ['{"b":2,"c":1}']


@pytest.mark.parametrize("base", ["sqlite", "duckdb"], indirect=True)
def test_real_numbers_are_spelled_as_the_language_does(jobs: Any, base: Any) -> None:
    base.sql("CREATE TABLE t (r double)", "INSERT INTO t VALUES (1e19), (-2.5e-7), (0.1)")
    found = jobs.read([{"name": "r", "alias": "s"}, "r:double"], table="t")
    assert [json.loads(line)["s"] for line in found] == ["-2.5E-7", "0.1", "1.0E19"]
    assert sorted(json.loads(line)["r"] for line in found) == [-2.5e-7, 0.1, 1e19]
