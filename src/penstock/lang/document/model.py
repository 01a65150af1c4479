"""The document as values: components as they were given, and edges between their ids."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class ComponentNode:
    """One component of the document. *keys* holds everything beside id, type, name and properties, as given."""

    id: str
    type: str
    name: str
    properties: Mapping[str, Any]
    keys: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Edge:
    """A link from one component to another, by ids; *input* and *output* where they are named."""

    source: str
    target: str
    input: str | None = None
    output: str | None = None


@dataclass(frozen=True, slots=True)
class Document:
    """Components in document order, and edges."""

    components: tuple[ComponentNode, ...]
    edges: tuple[Edge, ...]
