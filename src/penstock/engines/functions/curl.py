"""`Curl`, `CurlPoll` and those with a connection: calls of other systems, once per record. Only where a job runs: elsewhere
they are null."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from functools import partial

from penstock.engines.functions import java_regex
from penstock.errors import DataError
from penstock.kit import outbound
from penstock.kit.outbound import Answer, Request
from penstock.kit.stopping import STOP
from penstock.plan.dtypes import Kind
from penstock.plan.ports import Ask
from penstock.plan.values import Value, encode

Call = Callable[[Request], Answer]
SHORTEST_INTERVAL_MS = 100
"""However often is asked for, a server is not asked more often."""


def curl(given: Sequence[str | None], allow: str) -> str | None:
    """Return what a call gives, as a map. *given* are url, method, headers, body, user and password; null without one of
    the first two, others that are null are as if left out. Raises DataError, and what `outbound.call` raises."""
    request = _request(given)
    return None if request is None else _as_map(outbound.call(request, allow))


def curl_poll(given: Sequence[str | None], pattern: str, interval_ms: int, timeout_ms: int, allow: str) -> str | None:
    """Call again and again until the body of the answer holds what *pattern* finds, or the time is over; return the last
    answer."""
    return _poll(_request(given), partial(outbound.call, allow=allow), pattern, interval_ms, timeout_ms)


def ccurl(ask: Ask, given: Sequence[str | None], allow: str) -> str | None:
    """Return what a call gives that logs in with a connection. *given* are url, method, headers, body and the unique id or
    name of a connection; null without a url."""
    request, call = _connected(ask, given, allow)
    return None if request is None else _as_map(call(request))


def ccurl_poll(
    ask: Ask, given: Sequence[str | None], pattern: str, interval_ms: int, timeout_ms: int, allow: str
) -> str | None:
    """Call again and again, as `curl_poll` does, logging in with a connection."""
    request, call = _connected(ask, given, allow)
    return _poll(request, call, pattern, interval_ms, timeout_ms)


def _connected(ask: Ask, given: Sequence[str | None], allow: str) -> tuple[Request | None, Call]:
    url, method, headers, body, key, _ = given
    request = _request((url, method or "GET", headers, body, None, None))

    def call(asked: Request) -> Answer:
        if not key:
            return outbound.call(asked, allow)
        answer = outbound.call(ask.signed(key, asked), allow)
        if answer.status == 401:
            # A token may have come to its end; what does not change is refused once more.
            answer = outbound.call(ask.signed(key, asked, anew=True), allow)
        return answer

    return request, call


def _poll(request: Request | None, call: Call, pattern: str, interval_ms: int, timeout_ms: int) -> str | None:
    if request is None:
        return None
    until = time.monotonic() + timeout_ms / 1000
    pause = max(interval_ms, SHORTEST_INTERVAL_MS) / 1000
    while True:
        answer = call(request)
        left = until - time.monotonic()
        if java_regex.extract(answer.text, pattern, 0) is not None or left <= 0:
            return _as_map(answer)
        STOP.wait(min(pause, left))


def _request(given: Sequence[str | None]) -> Request | None:
    url, method, headers, body, user, password = given
    if url is None or method is None:
        return None
    data = None if body is None or body == "" else body.encode("utf-8", "surrogatepass")
    return Request(method, url, _headers(headers), data, user or None, password)


def _headers(text: str | None) -> dict[str, str]:
    if text is None or not text.strip():
        return {}
    try:
        raw = json.loads(text)
    except (ValueError, RecursionError):
        raw = None
    if not isinstance(raw, dict) or any(isinstance(value, list | dict) for value in raw.values()):
        raise DataError(
            'The headers of a call are a JSON object of names and texts, such as \'{"Accept":"text/csv"}\'.'
        )
    return {name: value if isinstance(value, str) else json.dumps(value) for name, value in raw.items()}


def _as_map(answer: Answer) -> str:
    headers = {name: Value(Kind.CHARARRAY, value) for name, value in answer.headers.items()}
    return encode(
        Value(
            Kind.MAP,
            {
                "status": Value(Kind.INT, answer.status),
                "body": Value(Kind.CHARARRAY, answer.text),
                "headers": Value(Kind.MAP, headers),
            },
        )
    )
