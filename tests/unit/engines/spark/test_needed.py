"""Which fields of a source the statements of a plan mention, without a Spark."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from penstock.engines.spark.needed import needed
from penstock.lang import compile_package

Part = tuple[str, str, Mapping[str, Any]]


def source(name: str) -> dict[str, Any]:
    fields = [{"name": one, "type": "int"} for one in "abcd"]
    return {
        "id": name, "type": "cloud_storage_source_component", "connection": {"name": "lake"}, "properties": {"path": name},
        "fields": fields,
    }  # fmt: skip


def needed_of(parts: Sequence[Part], edges: Sequence[str]) -> Mapping[str, tuple[str, ...]]:
    """Return what is needed of the sources `s` and `t` where *parts* stand between them and the destination `z`."""
    out = {
        "id": "z", "type": "cloud_storage_destination_component", "connection": {"name": "lake"},
        "properties": {"path": "out"},
    }  # fmt: skip
    middle = [{"id": name, "type": f"{kind}_component", "properties": properties} for name, kind, properties in parts]
    sources = [source(name) for name in "st" if any(edge.startswith(name) for edge in edges)]
    feeds = [{"from": edge[0], "to": edge[1], **({"input": edge[3:]} if ":" in edge else {})} for edge in edges]
    made = compile_package({"components": [*sources, *middle, out], "edges": feeds}, {})
    assert made.plan is not None, made.diagnostics
    return needed(made.plan)


SELECT: Part = ("x", "select", {"fields": [{"expression": "b + d", "alias": "v"}]})
FILTER: Part = ("f", "filter", {"conditions": [{"expression": "a > 1"}]})
SORT: Part = ("o", "sort", {"order_by": [{"field": "c"}]})
NOTHING: Part = ("x", "select", {"fields": [{"expression": "1", "alias": "v"}]})
COUNT: Part = ("g", "aggregate", {"group_by": ["d"], "functions": [{"function": "sum", "field": "b", "alias": "v"}]})
DISTINCT: Part = ("u", "distinct", {})
SAMPLE: Part = ("p", "sample", {"percentage": 5})


@pytest.mark.parametrize(
    ("parts", "edges", "wanted"),
    [
        ([SELECT], ["sx", "xz"], "bd"),
        ([FILTER, SELECT], ["sf", "fx", "xz"], "abd"),
        ([SORT, SELECT], ["so", "ox", "xz"], "bcd"),
        ([SAMPLE, COUNT], ["sp", "pg", "gz"], "bd"),
        ([DISTINCT, SELECT], ["su", "ux", "xz"], "abcd"),
        ([NOTHING], ["sx", "xz"], "a"),
        ([FILTER], ["sf", "fz"], "abcd"),
    ],
)
def test_what_statements_mention_is_needed(parts: Sequence[Part], edges: Sequence[str], wanted: str) -> None:
    assert needed_of(parts, edges) == {"s": tuple(wanted)}


def test_each_side_of_a_join_gives_its_keys_and_what_is_taken() -> None:
    fields = [{"input": "left", "field": "c"}, {"input": "right", "field": "d"}]
    join: Part = ("j", "join", {"keys": [{"left": "a", "right": "b"}], "fields": fields})
    found = needed_of([join], ["sj:left", "tj:right", "jz"])
    assert found == {"s": ("a", "c"), "t": ("b", "d")}


def test_what_several_components_read_is_whole() -> None:
    fields = [{"input": "left", "field": "v"}]
    join: Part = ("j", "join", {"keys": [{"left": "v", "right": "v"}], "fields": fields})
    other = ("y", *SELECT[1:])
    assert needed_of([SELECT, other, join], ["sx", "sy", "xj:left", "yj:right", "jz"]) == {"s": tuple("abcd")}
