"""Select: chooses, computes, casts and renames fields (component reference 4.1)."""

from __future__ import annotations

from collections.abc import Mapping

from penstock.lang.check import codes_package as codes
from penstock.lang.components.spec import REQUIRED, Component, Property, Step
from penstock.lang.document.shapes import (
    ALIAS,
    BOOLEAN,
    EXPRESSION,
    MESSAGE,
    Shape,
    a_list,
    either,
    not_both,
    record,
    when,
)
from penstock.plan.exprs import Expr
from penstock.plan.operators import Operator, Project
from penstock.plan.schema import Field


def build(step: Step, inputs: Mapping[str, Operator]) -> Operator | None:
    """Return the projection, or None with findings."""
    sound = step.check_shapes()
    given = inputs[""].schema
    exprs: list[Expr] = []
    fields: list[Field] = []
    names: list[tuple[str, str]] = []
    for path, item in step.items("fields", FIELD):
        if item.get("flatten"):
            message = "Flattening is not available in this version yet."
            step.add(codes.OptionNotAvailable, message, f"{path}.flatten")
            sound = False
            continue
        alias = item.get("alias", item["expression"])
        expr = step.expression(item["expression"], given, f"{path}.expression")
        if expr is None:
            sound = False
            continue
        exprs.append(expr)
        fields.append(Field(alias, expr.dtype, expr.nullable))
        names.append((alias, f"{path}.alias"))
    schema = step.output_fields(names, fields)
    return Project(step.node.name, inputs[""], tuple(exprs), schema) if sound and schema is not None else None


_IS_NO_NAME: Shape = {"properties": {"expression": {"not": ALIAS}}, "required": ["expression"]}
FIELD: Shape = record(
    ("expression",),
    not_both("A field has 'alias' or 'aliases', not both.", "alias", "aliases"),
    when("'aliases' name a flattened field; it needs 'flatten' true.", "aliases", "flatten", flatten={"const": True}),
    when("'keep_empty' is for a flattened field; it needs 'flatten'.", "keep_empty", "flatten"),
    {"if": _IS_NO_NAME, "then": either("", "alias", "aliases"), MESSAGE: "This needs an 'alias', the name of its field."},
    expression=EXPRESSION, alias=ALIAS, aliases=a_list(ALIAS), flatten=BOOLEAN, keep_empty=BOOLEAN,
)  # fmt: skip

component = Component(
    type="select_component",
    title="Select",
    help="Chooses, computes, casts, renames and reorders fields.",
    build=build,
    properties=(Property("fields", a_list(FIELD), "What goes on, in order.", REQUIRED, "E"),),
)
