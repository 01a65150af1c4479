"""Tests of texts and choices by value (function reference 4)."""

from __future__ import annotations

import math
from collections.abc import Iterable

from penstock.engines.functions import casts
from penstock.engines.functions.order import identity
from penstock.errors import DataError
from penstock.plan.values import Value, decode


def is_int(text: str) -> bool:
    """Tell whether Java's `Integer.parseInt` takes a text."""
    return casts.strict_int(text) is not None


def is_long(text: str) -> bool:
    """Tell whether Java's `Long.parseLong` takes a text."""
    return casts.strict_long(text) is not None


def is_real(text: str) -> bool:
    """Tell whether Java's `Double.parseDouble` takes a text; `Float.parseFloat` takes the same ones."""
    return casts.parse_double(text) is not None


def _no_answer(name: str, strict: bool) -> None:
    """Raise DataError for a null that is met before an answer, where errors are strict."""
    if strict:
        raise DataError(f"{name} meets a null before it has an answer. Guard it, or set _STRICT_PIG_ERRORS to false.")


def _text(value: Value | None) -> str | None:
    return None if value is None else str(value.data)


def _pairs(values: list[Value | None]) -> Iterable[tuple[Value | None, Value | None]]:
    return zip(values[::2], values[1::2], strict=False)


def choose(items: list[str], strict: bool) -> str | None:
    """`Decode`: the text beside the first value equal to the first one, type included, else the last text."""
    given, *rest, otherwise = map(decode, items)
    if given is None:
        return None
    wanted = identity((given,))
    for value, result in _pairs(rest):
        if value is None:
            _no_answer("Decode", strict)
            return None
        if identity((value,)) == wanted:
            return _text(result)
    return _text(otherwise)


def choose_by_limit(items: list[str], strict: bool) -> str | None:
    """`Bin`: the text before the first limit that the number does not exceed, else the last text."""
    given, *rest, otherwise = map(decode, items)
    if given is None:
        return None
    number = float(given.data)
    for result, limit in _pairs(rest):
        if limit is None:
            _no_answer("Bin", strict)
            return None
        # No number is less than or equal to NaN.
        if number <= float(limit.data) and not math.isnan(number):
            return _text(result)
    return _text(otherwise)


def choose_by_condition(items: list[str], strict: bool) -> str | None:
    """`BinCond`: the text beside the first condition that is true, else the last text."""
    *rest, otherwise = map(decode, items)
    for at, (condition, result) in enumerate(_pairs(rest)):
        if condition is None:
            _no_answer("BinCond", strict and at > 0)
            return None
        if condition.data:
            return _text(result)
    return _text(otherwise)
