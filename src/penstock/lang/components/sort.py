"""Sort: puts records in order (component reference 4.5)."""

from __future__ import annotations

from collections.abc import Mapping

from penstock.lang.components.spec import REQUIRED, Component, Property, Step
from penstock.lang.document.shapes import ORDER
from penstock.plan.operators import Operator, Sort


def build(step: Step, inputs: Mapping[str, Operator]) -> Operator | None:
    """Return the sort; with findings its input, so that what follows is checked as well."""
    sound = step.check_shapes()
    given = inputs[""]
    keys = step.order("order_by", given.schema)
    return given if not sound or keys is None else Sort(step.node.name, given, keys, given.schema)


component = Component(
    type="sort_component",
    title="Sort",
    help="Puts records in order; nulls are the smallest. The order holds for a destination right behind it and for Limit.",
    build=build,
    properties=(Property("order_by", ORDER, "Keys of the order.", REQUIRED),),
)
