"""A port that leads to another, and breaks."""

from __future__ import annotations

import select
import socket
import struct
import threading
from contextlib import suppress
from typing import Any


class Relay:
    """A port of this machine that leads to another, and can be told to break.

    *cuts*: after how many bytes from the server each coming connection is cut, one after the other; None carries it to its
    end. *answers*: what is said to each coming connection in place of the server, as HTTP writes it. The last of both lists
    holds for all that follow when *for_ever* is set; *asked* is the begin of what was asked for each. *uploads* counts the
    other direction. *most* is how many bytes a connection carried at most since `reset`, in the direction that counts."""

    def __init__(self, port: int) -> None:
        self.to = port
        self.cuts: list[int | None] = []
        self.answers: list[bytes | None] = []
        self.asked: list[bytes] = []
        self.for_ever = False
        self.uploads = False
        self.connections = 0
        self.most = 0
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listening.getsockname()[1])
        self._lock = threading.Lock()
        threading.Thread(target=self._serve, daemon=True).start()

    def close(self) -> None:
        """Take no more connections."""
        with suppress(OSError):
            self._listening.shutdown(socket.SHUT_RDWR)  # else one that is waited for is still taken
        self._listening.close()

    def reset(
        self, *cuts: int | None, answers: tuple[bytes | None, ...] = (), for_ever: bool = False, uploads: bool = False
    ) -> None:
        """Say how the connections that come are broken."""
        with self._lock:
            self.cuts, self.answers, self.for_ever, self.uploads = list(cuts), list(answers), for_ever, uploads
            self.connections = self.most = 0

    def _serve(self) -> None:
        while True:
            try:
                client, _ = self._listening.accept()
            except OSError:
                return
            threading.Thread(target=self._carry, args=(client,), daemon=True).start()

    def _next(self, plan: list[Any]) -> Any:
        if not plan:
            return None
        return plan[0] if self.for_ever and len(plan) == 1 else plan.pop(0)

    def _carry(self, client: socket.socket) -> None:
        with self._lock:
            self.connections += 1
            cut, answer, uploads = self._next(self.cuts), self._next(self.answers), self.uploads
        with suppress(OSError), client:
            if answer is not None:
                self.asked.append(client.recv(65_536))
                client.sendall(answer)
                return
            with socket.create_connection(("127.0.0.1", self.to)) as server:
                left, carried = cut, 0
                while True:
                    ready, _, _ = select.select([client, server], [], [])
                    for one in ready:
                        piece = one.recv(65_536)
                        if not piece:
                            return
                        (server if one is client else client).sendall(piece)
                        if (one is client) != uploads:
                            continue
                        carried += len(piece)
                        self.most = max(self.most, carried)
                        if left is not None:
                            left -= len(piece)
                            if left <= 0:  # as when a cable is pulled: not even an orderly end
                                client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                                return
