"""Values as JSON on the command line: plain where JSON has them, one-key objects (`{"$long": 1}`) where it lacks them."""

from __future__ import annotations

import math
from typing import Any

from penstock.errors import BadRequest, DataError
from penstock.plan import dtypes
from penstock.plan.dtypes import DType, Kind, Member
from penstock.plan.values import Value, to_float32
from penstock.wiring.jobs import parse_instant, print_instant

_NUMBERS = {"$int": Kind.INT, "$long": Kind.LONG, "$float": Kind.FLOAT, "$double": Kind.DOUBLE}
_WORDS = ("NaN", "Infinity", "-Infinity")
MAX_DEPTH = 50
"""The deepest nesting of a value; every stage that walks it has room for that."""
_LIMITS = {Kind.INT: 2**31, Kind.LONG: 2**63}


def read_value(raw: Any, depth: int = 0) -> Value | None:
    """Return a JSON value as a value. Raises BadRequest for what is none."""
    if depth > MAX_DEPTH:
        raise BadRequest(f"A value is nested deeper than {MAX_DEPTH} levels.")
    match raw:
        case None:
            return None
        case bool():
            return Value(Kind.BOOLEAN, raw)
        case int():
            return _whole(raw, Kind.INT if -(2**31) <= raw < 2**31 else Kind.LONG)
        case float():
            return Value(Kind.DOUBLE, raw)
        case str():
            return Value(Kind.CHARARRAY, raw)
        case dict() if len(raw) == 1:
            ((tag, inner),) = raw.items()
            return _tagged(tag, inner, depth + 1)
        case _:
            raise BadRequest(
                f'{raw!r} is no value; write lists as {{"$bag": …}} or {{"$tuple": …}}, objects as {{"$map": …}}.'
            )


def _whole(number: int, kind: Kind) -> Value:
    if not -_LIMITS[kind] <= number < _LIMITS[kind]:
        raise BadRequest(f"{number} does not fit {kind.value}.")
    return Value(kind, number)


def _tagged(tag: str, raw: Any, depth: int) -> Value:
    if tag in _NUMBERS and not isinstance(raw, bool):
        kind = _NUMBERS[tag]
        if kind in _LIMITS and isinstance(raw, int):
            return _whole(raw, kind)
        if kind not in _LIMITS and (isinstance(raw, float) or raw in _WORDS or _is_modest(raw)):
            return Value(kind, to_float32(float(raw)) if kind is Kind.FLOAT else float(raw))
    if tag == "$datetime" and isinstance(raw, str):
        try:
            return Value(Kind.DATETIME, parse_instant(raw))
        except DataError as error:
            raise BadRequest(error.message) from error
    if tag == "$tuple" and isinstance(raw, list):
        return Value(Kind.TUPLE, tuple(read_value(item, depth) for item in raw))
    if tag == "$bag" and isinstance(raw, list) and all(isinstance(row, list) for row in raw):
        return Value(Kind.BAG, tuple(tuple(read_value(item, depth) for item in row) for row in raw))
    if tag == "$map" and isinstance(raw, dict):
        return Value(Kind.MAP, {key: read_value(item, depth) for key, item in raw.items()})
    raise BadRequest(f"{{{tag!r}: …}} is no value.")


def _is_modest(raw: Any) -> bool:
    """Tell whether a JSON number is a whole one that a double can hold."""
    return isinstance(raw, int) and abs(raw) < 10**300


def type_of(value: Value | None) -> DType:
    """Return the type of a value; null has none."""
    if value is None:
        return dtypes.BYTEARRAY
    match value.kind:
        case Kind.TUPLE:
            return DType(Kind.TUPLE, members=tuple(Member(type_of(item)) for item in value.data))
        case Kind.BAG:
            rows = (tuple(Member(type_of(item)) for item in row) for row in value.data)
            return DType(Kind.BAG, members=dtypes.common_row(rows))
        case Kind.MAP:
            kinds = {type_of(item) for item in value.data.values() if item is not None}
            return DType(Kind.MAP, value=kinds.pop()) if len(kinds) == 1 else dtypes.MAP
        case _:
            return DType(value.kind)


def show_value(value: Value | None) -> Any:
    """Return a value as JSON."""
    if value is None:
        return None
    match value.kind:
        case Kind.FLOAT | Kind.DOUBLE if not math.isfinite(value.data):
            return {f"${value.kind.value}": _special(value.data)}
        case Kind.FLOAT:
            # The fewest digits that name this float: 0.1, where as a double it would be 0.10000000149011612.
            texts = (f"{value.data:.{digits}g}" for digits in range(1, 10))
            return next(float(text) for text in texts if to_float32(float(text)) == value.data)
        case Kind.DATETIME:
            return {"$datetime": print_instant(value.data)}
        case Kind.TUPLE:
            return {"$tuple": [show_value(item) for item in value.data]}
        case Kind.BAG:
            return {"$bag": [[show_value(item) for item in row] for row in value.data]}
        case Kind.MAP:
            return {"$map": {key: show_value(item) for key, item in value.data.items()}}
        case Kind.BYTEARRAY:
            return value.data.decode("utf-8", "replace")
        case _:
            return value.data


def _special(number: float) -> str:
    return "NaN" if math.isnan(number) else "Infinity" if number > 0 else "-Infinity"
