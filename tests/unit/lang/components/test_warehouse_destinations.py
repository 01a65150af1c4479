"""Destinations of warehouses: what they have of the general one, and the place that records go through."""

from __future__ import annotations

import json
from typing import Any

import pytest

from penstock.lang import compile_package
from penstock.plan.systems import DatabaseTarget, Place

STAGING = {"connection": {"type": "s3", "id": 12}, "bucket": "acme", "path": "staging/"}


def compiled(kind: str, **properties: Any) -> Any:
    flow = {
        "components": [
            {"id": "f", "name": "f", "type": "cloud_storage_source_component", "connection": {"name": "lake"},
             "properties": {"path": "in.csv"}, "fields": [{"name": "id", "type": "long"}, {"name": "n", "type": "int"}]},
            {"id": "t", "name": "t", "type": f"{kind}_destination_component", "connection": {"type": kind, "id": 7},
             "properties": properties, "mapping": [{"alias": "id", "key": "merge" in str(properties)}, {"alias": "n"}]},
        ],
        "edges": [{"from": "f", "to": "t"}],
    }  # fmt: skip
    return compile_package(json.dumps(flow), {})


@pytest.mark.parametrize("kind", ["redshift", "snowflake"])
def test_a_merge_is_that_of_a_database(kind: str) -> None:
    made = compiled(kind, table="orders", schema="shop", operation="merge_update_insert", auto_create_table=True)
    assert made.diagnostics == ()
    (write,) = made.plan.outputs
    assert write.component_type == f"{kind}_destination_component"
    assert write.destination == DatabaseTarget("orders", "shop", "merge_update_insert", ("id",), auto_create_table=True)


def test_records_go_through_a_place_into_redshift() -> None:
    made = compiled("redshift", table="orders", staging=STAGING)
    (write,) = made.plan.outputs
    assert write.destination.staging == Place("S3_CONNECTION_12", "staging/", "acme")


def test_snowflake_has_a_place_of_its_own() -> None:
    made = compiled("snowflake", table="orders", staging=STAGING)
    (write,) = made.plan.outputs
    assert write.destination.staging is None
    (found,) = made.diagnostics
    assert (found.code, found.field) == ("PK902", "properties.staging")


@pytest.mark.parametrize(
    ("properties", "code"),
    [
        ({"table": "t", "operation": "update"}, "PK102"), ({"table": "t", "missing_rows": "delete"}, "PK104"),
        ({"table": "t", "staging": {"path": "x"}}, "PK103"), ({"operation": "append"}, "PK103"),
    ],
)  # fmt: skip
def test_what_they_do_not_take(properties: dict[str, Any], code: str) -> None:
    made = compiled("snowflake", **properties)
    assert code in {one.code for one in made.diagnostics}
