"""The corpus itself: every kind of component, every property and every choice that this version does stands in a case."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from penstock.lang.components.spec import Component, Property
from penstock.lang.components.table import COMPONENTS
from penstock.lang.document import ComponentNode, read
from penstock.lang.document.shapes import ALONE, COMPARISON
from penstock.lang.functions.aggregates import AGGREGATES
from penstock.plan.dtypes import SCHEMA_WORDS

HERE = Path(__file__).parent
PACKAGES = sorted([*HERE.glob("cases/*/package.json"), *HERE.glob("elsewhere/*/package.json")])


def flow_of(file: Path) -> Any:
    return json.loads(file.read_text("utf-8"))["data_flow_json"]


@pytest.fixture(scope="module")
def nodes() -> dict[str, list[ComponentNode]]:
    found: dict[str, list[ComponentNode]] = defaultdict(list)
    for file in PACKAGES:
        document, findings = read(flow_of(file))
        assert findings == ()
        assert document is not None
        for node in document.components:
            found[node.type].append(node)
    return found


def options() -> Iterator[tuple[Component, Property]]:
    for kind in COMPONENTS.values():
        yield from ((kind, prop) for prop in kind.properties if prop.available != () and prop.name != "bucket")


def values_of(prop: Property) -> tuple[Any, ...]:
    """Return what a case must show: each choice, both booleans; of other properties any value."""
    if prop.available is not None:
        return prop.available
    return tuple(prop.shape.get("enum", (True, False) if prop.shape.get("type") == "boolean" else ()))


@pytest.mark.parametrize(
    ("kind", "prop"), list(options()), ids=lambda one: getattr(one, "type", getattr(one, "name", ""))
)
def test_a_property_stands_in_a_case(kind: Component, prop: Property, nodes: dict[str, list[ComponentNode]]) -> None:
    shown = [node.properties.get(prop.name, prop.default) for node in nodes[kind.type]]
    assert any(prop.name in node.properties for node in nodes[kind.type])
    for value in values_of(prop):
        assert value in shown or value == "fail", f"no case has {kind.type} with {prop.name} {value}"


def test_every_kind_stands_in_both_spellings() -> None:
    flows = [flow_of(file) for file in PACKAGES]
    assert {type(flow) for flow in flows} == {dict, str}
    kinds = {one["type"] for flow in flows if isinstance(flow, dict) for one in flow["components"]}
    assert kinds == set(COMPONENTS)


def test_every_function_operator_and_type_stands_in_a_case(nodes: dict[str, list[ComponentNode]]) -> None:
    functions = [one for node in nodes["aggregate_component"] for one in node.properties.get("functions", ())]
    assert {one["function"] for one in functions} == set(AGGREGATES)
    conditions = [one for node in nodes["filter_component"] for one in node.properties["conditions"]]
    assert {one["operator"] for one in conditions if "operator" in one} == {*COMPARISON, *ALONE}
    types = {
        one.get("type", "string") for node in nodes["cloud_storage_source_component"] for one in node.keys["fields"]
    }
    assert types >= set(SCHEMA_WORDS) - {"json array", "bytearray"}
