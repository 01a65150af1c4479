"""The parameters of a request, whatever dialect it came in: query, JSON with or without envelope, or form."""

from __future__ import annotations

import json
from typing import Any

from penstock.api.forms import numbered_as_list, read_pairs, read_tree
from penstock.errors import BadRequest, UnsupportedMedia

LARGEST_BODY = 8 * 1024 * 1024
"""The largest body that is read, in bytes; a package of several thousand components is far below it."""

_DEEPEST = 200
_FORM = "application/x-www-form-urlencoded"
_BODILESS = ("GET", "DELETE")
"""Methods whose body some clients fill with what is no object."""
_LISTS = ("packages", "bootstrap_actions", "events")
"""Lists that some clients write as a map of numbers."""


def read_fields(
    query: list[tuple[str, str]], body: bytes, content_type: str, *, method: str, envelope: str | None
) -> dict[str, Any]:
    """Return the parameters of a request outside its path, without their envelope; the body wins over the query.

    Raises: BadRequest when the body cannot be read, UnsupportedMedia when its type is not known here.
    """
    fields = _opened(_checked(read_tree(query)), envelope, alone=False) if query else {}
    if body:
        fields |= _read_body(body, content_type, method=method, envelope=envelope)
    return fields


def _read_body(body: bytes, content_type: str, *, method: str, envelope: str | None) -> dict[str, Any]:
    kind = content_type.partition(";")[0].strip().lower()
    if kind == _FORM and not _looks_like_json(body):
        return _opened(_checked(read_tree(read_pairs(body))), envelope, alone=False)
    if kind and kind != _FORM and not _is_json(kind):
        raise UnsupportedMedia(f"A body of type '{kind[:80]}' is not read here. Send application/json or {_FORM}.")
    value = _read_json(body)
    if isinstance(value, dict):
        return _with_lists(_opened(_checked(value), envelope, alone=True))
    if value is None or value == [] or method in _BODILESS:
        return {}
    raise BadRequest("The body must be a JSON object.")


def _is_json(kind: str) -> bool:
    return kind in {"application/json", "text/json"} or (kind.startswith("application/") and kind.endswith("+json"))


def _looks_like_json(body: bytes) -> bool:
    # curl sends JSON under the type of forms unless it is told otherwise
    return body.lstrip()[:1] == b"{"


def _read_json(body: bytes) -> Any:
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError as fault:
        raise BadRequest("The body is not UTF-8 text.") from fault
    if not text.strip():
        return None
    try:
        return json.loads(text, parse_constant=_refuse_constant, parse_float=_finite)
    except RecursionError as fault:
        raise BadRequest("The body is nested too deep.") from fault
    except json.JSONDecodeError as fault:
        raise BadRequest(f"The body is not JSON: {fault.msg} at line {fault.lineno}, column {fault.colno}.") from fault
    except ValueError as fault:
        raise BadRequest("The body holds a number that JSON does not know or that is too large.") from fault


def _refuse_constant(name: str) -> float:
    raise ValueError(name)


def _finite(text: str) -> float:
    value = float(text)
    if value in (float("inf"), float("-inf")):
        raise ValueError(text)
    return value


def _checked(value: dict[str, Any]) -> dict[str, Any]:
    """Return *value* when every text in it can be stored: no character U+0000, no half of a surrogate pair."""
    rest: list[tuple[Any, int]] = [(value, 0)]
    while rest:
        item, depth = rest.pop()
        if depth > _DEEPEST:
            raise BadRequest(f"The body is nested more than {_DEEPEST} levels deep.")
        if isinstance(item, str):
            _check_text(item)
        elif isinstance(item, list):
            rest.extend((inner, depth + 1) for inner in item)
        elif isinstance(item, dict):
            for key, inner in item.items():
                _check_text(key)
                rest.append((inner, depth + 1))
    return value


def _check_text(text: str) -> None:
    if text.isascii():
        if "\x00" in text:
            raise BadRequest("Text must not hold the character U+0000.")
        return
    try:
        text.encode("utf-8")
    except UnicodeEncodeError as fault:
        raise BadRequest("Text must not hold half of a surrogate pair.") from fault
    if "\x00" in text:
        raise BadRequest("Text must not hold the character U+0000.")


def _opened(value: dict[str, Any], envelope: str | None, *, alone: bool) -> dict[str, Any]:
    """Return *value* without its envelope, the singular name of the resource; in JSON it must be the only key."""
    if envelope is None or not isinstance(value.get(envelope), dict) or (alone and len(value) > 1):
        return value
    inner: dict[str, Any] = value[envelope]
    return {key: item for key, item in value.items() if key != envelope} | inner


def _with_lists(fields: dict[str, Any]) -> dict[str, Any]:
    for holder in (fields, fields.get("task")):
        if isinstance(holder, dict):
            for name in _LISTS:
                if isinstance(holder.get(name), dict):
                    holder[name] = numbered_as_list(holder[name])
    return fields
