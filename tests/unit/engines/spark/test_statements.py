"""What Spark's texts, names and errors keep, without a Spark."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest

from penstock.engines.spark.errors import found_in, marked
from penstock.engines.spark.shared import opened, unless
from penstock.engines.spark.statements import build
from penstock.engines.spark.types import literal, quote, text_literal
from penstock.engines.statements import Statements
from penstock.errors import CapabilityError, DataError, PermanentError
from penstock.lang import compile_package
from penstock.plan.dtypes import DOUBLE
from penstock.plan.ports import Context
from penstock.plan.values import Kind, Value


def test_texts_are_escaped() -> None:
    assert text_literal("it's \\d\0") == "'it\\'s \\\\d\\u0000'"
    assert quote("a`b") == "`a``b`"


def test_half_a_pair_is_refused() -> None:
    with pytest.raises(CapabilityError):
        text_literal("\ud83d")


def test_a_negative_zero_is_no_constant() -> None:
    """Spark takes two constants for one where Java's `==` says that they are equal."""
    assert literal(Value(Kind.DOUBLE, -0.0), DOUBLE) != literal(Value(Kind.DOUBLE, 0.0), DOUBLE)
    assert "rand" in literal(Value(Kind.DOUBLE, -0.0), DOUBLE)


@pytest.mark.parametrize("error", [DataError("'Ä' is no date: \"x\"\n."), PermanentError("The file\tis gone.")])
def test_an_error_comes_back_out_of_what_spark_says(error: DataError | PermanentError) -> None:
    text = f"[USER_RAISED_EXCEPTION] {marked(error, 'ps_parse_date')} SQLSTATE: P0001\n\tat org.apache.spark"
    found = found_in(text)
    assert found is not None
    assert (type(found[0]), found[0].message, found[1]) == (type(error), error.message, "ps_parse_date")
    assert found_in("something else") is None


def test_a_call_is_written_once() -> None:
    assert opened("ps_upper(x)").count("ps_upper(x)") == 1
    assert unless("x = 'a'", "upper", "x").count("ps_upper(CASE WHEN x = 'a' THEN NULL ELSE x END)") == 1


SOURCE = {
    "id": "s", "type": "cloud_storage_source_component", "connection": {"name": "lake"}, "properties": {"path": "in"},
    "fields": [{"name": "id", "type": "int"}, {"name": "tags", "type": "json_array"}],
}  # fmt: skip
OUT = {
    "id": "d", "type": "cloud_storage_destination_component", "connection": {"name": "lake"},
    "properties": {"path": "out"}, "mapping": [{"alias": "id"}],
}  # fmt: skip


def statements(kind: str, properties: Mapping[str, Any], *ports: str) -> Statements:
    """Return the statements of a flow in which one component stands between the source and the destination."""
    middle = {"id": "x", "type": f"{kind}_component", "properties": properties}
    feeds = [{"from": "s", "to": "x", "input": port} for port in ports] or [{"from": "s", "to": "x"}]
    made = compile_package({"components": [SOURCE, middle, OUT], "edges": [*feeds, {"from": "x", "to": "d"}]}, {})
    assert made.plan is not None, made.diagnostics
    return build(made.plan, Context(datetime(2026, 1, 2, tzinfo=UTC)), lambda scan: f"SELECT * FROM {scan.component}")


@pytest.mark.parametrize(
    ("word", "hint"), [("default", ""), ("replicated", "/*+ BROADCAST(r) */ "), ("skewed", "/*+ MERGE(r) */ ")]
)
def test_the_optimization_of_a_join_is_a_hint(word: str, hint: str) -> None:
    fields = [{"input": "left", "field": "id"}]
    properties = {"keys": [{"left": "id", "right": "id"}], "fields": fields, "optimization": word}
    assert f"SELECT {hint}l.`id` AS `id` FROM" in statements("join", properties, "left", "right").outputs[0]


def test_what_an_assert_looks_at_is_kept_and_counted_by_a_query() -> None:
    made = statements("assert", {"conditions": [{"expression": "id > 0"}], "message": "m"})
    ((table, _),) = made.shared
    (check,) = made.checks
    assert (check.component, check.table) == ("x", table)
    assert check.sql == (
        f"SELECT count(*) FROM {table} WHERE CASE WHEN (`id` > CAST('0' AS INT)) THEN false ELSE true END"
    )
    assert made.counters == []
    with pytest.raises(DataError, match=r"Component 'x': m \(1,000 records do not satisfy the conditions\)"):
        check.tell(1000)
    check.tell(0)


@pytest.mark.parametrize(("keep", "word"), [(False, "explode("), (True, "explode_outer(")])
def test_a_bag_is_exploded(keep: bool, word: str) -> None:
    items = [{"expression": "id"}, {"expression": "tags", "flatten": True, "keep_empty": keep}]
    assert f", {word}" in statements("select", {"fields": items}).outputs[0]


def test_a_seed_is_one_that_spark_takes() -> None:
    made = statements("sample", {"percentage": 2.5, "seed": 2**63 + 5})
    assert "WHERE rand(5) < 0.025D" in made.outputs[0]
    assert "WHERE rand() < 1.0D" in statements("sample", {"percentage": 100}).outputs[0]


def test_windows_without_an_order_get_one_that_means_nothing() -> None:
    made = statements("window", {"functions": [{"function": "row_number", "alias": "n"}]})
    assert "CAST(row_number() OVER w AS INT) AS `n` FROM `s` WINDOW w AS (ORDER BY 1)" in made.outputs[0]


@pytest.mark.parametrize(
    ("join_type", "sizes", "hint"),
    [
        ("inner", {"s": 10, "t": 20}, "/*+ BROADCAST(l) */ "),
        ("inner", {"s": 2**40, "t": 20}, "/*+ BROADCAST(r) */ "),
        ("left", {"s": 10, "t": 20}, "/*+ BROADCAST(r) */ "),
        ("right", {"s": 10, "t": 20}, "/*+ BROADCAST(l) */ "),
        ("full", {"s": 10, "t": 20}, ""),
        ("left", {"s": 10, "t": 2**40}, ""),
        ("inner", {}, ""),
    ],
)
def test_each_task_holds_a_side_that_is_small(join_type: str, sizes: dict[str, int], hint: str) -> None:
    join = {
        "id": "x", "type": "join_component", "properties": {
            "keys": [{"left": "id", "right": "id"}], "fields": [{"input": "left", "field": "id"}], "join_type": join_type},
    }  # fmt: skip
    edges = [
        {"from": "s", "to": "x", "input": "left"},
        {"from": "t", "to": "x", "input": "right"},
        {"from": "x", "to": "d"},
    ]
    made = compile_package({"components": [SOURCE, {**SOURCE, "id": "t"}, join, OUT], "edges": edges}, {})
    assert made.plan is not None, made.diagnostics
    sql = build(
        made.plan, Context(datetime(2026, 1, 2, tzinfo=UTC)), lambda scan: f"SELECT * FROM {scan.component}", sizes
    )
    assert f"SELECT {hint}l.`id` AS `id` FROM" in sql.outputs[0]
