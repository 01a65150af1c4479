"""Reads the spelling of a package for people: a YAML text gives the package as the wire has it, or findings."""

from __future__ import annotations

from collections.abc import Mapping as MappingOf
from dataclasses import dataclass, field
from typing import Any

from penstock.domain.diagnostic import Diagnostic
from penstock.lang.check import codes_package as codes
from penstock.lang.check.codes import Code
from penstock.lang.check.report import Report, did_you_mean
from penstock.lang.document.file import values
from penstock.lang.document.file.component import ComponentReader, Edges
from penstock.lang.document.file.nodes import Mapping, Mark, Node, Scalar, Sequence
from penstock.lang.document.file.parser import NotYaml, parse
from penstock.lang.document.file.short_forms import one_pair
from penstock.lang.document.file.spelling import PACKAGE_KEYS, Kinds
from penstock.lang.document.shapes import Shape, show

TOP = (
    "penstock", "name", "description", "flow_type", "variables", "secret_variables", "options", "components", "layout",
    "notes", "wire",
)  # fmt: skip
"""The keys of a file."""
LAYOUT: dict[str, Shape] = {"id": {"type": "string"}, "note": {"type": "string"}}
"""What of an entry of `layout` is text."""
BEGIN = "Begin the file with 'penstock: 1'."
Places = MappingOf[tuple[str, str], Mark]


@dataclass(frozen=True, slots=True)
class FilePackage:
    """A package read from a file: *package* as the wire has it (its flow flat, under `data_flow_json`), None where nothing
    could be read; *places* tells where each part stands, by component id (empty for the package) and path."""

    package: dict[str, Any] | None
    findings: tuple[Diagnostic, ...]
    places: Places = field(default_factory=dict)


def read_file(text: str, kinds: Kinds, options: MappingOf[str, str]) -> FilePackage:
    """Return the package of a file. *options* are the system variables. Never raises."""
    try:
        root = parse(text)
    except NotYaml as fault:
        return FilePackage(None, (codes.NotYaml.at(f"The file cannot be read: {fault}."),))
    if not isinstance(root, Mapping):
        message = "The file holds nothing." if root is None else "The file must be a mapping of keys and values."
        return FilePackage(None, (codes.NotYaml.at(message, hint=BEGIN),))
    reader = _Reader(kinds, options)
    package = reader.package(root)
    return FilePackage(package, tuple(reader.report.findings), reader.places)


class _Reader:
    def __init__(self, kinds: Kinds, options: MappingOf[str, str]) -> None:
        self.kinds = kinds
        self.options = options
        self.report = Report()
        self.places: dict[tuple[str, str], Mark] = {}

    def seen(self, path: str, node: Node) -> None:
        self.places[("", path)] = node.mark

    def fault(self, code: type[Code], message: str, path: str, node: Node, hint: str | None = None) -> None:
        self.seen(path, node)
        self.report.add(code.at(message, hint=hint), path=path)

    def package(self, root: Mapping) -> dict[str, Any]:
        made: dict[str, Any] = {}
        flow: dict[str, Any] = {}
        for key, node in root.entries:
            self.seen(key.text, key)
            if key.text.startswith("x-"):
                flow[key.text] = values.value(node, {}, key.text, self.seen)
            elif key.text not in TOP:
                message = f"A package file has no key {show(key.text)}."
                self.fault(codes.UnknownProperty, message, key.text, key, did_you_mean(key.text, TOP))
        self.version(root)
        for name in ("name", "description", "flow_type"):
            if (found := root.find(name)) is not None:
                made[name] = self.text(found, name)
        made["variables"] = {**self.chosen_options(root), **self.variables(root)}
        if (secret := root.find("secret_variables")) is not None:
            listed = secret.items if isinstance(secret, Sequence) else (secret,)
            made["secret_variables"] = [self.text(one, f"secret_variables[{i}]") for i, one in enumerate(listed)]
        beside = root.find("wire")
        wire = {} if beside is None else values.value(beside, {}, "wire", self.seen)
        if not isinstance(wire, dict) or not all(
            isinstance(wire.get(key, {}), dict) for key in ("package", "document")
        ):
            self.fault(codes.WrongShape, "'wire' holds objects under 'package' and 'document'.", "wire", root)
            wire = {}
        for part, own in (("package", PACKAGE_KEYS), ("document", ("components", "edges", "notes"))):
            for key in [key for key in wire.get(part, {}) if key in own]:
                self.fault(
                    codes.UnknownProperty, f"{show(key)} has its own place in the file.", f"wire.{part}.{key}", root
                )
                del wire[part][key]
        made.update(wire.get("package", {}))
        flow.update(wire.get("document", {}))
        flow["components"], flow["edges"] = self.components(root)
        if (notes := root.find("notes")) is not None:
            flow["notes"] = self.notes(notes)
        made["data_flow_json"] = flow
        for key, _ in root.entries:
            # A key, not the value below it, is where its part begins.
            self.seen(key.text, key)
        return made

    def version(self, root: Mapping) -> None:
        node = root.find("penstock")
        if node is None:
            self.fault(codes.MissingProperty, "The key 'penstock' is missing.", "penstock", root, BEGIN)
        elif not isinstance(node, Scalar) or values.word(node) != 1 or isinstance(values.word(node), bool):
            message = "'penstock' is the version of the format of files, and must be 1."
            self.fault(codes.WrongShape, message, "penstock", node)

    def text(self, node: Node, path: str) -> str:
        if not isinstance(node, Scalar) or (node.plain and node.text == ""):
            self.fault(codes.WrongShape, "This must be text.", path, node)
            return ""
        return node.text

    def pairs(self, node: Node | None, path: str) -> list[tuple[Scalar, Node]]:
        """Return the entries of a mapping, or of a list of mappings of one entry."""
        if node is None or (isinstance(node, Scalar) and node.plain and node.text in ("", "null")):
            return []
        if isinstance(node, Mapping):
            return list(node.entries)
        made: list[tuple[Scalar, Node]] = []
        for item in node.items if isinstance(node, Sequence) else ():
            if isinstance(item, Mapping) and one_pair(item) is not None:
                made.append(item.entries[0])
            else:
                self.fault(
                    codes.WrongShape,
                    "This must be one name with its value.",
                    path,
                    item,
                    "Such as 'day: CurrentTime()'.",
                )
        if isinstance(node, Scalar):
            self.fault(codes.WrongShape, f"'{path}' must be a list of names with values.", path, node)
        return made

    def variables(self, root: Mapping) -> dict[str, str]:
        made: dict[str, str] = {}
        for key, node in self.pairs(root.find("variables"), "variables"):
            path = f"variables.{key.text}"
            if key.text in made:
                self.fault(codes.DuplicateName, f"The variable {show(key.text)} stands twice.", path, key)
            made[key.text] = self.text(node, path)
            self.seen(path, key)
        return made

    def chosen_options(self, root: Mapping) -> dict[str, str]:
        made: dict[str, str] = {}
        for key, node in self.pairs(root.find("options"), "options"):
            path = f"options.{key.text}"
            if key.text not in self.options:
                message = f"There is no option {show(key.text)}."
                self.fault(codes.UnknownProperty, message, path, key, did_you_mean(key.text, self.options))
            made[key.text] = self.text(node, path)
            self.places[("", f"variables.{key.text}")] = node.mark
            self.seen(path, node)
        return made

    def components(self, root: Mapping) -> tuple[list[Any], list[Any]]:
        layout = self.layout(root)
        ids = {name: str(entry["id"]) if isinstance(entry.get("id"), str) else name for name, entry in layout.items()}
        made: list[Any] = []
        edges = Edges(ids, self.places)
        node = root.find("components")
        if isinstance(node, Scalar) and node.plain and node.text == "":
            node = None
        if node is not None and not isinstance(node, Sequence):
            self.fault(codes.WrongShape, "'components' must be a list.", "components", node)
        names = set()
        for index, item in enumerate(node.items if isinstance(node, Sequence) else ()):
            self.seen(f"components[{index}]", item)
            if not isinstance(item, Mapping):
                message = "A component must be a mapping of keys and values."
                self.fault(codes.WrongShape, message, f"components[{index}]", item)
                continue
            found = ComponentReader(item, self.kinds, self.report, self.places, ids).read(index, edges, layout)
            if found is not None:
                names.add(found["name"])
                made.append(found)
        for name in layout:
            if name not in names:
                message = f"There is no component {show(name)}."
                self.report.add(
                    codes.UnknownProperty.at(message, hint=did_you_mean(name, names)), path=f"layout.{name}"
                )
        return made, edges.made

    def layout(self, root: Mapping) -> dict[str, dict[str, Any]]:
        node = root.find("layout")
        made: dict[str, dict[str, Any]] = {}
        for key, entry in self.pairs(node, "layout"):
            path = f"layout.{key.text}"
            self.seen(path, key)
            if not isinstance(entry, Mapping):
                self.fault(codes.WrongShape, "This must be a mapping such as {position: [80, 120]}.", path, entry)
                continue
            found = {
                one.text: values.value(inner, LAYOUT.get(one.text, {}), f"{path}.{one.text}", self.seen)
                for one, inner in entry.entries
            }
            for one, _ in entry.entries:
                self.seen(f"{path}.{one.text}", one)
            if "position" in found:
                found["position"] = position(found["position"])
            made[key.text] = found
        return made

    def notes(self, node: Node) -> Any:
        shape = {"type": "array", "items": {"type": "object", "properties": {"text": {"type": "string"}}}}
        found = values.value(node, shape, "notes", self.seen)
        for one in found if isinstance(found, list) else ():
            if isinstance(one, dict) and "position" in one:
                one["position"] = position(one["position"])
        return found


def position(raw: Any) -> Any:
    """Return the document's form of `[80, 120]`."""
    return {"x": raw[0], "y": raw[1]} if isinstance(raw, list) and len(raw) == 2 else raw
