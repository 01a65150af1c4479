"""Comparisons, sort keys and group keys as Java orders values (dataflow reference 4.5).

DuckDB agrees with Java but for three things: -0.0 is less than 0.0 and not equal to it, text is ordered by UTF-16 unit,
and datetimes are ordered by instant. Each guard is left out where types or literals show that it cannot matter.
"""

from __future__ import annotations

from penstock.engines.duckdb.types import column_of
from penstock.plan.dtypes import DType, Kind
from penstock.plan.exprs import Cast, Expr, Literal

_SIGNS = {"eq": "=", "ne": "<>", "lt": "<", "le": "<=", "gt": ">", "ge": ">="}
_REAL = (Kind.FLOAT, Kind.DOUBLE)
_STRUCTURES = (Kind.MAP, Kind.BAG, Kind.TUPLE)
_SWAPPED = {"lt": "gt", "gt": "lt", "le": "ge", "ge": "le", "eq": "eq", "ne": "ne"}


def compare(op: str, left: str, right: str, left_expr: Expr, right_expr: Expr) -> str:
    """Return the comparison of two operands of one type."""
    kind = left_expr.dtype.kind
    sign = _SIGNS[op]
    if kind is Kind.DATETIME:
        return f"(({left}).t {sign} ({right}).t)"
    if kind in _STRUCTURES:
        return f"(ps_structure_key({left}) {sign} ps_structure_key({right}))"
    if kind is Kind.CHARARRAY and op not in ("eq", "ne") and not (_is_low(left_expr) or _is_low(right_expr)):
        return f"({text_key(left)} {sign} {text_key(right)})"
    if kind in _REAL and _may_be_zero(left_expr) and _may_be_zero(right_expr):
        return _compare_real(op, left, right, left_expr, right_expr)
    return f"({left} {sign} {right})"


def _is_low(expr: Expr) -> bool:
    """Text below U+D800 only: against it both orders agree."""
    return isinstance(expr, Literal) and (expr.value is None or all(char < "\ud800" for char in expr.value.data))


def _never_negative_zero(expr: Expr) -> bool:
    if isinstance(expr, Cast):
        return expr.arg.dtype.kind in (Kind.INT, Kind.LONG, Kind.BOOLEAN, Kind.DATETIME)
    return isinstance(expr, Literal) and expr.value is not None and not str(expr.value.data).startswith("-")


def _may_be_zero(expr: Expr) -> bool:
    return not (isinstance(expr, Literal) and (expr.value is None or expr.value.data != 0))


def _compare_real(op: str, left: str, right: str, left_expr: Expr, right_expr: Expr) -> str:
    plain_left, plain_right = _never_negative_zero(left_expr), _never_negative_zero(right_expr)
    if plain_left and plain_right:
        return f"({left} {_SIGNS[op]} {right})"
    if plain_left:
        return _compare_real(_SWAPPED[op], right, left, right_expr, left_expr)
    native = f"{left} {_SIGNS[op]} {right}"
    if plain_right:
        # Only the left may be -0.0, which is then less than the right 0.0: `>` and `<=` are right as they are.
        below = f"({left} = 0 AND {right} = 0 AND signbit({left}))"
        guarded = {"eq": f"NOT {below} AND", "ge": f"NOT {below} AND", "ne": f"{below} OR", "lt": f"{below} OR"}
        return f"({guarded[op]} {native})" if op in guarded else f"({native})"
    zeros = f"{left} = 0 AND {right} = 0"
    left_below = f"({zeros} AND signbit({left}) AND NOT signbit({right}))"
    right_below = f"({zeros} AND signbit({right}) AND NOT signbit({left}))"
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


def text_key(sql: str) -> str:
    """Return a text whose byte order is the UTF-16 order of *sql*; ASCII is its own key."""
    return f"CASE WHEN strlen({sql}) = length({sql}) THEN {sql} ELSE ps_utf16_key({sql}) END"


def order_keys(name: str, dtype: DType, direction: str) -> str:
    """Return the ORDER BY terms of one field: nulls are the smallest."""
    column = column_of(name)
    tail = "ASC NULLS FIRST" if direction == "asc" else "DESC NULLS LAST"
    match dtype.kind:
        case Kind.CHARARRAY:
            return f"{text_key(column)} {tail}"
        case Kind.DATETIME:
            return f"({column}).t {tail}"
        case Kind.FLOAT | Kind.DOUBLE:
            other = "DESC NULLS FIRST" if direction == "asc" else "ASC NULLS LAST"
            # Not the column itself: DuckDB reads what it sorts by back from the sort key, which makes -0.0 to 0.0.
            return f"{column} + 0::DOUBLE {tail}, ({column} = 0 AND signbit({column})) {other}"
        case Kind.INT | Kind.LONG:
            # Not the column itself: DuckDB would have Parquet files skip what cannot be among the first, uncounted.
            return f"xor({column}, 0) {tail}"
        case _:
            return f"{column} {tail}"


def group_key(sql: str, dtype: DType) -> str:
    """Return what equal values have in common: instants for datetimes, the sign of zero, keys of structures."""
    match dtype.kind:
        case Kind.DATETIME:
            return f"({sql}).t"
        case Kind.FLOAT | Kind.DOUBLE:
            # A double's own text tells -0.0 from 0.0; as a key only zeros need it.
            return f"CASE WHEN {sql} = 0 AND signbit({sql}) THEN '-0' ELSE CAST({sql} AS VARCHAR) END"
        case Kind.MAP | Kind.BAG | Kind.TUPLE:
            return f"ps_structure_key({sql})"
        case _:
            return sql
