"""Reads a document in both spellings (dataflow reference 2.3): any JSON gives a document or diagnostics, never an error."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from penstock.domain.diagnostic import Diagnostic
from penstock.lang.check import codes_package as codes
from penstock.lang.check.report import Report, did_you_mean
from penstock.lang.document.faults import faults
from penstock.lang.document.model import ComponentNode, Document, Edge
from penstock.lang.document.shapes import DOCUMENT_NOTE, EDGE, NAME, Shape, kind_of, show
from penstock.lang.document.text import NotJson, parse, zero_character

_OWN_KEYS = frozenset({"id", "type", "name", "properties"})
_DOCUMENT_KEYS = ("format", "components", "edges", "notes")


def read(raw: str | Mapping[str, Any] | None) -> tuple[Document | None, tuple[Diagnostic, ...]]:
    """Return the document of a flow given as JSON text or as plain JSON values, and what is wrong with it.

    None, an empty text and an empty object or list are a document without components.
    """
    report = Report()
    may_hold_zero = not isinstance(raw, str) or "\\u0000" in raw  # JSON text knows no other way to write one
    if isinstance(raw, str):
        try:
            raw = parse(raw) if raw.strip() else {}
        except NotJson as fault:
            report.add(codes.NotADocument.at(f"The flow is not JSON: {fault}."))
            return None, tuple(report.findings)
    zero = zero_character(raw) if may_hold_zero else None
    if zero is not None:
        message = "The flow holds a zero character, which is no text."
        report.add(codes.NotADocument.at(message, hint="Remove it."), path=zero or None)
        return None, tuple(report.findings)
    if raw is None or raw == []:
        raw = {}
    if not isinstance(raw, Mapping):
        hint = 'Such as {"components": [], "edges": []}.'
        report.add(codes.NotADocument.at(f"The flow must be a JSON object, not {kind_of(raw)}.", hint=hint))
        return None, tuple(report.findings)
    for key in raw:
        if key not in _DOCUMENT_KEYS and not key.startswith("x-"):
            meant = did_you_mean(key, _DOCUMENT_KEYS)
            report.add(codes.UnknownProperty.at(f"The document has no key {show(key)}.", hint=meant))
    if "format" in raw and (raw["format"] != 1 or isinstance(raw["format"], bool)):
        message = f"The document's format must be 1; it is {show(raw['format'])}."
        report.add(codes.WrongShape.at(message), path="format")
    components = _components(raw, report)
    edges = _edges(raw, report)
    for index, note in enumerate(_list(raw, "notes", report)):
        _check(note, DOCUMENT_NOTE, f"notes[{index}]", report)
    return Document(components, edges), tuple(report.findings)


def _check(value: Any, shape: Shape, path: str, report: Report) -> bool:
    """Report what is wrong with a part of the document; True when nothing is."""
    wrong = list(faults(value, shape, path))
    for fault in wrong:
        report.add(fault.code.at(fault.message, hint=fault.hint), path=fault.path)
    return not wrong


def _list(document: Mapping[str, Any], name: str, report: Report) -> list[Any]:
    raw = document.get(name, [])
    if not isinstance(raw, list):
        report.add(codes.WrongShape.at(f"'{name}' must be a list, not {kind_of(raw)}."), path=name)
        return []
    return raw


def _components(document: Mapping[str, Any], report: Report) -> tuple[ComponentNode, ...]:
    read_ones = (_component(item, index, report) for index, item in enumerate(_list(document, "components", report)))
    return tuple(node for node in read_ones if node is not None)


def flat(item: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a component in the flat spelling: `{"x_component": {…}}` becomes `{"type": "x_component", …}`.

    A keyed component may have keys that begin with `x-` beside its own; they are left where nobody looks.
    """
    keys = [key for key in item if not key.startswith("x-")]
    if len(keys) == 1 and "type" not in item:
        inner = item[keys[0]]
        if inner == []:
            inner = {}
        if isinstance(inner, Mapping) and inner.get("type", keys[0]) == keys[0]:
            return {**inner, "type": keys[0]}
    return item


def _component(item: Any, index: int, report: Report) -> ComponentNode | None:
    place = f"components[{index}]"
    if not isinstance(item, Mapping) and item != []:
        report.add(codes.WrongShape.at(f"A component must be an object, not {kind_of(item)}."), path=place)
        return None
    item = flat(item or {})
    identity, kind = item.get("id"), item.get("type")
    if not isinstance(kind, str) or not kind:
        message = "A component needs a 'type'." if kind is None else f"'type' must be text, it is {show(kind)}."
        hint = 'Such as {"type": "select_component", …} or {"select_component": {…}}.'
        report.add(codes.MissingProperty.at(message, hint=hint), path=place)
        return None
    if identity is None:
        report.add(codes.MissingProperty.at("A component needs an 'id'.", hint='Such as "1".'), path=place)
        return None
    if not _check(identity, NAME, f"{place}.id", report):
        return None
    name = item.get("name", identity)
    for fault in faults(name, NAME, "name"):
        report.add(fault.code.at(fault.message), component_id=identity, path=f"{place}.name")
        name = identity
    properties = item.get("properties", {})
    if properties == []:
        properties = {}
    if not isinstance(properties, Mapping):
        message = f"'properties' must be an object, not {kind_of(properties)}."
        report.add(codes.WrongShape.at(message), name, identity, "properties")
        properties = {}
    keys = {key: value for key, value in item.items() if key not in _OWN_KEYS}
    return ComponentNode(identity, kind, name, properties, keys)


def _edges(document: Mapping[str, Any], report: Report) -> tuple[Edge, ...]:
    found = []
    for index, item in enumerate(_list(document, "edges", report)):
        place = f"edges[{index}]"
        if not _check({} if item == [] else item, EDGE, place, report):
            continue
        if "condition" in item:
            message = "Only an edge between tasks of a workflow has a condition."
            report.add(codes.WrongShape.at(message, hint="Leave it out."), path=f"{place}.condition")
        found.append(Edge(item["from"], item["to"], item.get("input"), item.get("output")))
    return tuple(found)
