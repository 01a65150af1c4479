"""The outermost layer, and the only asynchronous one: makes every request plain and every answer complete."""

from __future__ import annotations

import re

from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from penstock.api import cors
from penstock.api.bodies import LARGEST_BODY
from penstock.api.call import Call
from penstock.api.callers import Callers
from penstock.api.credits import Credits
from penstock.api.deps import Deps
from penstock.api.errors import error_answer
from penstock.errors import BadRequest, CallerError

_AUTHORITY = re.compile(r"^https?://[^/]*", re.IGNORECASE)
FREE_PATHS = frozenset({"/livez", "/readyz"})
_DRAINED = 256 * 1024 * 1024
"""How much of a body that is too large is read and thrown away, so that its sender gets to read the answer."""


class Edge:
    """Wraps the application: request targets, methods and bodies on the way in, shared headers on the way out."""

    def __init__(self, app: ASGIApp, deps: Deps) -> None:
        self._app = app
        self._deps = deps
        self._credits = Credits(deps.credits_per_hour, deps.clock)
        self._callers = Callers(deps.clock)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection event of the server."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        asked = scope["method"]
        scope = {**scope, "path": plain_path(scope["path"]), "method": _plain_method(asked)}
        call = Call(self._deps, self._credits, self._callers, scope)
        scope["call"] = call
        send = _completing(call, send, bodiless=asked == "HEAD")
        if asked == "OPTIONS":
            call.peek()
            await _preflight()(scope, receive, send)
            return
        try:
            if scope["path"] in FREE_PATHS:
                call.peek()
            else:
                call.admit()
            body = await _read_body(call, receive)
        except CallerError as failure:
            await error_answer(call, failure)(scope, receive, send)
            return
        if body is not None:
            call.body = body
            await self._app(scope, receive, send)


def plain_path(path: str) -> str:
    """Return the path of a request target in any form, decoded, without a slash at its end.

    >>> plain_path("/acme/api/jobs/"), plain_path("http://api.example.com:80/acme/api/jobs"), plain_path("http://api")
    ('/acme/api/jobs', '/acme/api/jobs', '/')
    """
    return _AUTHORITY.sub("", path).rstrip("/") or "/"


def _plain_method(method: str) -> str:
    return {"HEAD": "GET", "PATCH": "PUT"}.get(method, method)


def _preflight() -> Response:
    answer = Response(status_code=204)
    answer.raw_headers.extend(cors.PREFLIGHT)
    return answer


def _completing(call: Call, send: Send, *, bodiless: bool) -> Send:
    async def complete(message: Message) -> None:
        if message["type"] == "http.response.start":
            message["headers"] = [*message.get("headers", ()), *cors.SHARED, *_credit_headers(call)]
        elif bodiless and message["type"] == "http.response.body":
            message = {**message, "body": b""}
        await send(message)

    return complete


def _credit_headers(call: Call) -> list[tuple[bytes, bytes]]:
    if call.balance is None:  # refused before it was known who calls
        call.charge_address_quietly()
    left = call.balance or call.peek()
    return [
        (b"x-ratelimit-limit", str(left.limit).encode()),
        (b"x-ratelimit-remaining", str(max(left.remaining, 0)).encode()),
    ]


async def _read_body(call: Call, receive: Receive) -> bytes | None:
    """Return the whole body, None when the caller left before its end.

    Raises: BadRequest when it is too large, after reading past it.
    """
    if "content-length" not in call.headers and "transfer-encoding" not in call.headers:
        return b""
    parts: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        part = message.get("body", b"")
        size += len(part)
        if size <= LARGEST_BODY:
            parts.append(part)
        else:
            parts.clear()
        if not message.get("more_body", False) or size > _DRAINED:
            break
    if size > LARGEST_BODY:
        raise BadRequest(f"The body is larger than {LARGEST_BODY // 1024 // 1024} MiB, the most that is read.")
    return b"".join(parts)
