"""(c) Authenticated reads of one job per second at 8 connections, against an empty synchronous route of the same server."""

from __future__ import annotations

import selectors
import socket
import time

from benchmarks.measure import Line, median
from benchmarks.server import ACCOUNT, Client

AIM_RATIO = 0.3
CONNECTIONS, SECONDS, ROUNDS = 8, 2.0, 5
EMPTY = "/livez"


def run(client: Client, job_id: int, rounds: int = ROUNDS) -> list[Line]:
    """Return the line; both sides take turns."""
    reads, empty = [], []
    headers = {"Authorization": client.headers["Authorization"], "Accept": client.headers["Accept"]}
    for _ in range(rounds):
        empty.append(rate(client.port, EMPTY, {}))
        reads.append(rate(client.port, f"/{ACCOUNT}/api/jobs/{job_id}", headers))
    ours, theirs = median(reads), median(empty)
    ratio = ours / theirs
    name = f"(c) GET a job, {CONNECTIONS} connections; an empty route"
    return [Line(name, f"{ours:,.0f} /s", f"{theirs:,.0f} /s", ratio, f"≥ {AIM_RATIO:g}×", ratio >= AIM_RATIO)]


def rate(port: int, path: str, headers: dict[str, str]) -> float:
    """Return how many answers per second a path gives to connections that each ask again once answered."""
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    request = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n{lines}\r\n".encode()
    with selectors.DefaultSelector() as selector:
        for _ in range(CONNECTIONS):
            one = socket.create_connection(("127.0.0.1", port))
            one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            one.sendall(request)
            selector.register(one, selectors.EVENT_READ, bytearray())
        answers = _count(selector, request)
        for key in list(selector.get_map().values()):
            selector.unregister(key.fileobj)
            key.fileobj.close()  # type: ignore[union-attr] # they are sockets
    return answers / SECONDS


def _count(selector: selectors.BaseSelector, request: bytes) -> int:
    answers = 0
    until = time.perf_counter() + SECONDS
    while time.perf_counter() < until:
        for key, _ in selector.select(0.5):
            one, got = key.fileobj, key.data
            assert isinstance(one, socket.socket)
            got += one.recv(65536)
            if _is_whole(got):
                if not got.startswith(b"HTTP/1.1 200"):
                    raise RuntimeError(f"the server answered {bytes(got[:200])!r}")
                got.clear()
                answers += 1
                one.sendall(request)
    return answers


def _is_whole(got: bytearray) -> bool:
    head, mark, body = got.partition(b"\r\n\r\n")
    if not mark:
        return False
    lowered = bytes(head).lower()
    at = lowered.find(b"content-length:")
    return at >= 0 and len(body) >= int(lowered[at + 15 :].split(b"\r\n", 1)[0])
