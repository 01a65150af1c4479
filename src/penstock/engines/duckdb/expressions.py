"""Typed expressions as DuckDB SQL, in the meaning of the package language."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial

from penstock.engines import strict
from penstock.engines.conditionals import nullable_conditions
from penstock.engines.constants import may_be_negative_zero
from penstock.engines.duckdb import casts, comparisons
from penstock.engines.duckdb.dialect import INNER, TEMPLATES
from penstock.engines.duckdb.types import SQL_TYPES, column_of, literal, text_literal
from penstock.engines.fallible import fails_alone
from penstock.engines.templates import calls_others
from penstock.errors import CapabilityError
from penstock.plan.dtypes import Kind
from penstock.plan.exprs import Call, Cast, Conditional, Expr, FieldRef, Literal
from penstock.plan.ports import Context

MAX_SQL = 2_000_000
"""Longest statement text of one expression; guards repeat operands, so a deeply nested one could grow without end."""

LONG = 400
"""From which length on an argument is computed once rather than again each time a guard mentions it."""
_NAMES = re.compile(r"\blambda _v([0-9]+):")

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
    if may_be_negative_zero(expr) and not calls_others(sql):
        sql = _by_chance(sql)
    if len(sql) > MAX_SQL:
        raise CapabilityError("The expression is too deeply nested for the embedded engine. Split it over two Selects.")
    return sql


def _literal(expr: Literal, context: Context, column: Column) -> str:
    return literal(expr.value, expr.dtype)


def _field(expr: FieldRef, context: Context, column: Column) -> str:
    return column(expr)


def _cast(expr: Cast, context: Context, column: Column) -> str:
    given, to = expr.arg.dtype, expr.dtype
    return bound(
        _rendered(expr, (expr.arg,), context, column), lambda args: f"({casts.cast(args[0], given, to, context)})"
    )


def _conditional(expr: Conditional, context: Context, column: Column) -> str:
    """CASE where a null condition that is reached makes the whole null (dataflow reference 4.2)."""
    sql = render(expr.otherwise, context, column)
    for (condition, value), may_be_null in reversed(
        list(zip(expr.branches, nullable_conditions(expr.branches), strict=True))
    ):
        test, result = render(condition, context, column), render(value, context, column)
        sql = bound([test], partial(_branch, result, sql, may_be_null))
    return f"CAST({sql} AS {SQL_TYPES[expr.dtype.kind]})" if expr.dtype.kind is not Kind.BYTEARRAY else f"({sql})"


def _branch(result: str, otherwise: str, may_be_null: bool, args: list[str]) -> str:
    test = args[0]
    rest = f"WHEN NOT ({test}) THEN {otherwise}" if may_be_null else f"ELSE {otherwise}"
    return f"CASE WHEN {test} THEN {result} {rest} END"


def _call(expr: Call, context: Context, column: Column) -> str:
    return bound(_rendered(expr, expr.args, context, column), partial(_applied, expr, context))


def _rendered(expr: Expr, args: tuple[Expr, ...], context: Context, column: Column) -> list[str]:
    """Return the SQL of arguments. DuckDB computes a constant while it plans, also one that no record reaches: where that
    could fail, one of them is made to look as if it were none."""
    made = [render(arg, context, column) for arg in args]
    return [_by_chance(made[0]), *made[1:]] if fails_alone(expr, context) else made


def _by_chance(sql: str) -> str:
    """Return what gives the same and is no constant: DuckDB computes nothing in advance that depends on chance."""
    return f"(CASE WHEN random() < 2 THEN {sql} END)"


def _applied(expr: Call, context: Context, args: list[str]) -> str:
    if expr.function in ("eq", "ne", "lt", "le", "gt", "ge"):
        return comparisons.compare(expr.function, args[0], args[1], expr.args[0], expr.args[1])
    template = TEMPLATES.get(expr.function) or INNER.get(expr.function)
    if template is None:
        raise CapabilityError(f"The embedded engine has no form of the function {expr.function}.")
    sql = template(expr, args, context)
    test = strict.test_of(expr, args) if context.strict else None
    if test is None:
        return sql
    return f"CASE WHEN ps_allowed(({test}), {text_literal(strict.name_of(expr))}) THEN {sql} END"


def bound(args: list[str], form: Callable[[list[str]], str]) -> str:
    """Return *form* of SQL arguments; a long one that it repeats is computed once and stands there by a name.

    A list of one value, transformed, is how an expression can name a part of itself; it costs more than a short repetition.
    """
    sql = form(args)
    repeated = [
        index for index, arg in enumerate(args) if (len(arg) > LONG or calls_others(arg)) and sql.count(arg) > 1
    ]
    if not repeated:
        return sql
    number = 1 + max((int(found) for arg in args for found in _NAMES.findall(arg)), default=0)
    names = {index: f"_v{number + at}" for at, index in enumerate(repeated)}
    sql = form([names.get(index, arg) for index, arg in enumerate(args)])
    for index, name in names.items():
        sql = f"list_transform([{args[index]}], lambda {name}: {sql})[1]"
    return sql


_RENDER: dict[type, Callable[..., str]] = {
    Literal: _literal,
    FieldRef: _field,
    Cast: _cast,
    Conditional: _conditional,
    Call: _call,
}
