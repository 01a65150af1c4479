"""Databases as destinations: rows are added or replaced, tables made and widened, what does not fit is told."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from penstock.errors import PermanentError

if TYPE_CHECKING:
    from tests.contract.databases.conftest import Base, Jobs

TWO = ["id:int", "name:string"]


@pytest.fixture
def table(base: Base) -> Base:
    """A table with a row."""
    base.sql("CREATE TABLE t (id int, name varchar(5))", "INSERT INTO t VALUES (0, 'old')")
    return base


def test_a_table_is_made(jobs: Jobs, base: Base) -> None:
    made = jobs.write('1,Ann\n2,"a ""b""\\c"\n,\n', TWO, auto_create_table=True).outputs[0]
    assert sorted(base.rows("SELECT * FROM t WHERE id IS NOT NULL")) == [(1, "Ann"), (2, 'a "b"\\c')]
    assert base.rows("SELECT * FROM t WHERE id IS NULL") == [(None, None)]
    assert (made.records, made.files, made.fields) == (3, ("t",), ("id", "name"))
    assert made.receipt["is_once"]


def test_texts_that_mean_something_to_a_loader(jobs: Jobs, base: Base) -> None:
    texts = ["\\N", "\\", "a\tb", "NULL", "null", "\\.", "'", "ü😀", " ", "a\\tb", '""']
    quoted = "".join('{},"{}"\n'.format(index, text.replace('"', '""')) for index, text in enumerate(texts))
    jobs.write(quoted, TWO, auto_create_table=True)
    assert [name for _, name in sorted(base.rows("SELECT id, name FROM t"))] == texts


def test_line_breaks(jobs: Jobs, base: Base) -> None:
    (jobs.lake / "in.csv").write_text('1,"a\nb"\n')
    jobs.run(jobs.records(TWO, quote="quoted_multi_line"), jobs.target(auto_create_table=True))
    assert base.rows("SELECT name FROM t") == [("a\nb",)]


@pytest.mark.parametrize("operation", ["append", "truncate_insert", "delete_insert"])
def test_rows_are_added_or_replaced(jobs: Jobs, table: Base, operation: str) -> None:
    jobs.write("1,new\n", TWO, operation=operation)
    assert sorted(table.rows("SELECT * FROM t")) == [(0, "old"), (1, "new")][operation != "append" :]


@pytest.mark.parametrize("operation", ["append", "truncate_insert", "delete_insert"])
def test_no_records_are_no_rows(jobs: Jobs, table: Base, operation: str) -> None:
    jobs.write("", TWO, operation=operation)
    assert len(table.rows("SELECT * FROM t")) == (operation == "append")


@pytest.mark.parametrize("operation", ["append", "truncate_insert", "delete_insert"])
def test_what_does_not_fit_fails_and_leaves_the_table_as_it_was(jobs: Jobs, table: Base, operation: str) -> None:
    if table.kind == "sqlite":
        pytest.skip("every value fits every column")
    if (table.kind, operation) == ("bigquery", "truncate_insert"):
        pytest.skip("the table is made again, so that everything fits")
    message = jobs.refused("x,new\n", ["id:string", "name:string"], operation=operation)
    assert "load" in message
    assert table.rows("SELECT * FROM t") == [(0, "old")]


def test_columns_have_names_of_their_own(jobs: Jobs, base: Base) -> None:
    base.sql('CREATE TABLE t (b int DEFAULT 7, "My Name" varchar(9), a int)')
    jobs.write("1,x\n", TWO, mapping=[{"alias": "name", "column": "My Name"}, {"alias": "id", "column": "a"}])
    assert base.rows("SELECT * FROM t") == [(7, "x", 1)]


def test_columns_are_added_where_that_is_allowed(jobs: Jobs, table: Base) -> None:
    given = ["id:int", "name:string", "more:double"]
    more = "MORE" if table.kind == "snowflake" else "more"
    assert f"no column '{more}'. It has: id, name." in jobs.refused("1,x,0.5\n", given)
    jobs.write("1,x,0.5\n", given, add_missing_columns=True)
    assert sorted(table.rows("SELECT * FROM t")) == [(0, "old", None), (1, "x", 0.5)]
    message = jobs.refused("1,x\n", TWO, mapping=[{"alias": "id", "column": "key", "key": True}, "name"], operation="update",
                           add_missing_columns=True)  # fmt: skip
    assert "which is a key, and keys are not added" in message


def test_a_missing_table_fails_before_anything_is_read(jobs: Jobs) -> None:
    assert "there is no table" in jobs.refused("1,x\n", TWO)
    assert "there is no table" in jobs.refused("1,x\n", TWO, schema="nowhere")
    assert jobs.told.read == {}


def test_actions_before_and_after(jobs: Jobs, base: Base) -> None:
    """The first may make the table; both stand in the transaction of the write."""
    create = "CREATE TABLE t (id int, name varchar(5))"
    jobs.write("1,x\n", TWO, pre_action_sql=create, post_action_sql="UPDATE t SET name = 'post' WHERE id = 1")
    assert base.rows("SELECT * FROM t") == [(1, "post")]
    message = jobs.refused("2,y\n", TWO, pre_action_sql="DELETE FROM t", post_action_sql="SELECT no FROM t")
    assert "'post_action_sql' failed: " in message
    assert base.rows("SELECT * FROM t") == [(1, "post")]


def test_actions_outside_of_the_transaction(jobs: Jobs, table: Base) -> None:
    message = jobs.refused(
        "2,y\n", TWO, pre_action_sql="DELETE FROM t", post_action_sql="SELECT no FROM t", actions_in_transaction=False
    )
    assert "the records were written, but 'post_action_sql' failed: " in message
    assert table.rows("SELECT * FROM t") == [(2, "y")]


@pytest.mark.parametrize("policy", ["skip", "set_null"])
def test_what_does_not_fit_may_be_left_out(jobs: Jobs, table: Base, policy: str) -> None:
    given = ["id:string", "name:string"]
    if table.kind == "sqlite":
        pytest.skip("every value fits every column")
    made = jobs.write("x,a\n2,fits\n", given, on_bad_value=policy).outputs[0]
    rows = [(0, "old"), (2, "fits"), (None, "a")] if policy == "set_null" else [(0, "old"), (2, "fits")]
    assert sorted(table.rows("SELECT * FROM t"), key=str) == rows
    assert made.receipt["checks"]


def test_types_that_a_column_does_not_take_are_told_before_anything_is_read(jobs: Jobs, table: Base) -> None:
    message = jobs.refused("0.5,x\n", ["id:double", "name:string"])
    assert "takes no double. Cast the field in a Select" in message
    assert jobs.told.read == {}


def test_two_outputs_into_one_table_are_refused(jobs: Jobs, table: Base) -> None:
    (jobs.lake / "in.csv").write_text("1,x\n")
    clone = {"id": "c", "name": "c", "type": "clone_component"}
    flow = json.loads(jobs.order([jobs.records(TWO), clone, jobs.target()]).flow)
    flow["components"].append({**jobs.target(), "id": "u", "name": "u"})
    flow["edges"][-1]["output"] = "1"
    flow["edges"].append({"from": "c", "to": "u", "output": "2"})
    with pytest.raises(PermanentError, match="it writes to the same place as 'load'"):
        jobs.attempt(jobs.order([], flow=json.dumps(flow)))


def test_from_the_database_to_itself(jobs: Jobs, table: Base) -> None:
    jobs.run(jobs.source(["id:int", "name:string"], table="t"), jobs.target(table="copy", auto_create_table=True))
    assert table.rows("SELECT * FROM copy") == [(0, "old")]
