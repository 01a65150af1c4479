"""The short forms of items (component reference 2.10), read: each gives the item of the document, or None where a part of
the file is no short form and stands in the document's own form."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

from penstock.lang.document.file import values
from penstock.lang.document.file.nodes import Mapping, Node, Scalar, Sequence
from penstock.lang.document.file.spelling import CALL, GROUPS, ORDER, SIDE, WORD
from penstock.lang.document.file.values import Seen
from penstock.lang.document.shapes import Shape
from penstock.plan.dtypes import SCHEMA_WORDS

Read = Callable[[Node, str, Seen], Any]
_QUOTED = re.compile(r"'([^'\\]*)'")


def one_pair(node: Node) -> tuple[str, Node] | None:
    """Return key and value of a mapping of one entry."""
    if isinstance(node, Mapping) and len(node.entries) == 1:
        key, inner = node.entries[0]
        return key.text, inner
    return None


def source_field(node: Node, path: str, seen: Seen) -> Any:
    """`id: long`. A single key `name` or `pseudo` whose value is no type word is the document's form."""
    pair = one_pair(node)
    if pair is None or not isinstance(pair[1], Scalar):
        return None
    name, kind = pair[0], pair[1].text
    if name in ("name", "pseudo", "alias", "type") and kind not in SCHEMA_WORDS:
        return None
    return {"name": name, "alias": name, "type": kind}


def select_field(node: Node, path: str, seen: Seen) -> Any:
    """`id`, or `month: expression`."""
    if isinstance(node, Scalar):
        return {"expression": values.text(node)}
    pair = one_pair(node)
    if pair is None or not isinstance(pair[1], Scalar) or pair[0] == "expression":
        return None
    seen(f"{path}.expression", pair[1])
    return {"expression": values.text(pair[1]), "alias": pair[0]}


def join_field(node: Node, path: str, seen: Seen) -> Any:
    """`left.id`, or `name: right.name`."""
    pair = one_pair(node)
    alias, inner = pair if pair is not None else (None, node)
    found = SIDE.fullmatch(inner.text) if isinstance(inner, Scalar) else None
    if found is None:
        return None
    return {"input": found[1], "field": found[2], "alias": alias if alias is not None else found[2]}


def key_pair(node: Node, path: str, seen: Seen) -> Any:
    """`id` for a field of one name on both sides, or `customer: id`."""
    if isinstance(node, Scalar):
        name = values.text(node)
        return {"left": name, "right": name}
    pair = one_pair(node)
    return None if pair is None else {"left": pair[0], "right": values.text(pair[1])}


def order_item(node: Node, path: str, seen: Seen) -> Any:
    """`total desc`, or `id`."""
    if not isinstance(node, Scalar):
        return None
    found = ORDER.fullmatch(node.text)
    if found is None:
        return {"field": values.text(node)}
    return {"field": found[1], "direction": found[2]} if found[2] else {"field": found[1]}


def grouping(node: Node, path: str, seen: Seen) -> Any:
    """`cube: [a, b]`."""
    pair = one_pair(node)
    if pair is None or not isinstance(pair[1], Sequence):
        return None
    return {"type": pair[0], "fields": [values.text(one) for one in pair[1].items]}


def mapping_item(node: Node, path: str, seen: Seen) -> Any:
    """`id`, or `month: period`."""
    if isinstance(node, Scalar):
        name = values.text(node)
        return {"alias": name, "column": name}
    pair = one_pair(node)
    if pair is None or not isinstance(pair[1], Scalar) or pair[0] == "alias":
        return None
    return {"alias": pair[0], "column": values.text(pair[1])}


def condition(node: Node, path: str, seen: Seen) -> Any:
    """A boolean expression, or `any: […]`."""
    if isinstance(node, Scalar):
        return {"expression": values.text(node)}
    pair = one_pair(node)
    if pair is None or pair[0] not in GROUPS or not isinstance(pair[1], Sequence):
        return None
    return {"match": pair[0], "conditions": listed(pair[1], f"{path}.conditions", seen, condition)}


def function(node: Node, path: str, seen: Seen) -> Any:
    """`s: sum(total)`, or `b: "lag(total, 1, 0)"`; arguments are JSON values, or text in single quotes."""
    pair = one_pair(node)
    found = CALL.fullmatch(pair[1].text) if pair is not None and isinstance(pair[1], Scalar) else None
    if pair is None or found is None:
        return None
    name, rest = _field_of(found[2])
    arguments = _arguments(rest)
    if arguments is None:
        return None
    made: dict[str, Any] = {"function": found[1], "alias": pair[0]}
    if name is not None:
        made["field"] = name
    return {**made, "arguments": arguments} if arguments else made


def _field_of(body: str) -> tuple[str | None, str]:
    """Return the field that a call begins with, and the text of its arguments."""
    first, comma, rest = body.partition(",")
    name = first.strip()
    if WORD.fullmatch(name) and name not in ("true", "false", "null") and not (comma and not rest.strip()):
        return name, rest
    return None, body


def _arguments(text: str) -> list[Any] | None:
    if not text.strip():
        return []
    try:
        made = json.loads(
            f"[{_QUOTED.sub(lambda found: json.dumps(found[1]), text)}]" if '"' not in text else f"[{text}]"
        )
    except (ValueError, RecursionError):
        return None
    return made if isinstance(made, list) else None


def listed(node: Sequence, path: str, seen: Seen, short: Read, shape: Shape | None = None) -> list[Any]:
    """Return a list whose items have a short form."""
    made = []
    for index, item in enumerate(node.items):
        place = f"{path}[{index}]"
        seen(place, item)
        found = short(item, place, seen)
        made.append(_long(item, place, seen, short, shape or {}) if found is None else found)
    return made


def _long(node: Node, path: str, seen: Seen, short: Read, shape: Shape) -> Any:
    """Return an item in the document's form; a list inside that has a short form of its own may use it."""
    made = values.value(node, shape, path, seen)
    if isinstance(node, Mapping):
        if short is condition and isinstance(inner := node.find("conditions"), Sequence):
            made["conditions"] = listed(inner, f"{path}.conditions", seen, condition)
        if short is function and isinstance(inner := node.find("order_by"), Sequence):
            made["order_by"] = listed(inner, f"{path}.order_by", seen, order_item)
    return made


SHORT_FORMS: dict[str, Read] = {
    "order_by": order_item, "functions": function, "groupings": grouping, "conditions": condition,
    "select": select_field, "join": join_field, "pairs": key_pair,
}  # fmt: skip
"""Short form (as `spelling.short_form` names it) to what reads it."""
