"""Databases as sources: what is read of a table, a view or a query, and as what."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from penstock.errors import PenstockError

if TYPE_CHECKING:
    from tests.contract.databases.conftest import Base, Jobs


@pytest.fixture(autouse=True)
def people(base: Base) -> None:
    base.sql(
        "CREATE TABLE people (id int, name varchar(20), score double precision)",
        "INSERT INTO people VALUES (1, 'Ann', 1.5), (2, '', -0.25), (3, NULL, NULL)",
    )


def test_fields_are_columns_under_their_own_names(jobs: Jobs) -> None:
    fields = [{"name": "score", "alias": "points", "type": "double"}, "id:long", {"name": "id", "alias": "text"}]
    found = jobs.read(fields, table="people")
    assert found == [
        '{"points":-0.25,"id":2,"text":"2"}', '{"points":1.5,"id":1,"text":"1"}', '{"points":null,"id":3,"text":"3"}',
    ]  # fmt: skip
    assert jobs.told.read == {"rows": 3}


def test_an_empty_text_is_no_null(jobs: Jobs) -> None:
    assert jobs.read(["id:int", "name:string"], table="people") == [
        '{"id":1,"name":"Ann"}', '{"id":2,"name":""}', '{"id":3,"name":null}',
    ]  # fmt: skip


@pytest.mark.parametrize("where", ["id > 1 OR id < 0", "id > 1 -- not the first", "name IS NULL OR name = ''"])
def test_a_where_clause_is_one_condition(jobs: Jobs, where: str) -> None:
    assert jobs.read(["id:int"], table="people", where_clause=where) == ['{"id":2}', '{"id":3}']


@pytest.mark.parametrize("where", ["id = 1) OR (1 = 1", "id = 1; DROP TABLE people", "id = 1 UNION SELECT 9"])
def test_what_is_more_than_a_condition_is_refused(jobs: Jobs, base: Base, where: str) -> None:
    with pytest.raises(PenstockError, match="Component 'rows': "):
        jobs.read(["id:int"], table="people", where_clause=where)
    assert base.rows("SELECT count(*) FROM people") == [(3,)]


def test_variables_stand_in_texts(jobs: Jobs) -> None:
    jobs.run(
        jobs.source(["id:int"], table="$what", where_clause="id = $one"), jobs.files(format="json"),
        variables={"what": "people", "one": "2"},
    )  # fmt: skip
    assert jobs.lines() == ['{"id":2}']


@pytest.mark.parametrize("end", ["", ";", " ;\n", " -- all of them"])
def test_a_query_is_read_as_a_table(jobs: Jobs, end: str) -> None:
    query = f"SELECT count(*) AS n, max(id) AS m FROM people{end}"
    assert jobs.read(["m:int", "n:long"], access_mode="query", query=query) == ['{"m":3,"n":3}']


def test_no_rows_are_no_records(jobs: Jobs) -> None:
    assert jobs.read(["id:int", "name:string", "score:double"], table="people", where_clause="id > 9") == []
    assert jobs.told.read == {"rows": 0}


def test_a_wide_table(jobs: Jobs, base: Base) -> None:
    names = [f"c{index}" for index in range(300)]
    base.sql(f"CREATE TABLE wide ({', '.join(f'{name} int' for name in names)})")
    base.sql(f"INSERT INTO wide VALUES ({', '.join(str(index) for index in range(300))})")
    (line,) = jobs.read([f"{name}:int" for name in names], table="wide")
    assert json.loads(line) == {name: index for index, name in enumerate(names)}


@pytest.mark.parametrize(("policy", "lines"), [("set_null", ['{"name":1}', '{"name":null}']), ("skip", ['{"name":1}'])])
def test_a_value_that_does_not_fit(jobs: Jobs, base: Base, policy: str, lines: list[str]) -> None:
    base.sql(
        "UPDATE people SET name = '1' WHERE id = 1",
        "DELETE FROM people WHERE id = 2",
        "UPDATE people SET name = 'x' WHERE id = 3",
    )
    assert jobs.read(["name:int"], table="people", on_bad_value=policy) == lines
    message = jobs.failed(jobs.source(["name:int"], table="people", on_bad_value="fail"), jobs.files())
    assert "Component 'rows', field 'name': the value 'x' is no int." in message


@pytest.mark.parametrize(
    ("fields", "properties", "words"),
    [
        (["nobody:int"], {"table": "people"}, "nobody"),
        (["id:int"], {"table": "nothing"}, "nothing"),
        (["id:int"], {"access_mode": "query", "query": "SELEC 1"}, "syntax"),
        (["id:int"], {"table": "people", "where_clause": "id >"}, "syntax"),
    ],
)
def test_what_the_database_refuses_is_told(
    jobs: Jobs, fields: list[str], properties: dict[str, str], words: str
) -> None:
    message = jobs.failed(jobs.source(fields, **properties), jobs.files())
    assert message.startswith("Component 'rows': the database says: "), message
    assert words in message


def test_a_key_that_is_no_column_is_refused_where_nothing_is_cut_by_it_as_well(jobs: Jobs, base: Base) -> None:
    if base.kind == "bigquery":
        pytest.skip("it takes no key")
    message = jobs.failed(jobs.source(["id:int"], table="people", split_key="nobody"), jobs.files())
    assert message.startswith("Component 'rows': the database says: "), message
    assert "nobody" in message.lower()
    assert len(jobs.read(["name:string"], table="people", split_key="id")) == 3


def test_a_query_cannot_write(jobs: Jobs, base: Base) -> None:
    jobs.failed(jobs.source(["id:int"], access_mode="query", query="DELETE FROM people RETURNING id"), jobs.files())
    assert base.rows("SELECT count(*) FROM people") == [(3,)]


def test_a_wrong_password_and_a_host_that_is_not_there(jobs: Jobs, base: Base) -> None:
    if base.kind in ("sqlite", "duckdb"):
        pytest.skip("it has no password")
    given = {"lake": {"type": "file", "path": str(jobs.lake)}, "db": {**base.connection, "secrets": {"password": "no"}}}
    message = jobs.failed(jobs.source(["id:int"], table="people"), jobs.files(), connections=given)
    assert "password" in message
    elsewhere = {"endpoint": "https://10.0.0.1"} if base.kind in ("snowflake", "bigquery") else {"host": "10.0.0.1"}
    given["db"] = {**base.connection, **elsewhere}
    message = jobs.failed(jobs.source(["id:int"], table="people"), jobs.files(), connections=given)
    assert "PENSTOCK_OUTBOUND_ALLOW" in message
