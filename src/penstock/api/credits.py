"""Credits: how many calls a user, or an address without a user, may still make in this hour. Kept in memory."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from threading import Lock

from penstock.errors import OutOfCredits
from penstock.kit.clock import Clock

UNLIMITED = 2**31 - 1
"""What is published as granted and as left when nothing is counted; it fits the integer of every client."""


@dataclass(frozen=True, slots=True)
class Balance:
    """Credits granted for an hour, and those left of them."""

    limit: int
    remaining: int


class Credits:
    """Counts the calls of each hour of the clock; an hour's counters vanish with it."""

    def __init__(self, per_hour: int, clock: Clock) -> None:
        self._per_hour = per_hour
        self._clock = clock
        self._lock = Lock()
        self._hour = 0
        self._used: defaultdict[str, int] = defaultdict(int)

    def balance(self, who: str) -> Balance:
        """Return what *who* has left, charging nothing."""
        return self._count(who, 0)

    def charge(self, who: str) -> Balance:
        """Take one credit from *who* and return what is left. Raises OutOfCredits when there was none."""
        left = self._count(who, 1)
        if left.remaining < 0:
            raise OutOfCredits("Rate Limit Exceeded")
        return left

    def _count(self, who: str, cost: int) -> Balance:
        if self._per_hour <= 0:
            return Balance(UNLIMITED, UNLIMITED)
        hour = int(self._clock().timestamp()) // 3600
        with self._lock:
            if hour != self._hour:
                self._hour = hour
                self._used.clear()
            used = self._used.get(who, 0)
            if cost and used >= self._per_hour:
                return Balance(self._per_hour, -1)
            if cost:
                self._used[who] = used + cost
            return Balance(self._per_hour, self._per_hour - used - cost)
