"""Writes a package of the wire in the spelling for people. What has no spelling is refused by name, never changed."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from penstock.lang.document.file import items
from penstock.lang.document.file.items import leaf, listing, mapping, value
from penstock.lang.document.file.printer import Out, Place
from penstock.lang.document.file.spelling import (
    GROUPS,
    PACKAGE_KEYS,
    RESERVED,
    SUFFIX,
    TASKS,
    Kind,
    Kinds,
    kind_of,
    short_form,
)
from penstock.lang.document.reader import flat
from penstock.lang.document.shapes import show
from penstock.lang.document.text import NotJson, parse
from penstock.lang.variables.resolution import as_text

DEFAULTS = {"flow_type": "dataflow", "flow_version": "2.0.0", "description": None}
"""Attributes of a package that are left out where they say nothing."""
_COMPONENT_KEYS = ("id", "type", "name", "properties")


class Unwritable(ValueError):
    """A package that has no spelling in files; a value for the caller, with one plain sentence."""


def same(one: Any, other: Any) -> bool:
    """JSON's equality: true is not 1."""
    return type(one) is type(other) and bool(one == other)


def tree(package: Mapping[str, Any], kinds: Kinds, options: Collection[str], keep: Collection[Place] = ()) -> Out:
    """Return a package as the tree of its file; defaults are left out unless they stand in *keep*. Raises Unwritable."""
    return _Writer(kinds, options, keep).package(package)


def flow_of(package: Mapping[str, Any]) -> dict[str, Any]:
    """Return the flow of a package as plain JSON values. Raises Unwritable where it is no object."""
    raw = package.get("data_flow_json", package.get("raw_data"))
    if isinstance(raw, str):
        try:
            raw = parse(raw) if raw.strip() else {}
        except NotJson as fault:
            raise Unwritable(f"The flow is not JSON: {fault}.") from None
    if raw is None or raw == []:
        return {}
    if not isinstance(raw, dict):
        raise Unwritable("The flow is no JSON object.")
    return raw


def flat_component(item: Any) -> dict[str, Any]:
    """Return a component in the flat spelling with an id, a type and a name. Raises Unwritable."""
    if not isinstance(item, Mapping):
        raise Unwritable("A component is no JSON object.")
    made = dict(flat(item))
    if len(item) > 1 and len(made) < len(item) + 1 and "type" not in item:
        made.update({key: inner for key, inner in item.items() if key.startswith("x-")})
    for key in ("id", "type"):
        if not isinstance(made.get(key), str) or not made[key]:
            raise Unwritable(f"A component has no '{key}', or one that is no text.")
    if not isinstance(made.setdefault("name", made["id"]), str) or not made["name"]:
        raise Unwritable(f"The name of the component {show(made['id'])} is no text.")
    if made.get("properties", []) == []:
        made["properties"] = {}
    if not isinstance(made["properties"], Mapping):
        raise Unwritable(f"The properties of the component {show(made['name'])} are no object.")
    return made


class _Writer:
    def __init__(self, kinds: Kinds, options: Collection[str], keep: Collection[Place]) -> None:
        self.kinds = kinds
        self.options = options
        self.keep = keep
        self.names: dict[str, str] = {}

    def package(self, package: Mapping[str, Any]) -> Out:
        flow = flow_of(package)
        entries: list[tuple[str, Out]] = [("penstock", leaf(1, ("", "penstock")))]
        for key in ("name", "description", "flow_type"):
            if key in package and (package[key] != DEFAULTS.get(key) or self.kept(key)):
                entries.append((key, leaf(package[key], ("", key))))
        entries += self.variables(package)
        listed = self.list_of(flow, "components")
        components = [flat_component(item) for item in listed]
        self.names = {one["id"]: one["name"] for one in components}
        if len(self.names) < len(components) or len(set(self.names.values())) < len(components):
            raise Unwritable("Two components have one id or one name; a file tells them apart by their names.")
        edges = self.edges(flow)
        made = [self.component(one, edges[one["id"]]) for one in components]
        entries.append(("components", listing(made, ("", "components"), blocked=True)))
        return mapping(entries + self.end(package, flow, components), ("", ""), blocked=True)

    def kept(self, *path: str) -> bool:
        return ("", path[0]) in self.keep

    def list_of(self, flow: Mapping[str, Any], name: str) -> list[Any]:
        raw = flow.get(name, [])
        if not isinstance(raw, list):
            raise Unwritable(f"'{name}' is no list.")
        return raw

    def variables(self, package: Mapping[str, Any]) -> list[tuple[str, Out]]:
        raw = package.get("variables") or {}
        if not isinstance(raw, Mapping) or any(isinstance(one, list | Mapping) for one in raw.values()):
            raise Unwritable("The variables are no object of names and expressions.")
        secret = package.get("secret_variables") or []
        entries = [(name, leaf(as_text(text), ("", f"variables.{name}"))) for name, text in raw.items()]
        own = [mapping([one], one[1].place) for one in entries if one[0] not in self.options]
        system = [one for one in entries if one[0] in self.options]
        made = [("variables", listing(own, ("", "variables"), blocked=True))] if own else []
        if secret:
            names = [leaf(name, ("", f"secret_variables[{index}]")) for index, name in enumerate(secret)]
            made.append(("secret_variables", listing(names, ("", "secret_variables"))))
        return [*made, ("options", mapping(system, ("", "options"), blocked=True))] if system else made

    def edges(self, flow: Mapping[str, Any]) -> dict[str, list[Mapping[str, Any]]]:
        leading: dict[str, list[Mapping[str, Any]]] = {identity: [] for identity in self.names}
        for edge in self.list_of(flow, "edges"):
            if not isinstance(edge, Mapping):
                raise Unwritable("An edge is no JSON object.")
            for end in ("from", "to"):
                if not isinstance(edge.get(end), str) or edge[end] not in self.names:
                    raise Unwritable(f"An edge names the component {show(edge.get(end))}, which is not there.")
            leading[edge["to"]].append(edge)
        return leading

    def component(self, one: Mapping[str, Any], edges: list[Mapping[str, Any]]) -> Out:
        identity, type = one["id"], one["type"]
        if not type.endswith(SUFFIX) or type == SUFFIX:
            raise Unwritable(f"{show(type)} is no type of a component: those end in '{SUFFIX}'.")
        short = type.removesuffix(SUFFIX)
        kind = kind_of(self.kinds, type)
        entries = [
            ("name", leaf(one["name"], (identity, "name"))),
            ("type", leaf(type if short.endswith(SUFFIX) else short, (identity, "type"))),
            *self.inputs(identity, edges, type in TASKS),
        ]
        if "connection" in one:
            entries.append(("connection", items.connection(one["connection"], (identity, "connection"))))
        entries += self.properties(identity, type, kind, one["properties"])
        for key in kind.keys:
            if key in one and key != "connection":
                entries.append((key, self.key(key, one[key], (identity, key))))
        return mapping(entries, (identity, ""), blocked=True)

    def key(self, name: str, raw: Any, place: Place) -> Out:
        write = {"fields": items.source_field, "mapping": items.mapping_item}.get(name)
        return (
            items.listed(raw, place, write, True) if write is not None and isinstance(raw, list) else value(raw, place)
        )

    def inputs(self, identity: str, edges: list[Mapping[str, Any]], is_task: bool) -> list[tuple[str, Out]]:
        def out(edge: Mapping[str, Any], path: str, named: bool) -> Out:
            given = {key: item for key, item in edge.items() if key != "input" or named}
            return items.fed_by(self.names[edge["from"]], given, (identity, path), is_task)

        names = [edge.get("input") for edge in edges]
        if not edges:
            return []
        if is_task:
            made = [out(edge, f"after[{index}]", True) for index, edge in enumerate(edges)]
            return [("after", listing(made, (identity, "after")) if len(made) > 1 else out(edges[0], "after", True))]
        if len(edges) == 1 and "input" not in edges[0]:
            return [("input", out(edges[0], "input", False))]
        if len(set(map(str, names))) == len(names) and all(name in ("left", "right") for name in names):
            return [(str(edge["input"]), out(edge, str(edge["input"]), False)) for edge in sorted(edges, key=_input)]
        numbers = {str(index): index for index in range(1, len(edges) + 1)}
        if all(isinstance(name, str) for name in names) and sorted(map(str, names)) == sorted(numbers):
            ordered = sorted(edges, key=lambda edge: numbers[edge["input"]])
            made = [out(edge, f"inputs[{index}]", False) for index, edge in enumerate(ordered)]
            return [("inputs", listing(made, (identity, "inputs")))]
        made = [out({"input": None, **edge}, f"inputs[{index}]", True) for index, edge in enumerate(edges)]
        return [("inputs", listing(made, (identity, "inputs")))]

    def properties(self, identity: str, type: str, kind: Kind, given: Mapping[str, Any]) -> list[tuple[str, Out]]:
        entries: list[tuple[str, Out]] = []
        apart: list[tuple[str, Out]] = []
        where = self.where(identity, kind, given)
        for name in [
            *(one for one in kind.properties if one in given),
            *(one for one in given if one not in kind.properties),
        ]:
            place = (identity, f"properties.{name}")
            if name in ("match", "conditions") and where:
                entries += where if name == "conditions" else []
            elif name in kind.defaults and same(given[name], kind.defaults[name]) and place not in self.keep:
                continue
            elif name in (*RESERVED, "where", "properties", "after", *kind.keys):
                apart.append((name, value(given[name], place)))
            else:
                entries.append((name, self.property(type, kind, name, given[name], place)))
        if apart:
            entries.append(("properties", mapping(apart, (identity, "properties"))))
        return entries

    def property(self, type: str, kind: Kind, name: str, raw: Any, place: Place) -> Out:
        short = short_form(type, kind, name)
        if short == "variables" and isinstance(raw, Mapping):
            if all(isinstance(text, str) and text != "" for text in raw.values()):
                pairs = [items.short(key, text, items.below(place, key)) for key, text in raw.items()]
                return listing(pairs, place, blocked=bool(pairs))
        elif short in items.WRITERS and isinstance(raw, list):
            write, blocked = items.WRITERS[short]
            return items.listed(raw, place, write, blocked)
        return value(raw, place)

    def where(self, identity: str, kind: Kind, given: Mapping[str, Any]) -> list[tuple[str, Out]]:
        """Return conditions and how they combine as one entry; none where they have not that shape."""
        match, listed = given.get("match", "all"), given.get("conditions")
        if not kind.has("conditions") or match not in GROUPS or not isinstance(listed, list):
            return []
        place = (identity, "properties.conditions")
        made = items.listed(listed, place, items.condition, True)
        return [("where", made if match == "all" else mapping([(match, made)], place))]

    def end(
        self, package: Mapping[str, Any], flow: Mapping[str, Any], components: list[dict[str, Any]]
    ) -> list[tuple[str, Out]]:
        """Return what changes no meaning: keys that begin `x-`, ids, positions, notes, what no reader knows."""
        made = [(key, value(inner, ("", key))) for key, inner in flow.items() if key.startswith("x-")]
        laid = [(one["name"], self.layout(one)) for one in components]
        laid = [(name, entry) for name, entry in laid if entry.entries]
        if laid:
            made.append(("layout", mapping(laid, ("", "layout"), blocked=True)))
        notes = flow.get("notes", [])
        if notes != []:
            out = value(notes, ("", "notes"))
            out.blocked = isinstance(notes, list)
            for item, raw in zip(out.items, notes if isinstance(notes, list) else [], strict=True):
                if isinstance(raw, Mapping):
                    item.value = [(key, position(key, raw[key], inner)) for key, inner in item.entries]
            made.append(("notes", out))
        document = {
            key: inner for key, inner in flow.items()
            if key not in ("components", "edges", "notes") and not key.startswith("x-")
            and not (key == "format" and same(inner, 1))
        }  # fmt: skip
        other = {
            key: inner for key, inner in package.items()
            if key not in PACKAGE_KEYS and not (key in DEFAULTS and inner == DEFAULTS[key])
        }  # fmt: skip
        wire = {key: inner for key, inner in (("package", other), ("document", document)) if inner}
        return [*made, ("wire", value(wire, ("", "wire")))] if wire else made

    def layout(self, one: Mapping[str, Any]) -> Out:
        kind = kind_of(self.kinds, one["type"])
        place = ("", f"layout.{one['name']}")
        given = {"id": one["id"]} if one["id"] != one["name"] else {}
        known = (*_COMPONENT_KEYS, "connection", *kind.keys)
        given |= {key: inner for key, inner in one.items() if key not in known and not _says_nothing(key, inner)}
        entries = [(key, position(key, inner, value(inner, items.below(place, key)))) for key, inner in given.items()]
        return mapping(entries, place)


def _says_nothing(key: str, inner: Any) -> bool:
    return key in ("position", "note") and inner is None


def _input(edge: Mapping[str, Any]) -> str:
    return str(edge["input"])


def position(key: str, raw: Any, out: Out) -> Out:
    """Return a position as two numbers in brackets."""
    if key == "position" and isinstance(raw, Mapping) and raw.keys() == {"x", "y"}:
        return listing([inner for _, inner in sorted(out.entries, key=lambda one: one[0])], out.place)
    return out
