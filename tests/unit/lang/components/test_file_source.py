"""File storage source: what it refuses."""

from __future__ import annotations

from penstock.lang import compile_package

FLOW = {
    "components": [
        {
            "id": "1",
            "type": "cloud_storage_source_component",
            "name": "orders",
            "connection": "lake",
            "properties": {"path": "orders.csv"},
            "fields": [{"name": "id", "type": "long"}, {"pseudo": "line_number"}],
        },
        {
            "id": "2",
            "type": "cloud_storage_destination_component",
            "name": "out",
            "connection": "lake",
            "properties": {"path": "out"},
        },
    ],
    "edges": [{"from": "1", "to": "2"}],
}


def test_the_number_of_a_line_is_refused_before_anything_runs() -> None:
    found = compile_package(FLOW, {})
    assert found.plan is None
    assert [(one.code, one.field) for one in found.errors] == [("PK603", "fields[1].pseudo")]
