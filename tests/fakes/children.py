"""Children that are no processes: a test says what they say, and when they end."""

from __future__ import annotations

import socket
from collections import deque
from itertools import count
from typing import Any

from penstock.errors import PermanentError
from penstock.runtime.channel import Channel
from penstock.runtime.children import Child, Exit


class FakeChild:
    """The other side of a child's channel."""

    def __init__(self, pid: int, end: socket.socket) -> None:
        self.pid = pid
        self.end = end
        self.channel = Channel(end)
        self.heard: list[dict[str, Any]] = []

    def say(self, kind: str, **said: Any) -> None:
        """Say something to the worker."""
        self.channel.send({"kind": kind, **said})

    def listen(self) -> list[dict[str, Any]]:
        """Return everything that the worker has said so far; the order is the first."""
        self.heard += [dict(one) for one in self.channel.drain()[0]]
        return self.heard


class FakeChildren:
    """A twin of `penstock.runtime.children.Children`. Killed ones end when the test says so, unless *obedient*."""

    def __init__(self) -> None:
        self.obedient = True
        self.made: dict[int, FakeChild] = {}
        self.killed: list[int] = []
        self.restarts = 0
        self.is_gone = False
        self.is_closed = False
        self._numbers = count(1001)
        self._exits: deque[Exit] = deque()
        self._ended: set[int] = set()
        self._ours, self._theirs = socket.socketpair()

    def fileno(self) -> int:
        """Return the descriptor on which exits are told."""
        return self._ours.fileno()

    def fork(self) -> Child:
        """Return a new child. Raises PermanentError when the fork server is gone."""
        self._require()
        ours, theirs = socket.socketpair()
        pid = next(self._numbers)
        self.made[pid] = FakeChild(pid, theirs)
        self.made[pid].say("ready")
        return Child(pid, Channel(ours, 1.0))

    def kill(self, pid: int) -> None:
        """Note it, and let an obedient child end."""
        self._require()
        self.killed.append(pid)
        if self.obedient:
            self.exit(pid, -9)

    def exit(self, pid: int, code: int) -> None:
        """Let a child end."""
        if pid in self._ended:
            return
        self._ended.add(pid)
        self.made[pid].channel.close()
        self._exits.append(Exit(pid, code))
        self._theirs.send(b"x")

    def die(self) -> None:
        """Let the fork server end, and all children with it."""
        self.is_gone = True
        for child in self.made.values():
            child.channel.close()
        self._theirs.send(b"x")

    def exits(self) -> list[Exit]:
        """Return the children that have ended since the last call. Raises PermanentError when the fork server is gone."""
        self._ours.setblocking(False)
        try:
            self._ours.recv(4096)
        except BlockingIOError:
            return []
        self._require()
        found = list(self._exits)
        self._exits.clear()
        return found

    def _require(self) -> None:
        if self.is_gone:
            raise PermanentError("The fork server of this worker has ended.")

    def restart(self) -> None:
        """Begin anew."""
        self.restarts += 1
        self.is_gone = False
        self._exits.clear()

    def close(self) -> None:
        """End every child."""
        self.is_closed = True
        for child in self.made.values():
            child.channel.close()
        self._ours.close()
        self._theirs.close()
