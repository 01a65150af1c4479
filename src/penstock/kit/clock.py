"""The one way to know the time: a clock is an argument, so tests can hold it still."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

Clock = Callable[[], datetime]


def system_clock() -> datetime:
    """Return the present instant, aware UTC."""
    return datetime.now(UTC)


class FixedClock:
    """A clock for tests: shows one instant until it is moved.

    >>> clock = FixedClock(datetime(2026, 1, 1, tzinfo=UTC))
    >>> clock.advance(90)
    >>> clock().isoformat()
    '2026-01-01T00:01:30+00:00'
    """

    def __init__(self, at: datetime) -> None:
        self._at = at

    def __call__(self) -> datetime:
        """Return the held instant."""
        return self._at

    def advance(self, seconds: float) -> None:
        """Move the clock forward by *seconds*."""
        self._at += timedelta(seconds=seconds)
