"""How long is waited before a request is sent again: because a server says so, or because nothing is known."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

LONGEST_S = 900.0
"""One wait is no longer, whatever a server says: it is asked again then."""
SHORTEST_S = 1.0
"""And no shorter, so that a server that says 0 again and again is not asked without end."""
ALL_S = 3600.0
"""How long all waits for one request may take together."""
TRIES = (0.5, 1.0, 2.0, 4.0, 8.0)
"""How long is waited before each further try where nobody says how long, in seconds."""
LIMITED = frozenset({429, 503})
"""Answers by which a server says that it has done nothing and is to be asked later."""
FAILING = frozenset({408, 425, 429, 500, 502, 503, 504})
_EPOCH_FROM = 1_000_000_000
"""What tells when a limit ends is seconds since 1970 from here on, and seconds from now below."""


def said_to_wait_s(status: int, headers: Mapping[str, str]) -> float | None:
    """Return how many seconds a server wants to be left alone, None where it does not say.

    It says so with `Retry-After`, in seconds or as a date (by its own clock, if it names it), or in the headers of a rate
    limit that has nothing left.

    >>> said_to_wait_s(429, {"Retry-After": "7"})
    7.0
    >>> said_to_wait_s(503, {"retry-after": "Thu, 01 Jan 2026 00:00:30 GMT", "date": "Thu, 01 Jan 2026 00:00:00 GMT"})
    30.0
    """
    given = {name.lower(): value.strip() for name, value in headers.items()}
    if status in LIMITED and "retry-after" in given:
        return _seconds(given["retry-after"], given.get("date"))
    if status in (403, 429) and given.get("x-ratelimit-remaining") == "0":
        reset = given.get("x-ratelimit-reset", "")
        if reset.isascii() and reset.isdigit() and len(reset) < 16:
            number = int(reset)
            return float(number) if number < _EPOCH_FROM else max(number - _now(given.get("date")).timestamp(), 0.0)
    return None


def _seconds(text: str, date: str | None) -> float | None:
    try:
        return min(max(float(text), 0.0), 1e9) if text.replace(".", "", 1).isdigit() else _until(text, date)
    except (ValueError, TypeError, OverflowError):
        return None


def _until(text: str, date: str | None) -> float:
    until = parsedate_to_datetime(text)
    until = until if until.tzinfo is not None else until.replace(tzinfo=UTC)
    return max((until - _now(date)).total_seconds(), 0.0)


def _now(date: str | None) -> datetime:
    try:
        found = parsedate_to_datetime(date) if date else datetime.now(UTC)
    except (ValueError, TypeError):
        found = datetime.now(UTC)
    return found if found.tzinfo is not None else found.replace(tzinfo=UTC)


def spread(seconds: float) -> float:
    """Return a wait to which something random is added, so that many who wait do not come at once; then it is capped."""
    return min(seconds + random.uniform(0.0, min(seconds * 0.1, 5.0)), LONGEST_S)  # no secret depends on it


class Quotas:
    """Until when servers want to be left alone: what one request was told holds for all to the same place by one login.
    *clock* gives seconds."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._until: dict[tuple[str, str], float] = {}

    def left_s(self, place: tuple[str, str]) -> float:
        """Return how long is still to be waited."""
        return max(self._until.get(place, 0.0) - self._clock(), 0.0)

    def tell(self, place: tuple[str, str], seconds: float) -> None:
        """Note that a server wants to be left alone."""
        self._until[place] = max(self._until.get(place, 0.0), self._clock() + seconds)


QUOTAS = Quotas()
"""Of this process, which runs one job."""
