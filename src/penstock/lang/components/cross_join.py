"""Cross join: all pairs of records of two inputs (component reference 4.14)."""

from __future__ import annotations

from collections.abc import Mapping

from penstock.lang.components.join import FIELD, fields_of
from penstock.lang.components.spec import Component, Property, Step
from penstock.lang.document.shapes import a_list
from penstock.plan.operators import CrossJoin, JoinType, Operator


def build(step: Step, inputs: Mapping[str, Operator]) -> Operator | None:
    """Return the pairs, or None with findings."""
    sound = step.check_shapes()
    left, right = inputs["left"], inputs["right"]
    output = fields_of(step, left.schema, right.schema, JoinType.INNER)
    if not sound or output is None:
        return None
    return CrossJoin(step.node.name, left, right, *output)


component = Component(
    type="cross_join_component",
    title="Cross join",
    help="All pairs of records; with an empty side none. With a Filter right behind it only the pairs that pass are made.",
    inputs=("left", "right"),
    build=build,
    properties=(
        Property("fields", a_list(FIELD), "What goes on, in order; without it all of left, then all of right."),
    ),
)
