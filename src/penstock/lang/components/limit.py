"""Limit: keeps the first records of the input, or of each partition (component reference 4.6)."""

from __future__ import annotations

from collections.abc import Mapping

from penstock.lang.components.shapes import NAMES, ORDER, integer
from penstock.lang.components.spec import REQUIRED, Component, Property, Step
from penstock.plan.operators import Limit, Operator


def build(step: Step, inputs: Mapping[str, Operator]) -> Operator | None:
    """Return the limit, or None with findings."""
    if not step.check_shapes():
        return None
    given = inputs[""]
    per = tuple(step.properties["partition_by"] or ())
    known = step.fields_known(per, given.schema, step.at("partition_by"))
    keys = step.order("order_by", given.schema)
    if not known or keys is None:
        return None
    return Limit(step.node.name, given, step.properties["limit"], per, keys, given.schema)


component = Component(
    type="limit_component",
    title="Limit",
    help="Keeps the first records of the whole or of each partition.",
    build=build,
    properties=(
        Property("limit", integer(0), "Records kept; takes no variables.", REQUIRED),
        Property("partition_by", NAMES, "Fields that form a partition; none: one partition."),
        Property("order_by", ORDER, "Which come first; none: any, or what Sort before it gives."),
    ),
)
