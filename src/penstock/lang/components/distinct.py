"""Distinct: keeps each record once (component reference 4.8)."""

from __future__ import annotations

from collections.abc import Mapping

from penstock.lang.components.spec import Component, Property, Step
from penstock.lang.document.shapes import ALIAS, NAMES
from penstock.plan.operators import Distinct, Operator


def build(step: Step, inputs: Mapping[str, Operator]) -> Operator | None:
    """Return the distinct; with findings its input, so that what follows is checked as well."""
    sound = step.check_shapes()
    given = inputs[""]
    keys = [(path, str(name)) for path, name in step.items("keys", ALIAS)]
    if not step.fields_known(keys, given.schema) or not sound:
        return given
    return Distinct(step.node.name, given, tuple(name for _, name in keys), given.schema)


component = Component(
    type="distinct_component",
    title="Distinct",
    help="Keeps each record once; nulls equal each other.",
    build=build,
    properties=(Property("keys", NAMES, "Compared fields; none: all. Which of equal records stays is undefined."),),
)
