"""Puts given records in the place of components: what was computed there is a scan then, with the same fields."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

from penstock.plan.operators import (
    ConnectionRef,
    CrossJoin,
    FileSource,
    FileTarget,
    Join,
    Operator,
    Plan,
    Scan,
    ScanField,
    Union,
    Write,
    iter_operators,
)

_NOWHERE = FileTarget(ConnectionRef(""), "", ())


def with_given(wanted: Sequence[Operator], given: Collection[str], last: Collection[int]) -> tuple[Operator, ...]:
    """Return operators above which the components *given* are scans of records; *last* are the `id`s of the operators
    that leave those components."""
    made: dict[int, Operator] = {}
    for operator in iter_operators(Plan(tuple(Write("", "", "", one, _NOWHERE) for one in wanted))):
        if id(operator) in last and operator.component in given:
            made[id(operator)] = _scan(operator)
        else:
            made[id(operator)] = _over(operator, made)
    return tuple(made[id(one)] for one in wanted)


def _scan(operator: Operator) -> Scan:
    fields = tuple(ScanField(field.name) for field in operator.schema)
    return Scan(operator.component, FileSource(ConnectionRef(""), "", fields), operator.schema)


def _over(operator: Operator, made: dict[int, Operator]) -> Operator:
    match operator:
        case Scan():
            return operator
        case Join() | CrossJoin():
            return replace(operator, left=made[id(operator.left)], right=made[id(operator.right)])
        case Union():
            return replace(operator, inputs=tuple(made[id(one)] for one in operator.inputs))
        case _:
            return replace(operator, given=made[id(operator.given)])
