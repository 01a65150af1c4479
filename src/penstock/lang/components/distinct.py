"""Distinct: keeps each record once (component reference 4.8)."""

from __future__ import annotations

from collections.abc import Mapping

from penstock.lang.components.shapes import NAMES
from penstock.lang.components.spec import Component, Property, Step
from penstock.plan.operators import Distinct, Operator


def build(step: Step, inputs: Mapping[str, Operator]) -> Operator | None:
    """Return the distinct, or None with findings."""
    if not step.check_shapes():
        return None
    given = inputs[""]
    keys = tuple(step.properties["keys"] or ())
    if not step.fields_known(keys, given.schema, step.at("keys")):
        return None
    return Distinct(step.node.name, given, keys, given.schema)


component = Component(
    type="distinct_component",
    title="Distinct",
    help="Keeps each record once; nulls equal each other.",
    build=build,
    properties=(Property("keys", NAMES, "Compared fields; none: all. Which of equal records stays is undefined."),),
)
