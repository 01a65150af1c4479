"""Components of BigQuery: what they lower to, and what they do not take."""

from __future__ import annotations

import json
from typing import Any

import pytest

from penstock.lang import compile_package
from penstock.plan.systems import DatabaseSource, DatabaseTarget, Incremental

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
        ({"table": "s"}, {"table": "t", "operation": "overwrite", "chunk_records": 9}, "PK606"),
        ({"table": "s"}, {"table": "t", "operation": "merge", "missing_rows": "delete", "chunk_records": 9}, "PK606"),
        ({"table": "s"}, {"table": "t", "operation": "merge", "missing_rows": "mark"}, "PK103"),
        ({"table": "s"}, {"table": "t", "missing_rows": "delete"}, "PK902"),
        ({"table": "s"}, {"table": "t", "operation": "merge", "missing_rows": "mark", "mark_column": "n"}, "PK102"),
        ({"table": "s", "source_action": "incremental"}, {"table": "t"}, "PK103"),
        ({"table": " "}, {"table": "t"}, "PK103"), ({"table": "s"}, {"table": "\\$20240506"}, "PK102"),
    ],
)  # fmt: skip
def test_what_they_do_not_take(read: dict[str, Any], write: dict[str, Any], code: str) -> None:
    assert code in {one.code for one in compiled(read, write).diagnostics}


def test_what_lies_above_a_watermark_and_what_is_missing() -> None:
    made = compiled(
        {"table": "s", "source_action": "incremental", "watermark": {"column": "id"}},
        {
            "table": "t",
            "operation": "merge",
            "missing_rows": "mark",
            "mark_column": "gone",
            "missing_rows_limit_percent": 5,
        },
    )
    assert made.diagnostics == ()
    (write,) = made.plan.outputs
    assert write.given.origin == DatabaseSource("s", action="incremental", incremental=Incremental("s", "id"))
    target = write.destination
    assert (target.missing_rows, target.mark_column, target.missing_rows_limit_percent) == ("mark", "gone", 5)


def test_chunks() -> None:
    made = compiled({"table": "s"}, {"table": "t", "chunk_records": 9}, mapping=[{"alias": "id"}, {"alias": "n"}])
    assert made.diagnostics == ()
    assert made.plan.outputs[0].destination.chunk_records == 9


def test_a_merge_needs_a_key() -> None:
    made = compiled({"table": "s"}, {"table": "t", "operation": "merge"}, mapping=[{"alias": "id"}, {"alias": "n"}])
    assert "PK103" in {one.code for one in made.diagnostics}
