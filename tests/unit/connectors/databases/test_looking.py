"""Databases that are files, looked at: fields and first rows of tables and queries, all tables, and what is refused."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import duckdb
import pytest

from penstock.connectors.registry import every_database
from penstock.errors import ConnectionTestFailed
from penstock.plan.ports import Connection, Databases
from penstock.plan.systems import DatabaseSource

Make = Callable[[str, str], tuple[Databases, Connection]]


@pytest.fixture
def make(tmp_path: Path) -> Make:
    """Makes a database of a type by some statements; gives what looks at it."""

    def make(kind: str, statements: str) -> tuple[Databases, Connection]:
        file = tmp_path / f"shop.{kind}"
        if kind == "sqlite":
            with closing(sqlite3.connect(file)) as made:
                made.executescript(statements)
        else:
            with closing(duckdb.connect(str(file))) as opened:
                opened.execute(statements)
        found = Connection("shop", kind, {"path": str(file)})
        return every_database(None, (tmp_path,), ()), found

    return make


TABLE = """CREATE TABLE t (a integer NOT NULL, b text, c double, e date); INSERT INTO t VALUES (1, 'x', 1.5, '2024-05-06'),
(2, NULL, NULL, NULL); CREATE VIEW "v w" AS SELECT a FROM t"""


@pytest.mark.parametrize("kind", ["sqlite", "duckdb"])
def test_first_rows_of_tables_and_queries(make: Make, kind: str) -> None:
    found, shop = make(kind, TABLE)
    seen = found.sample(shop, DatabaseSource("t"), 20)
    assert seen.fields == (("a", "int"), ("b", "string"), ("c", "double"), ("e", "datetime"))
    assert seen.rows == ((1, "x", 1.5, "2024-05-06"), (2, None, None, None))
    assert found.sample(shop, DatabaseSource("t", "main", "a > 1 -- more"), 20).rows[0][0] == 2
    assert found.sample(shop, DatabaseSource("v w"), 1).rows == ((1,),)
    assert found.sample(shop, DatabaseSource(query="SELECT a + 1 AS n FROM t; "), 1).rows == ((2,),)
    found.test(shop)
    found.look(shop, "main", "t")
    for asked in (
        DatabaseSource("nope"),
        DatabaseSource(query="DELETE FROM t"),
        DatabaseSource(query="SELECT 1; SELECT 2"),
    ):
        with pytest.raises(ConnectionTestFailed, match="The database says"):
            found.sample(shop, asked, 1)
    with pytest.raises(ConnectionTestFailed, match="nope"):
        found.look(shop, None, "nope")
    assert len(found.sample(shop, DatabaseSource("t"), 20).rows) == 2


@pytest.mark.parametrize("kind", ["sqlite", "duckdb"])
def test_all_tables_with_their_columns(make: Make, kind: str) -> None:
    found, shop = make(kind, TABLE)
    table, view = found.tables(shop, None)
    assert (table.schema, table.name, table.is_view) == ("main", "t", False)
    assert [(one.name, one.type) for one in table.columns][1:] == [("b", "string"), ("c", "double"), ("e", "datetime")]
    assert [one.is_nullable for one in table.columns] == [False, True, True, True]
    assert (view.name, view.is_view, [one.name for one in view.columns]) == ("v w", True, ["a"])
    assert found.tables(shop, "main") == (table, view)
    assert found.tables(shop, "other") == ()


def test_values_of_sqlite_say_what_their_column_is(make: Make) -> None:
    found, shop = make(
        "sqlite",
        "CREATE TABLE t (a, b, c, d); INSERT INTO t VALUES (1, 9223372036854775807, 1.5, x'ff'), (2, 3, 1, 'x')",
    )
    seen = found.sample(shop, DatabaseSource("t"), 20)
    assert [kind for _, kind in seen.fields] == ["int", "long", "double", "string"]
    assert seen.rows == ((1, 2**63 - 1, 1.5, "\\xff"), (2, 3, 1, "x"))


def test_types_of_duckdb(make: Make) -> None:
    found, shop = make(
        "duckdb", "CREATE TABLE t AS SELECT 5::BIGINT AS a, 1.5::DECIMAL(9, 2) AS b, 'nan'::DOUBLE AS c, true AS d, "
        "TIMESTAMPTZ '2024-05-06 07:08:09+02' AS e, {'x': 1} AS f, [1, NULL] AS g, 7::HUGEINT AS h, '{}'::JSON AS i"
    )  # fmt: skip
    seen = found.sample(shop, DatabaseSource("t"), 20)
    kinds = ["long", "double", "double", "boolean", "datetime", "json", "json_array", "double", "json"]
    assert [kind for _, kind in seen.fields] == kinds
    assert seen.rows[0][2:7] == ("nan", True, "2024-05-06 05:08:09+00", '{"x":1}', "[1,null]")
    assert [one.type for one in found.tables(shop, None)[0].columns] == kinds


def test_files_outside_the_roots_are_not_looked_at(make: Make, tmp_path: Path) -> None:
    found, _ = make("sqlite", TABLE)
    for path, said in (("/etc/passwd", "'/etc/passwd' lies outside"), (str(tmp_path / "no.db"), "there is no file")):
        with pytest.raises(ConnectionTestFailed, match=f"(?i){said}"):
            found.sample(Connection("shop", "sqlite", {"path": path}), DatabaseSource("t"), 1)
