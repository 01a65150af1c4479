"""Values out of JSON files (dataflow reference 5.1)."""

from __future__ import annotations

import json
from typing import Any

from penstock.engines.functions import json_paths, structures
from penstock.engines.functions.json_depth import guard_depth


def _shown(raw: Any) -> str | None:
    if raw is None:
        return None
    return raw if isinstance(raw, str) else json.dumps(raw, ensure_ascii=False, separators=(",", ":"))


def json_path(text: str, path: str) -> str | None:
    """Return what a JSONPath finds: one match as JSON text, several as an array, none as None."""
    guard_depth(text)
    found = json_paths.find(path, text)
    if not found:
        return None
    return json.dumps(found[0] if len(found) == 1 else found, ensure_ascii=False, separators=(",", ":"))


def json_text(text: str) -> str | None:
    """Return a JSON value as text: a text without its quotes, null as None, others as JSON."""
    guard_depth(text)
    return _shown(json.loads(text))


def json_structure(text: str, kind: str) -> str | None:
    """Return a JSON object as a map, an array as a bag; None for any other value."""
    guard_depth(text)
    try:
        raw = json.loads(text)
    except ValueError:
        return None
    if not isinstance(raw, dict if kind == "map" else list):
        return None
    return structures.from_json(raw)
