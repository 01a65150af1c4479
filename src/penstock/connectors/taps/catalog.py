"""The catalog of a tap: what it can give, and what of that is asked for."""

from __future__ import annotations

import json
from collections.abc import Collection
from typing import Any

from penstock.errors import PermanentError


def read(text: bytes, tap: str) -> list[dict[str, Any]]:
    """Return the streams of a catalog. Raises PermanentError."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        found = None
    streams = found.get("streams") if isinstance(found, dict) else None
    if not isinstance(streams, list) or not all(isinstance(one, dict) for one in streams):
        raise PermanentError(f"The tap '{tap}' gives no catalog when it is asked to discover.")
    return streams


def name_of(stream: dict[str, Any]) -> str:
    """Return what the messages of a stream call it."""
    return str(stream.get("stream") or stream.get("tap_stream_id") or "")


def chosen(streams: list[dict[str, Any]], wanted: str, fields: Collection[str] | None, tap: str) -> dict[str, Any]:
    """Return a catalog in which one stream is selected, and of it some *fields* (None: all) and those that always come.

    Raises PermanentError that names the streams that there are.
    """
    found = [one for one in streams if wanted in (name_of(one), one.get("tap_stream_id"))]
    if len(found) != 1:
        known = ", ".join(sorted(map(name_of, streams))[:50]) or "none"
        raise PermanentError(f"The tap '{tap}' has no stream '{wanted}'. It has: {known}.")
    return {"streams": [_marked(one, one is found[0], fields) for one in streams]}


def _marked(stream: dict[str, Any], is_chosen: bool, fields: Collection[str] | None) -> dict[str, Any]:
    """Return a stream with its marks: in the metadata, and where older taps look for them."""
    schema = dict(stream.get("schema") or {})
    properties = schema.get("properties") if isinstance(schema.get("properties"), dict) else {}
    marks = {
        tuple(one.get("breadcrumb") or ()): dict(one.get("metadata") or {}) for one in stream.get("metadata") or ()
    }
    marks.setdefault((), {})
    for name in properties or {}:
        marks.setdefault(("properties", name), {})
    for path, mark in marks.items():
        if not path:
            mark["selected"] = is_chosen
        elif len(path) == 2 and path[0] == "properties":
            is_field = fields is None or path[1] in fields or mark.get("inclusion") == "automatic"
            mark["selected"] = is_chosen and is_field and mark.get("inclusion") != "unsupported"
    schema["selected"] = is_chosen
    metadata = [{"breadcrumb": list(path), "metadata": mark} for path, mark in marks.items()]
    return {**stream, "schema": schema, "selected": is_chosen, "metadata": metadata}
