"""Which fields of its sources a plan needs: the others are not converted, as on the embedded engine, nor sent to Spark."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from penstock.engines.spark.statements import GREATEST_LIMIT
from penstock.plan.exprs import Expr, FieldRef, walk
from penstock.plan.operators import (
    Aggregate,
    Assert,
    CrossJoin,
    Filter,
    Join,
    Limit,
    Operator,
    Plan,
    Project,
    Sample,
    Scan,
    Sort,
    SortKey,
    inputs_of,
    iter_operators,
)


def needed(plan: Plan) -> Mapping[str, tuple[str, ...]]:
    """Return by source the names of the fields that the statements of a plan mention, one at least, in their order.

    Records that several components read are kept whole.
    """
    operators = list(iter_operators(plan))
    wanted: dict[int, set[str]] = {id(one): set() for one in operators}
    readers: dict[int, int] = dict.fromkeys(wanted, 0)
    for write in plan.outputs:
        readers[id(write.given)] += 1
        wanted[id(write.given)].update(write.given.schema.names)
    found: dict[str, tuple[str, ...]] = {}
    for operator in reversed(operators):
        names = wanted[id(operator)]
        if readers[id(operator)] > 1:
            names.update(operator.schema.names)
        if isinstance(operator, Scan):
            kept = tuple(name for name in operator.schema.names if name in names)
            found[operator.component] = kept or operator.schema.names[:1]
            continue
        for below, mentioned in zip(inputs_of(operator), _mentioned(operator, names), strict=True):
            wanted[id(below)].update(mentioned)
            readers[id(below)] += 1
    return found


def _mentioned(operator: Operator, names: set[str]) -> list[set[str]]:
    """Return what an operator takes of each of its inputs where *names* are taken of it."""
    match operator:
        case Project():
            return [_fields(operator.exprs)]
        case Filter() | Assert():
            return [names | _fields((operator.predicate,))]
        case Sample():
            return [names]
        case Sort():
            return [names | _keys(operator.keys)]
        case Limit() if not operator.per and operator.size <= GREATEST_LIMIT:
            return [names | _keys(operator.order)]
        case Aggregate():
            measured = {one.field for one in operator.measures if one.field is not None}
            ordered = {key for one in operator.measures for key in _keys(one.order)}
            return [{*operator.group_by, *measured, *ordered}]
        case Join():
            sides = {
                "left": _fields(one for one, _ in operator.keys),
                "right": _fields(one for _, one in operator.keys),
            }
            for item in operator.fields:
                sides[item.side].add(item.field)
            return [sides["left"], sides["right"]]
        case CrossJoin():
            return [{item.field for item in operator.fields if item.side == side} for side in ("left", "right")]
    return [set(below.schema.names) for below in inputs_of(operator)]


def _fields(exprs: Iterable[Expr]) -> set[str]:
    return {part.name for expr in exprs for part in walk(expr) if isinstance(part, FieldRef)}


def _keys(keys: tuple[SortKey, ...]) -> set[str]:
    return {key.field for key in keys}
