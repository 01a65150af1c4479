"""Bracketed names of forms and queries, `job[variables][a]=b`, as a tree of maps, lists and texts."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl

from penstock.errors import BadRequest

_DEEPEST = 16
_MOST_PAIRS = 20_000
_MAPS = frozenset({"variables", "dynamic_variables"})
"""Maps whose keys are the caller's own names, so that numeric ones are names too."""


def read_pairs(text: bytes) -> list[tuple[str, str]]:
    """Return the name and value pairs of a query string or a form body, percent-decoded, in order."""
    try:
        return parse_qsl(text.decode("utf-8"), keep_blank_values=True, errors="strict", max_num_fields=_MOST_PAIRS)
    except UnicodeDecodeError as fault:
        raise BadRequest("Parameters must be percent-encoded UTF-8 text.") from fault
    except ValueError as fault:
        raise BadRequest(f"More than {_MOST_PAIRS} parameters were sent. Send them as JSON instead.") from fault


def read_tree(pairs: list[tuple[str, str]]) -> dict[str, Any]:
    """Return bracketed names as a tree; numeric keys make a list in the order of the numbers, `name[]` appends.

    Raises: BadRequest when one name is both a value and a map, or is nested too deep.

    >>> read_tree([("job[cluster_id]", "1"), ("job[tags][1]", "b"), ("job[tags][0]", "a")])
    {'job': {'cluster_id': '1', 'tags': ['a', 'b']}}
    """
    tree: dict[str, Any] = {}
    for name, value in pairs:
        _place(tree, name, value)
    return {key: _settled(key, value) for key, value in tree.items()}


def _split(name: str) -> list[str]:
    head, bracket, rest = name.partition("[")
    if not bracket or not head or not rest.endswith("]"):
        return [name]
    keys = [head, *rest[:-1].split("][")]
    if len(keys) > _DEEPEST:
        raise BadRequest(f"Parameter '{head}' is nested more than {_DEEPEST} levels deep.")
    return keys


def _place(tree: dict[str, Any], name: str, value: str) -> None:
    keys = _split(name)
    here = tree
    for key in keys[:-1]:
        inner = here.setdefault(key or str(len(here)), {})
        if not isinstance(inner, dict):
            raise BadRequest(f"Parameter '{keys[0]}' is given both as a value and as a map.")
        here = inner
    last = keys[-1] if keys[-1] or len(keys) == 1 else str(len(here))
    if isinstance(here.get(last), dict):
        raise BadRequest(f"Parameter '{keys[0]}' is given both as a value and as a map.")
    here[last] = value


def _settled(name: str, value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    inner = {key: _settled(key, item) for key, item in value.items()}
    return inner if name in _MAPS else numbered_as_list(inner)


def numbered_as_list(value: dict[str, Any]) -> Any:
    """Return a map whose keys are all numbers as a list in the order of the numbers, any other map as it is."""
    if value and all(key.isascii() and key.isdigit() and len(key) < 10 for key in value):
        return [value[key] for key in sorted(value, key=int)]
    return value
