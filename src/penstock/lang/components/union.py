"""Union: all records of several inputs (component reference 4.15)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from penstock.lang.check import codes, codes_package, typing
from penstock.lang.components.spec import Component, Property, Step
from penstock.lang.document.shapes import choice
from penstock.plan.dtypes import DType, Kind
from penstock.plan.exprs import FieldRef
from penstock.plan.operators import Operator, Project, Union
from penstock.plan.schema import Field, Schema


def build(step: Step, inputs: Mapping[str, Operator]) -> Operator | None:
    """Return the union of inputs brought to one schema, or None with findings."""
    sound = step.check_shapes()
    ordered = [inputs[key] for key in sorted(inputs, key=int)]
    by_name = step.properties["match_fields"] == "name"
    first = ordered[0].schema
    others = [(index, other.schema) for index, other in enumerate(ordered[1:], start=2)]
    fitting = [_fits(step, first, schema, index, by_name) for index, schema in others]
    if not sound or not all(fitting):
        return None
    merged = [_merged(step, field, position, others, by_name) for position, field in enumerate(first)]
    fields = tuple(field for field in merged if field is not None)
    if len(fields) < len(merged):
        return None
    schema = Schema(fields)
    return Union(step.node.name, tuple(_widened(step, one, schema, by_name) for one in ordered), schema)


def _merged(
    step: Step, field: Field, position: int, others: Sequence[tuple[int, Schema]], by_name: bool
) -> Field | None:
    """Return a field with the type that all inputs widen to, or None with a finding."""
    dtype, nullable = field.dtype, field.nullable
    for index, schema in others:
        found = _counterpart(schema, field, position, by_name)
        wider = _wider(dtype, found.dtype)
        if wider is None:
            message = f"The field '{field.name}' is {dtype} in the inputs before, {found.dtype} in input {index}."
            hint = "Cast it in a Select before the Union."
            step.add(codes.MixedBranches, message, None, hint=hint)
            return None
        dtype, nullable = wider, nullable or found.nullable
    return Field(field.name, dtype, nullable)


def _wider(one: DType, other: DType) -> DType | None:
    """Numbers are widened; other types must be equal, an unknown one included."""
    is_one_untyped = (one.kind is Kind.BYTEARRAY) is not (other.kind is Kind.BYTEARRAY)
    return None if is_one_untyped else typing.common(one, FieldRef("", other))


def _counterpart(schema: Schema, field: Field, position: int, by_name: bool) -> Field:
    found = schema.find(field.name) if by_name else schema.fields[position]
    if found is None:
        raise KeyError(field.name)
    return found


def _fits(step: Step, first: Schema, other: Schema, index: int, by_name: bool) -> bool:
    if not by_name:
        if len(other) == len(first):
            return True
        message = f"Input {index} has {len(other)} fields, input 1 has {len(first)}."
        step.add(codes_package.WrongInputs, message, None, hint="Choose the same number of fields in a Select.")
        return False
    missing = [name for name in first.names if name not in other]
    extra = [name for name in other.names if name not in first]
    if not missing and not extra:
        return True
    parts = [f"lacks {', '.join(missing)}"] if missing else []
    parts += [f"has {', '.join(extra)} besides"] if extra else []
    message = f"Input {index} {' and '.join(parts)}, compared with input 1."
    step.add(codes_package.WrongInputs, message, None, hint="Bring both to the same fields with a Select.")
    return False


def _widened(step: Step, given: Operator, schema: Schema, by_name: bool) -> Operator:
    exprs = []
    for position, field in enumerate(schema):
        found = _counterpart(given.schema, field, position, by_name)
        exprs.append(typing.as_type(FieldRef(found.name, found.dtype, found.nullable), field.dtype))
    if given.schema.names == schema.names and all(isinstance(expr, FieldRef) for expr in exprs):
        return given
    return Project(step.node.name, given, tuple(exprs), schema)


component = Component(
    type="union_component",
    title="Union",
    help="All records of all inputs; duplicates stay.",
    inputs=None,
    build=build,
    properties=(
        Property("match_fields", choice("name", "position"), "How fields of the inputs find each other.", "name"),
    ),
)
