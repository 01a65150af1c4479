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
SEND_TIMEOUT_S = 10


class Broken(Exception):
    """The other side is gone, does not read, or sends what is no message."""


class Channel:
    """One end. Sending is safe from any thread; receiving belongs to one."""

    def __init__(self, end: socket.socket) -> None:
        self._socket = end
        self._buffer = bytearray()
        self._sending = threading.Lock()
        # Not the socket's own timeout, which would hold for reading too.
        end.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, struct.pack("ll", SEND_TIMEOUT_S, 0))

    def fileno(self) -> int:
        """Return the descriptor, for a selector."""
        return self._socket.fileno()

    def send(self, message: Message) -> None:
        """Send one message. Raises Broken."""
        line = json.dumps(message, separators=(",", ":")).encode() + b"\n"
        try:
            with self._sending:
                self._socket.sendall(line)
        except OSError as error:
            raise Broken("the other side does not read") from error

    def receive(self) -> Message | None:
        """Wait for one message; None when the other side has closed. Raises Broken."""
        while True:
            found = self._next()
            if found is not None:
                return found
            if not self._fill(0):
                return None

    def drain(self) -> tuple[list[Message], bool]:
        """Return the messages that are here, without waiting, and whether the other side is still open. Raises Broken."""
        is_open = True
        while True:
            try:
                is_open = self._fill(socket.MSG_DONTWAIT)
            except BlockingIOError:
                break
            if not is_open:
                break
        found = []
        while (message := self._next()) is not None:
            found.append(message)
        return found, is_open

    def _fill(self, flags: int) -> bool:
        try:
            chunk = self._socket.recv(1 << 16, flags)
        except BlockingIOError:
            raise
        except OSError:
            return False
        self._buffer += chunk
        if len(self._buffer) > LONGEST:
            raise Broken("a message is too long")
        return bool(chunk)

    def _next(self) -> Message | None:
        end = self._buffer.find(b"\n")
        if end < 0:
            return None
        line = bytes(self._buffer[:end])
        del self._buffer[: end + 1]
        try:
            message = json.loads(line)
        except ValueError as error:
            raise Broken("a line is not JSON") from error
        if not isinstance(message, dict):
            raise Broken("a message is no object")
        return message

    def close(self) -> None:
        """Close this end."""
        self._socket.close()
