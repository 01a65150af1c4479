"""Constants that an engine's optimiser must not see: it takes 0.0 and -0.0 for one, and computes what stands twice once.

So `copySign(x, -0.0)` beside `copySign(x, 0.0)` became the same, and Python was handed one constant for both.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from penstock.plan.dtypes import Kind
from penstock.plan.exprs import Call, Cast, Expr, FieldRef, Literal, parts_of, walk
from penstock.plan.values import to_float32

_REAL = (Kind.FLOAT, Kind.DOUBLE)
_COMPUTED: dict[str, Callable[[float, float], float]] = {
    "add": lambda left, right: left + right,
    "subtract": lambda left, right: left - right,
    "multiply": lambda left, right: left * right,
    "divide": lambda left, right: left / right,
}


def may_be_negative_zero(expr: Expr) -> bool:
    """Tell whether an engine that computes constants beforehand may make the constant -0.0 of an expression, and not of a
    part of it already."""
    if expr.dtype.kind not in _REAL or any(isinstance(one, FieldRef) for one in walk(expr)):
        return False
    number = _number(expr)
    if number is not None:
        return number == 0 and math.copysign(1.0, number) < 0
    if isinstance(expr, Literal):
        return False
    return not any(may_be_negative_zero(part) for part in parts_of(expr))


def _number(expr: Expr) -> float | None:
    """Return the value of plain arithmetic over constants, None where it is anything else."""
    match expr:
        case Literal() if expr.value is not None and expr.value.kind in (Kind.INT, Kind.LONG, *_REAL):
            made = float(expr.value.data)
        case Cast() if expr.dtype.kind in _REAL and (number := _number(expr.arg)) is not None:
            made = number
        case Call("negate", (arg,)) if (number := _number(arg)) is not None and expr.dtype.kind in _REAL:
            made = -number
        case Call(word, (one, two)) if word in _COMPUTED and expr.dtype.kind in _REAL:
            left, right = _number(one), _number(two)
            if left is None or right is None or (word == "divide" and right == 0):
                return None
            made = _COMPUTED[word](left, right)
        case _:
            return None
    return to_float32(made) if expr.dtype.kind is Kind.FLOAT else made
