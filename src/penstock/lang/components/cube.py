"""Cube and rollup: aggregates over several sets of groups (component reference 4.12)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import chain, combinations, product
from typing import Any

from penstock.lang.check import codes_package
from penstock.lang.components.aggregate import FUNCTION, measure_of
from penstock.lang.components.spec import REQUIRED, Component, Property, Step
from penstock.lang.document.shapes import NAMES, Shape, a_list, choice, record
from penstock.plan import dtypes
from penstock.plan.dtypes import Kind
from penstock.plan.exprs import Call, Conditional, Expr, FieldRef, Literal
from penstock.plan.operators import Cube, Operator, Project
from penstock.plan.schema import Field, Schema
from penstock.plan.values import Value

MOST_SETS = 4096
"""Sets of groups of one component: a cube of 12 fields."""
_UNKNOWN = Literal(Value(Kind.CHARARRAY, "unknown"), dtypes.CHARARRAY)
GROUPING: Shape = record(("type", "fields"), type=choice("cube", "rollup"), fields=NAMES)


def build(step: Step, inputs: Mapping[str, Operator]) -> Operator | None:
    """Return the cube, or None with findings."""
    sound = step.check_shapes()
    given = inputs[""]
    groupings = list(step.items("groupings", GROUPING))
    fields = _dimensions(step, groupings, given.schema)
    measured = [measure_of(step, path, item, given.schema) for path, item in step.items("functions", FUNCTION)]
    if not sound or fields is None or any(one is None for one in measured):
        return None
    count = _sets_count(groupings)
    if count > MOST_SETS:
        message = f"These groupings give {count} sets of groups; {MOST_SETS} are allowed."
        step.add(codes_package.WrongShape, message, step.at("groupings"), hint="Group by fewer fields.")
        return None
    pairs = [one for one in measured if one is not None]
    made = [Field(one.name, one.dtype, nullable=True) for _, one in fields] + [field for _, field, _ in pairs]
    names = [(one.name, path) for path, one in fields] + [(field.name, path) for _, field, path in pairs]
    schema = step.output_fields(names, made)
    if schema is None:
        return None
    below, names_of = _without_nulls(step, given, [one for _, one in fields])
    sets = tuple(tuple(names_of[name] for name in one) for one in _sets(groupings))
    dimensions = tuple(names_of[one.name] for _, one in fields)
    return Cube(step.node.name, below, dimensions, sets, tuple(measure for measure, _, _ in pairs), schema)


def _dimensions(
    step: Step, groupings: Sequence[tuple[str, Mapping[str, Any]]], given: Schema
) -> list[tuple[str, Field]] | None:
    """Return path and field of every dimension, or None with findings."""
    listed = [(f"{path}.fields[{at}]", name) for path, one in groupings for at, name in enumerate(one["fields"])]
    sound = step.fields_known(listed, given)
    seen: set[str] = set()
    fields: list[tuple[str, Field]] = []
    for path, name in listed:
        if name in seen:
            hint = "A field stands in one grouping only."
            step.add(codes_package.BadAlias, f"The field '{name}' stands twice.", path, hint=hint)
            sound = False
        seen.add(name)
        found = given.find(name)
        if found is not None:
            fields.append((path, found))
            if found.nullable and found.dtype.kind is not Kind.CHARARRAY:
                message = f"Nulls of '{name}', which is {found.dtype}, look like subtotals."
                step.add(
                    codes_package.NullLikeASubtotal, message, path, hint="Cast it to text in a Select before the Cube."
                )
    return fields if sound else None


def _without_nulls(step: Step, given: Operator, fields: Iterable[Field]) -> tuple[Operator, dict[str, str]]:
    """Return an operator with a field of its own for each text dimension that may be null, `unknown` in place of null, and
    the names of all dimensions there. The functions still see the nulls."""
    refs = {field.name: FieldRef(field.name, field.dtype, field.nullable) for field in given.schema}
    exprs: list[Expr] = list(refs.values())
    made = list(given.schema)
    names: dict[str, str] = {}
    for field in fields:
        names[field.name] = field.name
        if field.dtype.kind is Kind.CHARARRAY and field.nullable:
            ref = refs[field.name]
            # No alias begins with an underscore.
            names[field.name] = f"_of_{field.name}"
            is_null = Call("is_null", (ref,), dtypes.BOOLEAN, nullable=False)
            exprs.append(Conditional(((is_null, _UNKNOWN),), ref, dtypes.CHARARRAY, nullable=False))
            made.append(Field(f"_of_{field.name}", dtypes.CHARARRAY, nullable=False))
    if len(made) == len(given.schema):
        return given, names
    return Project(step.node.name, given, tuple(exprs), Schema(tuple(made))), names


def _sets_count(groupings: Sequence[tuple[str, Mapping[str, Any]]]) -> int:
    count = 1
    for _, one in groupings:
        size = len(one["fields"])
        count *= 2**size if one["type"] == "cube" else size + 1
    return count


def _sets(groupings: Sequence[tuple[str, Mapping[str, Any]]]) -> list[tuple[str, ...]]:
    """Return the sets of groups: of each grouping one of its own, all combined."""
    each = [_sets_of(one["type"], one["fields"]) for _, one in groupings]
    return [tuple(chain.from_iterable(parts)) for parts in product(*each)]


def _sets_of(word: str, names: Sequence[str]) -> list[tuple[str, ...]]:
    """Return the sets of one grouping, the largest first.

    >>> _sets_of("rollup", ["a", "b"]), _sets_of("cube", ["a", "b"])
    ([('a', 'b'), ('a',), ()], [('a', 'b'), ('a',), ('b',), ()])
    """
    sizes = range(len(names), -1, -1)
    if word == "rollup":
        return [tuple(names[:size]) for size in sizes]
    return [one for size in sizes for one in combinations(names, size)]


component = Component(
    type="cube_component",
    title="Cube and rollup",
    help="One record per group of several sets of fields; null in a field outside the set, `unknown` for a null of the data.",
    build=build,
    properties=(
        Property(
            "groupings",
            a_list(GROUPING),
            "Each a `cube` or `rollup` over `fields`; several combine. `rollup` of a, b: (a, b), (a), (); `cube`: (b) too.",
            REQUIRED,
        ),
        Property("functions", a_list(FUNCTION), "What is computed of each group."),
    ),
)
