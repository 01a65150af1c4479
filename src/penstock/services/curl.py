"""Calls of web APIs that somebody makes to see what they answer (wire reference 3.10.3, the type `curl`): nothing is stored."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from penstock.errors import ConnectionTestFailed, DataError, ExternalError
from penstock.kit import outbound
from penstock.kit.outbound import Answer, Request
from penstock.plan.ports import Connection as Bound
from penstock.plan.ports import Sampled
from penstock.services import connection_types, detection
from penstock.services.coerce import Fields
from penstock.services.connection_types import TYPES
from penstock.services.connections import LINES, MOST_LINES
from penstock.services.detection import Shape

METHODS = ("GET", "POST")
RESPONSE_TYPES = ("raw", "json", "array", "line_delimited_json", "line_delimited_data")
MASKED = "***"


@dataclass(frozen=True, slots=True)
class Asked:
    """A call that is to be made, the shape of its answer, how many records are wanted, and what must not be told of it."""

    request: Request = field(repr=False)
    response_type: str
    size: int
    hidden: tuple[str, ...] = field(default=(), repr=False)


def borrowed(raw: Mapping[str, Any]) -> tuple[str | None, int] | None:
    """Return type and id of the stored connection that a call borrows its login from, None for none. Raises
    ConnectionTestFailed."""
    fields = Fields(raw)
    identity, kind = fields.integer("connection_id", 1), fields.text("connection_type") or None
    _refuse(fields)
    return None if identity is None else (kind, identity)


def read(raw: Mapping[str, Any], lender: Bound | None = None) -> Asked:
    """Return what a call asks for; *lender* is the connection that it borrows its login from. Raises ConnectionTestFailed."""
    fields = Fields(raw)
    url = fields.text("url")
    if not url and "url" not in fields.errors:
        fields.refuse("url", "is missing. Give an address such as https://api.example.com/v1.")
    method = fields.choice("method", METHODS) or "GET"
    response_type = fields.choice("response_type", RESPONSE_TYPES) or "json"
    size = fields.integer("lines", 1, MOST_LINES) or LINES
    # The wire's own examples spell it so.
    user = fields.text("username") or fields.text("usaername") or None
    password, body = fields.text("password") or None, fields.text("body")
    headers = {name: "" if value is None else str(value) for name, value in (fields.scalars("headers") or {}).items()}
    _refuse(fields)
    if lender is not None:
        if TYPES[lender.type].group != connection_types.SERVICES and lender.type != "http":
            raise ConnectionTestFailed(f"Connections of type '{lender.type}' lend no login to web APIs.")
        user, password = str(lender.parameters.get("username") or "") or None, lender.secret("password")
        if not password:
            # Without one the call would be made as nobody, and look as if the login were good.
            raise ConnectionTestFailed(f"The connection '{lender.key}' has no password or token that it could lend.")
        if user is None:
            headers["Authorization"], password = f"Bearer {password}", None
    hidden = tuple(lender.revealed() if lender is not None else ())
    if user is not None and password:
        hidden = (*hidden, password, base64.b64encode(f"{user}:{password}".encode()).decode())
    content = None if body is None else body.encode("utf-8", "surrogatepass")
    return Asked(Request(method, url or "", headers, content, user, password), response_type, size, hidden)


def _refuse(fields: Fields) -> None:
    if fields.errors:
        raise ConnectionTestFailed(" ".join(text for found in fields.errors.values() for text in found))


def test(asked: Asked, allow: str) -> None:
    """Return when what is called answers, and not with an error. Raises ConnectionTestFailed."""
    _called(asked, allow)


def schema(asked: Asked, allow: str) -> Sampled:
    """Return the fields of an answer and its first records. Raises ConnectionTestFailed, also for an answer that is not of its
    response type; one that is asked for as it is may be an error."""
    if asked.response_type == "raw":
        answer = _asked(asked, allow)
        headers = {name: _hide(value, asked) for name, value in answer.headers.items()}
        body = _hide(answer.text, asked)
        return Sampled((("status", "int"), ("body", "string"), ("headers", "json")), ((answer.status, body, headers),))
    text = _hide(_called(asked, allow).text, asked)
    try:
        match asked.response_type:
            case "line_delimited_json":
                return detection.look_at(text, Shape(record_type="json"), asked.size)
            case "line_delimited_data":
                return detection.look_at(text, Shape(delimiter=",", quote='"'), asked.size)
            case "array":
                return detection.of_rows(_records(text), asked.size)
        return detection.of_records(_records(text), asked.size)
    except ExternalError as error:
        raise ConnectionTestFailed(error.message) from error


def _records(text: str) -> list[Any]:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ConnectionTestFailed("The answer is no JSON. Choose another response type.") from error
    return found if isinstance(found, list) else [found]


def _called(asked: Asked, allow: str) -> Answer:
    answer = _asked(asked, allow)
    if answer.status >= 400:
        begin = " ".join(_hide(answer.text, asked).split())[:200]
        raise ConnectionTestFailed(f"The answer has the status {answer.status}. It begins with: {begin or 'nothing'}")
    return answer


def _asked(asked: Asked, allow: str) -> Answer:
    try:
        return outbound.call(asked.request, allow)
    except (ExternalError, DataError) as error:
        raise ConnectionTestFailed(_hide(error.message, asked)) from error


def _hide(text: str, asked: Asked) -> str:
    for one in sorted(asked.hidden, key=len, reverse=True):
        text = text.replace(one, MASKED).replace(json.dumps(one)[1:-1], MASKED)
    return text
