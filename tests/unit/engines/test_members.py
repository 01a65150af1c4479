"""Which structures a plan leaves as JSON text: those of which no more is taken than their text can give."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from penstock.engines.duckdb.run import DuckEngine
from penstock.engines.members import taken_from_text
from penstock.lang import compile_package
from penstock.plan.exprs import Call, walk
from penstock.plan.operators import Filter, Plan, Project, Scan, iter_operators

FIELDS = [
    {"name": "id", "type": "int"},
    {"name": "m", "type": "json"},
    {"name": "g", "type": "json_array"},
    {"name": "t"},
]


def source(name: str, record_type: str = "json") -> dict[str, Any]:
    properties = {"path": name, "record_type": record_type}
    return {"id": name, "type": "cloud_storage_source_component", "connection": {"name": "lake"}, "properties": properties,
            "fields": FIELDS}  # fmt: skip


def step(name: str, kind: str, **properties: Any) -> dict[str, Any]:
    return {"id": name, "type": f"{kind}_component", "properties": properties}


def select(name: str, **expressions: str) -> dict[str, Any]:
    return step(name, "select", fields=[{"expression": text, "alias": alias} for alias, text in expressions.items()])


def kept(condition: str) -> dict[str, Any]:
    return step("kept", "filter", conditions=[{"expression": condition}])


def plan_of(*parts: dict[str, Any], record_type: str = "json") -> Plan:
    """The plan of a source `in`, some components in a row, and a destination."""
    out = {"id": "out", "type": "cloud_storage_destination_component", "connection": {"name": "lake"},
           "properties": {"path": "out"}}  # fmt: skip
    every = [source("in", record_type), *parts, out]
    edges = [{"from": one["id"], "to": other["id"]} for one, other in itertools.pairwise(every)]
    compiled = compile_package({"components": every, "edges": edges}, {})
    assert compiled.plan is not None, [one.sentence() for one in compiled.diagnostics]
    return compiled.plan


def texts_of(plan: Plan, given: frozenset[str] = frozenset()) -> set[str]:
    """The fields that sources leave as text."""
    scans = [one for one in iter_operators(taken_from_text(plan, given)) if isinstance(one, Scan)]
    return {
        field.name
        for scan in scans
        for item, field in zip(scan.source.fields, scan.schema, strict=True)
        if item.as_text
    }


def keys_of(plan: Plan) -> dict[str, tuple[str, ...]]:
    """The keys that sources take out of maps."""
    scans = [one for one in iter_operators(taken_from_text(plan)) if isinstance(one, Scan)]
    return {item.name or "": item.keys for scan in scans for item in scan.source.fields if item.keys}


def words_of(plan: Plan) -> set[str]:
    """The functions that the statements call."""
    found = set()
    for one in iter_operators(taken_from_text(plan)):
        exprs = one.exprs if isinstance(one, Project) else (one.predicate,) if isinstance(one, Filter) else ()
        found |= {part.function for expr in exprs for part in walk(expr) if isinstance(part, Call)}
    return found


def test_keys_sizes_and_null_tests_take_no_structure() -> None:
    last = select("last", a="m#'a'", b="(int)m#'b'#'c'", n="SIZE(g)", x="m is null", y="(id > 1 ? m#'a' : null)")
    plan = plan_of(kept("m#'a' is not null"), select("passed", m="m", g="g", id="id"), last)
    assert texts_of(plan) == {"m", "g"}
    assert words_of(plan) == {
        "json_part", "json_member", "json_value", "json_object", "json_size", "is_null", "is_not_null", "gt",
    }  # fmt: skip
    assert keys_of(plan) == {"m": ("a", "b")}
    assert texts_of(plan, frozenset({"in"})) == set()


@pytest.mark.parametrize(
    ("parts", "left"),
    [
        ([select("s", m="m", n="SIZE(g)")], {"g"}),
        ([select("s", a="m#'a'", g="(chararray)g")], {"m"}),
        ([select("s", a="m#'a'", n="SIZE(m)")], {"g"}),
        ([select("s", a="m#'a'", b="(chararray)m")], {"g"}),
        ([select("s", a="m#t")], {"m", "g"}),
        ([select("s", a="m#'\"'", b="m#'b'")], {"g"}),
        ([select("s", a="m#''")], {"g"}),
        ([select("s", a="(id > 1 ? m : null)#'a'")], {"g"}),
        ([kept("m == m"), select("s", a="m#'a'")], {"g"}),
        ([step("d", "distinct"), select("s", a="m#'a'")], set()),
        ([step("o", "sort", order_by=[{"field": "id"}]), select("s", a="m#'a'")], {"m", "g"}),
        ([step("o", "limit", limit=3, order_by=[{"field": "id"}]), select("s", a="m#'a'")], {"m", "g"}),
        ([step("a", "aggregate", group_by=["id"], functions=[{"function": "collect", "field": "m", "alias": "c"}])], set()),
        ([step("a", "window", partition_by=["m"], functions=[{"function": "row_number", "alias": "n"}]),
          select("s", a="m#'a'")], {"g"}),
        ([step("a", "window", order_by=[{"field": "id"}], functions=[{"function": "lag", "field": "g", "alias": "n"}]),
          select("s", a="m#'a'", n="SIZE(n)")], {"m"}),
        ([], set()),
    ],
)  # fmt: skip
def test_whatever_else_is_taken_takes_the_whole(parts: list[dict[str, Any]], left: set[str]) -> None:
    assert texts_of(plan_of(*parts)) == left


def test_only_text_files_have_texts() -> None:
    taken = select("s", a="m#'a'")
    assert texts_of(plan_of(taken, record_type="delimited")) == {"m", "g"}
    assert texts_of(plan_of(taken, record_type="parquet")) == set()


def test_a_map_of_texts_stays_text_from_where_it_is_made() -> None:
    first = select("first", m="JsonStringToMap(t)", w="JsonStringToMap(t)")
    plan = plan_of(first, select("last", a="m#'a'", b="m#'b'", w="w"))
    assert words_of(plan) == {"json_of_texts", "JsonStringToMap", "json_member", "json_as_text"}
    at_once = plan_of(select("last", a="JsonStringToMap(t)#'a'", b="JsonStringToMap(t)"))
    assert words_of(at_once) == {"json_of_texts", "JsonStringToMap", "json_member", "json_as_text"}


def test_sides_of_a_join_pass_texts_on() -> None:
    fields = [
        {"input": "left", "field": "id"},
        {"input": "left", "field": "m"},
        {"input": "right", "field": "m", "alias": "other"},
    ]
    join = step("joined", "join", join_type="left", keys=[{"left": "id", "right": "id"}], fields=fields)
    out = {"id": "out", "type": "cloud_storage_destination_component", "connection": {"name": "lake"},
           "properties": {"path": "out"}}  # fmt: skip
    for taken, left in (("other#'a'", 2), ("(chararray)other", 1)):
        every = [source("one"), source("two"), join, select("s", a="m#'a'", b=taken), out]
        edges = [
            {"from": "one", "to": "joined", "input": "left"}, {"from": "two", "to": "joined", "input": "right"},
            {"from": "joined", "to": "s"}, {"from": "s", "to": "out"},
        ]  # fmt: skip
        plan = compile_package({"components": every, "edges": edges}, {}).plan
        assert plan is not None
        scans = [one for one in iter_operators(taken_from_text(plan)) if isinstance(one, Scan)]
        assert sum(item.as_text for scan in scans for item in scan.source.fields[1:2]) == left


def test_the_statement_looks_keys_up_in_the_text() -> None:
    shown = DuckEngine().explain(plan_of(select("s", a="(chararray)m#'a_1'"), record_type="delimited"))
    assert """json_extract("m", '/a_1')""" in shown
    assert "ps_map_get" not in shown


def test_sources_of_records_give_what_keys_hold() -> None:
    join = step("joined", "sort", order_by=[{"field": "id"}])
    plan = plan_of(
        kept("m#'b' is null"), select("s", id="id", n="m", o="m"), join, select("t", a="n#'a'", b="(int)o#'c'#'d'")
    )
    assert keys_of(plan) == {"m": ("a", "b", "c")}
    assert """struct_extract("n", 'a')""" in DuckEngine().explain(plan)
    assert keys_of(plan_of(select("s", a="m#'a'", b="m#'A'"))) == {}
    assert keys_of(plan_of(select("s", x="m is null"))) == {}
    assert keys_of(plan_of(select("s", a="m#'a'", m="m"))) == {}
    assert keys_of(plan_of(select("s", a="m#'a'"), record_type="delimited")) == {}
