"""What components refuse and advise beyond the shapes of their properties; the bad packages show the rest."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from penstock.lang import Given, compile_package, resolve, validate_package
from penstock.plan.operators import Aggregate, Join, Limit, Project, Sort, Union

LAKE = {"name": "lake"}
FIELDS = "i:int l:long f:float d:double t at:datetime b:boolean m:json g:json_array raw:binary"


def source(identity: str, fields: str = FIELDS, **properties: Any) -> dict[str, Any]:
    listed = [dict(zip(("name", "type"), one.split(":"), strict=False)) for one in fields.split()]
    kind = "cloud_storage_source_component"
    return {
        "id": identity, "type": kind, "connection": LAKE, "properties": {"path": "in", **properties}, "fields": listed
    }  # fmt: skip


def destination(**properties: Any) -> dict[str, Any]:
    kind = "cloud_storage_destination_component"
    chosen = {"path": "out", **properties}
    return {"id": "out", "type": kind, "connection": LAKE, "properties": chosen, "mapping": [{"alias": "t"}]}


def flow(
    kind: str, properties: Mapping[str, Any], other: str = FIELDS, last: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """Return a flow in which one component stands between sources and a destination."""
    ports = {"join": ("left", "right"), "union": ("1", "2")}.get(kind, ("",))
    middle = {"id": "x", "type": f"{kind}_component", "properties": properties}
    sources = [source("a"), source("b", other)][: len(ports)]
    feeds: list[dict[str, str]] = []
    for one, port in zip(sources, ports, strict=True):
        feeds.append({"from": one["id"], "to": "x"} | ({"input": port} if port else {}))
    out = last or {**destination(), "mapping": [{"alias": "t"}]}
    return {"components": [*sources, middle, out], "edges": [*feeds, {"from": "x", "to": "out"}]}


def found(document: dict[str, Any], variables: Mapping[str, str] | None = None) -> list[tuple[str, str | None, str]]:
    findings = validate_package(document, resolve(Given(variables or {})))
    return [(one.code, one.field, f"{one.message} {one.hint or ''}".strip()) for one in findings]


def keys(left: str, right: str) -> dict[str, Any]:
    return {"keys": [{"left": left, "right": right}], "fields": [{"input": "left", "field": "t"}]}


@pytest.mark.parametrize(
    ("kind", "properties", "other", "code", "place", "said"),
    [
        ("join", keys("g", "g"), FIELDS, "PK402", "properties.keys[0]", "bag is equal to nothing"),
        ("join", keys("i", "t"), FIELDS, "PK402", "properties.keys[0]", "'i' is int, 't' chararray"),
        ("join", keys("raw", "i"), FIELDS, "PK402", "properties.keys[0]", "'raw' is bytearray, 'i' int"),
        ("join", keys("b", "i"), FIELDS, "PK402", "properties.keys[0]", "'b' is boolean"),
        (
            "join", keys("i", "i") | {"fields": [{"input": "left", "field": "t"}, {"input": "right", "field": "t"}]},
            FIELDS, "PK106", "properties.fields[1].alias", "'t' stands twice",
        ),
        ("union", {}, FIELDS.replace("raw:binary", "raw:int"), "PK403", None, "'raw' is bytearray"),
        ("union", {}, FIELDS.replace("b:boolean", "b:int"), "PK403", None, "'b' is boolean in the inputs before, int"),
        ("union", {}, FIELDS.replace("at:datetime", "at"), "PK403", None, "'at' is datetime"),
        ("union", {}, FIELDS.replace("i:int", "I:int"), "PK503", None, "Input 2 lacks i and has I besides"),
        ("aggregate", {"functions": [{"function": "sum", "field": "b", "alias": "t"}]}, "", "PK401",
         "properties.functions[0].field", "does not take boolean"),
        ("aggregate", {"functions": [{"function": "minimum", "field": "b", "alias": "t"}]}, "", "PK401",
         "properties.functions[0].field", "does not take boolean"),
        ("aggregate", {"group_by": ["t"], "functions": [{"function": "count_all", "alias": "t"}]}, "", "PK106",
         "properties.functions[0].alias", "'t' stands twice"),
        ("sort", {"order_by": [{"field": "m"}]}, "", "PK401", "properties.order_by[0].field", "is a map, so it has no order"),
        ("limit", {"limit": 1, "order_by": [{"field": "raw"}]}, "", "PK401", "properties.order_by[0].field", "has no type"),
        ("limit", {"limit": "$n"}, "", "PK102", "properties.limit", "not text. It takes no variables."),
        ("select", {"fields": [{"expression": "*"}]}, "", "PK103", "properties.fields[0].expression", "needs an 'alias'"),
        ("select", {"fields": [{"expression": "t"}, {"expression": "i", "alias": "t"}]}, "", "PK106",
         "properties.fields[1].alias", "'t' stands twice"),
        ("select", {"fields": [{"expression": "i", "alias": "t"}, {"expression": "t + 1", "alias": "u"}]}, "", "PK401",
         "properties.fields[1].expression", "'+' takes numbers"),
    ],
)  # fmt: skip
def test_what_does_not_go_together_is_refused(
    kind: str, properties: Mapping[str, Any], other: str, code: str, place: str | None, said: str
) -> None:
    findings = [one for one in found(flow(kind, properties, other or FIELDS)) if one[0] == code]
    assert [one[1] for one in findings] == [place]
    assert said in findings[0][2]


@pytest.mark.parametrize(
    ("properties", "code", "place", "said"),
    [
        ({"format": "parquet", "compression": "gzip"}, "PK102", "properties.compression", "_PARQUET_COMPRESSION"),
        ({"format": "json", "quote": '"'}, "PK902", "properties.quote", "no effect with format json"),
        ({"path": "//"}, "PK102", "properties.path", "The path is empty. Name a folder"),
        ({"file_prefix": "a/b"}, "PK102", "properties.file_prefix", "no '/'"),
        ({"file_prefix": "_a"}, "PK102", "properties.file_prefix", "ignored by every reader"),
        ({"delimiter": "'", "quote": "'"}, "PK102", "properties.quote", "the same character"),
        ({"delimiter": "\r"}, "PK102", "properties.delimiter", "it ends a line"),
        ({"escape": "é"}, "PK603", "properties.escape", "ASCII"),
        ({"target_size_bytes": "x$n"}, "PK102", "properties.target_size_bytes", "no whole number of at least 1"),
        (
            {"target_size_bytes": 9, "merge_to_single_file": True},
            "PK102",
            "properties.target_size_bytes",
            "several parts",
        ),
        ({"format": "excel", "compression": "zstd"}, "PK102", "properties.compression", "are packed by themselves"),
    ],
)
def test_options_of_a_destination(properties: Mapping[str, Any], code: str, place: str, said: str) -> None:
    document = flow("distinct", {}, last=destination(**properties))
    findings = found(document, {"n": "1"})
    assert [one[:2] for one in findings] == [(code, place)]
    assert said in findings[0][2]


@pytest.mark.parametrize(
    ("properties", "code", "place", "said"),
    [
        ({"record_type": "json", "delimiter": ","}, "PK902", "properties.delimiter", "no effect with record_type json"),
        ({"base_record": "$.a"}, "PK902", "properties.base_record", "no effect with record_type delimited"),
        ({"base_record": "items"}, "PK102", "properties.base_record", "no JSONPath"),
        ({"match_fields": "name"}, "PK103", "properties.match_fields", "needs 'skip_header' true"),
        ({"record_delimiter": "eof"}, "PK902", "properties.record_delimiter", "no effect with record_type delimited"),
        ({"record_type": "excel", "range": "1A"}, "PK102", "properties.range", "names no cells"),
        ({"record_type": "raw"}, "PK102", "fields", "one field, of type string or binary"),
        ({"encoding": "klingon"}, "PK102", "properties.encoding", "no character set 'klingon'"),
        ({"path": ""}, "PK102", "properties.path", "The path is empty"),
        ({"path": 5}, "PK102", "properties.path", "text, not a number"),
        ({"on_bad_value": "ignore"}, "PK102", "properties.on_bad_value", "one of set_null, skip, fail"),
    ],
)
def test_options_of_a_source(properties: Mapping[str, Any], code: str, place: str, said: str) -> None:
    document = {"components": [source("a", **properties), destination()], "edges": [{"from": "a", "to": "out"}]}
    findings = found(document)
    assert [one[:2] for one in findings] == [(code, place)]
    assert said in findings[0][2]


def test_a_variable_is_no_codec() -> None:
    document = flow("distinct", {}, last=destination(format="parquet"))
    findings = found(document, {"_PARQUET_COMPRESSION": "'best'"})
    assert [(code, "'BEST', which is no codec" in said) for code, _, said in findings] == [("PK102", True)]


@pytest.mark.parametrize(
    ("connection", "code", "place"),
    [
        (None, "PK107", "connection"),
        ({"type": "postgres", "id": 3}, "PK102", "connection.type"),
        ({"type": "file", "id": 0}, "PK102", "connection.id"),
        ({"type": "file", "id": True}, "PK102", "connection.id"),
        ({"type": "file", "id": 3, "x-y": 1}, None, None),
        ("lake", None, None),
        ("", "PK102", "connection"),
        ([], "PK102", "connection"),
    ],
)
def test_a_connection(connection: Any, code: str | None, place: str | None) -> None:
    document = {"components": [source("a"), destination()], "edges": [{"from": "a", "to": "out"}]}
    document["components"][0]["connection"] = connection
    if connection is None:
        del document["components"][0]["connection"]
    assert [one[:2] for one in found(document)] == ([(code, place)] if code else [])


def test_a_component_with_a_fault_does_not_hide_what_follows() -> None:
    document = flow(
        "filter", {"conditions": [{"expression": "nothing"}]}, last=destination() | {"mapping": [{"alias": "q"}]}
    )
    assert [one[:2] for one in found(document)] == [
        ("PK301", "properties.conditions[0].expression"),
        ("PK301", "mapping[0].alias"),
    ]


def compiled(kind: str, properties: Mapping[str, Any], other: str = FIELDS) -> Any:
    plan = compile_package(flow(kind, properties, other), {}).plan
    assert plan is not None
    return plan.outputs[0].given


def test_types_of_what_comes_out() -> None:
    functions = [
        ("sum", "i"), ("sum", "l"), ("sum", "f"), ("sum", "d"), ("average", "i"), ("minimum", "f"), ("maximum", "t"),
        ("minimum", "at"), ("count", "m"), ("count_distinct", "g"), ("hyperloglog", "raw"), ("collect", "i"),
    ]  # fmt: skip
    items = [{"function": word, "field": name, "alias": f"a{at}"} for at, (word, name) in enumerate(functions)]
    made: Aggregate = compiled("aggregate", {"group_by": ["t"], "functions": items})
    assert [str(one.dtype) for one in made.schema] == [
        "chararray", "long", "long", "double", "double", "double", "float", "chararray", "datetime", "long", "long", "long",
        "bag(int)",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("word", "left", "right"),
    [("inner", False, False), ("left", False, True), ("right", True, False), ("full", True, True)],
)
def test_what_a_join_may_leave_out_may_be_null(word: str, left: bool, right: bool) -> None:
    sure = {"id": "s", "type": "select_component", "properties": {"fields": [{"expression": "1", "alias": "one"}]}}
    both = [{"input": "left", "field": "one", "alias": "t"}, {"input": "right", "field": "one", "alias": "u"}]
    properties = {"join_type": word, "keys": [{"left": "one", "right": "one"}], "fields": both}
    join = {"id": "j", "type": "join_component", "properties": properties}
    edges = [
        {"from": "a", "to": "s"}, {"from": "s", "to": "j", "input": "left"}, {"from": "s", "to": "j", "input": "right"},
        {"from": "j", "to": "out"},
    ]  # fmt: skip
    plan = compile_package({"components": [source("a"), sure, join, destination()], "edges": edges}, {}).plan
    assert plan is not None
    made = plan.outputs[0].given
    assert isinstance(made, Join)
    assert [one.nullable for one in made.schema] == [left, right]


def test_the_sets_of_a_cube_are_limited() -> None:
    names = [f"f{at}" for at in range(13)]
    groupings = [{"type": "cube", "fields": names[:12]}, {"type": "rollup", "fields": names[12:]}]
    document = flow("cube", {"groupings": groupings}, last=destination() | {"mapping": [{"alias": "f0"}]})
    document["components"][0] = source("a", " ".join(names))
    assert found(document) == [
        (
            "PK102",
            "properties.groupings",
            "These groupings give 8192 sets of groups; 4096 are allowed. Group by fewer fields.",
        )
    ]
    groupings.pop()
    assert found(document) == []


@pytest.mark.parametrize(
    ("word", "start", "nullable"),
    [("first_value", "unbounded", False), ("first_value", 1, True), ("last_value", 1, False), ("lag", 1, True),
     ("row_number", 1, False), ("count", 1, False), ("sum", 1, True)],
)  # fmt: skip
def test_what_a_window_gives_may_be_null(word: str, start: Any, nullable: bool) -> None:
    sure = {"id": "s", "type": "select_component", "properties": {"fields": [{"expression": "1", "alias": "t"}]}}
    function = {"function": word, "alias": "x"} | ({} if word == "row_number" else {"field": "t"})
    window = {"id": "w", "type": "window_component", "properties": {"functions": [function], "frame": {"start": start}}}
    edges = [{"from": "a", "to": "s"}, {"from": "s", "to": "w"}, {"from": "w", "to": "out"}]
    plan = compile_package({"components": [source("a"), sure, window, destination()], "edges": edges}, {}).plan
    assert plan is not None
    assert plan.outputs[0].given.schema.fields[-1].nullable is nullable


def test_a_union_widens_and_reorders_only_where_it_must() -> None:
    made: Union = compiled("union", {}, FIELDS.replace("i:int", "i:long"))
    assert isinstance(made.inputs[0], Project)
    assert not isinstance(made.inputs[1], Project)
    assert str(made.schema.find("i")) == "i: long?"


def test_whole_numbers_may_be_written_with_a_fraction_of_zero() -> None:
    made: Limit = compiled("limit", {"limit": 2.0})
    assert (made.size, type(made.size)) == (2, int)


def test_a_clone_is_what_feeds_it() -> None:
    clone = {"id": "c", "type": "clone_component"}
    sort = {"id": "o", "type": "sort_component", "properties": {"order_by": [{"field": "t"}]}}
    edges = [{"from": "a", "to": "o"}, {"from": "o", "to": "c"}, {"from": "c", "to": "out", "output": "1"}]
    plan = compile_package({"components": [source("a"), sort, clone, destination()], "edges": edges}, {}).plan
    assert plan is not None
    assert isinstance(plan.outputs[0].given, Sort)
