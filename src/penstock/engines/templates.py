"""Templates of functions: SQL made from the SQL of the arguments. Those that only call a shared form serve every engine."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from penstock.plan.exprs import Call, Expr, Literal
from penstock.plan.ports import Context

Template = Callable[[Call, list[str], Context], str]

PREFIX = "ps_"
"""How the names of shared functions begin in SQL."""
_ONLY_CALL = re.compile(r"ps_[a-z0-9_]+\([^()]*\)")
_MENTION = re.compile(r"\bps_([a-z0-9_]+)\(")


@dataclass(frozen=True, slots=True)
class Simple:
    """A template that puts the arguments into *pattern*, `{0}` being the first."""

    pattern: str

    def __call__(self, call: Call, args: list[str], context: Context) -> str:
        return self.pattern.format(*args)

    @property
    def is_shared(self) -> bool:
        """True where the pattern is one call of a shared form and nothing else."""
        return _ONLY_CALL.fullmatch(self.pattern) is not None


def mentioned(sql: str) -> set[str]:
    """Return the shared functions that a statement calls, without their prefix."""
    return set(_MENTION.findall(sql))


def constant_text(expr: Expr) -> str | None:
    """Return the text of a literal, or None where it is no literal."""
    return str(expr.value.data) if isinstance(expr, Literal) and expr.value is not None else None
