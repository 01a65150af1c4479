"""Typed expressions as DuckDB SQL, in the meaning of the package language."""

from __future__ import annotations

from collections.abc import Callable

from penstock.engines.duckdb import casts, comparisons, strict
from penstock.engines.duckdb.dialect import TEMPLATES
from penstock.engines.duckdb.types import SQL_TYPES, column_of, literal
from penstock.errors import CapabilityError
from penstock.plan.dtypes import Kind
from penstock.plan.exprs import Call, Cast, Conditional, Expr, FieldRef, Literal
from penstock.plan.ports import Context

MAX_SQL = 2_000_000
"""Longest statement text of one expression; guards repeat operands, so a deeply nested one could grow without end."""

Column = Callable[[FieldRef], str]


def by_name(field: FieldRef) -> str:
    """Return a field as a column of the only input."""
    return column_of(field.name)


def by_side(field: FieldRef) -> str:
    """Return a field as a column of a join's `l` or `r` input."""
    return f"{'l' if field.side == 'left' else 'r'}.{column_of(field.name)}"


def render(expr: Expr, context: Context, column: Column = by_name) -> str:
    """Return the SQL of an expression. Raises CapabilityError when the text grows beyond `MAX_SQL`."""
    sql = _RENDER[type(expr)](expr, context, column)
    if len(sql) > MAX_SQL:
        raise CapabilityError("The expression is too deeply nested for the embedded engine. Split it over two Selects.")
    return sql


def _literal(expr: Literal, context: Context, column: Column) -> str:
    return literal(expr.value, expr.dtype)


def _field(expr: FieldRef, context: Context, column: Column) -> str:
    return column(expr)


def _cast(expr: Cast, context: Context, column: Column) -> str:
    return f"({casts.cast(render(expr.arg, context, column), expr.arg.dtype, expr.dtype, context)})"


def _conditional(expr: Conditional, context: Context, column: Column) -> str:
    """CASE where a null condition that is reached makes the whole null (dataflow reference 4.2)."""
    sql = render(expr.otherwise, context, column)
    for (condition, value), may_be_null in reversed(list(zip(expr.branches, _nullable(expr.branches), strict=True))):
        test, result = render(condition, context, column), render(value, context, column)
        otherwise = f"WHEN NOT ({test}) THEN {sql}" if may_be_null else f"ELSE {sql}"
        sql = f"CASE WHEN {test} THEN {result} {otherwise} END"
    return f"CAST({sql} AS {SQL_TYPES[expr.dtype.kind]})" if expr.dtype.kind is not Kind.BYTEARRAY else f"({sql})"


def _nullable(branches: tuple[tuple[Expr, Expr], ...]) -> list[bool]:
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


_STRICT = frozenset({"eq", "ne", "lt", "le", "gt", "ge", "matches", "and", "or", "not"})
"""What is null only where an argument is."""


def _call(expr: Call, context: Context, column: Column) -> str:
    args = [render(arg, context, column) for arg in expr.args]
    if expr.function in ("eq", "ne", "lt", "le", "gt", "ge"):
        return comparisons.compare(expr.function, args[0], args[1], expr.args[0], expr.args[1])
    template = TEMPLATES.get(expr.function)
    if template is None:
        raise CapabilityError(f"The embedded engine has no form of the function {expr.function}.")
    sql = template(expr, args, context)
    return strict.guarded(expr, args, sql) if context.strict else sql


_RENDER: dict[type, Callable[..., str]] = {
    Literal: _literal,
    FieldRef: _field,
    Cast: _cast,
    Conditional: _conditional,
    Call: _call,
}
