"""Loads by key: what is changed, added, left, removed and marked; null keys, doubled keys, and the limit."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.contract.databases.conftest import Base, Jobs

TWO = ["id:int", "name:string"]
OLD = [(1, "one", "x"), (2, "two", "x"), (3, "three", "x"), (4, "four", "x"), (5, "five", "x"), (None, "none", "x")]
KEY = ["id*", "name"]


@pytest.fixture
def table(base: Base) -> Base:
    base.sql("CREATE TABLE t (id int, name varchar(9), other varchar(9))")
    for number, name, other in OLD:
        base.sql(f"INSERT INTO t VALUES ({'NULL' if number is None else number}, '{name}', '{other}')")
    return base


def rows(base: Base) -> list[tuple[object, ...]]:
    return sorted(base.rows("SELECT id, name, other FROM t"), key=str)


def after(*changes: tuple[object, ...], without: tuple[int, ...] = ()) -> list[tuple[object, ...]]:
    return sorted([*(row for row in OLD if row[0] not in without), *changes], key=str)


@pytest.mark.parametrize(
    ("operation", "wanted"),
    [
        ("merge_delete_insert", after((2, "new", None), (9, "nine", None), (None, "null", None), without=(2,))),
        ("merge_update_insert", after((2, "new", "x"), (9, "nine", None), (None, "null", None), without=(2,))),
        ("update", after((2, "new", "x"), without=(2,))),
        ("insert_missing", after((9, "nine", None), (None, "null", None))),
    ],
)
def test_each_operation(jobs: Jobs, table: Base, operation: str, wanted: list[tuple[object, ...]]) -> None:
    jobs.write("2,new\n9,nine\n,null\n", TWO, operation=operation, mapping=KEY)
    assert rows(table) == wanted


def test_doubled_keys_all_arrive_where_rows_are_replaced(jobs: Jobs, table: Base) -> None:
    jobs.write("2,a\n2,b\n", TWO, operation="merge_delete_insert", mapping=KEY)
    assert rows(table) == after((2, "a", None), (2, "b", None), without=(2,))


@pytest.mark.parametrize("operation", ["merge_update_insert", "update", "insert_missing"])
def test_doubled_keys_are_refused_elsewhere(jobs: Jobs, table: Base, operation: str) -> None:
    message = jobs.refused("2,a\n2,b\n,c\n,d\n", TWO, operation=operation, mapping=KEY)
    assert "2 records have the key" in message
    assert rows(table) == after()


@pytest.mark.parametrize("operation", ["merge_delete_insert", "merge_update_insert", "update", "insert_missing"])
def test_no_records_change_nothing(jobs: Jobs, table: Base, operation: str) -> None:
    jobs.write("", TWO, operation=operation, mapping=KEY)
    assert rows(table) == after()


def test_keys_of_two_columns(jobs: Jobs, table: Base) -> None:
    jobs.write("2,two\n3,other\n", TWO, operation="merge_delete_insert", mapping=["id*", "name*"])
    assert rows(table) == after((2, "two", None), (3, "other", None), without=(2,))


def test_missing_rows_are_deleted_up_to_a_limit(jobs: Jobs, table: Base) -> None:
    given = {"operation": "merge_update_insert", "mapping": KEY, "missing_rows": "delete"}
    message = jobs.refused("1,a\n2,b\n3,c\n", TWO, **given)
    assert "2 of the 6 rows" in message
    assert rows(table) == after()
    jobs.write("1,a\n2,b\n3,c\n", TWO, **given, missing_rows_limit_percent=34)
    assert rows(table) == after((1, "a", "x"), (2, "b", "x"), (3, "c", "x"), without=(1, 2, 3, 4, 5))
    message = jobs.refused("", TWO, **given, missing_rows_limit_percent=74)
    assert "3 of the 4 rows" in message


def test_missing_rows_are_marked_and_keep_their_values(jobs: Jobs, table: Base) -> None:
    given = {
        "operation": "merge_update_insert", "mapping": KEY, "missing_rows": "mark", "mark_column": "gone",
        "missing_rows_limit_percent": 40,
    }  # fmt: skip
    gone = "GONE" if table.kind == "snowflake" else "gone"
    assert f"no column '{gone}'" in jobs.refused("1,one\n", TWO, **given)
    jobs.write("1,one\n2,two\n3,three\n", TWO, **given, add_missing_columns=True)
    assert rows(table) == after()

    def marked() -> list[object]:
        return sorted(number for (number,) in table.rows("SELECT id FROM t WHERE gone IS NOT NULL"))

    assert marked() == [4, 5]
    stamps = table.rows("SELECT gone FROM t WHERE id = 5")
    jobs.write("1,one\n2,two\n4,four\n", TWO, **given)
    assert marked() == [3, 5]
    assert table.rows("SELECT gone FROM t WHERE id = 5") == stamps
    if table.kind == "bigquery":
        return  # It has no other operation that knows of them.
    jobs.write("3,three\n", TWO, **{**given, "operation": "insert_missing", "missing_rows_limit_percent": 100})
    assert marked() == [1, 2, 4, 5]


def test_a_merge_takes_what_fits(jobs: Jobs, table: Base) -> None:
    if table.kind == "sqlite":
        pytest.skip("everything fits there")
    given = ["id:string", "name:string"]
    jobs.write("x,bad\n3,new\n", given, operation="merge_update_insert", mapping=KEY, on_bad_value="skip")
    assert rows(table) == after((3, "new", "x"), without=(3,))


def test_text_keys(jobs: Jobs, table: Base) -> None:
    jobs.write("7,two\n8,x\n", TWO, operation="merge_update_insert", mapping=["id", "name*"])
    assert rows(table) == after((7, "two", "x"), (8, "x", None), without=(2,))
