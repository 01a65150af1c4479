"""Typed expressions as Spark SQL, in the meaning of the package language."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial

from penstock.engines import strict
from penstock.engines.conditionals import nullable_conditions
from penstock.engines.constants import may_be_negative_zero
from penstock.engines.spark import casts, comparisons
from penstock.engines.spark.dialect import TEMPLATES
from penstock.engines.spark.shared import shared
from penstock.engines.spark.types import SQL_TYPES, literal, quote, text_literal
from penstock.engines.templates import calls_others, mentioned
from penstock.errors import CapabilityError
from penstock.plan.exprs import Call, Cast, Conditional, Expr, FieldRef, Literal
from penstock.plan.ports import Context

MAX_SQL = 2_000_000
"""Longest statement text of one expression; guards repeat operands, so a deeply nested one could grow without end."""


_MAY_SKIP = frozenset({"and", "or", "COALESCE"})
LONG = 400
"""From which length on an argument is computed once rather than again each time a guard mentions it."""
_NAMES = re.compile(r"\b_v([0-9]+) ->")


def render(expr: Expr, context: Context) -> str:
    """Return the SQL of an expression. Raises CapabilityError when the text grows beyond `MAX_SQL`."""
    sql = _RENDER[type(expr)](expr, context)
    if not isinstance(expr, Literal) and may_be_negative_zero(expr) and not calls_others(sql):
        # Spark computes nothing in advance that depends on chance; but it knows that `rand()` itself is less than 1.
        sql = f"(CASE WHEN floor(rand()) = 0 THEN {sql} END)"
    if len(sql) > MAX_SQL:
        raise CapabilityError("The expression is too deeply nested for Spark. Split it over two Selects.")
    return sql


def _literal(expr: Literal, context: Context) -> str:
    return literal(expr.value, expr.dtype)


def _field(expr: FieldRef, context: Context) -> str:
    return quote(expr.name)


def _cast(expr: Cast, context: Context) -> str:
    given, to = expr.arg.dtype, expr.dtype
    return bound([render(expr.arg, context)], lambda args: f"({casts.cast(args[0], given, to, context)})")


def _conditional(expr: Conditional, context: Context) -> str:
    """CASE where a null condition that is reached makes the whole null (dataflow reference 4.2)."""
    sql = render(expr.otherwise, context)
    nullable = nullable_conditions(expr.branches)
    for (condition, value), may_be_null in reversed(list(zip(expr.branches, nullable, strict=True))):
        test, result = render(condition, context), render(value, context)
        _refuse_calls([result, sql, *([] if condition is expr.branches[0][0] else [test])])
        sql = bound([test], partial(_branch, result, sql, may_be_null))
    return f"CAST({sql} AS {SQL_TYPES[expr.dtype.kind]})"


def _refuse_calls(parts: list[str]) -> None:
    """Spark computes a Python function for every row, also where it is not reached; a call must not be made in vain."""
    if any(map(calls_others, parts)):
        raise CapabilityError(
            "On Spark a call of another system cannot stand in a branch, which not every record reaches. Put it into a "
            "Select behind a Filter."
        )


def _branch(result: str, otherwise: str, may_be_null: bool, args: list[str]) -> str:
    test = args[0]
    rest = f"WHEN NOT ({test}) THEN {otherwise}" if may_be_null else f"ELSE {otherwise}"
    return f"CASE WHEN {test} THEN {result} {rest} END"


def _call(expr: Call, context: Context) -> str:
    args = [render(arg, context) for arg in expr.args]
    if expr.function in _MAY_SKIP:
        _refuse_calls(args[1:])
    return bound(args, partial(_applied, expr, context))


def _applied(expr: Call, context: Context, args: list[str]) -> str:
    if expr.function in ("eq", "ne", "lt", "le", "gt", "ge"):
        return comparisons.compare(expr.function, args[0], args[1], expr.args[0], expr.args[1])
    template = TEMPLATES.get(expr.function)
    if template is None:
        raise CapabilityError(f"Spark has no form of the function {expr.function}.")
    sql = f"({template(expr, args, context)})"
    test = strict.test_of(expr, args) if context.strict else None
    if test is None:
        return sql
    return f"CASE WHEN {shared('allowed', test, text_literal(strict.name_of(expr)))} THEN {sql} END"


def bound(args: list[str], form: Callable[[list[str]], str]) -> str:
    """Return *form* of SQL arguments; a long one that it repeats is computed once and stands there by a name.

    Not where the form itself calls Python, which Spark cannot do with the parameter of a lambda.
    """
    sql = form(args)
    repeated = [index for index, arg in enumerate(args) if len(arg) > LONG and sql.count(arg) > 1]
    if any(calls_others(arg) and sql.count(arg) > 1 for arg in args):
        raise CapabilityError("On Spark the answer of a call has to be taken in a Select of its own, to be used once.")
    if not repeated:
        return sql
    number = 1 + max((int(found) for arg in args for found in _NAMES.findall(arg)), default=0)
    names = {index: f"_v{number + at}" for at, index in enumerate(repeated)}
    named = form([names.get(index, arg) for index, arg in enumerate(args)])
    if mentioned(named) or any(mentioned(args[index]) for index in repeated[:-1]):
        return sql
    for index, name in names.items():
        named = f"get(transform(array({args[index]}), {name} -> {named}), 0)"
    return named


_RENDER: dict[type, Callable[..., str]] = {
    Literal: _literal,
    FieldRef: _field,
    Cast: _cast,
    Conditional: _conditional,
    Call: _call,
}
