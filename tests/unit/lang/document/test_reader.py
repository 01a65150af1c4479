"""Reading a document: both spellings, what is forgiven, and what is reported; any JSON gives findings, never an error."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from penstock.lang import validate_package
from penstock.lang.components.table import COMPONENTS
from penstock.lang.document import ComponentNode, Edge, connection_keys, read, to_wire

SOURCE = "cloud_storage_source_component"


def findings(raw: Any) -> list[tuple[str, str | None, str]]:
    _, found = read(raw)
    return [(one.code, one.field, one.message) for one in found]


def test_both_spellings_are_one_document() -> None:
    flat = {"id": "1", "type": "clone_component", "name": "c", "properties": {}, "note": "n"}
    keyed = {"clone_component": {"id": "1", "name": "c", "properties": {}, "note": "n"}}
    assert read({"components": [flat]}) == read({"components": [keyed]})
    assert read(json.dumps({"components": [keyed]})) == read({"components": [flat]})
    beside = {"clone_component": {"id": "1"}, "x-tool": 1}
    assert read({"components": [beside]})[0] == read({"components": [{"type": "clone_component", "id": "1"}]})[0]


@pytest.mark.parametrize("raw", [None, "", "  ", "{}", "[]", {}, [], {"components": []}])
def test_nothing_is_a_document_without_components(raw: Any) -> None:
    document, found = read(raw)
    assert document is not None
    assert (document.components, document.edges, found) == ((), (), ())


def test_empty_lists_stand_for_empty_objects() -> None:
    document, found = read({"components": [{"clone_component": {"id": "1", "properties": []}}]})
    assert found == ()
    assert document is not None
    assert document.components == (ComponentNode("1", "clone_component", "1", {}, {}),)


def test_keys_are_kept_and_what_begins_with_x_is_never_looked_at() -> None:
    raw = {
        "x-a": [None, "\0"],
        "components": [{"id": "1", "type": "t", "x-b": 1, "note": None}],
        "edges": [{"from": "1", "to": "2", "x-c": {}}],
        "notes": [{"text": "", "position": {"x": 1, "y": 2}, "x-d": 0}],
    }
    document, found = read(raw)
    assert found == ()
    assert document is not None
    assert document.components[0].keys == {"x-b": 1, "note": None}
    assert document.edges == (Edge("1", "2"),)


@pytest.mark.parametrize(
    ("raw", "code", "place", "said"),
    [
        ("{", "PK101", None, "is not JSON: Expecting property name"),
        ("nonsense", "PK101", None, "is not JSON"),
        ('{"components": NaN}', "PK101", None, "there is no number NaN"),
        ('{"components": "\\ud800"}', "PK101", None, "half of a surrogate pair"),
        ("[" * 100_000, "PK101", None, "nested too deeply"),
        ({"components": [{"id": "a\0"}]}, "PK101", "components[0].id", "zero character"),
        ('{"a\\u0000": 1}', "PK101", None, "zero character"),
        ("3", "PK101", None, "not a number"),
        ("[1]", "PK101", None, "not a list"),
        ({"component": []}, "PK104", None, "no key 'component'"),
        ({"format": 2}, "PK102", "format", "must be 1; it is 2"),
        ({"format": True}, "PK102", "format", "must be 1; it is true"),
        ({"components": {}}, "PK102", "components", "a list, not an object"),
        ({"components": None}, "PK102", "components", "a list, not null"),
        ({"edges": "x"}, "PK102", "edges", "a list, not text"),
        ({"notes": [{"txt": "a"}]}, "PK103", "notes[0]", "'text' is missing"),
        ({"components": ["select"]}, "PK102", "components[0]", "an object, not text"),
        ({"components": [[]]}, "PK103", "components[0]", "needs a 'type'"),
        ({"components": [{"id": "1"}]}, "PK103", "components[0]", "needs a 'type'"),
        ({"components": [{"id": "1", "type": 7}]}, "PK103", "components[0]", "'type' must be text, it is 7"),
        ({"components": [{"type": "t"}]}, "PK103", "components[0]", "needs an 'id'"),
        ({"components": [{"type": "t", "id": 1}]}, "PK102", "components[0].id", "text, not a number"),
        ({"components": [{"type": "t", "id": "a\nb"}]}, "PK102", "components[0].id", "holds a line break"),
        ({"components": [{"type": "t", "id": "1", "name": ""}]}, "PK102", "components[0].name", "not be empty"),
        (
            {"components": [{"type": "t", "id": "1", "name": "n" * 201}]},
            "PK102",
            "components[0].name",
            "201 characters",
        ),
        ({"components": [{"type": "t", "id": "1", "properties": None}]}, "PK102", "properties", "an object, not null"),
        ({"components": [{"a_component": {"id": "1", "type": "b_component"}}]}, "PK103", "components[0]", "a 'type'"),
        ({"edges": [{"from": "1"}]}, "PK103", "edges[0]", "'to' is missing"),
        ({"edges": [{"from": "1", "to": 2}]}, "PK102", "edges[0].to", "text, not a number"),
        ({"edges": [{"from": "1", "to": "2", "inputs": "a"}]}, "PK104", "edges[0].inputs", "no key 'inputs'"),
        ({"edges": [{"from": "1", "to": "2", "condition": "failure"}]}, "PK102", "edges[0].condition", "tasks"),
    ],
)
def test_what_is_reported(raw: Any, code: str, place: str | None, said: str) -> None:
    found = findings(raw)
    assert found[0][:2] == (code, place)
    assert said in found[0][2]


def test_a_connection_set_in_every_component_counts_for_file_storage_only() -> None:
    document, _ = read(
        {
            "components": [
                {SOURCE: {"id": "1", "cloud_storage_connection_id": 7, "connection": {"type": "s3", "id": 1}}},
                {"select_component": {"id": "2", "cloud_storage_connection_id": 8}},
                {
                    "cloud_storage_destination_component": {
                        "id": "3",
                        "cloud_storage_connection_id": "FILE_CONNECTION_9",
                    }
                },
                {SOURCE: {"id": "4", "cloud_storage_connection_id": None, "connection": {"name": "lake"}}},
            ]
        }
    )
    assert document is not None
    assert connection_keys(document) == ("S3_CONNECTION_7", "FILE_CONNECTION_9", "lake")


def test_the_wire_gets_keyed_components_and_everything_that_was_given() -> None:
    given_ = {"components": [{"type": "clone_component", "id": "1", "odd": [1]}, {"b": {}}, 5], "more": {"a": None}}
    made = json.loads(to_wire(given_))
    assert made == {
        "components": [{"clone_component": {"id": "1", "odd": [1]}}, {"b": {}}, 5],
        "more": {"a": None},
        "edges": [],
    }
    assert to_wire(to_wire(given_)) == to_wire(given_)


@pytest.mark.parametrize("text", ["nonsense", "[1]", '{"components": Infinity}', "[" * 100_000, "\ud800"])
def test_text_that_is_no_document_is_kept(text: str) -> None:
    kept = to_wire(text)
    assert kept == text.encode("utf-8", "backslashreplace").decode()
    kept.encode()


def test_half_of_a_surrogate_pair_can_be_stored() -> None:
    made = to_wire({"components": [], "x-odd": "\ud800"})
    made.encode()
    assert json.loads(made)["x-odd"] == "\ud800"


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=6), inner, max_size=4),
    max_leaves=12,
)
words = st.sampled_from(
    ["id", "name", "type", "properties", "fields", "conditions", "connection", "mapping", "from", "to", "input", "path",
     "functions", "keys", "order_by", "limit", "expression", "left", "operator", "match", "1", "2", "alias", *COMPONENTS]
)  # fmt: skip
near_values = st.recursive(
    json_values | words | st.sampled_from(["id + 1", "$x", "", "is_null", "count_all", "all", "asc"]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(words, inner, max_size=6),
    max_leaves=30,
)
components = st.fixed_dictionaries(
    {"id": st.sampled_from("123"), "type": st.sampled_from([*COMPONENTS]), "properties": near_values},
    optional={"fields": near_values, "connection": near_values, "mapping": near_values, "name": near_values},
)
edges = st.fixed_dictionaries(
    {"from": st.sampled_from("1234"), "to": st.sampled_from("1234")}, optional={"input": words, "output": words}
)
documents = st.fixed_dictionaries(
    {"components": st.lists(components, max_size=4), "edges": st.lists(edges, max_size=5)}
)


@settings(derandomize=True, deadline=None, max_examples=400)
@given(near_values | documents)
def test_any_json_yields_diagnostics_never_an_exception(raw: Any) -> None:
    for found in validate_package(raw, ()):
        json.dumps(found.to_json())
        assert found.sentence()
    if isinstance(raw, str | dict):
        to_wire(raw).encode()
