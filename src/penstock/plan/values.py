"""Values outside an engine: one tagged form in Python, and one canonical text for values that SQL has no type for.

Inside an engine a map, a bag, a tuple or a value without a declared type (byte array) travels as the text that
`encode` gives; `decode` reads it back. The text is JSON; each value but null, true, false and text is a one-key object:
`{"i": 1}` int, `{"l": 1}` long, `{"f": 1.5}` float, `{"d": 1.5}` double (NaN, Infinity, -Infinity as text),
`{"t": [milliseconds, offset minutes]}` datetime, `{"x": "base64"}` bytes, `{"u": [...]}` tuple,
`{"g": [[...], ...]}` bag of tuples, `{"m": {...}}` map.
"""

from __future__ import annotations

import base64
import json
import math
import struct
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from penstock.plan.dtypes import Kind


@dataclass(frozen=True, slots=True)
class Instant:
    """A datetime value: milliseconds since 1970 UTC, and the offset in minutes that it was read with.
    Two are the same moment when *ms* is equal, whatever the offset."""

    ms: int
    offset: int = 0


@dataclass(frozen=True, slots=True)
class Value:
    """A value that is not null, with its kind; null is None in place of a Value.

    *data* by kind: bool · int (INT, LONG) · float (FLOAT, DOUBLE) · str · Instant · bytes · TUPLE: a tuple of
    `Value | None` · BAG: a tuple of such tuples · MAP: a dict from str to `Value | None`.
    """

    kind: Kind
    data: Any


def to_float32(number: float) -> float:
    """Return the nearest 32-bit float, infinite where it overflows."""
    try:
        return float(struct.unpack("f", struct.pack("f", number))[0])
    except OverflowError:
        return math.copysign(math.inf, number)


_ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))
_NUMBER_TAGS = {Kind.INT: "i", Kind.LONG: "l", Kind.FLOAT: "f", Kind.DOUBLE: "d"}


def encode(value: Value | None) -> str:
    """Return the canonical text of a value.

    >>> encode(Value(Kind.TUPLE, (Value(Kind.INT, 19), None)))
    '{"u":[{"i":19},null]}'
    """
    return _ENCODER.encode(to_tagged(value))


def decode(text: str) -> Value | None:
    """Return the value that a canonical text stands for. Raises ValueError when it is none.

    >>> decode('{"l":5}')
    Value(kind=<Kind.LONG: 'long'>, data=5)
    >>> decode('{"f":"2.14748365E9"}').data
    2147483648.0
    """
    return _from_json(json.loads(text))


def plain_text(raw: Any) -> str:
    """Return the canonical text of what `to_tagged` gave, or of a part of it."""
    return _ENCODER.encode(raw)


def to_tagged(value: Value | None) -> Any:
    """Return a value as plain JSON: what its canonical text says."""
    if value is None:
        return None
    data = value.data
    match value.kind:
        case Kind.BOOLEAN | Kind.CHARARRAY:
            return data
        case Kind.INT | Kind.LONG:
            return {_NUMBER_TAGS[value.kind]: data}
        case Kind.FLOAT | Kind.DOUBLE:
            return {_NUMBER_TAGS[value.kind]: data if math.isfinite(data) else _special(data)}
        case Kind.DATETIME:
            return {"t": [data.ms, data.offset]}
        case Kind.BYTEARRAY:
            return {"x": base64.b64encode(data).decode()}
        case Kind.TUPLE:
            return {"u": [to_tagged(item) for item in data]}
        case Kind.BAG:
            return {"g": [[to_tagged(item) for item in row] for row in data]}
        case Kind.MAP:
            return {"m": {key: to_tagged(item) for key, item in data.items()}}


def _special(number: float) -> str:
    if math.isnan(number):
        return "NaN"
    return "Infinity" if number > 0 else "-Infinity"


def tagged(text: str) -> tuple[str, Any]:
    """Return the tag of a canonical text and what it tags, as plain JSON, without making values of it: for counting bags
    of millions. A text that is no tagged value has the tag "".

    >>> tagged('{"g":[[{"i":1}],[null]]}')
    ('g', [[{'i': 1}], [None]])
    """
    raw = json.loads(text)
    if isinstance(raw, dict) and len(raw) == 1:
        ((tag, data),) = raw.items()
        return tag, data
    return "", raw


def _from_json(raw: Any) -> Value | None:
    if raw is None:
        return None
    if isinstance(raw, str):
        return Value(Kind.CHARARRAY, raw)
    if isinstance(raw, bool):
        return Value(Kind.BOOLEAN, raw)
    if not isinstance(raw, dict) or len(raw) != 1:
        raise ValueError(f"not a tagged value: {raw!r}")
    ((tag, data),) = raw.items()
    read = _READ.get(tag)
    if read is None:
        raise ValueError(f"unknown tag {tag!r}")
    return read(data)


_READ: dict[str, Callable[[Any], Value]] = {
    "i": lambda data: Value(Kind.INT, int(data)),
    "l": lambda data: Value(Kind.LONG, int(data)),
    # Its digits name one 32-bit number, and another 64-bit one.
    "f": lambda data: Value(Kind.FLOAT, to_float32(float(data))),
    "d": lambda data: Value(Kind.DOUBLE, float(data)),
    "t": lambda data: Value(Kind.DATETIME, Instant(int(data[0]), int(data[1]))),
    "x": lambda data: Value(Kind.BYTEARRAY, base64.b64decode(data)),
    "u": lambda data: Value(Kind.TUPLE, tuple(map(_from_json, data))),
    "g": lambda data: Value(Kind.BAG, tuple(tuple(map(_from_json, row)) for row in data)),
    "m": lambda data: Value(Kind.MAP, {key: _from_json(item) for key, item in data.items()}),
}
