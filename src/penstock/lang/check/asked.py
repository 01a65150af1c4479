"""Which databases expressions ask: those that are written out are known before a job runs."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from penstock.domain.diagnostic import Diagnostic
from penstock.lang.check import codes_package as codes
from penstock.lang.check.report import did_you_mean
from penstock.lang.expression.tokens import quote
from penstock.lang.functions.calls import ASKING
from penstock.plan.exprs import Call, Expr, Literal, walk


@dataclass(frozen=True, slots=True)
class Known:
    """The connections that exist, by unique id and name; *databases* are those that can be asked with SQL."""

    connections: Collection[str]
    databases: Collection[str] = ()


def unbound(expr: Expr, known: Known, source: str, values: Collection[str]) -> Iterator[Diagnostic]:
    """Yield a finding for each connection that an expression asks, and that is none or no database. Only one that is written
    out, in the *source* or as a whole one of the *values* of variables, is known: others hold stand-ins."""
    for call in walk(expr):
        if not isinstance(call, Call) or call.function not in ASKING or not isinstance(call.args[0], Literal):
            continue
        key = "" if call.args[0].value is None else str(call.args[0].value.data)
        if key in known.databases or not (quote(key) in source or key in values):
            continue
        if key in known.connections:
            message = f"The connection '{key}' leads to no database, which {call.function} asks."
            yield codes.UnboundConnection.at(message, hint=_choose(known))
        else:
            hint = did_you_mean(key, tuple(known.databases)) or _choose(known)
            yield codes.UnboundConnection.at(f"There is no connection '{key}', which {call.function} asks.", hint=hint)


def _choose(known: Known) -> str:
    return "Create it, or choose another." if known.databases else "Create one to a database."
