"""Limit: keeps the first records of the input, or of each partition (component reference 4.6)."""

from __future__ import annotations

from collections.abc import Mapping

from penstock.lang.components.spec import REQUIRED, Component, Property, Step
from penstock.lang.document.shapes import ALIAS, NAMES, ORDER, integer
from penstock.plan.operators import Limit, Operator


def build(step: Step, inputs: Mapping[str, Operator]) -> Operator | None:
    """Return the limit; with findings its input, so that what follows is checked as well."""
    sound = step.check_shapes()
    given = inputs[""]
    per = [(path, str(name)) for path, name in step.items("partition_by", ALIAS)]
    known = step.fields_known(per, given.schema)
    keys = step.order("order_by", given.schema)
    if not sound or not known or keys is None:
        return given
    size = int(step.properties["limit"])
    return Limit(step.node.name, given, size, tuple(name for _, name in per), keys, given.schema)


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
