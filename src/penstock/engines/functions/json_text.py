"""JSON in expressions (function reference 8): strict reading, numbers as Java prints them, compact texts."""

from __future__ import annotations

import json
import math
import re
from typing import Any

from penstock.engines.functions import structures
from penstock.engines.functions.json_depth import guard_depth
from penstock.errors import DataError
from penstock.kit import decimals, json_paths
from penstock.plan.dtypes import Kind
from penstock.plan.values import Value, decode, plain_text

_HALF_PAIRS = re.compile("[\ud800-\udfff]")
_LIBRARY_ESCAPES = re.compile('["\\\\/\x00-\x1f\x7f-\x9f\u2000-\u20ff]')
_SHORT = {'"': '\\"', "\\": "\\\\", "/": "\\/", "\b": "\\b", "\f": "\\f", "\n": "\\n", "\r": "\\r", "\t": "\\t"}


class _NotJson(ValueError):
    """A text that is no JSON."""


def _refuse(word: str) -> Any:
    raise _NotJson(word)


def _read(text: str) -> Any:
    """Return the plain form of a JSON text. Raises _NotJson (a ValueError) where it is none, NaN and Infinity included."""
    guard_depth(text)
    return json.loads(text, parse_constant=_refuse)


def _whole(text: str) -> str:
    # Half a surrogate pair cannot be held in UTF-8 text: it becomes a replacement character.
    return _HALF_PAIRS.sub("\ufffd", text)


def _library_quoted(text: str) -> str:
    def escaped(found: re.Match[str]) -> str:
        char = found.group()
        return _SHORT.get(char) or f"\\u{ord(char):04X}"

    return f'"{_LIBRARY_ESCAPES.sub(escaped, text)}"'


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _compact(raw: Any, quoted: Any) -> str:
    """Return plain JSON as text without blanks: keys in the order of the text, the last of equal ones."""
    if isinstance(raw, str):
        return str(quoted(_whole(raw)))
    if isinstance(raw, dict):
        return "{" + ",".join(f"{quoted(_whole(key))}:{_compact(item, quoted)}" for key, item in raw.items()) + "}"
    if isinstance(raw, list):
        return f"[{','.join(_compact(item, quoted) for item in raw)}]"
    return _scalar(raw) if not isinstance(raw, float) or math.isfinite(raw) else "null"


def _scalar(raw: Any) -> str:
    if raw is None:
        return "null"
    if isinstance(raw, bool):
        return "true" if raw else "false"
    return decimals.double_to_text(raw) if isinstance(raw, float) else str(raw)


def _as_text(raw: Any, quoted: Any) -> str | None:
    """Return a JSON value as text: a text as it is, null as null, arrays and objects compact."""
    if raw is None:
        return None
    if isinstance(raw, str):
        return _whole(raw)
    return _compact(raw, quoted) if isinstance(raw, dict | list) else _scalar(raw)


def _text(raw: Any) -> str | None:
    return _as_text(raw, _library_quoted)


def _has_too_large(raw: Any) -> bool:
    """Tell whether a whole number lies beyond long."""
    if isinstance(raw, list):
        return any(map(_has_too_large, raw))
    if isinstance(raw, dict):
        return any(map(_has_too_large, raw.values()))
    return isinstance(raw, int) and not -(2**63) <= raw < 2**63


def _read_whole(text: str, kind: type, name: str, wanted: str) -> Any:
    """Return the plain form of a JSON text of one kind; None where it is no JSON, or a whole number is beyond long."""
    try:
        raw = _read(text)
    except ValueError:
        return None
    if not isinstance(raw, kind):
        shown = text if len(text) <= 60 else text[:57] + "…"
        raise DataError(f"{name} takes a JSON {wanted}, not {shown!r}. Guard it with matches.")
    return None if _has_too_large(raw) else raw


def to_map(text: str) -> str | None:
    """`JsonStringToMap`: the first level of an object as a map of texts; None for what is no JSON.

    >>> to_map('{"n": 1.50, "o": {"b": [1, 2]}}')
    '{"m":{"n":"1.5","o":"{\\\\"b\\\\":[1,2]}"}}'
    """
    raw = _read_whole(text, dict, "JsonStringToMap", "object")
    return None if raw is None else plain_text({"m": {_whole(key): _text(item) for key, item in raw.items()}})


def to_bag(text: str) -> str | None:
    """`JsonStringToBag`: the elements of an array as a bag of texts; None for what is no JSON."""
    raw = _read_whole(text, list, "JsonStringToBag", "array")
    return None if raw is None else plain_text({"g": [[_text(item)] for item in raw]})


def extract(text: str, path: str) -> str | None:
    """`JsonExtract`: what a JSONPath finds as text: one match as it is, several as an array, none as None."""
    try:
        raw = _read(text)
    except ValueError:
        return None
    # A text would be read as JSON once more.
    found = json_paths.find(path, text if isinstance(raw, str) else raw)
    if not found:
        return None
    return _as_text(found[0] if len(found) == 1 else list(found), _quoted)


def to_json(items: list[str]) -> str | None:
    """`ToJson` of a value and, as a second one, whether texts are tried as JSON (default: yes)."""
    value, tries = decode(items[0]), decode(items[1]) if len(items) > 1 else Value(Kind.BOOLEAN, True)
    return None if tries is None else _json_of(value, tries.data)


def _json_of(value: Value | None, tries: bool) -> str:
    if value is None:
        return "null"
    match value.kind:
        case Kind.CHARARRAY:
            return _json_of_text(value.data, tries)
        case Kind.TUPLE:
            return _json_of_row(value.data, tries)
        case Kind.BAG:
            return f"[{','.join(_json_of_row(row, tries) for row in value.data)}]"
        case Kind.MAP:
            return "{" + ",".join(f"{_quoted(key)}:{_json_of(item, tries)}" for key, item in value.data.items()) + "}"
        case _:
            return structures.json_of(value)


def _json_of_row(row: tuple[Value | None, ...], tries: bool) -> str:
    if len(row) != 1:
        raise DataError(f"ToJson takes no tuple of {len(row)} fields. Make a map of it with TOMAP.")
    return _json_of(row[0], tries)


def _json_of_text(text: str, tries: bool) -> str:
    if tries:
        try:
            raw = _read(text)
        except ValueError:
            return _quoted(text)
        if not isinstance(raw, float) or math.isfinite(raw):
            return _compact(raw, _quoted)
    return _quoted(text)
