"""The short forms of items, written: an item of the document as people write it, or its own form where none fits."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from penstock.lang.document.file.printer import Out, Place
from penstock.lang.document.file.spelling import CALL, CONDITIONS, GROUPS, ORDER, SIDE, WORD
from penstock.plan.dtypes import SCHEMA_WORDS

Write = Callable[[Any, Place], "Out | None"]


def leaf(value: Any, place: Place) -> Out:
    """Return a scalar."""
    return Out(value, place)


def listing(items: list[Out], place: Place, blocked: bool = False) -> Out:
    """Return a list."""
    return Out(items, place, blocked=blocked)


def mapping(entries: list[tuple[str, Out]], place: Place, blocked: bool = False) -> Out:
    """Return a mapping."""
    return Out(entries, place, is_map=True, blocked=blocked)


def below(place: Place, key: str | int) -> Place:
    """Return the place of a key or of an item inside a place."""
    return place[0], f"{place[1]}[{key}]" if isinstance(key, int) else f"{place[1]}.{key}" if place[1] else key


def value(raw: Any, place: Place) -> Out:
    """Return any JSON value in its own form; a connection known by its name is the name alone."""
    if isinstance(raw, Mapping):
        entries = [(key, value(inner, below(place, key))) for key, inner in raw.items()]
        return mapping([(key, _connection(key, raw[key], out)) for key, out in entries], place)
    if isinstance(raw, list):
        return listing([value(item, below(place, index)) for index, item in enumerate(raw)], place)
    return leaf(raw, place)


def _connection(key: str, raw: Any, out: Out) -> Out:
    return connection(raw, out.place) if key == "connection" else out


def connection(raw: Any, place: Place) -> Out:
    """Return a connection: its name alone where it has nothing else."""
    if isinstance(raw, Mapping) and raw.keys() == {"name"} and isinstance(raw["name"], str) and raw["name"]:
        return leaf(raw["name"], place)
    return value(raw, place)


def short(key: str, text: str, place: Place) -> Out:
    """Return a mapping of one entry."""
    return mapping([(key, leaf(text, place))], place)


def _texts(raw: Any, *keys: str) -> bool:
    return isinstance(raw, Mapping) and all(isinstance(raw.get(key), str) and raw[key] != "" for key in keys)


def _only(raw: Mapping[str, Any], *keys: str) -> bool:
    return all(key in keys for key in raw)


def source_field(raw: Any, place: Place) -> Out | None:
    """`id: long`."""
    if not _texts(raw, "name") or not _only(raw, "name", "alias", "type") or not WORD.fullmatch(raw["name"]):
        return None
    kind = raw.get("type", "string")
    if raw.get("alias", raw["name"]) != raw["name"] or kind not in SCHEMA_WORDS:
        return None
    return short(raw["name"], kind, place)


def select_field(raw: Any, place: Place) -> Out | None:
    """`id`, or `month: expression`."""
    if not _texts(raw, "expression"):
        return None
    plain = {key: item for key, item in raw.items() if not (key in ("flatten", "keep_empty") and item is False)}
    alias = plain.get("alias", plain["expression"])
    if not _only(plain, "expression", "alias") or not isinstance(alias, str):
        return None
    if alias == plain["expression"]:
        return leaf(alias, place)
    return None if alias in ("", "expression") else short(alias, plain["expression"], place)


def join_field(raw: Any, place: Place) -> Out | None:
    """`left.id`, or `name: right.name`."""
    if not _texts(raw, "input", "field") or not _only(raw, "input", "field", "alias"):
        return None
    origin, alias = f"{raw['input']}.{raw['field']}", raw.get("alias", raw["field"])
    if not SIDE.fullmatch(origin) or not isinstance(alias, str) or not alias:
        return None
    return leaf(origin, place) if alias == raw["field"] else short(alias, origin, place)


def key_pair(raw: Any, place: Place) -> Out | None:
    """`id`, or `customer: id`."""
    if not _texts(raw, "left", "right") or not _only(raw, "left", "right"):
        return None
    return leaf(raw["left"], place) if raw["left"] == raw["right"] else short(raw["left"], raw["right"], place)


def order_item(raw: Any, place: Place) -> Out | None:
    """`total desc`, or `id`."""
    if not _texts(raw, "field") or not _only(raw, "field", "direction"):
        return None
    text = raw["field"] if raw.get("direction", "asc") == "asc" else f"{raw['field']} {raw['direction']}"
    found = ORDER.fullmatch(text)
    return leaf(text, place) if found is not None and found[1] == raw["field"] else None


def grouping(raw: Any, place: Place) -> Out | None:
    """`cube: [a, b]`."""
    if not _texts(raw, "type") or not _only(raw, "type", "fields") or not isinstance(raw.get("fields"), list):
        return None
    return mapping([(raw["type"], value(raw["fields"], below(place, "fields")))], place)


def mapping_item(raw: Any, place: Place) -> Out | None:
    """`id`, or `month: period`."""
    if not _texts(raw, "alias"):
        return None
    plain = {key: item for key, item in raw.items() if not (key == "key" and item is False)}
    column = plain.get("column", plain["alias"])
    if not _only(plain, "alias", "column"):
        return mapping(
            [(k, value(v, below(place, k))) for k, v in plain.items() if (k, v) != ("column", plain["alias"])], place
        )
    if not isinstance(column, str) or not column or plain["alias"] == "alias":
        return None
    return leaf(column, place) if column == plain["alias"] else short(plain["alias"], column, place)


def condition(raw: Any, place: Place) -> Out | None:
    """A boolean expression, or `any: […]`."""
    if _texts(raw, "expression") and _only(raw, "expression"):
        return leaf(raw["expression"], place)
    is_group = _texts(raw, "match") and _only(raw, "match", "conditions") and raw["match"] in GROUPS
    if is_group and isinstance(raw.get("conditions"), list):
        inner = listed(raw["conditions"], below(place, "conditions"), condition, True)
        return mapping([(raw["match"], inner)], place)
    return None


def function(raw: Any, place: Place) -> Out | None:
    """`s: sum(total)`, or `b: lag(total, 1, 0)`."""
    if not _texts(raw, "function", "alias"):
        return None
    if not _only(raw, "function", "field", "arguments", "alias"):
        if isinstance(raw.get("order_by"), list):
            entries = [
                (
                    key,
                    listed(item, below(place, key), order_item)
                    if key == "order_by"
                    else value(item, below(place, key)),
                )
                for key, item in raw.items()
            ]
            return mapping(entries, place)
        return None
    name, arguments = raw.get("field"), raw.get("arguments", [])
    is_name = isinstance(name, str) and bool(WORD.fullmatch(name)) and name not in ("true", "false", "null")
    if ("field" in raw and not is_name) or not isinstance(arguments, list) or ("arguments" in raw and not arguments):
        return None
    if any(isinstance(one, list | Mapping) for one in arguments):
        return None
    parts = [name] if isinstance(name, str) else []
    text = f"{raw['function']}({', '.join([*parts, *(json.dumps(one, ensure_ascii=False) for one in arguments)])})"
    return short(raw["alias"], text, place) if CALL.fullmatch(text) and WORD.fullmatch(raw["function"]) else None


def listed(raw: list[Any], place: Place, write: Write, blocked: bool = False) -> Out:
    """Return a list, each item short where it can be."""
    items = []
    for index, item in enumerate(raw):
        made = write(item, below(place, index))
        items.append(made if made is not None else value(item, below(place, index)))
    return listing(items, place, blocked)


def fed_by(name: str, edge: Mapping[str, Any], place: Place, is_task: bool) -> Out:
    """Return what feeds a component: the name of another, or a mapping with what the edge says besides."""
    more = {key: item for key, item in edge.items() if key not in ("from", "to")}
    if is_task and more.get("condition") == "success":
        del more["condition"]
    if not more:
        return leaf(name, place)
    if is_task and more.keys() == {"condition"} and more["condition"] in CONDITIONS and name != "from":
        return short(name, more["condition"], place)
    return value({"from": name, **more}, place)


WRITERS: dict[str, tuple[Write, bool]] = {
    "order_by": (order_item, False), "functions": (function, True), "groupings": (grouping, True),
    "select": (select_field, True), "join": (join_field, True), "pairs": (key_pair, True),
}  # fmt: skip
"""Short form to what writes it, and whether its items stand one a line."""
