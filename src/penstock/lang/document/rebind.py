"""Puts other connections into a document: what a package needs that moves from one server to another."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from penstock.lang.document.connections import connection_key
from penstock.lang.document.reader import read
from penstock.lang.document.writer import to_wire


def rebind(flow: str, names: Mapping[str, str]) -> tuple[str, frozenset[str]]:
    """Return a flow in the wire's spelling whose connections are renamed by *names*, old to new, and those of *names*
    that it does not use. A flow that cannot be read is returned as it is.

    >>> flow = '{"components": [{"x_component": {"id": "1", "name": "x", "connection": "lake"}}]}'
    >>> rebind(flow, {"lake": "FILE_CONNECTION_3"})[0]
    '{"components": [{"x_component": {"id": "1", "name": "x", "connection": "FILE_CONNECTION_3"}}], "edges": []}'
    """
    document, _ = read(flow)
    wire = to_wire(flow)
    if document is None:
        return wire, frozenset(names)
    renamed = {node.id: names[key] for node in document.components if (key := connection_key(node)) in names and key}
    raw: dict[str, Any] = json.loads(wire)
    for keyed in raw["components"]:
        for component in keyed.values() if isinstance(keyed, dict) else ():
            if isinstance(component, dict) and str(component.get("id")) in renamed:
                component["connection"] = renamed[str(component["id"])]
                component.pop("cloud_storage_connection_id", None)
    used = {connection_key(node) for node in document.components}
    return json.dumps(raw, ensure_ascii=False), frozenset(names) - {key for key in used if key}
