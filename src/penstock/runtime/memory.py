"""Watches what the processes of jobs hold in memory, and names those that hold too much.

The engine keeps to its own limit and spills; this is for what it does not count.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

LOOK_EVERY_S = 0.05


class MemoryWatch(threading.Thread):
    """Looks at each watched process 20 times a second; *too_much* is called once with the pid of one over its cap."""

    def __init__(self, too_much: Callable[[int], None]) -> None:
        super().__init__(name="memory", daemon=True)
        self._caps: dict[int, int] = {}
        self._too_much = too_much
        self._over = threading.Event()
        self._changing = threading.Lock()

    def watch(self, pid: int, cap_bytes: int) -> None:
        """Begin to look at a process."""
        with self._changing:
            self._caps[pid] = cap_bytes

    def forget(self, pid: int) -> None:
        """Look at a process no more."""
        with self._changing:
            self._caps.pop(pid, None)

    def run(self) -> None:
        """Look until `stop`."""
        while not self._over.wait(LOOK_EVERY_S):
            with self._changing:
                caps = list(self._caps.items())
            for pid, cap in caps:
                if resident_bytes(pid) > cap:
                    self.forget(pid)
                    self._too_much(pid)

    def stop(self) -> None:
        """End the thread."""
        self._over.set()
        if self.is_alive():
            self.join()


def resident_bytes(pid: int) -> int:
    """Return the memory that a process holds for itself, files it maps left out; 0 when it is gone."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text("ascii").splitlines()
    except (OSError, UnicodeDecodeError):
        return 0
    sizes = {line.partition(":")[0]: line.split()[1] for line in lines if line.startswith(("RssAnon:", "RssShmem:"))}
    return sum(int(size) * 1024 for size in sizes.values())
