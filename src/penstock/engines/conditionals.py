"""Where the condition of a CASE may be null: a null one that is reached makes the whole null (dataflow reference 4.2)."""

from __future__ import annotations

from penstock.plan.exprs import Call, Expr, FieldRef

_STRICT = frozenset({"eq", "ne", "lt", "le", "gt", "ge", "matches", "and", "or", "not"})
"""What is null only where an argument is."""


def nullable_conditions(branches: tuple[tuple[Expr, Expr], ...]) -> list[bool]:
    """Tell for each condition whether it may be null where it is reached: a false `x is null` before it excludes x."""
    sure: set[FieldRef] = set()
    found = []
    for condition, _ in branches:
        found.append(_may_be_null(condition, sure))
        sure |= _excluded(condition)
    return found


def _excluded(condition: Expr) -> set[FieldRef]:
    """Return the fields that are not null where a condition is false."""
    match condition:
        case Call("is_null", (FieldRef() as field,)):
            return {field}
        case Call("or", args):
            return set().union(*map(_excluded, args))
    return set()


def _may_be_null(expr: Expr, sure: set[FieldRef]) -> bool:
    match expr:
        case FieldRef():
            return expr.nullable and expr not in sure
        case Call(function, args) if function in _STRICT:
            return any(_may_be_null(arg, sure) for arg in args)
    return expr.nullable
