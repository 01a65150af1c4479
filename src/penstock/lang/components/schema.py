"""JSON Schema of every component's properties, generated from the specs."""

from __future__ import annotations

from typing import Any

from penstock.lang.components.spec import REQUIRED, Component
from penstock.lang.components.table import COMPONENTS


def properties_schema(kind: Component) -> dict[str, Any]:
    """Return the JSON Schema of the `properties` object of a component kind."""
    made: dict[str, Any] = {
        "type": "object",
        "title": kind.title,
        "description": kind.help,
        "properties": {},
        "required": [prop.name for prop in kind.properties if prop.default is REQUIRED],
        "patternProperties": {"^x-": {}},
        "additionalProperties": False,
    }
    for prop in kind.properties:
        shape = {**prop.shape, "description": prop.help}
        if prop.default is not REQUIRED and prop.default is not None:
            shape["default"] = prop.default
        made["properties"][prop.name] = shape
    return made


def json_schemas() -> dict[str, dict[str, Any]]:
    """Return wire type to the JSON Schema of its properties."""
    return {name: properties_schema(kind) for name, kind in COMPONENTS.items()}
