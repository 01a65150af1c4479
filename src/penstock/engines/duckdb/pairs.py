"""A Filter over a cross join as the conditions of a join: which pairs to look for, and what to test of those found."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import combinations

from penstock.engines.duckdb.expressions import by_side, render
from penstock.engines.fallible import may_fail
from penstock.plan.dtypes import Kind
from penstock.plan.exprs import Call, Cast, Conditional, Expr, FieldRef, walk
from penstock.plan.operators import CrossJoin, JoinField
from penstock.plan.ports import Context

_WIDER = {"eq": "=", "lt": "<=", "le": "<=", "gt": ">=", "ge": ">="}
"""DuckDB's own comparison that holds wherever the language's does; the two differ where zeros have signs."""
_MIRRORED = {"<=": ">=", ">=": "<="}
_REAL = (Kind.FLOAT, Kind.DOUBLE)
_PLAIN = (Kind.BOOLEAN, Kind.INT, Kind.LONG, Kind.CHARARRAY, Kind.DATETIME)


@dataclass(frozen=True, slots=True)
class Tests:
    """*on* compare something of one side with something of the other; *where* are tests of the pairs that these leave."""

    on: list[str]
    where: list[str]


@dataclass(frozen=True, slots=True)
class _Test:
    """One condition as SQL; *left* *sign* *right* is DuckDB's own comparison of the sides that holds wherever it does, empty
    where it compares no side with the other, and *is_enough* where it is no less than the condition."""

    sql: str
    left: str = ""
    sign: str = ""
    right: str = ""
    is_enough: bool = False


def tests_of(predicate: Expr, pairs: CrossJoin, context: Context) -> Tests | None:
    """Return the tests that a predicate over pairs is; None where no equality and no range says which pairs to look for, so
    that testing all of them is faster, or where it can fail the job, which depends on the pairs it is computed for."""
    if may_fail(predicate, context):
        return None
    origin = dict(zip(pairs.schema.names, pairs.fields, strict=True))
    tests = [_test(_of_sides(part, origin), context) for part in _conjuncts(predicate)]
    chosen = [one for one in tests if one.sign == "="] or _range(tests)
    if not chosen:
        return None
    on = [one.sql if one.is_enough else f"({one.left} {one.sign} {one.right})" for one in chosen]
    return Tests(on, [one.sql for one in tests if one not in chosen or not one.is_enough])


def _range(tests: Sequence[_Test]) -> list[_Test]:
    """Return two tests that hold something of one side between two of the other."""
    for one, other in combinations([one for one in tests if one.sign], 2):
        is_same = one.left == other.left or one.right == other.right
        if is_same and one.sign[0] != other.sign[0]:
            return [one, other]
    return []


def _test(expr: Expr, context: Context) -> _Test:
    """Return a condition; one that compares the sides with the left one on the left."""
    sql = render(expr, context, by_side)
    if not isinstance(expr, Call) or expr.function not in _WIDER:
        return _Test(sql)
    one, other = expr.args
    kind = one.dtype.kind
    sides = _sides(one), _sides(other)
    if kind not in (*_REAL, *_PLAIN) or sides not in (({"left"}, {"right"}), ({"right"}, {"left"})):
        return _Test(sql)
    plain = [render(arg, context, by_side) for arg in expr.args]
    sign = _WIDER[expr.function]
    if sides[0] == {"right"}:
        plain, sign = plain[::-1], _MIRRORED.get(sign, sign)
    return _Test(sql, plain[0], sign, plain[1], is_enough=kind not in _REAL)


def _conjuncts(predicate: Expr) -> list[Expr]:
    if isinstance(predicate, Call) and predicate.function == "and":
        return [one for arg in predicate.args for one in _conjuncts(arg)]
    return [predicate]


def _sides(expr: Expr) -> set[str]:
    return {one.side or "" for one in walk(expr) if isinstance(one, FieldRef)}


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
