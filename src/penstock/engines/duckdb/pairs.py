"""A Filter over a cross join as the conditions of a join: which pairs to look for, and what to test of those found."""

from __future__ import annotations

from dataclasses import dataclass, replace

from penstock.engines.duckdb.expressions import by_side, render
from penstock.engines.fallible import may_fail
from penstock.plan.dtypes import Kind
from penstock.plan.exprs import Call, Cast, Conditional, Expr, FieldRef
from penstock.plan.operators import CrossJoin, JoinField
from penstock.plan.ports import Context

_WIDER = {"eq": "=", "lt": "<=", "le": "<=", "gt": ">=", "ge": ">="}
"""DuckDB's own comparison that holds wherever the language's does; the two differ where zeros have signs."""
_REAL = (Kind.FLOAT, Kind.DOUBLE)
_PLAIN = (Kind.BOOLEAN, Kind.INT, Kind.LONG, Kind.CHARARRAY, Kind.DATETIME)


@dataclass(frozen=True, slots=True)
class Tests:
    """*on* compare something of one side with something of the other; *where* are tests of the pairs that these leave."""

    on: list[str]
    where: list[str]


def tests_of(predicate: Expr, pairs: CrossJoin, context: Context) -> Tests | None:
    """Return the tests that a predicate over pairs is; None where it compares no side with the other, or can fail the job,
    which depends on the pairs it is computed for."""
    if may_fail(predicate, context):
        return None
    origin = dict(zip(pairs.schema.names, pairs.fields, strict=True))
    made = Tests([], [])
    for part in _conjuncts(predicate):
        test = _of_sides(part, origin)
        is_key, is_enough = _looked_for(test)
        if is_key and isinstance(test, Call):
            one, other = (render(arg, context, by_side) for arg in test.args)
            sql = render(test, context, by_side) if is_enough else f"({one} {_WIDER[test.function]} {other})"
            made.on.append(sql)
        if not is_key or not is_enough:
            made.where.append(render(test, context, by_side))
    return made if made.on else None


def _conjuncts(predicate: Expr) -> list[Expr]:
    if isinstance(predicate, Call) and predicate.function == "and":
        return [one for arg in predicate.args for one in _conjuncts(arg)]
    return [predicate]


def _looked_for(test: Expr) -> tuple[bool, bool]:
    """Tell whether a test compares the sides in a way that DuckDB can look for pairs, and whether the test is no more."""
    if not isinstance(test, Call) or test.function not in _WIDER:
        return False, False
    one, other = (_sides(arg) for arg in test.args)
    kind = test.args[0].dtype.kind
    is_key = len(one) == len(other) == 1 and one != other and kind in (*_REAL, *_PLAIN)
    return is_key, kind not in _REAL


def _sides(expr: Expr) -> set[str]:
    match expr:
        case FieldRef():
            return {expr.side or ""}
        case Cast():
            return _sides(expr.arg)
        case Call():
            return {side for arg in expr.args for side in _sides(arg)}
        case Conditional():
            parts = (*(part for branch in expr.branches for part in branch), expr.otherwise)
            return {side for part in parts for side in _sides(part)}
        case _:
            return set()


def _of_sides(expr: Expr, origin: dict[str, JoinField]) -> Expr:
    """Return an expression over the pairs as one over the two sides."""
    match expr:
        case FieldRef():
            found = origin[expr.name]
            return replace(expr, name=found.field, side=found.side)
        case Cast():
            return replace(expr, arg=_of_sides(expr.arg, origin))
        case Call():
            return replace(expr, args=tuple(_of_sides(arg, origin) for arg in expr.args))
        case Conditional():
            branches = tuple((_of_sides(test, origin), _of_sides(value, origin)) for test, value in expr.branches)
            return replace(expr, branches=branches, otherwise=_of_sides(expr.otherwise, origin))
        case _:
            return expr
