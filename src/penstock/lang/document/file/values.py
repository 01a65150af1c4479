"""Values of a file as JSON: what a bare word is depends on its place, never on its looks."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

from penstock.lang.document.file.nodes import Mapping, Node, Scalar
from penstock.lang.document.file.spelling import is_text, items_of, members
from penstock.lang.document.shapes import Shape

_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?")
_WORDS: dict[str, Any] = {"true": True, "false": False, "null": None}
LONGEST_NUMBER = 400

Seen = Callable[[str, Node], None]
"""Is told the path of every part."""


def _unseen(_path: str, _node: Node) -> None:
    return None


def word(node: Scalar) -> Any:
    """Return what a scalar is where anything may stand: JSON's words and numbers where it is bare, else text.

    >>> from penstock.lang.document.file.nodes import Mark
    >>> [word(Scalar(text, True, Mark(1, 1, 0))) for text in ("true", "1.5", "010", "no", "1_000")]
    [True, 1.5, '010', 'no', '1_000']
    """
    if not node.plain:
        return node.text
    if node.text == "":
        return None
    if node.text in _WORDS:
        return _WORDS[node.text]
    if len(node.text) <= LONGEST_NUMBER and _NUMBER.fullmatch(node.text):
        number = json.loads(node.text)
        return node.text if isinstance(number, float) and number - number != 0 else number
    return node.text


def text(node: Node) -> Any:
    """Return what stands where a text is meant: of a scalar its characters, as they stand; nothing at all is null."""
    if isinstance(node, Scalar):
        return None if node.plain and node.text == "" else node.text
    return value(node, {}, "", _unseen)


def value(node: Node, shape: Shape, path: str, seen: Seen) -> Any:
    """Return a part of a file as a JSON value; *shape* is what its place takes."""
    seen(path, node)
    if isinstance(node, Scalar):
        return text(node) if is_text(shape) else word(node)
    if isinstance(node, Mapping):
        made = {}
        for key, inner in node.entries:
            item = value(inner, members(shape, key.text), f"{path}.{key.text}", seen)
            seen(f"{path}.{key.text}", key)
            # A place names its connection as a component does, by the name alone.
            made[key.text] = {"name": item} if key.text == "connection" and isinstance(item, str) else item
        return made
    return [value(item, items_of(shape), f"{path}[{index}]", seen) for index, item in enumerate(node.items)]
