"""Expressions that may have another value when they are computed again."""

from __future__ import annotations

from penstock.lang.functions.table import FUNCTIONS
from penstock.plan.exprs import Call, Expr, walk


def is_volatile(expr: Expr) -> bool:
    """Tell whether an expression may have another value when it is computed again."""
    return any(
        one.function in FUNCTIONS and FUNCTIONS[one.function].volatile for one in walk(expr) if isinstance(one, Call)
    )
