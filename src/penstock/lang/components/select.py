"""Select: chooses, computes, casts and renames fields (component reference 4.1)."""

from __future__ import annotations

import re
from collections.abc import Mapping

from penstock.lang.check import codes_package as codes
from penstock.lang.components.shapes import ALIAS, BOOLEAN, EXPRESSION, NAMES, records
from penstock.lang.components.spec import REQUIRED, Component, Property, Step
from penstock.plan.exprs import Expr
from penstock.plan.operators import Operator, Project
from penstock.plan.schema import Field

_ALIAS = re.compile(r"[A-Za-z][A-Za-z0-9_]*\Z")


def build(step: Step, inputs: Mapping[str, Operator]) -> Operator | None:
    """Return the projection, or None with findings."""
    if not step.check_shapes():
        return None
    given = inputs[""].schema
    exprs: list[Expr] = []
    fields: list[Field] = []
    names: list[tuple[str, str]] = []
    sound = True
    for index, item in enumerate(step.properties["fields"]):
        path = f"{step.at('fields')}[{index}]"
        if item.get("flatten") or "aliases" in item:
            message = "Flattening is not available in this version yet."
            step.add(codes.OptionNotAvailable, message, f"{path}.flatten")
            sound = False
            continue
        alias = item.get("alias", item["expression"].strip())
        if not _ALIAS.match(alias):
            message = "This expression needs an alias, the name of its field."
            step.add(codes.BadAlias, message, f"{path}.alias", hint='Add "alias": "…".')
            sound = False
        expr = step.expression(item["expression"], given, f"{path}.expression")
        if expr is None:
            sound = False
            continue
        exprs.append(expr)
        fields.append(Field(alias, expr.dtype, expr.nullable))
        names.append((alias, f"{path}.alias"))
    schema = step.output_fields(names, fields)
    return Project(step.node.name, inputs[""], tuple(exprs), schema) if sound and schema is not None else None


component = Component(
    type="select_component",
    title="Select",
    help="Chooses, computes, casts, renames and reorders fields.",
    build=build,
    properties=(
        Property(
            "fields",
            records(
                ("expression",), expression=EXPRESSION, alias=ALIAS, aliases=NAMES, flatten=BOOLEAN, keep_empty=BOOLEAN
            ),
            "What goes on, in order.",
            REQUIRED,
            "E",
        ),
    ),
)
