"""Rank: numbers records by their order, in a first field (component reference 4.9)."""

from __future__ import annotations

from collections.abc import Mapping

from penstock.lang.components.spec import Component, Property, Step
from penstock.lang.document.shapes import ALIAS, BOOLEAN, ORDER
from penstock.plan import dtypes
from penstock.plan.exprs import FieldRef
from penstock.plan.operators import Frame, Operator, Project, Sort, Window, WindowFunction
from penstock.plan.schema import Field, Schema


def build(step: Step, inputs: Mapping[str, Operator]) -> Operator | None:
    """Return the ranked records, or None with findings."""
    sound = step.check_shapes()
    given = inputs[""]
    keys = step.order("order_by", given.schema)
    alias = step.properties["alias"]
    if not sound or keys is None:
        return None
    added = Field(alias, dtypes.LONG, nullable=False)
    names = [(name, step.at("alias")) for name in (*given.schema.names, alias)]
    schema = step.output_fields(names, (added, *given.schema))
    if schema is None:
        return None
    word = "row_number"
    if keys:
        word = "dense_rank" if step.properties["dense"] else "rank"
    elif isinstance(given, Sort):
        keys = given.keys
    ranked = Schema((*given.schema, added))
    window = Window(step.node.name, given, (), keys, Frame(), (WindowFunction(word),), ranked)
    refs = tuple(FieldRef(field.name, field.dtype, field.nullable) for field in schema)
    return Project(step.node.name, window, refs, schema)


component = Component(
    type="rank_component",
    title="Rank",
    help="Numbers records by their order; equal ones share a rank, and nulls are equal and the smallest.",
    build=build,
    properties=(
        Property("order_by", ORDER, "What is ranked by; none: a running number, in the order of a Sort right before."),
        Property("dense", BOOLEAN, "No gaps after ties.", False),
        Property("alias", ALIAS, "Name of the new field, which comes first; its type is long.", "rank"),
    ),
)
