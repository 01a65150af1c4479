"""Templates of functions: SQL made from the SQL of the arguments; what the dialects of engines have in common."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from penstock.engines.fallible import may_fail
from penstock.plan.exprs import Call, Expr, Literal
from penstock.plan.ports import Context

Template = Callable[[Call, list[str], Context], str]

PREFIX = "ps_"
"""How the names of shared functions begin in SQL."""
_MENTION = re.compile(r"\bps_([a-z0-9_]+)\(")


@dataclass(frozen=True, slots=True)
class Simple:
    """A template that puts the arguments into *pattern*, `{0}` being the first."""

    pattern: str

    def __call__(self, call: Call, args: list[str], context: Context) -> str:
        return self.pattern.format(*args)


def mentioned(sql: str) -> set[str]:
    """Return the shared functions that a statement calls, without their prefix."""
    return set(_MENTION.findall(sql))


def calls_others(sql: str) -> bool:
    """Tell whether a part of a statement calls another system, and so must be computed once."""
    return "ps_curl" in sql or "ps_ccurl" in sql or "ps_sql_" in sql


def call_of_others(
    call: Call, args: list[str], context: Context, shared: Callable[..., str], listed: Callable[[list[str]], str]
) -> str | None:
    """Return the SQL of `Curl`, `CurlPoll` and those with a connection, None where no call is made; *shared* writes a call of
    a shared function, and *listed* a list of six texts, which may be null."""
    if context.outbound is None:
        return None
    polls, with_connection = call.function.endswith("Poll"), call.function.startswith("CC")
    given = args[3:] if polls else args
    request = listed([*given, *["NULL"] * (6 - len(given))])
    allow = "'" + context.outbound.replace("'", "''") + "'"
    name = f"{'ccurl' if with_connection else 'curl'}{'_poll' if polls else ''}"
    return shared(name, request, *args[:3], allow) if polls else shared(name, request, allow)


def question(call: Call, args: list[str], context: Context, shared: Callable[..., str]) -> str | None:
    """Return the SQL of `ExecuteSqlString` or `ExecuteSqlDateTime`, None where no database is asked."""
    if context.outbound is None:
        return None
    if call.function == "ExecuteSqlString":
        return shared("sql_text", *args)
    return shared("sql_moment", *args, f"CAST({context.zone_minutes} AS INT)")


def connected(word: str) -> Template:
    """Return the template of AND or OR. One whose later operands can fail is decided by the first that decides it, as in the
    old engine."""
    decides = "false" if word == "AND" else "true"

    def template(call: Call, args: list[str], context: Context) -> str:
        if not any(may_fail(arg, context) for arg in call.args[1:]):
            return "(" + f" {word} ".join(args) + ")"
        sql = args[-1]
        for test in reversed(args[:-1]):
            decided = f"NOT ({test})" if word == "AND" else test
            sql = f"CASE WHEN {decided} THEN {decides} ELSE ({test} {word} {sql}) END"
        return sql

    return template


def is_small_divisor(expr: Expr) -> bool:
    """Tell whether a whole number can be divided by a literal without a guard: it is neither 0 nor -1."""
    return isinstance(expr, Literal) and expr.value is not None and expr.value.data not in (0, -1)


def zone_literal(context: Context) -> str:
    """Return the default time zone as a text literal, an offset such as '+02:00'."""
    minutes = context.zone_minutes
    return f"'{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02d}:{abs(minutes) % 60:02d}'"


def four_digit_year(ms: str) -> str:
    """Return the test for milliseconds from the year 1000, so that every year has four digits, to 9999."""
    return f"{ms} >= -30610224000000 AND {ms} < 253402300800000"


def constant_text(expr: Expr) -> str | None:
    """Return the text of a literal, or None where it is no literal."""
    return str(expr.value.data) if isinstance(expr, Literal) and expr.value is not None else None


def whole_literal(expr: Expr) -> int | None:
    """Return the value of a whole number written as a literal, or None where it is no literal."""
    if isinstance(expr, Literal) and expr.value is not None and isinstance(expr.value.data, int):
        return expr.value.data
    return None


def null_tests(call: Call, args: list[str]) -> str:
    """Return the SQL that tells whether one of the arguments that may be null is; empty where none may."""
    return " OR ".join(f"{sql} IS NULL" for arg, sql in zip(call.args, args, strict=True) if arg.nullable)


def substring_guards(call: Call, begin: str, end: str, length: str) -> tuple[str, str]:
    """Return, for SUBSTRING, the SQL of the end clipped to the length, and the tests for a begin that gives null: those that
    literals have not answered already. Source: function reference 2."""
    first, last = whole_literal(call.args[1]), whole_literal(call.args[2])
    stop = f"least({end}, {length})"
    tests = [] if first is not None and first >= 0 else [f"{begin} < 0"]
    if first is not None and last is not None and 0 <= first <= last:
        if first > 0:
            tests.append(f"{begin} > {length}")
    else:
        tests.append(f"{begin} > {stop}")
    return stop, " OR ".join(tests)
