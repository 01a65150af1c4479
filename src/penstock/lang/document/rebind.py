"""Puts other connections into a document: what a package needs that moves from one server to another."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from penstock.lang.document.connections import connection_key
from penstock.lang.document.reader import read
from penstock.lang.document.writer import to_wire
from penstock.lang.expression.tokens import quote
from penstock.lang.functions.calls import ASKING

_ASKED = re.compile(rf"(\b(?:{'|'.join(sorted(ASKING))})\s*\(\s*)('(?:\\.|[^'\\])*')", re.DOTALL)


def rebind(flow: str, names: Mapping[str, str]) -> tuple[str, frozenset[str]]:
    """Return a flow in the wire's spelling whose connections are renamed by *names*, old to new, and those of *names*
    that it does not use: connections of components, and those that functions ask. A flow that cannot be read is returned as
    it is.

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
    used = {key for node in document.components if (key := connection_key(node))}
    raw, asked = rebind_texts(raw, names)
    return json.dumps(raw, ensure_ascii=False), frozenset(names) - used - asked


def rebind_texts(value: Any, names: Mapping[str, str]) -> tuple[Any, frozenset[str]]:
    """Return JSON values in whose texts functions ask connections renamed by *names*, and those of *names* that they asked.

    >>> rebind_texts({"last": "ExecuteSqlString('shop', 'SELECT 1')"}, {"shop": "POSTGRES_CONNECTION_3"})
    ({'last': "ExecuteSqlString('POSTGRES_CONNECTION_3', 'SELECT 1')"}, frozenset({'shop'}))
    """
    spelled = {quote(old): old for old in names}
    used: set[str] = set()

    def renamed(found: re.Match[str]) -> str:
        old = spelled.get(found[2])
        if old is None:
            return found[0]
        used.add(old)
        return found[1] + quote(names[old])

    def walk(one: Any) -> Any:
        if isinstance(one, str):
            return _ASKED.sub(renamed, one)
        if isinstance(one, dict):
            return {key: walk(inner) for key, inner in one.items()}
        return [walk(inner) for inner in one] if isinstance(one, list) else one

    return walk(value), frozenset(used)
