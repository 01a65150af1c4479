"""Tries a package over given records: what leaves chosen components, computed without a file read or written."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

from penstock.errors import BadRequest
from penstock.lang.check.report import did_you_mean
from penstock.plan.given import with_given
from penstock.plan.operators import Operator, Plan, Scan, Sort, Write, iter_operators, operator_of
from penstock.plan.ports import BoundSource, Engine, Limits, Records
from penstock.plan.schema import Field, Schema
from penstock.plan.systems import RejectedRecords
from penstock.runtime.execute import Order
from penstock.runtime.look import NOWHERE, Row, plan_of

ReadRows = Callable[[Schema], tuple[Row, ...]]
"""Gives the records of a component, once its fields are known."""


@dataclass(frozen=True, slots=True)
class Seen:
    """The records of a component; *is_ordered* where their order is part of them. Fields of a destination have the names of
    its columns."""

    schema: Schema
    rows: tuple[Row, ...]
    is_ordered: bool


def attempt(order: Order, given: Mapping[str, ReadRows], wanted: Collection[str], engine: Engine) -> Mapping[str, Seen]:
    """Return the records of components when others give certain records.

    Raises PackageInvalid; BadRequest for a name that is no component, a source that nobody gives records, and a null where
    the package knows that there is none; and what computing raises.
    """
    plan, context, _ = plan_of(order, engine)
    operators = {name: _operator(plan, name) for name in (*given, *wanted)}
    for name in given:
        if name in {write.component for write in plan.outputs}:
            raise BadRequest(f"'{name}' is a destination, which gives no records; its records are expected, not given.")
        if name in plan.passing:
            source = plan.passing[name].component
            raise BadRequest(f"'{name}' only passes on what '{source}' gives; give records to '{source}'.")
    records: dict[str, BoundSource | Records] = {
        name: Records(_checked(name, operators[name].schema, read(operators[name].schema)))
        for name, read in given.items()
    }
    last = {id(operators[name]) for name in given}
    above = with_given([operators[name] for name in wanted], given.keys(), last)
    for one in iter_operators(Plan(tuple(Write("", "", "", operator, NOWHERE) for operator in above))):
        if isinstance(one, Scan) and one.component not in records and isinstance(one.origin, RejectedRecords):
            raise BadRequest(
                f"What '{one.origin.by}' rejects is not computed here. Give records to '{one.component}', or an empty list."
            )
        if isinstance(one, Scan) and one.component not in records:
            raise BadRequest(f"The source '{one.component}' is given no records. Give it some, or an empty list.")
        if isinstance(one, Scan) and one.keeps_rejected and one.component in given:
            raise BadRequest(
                f"The records that '{one.component}' rejects stand in files, and cannot be tried with records that are given."
            )
    limits = Limits(order.memory_bytes, order.threads, Path(order.scratch))
    found = engine.rows(above, records, context, limits)
    return {
        name: _seen(plan, name, operators[name], rows) for name, rows in zip(wanted, found, strict=True)
    }  # fmt: skip


def _operator(plan: Plan, name: str) -> Operator:
    found = operator_of(plan, name)
    if found is None:
        known = [
            *dict.fromkeys(one.component for one in iter_operators(plan)),
            *(one.component for one in plan.outputs),
            *plan.passing,
        ]
        raise BadRequest(f"There is no component '{name}'. {did_you_mean(name, known) or ''}".strip())
    return found


def _checked(name: str, schema: Schema, rows: tuple[Row, ...]) -> tuple[Row, ...]:
    """What is computed above relies on what the plan says of nulls."""
    for row in rows:
        for field, value in zip(schema, row, strict=True):
            if value is None and not field.nullable:
                raise BadRequest(f"'{name}' is given a record without '{field.name}', which is never null there.")
    return rows


def _seen(plan: Plan, name: str, operator: Operator, rows: tuple[Row, ...]) -> Seen:
    write = next((one for one in plan.outputs if one.component == name), None)
    # The order that a destination makes for itself is none of the package.
    is_ordered = isinstance(operator, Sort) and (write is None or operator.component != name)
    if write is None:
        return Seen(operator.schema, rows, is_ordered)
    names = operator.schema.names
    places = [names.index(field) for field, _ in write.target.columns]
    fields = tuple(
        Field(column, operator.schema.fields[at].dtype)
        for at, (_, column) in zip(places, write.target.columns, strict=True)
    )
    return Seen(Schema(fields), tuple(tuple(row[at] for at in places) for row in rows), is_ordered)
