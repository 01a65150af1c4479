"""Window: functions over the records around each record (component reference 4.10, 2.7)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from penstock.lang.check import codes, codes_package
from penstock.lang.check.report import did_you_mean
from penstock.lang.components.constants import constant
from penstock.lang.components.spec import REQUIRED, Component, Property, Step
from penstock.lang.document.shapes import ALIAS, MESSAGE, NAMES, ORDER, Shape, a_list, choice, integer, record, show
from penstock.lang.functions.windows import WINDOW_FUNCTIONS, WindowWord
from penstock.plan.operators import Frame, Operator, SortKey, Window, WindowFunction
from penstock.plan.schema import Field, Schema

_GREATEST = 2**31 - 1
"""The largest number of records that a frame, a bucket count or a distance names."""
_RECORDS: Shape = {**integer(0), "maximum": _GREATEST}
_EDGE: Shape = {
    "anyOf": [_RECORDS, {"const": "unbounded"}],
    MESSAGE: f"This must be a whole number from 0 to {_GREATEST}, or 'unbounded'",
}
FRAME: Shape = record((), start=_EDGE, end=_EDGE)
_SHIFTED: Shape = {
    "type": "array",
    "prefixItems": [_RECORDS, {"type": ["string", "number", "boolean", "null"]}],
    "maxItems": 2,
}
_BUCKETS: Shape = {
    "type": "array", "prefixItems": [{**integer(1), "maximum": _GREATEST}], "minItems": 1, "maxItems": 1
}  # fmt: skip
_ON_A_FIELD = ("count", "sum", "average", "minimum", "maximum", "first_value", "last_value")
_ALONE = ("row_number", "rank", "dense_rank", "percent_rank", "cume_dist")
FUNCTION: Shape = {
    "oneOf": [
        record(("function", "field", "alias"), function=choice(*_ON_A_FIELD), field=ALIAS, alias=ALIAS),
        record(("function", "alias"), function=choice(*_ALONE), alias=ALIAS),
        record(("function", "arguments", "alias"), function={"const": "ntile"}, arguments=_BUCKETS, alias=ALIAS),
        record(
            ("function", "field", "alias"), function=choice("lead", "lag"), field=ALIAS, arguments=_SHIFTED, alias=ALIAS
        ),
    ],
    MESSAGE: "A function needs 'function' and 'alias', and most need a 'field'.",
}  # fmt: skip


def build(step: Step, inputs: Mapping[str, Operator]) -> Operator | None:
    """Return the window, or None with findings."""
    sound = step.check_shapes()
    given = inputs[""]
    parts = [(path, str(name)) for path, name in step.items("partition_by", ALIAS)]
    sound = step.fields_known(parts, given.schema) and sound
    keys = step.order("order_by", given.schema)
    frame = _frame(step) if sound else None
    listed = [
        (path, _function(step, path, item, given.schema, keys, frame))
        for path, item in step.items("functions", FUNCTION)
    ]
    if not sound or keys is None or frame is None or any(one is None for _, one in listed):
        return None
    made = [(path, *one) for path, one in listed if one is not None]
    names = [(name, "") for name in given.schema.names] + [(field.name, f"{path}.alias") for path, _, field in made]
    schema = step.output_fields(names, (*given.schema, *(field for _, _, field in made)))
    if schema is None:
        return None
    functions = tuple(function for _, function, _ in made)
    return Window(step.node.name, given, tuple(name for _, name in parts), keys, frame, functions, schema)


def _frame(step: Step) -> Frame:
    raw = step.properties["frame"] or {}
    start, end = raw.get("start", "unbounded"), raw.get("end", 0)
    return Frame(None if start == "unbounded" else int(start), None if end == "unbounded" else int(end))


def _function(
    step: Step, path: str, item: Mapping[str, Any], given: Schema, keys: tuple[SortKey, ...] | None, frame: Frame | None
) -> tuple[WindowFunction, Field] | None:
    """Return one function and its output field, or None with findings."""
    found = WINDOW_FUNCTIONS[item["function"]]
    if found.needs_order and keys == ():
        message = f"'{found.name}' needs an order."
        hint = "Give the Window an 'order_by'."
        step.add(codes_package.MissingProperty, message, f"{path}.function", hint=hint)
        return None
    name, arguments = item.get("field"), item.get("arguments", ())
    size = int(arguments[0]) if arguments else 1
    if name is None:
        field = Field(item["alias"], found.result(None), found.nullable is not False)
        return WindowFunction(found.name, size=size), field
    field_in = _field(step, path, found, name, given)
    if field_in is None:
        return None
    default = constant(arguments[1], field_in.dtype) if len(arguments) > 1 else constant(None, field_in.dtype)
    if default is None:
        message = f"The default {show(arguments[1])} is no {field_in.dtype}, as '{name}' is."
        hint = "It is a value of the field's type; a datetime is ISO 8601 text."
        step.add(codes.WrongArgument, message, f"{path}.arguments[1]", hint=hint)
        return None
    nullable = field_in.nullable if found.nullable is None else found.nullable
    if found.name == "first_value" and frame is not None and frame.start is not None:
        nullable = True
    if found.name in ("lead", "lag"):
        nullable = field_in.nullable or default.nullable
    function = WindowFunction(found.name, name, size, default if found.name in ("lead", "lag") else None)
    return function, Field(item["alias"], found.result(field_in.dtype), nullable)


def _field(step: Step, path: str, found: WindowWord, name: str, given: Schema) -> Field | None:
    field = given.find(name)
    if field is None:
        hint = did_you_mean(name, given.names)
        step.add(codes.UnknownField, f"The field '{name}' does not arrive here.", f"{path}.field", hint=hint)
    elif found.kinds is not None and field.dtype.kind not in found.kinds:
        message = f"'{found.name}' does not take {field.dtype}, and '{name}' is one."
        step.add(codes.WrongOperand, message, f"{path}.field", hint="Cast it in a Select before the Window.")
    else:
        return field
    return None


component = Component(
    type="window_component",
    title="Window",
    help="Adds fields computed from the records around each record, which all go on.",
    build=build,
    properties=(
        Property("partition_by", NAMES, "Fields that form a partition; none: one partition."),
        Property("order_by", ORDER, "The order within the partition; ties come in any order."),
        Property(
            "frame", FRAME, "Records before and after the current one, each a number or `unbounded`.",
            {"start": "unbounded", "end": 0},
        ),
        Property("functions", a_list(FUNCTION), "What is computed, each with a new field.", REQUIRED),
    ),
)  # fmt: skip
