"""Aggregate: one record per group (component reference 4.11)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from penstock.lang.check import codes
from penstock.lang.check.report import did_you_mean
from penstock.lang.components.spec import Component, Property, Step
from penstock.lang.document.shapes import ALIAS, MESSAGE, NAMES, ORDER, Shape, a_list, choice, either, record
from penstock.lang.functions.aggregates import AGGREGATES
from penstock.plan.operators import Aggregate, Measure, Operator
from penstock.plan.schema import Field, Schema


def build(step: Step, inputs: Mapping[str, Operator]) -> Operator | None:
    """Return the aggregate, or None with findings."""
    sound = step.check_shapes()
    given = inputs[""]
    group = [(path, str(name)) for path, name in step.items("group_by", ALIAS)]
    sound = step.fields_known(group, given.schema) and sound
    measured = [measure_of(step, path, item, given.schema) for path, item in step.items("functions", FUNCTION)]
    if not sound or any(one is None for one in measured):
        return None
    pairs = [one for one in measured if one is not None]
    fields = [field for field in (given.schema.find(name) for _, name in group) if field is not None]
    fields += [field for _, field, _ in pairs]
    names = [(name, path) for path, name in group] + [(field.name, path) for _, field, path in pairs]
    schema = step.output_fields(names, fields)
    if schema is None:
        return None
    by = tuple(name for _, name in group)
    return Aggregate(step.node.name, given, by, tuple(measure for measure, _, _ in pairs), schema)


def measure_of(step: Step, path: str, item: Mapping[str, Any], given: Schema) -> tuple[Measure, Field, str] | None:
    """Return one function, its output field, and where that is named."""
    found = AGGREGATES[item["function"]]
    name, alias = item.get("field"), item["alias"]
    place = f"{path}.alias"
    if name is None:
        return Measure(found.name, None), Field(alias, found.result(None), found.nullable), place
    field = given.find(name)
    if field is None:
        hint = did_you_mean(name, given.names)
        step.add(codes.UnknownField, f"The field '{name}' does not arrive here.", f"{path}.field", hint=hint)
        return None
    if found.kinds is not None and field.dtype.kind not in found.kinds:
        message = f"'{found.name}' does not take {field.dtype}, and '{name}' is one."
        hint = f"Cast it in a Select before the {step.kind.title.split()[0]}."
        step.add(codes.WrongOperand, message, f"{path}.field", hint=hint)
        return None
    order = [(f"{path}.order_by[{index}]", one) for index, one in enumerate(item.get("order_by", ()))]
    keys = step.sort_keys(order, given)
    if keys is None:
        return None
    return Measure(found.name, name, keys), Field(alias, found.result(field.dtype), found.nullable), place


_ON_A_FIELD = tuple(one.name for one in AGGREGATES.values() if one.kinds != () and one.name != "collect")
FUNCTION: Shape = {
    "oneOf": [
        record(("function", "alias"), function={"const": "count_all"}, alias=ALIAS),
        record(("function", "field", "alias"), function=choice(*_ON_A_FIELD), field=ALIAS, alias=ALIAS),
        record(("function", "field", "alias"), function={"const": "collect"}, field=ALIAS, order_by=ORDER, alias=ALIAS),
    ],
    MESSAGE: "A function needs 'function', 'field' and 'alias'.",
}
component = Component(
    type="aggregate_component",
    title="Aggregate",
    help="One record per group: the group fields, then one field per function.",
    build=build,
    rules=(either("An Aggregate needs 'group_by' or 'functions'.", "group_by", "functions"),),
    properties=(
        Property("group_by", NAMES, "Fields that form a group; none: one group."),
        Property(
            "functions",
            a_list(FUNCTION),
            "What is computed; may be left out when there is `group_by`.",
        ),
    ),
)
