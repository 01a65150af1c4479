"""File storage source: what it takes, and what it refuses."""

from __future__ import annotations

from typing import Any

import pytest

from penstock.lang import compile_package

FLOW: dict[str, Any] = {
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


def with_encoding(name: str) -> list[tuple[str, str | None]]:
    source, *others = FLOW["components"]
    properties = {"path": "orders.csv", "encoding": name}
    found = compile_package({**FLOW, "components": [{**source, "properties": properties}, *others]}, {})
    return [(one.code, one.field) for one in found.errors]


def test_pseudo_fields_have_types() -> None:
    found = compile_package(FLOW, {})
    assert found.plan is not None
    assert str(found.plan.outputs[0].given.schema) == "id: long?, line_number: long?"


@pytest.mark.parametrize(
    "name", ["utf-8", "UTF8", "us-ascii", "ISO-8859-1", "windows-1252", "UTF-16", "shift_jis", "IBM850"]
)
def test_character_sets_have_the_names_that_the_world_gives_them(name: str) -> None:
    assert with_encoding(name) == []


@pytest.mark.parametrize(
    "name", ["utf-9", "hex", "rot13", "idna", "unicode_escape", "utf-7", "undefined", "no such", "é", "a\nb"]
)
def test_what_is_no_character_set_is_refused(name: str) -> None:
    assert [code for code, _ in with_encoding(name)] == ["PK102"]
