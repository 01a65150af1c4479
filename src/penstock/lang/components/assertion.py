"""Assert: fails the job unless conditions hold for every record (component reference 4.3, 2.5)."""

from __future__ import annotations

from collections.abc import Mapping

from penstock.lang.components.conditions import PROPERTIES, predicate_of
from penstock.lang.components.spec import REQUIRED, Component, Property, Step
from penstock.lang.document.shapes import TEXT
from penstock.plan.operators import Assert, Operator


def build(step: Step, inputs: Mapping[str, Operator]) -> Operator | None:
    """Return the assertion; with findings its input, so that what follows is checked as well."""
    sound = step.check_shapes()
    given = inputs[""]
    predicate = predicate_of(step, given.schema)
    message = step.text("message") if sound else None
    if not sound or predicate is None or message is None:
        return given
    return Assert(step.node.name, given, predicate, message, given.schema)


component = Component(
    type="assert_component",
    title="Assert",
    help="Fails the job unless the conditions hold for every record; where they are null they do not hold.",
    build=build,
    properties=(*PROPERTIES, Property("message", TEXT, "Put into the job's error.", REQUIRED, "T")),
)
