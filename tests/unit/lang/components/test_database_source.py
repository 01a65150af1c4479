"""What a source of a database that reads incrementally takes."""

from __future__ import annotations

from typing import Any

import pytest

from penstock.lang import compile_package
from penstock.lang.variables import VariableValue
from penstock.plan.operators import Scan, iter_operators
from penstock.plan.systems import DatabaseSource, Incremental


def compiled(values: dict[str, str] | None = None, **properties: Any) -> Any:
    source = {
        "id": "s7", "type": "database_source_component", "name": "rows", "connection": {"name": "shop"},
        "properties": {"table": "t", **properties}, "fields": [{"name": "id", "type": "int"}],
    }  # fmt: skip
    target = {
        "id": "o", "type": "cloud_storage_destination_component", "name": "out", "connection": {"name": "lake"},
        "properties": {"path": "out"},
    }  # fmt: skip
    flow = {"components": [source, target], "edges": [{"from": "s7", "to": "o"}]}
    given = {name: VariableValue(text) for name, text in (values or {}).items()}
    return compile_package(flow, given)


def test_the_watermark_is_that_of_the_component_whatever_its_name() -> None:
    mark = {"column": "$by", "overlap": 1.5, "x-note": "kept"}
    made = compiled({"by": "updated at"}, source_action="incremental", watermark=mark)
    assert made.diagnostics == ()
    (scan,) = (one for one in iter_operators(made.plan) if isinstance(one, Scan))
    assert isinstance(scan.origin, DatabaseSource)
    assert scan.origin.incremental == Incremental("s7", "updated at", 1.5)


@pytest.mark.parametrize(
    ("values", "properties", "code", "path"),
    [
        ({}, {"source_action": "incremental"}, "PK103", "properties.source_action"),
        ({"by": " "}, {"source_action": "incremental", "watermark": {"column": "$by"}}, "PK102", "properties.watermark.column"),
        ({}, {"source_action": "incremental", "watermark": {"column": "$by"}}, "PK303", "properties.watermark.column"),
        ({}, {"source_action": "incremental", "watermark": {}}, "PK103", "properties.watermark"),
        ({}, {"source_action": "incremental", "watermark": {"column": "a", "overlap": -1}}, "PK102",
         "properties.watermark.overlap"),
        ({}, {"source_action": "copy", "watermark": {"column": "a"}}, "PK902", "properties.watermark"),
    ],
)  # fmt: skip
def test_what_is_found(values: dict[str, str], properties: dict[str, Any], code: str, path: str) -> None:
    found = [(one.code, one.field) for one in compiled(values, **properties).diagnostics]
    assert (code, path) in found, found
