"""Aggregate: one record per group (component reference 4.11)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from penstock.lang.check import codes, codes_package
from penstock.lang.check.report import did_you_mean
from penstock.lang.components.shapes import ALIAS, NAMES, ORDER, choice, records
from penstock.lang.components.spec import Component, Property, Step
from penstock.lang.functions.aggregates import AGGREGATES
from penstock.plan.operators import Aggregate, Direction, Measure, Operator, SortKey
from penstock.plan.schema import Field, Schema


def build(step: Step, inputs: Mapping[str, Operator]) -> Operator | None:
    """Return the aggregate, or None with findings."""
    if not step.check_shapes():
        return None
    given = inputs[""]
    group = tuple(step.properties["group_by"] or ())
    functions = step.properties["functions"] or []
    sound = step.fields_known(group, given.schema, step.at("group_by"))
    if not group and not functions:
        step.add(codes_package.MissingProperty, "An Aggregate needs 'group_by' or 'functions'.", step.at("functions"))
        return None
    measured = [_measure(step, index, item, given.schema) for index, item in enumerate(functions)]
    if not sound or any(one is None for one in measured):
        return None
    pairs = [one for one in measured if one is not None]
    fields = [field for field in (given.schema.find(name) for name in group) if field is not None]
    fields += [field for _, field in pairs]
    names = [(name, f"{step.at('group_by')}[{index}]") for index, name in enumerate(group)]
    names += [(field.name, f"{step.at('functions')}[{index}].alias") for index, (_, field) in enumerate(pairs)]
    schema = step.output_fields(names, fields)
    if schema is None:
        return None
    return Aggregate(step.node.name, given, group, tuple(measure for measure, _ in pairs), schema)


def _measure(step: Step, index: int, item: Mapping[str, Any], given: Schema) -> tuple[Measure, Field] | None:
    path = f"{step.at('functions')}[{index}]"
    found = AGGREGATES[item["function"]]
    name = item.get("field")
    alias = item["alias"]
    if found.kinds == ():
        if name is not None:
            step.add(codes_package.WrongShape, f"'{found.name}' takes no field.", f"{path}.field")
            return None
        return Measure(found.name, None), Field(alias, found.result(None), found.nullable)
    if name is None:
        step.add(codes_package.MissingProperty, f"'{found.name}' needs a field.", path)
        return None
    field = given.find(name)
    if field is None:
        hint = did_you_mean(name, given.names)
        step.add(codes.UnknownField, f"The field '{name}' does not arrive here.", f"{path}.field", hint=hint)
        return None
    if found.kinds is not None and field.dtype.kind not in found.kinds:
        message = f"'{found.name}' does not take {field.dtype}."
        step.add(codes.WrongOperand, message, f"{path}.field", hint="Cast it in a Select before the Aggregate.")
        return None
    order = item.get("order_by") or []
    if order and found.name != "collect":
        step.add(codes_package.WrongShape, "Only 'collect' takes an order.", f"{path}.order_by")
        return None
    if not step.fields_known([one["field"] for one in order], given, f"{path}.order_by"):
        return None
    keys = tuple(SortKey(one["field"], Direction(one.get("direction", "asc"))) for one in order)
    return Measure(found.name, name, keys), Field(alias, found.result(field.dtype), found.nullable)


component = Component(
    type="aggregate_component",
    title="Aggregate",
    help="One record per group: the group fields, then one field per function.",
    build=build,
    properties=(
        Property("group_by", NAMES, "Fields that form a group; none: one group."),
        Property(
            "functions",
            records(("function", "alias"), function=choice(*AGGREGATES), field=ALIAS, alias=ALIAS, order_by=ORDER),
            "What is computed; may be left out when there is `group_by`.",
        ),
    ),
)
