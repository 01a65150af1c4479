"""Components of BigQuery: what they lower to, and what they do not take."""

from __future__ import annotations

import json
from typing import Any

import pytest

from penstock.lang import compile_package
from penstock.plan.systems import DatabaseSource, DatabaseTarget

FIELDS = [{"name": "id", "type": "long"}, {"name": "n", "type": "int"}]
CONNECTION = {"type": "bigquery", "id": 4}


def compiled(read: dict[str, Any], write: dict[str, Any], **more: Any) -> Any:
    flow = {
        "components": [
            {"id": "s", "name": "s", "type": "bigquery_source_component", "connection": CONNECTION, "properties": read,
             "fields": FIELDS},
            {"id": "t", "name": "t", "type": "bigquery_destination_component", "connection": CONNECTION, "properties": write,
             "mapping": [{"alias": "id", "key": write.get("operation") == "merge"}, {"alias": "n"}], **more},
        ],
        "edges": [{"from": "s", "to": "t"}],
    }  # fmt: skip
    return compile_package(json.dumps(flow), {})


def test_a_table_and_a_merge() -> None:
    made = compiled(
        {"table": "hits", "dataset": "web", "where_clause": "id > 1"}, {"table": "t\\$20240506", "operation": "merge"}
    )
    assert made.diagnostics == ()
    (write,) = made.plan.outputs
    assert write.destination == DatabaseTarget("t$20240506", None, "merge", ("id",))
    assert write.given.origin == DatabaseSource("hits", "web", "id > 1")


def test_a_query_and_an_overwrite() -> None:
    made = compiled(
        {"access_mode": "query", "query": "SELECT 1"}, {"table": "t", "dataset": "d", "operation": "overwrite"}
    )
    assert made.diagnostics == ()
    (write,) = made.plan.outputs
    assert write.destination == DatabaseTarget("t", "d", "overwrite")
    assert write.given.origin == DatabaseSource(query="SELECT 1")


@pytest.mark.parametrize(
    ("read", "write", "code"),
    [
        ({"table": "s"}, {"table": "t", "operation": "truncate_insert"}, "PK102"), ({"table": "s"}, {}, "PK103"),
        ({"table": "s", "split_key": "id"}, {"table": "t"}, "PK104"), ({"table": "s"}, {"table": "t", "schema": "d"}, "PK104"),
        ({"table": " "}, {"table": "t"}, "PK103"), ({"table": "s"}, {"table": "\\$20240506"}, "PK102"),
    ],
)  # fmt: skip
def test_what_they_do_not_take(read: dict[str, Any], write: dict[str, Any], code: str) -> None:
    assert code in {one.code for one in compiled(read, write).diagnostics}


def test_a_merge_needs_a_key() -> None:
    made = compiled({"table": "s"}, {"table": "t", "operation": "merge"}, mapping=[{"alias": "id"}, {"alias": "n"}])
    assert "PK103" in {one.code for one in made.diagnostics}
