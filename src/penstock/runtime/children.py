"""A worker's side of the fork server: warm children, and what became of them."""

from __future__ import annotations

import json
import os
import select
import socket
import subprocess
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from typing import Any

from penstock.errors import PermanentError
from penstock.runtime.channel import Channel

SEND_S = 4.0
"""How long a child may read nothing while a message for it waits; its worker does nothing else meanwhile."""
START_S = 60.0
"""How long the fork server may take to load its libraries."""
END_S = 5.0
PRIVATE = ("PENSTOCK_", "PG")
"""How the names of variables begin that are not passed on: they hold the store's address and password, and the owner's
key."""


@dataclass(slots=True)
class Child:
    """A process that waits for its order, or runs it."""

    pid: int
    channel: Channel


@dataclass(frozen=True, slots=True)
class Exit:
    """A child that is gone: its process is reaped and its group killed. A negative code is a signal."""

    pid: int
    code: int


class Children:
    """Forks children from a server process of its own, which is started at once.

    To be made by the thread that lives as long as the worker. The fork server gets no variable of the installation and no
    open file but its control socket.
    """

    def __init__(self, command: Sequence[str]) -> None:
        self._command = command
        self._numbers = count(1)
        self._exits: deque[Exit] = deque()
        self._start()

    def _start(self) -> None:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            self._process = subprocess.Popen(
                [*self._command, str(theirs.fileno()), str(os.getpid())],
                pass_fds=(theirs.fileno(),),
                stdin=subprocess.DEVNULL,
                env={name: value for name, value in os.environ.items() if not name.startswith(PRIVATE)},
                start_new_session=True,
            )
        self._control = ours
        self._control.settimeout(START_S)

    def fileno(self) -> int:
        """Return the descriptor on which exits are told, for a selector."""
        return self._control.fileno()

    def fork(self) -> Child:
        """Return a new child. Raises PermanentError when the fork server is gone."""
        number = next(self._numbers)
        ours, theirs = socket.socketpair()
        try:
            with theirs:
                self._tell({"fork": number}, theirs)
            while (said := self._hear()).get("forked") != number:
                pass
        except PermanentError:
            ours.close()
            raise
        return Child(said["pid"], Channel(ours, SEND_S))

    def kill(self, pid: int) -> None:
        """Kill a child and all that it started, unless it has ended already; safe from any thread."""
        self._tell({"kill": pid}, None)

    def exits(self) -> list[Exit]:
        """Return the children that have ended since the last call, without waiting. Raises PermanentError."""
        while select.select([self._control], [], [], 0)[0]:
            self._hear()
        found = list(self._exits)
        self._exits.clear()
        return found

    def _tell(self, message: Mapping[str, Any], end: socket.socket | None) -> None:
        raw = json.dumps(message).encode()
        try:
            if end is None:
                self._control.sendall(raw)
            else:
                socket.send_fds(self._control, [raw], [end.fileno()])
        except OSError as error:
            raise _gone() from error

    def _hear(self) -> Mapping[str, Any]:
        try:
            raw = self._control.recv(4096)
        except OSError as error:
            raise _gone() from error
        if not raw:
            raise _gone()
        said: dict[str, Any] = json.loads(raw)
        if "exited" in said:
            self._exits.append(Exit(said["exited"], said["code"]))
        return said

    def restart(self) -> None:
        """Start another fork server after one that is gone, and whose children went with it."""
        self.close()
        self._exits.clear()
        self._start()

    def close(self) -> None:
        """End the fork server, and every child with it."""
        self._control.close()
        try:
            self._process.wait(END_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


def _gone() -> PermanentError:
    return PermanentError("The fork server of this worker has ended.")
