"""Any JSON is a document or gives findings: whatever stands where, validation and compilation never raise."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

from hypothesis import example, given, settings
from hypothesis import strategies as st

from penstock.domain.diagnostic import Diagnostic
from penstock.lang import Given, Known, compile_package, resolve, validate_package
from penstock.lang.variables import placeholders

FLOWS = [
    json.loads(file.read_text("utf-8"))["data_flow_json"]
    for file in sorted((Path(__file__).parents[1] / "golden" / "cases").glob("*/package.json"))
]
WORDS = [
    "", "id", "name", "type", "properties", "components", "edges", "from", "to", "input", "output", "fields",
    "alias", "expression",
    "conditions", "match", "connection", "mapping", "column", "path", "limit", "order_by", "functions", "left",
    "right", "x-note",
    "select_component", "filter_component", "join_component", "cloud_storage_source_component",
    "cloud_storage_destination_component",
    "total + 1", "$x", "\\$", "'", "\x00", "\ud800", "é😀", "asc", "all", "int", "json",
]  # fmt: skip
SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(-(2**70), 2**70), st.floats(), st.sampled_from(WORDS), st.text(max_size=8)
)
JSON = st.recursive(
    SCALARS,
    lambda part: (
        st.lists(part, max_size=4) | st.dictionaries(st.sampled_from(WORDS) | st.text(max_size=4), part, max_size=5)
    ),
    max_leaves=20,
)


def checked(flow: Any) -> None:
    definitions = resolve(Given({"x": "1", "day": "'2026-01-01'", "n": "CurrentTime()"}))
    found = validate_package(flow, definitions, connections=Known(("lake",)))
    assert all(isinstance(one, Diagnostic) and one.message for one in found)
    compiled = compile_package(flow, placeholders(definitions).values)
    assert (compiled.plan is None) is bool(compiled.errors)


@given(JSON)
@example(None)
@example("")
@example("[")
@example("[" * 100_000)
@example('{"components": [{"id": 1e400}]}')
@settings(derandomize=True, deadline=None, max_examples=300)
def test_any_json_is_checked(flow: Any) -> None:
    checked(flow)


def paths(part: Any, here: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place in a JSON value, as keys and indexes."""
    inside = part.items() if isinstance(part, dict) else enumerate(part) if isinstance(part, list) else ()
    return [here, *(path for key, value in inside for path in paths(value, (*here, key)))]


@st.composite
def damaged(draw: st.DrawFn) -> Any:
    """A flow that works, with one to three places replaced, left out, doubled or renamed."""
    flow = copy.deepcopy(draw(st.sampled_from(FLOWS)))
    for _ in range(draw(st.integers(1, 3))):
        path = draw(st.sampled_from(paths(flow)))
        if not path:
            continue
        holder = flow
        for key in path[:-1]:
            holder = holder[key]
        last = path[-1]
        match draw(st.sampled_from(["replace", "remove", "double", "rename", "borrow"])):
            case "replace":
                holder[last] = draw(JSON)
            case "remove":
                del holder[last]
            case "double" if isinstance(holder, list):
                holder.append(copy.deepcopy(holder[last]))
            case "rename" if isinstance(holder, dict):
                holder[draw(st.sampled_from(WORDS))] = holder.pop(last)
            case _:
                other = draw(st.sampled_from(FLOWS))
                for key in draw(st.sampled_from(paths(other))):
                    other = other[key]
                holder[last] = copy.deepcopy(other)
    return flow


@given(damaged())
@settings(derandomize=True, deadline=None, max_examples=400)
def test_a_damaged_flow_is_checked(flow: Any) -> None:
    checked(flow)
    checked(json.dumps(flow))
