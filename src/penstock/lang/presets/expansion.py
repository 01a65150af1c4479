"""A REST source that names a preset becomes one that says everything itself. What it says already stays."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from penstock.lang.check import codes_package as codes
from penstock.lang.check.codes import Code
from penstock.lang.check.report import Report, did_you_mean
from penstock.lang.document.model import ComponentNode
from penstock.lang.document.shapes import show
from penstock.lang.presets.preset import PLACE, Presets, Recordset, Service

TYPE = "rest_api_source_component"


def expanded(node: ComponentNode, presets: Presets, report: Report) -> ComponentNode:
    """Return a component with what its preset says, where it does not say it itself; as it is, with findings, where it names
    none that there is."""
    chosen = node.properties.get("preset")
    if node.type != TYPE or not isinstance(chosen, str):
        return node
    found = _found(node, chosen, presets, report)
    if found is None:
        return node
    service, records = found
    values = _values(node, service, report)
    if values is None:
        return node
    _check_connection(node, service, report)
    given = {name: _filled(value, values) for name, value in records.properties.items()}
    keys: dict[str, Any] = {"fields": [dict(one) for one in records.fields], **node.keys}
    return replace(node, properties={"authentication": "connection", **given, **node.properties}, keys=keys)


def _found(node: ComponentNode, chosen: str, presets: Presets, report: Report) -> tuple[Service, Recordset] | None:
    name, _, records = chosen.partition(".")
    known = [f"{service.name}.{one}" for service in presets.values() for one in service.records]
    service = presets.get(name)
    if service is not None and records in service.records:
        return service, service.records[records]
    hint = did_you_mean(chosen, known) or f"Known: {', '.join(known)}."
    _say(report, node, codes.WrongShape, f"There is no preset {show(chosen)}.", "properties.preset", hint)
    return None


def _values(node: ComponentNode, service: Service, report: Report) -> dict[str, str] | None:
    raw = node.properties.get("preset_values", {})
    given = {key: one for key, one in raw.items() if isinstance(one, str)} if isinstance(raw, Mapping) else {}
    for key in given:
        if key not in service.values:
            hint = did_you_mean(key, tuple(service.values)) or f"Known: {', '.join(service.values) or 'none'}."
            message = f"The preset takes no value '{key}'."
            _say(report, node, codes.WrongShape, message, f"properties.preset_values.{key}", hint)
    made = {key: default for key, (_, default) in service.values.items() if default is not None} | given
    missing = [key for key in service.values if key not in made]
    for key in missing:
        message = f"The preset needs the value '{key}': {service.values[key][0]}."
        hint = f'Such as "preset_values": {{"{key}": "…"}}.'
        _say(report, node, codes.MissingProperty, message, "properties.preset_values", hint)
    return None if missing else made


def _check_connection(node: ComponentNode, service: Service, report: Report) -> None:
    connection = node.keys.get("connection")
    kind = connection.get("type") if isinstance(connection, Mapping) else None
    if isinstance(kind, str) and kind not in service.connections:
        message = f"A connection of type {show(kind)} does not log in to {service.title}."
        _say(report, node, codes.WrongShape, message, "connection.type", f"Known: {', '.join(service.connections)}.")


def _say(report: Report, node: ComponentNode, code: type[Code], message: str, path: str, hint: str | None) -> None:
    report.add(code.at(message, None, hint), node.name, node.id, path)


def _filled(value: Any, values: Mapping[str, str]) -> Any:
    if isinstance(value, str):
        return PLACE.sub(lambda found: values.get(found[1], found[0]), value)
    if isinstance(value, Mapping):
        return {key: _filled(one, values) for key, one in value.items()}
    return value
