"""The graph: names, edges, inputs, outputs, circles, branches that lead nowhere."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

import pytest

from penstock.lang import validate_package

GRAPH_CODES = ("PK5", "PK105", "PK602", "PK603")
SHORT = {
    "source": "cloud_storage_source_component", "out": "cloud_storage_destination_component",
}  # fmt: skip


def flow(components: Sequence[str], edges: Sequence[str]) -> dict[str, Any]:
    """Return a flow: components as `id:kind[:name]`, edges as `from[.output]>to[.input]`."""
    made_components = []
    for one in components:
        identity, kind, *name = one.split(":")
        item: dict[str, Any] = {"id": identity, "type": SHORT.get(kind, f"{kind}_component")}
        made_components.append(item | ({"name": name[0]} if name else {}))
    made_edges = []
    for one in edges:
        begin, _, end = one.partition(">")
        source, _, output = begin.partition(".")
        target, _, port = end.partition(".")
        edge = {"from": source, "to": target}
        made_edges.append(edge | ({"output": output} if output else {}) | ({"input": port} if port else {}))
    return {"components": made_components, "edges": made_edges}


def findings(components: Sequence[str], edges: Sequence[str]) -> list[tuple[str, str | None, str | None, str]]:
    found = validate_package(flow(components, edges), ())
    return [
        (one.code, one.component, one.field, f"{one.message} {one.hint or ''}".strip())
        for one in found
        if one.code.startswith(GRAPH_CODES)
    ]


LINE = ["s:source", "f:filter", "d:out"]


def test_a_sound_graph_gives_no_findings() -> None:
    components = ["s:source", "c:clone", "j:join", "u:union", "f:filter", "d:out", "e:out"]
    edges = ["s>c", "c.1>j.left", "c.2>j.right", "j>u.1", "s>u.2", "f>u.3", "s>f", "u>d", "u>e"]
    assert findings(components, edges) == []


@pytest.mark.parametrize(
    ("components", "edges", "wanted"),
    [
        ([], [], ("PK506", None, None, "has no components")),
        ([*LINE, "f:sort:g"], ["s>f", "f>d"], ("PK501", "g", "id", "Two components have the id 'f'.")),
        (["s:source:a", "f:filter:b", "g:filter:b", "d:out"], ["s>f", "f>g", "g>d"], ("PK501", "b", "name", "2 components")),
        (["s:source", "t:filter:s", "d:out"], ["s>t", "t>d"], ("PK501", "s", "name", "have the name 's'")),
        (LINE, ["s>f", "f>d", "f>x"], ("PK502", None, "edges[2].to", "no component with the id 'x'")),
        (["s:source:orders", "d:out"], ["orders>d"], ("PK502", None, "edges[0].from", "edges take ids, and its id is 's'")),
        (LINE, ["s>f"], ("PK503", "d", "edges", "Nothing feeds this component.")),
        (LINE, ["s>f", "f>d", "d>f"], ("PK503", "f", "edges[2]", "fed twice, but has one input")),
        (LINE, ["s>f", "f>d", "d>s"], ("PK503", "s", "edges[2].input", "A source has no input.")),
        (LINE, ["s>f.left", "f>d"], ("PK503", "f", "edges[0].input", "no input 'left'; the only input has no name")),
        (LINE, ["s.1>f", "f>d"], ("PK503", "s", "edges[0].output", "no output '1'; the only output has no name")),
        (LINE, ["s>f", "f.rejected>d"], ("PK503", "f", "edges[1].output", "no output 'rejected'")),
        (["s:source", "j:join", "d:out"], ["s>j.left", "j>d"], ("PK503", "j", "edges", "The input 'right' is missing.")),
        (["s:source", "j:join", "d:out"], ["s>j", "s>j.right", "j>d"], ("PK503", "j", "edges[0].input", "which input")),
        (["s:source", "j:join", "d:out"], ["s>j.left", "s>j.left", "s>j.right", "j>d"],
         ("PK503", "j", "edges[1]", "'left' is fed twice")),
        (["s:source", "u:union", "d:out"], ["s>u.1", "u>d"], ("PK503", "u", "edges", "needs two inputs or more")),
        (["s:source", "u:union", "d:out"], ["s>u.1", "s>u.3", "u>d"],
         ("PK503", "u", "edges", "without a gap. There are: 1, 3.")),
        (["s:source", "u:union", "d:out"], ["s>u.1", "s>u.02", "u>d"], ("PK503", "u", "edges[1].input", "no input '02'")),
        (["s:source", "u:union", "d:out"], ["s>u.1", "s>u.²", "u>d"], ("PK503", "u", "edges[1].input", "no input '²'")),
        (["s:source", "c:clone", "d:out"], ["s>c", "c>d"], ("PK503", "c", "edges[1].output", "which output of the Clone")),
        (["s:source", "c:clone", "d:out", "e:out"], ["s>c", "c.1>d", "c.1>e"],
         ("PK503", "c", "edges[2].output", "'1' has two edges")),
        (["s:source", "c:clone", "d:out"], ["s>c", "c.a>d"], ("PK503", "c", "edges[1].output", "no output 'a'")),
        ([*LINE, "g:sort"], ["s>f", "f>d", "f>g"], ("PK505", "g", None, "reaches no destination")),
        (["s:source", "f:filtr", "d:out"], ["s>f", "f>d"], ("PK105", "f", "type", "Did you mean 'filter_component'?")),
        (["s:source", "f:adwords_source", "d:out"], ["s>f", "f>d"], ("PK602", "f", "type", "not available in this version")),
    ],
)  # fmt: skip
def test_a_fault_is_named_with_its_place(
    components: list[str], edges: list[str], wanted: tuple[str, str | None, str | None, str]
) -> None:
    found = findings(components, edges)
    assert [one[:3] for one in found].count(wanted[:3]) == 1, found
    assert wanted[3] in next(one[3] for one in found if one[:3] == wanted[:3])


def test_only_what_is_in_a_circle_is_named() -> None:
    components = ["s:source", "a:union", "b:filter", "c:filter", "d:out", "x:filter", "y:filter", "z:filter"]
    edges = ["s>a.1", "a>b", "b>a.2", "b>c", "c>d", "x>y", "y>x", "z>z"]
    circles = [one for one in findings(components, edges) if one[0] == "PK504"]
    assert [one[3].partition(": ")[2] for one in circles] == [
        "a → b → a. Remove one of the edges between them.",
        "x → y → x. Remove one of the edges between them.",
        "z → z. Remove one of the edges between them.",
    ]


def test_a_large_graph_is_checked_in_one_pass() -> None:
    size = 4_000
    components = ["s:source", *(f"n{index}:filter" for index in range(size)), "d:out"]
    edges = ["s>n0", *(f"n{index}>n{index + 1}" for index in range(size - 1)), f"n{size - 1}>d"]
    began = time.process_time()
    assert findings(components, edges) == []
    assert time.process_time() - began < 10


def test_many_edges_that_lead_nowhere_are_reported_without_searching_for_names() -> None:
    size = 1_500
    began = time.process_time()
    found = findings([f"n{index}:filter" for index in range(size)], [f"x{index}>y{index}" for index in range(size)])
    assert sum(one[0] == "PK502" for one in found) == 2 * size
    assert time.process_time() - began < 10
