"""What a worker may use, and what each of its jobs gets of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import psutil

ENGINE_SHARE = 2 / 3
"""What of a process's memory its engine may plan with: an engine holds up to half as much again (measured)."""
BASE_BYTES = 256 << 20
"""What a process holds beside its engine: the interpreter and its libraries."""
SANDBOX_BYTES = 512 << 20
"""The engine's memory in a sandbox."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What a worker may use: jobs at once, memory for their engines in bytes, threads; each job gets its share."""

    slots: int
    memory_bytes: int
    threads: int

    def share(self, is_sandbox: bool) -> dict[str, Any]:
        """Return what one job gets, as parts of its order.

        >>> Limits(2, 8 << 30, 4).share(is_sandbox=False)
        {'memory_bytes': 4294967296, 'threads': 2}
        """
        memory = self.memory_bytes // self.slots
        return {
            "memory_bytes": min(memory, SANDBOX_BYTES) if is_sandbox else memory,
            "threads": 1 if is_sandbox else max(self.threads // self.slots, 1),
        }


def cap_bytes(engine_bytes: int) -> int:
    """Return what a process may hold whose engine may use so much."""
    return int(engine_bytes / ENGINE_SHARE) + BASE_BYTES


def memory_for_jobs() -> int:
    """Return half of the machine's memory in bytes, what jobs get unless told otherwise."""
    return int(psutil.virtual_memory().total) // 2
