"""One component of a package file: its mapping gives a component of the document, and the edges that lead to it."""

from __future__ import annotations

from collections.abc import Mapping as MappingOf
from typing import Any

from penstock.lang.check import codes_package as codes
from penstock.lang.check.codes import Code
from penstock.lang.check.report import Report, did_you_mean, similar
from penstock.lang.document.file import values
from penstock.lang.document.file.nodes import Mapping, Mark, Node, Scalar, Sequence
from penstock.lang.document.file.short_forms import (
    SHORT_FORMS,
    condition,
    listed,
    mapping_item,
    one_pair,
    source_field,
)
from penstock.lang.document.file.spelling import (
    CONDITIONS,
    GROUPS,
    INPUTS,
    RESERVED,
    SUFFIX,
    Kind,
    Kinds,
    items_of,
    kind_of,
    short_form,
)
from penstock.lang.document.shapes import Shape, show

EDGE_SHAPE: Shape = {"properties": {name: {"type": "string"} for name in ("from", "input", "output", "condition")}}
KEY_SHORT_FORMS = {"fields": source_field, "mapping": mapping_item}


class Edges:
    """The edges of a document, in the order in which components name what feeds them."""

    def __init__(self, ids: MappingOf[str, str], places: dict[tuple[str, str], Mark]) -> None:
        self.ids = ids
        self.places = places
        self.made: list[dict[str, Any]] = []

    def add(self, source: str, target: str, node: Node, **more: Any) -> None:
        """Keep an edge from a component, by its name, to one by its id."""
        place = f"edges[{len(self.made)}]"
        for path in (place, f"{place}.from", f"{place}.input", f"{place}.output", f"{place}.condition"):
            self.places[("", path)] = node.mark
        self.made.append({"from": self.ids.get(source, source), "to": target, **more})


class ComponentReader:
    """Reads one component."""

    def __init__(
        self, node: Mapping, kinds: Kinds, report: Report, places: dict[tuple[str, str], Mark], ids: MappingOf[str, str]
    ) -> None:
        self.node = node
        self.kinds = kinds
        self.report = report
        self.places = places
        self.ids = ids
        self.id = self.name = ""

    def seen(self, path: str, node: Node) -> None:
        self.places[(self.id, path)] = node.mark

    def fault(self, code: type[Code], message: str, path: str, node: Node, hint: str | None = None) -> None:
        self.seen(path, node)
        self.report.add(code.at(message, hint=hint), self.name or None, self.id or None, path)

    def word(self, key: str, index: int, hint: str) -> str | None:
        node = self.node.find(key)
        if isinstance(node, Scalar) and not (node.plain and node.text == ""):
            return node.text
        if node is None:
            self.fault(codes.MissingProperty, f"A component needs a '{key}'.", f"components[{index}]", self.node, hint)
        else:
            self.fault(codes.WrongShape, f"'{key}' must be text.", f"components[{index}]", node, hint)
        return None

    def read(self, index: int, edges: Edges, layout: MappingOf[str, MappingOf[str, Any]]) -> dict[str, Any] | None:
        """Return the component as the document has it, or None with findings."""
        name = self.word("name", index, "Such as 'name: orders'.")
        type = self.word("type", index, "Such as 'type: select'.")
        if name is None or type is None:
            return None
        self.name, self.id = name, self.ids.get(name, name)
        type = type if type.endswith(SUFFIX) else type + SUFFIX
        kind = kind_of(self.kinds, type)
        self.seen("", self.node)
        self.seen("properties", self.node)
        made: dict[str, Any] = {"id": self.id, "type": type, "name": name}
        properties: dict[str, Any] = {}
        for key, node in self.node.entries:
            if key.text in ("name", "type"):
                self.seen(key.text, key)
            elif key.text in INPUTS:
                self.inputs(key.text, node, edges)
                self.seen(key.text, key)
            elif key.text == "connection" or key.text in kind.keys:
                made[key.text] = self.key(key.text, node, kind)
                self.seen(key.text, key)
            elif key.text == "where" and kind.has("conditions"):
                self.where(node, properties)
                self.seen("properties.conditions", key)
            elif key.text == "properties" and isinstance(node, Mapping):
                properties.update(values.value(node, {}, "properties", self.seen))
            else:
                path = f"properties.{key.text}"
                self.typo(key, kind, path)
                properties[key.text] = self.property(key.text, node, type, kind, path)
                self.seen(path, key)
        made["properties"] = properties
        made.update({key: value for key, value in layout.get(name, {}).items() if key != "id"})
        return made

    def typo(self, key: Scalar, kind: Kind, path: str) -> None:
        """Report a key that is no property and looks like one of those that stand beside properties."""
        beside = (*RESERVED, "where", *kind.keys)
        if not kind.known or key.text in kind.properties or key.text.startswith("x-"):
            return
        if similar(key.text, (*kind.properties, *beside)) in beside:
            message = f"There is no key {show(key.text)} here."
            self.fault(codes.UnknownProperty, message, path, key, did_you_mean(key.text, beside))

    def key(self, name: str, node: Node, kind: Kind) -> Any:
        if name == "connection" and isinstance(node, Scalar):
            text = values.text(node)
            return {"name": text} if text is not None else None
        shape = kind.keys.get(name, {})
        if name in KEY_SHORT_FORMS and isinstance(node, Sequence):
            return listed(node, name, self.seen, KEY_SHORT_FORMS[name], items_of(shape))
        return values.value(node, shape, name, self.seen)

    def property(self, name: str, node: Node, type: str, kind: Kind, path: str) -> Any:
        short = short_form(type, kind, name)
        shape = kind.properties.get(name, {})
        if short == "variables":
            return self.overrides(node, path)
        if short is not None and isinstance(node, Sequence):
            return listed(node, path, self.seen, SHORT_FORMS[short], items_of(shape))
        return values.value(node, shape, path, self.seen)

    def overrides(self, node: Node, path: str) -> Any:
        """Return variables, written as a list of names with expressions, as the object that the document has."""
        if isinstance(node, Mapping):
            return {key.text: values.text(inner) for key, inner in node.entries}
        pairs = [one_pair(item) for item in node.items] if isinstance(node, Sequence) else [None]
        if any(pair is None for pair in pairs):
            return values.value(node, {}, path, self.seen)
        return {pair[0]: values.text(pair[1]) for pair in pairs if pair is not None}

    def where(self, node: Node, properties: dict[str, Any]) -> None:
        if self.node.find("conditions") is not None:
            self.fault(codes.WrongShape, "'where' and 'conditions' are the same; one of them is enough.", "where", node)
        pair = one_pair(node)
        if pair is not None and pair[0] in GROUPS:
            properties["match"] = pair[0]
            node = pair[1]
        if isinstance(node, Scalar) and values.text(node) is not None:
            node = Sequence((node,), node.mark)
        path = "properties.conditions"
        if isinstance(node, Sequence):
            properties["conditions"] = listed(node, path, self.seen, condition)
        else:
            properties["conditions"] = values.value(node, {}, path, self.seen)

    def inputs(self, key: str, node: Node, edges: Edges) -> None:
        if key in ("inputs", "after") and isinstance(node, Sequence):
            for index, item in enumerate(node.items):
                self.input(key, item, edges, f"{key}[{index}]", {"input": str(index + 1)} if key == "inputs" else {})
            return
        self.input(key, node, edges, key, {"input": key} if key in ("left", "right") else {})

    def input(self, key: str, node: Node, edges: Edges, path: str, more: dict[str, Any]) -> None:
        self.seen(path, node)
        pair = one_pair(node)
        if isinstance(node, Scalar) and values.text(node) is not None:
            edges.add(node.text, self.id, node, **more)
        elif key == "after" and pair is not None and pair[0] != "from" and isinstance(pair[1], Scalar):
            condition = pair[1].text
            if condition not in CONDITIONS:
                message = f"This must be one of {', '.join(CONDITIONS)}; it is {show(condition)}."
                self.fault(codes.WrongShape, message, path, node)
            edges.add(pair[0], self.id, node, condition=condition)
        elif isinstance(node, Mapping) and isinstance(node.find("from"), Scalar):
            found = values.value(node, EDGE_SHAPE, path, self.seen)
            named = node.find("input")
            if isinstance(named, Scalar):
                # An input that is null is the unnamed one.
                found["input"] = named.text if values.word(named) is not None else None
            given = {name: value for name, value in {**more, **found}.items() if name != "from"}
            edges.add(
                str(found["from"]), self.id, node, **{n: v for n, v in given.items() if (n, v) != ("input", None)}
            )
        else:
            hint = "Such as 'orders', or {from: orders, output: \"2\"}."
            self.fault(codes.WrongShape, "This must name a component.", path, node, hint)
