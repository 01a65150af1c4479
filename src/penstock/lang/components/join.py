"""Join: pairs of records with equal keys (component reference 4.13)."""

from __future__ import annotations

from collections.abc import Mapping

from penstock.lang.check import codes, codes_package, typing
from penstock.lang.check.report import did_you_mean
from penstock.lang.components.shapes import ALIAS, choice, records
from penstock.lang.components.spec import REQUIRED, Component, Property, Step
from penstock.plan import dtypes
from penstock.plan.dtypes import Kind
from penstock.plan.exprs import Expr, FieldRef
from penstock.plan.operators import Join, JoinField, JoinType, Operator
from penstock.plan.schema import Field, Schema


def build(step: Step, inputs: Mapping[str, Operator]) -> Operator | None:
    """Return the join, or None with findings."""
    if not step.check_shapes():
        return None
    left, right = inputs["left"], inputs["right"]
    kind = JoinType(step.properties["join_type"])
    keys = [_key(step, index, item, left.schema, right.schema) for index, item in enumerate(step.properties["keys"])]
    output = _fields(step, kind, left.schema, right.schema)
    pairs = tuple(pair for pair in keys if pair is not None)
    if len(pairs) < len(keys) or output is None:
        return None
    fields, schema = output
    return Join(step.node.name, left, right, kind, pairs, fields, schema, step.properties["optimization"])


def _key(step: Step, index: int, item: Mapping[str, str], left: Schema, right: Schema) -> tuple[Expr, Expr] | None:
    path = f"{step.at('keys')}[{index}]"
    sides: list[Expr] = []
    for side, schema in (("left", left), ("right", right)):
        found = schema.find(item[side])
        if found is None:
            hint = did_you_mean(item[side], schema.names)
            step.add(
                codes.UnknownField, f"The field '{item[side]}' does not arrive at {side}.", f"{path}.{side}", hint=hint
            )
            continue
        sides.append(FieldRef(found.name, found.dtype, found.nullable, side))
    if len(sides) < 2:
        return None
    first, second = sides
    if first.dtype.is_number and second.dtype.is_number:
        dtype = dtypes.widest(first.dtype, second.dtype)
        return typing.as_type(first, dtype), typing.as_type(second, dtype)
    if first.dtype.kind is not second.dtype.kind or first.dtype.kind is Kind.BAG:
        message = f"Keys of type {first.dtype} and {second.dtype} are never equal."
        step.add(codes.MixedComparison, message, path, hint="Cast one of them in a Select before the Join.")
        return None
    return first, second


def _fields(step: Step, kind: JoinType, left: Schema, right: Schema) -> tuple[tuple[JoinField, ...], Schema] | None:
    schemas = {"left": left, "right": right}
    optional = {
        "left": kind in (JoinType.RIGHT, JoinType.FULL),
        "right": kind in (JoinType.LEFT, JoinType.FULL),
    }
    listed = step.properties["fields"]
    if listed is None:
        both = [name for name in left.names if name in right]
        if both:
            message = f"{', '.join(both)} arrive{'s' if len(both) == 1 else ''} from both sides."
            hint = "List the output in 'fields', with an alias for one side."
            step.add(codes_package.MissingProperty, message, step.at("fields"), hint=hint)
            return None
        listed = [{"input": side, "field": name} for side in ("left", "right") for name in schemas[side].names]
    made: list[Field] = []
    items: list[JoinField] = []
    names: list[tuple[str, str]] = []
    sound = True
    for index, item in enumerate(listed):
        path = f"{step.at('fields')}[{index}]"
        found = schemas[item["input"]].find(item["field"])
        if found is None:
            message = f"The field '{item['field']}' does not arrive at {item['input']}."
            step.add(
                codes.UnknownField,
                message,
                f"{path}.field",
                hint=did_you_mean(item["field"], schemas[item["input"]].names),
            )
            sound = False
            continue
        alias = item.get("alias", item["field"])
        made.append(Field(alias, found.dtype, found.nullable or optional[item["input"]]))
        items.append(JoinField(item["input"], item["field"]))
        names.append((alias, f"{path}.alias"))
    schema = step.output_fields(names, made)
    return (tuple(items), schema) if sound and schema is not None else None


component = Component(
    type="join_component",
    title="Join",
    help="Pairs of records whose keys are equal; null keys never match.",
    inputs=("left", "right"),
    build=build,
    properties=(
        Property("join_type", choice("inner", "left", "right", "full"), "Which unmatched records stay.", "inner"),
        Property("keys", records(("left", "right"), left=ALIAS, right=ALIAS), "Pairs that must be equal.", REQUIRED),
        Property(
            "optimization", choice("default", "replicated", "skewed"), "A hint; never changes rows.", "default"
        ),
        Property(
            "fields", records(("input", "field"), input=choice("left", "right"), field=ALIAS, alias=ALIAS),
            "What goes on, in order; without it all of left, then all of right.",
        ),
    ),
)  # fmt: skip
