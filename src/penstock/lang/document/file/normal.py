"""The normal form of a package: two packages with one normal form are the same package, however they were spelled."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from penstock.lang.document.file.spelling import WORD, Kinds, kind_of, short_form
from penstock.lang.document.file.writer import DEFAULTS, flat_component, flow_of, same
from penstock.lang.variables.resolution import as_text

_EMPTY = object()


def normal(package: Mapping[str, Any], kinds: Kinds, options: Collection[str]) -> dict[str, Any]:
    """Return a package with every default left out and every item in one form. Raises Unwritable for what is no package.

    Edges and the keys of objects are in a fixed order: theirs means nothing. That of variables is kept.
    """
    flow = flow_of(package)
    components = [_component(flat_component(one), kinds) for one in flow.get("components", [])]
    order = {one["id"]: index for index, one in enumerate(components)}
    edges = [_edge(edge) for edge in flow.get("edges", [])]
    edges.sort(
        key=lambda edge: (
            order.get(edge.get("to"), -1),
            str(edge.get("input", "")),
            order.get(edge.get("from"), -1),
            repr(sorted(edge.items(), key=lambda one: one[0])),
        )
    )
    rest = {
        k: v
        for k, v in flow.items()
        if k not in ("components", "edges") and not (k == "format" and same(v, 1)) and (k, v) != ("notes", [])
    }
    if isinstance(rest.get("notes"), list):
        rest["notes"] = [_without(one, position=None) if isinstance(one, Mapping) else one for one in rest["notes"]]
    variables = {name: as_text(text) for name, text in (package.get("variables") or {}).items()}
    made = {
        key: value
        for key, value in package.items()
        if key not in ("data_flow_json", "raw_data", "variables", "secret_variables")
    }
    made = {key: value for key, value in made.items() if not (key in DEFAULTS and value == DEFAULTS[key])}
    return {
        **made,
        "variables": sorted(variables.items(), key=lambda one: one[0] not in options),
        "secret_variables": list(package.get("secret_variables") or []),
        "data_flow_json": {**rest, "components": components, "edges": edges},
    }


def _edge(edge: Any) -> dict[str, Any]:
    return _without(edge, condition="success") if isinstance(edge, Mapping) else {"": edge}


def _without(raw: Mapping[str, Any], **defaults: Any) -> dict[str, Any]:
    return {key: value for key, value in raw.items() if key not in defaults or not same(value, defaults[key])}


def _component(one: dict[str, Any], kinds: Kinds) -> dict[str, Any]:
    kind = kind_of(kinds, one["type"])
    made = {key: value for key, value in one.items() if not (key in ("position", "note") and value is None)}
    if isinstance(made.get("connection"), str):
        made["connection"] = {"name": made["connection"]}
    for key, form in (("fields", "source"), ("mapping", "mapping")):
        if key in kind.keys and isinstance(made.get(key), list):
            made[key] = [_item(form, item) for item in made[key]]
    properties = {}
    for name, raw in one["properties"].items():
        if name in kind.defaults and same(raw, kind.defaults[name]):
            continue
        short = short_form(one["type"], kind, name)
        properties[name] = (
            [_item(short, item) for item in raw] if short is not None and isinstance(raw, list) else _places(raw)
        )
    if not kind.known and same(properties.get("match"), "all"):
        del properties["match"]
    return {**made, "properties": properties}


def _places(raw: Any) -> Any:
    """Return a value in which connections known by name alone have their form of the wire."""
    if isinstance(raw, list):
        return [_places(one) for one in raw]
    if not isinstance(raw, Mapping):
        return raw
    return {
        key: {"name": inner} if key == "connection" and isinstance(inner, str) else _places(inner)
        for key, inner in raw.items()
    }


def _item(form: str, item: Any) -> Any:
    if not isinstance(item, Mapping):
        return item
    match form:
        case "source" if isinstance(item.get("name"), str) and WORD.fullmatch(item["name"]) and "pseudo" not in item:
            return {"alias": item["name"], "type": "string", **item}
        case "select":
            made = _without(item, flatten=False, keep_empty=False)
            return _without(made, alias=made.get("expression", _EMPTY))
        case "join":
            return {"alias": item.get("field"), **item}
        case "order_by":
            return _without(item, direction="asc")
        case "mapping":
            return {"column": item.get("alias"), **_without(item, key=False)}
        case "conditions" if isinstance(item.get("conditions"), list):
            return {**item, "conditions": [_item("conditions", one) for one in item["conditions"]]}
        case "functions" if isinstance(item.get("order_by"), list):
            return {**item, "order_by": [_item("order_by", one) for one in item["order_by"]]}
        case _:
            return _places(dict(item))
