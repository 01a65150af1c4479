"""What the stand-ins for warehouses have in common: a service over HTTP of this machine, and DuckDB for an engine."""

from __future__ import annotations

import gzip
import threading
from collections.abc import Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import duckdb


class Warehouse(ThreadingHTTPServer):
    """A service. *told* are the statements that came; *raises* are answers to a statement that holds a word, which stands
    first, once each; *waits* are words of statements that go on, once they *began*, until they are *cancelled*."""

    daemon_threads = True

    def __init__(self, macros: Sequence[str], handler: type[BaseHTTPRequestHandler]) -> None:
        # In memory: what it stands in for is no matter of this machine's disk.
        self.base = duckdb.connect(":memory:", config={"threads": 1})
        for one in ("SET GLOBAL TimeZone = 'UTC'", *macros):
            self.base.execute(one)
        super().__init__(("127.0.0.1", 0), handler)
        self.told: list[str] = []
        self.raises: list[tuple[str, ...]] = []
        self.waits: set[str] = set()
        self.began, self.cancelled = threading.Event(), threading.Event()
        # Whoever ends it does not wait half a second.
        threading.Thread(target=self.serve_forever, args=(0.01,), daemon=True).start()

    @property
    def endpoint(self) -> str:
        """Where it is."""
        return f"http://127.0.0.1:{self.server_port}"

    def raised(self, said: str) -> tuple[str, ...] | None:
        """Return what a statement is answered with because it holds a word, None where it holds none; the next is not."""
        for index, (word, *answer) in enumerate(self.raises):
            if word in said:
                del self.raises[index]
                return tuple(answer)
        return None

    def is_cancelled(self, said: str) -> bool:
        """Tell whether a statement is one that goes on; it does until it is cancelled."""
        if not any(word in said for word in self.waits):
            return False
        self.began.set()
        self.cancelled.wait(10)
        return True

    def close(self) -> None:
        """End it."""
        self.shutdown()
        self.server_close()
        self.base.close()


class Handler(BaseHTTPRequestHandler):
    """A connection to it, which stays open, and says nothing on the screen."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def body(self) -> bytes:
        """Return what was sent, unpacked."""
        got = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        return gzip.decompress(got) if self.headers.get("Content-Encoding") == "gzip" else got
