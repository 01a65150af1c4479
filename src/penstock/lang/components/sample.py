"""Sample: keeps each record with a chance (component reference 4.7)."""

from __future__ import annotations

import math
from collections.abc import Mapping

from penstock.lang.check import codes_package
from penstock.lang.components.spec import REQUIRED, Component, Property, Step
from penstock.lang.document.shapes import MESSAGE, Shape, integer, show
from penstock.lang.variables.substitution import Mode
from penstock.plan.operators import Operator, Sample

PERCENTAGE: Shape = {
    "anyOf": [{"type": "number", "minimum": 0, "maximum": 100}, {"type": "string", "pattern": "\\$"}],
    MESSAGE: "This must be a number from 0 to 100, or text with a variable",
}


def build(step: Step, inputs: Mapping[str, Operator]) -> Operator | None:
    """Return the sample; with findings its input, so that what follows is checked as well."""
    sound = step.check_shapes()
    given = inputs[""]
    percentage = _percentage(step) if sound else None
    if percentage is None:
        return given
    seed = step.properties["seed"]
    return Sample(step.node.name, given, percentage, None if seed is None else int(seed), given.schema)


def _percentage(step: Step) -> float | None:
    """Return the percentage with its variables replaced, or None with a finding; 100 for a value not known yet."""
    raw = step.properties["percentage"]
    if not isinstance(raw, str):
        return float(raw)
    made = step.substituted(raw, step.at("percentage"), Mode.TEXT)
    if made is None or step.stands_in(made):
        return None if made is None else 100.0
    try:
        number = float(made.text)
    except ValueError:
        number = math.nan
    if 0 <= number <= 100:
        return number
    message = f"The percentage is {show(made.text)} once its variables are replaced, which is no number from 0 to 100."
    step.add(codes_package.WrongShape, message, step.at("percentage"), hint="Correct the value of the variable.")
    return None


component = Component(
    type="sample_component",
    title="Sample",
    help="Keeps each record with the same chance, so how many stay varies.",
    build=build,
    properties=(
        Property("percentage", PERCENTAGE, "Chance of each record to be kept, in percent.", REQUIRED, "T"),
        Property("seed", integer(0), "The same seed, engine and order of the input give the same records."),
    ),
)
