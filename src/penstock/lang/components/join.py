"""Join: pairs of records with equal keys (component reference 4.13)."""

from __future__ import annotations

from collections.abc import Mapping

from penstock.lang.check import codes, codes_package, typing
from penstock.lang.check.report import did_you_mean
from penstock.lang.components.spec import REQUIRED, Component, Property, Step
from penstock.lang.document.shapes import ALIAS, Shape, a_list, choice, record
from penstock.plan import dtypes
from penstock.plan.dtypes import Kind
from penstock.plan.exprs import Expr, FieldRef
from penstock.plan.operators import Join, JoinField, JoinType, Operator
from penstock.plan.schema import Field, Schema

KEY: Shape = record(("left", "right"), left=ALIAS, right=ALIAS)
FIELD: Shape = record(("input", "field"), input=choice("left", "right"), field=ALIAS, alias=ALIAS)


def build(step: Step, inputs: Mapping[str, Operator]) -> Operator | None:
    """Return the join, or None with findings."""
    sound = step.check_shapes()
    left, right = inputs["left"], inputs["right"]
    listed = list(step.items("keys", KEY))
    keys = [_key(step, path, item, left.schema, right.schema) for path, item in listed]
    kind = JoinType(step.properties["join_type"]) if sound else JoinType.INNER
    output = fields_of(step, left.schema, right.schema, kind)
    pairs = tuple(pair for pair in keys if pair is not None)
    if not sound or len(pairs) < len(keys) or output is None:
        return None
    fields, schema = output
    return Join(step.node.name, left, right, kind, pairs, fields, schema, step.properties["optimization"])


def _key(step: Step, path: str, item: Mapping[str, str], left: Schema, right: Schema) -> tuple[Expr, Expr] | None:
    sides: list[Expr] = []
    for side, schema in (("left", left), ("right", right)):
        found = schema.find(item[side])
        if found is None:
            _unknown(step, item[side], side, schema, f"{path}.{side}")
            continue
        sides.append(FieldRef(found.name, found.dtype, found.nullable, side))
    if len(sides) < 2:
        return None
    first, second = sides
    if first.dtype.is_number and second.dtype.is_number:
        dtype = dtypes.widest(first.dtype, second.dtype)
        return typing.as_type(first, dtype), typing.as_type(second, dtype)
    if typing.is_untyped(first) and typing.is_untyped(second):
        return typing.as_type(first, dtypes.CHARARRAY), typing.as_type(second, dtypes.CHARARRAY)
    if first.dtype.kind is not second.dtype.kind:
        message = (
            f"The keys are of different types: '{item['left']}' is {first.dtype}, '{item['right']}' {second.dtype}."
        )
        step.add(codes.MixedComparison, message, path, hint="Cast one of them in a Select before the Join.")
        return None
    if first.dtype.kind is Kind.BAG:
        step.add(
            codes.MixedComparison, "A bag is equal to nothing, so it is no key.", path, hint="Join on another field."
        )
        return None
    return first, second


def _unknown(step: Step, name: str, side: str, schema: Schema, path: str) -> None:
    message = f"The field '{name}' does not arrive at {side}."
    step.add(codes.UnknownField, message, path, hint=did_you_mean(name, schema.names))


def fields_of(step: Step, left: Schema, right: Schema, kind: JoinType) -> tuple[tuple[JoinField, ...], Schema] | None:
    """Return the fields that go on from both sides and their schema, or None with findings."""
    schemas = {"left": left, "right": right}
    listed = list(step.items("fields", FIELD))
    if step.properties["fields"] is None:
        both = [name for name in left.names if name in right]
        if both:
            verb = "arrives" if len(both) == 1 else "arrive"
            message = f"{', '.join(both[:20])} {verb} from both sides."
            hint = "List the output in 'fields', with another alias for one side."
            step.add(codes_package.MissingProperty, message, step.at("fields"), hint=hint)
            return None
        listed = [("", {"input": side, "field": name}) for side in ("left", "right") for name in schemas[side].names]
    optional = {"left": kind in (JoinType.RIGHT, JoinType.FULL), "right": kind in (JoinType.LEFT, JoinType.FULL)}
    made: list[Field] = []
    items: list[JoinField] = []
    names: list[tuple[str, str]] = []
    for path, item in listed:
        side = item["input"]
        found = schemas[side].find(item["field"])
        if found is None:
            _unknown(step, item["field"], side, schemas[side], f"{path}.field")
            continue
        alias = item.get("alias", item["field"])
        made.append(Field(alias, found.dtype, found.nullable or optional[side]))
        items.append(JoinField(side, item["field"]))
        names.append((alias, f"{path}.alias"))
    schema = step.output_fields(names, made)
    return None if schema is None or len(made) < len(listed) else (tuple(items), schema)


component = Component(
    type="join_component",
    title="Join",
    help="Pairs of records whose keys are equal; null keys never match.",
    inputs=("left", "right"),
    build=build,
    properties=(
        Property("join_type", choice("inner", "left", "right", "full"), "Which unmatched records stay.", "inner"),
        Property("keys", a_list(KEY), "Pairs that must be equal.", REQUIRED),
        Property(
            "optimization", choice("default", "replicated", "skewed"), "A hint; never changes rows.", "default"
        ),
        Property(
            "fields", a_list(FIELD),
            "What goes on, in order; without it all of left, then all of right.",
        ),
    ),
)  # fmt: skip
