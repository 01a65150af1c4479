"""Finds where a JSON value has not the shape it should: codes, places and words for people."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from penstock.lang.check import codes_package as codes
from penstock.lang.check.codes import Code
from penstock.lang.check.report import did_you_mean
from penstock.lang.document.shapes import ALIAS_PATTERN, DEFINITIONS, MESSAGE, NAME, Shape, kind_of, show, word_of

MAX_DEPTH = 40
"""How often a shape is looked at inside itself; whoever reads the value refuses what is nested so deeply."""
_LIMITS = {"maxLength", "pattern", "allOf"}
_REQUIRED = {"required"}
_WORDS = {
    "string": "text", "number": "a number", "integer": "a whole number", "boolean": "true or false", "array": "a list",
    "object": "an object", "null": "null",
}  # fmt: skip
_MEANT = {
    **dict.fromkeys(("yes", "on", "true", "y", "1"), "Write true, without quotes."),
    **dict.fromkeys(("no", "off", "false", "n", "0"), "Write false, without quotes."),
}
"""What texts mean that people write for booleans."""
_PATTERNS = {
    ALIAS_PATTERN: "cannot be a field name: a letter, then letters, digits and underscores.",
    NAME["pattern"]: "holds a line break; a name is one line.",
    "^\\$": "is no JSONPath: it begins with '$'.",
    "\\$": "is no number and holds no variable.",
    "^[a-z][a-z0-9_]*$": "is no type of a connection, such as 'file'.",
}


@dataclass(frozen=True, slots=True)
class Fault:
    """One way in which a value does not fit: where, of which kind, and what to say."""

    path: str
    message: str
    code: type[Code] = codes.WrongShape
    hint: str | None = None


def faults(value: Any, shape: Mapping[str, Any], path: str, depth: int = 0) -> Iterator[Fault]:
    """Yield every way in which a value does not have a shape."""
    if "type" in shape:
        yield from _plain(value, shape, path, depth)
    elif "$ref" in shape:
        if depth < MAX_DEPTH:
            yield from faults(value, DEFINITIONS[shape["$ref"].rpartition("/")[2]], path, depth + 1)
    elif "const" in shape:
        if not _same(value, shape["const"]):
            yield Fault(path, f"This must be {word_of(shape['const'])}; it is {show(value)}.")
    elif "enum" in shape:
        if not any(_same(value, one) for one in shape["enum"]):
            yield _no_choice(value, shape["enum"], path)
    elif "oneOf" in shape:
        yield from _one_of(value, shape, path, depth)
    elif "anyOf" in shape or "not" in shape or "if" in shape:
        yield from _rule(value, shape, path, depth)
    else:
        yield from _plain(value, shape, path, depth)


def _rule(value: Any, shape: Mapping[str, Any], path: str, depth: int) -> Iterator[Fault]:
    message = shape.get(MESSAGE, "This does not fit.")
    if "anyOf" in shape:
        if not any(fits(value, one, depth) for one in shape["anyOf"]):
            is_value = not isinstance(value, Mapping)
            code = codes.WrongShape if is_value else codes.MissingProperty
            yield Fault(path, f"{message}; it is {show(value)}." if is_value else message, code)
    elif "not" in shape:
        if fits(value, shape["not"], depth):
            yield Fault(path, message)
    elif fits(value, shape["if"], depth) and not fits(value, shape["then"], depth):
        yield Fault(f"{path}.{shape['if']['required'][0]}", message, codes.MissingProperty)


def fits(value: Any, shape: Mapping[str, Any], depth: int = 0) -> bool:
    """Tell whether a value has a shape."""
    if shape.keys() == _REQUIRED:  # so are most of the rules
        return not isinstance(value, Mapping) or all(key in value for key in shape["required"])
    return next(faults(value, shape, "", depth), None) is None


def _plain(value: Any, shape: Mapping[str, Any], path: str, depth: int) -> Iterator[Fault]:
    types = shape.get("type", [])
    types = types if isinstance(types, list) else [types]
    if types and not any(_is(value, word) for word in types):
        hint = _MEANT.get(value.lower()) if types == ["boolean"] and isinstance(value, str) else None
        yield Fault(
            path, f"This must be {' or '.join(_WORDS[word] for word in types)}, not {kind_of(value)}.", hint=hint
        )
        return
    if isinstance(value, str):
        yield from _text(value, shape, path)
    elif isinstance(value, list):
        yield from _items(value, shape, path, depth)
    elif isinstance(value, Mapping):
        yield from _members(value, shape, path, depth)
    elif _is(value, "number"):
        yield from _size(value, shape, path)
    for rule in shape.get("allOf", ()):
        yield from faults(value, rule, path, depth)


def _size(value: float, shape: Mapping[str, Any], path: str) -> Iterator[Fault]:
    if value < shape.get("minimum", value):
        yield Fault(path, f"This must be at least {shape['minimum']}, it is {show(value)}.")
    if value > shape.get("maximum", value):
        yield Fault(path, f"This must be at most {shape['maximum']}, it is {show(value)}.")


def _is(value: Any, word: str) -> bool:
    match word:
        case "string":
            return isinstance(value, str)
        case "boolean":
            return isinstance(value, bool)
        case "integer":
            return not isinstance(value, bool) and (isinstance(value, int) or _is_whole(value))
        case "number":
            return isinstance(value, int | float) and not isinstance(value, bool)
        case "array":
            return isinstance(value, list)
        case "null":
            return value is None
        case _:
            return isinstance(value, Mapping)


def _is_whole(value: Any) -> bool:
    return isinstance(value, float) and value.is_integer()


def _same(value: Any, other: Any) -> bool:
    """JSON's equality: true is not 1."""
    return isinstance(value, bool) is isinstance(other, bool) and bool(value == other)


def _no_choice(value: Any, words: Sequence[Any], path: str) -> Fault:
    hint = did_you_mean(value, [word for word in words if isinstance(word, str)]) if isinstance(value, str) else None
    hint = hint if hint is not None and hint.startswith("Did") else None
    return Fault(path, f"This must be one of {', '.join(map(str, words))}; it is {show(value)}.", hint=hint)


@cache
def _pattern(text: str) -> re.Pattern[str]:
    # Where JSON Schema says the end, Python's `$` would also stand before a last line break.
    return re.compile(text[:-1] + r"\Z" if text.endswith("$") and not text.endswith("\\$") else text)


def _text(value: str, shape: Mapping[str, Any], path: str) -> Iterator[Fault]:
    if len(value) < shape.get("minLength", 0):
        yield Fault(path, "This must not be empty.")
    elif len(value) > shape.get("maxLength", len(value)):
        yield Fault(path, f"This has {len(value)} characters; {shape['maxLength']} are allowed.")
    elif "pattern" in shape and not _pattern(shape["pattern"]).search(value):
        code = codes.BadAlias if shape["pattern"] == ALIAS_PATTERN else codes.WrongShape
        yield Fault(path, f"{show(value)} {_PATTERNS[shape['pattern']]}", code)


def _items(value: list[Any], shape: Mapping[str, Any], path: str, depth: int) -> Iterator[Fault]:
    if len(value) < shape.get("minItems", 0):
        yield Fault(path, "This list must not be empty.")
    if shape.get("uniqueItems") and len({repr(item) for item in value}) < len(value):
        twice = next(item for index, item in enumerate(value) if item in value[:index])
        yield Fault(path, f"This list names {show(twice)} twice.")
    if len(value) > shape.get("maxItems", len(value)):
        yield Fault(path, f"This list has {len(value)} items; {shape['maxItems']} are allowed.")
    first = shape.get("prefixItems", ())
    for index, item in enumerate(value):
        wanted = first[index] if index < len(first) else shape.get("items", {})
        yield from faults(item, wanted, f"{path}[{index}]", depth)


def _members(value: Mapping[str, Any], shape: Mapping[str, Any], path: str, depth: int) -> Iterator[Fault]:
    known = shape.get("properties", {})
    for key in shape.get("required", ()):
        if key not in value:
            yield Fault(path, f"'{key}' is missing{_beside(value, known)}.", codes.MissingProperty)
    for key, item in value.items():
        if key in known:
            if not _is_plain_text(item, known[key]):
                yield from faults(item, known[key], f"{path}.{key}", depth)
        elif shape.get("additionalProperties") is False and not key.startswith("x-"):
            message = f"There is no key {show(key)} here{_beside(value, known)}."
            yield Fault(f"{path}.{key[:80]}", message, codes.UnknownProperty, did_you_mean(key, known))


def _is_plain_text(value: Any, shape: Mapping[str, Any]) -> bool:
    """Tell at once that a text fits where any text does: so is most of a document."""
    anything = shape.get("type") == "string" and shape.get("minLength", 0) <= 1 and not shape.keys() & _LIMITS
    return anything and isinstance(value, str) and value != ""


def _beside(value: Mapping[str, Any], known: Mapping[str, Shape]) -> str:
    """Return what of a value decides which keys it has, such as " with operator 'is_null'"."""
    for key in ("function", "operator"):
        if key in known and isinstance(value.get(key), str) and fits(value[key], known[key]):
            return f" with {key} '{value[key]}'"
    return ""


def _one_of(value: Any, shape: Mapping[str, Any], path: str, depth: int) -> Iterator[Fault]:
    """Say what is wrong with the variant that was most likely meant."""
    options: Sequence[Mapping[str, Any]] = shape["oneOf"]
    if not isinstance(value, Mapping):
        yield from faults(value, options[0], path, depth)
        return
    known = {key for one in options for key in one["properties"]}
    if not known & value.keys():
        yield Fault(path, shape[MESSAGE], codes.MissingProperty)
        return
    meant = min(options, key=lambda one: _distance(value, one))
    for key, wanted in meant["properties"].items():
        every = [one["properties"][key] for one in options if key in one["properties"]]
        if key in value and _tells(wanted) and not any(fits(value[key], one) for one in every):
            words = dict.fromkeys(word for one in every for word in one.get("enum", (one.get("const"),)))
            yield _no_choice(value[key], list(words), f"{path}.{key}")
            return
    yield from faults(value, meant, path, depth)


def _tells(shape: Mapping[str, Any]) -> bool:
    return "const" in shape or "enum" in shape


def _distance(value: Mapping[str, Any], shape: Mapping[str, Any]) -> tuple[int, int]:
    known = shape["properties"]
    unknown = sum(key not in known and not key.startswith("x-") for key in value)
    missing = sum(key not in value for key in shape["required"])
    other = sum(key in value and _tells(one) and not fits(value[key], one) for key, one in known.items())
    return unknown + missing + 2 * other, missing
