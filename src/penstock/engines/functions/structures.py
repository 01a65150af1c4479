"""Tuples, bags, maps and values without a declared type, in the canonical text of `penstock.plan.values`."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from penstock.engines.functions import casts, isodate, raw
from penstock.engines.functions import text as texts
from penstock.kit import decimals
from penstock.plan.dtypes import Kind
from penstock.plan.values import Instant, Value, decode, encode, plain_text, tagged, to_float32, to_tagged

Made = TypeVar("Made")


def text_value(text: str | None) -> Value | None:
    """Return a text as a value."""
    return None if text is None else Value(Kind.CHARARRAY, text)


def encode_tuple(items: Sequence[str | None]) -> str:
    """Return the canonical text of a tuple of texts."""
    return encode(Value(Kind.TUPLE, tuple(map(text_value, items))))


def encode_bag(items: Sequence[str]) -> str:
    """Return the canonical text of a bag of one-field tuples of text."""
    return encode(Value(Kind.BAG, tuple((text_value(item),) for item in items)))


def make_tuple(items: list[str]) -> str:
    """Return a tuple of values in canonical text."""
    return encode(Value(Kind.TUPLE, tuple(decode(item) for item in items)))


def make_bag(items: list[str]) -> str:
    """Return a bag: tuples are taken as they are, other values are put into tuples of one field."""
    values = [decode(item) for item in items]
    return encode(Value(Kind.BAG, tuple(one.data if one and one.kind is Kind.TUPLE else (one,) for one in values)))


def make_map(items: list[str]) -> str:
    """Return a map of keys and values in turn; later keys win."""
    values = [decode(item) for item in items]
    pairs = zip(values[::2], values[1::2], strict=True)
    return encode(Value(Kind.MAP, {key.data: value for key, value in pairs if key is not None}))


def map_get(text: str, key: str) -> str | None:
    """Return the value of a key, or None."""
    tag, data = tagged(text)
    return _part(data.get(key)) if tag == "m" else None


def tuple_get(text: str, index: int) -> str | None:
    """Return the value at a position, None where the tuple is shorter; of a bag, a bag of them. Anything else has none."""
    tag, data = tagged(text)
    if tag == "g":
        return project(text, [index])
    return _part(data[index]) if tag == "u" and index < len(data) else None


def _part(item: Any) -> str | None:
    """Return a part of what is tagged as a canonical text of its own, None where it is null."""
    return None if item is None else plain_text(item)


def project(text: str, indexes: list[int]) -> str | None:
    """Return a tuple, or every tuple of a bag, with only some positions."""
    found = decode(text)
    if found is None:
        return None
    if found.kind is Kind.TUPLE:
        return encode(Value(Kind.TUPLE, _pick(found.data, indexes)))
    return encode(Value(Kind.BAG, tuple(_pick(row, indexes) for row in found.data)))


def _pick(row: tuple[Value | None, ...], indexes: list[int]) -> tuple[Value | None, ...]:
    return tuple(row[index] if index < len(row) else None for index in indexes)


def bag_rows(text: str) -> list[str] | None:
    """Return the tuples of a bag, each in canonical text; what is no bag is one tuple."""
    tag, data = tagged(text)
    if tag == "g":
        return [plain_text({"u": row}) for row in data]
    if tag == "u":
        return [text]
    found = decode(text)
    return None if found is None else [encode(Value(Kind.TUPLE, (found,)))]


def size(text: str) -> int | None:
    """Return fields of a tuple, tuples of a bag, keys of a map, units of a text, bytes of binary, 1 for the others."""
    tag, data = tagged(text)
    if tag in ("g", "u", "m"):
        return len(data)
    found = decode(text)
    if found is None:
        return None
    if found.kind is Kind.CHARARRAY:
        return texts.length(found.data)
    return len(found.data) if found.kind is Kind.BYTEARRAY else 1


def json_of(value: Value | None) -> str:
    """Return a value as JSON text: a tuple of one field is its value, of several an array; a bag is an array. Numbers stand
    as Java prints them, what JSON has no number for in quotes."""
    if value is None:
        return "null"
    match value.kind:
        case Kind.TUPLE:
            return _json_row(value.data)
        case Kind.BAG:
            return f"[{','.join(map(_json_row, value.data))}]"
        case Kind.MAP:
            return "{" + ",".join(f"{_quoted(key)}:{json_of(item)}" for key, item in value.data.items()) + "}"
        case Kind.BOOLEAN | Kind.INT | Kind.LONG:
            return value_to_text(value)
        case Kind.FLOAT | Kind.DOUBLE if math.isfinite(value.data):
            return value_to_text(value)
        case _:
            return _quoted(value_to_text(value))


def _json_row(row: tuple[Value | None, ...]) -> str:
    return json_of(row[0]) if len(row) == 1 else f"[{','.join(map(json_of, row))}]"


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def to_json(text: str) -> str:
    """Return a structure as JSON text for people and files."""
    return json_of(decode(text))


def from_json(raw: Any) -> str:
    """Return plain JSON as canonical text: objects are maps, arrays bags whose elements stand in tuples of one; whole numbers
    are long, beyond its range and with a point double.

    >>> from_json({"n": [1, 2.5]})
    '{"m":{"n":{"g":[[{"l":1}],[{"d":2.5}]]}}}'
    """
    return plain_text(_tagged_json(raw))


def _tagged_json(raw: Any) -> Any:
    # Without a Value for each part: whole columns of JSON take this way.
    if raw is None or isinstance(raw, str | bool):
        return raw
    if isinstance(raw, dict):
        return {"m": {key: _tagged_json(item) for key, item in raw.items()}}
    if isinstance(raw, list):
        return {"g": [[_tagged_json(item)] for item in raw]}
    if isinstance(raw, int) and -(2**63) <= raw < 2**63:
        return {"l": raw}
    return to_tagged(Value(Kind.DOUBLE, _double(raw)))


def _double(number: float) -> float:
    try:
        return float(number)
    except OverflowError:
        return math.inf if number > 0 else -math.inf


def _bytes_text(value: Value) -> str:
    return texts.from_utf8(value.data)


def to_text(text: str) -> str | None:
    """Cast a value without a declared type to text."""
    tag, data = tagged(text)
    if tag in ("i", "l"):
        return str(data)
    if tag == "" and isinstance(data, str):
        return data
    value = decode(text)
    return None if value is None else value_to_text(value)


def value_to_text(value: Value) -> str:
    """Return any value as text, as `(chararray)` gives it."""
    match value.kind:
        case Kind.CHARARRAY:
            return str(value.data)
        case Kind.BOOLEAN:
            return "true" if value.data else "false"
        case Kind.INT | Kind.LONG:
            return str(value.data)
        case Kind.FLOAT:
            return decimals.float_to_text(value.data)
        case Kind.DOUBLE:
            return decimals.double_to_text(value.data)
        case Kind.DATETIME:
            return isodate.print_iso(value.data.ms, value.data.offset)
        case Kind.BYTEARRAY:
            return _bytes_text(value)
        case _:
            return json_of(value)


def _number(text: str) -> Value | None:
    """The value where it is one that can be a number: datetimes are their milliseconds, booleans 1 or 0."""
    value = decode(text)
    if value is None or value.kind in (Kind.TUPLE, Kind.BAG, Kind.MAP):
        return None
    if value.kind is Kind.DATETIME:
        return Value(Kind.LONG, value.data.ms)
    if value.kind is Kind.BOOLEAN:
        return Value(Kind.INT, int(value.data))
    return value


def to_int(text: str) -> int | None:
    """Cast a value without a declared type to int."""
    return _converted(_number(text), casts.text_to_int, raw.bytes_to_int, casts.double_to_int, casts.wrap_int)


def to_long(text: str) -> int | None:
    """Cast a value without a declared type to long."""
    return _converted(_number(text), casts.text_to_long, raw.bytes_to_long, casts.double_to_long, int)


def to_double(text: str) -> float | None:
    """Cast a value without a declared type to double."""
    return _converted(_number(text), casts.parse_double, casts.parse_double, float, float)


def to_float(text: str) -> float | None:
    """Cast a value without a declared type to float."""
    return _converted(_number(text), casts.parse_float, casts.parse_float, to_float32, casts.long_to_float)


def to_boolean(text: str) -> bool | None:
    """Cast a value without a declared type to boolean."""
    return _converted(_number(text), casts.text_to_boolean, raw.bytes_to_boolean, _is_not_zero, _is_not_zero)


def _is_not_zero(number: float) -> bool:
    return number != 0


def _converted(
    value: Value | None,
    from_text: Callable[[str], Made | None],
    from_bytes: Callable[[str], Made | None],
    from_real: Callable[[float], Made],
    from_whole: Callable[[int], Made],
) -> Made | None:
    if value is None:
        return None
    match value.kind:
        case Kind.CHARARRAY:
            return from_text(value.data)
        case Kind.BYTEARRAY:
            return from_bytes(_bytes_text(value))
        case Kind.FLOAT | Kind.DOUBLE:
            return from_real(value.data)
        case _:
            return from_whole(value.data)


def to_datetime(text: str, zone_minutes: int) -> tuple[int, int] | None:
    """Cast a value without a declared type to datetime; text that is none raises DataError, bytes that are none are null."""
    value = decode(text)
    if value is None or value.kind in (Kind.TUPLE, Kind.BAG, Kind.MAP, Kind.BOOLEAN):
        return None
    if value.kind is Kind.DATETIME:
        return value.data.ms, value.data.offset
    if value.kind is Kind.CHARARRAY:
        return isodate.parse_iso(value.data, zone_minutes)
    if value.kind is Kind.BYTEARRAY:
        return raw.bytes_to_datetime(_bytes_text(value), zone_minutes)
    number = value.data
    return (casts.double_to_long(number) if isinstance(number, float) else number), zone_minutes


def to_structure(text: str, kind: str) -> str | None:
    """Cast a value without a declared type to map, bag or tuple: itself when it is one, else None."""
    value = decode(text)
    return text if value is not None and value.kind.value == kind else None


def key_text(text: str) -> str:
    """Return a text that is equal for equal structures: maps have no key order, datetimes are equal by instant."""
    return canonical_text(decode(text))


def canonical_text(value: Value | None) -> str:
    """Return a text that is equal for equal values of any kind; as `key_text`."""
    return encode(_canonical(value))


def _canonical(value: Value | None) -> Value | None:
    if value is None:
        return None
    match value.kind:
        case Kind.TUPLE:
            return Value(Kind.TUPLE, tuple(map(_canonical, value.data)))
        case Kind.BAG:
            rows = [tuple(map(_canonical, row)) for row in value.data]
            return Value(Kind.BAG, tuple(sorted(rows, key=lambda row: encode(Value(Kind.TUPLE, row)))))
        case Kind.MAP:
            return Value(Kind.MAP, {key: _canonical(value.data[key]) for key in sorted(value.data)})
        case Kind.DATETIME:
            return Value(Kind.DATETIME, Instant(value.data.ms))
        case _:
            return value
