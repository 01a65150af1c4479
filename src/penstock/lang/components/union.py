"""Union: all records of several inputs (component reference 4.15)."""

from __future__ import annotations

from collections.abc import Mapping

from penstock.lang.check import codes, codes_package, typing
from penstock.lang.components.shapes import choice
from penstock.lang.components.spec import Component, Property, Step
from penstock.plan.dtypes import DType
from penstock.plan.exprs import FieldRef
from penstock.plan.operators import Operator, Project, Union
from penstock.plan.schema import Field, Schema


def build(step: Step, inputs: Mapping[str, Operator]) -> Operator | None:
    """Return the union of inputs brought to one schema, or None with findings."""
    if not step.check_shapes():
        return None
    ordered = [inputs[key] for key in sorted(inputs, key=int)]
    first = ordered[0].schema
    by_name = step.properties["match_fields"] == "name"
    for index, other in enumerate(ordered[1:], start=2):
        if not _fits(step, first, other.schema, index, by_name):
            return None
    fields = []
    for position, field in enumerate(first):
        dtype: DType | None = field.dtype
        nullable = field.nullable
        for index, other in enumerate(ordered[1:], start=2):
            found = other.schema.find(field.name) if by_name else other.schema.fields[position]
            if found is None:
                return None
            merged = typing.common(dtype, FieldRef(found.name, found.dtype))
            if merged is None:
                message = f"The field '{field.name}' is {dtype} in the inputs before, {found.dtype} in input {index}."
                step.add(codes.MixedBranches, message, None, hint="Cast it in a Select before the Union.")
                return None
            dtype, nullable = merged, nullable or found.nullable
        fields.append(Field(field.name, dtype or field.dtype, nullable))
    schema = Schema(tuple(fields))
    return Union(step.node.name, tuple(_widened(step, one, schema, by_name) for one in ordered), schema)


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
        found = given.schema.find(field.name) if by_name else given.schema.fields[position]
        found = found or field
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
