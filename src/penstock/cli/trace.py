"""The value of every part of an expression: where a null, or an error, comes from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from penstock.cli.values import show_value
from penstock.errors import PenstockError
from penstock.plan.exprs import Expr, FieldRef, Literal, parts_of
from penstock.plan.notation import text_of
from penstock.plan.ports import Context, Engine
from penstock.plan.schema import Schema
from penstock.plan.values import Value


@dataclass(frozen=True, slots=True)
class Part:
    """A part of an expression, *depth* levels below the whole; *error* where computing it fails the job."""

    depth: int
    text: str
    dtype: str
    value: Any = None
    error: str | None = None

    def to_json(self) -> dict[str, Any]:
        """Return the part as JSON values."""
        given = {"depth": self.depth, "expression": self.text, "type": self.dtype}
        return given | ({"value": self.value} if self.error is None else {"error": self.error})


def trace(
    engine: Engine, expr: Expr, given: Schema, record: Mapping[str, Value | None], context: Context
) -> Iterator[Part]:
    """Yield an expression and all its parts, each before what it is made of; casts that the checker put in are shown.

    Constants are left out below the whole: they are what they say. Every part is computed on its own, so a part that would
    fail is shown as failing even where the whole never computes it.
    """
    waiting = [(expr, 0)]
    while waiting:
        part, depth = waiting.pop()
        if depth and isinstance(part, Literal):
            continue
        text = text_of(part, _no_input).replace(f"{_NO_INPUT}.", "")
        try:
            value = engine.evaluate((part,), given, record, context)[0]
            yield Part(depth, text, str(part.dtype), show_value(value))
        except PenstockError as error:
            yield Part(depth, text, str(part.dtype), error=error.message)
        waiting.extend((inner, depth + 1) for inner in reversed(parts_of(part)))


_NO_INPUT = "\0"


def _no_input(_: FieldRef) -> str:
    return _NO_INPUT
