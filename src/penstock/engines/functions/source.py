"""Values out of JSON files (dataflow reference 5.1)."""

from __future__ import annotations

import json
import re
from typing import Any

from penstock.engines.functions import structures
from penstock.engines.functions.json_depth import guard_depth
from penstock.kit import json_paths

_HALF_PAIRS = re.compile("[\ud800-\udfff]")


def _plain(raw: Any) -> str:
    return json.dumps(raw, ensure_ascii=False, separators=(",", ":"))


def _shown(raw: Any) -> str | None:
    if raw is None:
        return None
    return raw if isinstance(raw, str) else _plain(raw)


def json_path(text: str, path: str) -> str | None:
    """Return what a JSONPath finds: one match as JSON text, several as an array, none as None."""
    guard_depth(text)
    found = json_paths.find(path, text)
    if not found:
        return None
    return _plain(found[0] if len(found) == 1 else found)


def json_text(text: str) -> str | None:
    """Return a JSON value as text: a text without its quotes, null as None, others as JSON."""
    guard_depth(text)
    return _shown(json.loads(text))


def json_structure(text: str, kind: str) -> str | None:
    """Return a JSON object as a map, an array as a bag; None for any other value."""
    raw = _structure(text, kind)
    return None if raw is None else structures.from_json(raw)


def json_plain(text: str, kind: str) -> str | None:
    """Return a JSON object, for a map, or an array, for a bag, as text without blanks, each key once; None for any other
    value."""
    raw = _structure(text, kind)
    return None if raw is None else _plain(raw)


def _structure(text: str, kind: str) -> Any:
    guard_depth(text)
    try:
        raw = json.loads(text)
    except ValueError:
        return None
    if "\\u" in text and (whole := _HALF_PAIRS.sub("\ufffd", plain := _plain(raw))) != plain:
        # Half a surrogate pair cannot be held in UTF-8 text.
        raw = json.loads(whole)
    return raw if isinstance(raw, dict if kind == "map" else list) else None


def json_member(text: str, key: str) -> str | None:
    """Return the last value of a key of a JSON object as JSON, None where it has none."""
    raw = json.loads(text)
    return _plain(raw[key]) if key in raw else None


def json_value(text: str) -> str | None:
    """Return a JSON value as canonical text; null as None."""
    raw = json.loads(text)
    return None if raw is None else structures.from_json(raw)
