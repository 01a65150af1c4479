"""The shapes of JSON values in a document, written as JSON Schema and checked with messages for people.

One declaration serves both: the published schema and the validator read the same fragment. A rule that JSON Schema can
say but not explain carries its own words under `MESSAGE`, which `published` leaves out.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Shape = dict[str, Any]

MESSAGE = "x-message"
"""The words of a fragment: what to say where a value does not fit it."""
ANY_KEY: Shape = {"^x-": {}}

ALIAS_PATTERN = "^[A-Za-z][A-Za-z0-9_]*$"
TEXT: Shape = {"type": "string"}
BOOLEAN: Shape = {"type": "boolean"}
EXPRESSION: Shape = {"type": "string", "minLength": 1}
ALIAS: Shape = {"type": "string", "pattern": ALIAS_PATTERN}
NAMES: Shape = {"type": "array", "items": ALIAS, "minItems": 1, "uniqueItems": True}
NAME: Shape = {"type": "string", "minLength": 1, "maxLength": 200, "pattern": "^[^\\n\\r]*$"}
JSON_PATH: Shape = {"type": "string", "pattern": "^\\$"}
EMPTY: Shape = {
    "type": "array",
    "maxItems": 0,
    "description": "Some programs turn an empty object into an empty array.",
}


def choice(*values: str) -> Shape:
    """Return the shape of one of several words."""
    return {"enum": list(values)}


def integer(at_least: int) -> Shape:
    """Return the shape of a whole number."""
    return {"type": "integer", "minimum": at_least}


def number_or_variable(at_least: int) -> Shape:
    """Return the shape of a whole number, or of a text that is one once its variables are replaced."""
    message = f"This must be a whole number of at least {at_least}, or text with a variable"
    return {"anyOf": [integer(at_least), {"type": "string", "pattern": "\\$"}], MESSAGE: message}


def character(*words: str) -> Shape:
    """Return the shape of one character, or one of some words."""
    options = [{"type": "string", "minLength": 1, "maxLength": 1}, *({"const": word} for word in words)]
    return {"anyOf": options, MESSAGE: " or ".join(("This must be one character", *words))}


def record(required: tuple[str, ...], *rules: Shape, **properties: Shape) -> Shape:
    """Return the shape of an object with exactly these keys, and any that begin with `x-`; *rules* hold beside that."""
    made: Shape = {
        "type": "object",
        "properties": properties,
        "required": list(required),
        "patternProperties": ANY_KEY,
        "additionalProperties": False,
    }
    return {**made, "allOf": list(rules)} if rules else made


def a_list(items: Shape) -> Shape:
    """Return the shape of a list with one item at least."""
    return {"type": "array", "items": items, "minItems": 1}


def records(required: tuple[str, ...], *rules: Shape, **properties: Shape) -> Shape:
    """Return the shape of a list of such objects, with one at least."""
    return a_list(record(required, *rules, **properties))


def when(message: str, key: str, *then: str, test: Shape | None = None, **wanted: Shape) -> Shape:
    """Return a rule: where *key* is there (and passes *test*), so are the keys *then*, and *wanted* have their shapes."""
    given: Shape = {"required": [key]} if test is None else {"properties": {key: test}, "required": [key]}
    needed: Shape = {"required": list(then)} if not wanted else {"properties": wanted, "required": list(then)}
    return {"if": given, "then": needed, MESSAGE: message}


def either(message: str, *keys: str) -> Shape:
    """Return a rule: one of some keys at least is there."""
    return {"anyOf": [{"required": [key]} for key in keys], MESSAGE: message}


def not_both(message: str, *keys: str) -> Shape:
    """Return a rule: some keys are not all there."""
    return {"not": {"required": list(keys)}, MESSAGE: message}


ORDER_ITEM: Shape = record(("field",), field=ALIAS, direction=choice("asc", "desc"))
ORDER: Shape = a_list(ORDER_ITEM)

POSITION: Shape = {**record(("x", "y"), x={"type": "number"}, y={"type": "number"}), "type": ["object", "null"]}
NOTE: Shape = {"type": ["string", "null"]}
CONNECTION_ID: Shape = {
    "type": ["integer", "string", "null"],
    "description": "Set in every component by some programs.",
}
CONNECTION: Shape = {
    "oneOf": [
        record(("type", "id"), type={"type": "string", "pattern": "^[a-z][a-z0-9_]*$"}, id=integer(1)),
        record(("name",), name=NAME),
    ],
    MESSAGE: "A connection needs a type and an id, or a name.",
}
PLACE: Shape = record(("connection", "path"), connection=CONNECTION, bucket=TEXT, path=TEXT)
SAVED_PLACE: Shape = record(
    ("connection", "path"),
    connection={
        "anyOf": [*CONNECTION["oneOf"], {"type": "string", "minLength": 1}],
        MESSAGE: "A connection needs a type and an id, or a name",
    },
    bucket=TEXT,
    path=TEXT,
)
"""A place whose connection may be its name alone, as packages in files have it."""
MAPPING: Shape = records(("alias",), alias=ALIAS, column={"type": "string", "minLength": 1}, key=BOOLEAN)
EDGE: Shape = record(
    ("from", "to"),
    **{
        "from": NAME,
        "to": NAME,
        "input": NAME,
        "output": NAME,
        "condition": choice("success", "failure", "completion"),
    },
)
DOCUMENT_NOTE: Shape = record(("text",), text=TEXT, position=POSITION)

COMPARISON = ("text_equals", "text_not_equals", "text_matches", "=", "!=", ">", ">=", "<", "<=")
ALONE = ("text_is_empty", "text_is_not_empty", "is_null", "is_not_null")
CONDITION: Shape = {
    "oneOf": [
        record(("expression",), expression=EXPRESSION),
        record(("left", "operator", "right"), left=EXPRESSION, operator=choice(*COMPARISON), right=TEXT),
        record(("left", "operator"), left=EXPRESSION, operator=choice(*ALONE)),
        record(
            ("match", "conditions"), match=choice("all", "any", "none"), conditions={"$ref": "#/$defs/conditions"}
        ),
    ],
    MESSAGE: "A condition needs 'expression', or 'left' and 'operator', or 'match' and 'conditions'.",
}  # fmt: skip
DEFINITIONS: dict[str, Shape] = {"conditions": a_list(CONDITION)}
"""What a fragment may refer to as `#/$defs/…`: shapes that hold themselves."""
CONDITIONS: Shape = {"$ref": "#/$defs/conditions"}


def kind_of(raw: Any) -> str:
    """Return the word for a JSON value in messages."""
    match raw:
        case None:
            return "null"
        case bool():
            return "a boolean"
        case int() | float():
            return "a number"
        case str():
            return "text"
        case list():
            return "a list"
        case _:
            return "an object"


def show(raw: Any) -> str:
    """Return a value for a message: in full where it is short.

    >>> show("a" * 90)
    "'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa…"
    """
    text = repr(raw) if isinstance(raw, str) else kind_of(raw) if isinstance(raw, list | Mapping) else word_of(raw)
    return text if len(text) <= 60 else text[:57] + "…"


def word_of(raw: Any) -> str:
    """Return null, a boolean or a number as JSON writes it, and a text as it is."""
    return {None: "null", True: "true", False: "false"}[raw] if raw is None or isinstance(raw, bool) else str(raw)


def published(shape: Any) -> Any:
    """Return a fragment as plain JSON Schema, without the words of ours."""
    if isinstance(shape, Mapping):
        return {key: published(value) for key, value in shape.items() if key != MESSAGE}
    return [published(one) for one in shape] if isinstance(shape, list) else shape


def refers(shape: Any) -> bool:
    """Tell whether a fragment refers to one of `DEFINITIONS`."""
    if isinstance(shape, Mapping):
        return "$ref" in shape or any(refers(one) for one in shape.values())
    return isinstance(shape, list) and any(refers(one) for one in shape)
