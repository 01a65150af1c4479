"""What the spelling in files must know of a component kind: which keys stand beside its properties, shapes, defaults."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from penstock.lang.document.shapes import DEFINITIONS, Shape

SUFFIX = "_component"
TASKS = frozenset({"run_package_component", "execute_sql_component", "file_mover_component"})
PACKAGE_KEYS = ("name", "description", "flow_type", "variables", "secret_variables", "data_flow_json", "raw_data")
"""Attributes of a package that a file spells in its own way."""
INPUTS = ("input", "inputs", "left", "right", "after")
RESERVED = ("name", "type", *INPUTS, "connection")
_JOINS = ("join_component", "cross_join_component")


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind: *keys* stand beside `properties`; *properties* have shapes, in order; a missing one has its default.
    *known* is False for a kind that is not built: shapes of its properties are not known then."""

    keys: Mapping[str, Shape]
    properties: Mapping[str, Shape] = field(default_factory=dict)
    defaults: Mapping[str, Any] = field(default_factory=dict)
    known: bool = True

    def has(self, name: str) -> bool:
        """Tell whether a property may exist."""
        return name in self.properties or not self.known


Kinds = Mapping[str, Kind]


def kind_of(kinds: Kinds, type: str) -> Kind:
    """Return a kind; of one that is not built what its name says."""
    if type in kinds:
        return kinds[type]
    keys: dict[str, Shape] = {"connection": {}}
    if type.endswith("_source_component"):
        keys["fields"] = {}
    if type.endswith("_destination_component"):
        keys["mapping"] = {}
    if type in TASKS:
        keys["join_condition"] = {}
    return Kind(keys, known=False)


def short_form(type: str, kind: Kind, name: str) -> str | None:
    """Return which short form the items of a property have in files, or None."""
    if not kind.has(name):
        return None
    match name:
        case "order_by" | "functions" | "groupings" | "conditions":
            return name
        case "fields" if type == "select_component" or type in _JOINS:
            return "select" if type == "select_component" else "join"
        case "keys" if type == "join_component":
            return "pairs"
        case "variables" if type == "run_package_component":
            return "variables"
        case _:
            return None


def is_text(shape: Shape) -> bool:
    """Tell whether a shape takes text and nothing else, so that a bare `no` or `1e3` in its place is a text."""
    if "$ref" in shape:
        return is_text(DEFINITIONS[shape["$ref"].rpartition("/")[2]])
    if "const" in shape:
        return isinstance(shape["const"], str)
    if "enum" in shape:
        return all(isinstance(one, str) for one in shape["enum"])
    for word in ("anyOf", "oneOf"):
        if word in shape:
            return all(is_text(one) for one in shape[word])
    return shape.get("type") == "string"


def members(shape: Shape, key: str) -> Shape:
    """Return the shape of a key of an object; `{}`, which takes anything, where variants disagree."""
    if "$ref" in shape:
        return members(DEFINITIONS[shape["$ref"].rpartition("/")[2]], key)
    for word in ("oneOf", "anyOf"):
        if word in shape:
            found = [made for one in shape[word] if (made := members(one, key))]
            return found[0] if found and all(is_text(one) == is_text(found[0]) for one in found) else {}
    made = shape.get("properties", {}).get(key)
    if made is None and isinstance(shape.get("additionalProperties"), dict):
        made = shape["additionalProperties"]
    return dict(made) if made is not None else {}


def items_of(shape: Shape) -> Shape:
    """Return the shape of the items of a list."""
    if "$ref" in shape:
        return items_of(DEFINITIONS[shape["$ref"].rpartition("/")[2]])
    return dict(shape.get("items", {}))


CALL = re.compile(r"\s*([A-Za-z_][A-Za-z0-9_]*)\s*\((.*)\)\s*", re.DOTALL)
WORD = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
ORDER = re.compile(r"(\S+)(?:\s+(asc|desc))?")
SIDE = re.compile(r"(left|right)\.(.+)", re.DOTALL)
CONDITIONS = ("success", "failure", "completion")
GROUPS = ("all", "any", "none")
