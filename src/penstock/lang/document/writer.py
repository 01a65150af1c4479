"""The wire's spelling of a document: a string of JSON with keyed components (dataflow reference 2.3)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from penstock.lang.document.text import NotJson, parse


def to_wire(raw: str | Mapping[str, Any] | None) -> str:
    """Return a flow as text with keyed components and edges; everything that was given is kept.

    Text that is no JSON object comes back as it is: what was given is kept, and validation says what is wrong.
    """
    if isinstance(raw, str):
        try:
            parsed = parse(raw) if raw.strip() else {}
        except NotJson:
            return raw.encode("utf-8", "backslashreplace").decode()
        if not isinstance(parsed, dict):
            return raw
        raw = parsed
    document = dict(raw or {})
    components = document.get("components")
    if isinstance(components, list):
        document["components"] = [_keyed(item) for item in components]
    else:
        document.setdefault("components", [])
    document.setdefault("edges", [])
    return json.dumps(document, ensure_ascii=False).encode("utf-8", "backslashreplace").decode()


def _keyed(item: Any) -> Any:
    if isinstance(item, dict) and isinstance(item.get("type"), str):
        inner = {key: value for key, value in item.items() if key != "type"}
        return {item["type"]: inner}
    return item
