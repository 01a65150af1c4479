"""Messages between a worker and the process of a job: JSON objects, one a line, over a socket pair."""

from __future__ import annotations

import json
import socket
import struct
import threading
from collections.abc import Mapping
from typing import Any

Message = Mapping[str, Any]
LONGEST = 64 << 20
"""Bytes of the longest message; a sender of more is broken."""
AT_ONCE = 1 << 20
"""Bytes that one look takes from a sender that goes on and on: others want to be heard too."""
CHUNK = 1 << 16


class Broken(Exception):
    """The other side is gone, does not read, or sends what is no message."""


class Channel:
    """One end. Sending is safe from any thread; receiving belongs to one.

    *send_timeout_s* is how long the other side may read nothing while a message waits; None waits for as long as it is
    there.
    """

    def __init__(self, end: socket.socket, send_timeout_s: float | None = None) -> None:
        self._socket = end
        self._buffer = bytearray()
        self._searched = 0
        self._sending = threading.Lock()
        self._is_broken = False
        if send_timeout_s is not None:
            # Not the socket's own timeout, which would hold for reading too.
            seconds, micros = divmod(int(send_timeout_s * 1_000_000), 1_000_000)
            end.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, struct.pack("ll", seconds, micros))

    def fileno(self) -> int:
        """Return the descriptor, for a selector; -1 when this end is closed."""
        return self._socket.fileno()

    def send(self, message: Message) -> None:
        """Send one message. Raises Broken, and again for every later one: what follows half a message is none."""
        line = json.dumps(message, separators=(",", ":")).encode() + b"\n"
        with self._sending:
            if self._is_broken:
                raise Broken("the other side does not read")
            try:
                self._socket.sendall(line)
            except OSError as error:
                self._is_broken = True
                raise Broken("the other side does not read") from error

    def receive(self) -> Message | None:
        """Wait for one message; None when the other side has closed. Raises Broken."""
        while True:
            found = self._next()
            if found is not None:
                return found
            if not self._fill(0):
                return None

    def drain(self, *, to_the_end: bool = False) -> tuple[list[Message], bool]:
        """Return the messages that are here, without waiting, and whether there may be more: the other side is open.

        Takes about as much as AT_ONCE, unless *to_the_end*; the rest is there for the next look. Raises Broken.
        """
        is_open, taken = True, 0
        found: list[Message] = []
        while is_open and (to_the_end or taken < AT_ONCE):
            before = len(self._buffer)
            try:
                is_open = self._fill(socket.MSG_DONTWAIT)
            except BlockingIOError:
                break
            taken += len(self._buffer) - before
            while (message := self._next()) is not None:
                found.append(message)
        return found, is_open

    def _fill(self, flags: int) -> bool:
        try:
            chunk = self._socket.recv(CHUNK, flags)
        except BlockingIOError:
            raise
        except OSError:
            return False
        self._buffer += chunk
        if len(self._buffer) > LONGEST + CHUNK:
            raise Broken("a message is too long")
        return bool(chunk)

    def _next(self) -> Message | None:
        end = self._buffer.find(b"\n", self._searched)
        if end < 0:
            self._searched = len(self._buffer)
            return None
        line = bytes(self._buffer[:end])
        del self._buffer[: end + 1]
        self._searched = 0
        try:
            message = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise Broken("a line is not JSON") from error
        if not isinstance(message, dict):
            raise Broken("a message is no object")
        return message

    def close(self) -> None:
        """Close this end."""
        self._socket.close()
