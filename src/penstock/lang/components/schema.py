"""JSON Schema of every component's properties, generated from the specs."""

from __future__ import annotations

from typing import Any

from penstock.lang.components.spec import REQUIRED, Component
from penstock.lang.components.table import COMPONENTS
from penstock.lang.document.shapes import ANY_KEY, DEFINITIONS, EMPTY, published, refers


def properties_schema(kind: Component) -> dict[str, Any]:
    """Return the JSON Schema of the `properties` object of a component kind.

    Where nothing is required an empty list will do as well: some programs write an empty object so.
    """
    made: dict[str, Any] = {
        "type": "object",
        "properties": {},
        "required": [one.name for one in kind.properties if one.default is REQUIRED and one.unless is None],
        "patternProperties": ANY_KEY,
        "additionalProperties": False,
    }
    for prop in kind.properties:
        shape = {**prop.shape, "description": prop.help}
        if prop.default is not REQUIRED and prop.default is not None:
            shape["default"] = prop.default
        made["properties"][prop.name] = shape
    instead = [
        {"anyOf": [{"required": [one.name]}, {"required": [one.unless]}]} for one in kind.properties if one.unless
    ]
    if kind.rules or instead:
        made["allOf"] = [*kind.rules, *instead]
    elif not made["required"]:
        made = {"anyOf": [made, EMPTY]}
    # An address of its own, so that what it refers to is found wherever the schema is put.
    head = {"$id": f"urn:penstock:properties:{kind.type}", "title": kind.title, "description": kind.help}
    defined = {"$defs": DEFINITIONS} if refers(made) else {}
    return dict(published({**head, **made, **defined}))


def json_schemas() -> dict[str, dict[str, Any]]:
    """Return wire type to the JSON Schema of its properties."""
    return {name: properties_schema(kind) for name, kind in COMPONENTS.items()}
