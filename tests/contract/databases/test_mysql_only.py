"""What only MySQL and MariaDB have: their types, and what ends a transaction there."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.contract.databases.conftest import Jobs, MysqlBase

TWO = ["id:int", "name:string"]


@pytest.fixture
def base(mysql_base: MysqlBase) -> MysqlBase:
    return mysql_base


@pytest.mark.parametrize(
    ("type", "literal", "declared", "wanted"),
    [
        ("decimal(65,30)", "'12345678901234567890123456789012345.1'", "string",
         "12345678901234567890123456789012345.1" + "0" * 29),
        ("decimal(10,2)", "0.1", "double", 0.1),
        ("decimal(20,2)", "9007199254740993.99", "long", 9007199254740993),
        ("bigint", "-9223372036854775808", "long", -9223372036854775808),
        ("bigint unsigned", "18446744073709551615", "string", "18446744073709551615"),
        ("bigint unsigned", "18446744073709551615", "long", None),
        ("float", "16777217", "string", "1.6777216E7"), ("float", "0.1", "string", "0.1"),
        ("double", "1e10", "string", "1.0E10"), ("double", "0.1", "double", 0.1),
        ("boolean", "true", "boolean", True), ("boolean", "true", "int", 1),
        ("datetime(6)", "'2024-05-06 07:08:09.123456'", "datetime", "2024-05-06T07:08:09.123Z"),
        ("datetime(6)", "'2024-05-06 07:08:09.123456'", "string", "2024-05-06 07:08:09.123456"),
        ("datetime", "'0001-01-01'", "datetime", "0001-01-01T00:00:00.000Z"),
        ("datetime(6)", "'9999-12-31 23:59:59.999999'", "datetime", "9999-12-31T23:59:59.999Z"),
        ("datetime", "'0000-00-00'", "datetime", None), ("date", "'2024-00-00'", "datetime", None),
        ("datetime", "'0000-00-00'", "string", "0000-00-00 00:00:00"),
        ("timestamp", "'2024-05-06 07:08:09'", "datetime", "2024-05-06T07:08:09.000Z"),
        ("date", "'2024-05-06'", "datetime", "2024-05-06T00:00:00.000Z"), ("date", "'2024-05-06'", "string", "2024-05-06"),
        ("time", "'-838:59:59'", "string", "-838:59:59"), ("year", "2024", "int", 2024), ("bit(3)", "5", "int", 5),
        ("json", "'{\"a\": [1, null]}'", "json", {"a": [1, None]}), ("blob", "x'00ff'", "string", None),
        ("blob", "'ab'", "string", "ab"), ("varchar(9)", "'😀 ü'", "string", "😀 ü"), ("enum('a','b')", "'b'", "string", "b"),
        ("set('a','b')", "'a,b'", "string", "a,b"), ("varchar(9)", "''", "string", ""),
    ],
)  # fmt: skip
def test_types(jobs: Jobs, base: MysqlBase, type: str, literal: str, declared: str, wanted: object) -> None:
    base.sql(f"CREATE TABLE kinds (n int, v {type} NULL)", f"INSERT INTO kinds VALUES (1, {literal}), (2, NULL)")
    (line,) = jobs.read([f"v:{declared}"], table="kinds", where_clause="n = 1")
    assert json.loads(line)["v"] == wanted
    assert jobs.read([f"v:{declared}"], table="kinds", where_clause="n = 2") == ['{"v":null}']


def test_types_of_a_table_that_is_made(jobs: Jobs, base: MysqlBase) -> None:
    (jobs.lake / "in.csv").write_text('1,2,0.5,0.25,true,2024-05-06T07:08:09.123+02:00,"{""a"":1}",[1],x\n')
    types = ["int", "long", "float", "double", "boolean", "datetime", "json", "json_array", "string"]
    jobs.run(
        jobs.records([f"c{index}:{type}" for index, type in enumerate(types)]), jobs.target(auto_create_table=True)
    )
    (row,) = base.rows("SELECT * FROM t")
    assert (*row[:5], row[5].isoformat(), *row[6:]) == (
        1, 2, 0.5, 0.25, 1, "2024-05-06T05:08:09.123000", '{"a":1}', "[1]", "x",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("type", "text", "words"),
    [
        ("int", "x", "Incorrect integer value"), ("tinyint", "300", "Out of range"), ("varchar(2)", "abc", "truncated"),
        ("date", "2024-02-30", "truncated"), ("varchar(9) CHARACTER SET latin1", "😀", "Incorrect string value"),
        ("int NOT NULL", "", "null"),
    ],
)  # fmt: skip
def test_what_the_server_would_bend_is_refused(jobs: Jobs, base: MysqlBase, type: str, text: str, words: str) -> None:
    base.sql(f"CREATE TABLE t (v {type})")
    assert words.lower() in jobs.refused(f"{text}\n" if text else '""\n', ["v:string"]).lower()
    assert base.rows("SELECT * FROM t") == []


def test_a_row_that_is_there_fails_the_load(jobs: Jobs, base: MysqlBase) -> None:
    base.sql("CREATE TABLE t (id int PRIMARY KEY, name varchar(9))", "INSERT INTO t VALUES (1, 'old')")
    assert "Duplicate entry" in jobs.refused("1,new\n2,two\n", TWO)
    assert base.rows("SELECT * FROM t") == [(1, "old")]


def test_a_table_without_transactions_is_refused(jobs: Jobs, base: MysqlBase) -> None:
    base.sql("CREATE TABLE t (id int, name text) ENGINE = MyISAM")
    assert "which knows no transactions" in jobs.refused("1,x\n", TWO)


def test_a_zero_character(jobs: Jobs, base: MysqlBase) -> None:
    (jobs.lake / "in.csv").write_bytes(b"1,a\0b\n")
    base.sql("CREATE TABLE t (id int, name text)")
    jobs.run(jobs.records(TWO), jobs.target())
    assert base.rows("SELECT * FROM t") == [(1, "a\0b")]
    assert jobs.read(["name:string"], table="t") == ['{"name":"a\\u0000b"}']


def test_many_records_in_many_packets(jobs: Jobs, base: MysqlBase) -> None:
    (jobs.lake / "in.csv").write_text("".join(f"{index},{'x' * (index % 500)}\n" for index in range(20_000)))
    jobs.run(jobs.records(TWO), jobs.target(auto_create_table=True))
    wanted = (20_000, sum(index % 500 for index in range(20_000)))
    assert base.rows("SELECT count(*), CAST(sum(length(coalesce(name, ''))) AS SIGNED) FROM t") == [wanted]
    jobs.run(jobs.source(["id:long", "name:string"], table="t"), jobs.target(table="u", auto_create_table=True))
    assert base.rows("SELECT count(*), CAST(sum(length(coalesce(name, ''))) AS SIGNED) FROM u") == [wanted]


@pytest.mark.parametrize("how", ["VIRTUAL", "STORED"])
def test_a_column_that_is_computed_is_not_written(jobs: Jobs, base: MysqlBase, how: str) -> None:
    """MySQL would take the values, and keep its own."""
    base.sql(f"CREATE TABLE t (id int, name varchar(9) AS (concat('n', id)) {how})")
    message = jobs.refused("1,a\n", TWO)
    assert "the column 'name' of `t` is computed by the database. Leave it out of the mapping." in message
    jobs.write("1\n", ["id:int"])
    assert base.rows("SELECT * FROM t") == [(1, "n1")]
