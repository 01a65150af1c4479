"""A proxy of this process, through which clients that resolve names by themselves reach checked addresses only.

Whatever a client asks, a redirect followed by itself included, it asks here for a connection to a host: its name is resolved
once, every address is checked, and one that was checked is connected to. What goes over the connection is not looked at, and
TLS goes through from end to end.
"""

from __future__ import annotations

import base64
import secrets
import select
import socket
import socketserver
import threading
from contextlib import suppress
from functools import cache
from urllib.parse import urlsplit

from penstock.connectors.places import resolved
from penstock.errors import PermanentError, TransientError

CONNECT_S = 10.0
IDLE_S = 300.0
"""How long a connection may say nothing."""
MOST_HEAD_BYTES = 64 << 10
PIECE_BYTES = 256 << 10


@cache
def proxy(allow: str) -> str:
    """Return the address of the proxy of this process for some internal networks, with the password that it wants."""
    server = _Server(allow)
    threading.Thread(target=server.serve_forever, daemon=True, name="guard").start()
    return f"http://penstock:{server.password}@127.0.0.1:{server.server_address[1]}"


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 64

    def __init__(self, allow: str) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.allow = allow
        self.password = secrets.token_urlsafe(24)
        self.wanted = b"basic " + base64.b64encode(f"penstock:{self.password}".encode())


class _Handler(socketserver.BaseRequestHandler):
    """One connection of a client, to one host."""

    server: _Server
    request: socket.socket

    def handle(self) -> None:
        """Connect a client with the host that it asks for, or say why not."""
        self.request.settimeout(IDLE_S)
        with suppress(OSError):
            head, rest = _head(self.request)
            lines = head.split(b"\r\n")
            if not any(_is_password(line, self.server.wanted) for line in lines[1:]):
                self._refuse(407, "no password")
                return
            try:
                method, target, _ = lines[0].decode("latin-1").split(" ", 2)
                host, port = _host_of(method, target)
                upstream = self._connected(host, port)
            except (ValueError, PermanentError, TransientError) as error:
                self._refuse(403, str(error))
                return
            with upstream:
                if method == "CONNECT":
                    self.request.sendall(b"HTTP/1.1 200 Connected\r\n\r\n")
                else:
                    kept = [line for line in lines if not line.lower().startswith(b"proxy-")]
                    upstream.sendall(b"\r\n".join(kept) + b"\r\n\r\n")
                upstream.sendall(rest)
                _relay(self.request, upstream)

    def _connected(self, host: str, port: int) -> socket.socket:
        last: OSError | None = None
        for address in resolved(host, port, self.server.allow).addresses:
            try:
                made = socket.create_connection((address, port), CONNECT_S)
            except OSError as error:
                last = error
            else:
                made.settimeout(IDLE_S)
                made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                return made
        raise TransientError(f"The host '{host}' cannot be reached: {last}.")

    def _refuse(self, status: int, why: str) -> None:
        body = why.encode("utf-8", "replace")
        self.request.sendall(
            b"HTTP/1.1 %d Refused\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s" % (status, len(body), body)
        )


def _head(client: socket.socket) -> tuple[bytes, bytes]:
    got = b""
    while b"\r\n\r\n" not in got:
        piece = client.recv(PIECE_BYTES)
        if not piece or len(got) > MOST_HEAD_BYTES:
            raise ConnectionError("no request")
        got += piece
    head, _, rest = got.partition(b"\r\n\r\n")
    return head, rest


def _is_password(line: bytes, wanted: bytes) -> bool:
    name, _, value = line.partition(b":")
    if name.strip().lower() != b"proxy-authorization":
        return False
    scheme, _, given = value.strip().partition(b" ")
    return secrets.compare_digest(scheme.lower() + b" " + given.strip(), wanted)


def _host_of(method: str, target: str) -> tuple[str, int]:
    """Return host and port that a request is for. Raises ValueError."""
    url = urlsplit(f"//{target}" if method == "CONNECT" else target)
    if not url.hostname:
        raise ValueError("no host is named")
    return url.hostname, url.port or (443 if method == "CONNECT" or url.scheme == "https" else 80)


def _relay(one: socket.socket, other: socket.socket) -> None:
    """Carry bytes both ways until one side ends."""
    while True:
        ready, _, _ = select.select([one, other], [], [], IDLE_S)
        if not ready:
            return
        for side in ready:
            piece = side.recv(PIECE_BYTES)
            if not piece:
                return
            (other if side is one else one).sendall(piece)
