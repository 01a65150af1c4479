"""Filter: keeps the records for which conditions hold (component reference 4.2, 2.5)."""

from __future__ import annotations

from collections.abc import Mapping

from penstock.lang.components.conditions import PROPERTIES, predicate_of
from penstock.lang.components.spec import Component, Step
from penstock.plan.operators import Filter, Operator


def build(step: Step, inputs: Mapping[str, Operator]) -> Operator | None:
    """Return the filter; with findings its input, so that what follows is checked as well."""
    sound = step.check_shapes()
    given = inputs[""]
    predicate = predicate_of(step, given.schema)
    return Filter(step.node.name, given, predicate, given.schema) if sound and predicate is not None else given


component = Component(
    type="filter_component",
    title="Filter",
    help="Keeps the records for which the conditions hold; false and null are dropped.",
    build=build,
    properties=PROPERTIES,
)
