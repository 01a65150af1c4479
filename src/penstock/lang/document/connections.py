"""Which connections a document names (components reference 2.2): read alike by the compiler and by whoever binds them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from penstock.lang.document.model import ComponentNode, Document

_UNIQUE_ID = re.compile(r"[A-Z0-9_]+_CONNECTION_\d+")
_SAME = {"google_sheets": "googlesheets", "facebook_ads_insights": "facebookadsinsights"}
"""Types as components are described with them, and the wire's words for the same."""
_FILE_STORAGE = ("cloud_storage_source_component", "cloud_storage_destination_component")


def connection_key(node: ComponentNode) -> str | None:
    """Return a connection's unique id, or its name where it is not bound; None where a component names none.

    The id that some programs set in every component takes the place of a file storage's own, and says nothing elsewhere.

    >>> connection_key(ComponentNode("1", "x", "x", {}, {"connection": {"type": "file", "id": 3}}))
    'FILE_CONNECTION_3'
    """
    raw = node.keys.get("connection")
    kind = raw.get("type") if isinstance(raw, Mapping) else None
    set_id = _number(node.keys.get("cloud_storage_connection_id"))
    if set_id is not None and node.type in _FILE_STORAGE:
        return set_id if _UNIQUE_ID.fullmatch(set_id) else f"{_word(kind) or 'FILE'}_CONNECTION_{set_id}"
    if isinstance(raw, str):
        return raw or None
    if not isinstance(raw, Mapping):
        return None
    number, name = _number(raw.get("id")), raw.get("name")
    if number is not None and _word(kind) is not None:
        return f"{_word(kind)}_CONNECTION_{number}"
    return name if isinstance(name, str) and name else None


def place_key(raw: Any) -> str | None:
    """Return the connection of a place, as `connection_key` does that of a component."""
    inside = raw.get("connection") if isinstance(raw, Mapping) else None
    return None if inside is None else connection_key(ComponentNode("", "", "", {}, {"connection": inside}))


def connection_keys(document: Document) -> tuple[str, ...]:
    """Return every connection that a document names, once, in document order: those of components and of their places."""
    found = (
        key
        for node in document.components
        for key in (connection_key(node), *(place_key(value) for value in node.properties.values()))
    )
    return tuple(dict.fromkeys(key for key in found if key is not None))


def texts_of(document: Document) -> Iterator[str]:
    """Yield every text in the components of a document: expressions, and all else."""
    waiting: list[Any] = [value for node in document.components for value in (node.keys, node.properties)]
    while waiting:
        value = waiting.pop()
        if isinstance(value, str):
            yield value
        elif isinstance(value, Mapping):
            waiting.extend(value.values())
        elif isinstance(value, list | tuple):
            waiting.extend(value)


def _word(kind: object) -> str | None:
    return _SAME.get(kind, kind).upper() if isinstance(kind, str) and kind else None


def _number(raw: object) -> str | None:
    if isinstance(raw, bool) or not isinstance(raw, int | str):
        return None
    return str(raw) or None
