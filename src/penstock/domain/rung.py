"""The rungs of the test of a connection: what was tried, in which order, and what became of it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class RungState(StrEnum):
    """What became of a rung of a test: it held, it held with something to say, or it broke."""

    PASSED = "passed"
    WARNED = "warned"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Rung:
    """One rung of the test of a connection: its name, such as `login`, what became of it, what there is to say (without any
    secret), and how long it took."""

    name: str
    state: RungState
    says: str = ""
    took_ms: int = 0


Rungs = tuple[Rung, ...]
"""The rungs of a test in the order in which they were climbed."""
