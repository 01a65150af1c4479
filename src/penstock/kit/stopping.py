"""How what waits for another system is told to end, and how patient it is."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar

from penstock.errors import TransientError

LOOK_S = 0.25
"""How often what waits looks whether it is to end."""


class Stop:
    """Lets calls that run in other threads end soon. One for a process: it runs one job."""

    def __init__(self) -> None:
        self._asked = threading.Event()
        self._ends: set[Callable[[], None]] = set()

    def ask(self) -> None:
        """End what runs."""
        self._asked.set()
        for end in tuple(self._ends):
            end()

    @contextmanager
    def ending(self, end: Callable[[], None]) -> Iterator[None]:
        """Have *end* called, perhaps by another thread or a signal handler, when calls are to end while the block runs."""
        self._ends.add(end)
        try:
            self.check()
            yield
        finally:
            self._ends.discard(end)

    def forget(self) -> None:
        """Let calls be made again."""
        self._asked.clear()

    @property
    def is_asked(self) -> bool:
        """Whether calls are to end."""
        return self._asked.is_set()

    def check(self) -> None:
        """Raise TransientError when calls are to end."""
        if self._asked.is_set():
            raise TransientError("The call was stopped.")

    def wait(self, seconds: float) -> None:
        """Wait. Raises TransientError as soon as calls are to end."""
        self._asked.wait(max(seconds, 0.0))
        self.check()


STOP = Stop()

_is_watched: ContextVar[bool] = ContextVar("is_watched", default=False)


@contextmanager
def watched() -> Iterator[None]:
    """Have calls within the block, in this thread, tried once: a person waits for them, who is told and may try again."""
    token = _is_watched.set(True)
    try:
        yield
    finally:
        _is_watched.reset(token)


def tries(waits_s: Sequence[float]) -> Iterator[float]:
    """Return the waits before each further try of a call, in seconds: the given ones, and none where somebody watches.

    >>> list(tries((0.5, 1.0)))
    [0.5, 1.0]
    >>> with watched():
    ...     list(tries((0.5, 1.0)))
    []
    """
    return iter(() if _is_watched.get() else waits_s)
