"""Reads a document in both spellings (dataflow reference 2.3): any JSON gives a document or diagnostics, never an error."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from penstock.domain.diagnostic import Diagnostic
from penstock.lang.check import codes_package as codes
from penstock.lang.check.report import Report, did_you_mean
from penstock.lang.document.model import ComponentNode, Document, Edge

_OWN_KEYS = frozenset({"id", "type", "name", "properties"})
_EDGE_KEYS = ("from", "to", "input", "output", "condition")
_DOCUMENT_KEYS = ("format", "components", "edges", "notes")


def read(raw: str | Mapping[str, Any] | None) -> tuple[Document | None, tuple[Diagnostic, ...]]:
    """Return the document of a flow given as JSON text or as plain JSON values, and what is wrong with it.

    None, an empty text and an empty object are a document without components.
    """
    report = Report()
    if isinstance(raw, str):
        try:
            raw = json.loads(raw) if raw.strip() else {}
        except (ValueError, RecursionError) as error:
            report.add(codes.NotADocument.at(f"The flow is not JSON: {_reason(error)}."))
            return None, tuple(report.findings)
    if raw is None or raw == []:
        raw = {}
    if not isinstance(raw, Mapping):
        report.add(codes.NotADocument.at(f"The flow must be a JSON object, not {kind_of(raw)}."))
        return None, tuple(report.findings)
    for key in raw:
        if key not in _DOCUMENT_KEYS and not key.startswith("x-"):
            report.add(
                codes.UnknownProperty.at(f"The document has no key '{key}'.", hint=did_you_mean(key, _DOCUMENT_KEYS))
            )
    if raw.get("format", 1) != 1:
        report.add(codes.WrongShape.at("The document's format must be 1."))
    components = _components(raw.get("components"), report)
    edges = _edges(raw.get("edges"), report)
    return Document(components, edges), tuple(report.findings)


def _reason(error: Exception) -> str:
    return str(error) if isinstance(error, ValueError) else "it is nested too deeply"


def kind_of(raw: Any) -> str:
    """Return the word for a JSON value in messages."""
    match raw:
        case None:
            return "null"
        case bool():
            return "a boolean"
        case int() | float():
            return "a number"
        case str():
            return "text"
        case list():
            return "a list"
        case _:
            return "an object"


def _list(raw: Any, name: str, report: Report) -> list[Any]:
    if raw is None or raw == {}:
        return []
    if not isinstance(raw, list):
        report.add(codes.WrongShape.at(f"'{name}' must be a list, not {kind_of(raw)}."), path=name)
        return []
    return raw


def _components(raw: Any, report: Report) -> tuple[ComponentNode, ...]:
    found = []
    for index, item in enumerate(_list(raw, "components", report)):
        node = _component(item, index, report)
        if node is not None:
            found.append(node)
    return tuple(found)


def flat(item: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a component in the flat spelling: `{"x_component": {…}}` becomes `{"type": "x_component", …}`."""
    if len(item) == 1 and "type" not in item:
        ((key, inner),) = item.items()
        if isinstance(inner, Mapping):
            return {**inner, "type": key}
        if inner == []:
            return {"type": key}
    return item


def _component(item: Any, index: int, report: Report) -> ComponentNode | None:
    place = f"components[{index}]"
    if not isinstance(item, Mapping):
        report.add(codes.WrongShape.at(f"A component must be an object, not {kind_of(item)}."), path=place)
        return None
    item = flat(item)
    identity, kind = item.get("id"), item.get("type")
    if isinstance(identity, int) and not isinstance(identity, bool):
        identity = str(identity)
    if not isinstance(kind, str) or not kind:
        report.add(
            codes.MissingProperty.at("A component needs a 'type'.", hint='Such as "select_component".'), path=place
        )
        return None
    if not isinstance(identity, str) or not identity:
        report.add(codes.MissingProperty.at("A component needs an 'id', a text."), path=place)
        return None
    name = item.get("name")
    if name is not None and (not isinstance(name, str) or not name):
        report.add(codes.WrongShape.at("'name' must be a text that is not empty."), component_id=identity, path="name")
        name = None
    properties = item.get("properties", {})
    if properties == [] or properties is None:
        properties = {}
    if not isinstance(properties, Mapping):
        message = f"'properties' must be an object, not {kind_of(properties)}."
        report.add(codes.WrongShape.at(message), name or identity, identity, "properties")
        properties = {}
    keys = {key: value for key, value in item.items() if key not in _OWN_KEYS}
    return ComponentNode(identity, kind, name or identity, properties, keys)


def _edges(raw: Any, report: Report) -> tuple[Edge, ...]:
    found = []
    for index, item in enumerate(_list(raw, "edges", report)):
        place = f"edges[{index}]"
        if not isinstance(item, Mapping):
            report.add(codes.WrongShape.at(f"An edge must be an object, not {kind_of(item)}."), path=place)
            continue
        ends = [item.get("from"), item.get("to")]
        ends = [str(end) if isinstance(end, int) and not isinstance(end, bool) else end for end in ends]
        if not all(isinstance(end, str) and end for end in ends):
            report.add(codes.MissingProperty.at("An edge needs 'from' and 'to', ids of components."), path=place)
            continue
        named = {}
        for key in ("input", "output"):
            value = item.get(key)
            if value is not None and not isinstance(value, str):
                message = f"'{key}' of an edge must be text, not {kind_of(value)}."
                report.add(codes.WrongShape.at(message, hint='Such as "left" or "1".'), path=f"{place}.{key}")
                value = None
            named[key] = value
        for key in item:
            if key not in _EDGE_KEYS and not key.startswith("x-"):
                report.add(
                    codes.UnknownProperty.at(f"An edge has no key '{key}'.", hint=did_you_mean(key, _EDGE_KEYS)),
                    path=place,
                )
        found.append(Edge(str(ends[0]), str(ends[1]), named["input"], named["output"]))
    return tuple(found)
