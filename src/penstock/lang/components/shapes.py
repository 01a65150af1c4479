"""The shapes of property values, written as JSON Schema and checked with messages for people.

One declaration serves both: the published schema and the validator read the same fragment.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from penstock.lang.document.reader import kind_of

Shape = dict[str, Any]

ALIAS_PATTERN = "^[A-Za-z][A-Za-z0-9_]*$"
TEXT: Shape = {"type": ["string", "number"]}
BOOLEAN: Shape = {"type": "boolean"}
ALIAS: Shape = {"type": "string", "pattern": ALIAS_PATTERN}
NAMES: Shape = {"type": "array", "items": ALIAS, "minItems": 1, "uniqueItems": True}
EXPRESSION: Shape = {"type": "string", "minLength": 1}


def choice(*values: str) -> Shape:
    """Return the shape of one of several words."""
    return {"enum": list(values)}


def integer(at_least: int) -> Shape:
    """Return the shape of a whole number."""
    return {"type": "integer", "minimum": at_least}


def character(*words: str) -> Shape:
    """Return the shape of one character, or one of some words."""
    return {"anyOf": [{"type": "string", "minLength": 1, "maxLength": 1}, *({"const": word} for word in words)]}


def record(required: tuple[str, ...], **properties: Shape) -> Shape:
    """Return the shape of an object with exactly these keys, and any that begin with `x-`."""
    return {
        "type": "object",
        "properties": properties,
        "required": list(required),
        "patternProperties": {"^x-": {}},
        "additionalProperties": False,
    }


def records(required: tuple[str, ...], **properties: Shape) -> Shape:
    """Return the shape of a list of such objects, with one at least."""
    return {"type": "array", "items": record(required, **properties), "minItems": 1}


ORDER: Shape = records(("field",), field=ALIAS, direction=choice("asc", "desc"))

_WORDS = {
    "string": "text", "number": "a number", "integer": "a whole number", "boolean": "true or false", "array": "a list",
    "object": "an object", "null": "null",
}  # fmt: skip


def faults(value: Any, shape: Mapping[str, Any], path: str) -> Iterator[tuple[str, str]]:
    """Yield (path, message) for every way in which a value does not have a shape."""
    if "const" in shape and value != shape["const"]:
        yield path, f"This must be {shape['const']!r}."
    elif "enum" in shape and value not in shape["enum"]:
        yield path, f"This must be one of {', '.join(map(str, shape['enum']))}; it is {_show(value)}."
    elif "anyOf" in shape:
        if not any(next(faults(value, one, path), None) is None for one in shape["anyOf"]):
            words = [one["const"] for one in shape["anyOf"] if "const" in one]
            yield (
                path,
                f"This must be one character{' or ' + ' or '.join(words) if words else ''}; it is {_show(value)}.",
            )
    elif "type" in shape:
        types = shape["type"] if isinstance(shape["type"], list) else [shape["type"]]
        if not any(_is(value, word) for word in types):
            yield path, f"This must be {' or '.join(_WORDS[word] for word in types)}, not {kind_of(value)}."
        else:
            yield from _details(value, shape, path)


def _is(value: Any, word: str) -> bool:
    match word:
        case "string":
            return isinstance(value, str)
        case "boolean":
            return isinstance(value, bool)
        case "integer":
            return isinstance(value, int) and not isinstance(value, bool)
        case "number":
            return isinstance(value, int | float) and not isinstance(value, bool)
        case "array":
            return isinstance(value, list)
        case "null":
            return value is None
        case _:
            return isinstance(value, Mapping)


def _details(value: Any, shape: Mapping[str, Any], path: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, str):
        yield from _text(value, shape, path)
    elif isinstance(value, list):
        yield from _items(value, shape, path)
    elif isinstance(value, Mapping):
        yield from _members(value, shape, path)
    elif "minimum" in shape and not isinstance(value, bool) and value < shape["minimum"]:
        yield path, f"This must be at least {shape['minimum']}, it is {value}."


def _text(value: str, shape: Mapping[str, Any], path: str) -> Iterator[tuple[str, str]]:
    if len(value) < shape.get("minLength", 0):
        yield path, "This must not be empty."
    elif "maxLength" in shape and len(value) > shape["maxLength"]:
        yield path, f"This must be {shape['maxLength']} character long, it is {_show(value)}."
    elif shape.get("pattern") == ALIAS_PATTERN and not re.fullmatch(r"[A-Za-z][A-Za-z0-9_]*", value):
        yield path, f"{_show(value)} is no field name: a letter, then letters, digits and underscores."


def _items(value: list[Any], shape: Mapping[str, Any], path: str) -> Iterator[tuple[str, str]]:
    if len(value) < shape.get("minItems", 0):
        yield path, "This list must not be empty."
    if shape.get("uniqueItems") and len({repr(item) for item in value}) < len(value):
        yield path, "This list names something twice."
    for index, item in enumerate(value):
        yield from faults(item, shape.get("items", {}), f"{path}[{index}]")


def _members(value: Mapping[str, Any], shape: Mapping[str, Any], path: str) -> Iterator[tuple[str, str]]:
    known = shape.get("properties", {})
    for key in shape.get("required", ()):
        if key not in value:
            yield path, f"'{key}' is missing."
    for key, item in value.items():
        if key in known:
            yield from faults(item, known[key], f"{path}.{key}")
        elif shape.get("additionalProperties") is False and not key.startswith("x-"):
            yield f"{path}.{key}", f"There is no key '{key}' here; known: {', '.join(known)}."


def _show(value: Any) -> str:
    text = repr(value) if isinstance(value, str) else kind_of(value) if isinstance(value, list | dict) else str(value)
    return text if len(text) <= 60 else text[:57] + "…"
