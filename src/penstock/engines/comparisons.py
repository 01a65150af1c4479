"""Comparisons, sort keys and group keys as Java orders values (dataflow reference 4.5), for engines that write SQL.

SQL agrees with Java but for three things: -0.0 is less than 0.0 and not equal to it, text is ordered by UTF-16 unit,
and datetimes are ordered by instant. Each guard is left out where types or literals show that it cannot matter.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from penstock.plan.dtypes import DType, Kind
from penstock.plan.exprs import Cast, Expr, Literal

_SIGNS = {"eq": "=", "ne": "<>", "lt": "<", "le": "<=", "gt": ">", "ge": ">="}
_REAL = (Kind.FLOAT, Kind.DOUBLE)
_STRUCTURES = (Kind.MAP, Kind.BAG, Kind.TUPLE)
_SWAPPED = {"lt": "gt", "gt": "lt", "le": "ge", "ge": "le", "eq": "eq", "ne": "ne"}


@dataclass(frozen=True, slots=True)
class Comparisons:
    """The comparisons of one engine. *column_of* writes a field as a column, *is_negative* tests the sign bit of a real
    that is 0, *text_key* gives what orders a text by UTF-16 unit, *real_text* the text of a real,
    *structure_key* the text that equal structures have in common, *real_key* and *whole_key* what orders reals and whole
    numbers."""

    column_of: Callable[[str], str]
    is_negative: Callable[[str], str]
    text_key: Callable[[str], str]
    real_text: Callable[[str], str]
    structure_key: Callable[[str], str]
    real_key: Callable[[str], str]
    whole_key: Callable[[str], str]

    def compare(self, op: str, left: str, right: str, left_expr: Expr, right_expr: Expr) -> str:
        """Return the comparison of two operands of one type."""
        kind = left_expr.dtype.kind
        sign = _SIGNS[op]
        if kind is Kind.DATETIME:
            return f"(({left}).t {sign} ({right}).t)"
        if kind in _STRUCTURES:
            return f"({self.structure_key(left)} {sign} {self.structure_key(right)})"
        if kind is Kind.CHARARRAY and op not in ("eq", "ne") and not (_is_low(left_expr) or _is_low(right_expr)):
            return f"({self.text_key(left)} {sign} {self.text_key(right)})"
        if kind in _REAL and _may_be_zero(left_expr) and _may_be_zero(right_expr):
            return self._compare_real(op, left, right, left_expr, right_expr)
        return f"({left} {sign} {right})"

    def _compare_real(self, op: str, left: str, right: str, left_expr: Expr, right_expr: Expr) -> str:
        plain_left, plain_right = _never_negative_zero(left_expr), _never_negative_zero(right_expr)
        if plain_left and plain_right:
            return f"({left} {_SIGNS[op]} {right})"
        if plain_left:
            return self._compare_real(_SWAPPED[op], right, left, right_expr, left_expr)
        native = f"{left} {_SIGNS[op]} {right}"
        if plain_right:
            # Only the left may be -0.0, which is then less than the right 0.0: `>` and `<=` are right as they are.
            below = f"({left} = 0 AND {right} = 0 AND {self.is_negative(left)})"
            guarded = {"eq": f"NOT {below} AND", "ge": f"NOT {below} AND", "ne": f"{below} OR", "lt": f"{below} OR"}
            return f"({guarded[op]} {native})" if op in guarded else f"({native})"
        zeros = f"{left} = 0 AND {right} = 0"
        left_below = f"({zeros} AND {self.is_negative(left)} AND NOT {self.is_negative(right)})"
        right_below = f"({zeros} AND {self.is_negative(right)} AND NOT {self.is_negative(left)})"
        match op:
            case "eq":
                return f"({native} AND NOT {left_below} AND NOT {right_below})"
            case "ne":
                return f"({native} OR {left_below} OR {right_below})"
            case "lt":
                return f"({native} OR {left_below})"
            case "gt":
                return f"({native} OR {right_below})"
            case "le":
                return f"({native} AND NOT {right_below})"
            case _:
                return f"({native} AND NOT {left_below})"

    def order_keys(self, name: str, dtype: DType, direction: str) -> str:
        """Return the ORDER BY terms of one field: nulls are the smallest."""
        tails = ("ASC NULLS FIRST", "DESC NULLS FIRST") if direction == "asc" else ("DESC NULLS LAST", "ASC NULLS LAST")
        terms = (term for term, _ in self.order_terms(name, dtype, direction))
        return ", ".join(f"{term} {tail}" for term, tail in zip(terms, tails, strict=False))

    def order_terms(self, name: str, dtype: DType, direction: str) -> list[tuple[str, bool]]:
        """Return what orders one field, and whether it ascends."""
        column, ascends = self.column_of(name), direction == "asc"
        match dtype.kind:
            case Kind.CHARARRAY:
                return [(self.text_key(column), ascends)]
            case Kind.DATETIME:
                return [(f"({column}).t", ascends)]
            case Kind.FLOAT | Kind.DOUBLE:
                return [
                    (self.real_key(column), ascends),
                    (f"({column} = 0 AND {self.is_negative(column)})", not ascends),
                ]
            case Kind.INT | Kind.LONG:
                return [(self.whole_key(column), ascends)]
            case _:
                return [(column, ascends)]

    def group_key(self, sql: str, dtype: DType) -> str:
        """Return what equal values have in common: instants for datetimes, the sign of zero, keys of structures."""
        match dtype.kind:
            case Kind.DATETIME:
                return f"({sql}).t"
            case Kind.FLOAT | Kind.DOUBLE:
                # A double's own text tells -0.0 from 0.0; as a key only zeros need it.
                return f"CASE WHEN {sql} = 0 AND {self.is_negative(sql)} THEN '-0' ELSE {self.real_text(sql)} END"
            case Kind.MAP | Kind.BAG | Kind.TUPLE:
                return self.structure_key(sql)
            case _:
                return sql


def _is_low(expr: Expr) -> bool:
    """Text below U+D800 only: against it both orders agree."""
    return isinstance(expr, Literal) and (expr.value is None or all(char < "\ud800" for char in expr.value.data))


def _never_negative_zero(expr: Expr) -> bool:
    if isinstance(expr, Cast):
        return expr.arg.dtype.kind in (Kind.INT, Kind.LONG, Kind.BOOLEAN, Kind.DATETIME)
    return isinstance(expr, Literal) and expr.value is not None and not str(expr.value.data).startswith("-")


def _may_be_zero(expr: Expr) -> bool:
    return not (isinstance(expr, Literal) and (expr.value is None or expr.value.data != 0))
