"""Select: chooses, computes, casts and renames fields, and flattens bags and tuples (component reference 4.1)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from penstock.lang.components.flattening import Flattening, columns_of
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
from penstock.plan.exprs import Expr, FieldRef
from penstock.plan.operators import Flatten, Flattened, Operator, Project
from penstock.plan.schema import Field, Schema


def build(step: Step, inputs: Mapping[str, Operator]) -> Operator | None:
    """Return the projection, or None with findings."""
    sound = step.check_shapes()
    given = inputs[""].schema
    made: list[tuple[Expr, Flattening | None, tuple[Field, ...]]] = []
    names: list[tuple[str, str]] = []
    for path, item in step.items("fields", FIELD):
        expr = step.expression(item["expression"], given, f"{path}.expression")
        if expr is None:
            sound = False
            continue
        if not item.get("flatten"):
            alias = item.get("alias", item["expression"])
            names.append((alias, f"{path}.alias"))
            made.append((expr, None, (Field(alias, expr.dtype, expr.nullable),)))
            continue
        aliases = _aliases(item)
        flattening = columns_of(step, path, expr, len(aliases), item.get("keep_empty", False))
        if flattening is None:
            sound = False
            continue
        word = "aliases" if "aliases" in item else "alias"
        names += [(alias, f"{path}.{word}") for alias in aliases]
        fields = (Field(alias, one.dtype, one.nullable) for alias, one in zip(aliases, flattening.columns, strict=True))
        made.append((expr, flattening, tuple(fields)))
    schema = step.output_fields(names, [field for _, _, fields in made for field in fields])
    if not sound or schema is None:
        return None
    if all(flattening is None for _, flattening, _ in made):
        return Project(step.node.name, inputs[""], tuple(expr for expr, _, _ in made), schema)
    return _flattened(step.node.name, inputs[""], made, schema)


def _aliases(item: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(item["aliases"]) if "aliases" in item else (item.get("alias", item["expression"]),)


def _flattened(
    name: str, given: Operator, made: list[tuple[Expr, Flattening | None, tuple[Field, ...]]], schema: Schema
) -> Operator:
    """Return three operators: the expressions, their bags as records, and the columns with their types and names."""
    # No alias begins with an underscore.
    below = [Field(f"_{at}", expr.dtype, expr.nullable) for at, (expr, _, _) in enumerate(made)]
    operator: Operator = Project(name, given, tuple(expr for expr, _, _ in made), Schema(tuple(below)))
    items = []
    exprs: list[Expr] = []
    for field, (_, flattening, _) in zip(below, made, strict=True):
        whole = FieldRef(field.name, field.dtype, field.nullable)
        if flattening is None:
            exprs.append(whole)
            continue
        if flattening.is_bag:
            columns = tuple(f"{field.name}_{at}" for at in range(len(flattening.columns)))
            items.append(Flattened(field.name, columns, flattening.keep_empty))
        exprs += flattening.exprs(whole)
    if items:
        flat = Schema((*below, *(Flattening.raw(column) for item in items for column in item.columns)))
        operator = Flatten(name, operator, tuple(items), flat)
    return Project(name, operator, tuple(exprs), schema)


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
    help="Chooses, computes, casts, renames and reorders fields; flattens bags into records and tuples into fields.",
    build=build,
    properties=(
        Property(
            "fields",
            a_list(FIELD),
            "What goes on, in order: an `expression` and its `alias`. With `flatten` a bag gives a record per element (several "
            "bags: per combination), none for an empty or null bag unless `keep_empty`; a tuple gives its fields. "
            "`aliases` name several columns.",
            REQUIRED,
            "E",
        ),
    ),
)
