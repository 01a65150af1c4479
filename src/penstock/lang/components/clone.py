"""Clone: its input on two or more outputs (component reference 4.4)."""

from __future__ import annotations

from collections.abc import Mapping

from penstock.lang.components.spec import Component, Step
from penstock.plan.operators import Operator


def build(step: Step, inputs: Mapping[str, Operator]) -> Operator | None:
    """Return the input itself: a plan may use one operator several times."""
    return inputs[""] if step.check_shapes() else None


component = Component(
    type="clone_component",
    title="Clone",
    help="Passes its input on to every output.",
    build=build,
    properties=(),
)
