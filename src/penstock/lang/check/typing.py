"""The rules of types: widening, casts, comparisons, the common type of branches (dataflow reference 3, 4.3-4.5)."""

from __future__ import annotations

from penstock.plan import dtypes
from penstock.plan.dtypes import DType, Kind
from penstock.plan.exprs import Call, Cast, Expr, Literal
from penstock.plan.values import Value

_NUMBERS = frozenset(dtypes.NUMERIC_ORDER)
_WHOLE = frozenset({Kind.INT, Kind.LONG})
_SIMPLE = _NUMBERS | {Kind.BOOLEAN, Kind.CHARARRAY, Kind.DATETIME}
_ORDERED = _NUMBERS | {Kind.CHARARRAY, Kind.DATETIME}


class Mismatch(Exception):
    """Two types that do not go together; a value for the checker, never seen outside it."""

    def __init__(self, message: str, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


def is_untyped(expr: Expr) -> bool:
    """Tell whether an expression has no type of its own, as null and values out of maps."""
    return expr.dtype.kind is Kind.BYTEARRAY


def is_nonzero_literal(expr: Expr) -> bool:
    """Tell whether an expression is a number that can never be zero, so that dividing by it gives no null."""
    while isinstance(expr, Cast) and _widens(expr.arg.dtype, expr.dtype):
        expr = expr.arg
    return isinstance(expr, Literal) and expr.value is not None and expr.value.data != 0


def _widens(given: DType, to: DType) -> bool:
    """Tell whether a cast between numbers can make no zero of another number."""
    return given.is_number and to.is_number and dtypes.widest(given, to) == to


def as_type(expr: Expr, dtype: DType) -> Expr:
    """Return *expr* as *dtype*: itself, a literal of that type, or a cast."""
    if expr.dtype == dtype or (expr.dtype.kind is dtype.kind and dtype.kind in (Kind.MAP, Kind.BAG, Kind.TUPLE)):
        return expr
    if isinstance(expr, Literal):
        if expr.value is None:
            return Literal(None, dtype)
        if expr.value.kind in _WHOLE and dtype.kind is Kind.LONG:
            return Literal(Value(Kind.LONG, expr.value.data), dtype)
        if expr.value.kind in _NUMBERS and dtype.kind is Kind.DOUBLE:
            return Literal(Value(Kind.DOUBLE, float(expr.value.data)), dtype)
    return Cast(expr, dtype, _cast_nullable(expr, dtype))


def _cast_nullable(expr: Expr, to: DType) -> bool:
    if expr.nullable or expr.dtype.kind is Kind.BYTEARRAY:
        return True
    return expr.dtype.kind is Kind.CHARARRAY and (to.kind in _NUMBERS or to.kind is Kind.BOOLEAN)


def can_cast(expr: Expr, to: DType) -> bool:
    """Tell whether any value of an expression can become *to* (table 4.4 with the rulings of 11)."""
    kind = expr.dtype.kind
    if kind is to.kind or kind is Kind.BYTEARRAY:
        return True
    if to.kind is Kind.BYTEARRAY:
        return False
    if kind in (Kind.MAP, Kind.BAG):
        return to.kind is Kind.CHARARRAY
    if kind is Kind.TUPLE:
        return False
    if to.kind not in _SIMPLE:
        return False
    return {kind, to.kind} != {Kind.BOOLEAN, Kind.DATETIME}


def compare(op: str, left: Expr, right: Expr) -> Expr:
    """Return the comparison *op* of two expressions, brought to one type. Raises Mismatch when there is none."""
    left, right = _comparable(left, right)
    kind = left.dtype.kind
    if kind is Kind.BAG:
        raise Mismatch("Bags cannot be compared.")
    if kind not in _ORDERED and op not in ("eq", "ne"):
        raise Mismatch(f"{left.dtype} has no order; only == and != apply.")
    return Call(op, (left, right), dtypes.BOOLEAN, left.nullable or right.nullable)


def _comparable(left: Expr, right: Expr) -> tuple[Expr, Expr]:
    if is_untyped(left) and is_untyped(right):
        return as_type(left, dtypes.CHARARRAY), as_type(right, dtypes.CHARARRAY)
    if is_untyped(left):
        return as_type(left, right.dtype), right
    if is_untyped(right):
        return left, as_type(right, left.dtype)
    if left.dtype.is_number and right.dtype.is_number:
        dtype = dtypes.widest(left.dtype, right.dtype)
        return as_type(left, dtype), as_type(right, dtype)
    if left.dtype.kind is right.dtype.kind:
        return left, right
    kinds = {left.dtype.kind, right.dtype.kind}
    hint = "Put the number in quotes, or cast the text." if Kind.CHARARRAY in kinds and kinds & _NUMBERS else None
    raise Mismatch(f"{left.dtype} and {right.dtype} cannot be compared.", hint or "Cast one of them first.")


def common(dtype: DType | None, expr: Expr) -> DType | None:
    """Return the type that values of *dtype* (None: no value yet) and an expression have in common, or None."""
    given = expr.dtype
    if dtype is None or dtype.kind is Kind.BYTEARRAY:
        return given
    if given.kind is Kind.BYTEARRAY or given == dtype:
        return dtype
    if given.is_number and dtype.is_number:
        return dtypes.widest(dtype, given)
    if given.kind is dtype.kind:
        return DType(given.kind)
    return None
