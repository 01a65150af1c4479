"""What speaks as Google Cloud Storage does."""

from __future__ import annotations

import http.client
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class GoogleFront(ThreadingHTTPServer):
    """A port of this machine that speaks as Google Cloud Storage does in XML, and lets an S3 answer: they differ in the names
    of headers. It is no Google: it proves what a client sends, and not what Google would say."""

    daemon_threads = True

    def __init__(self, s3: str) -> None:
        super().__init__(("127.0.0.1", 0), _GoogleHandler)
        self.s3 = s3.partition("://")[2]

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self.server_port}"


class _GoogleHandler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: GoogleFront

    def _forward(self) -> None:
        headers = {
            name.lower().replace("x-goog-", "x-amz-"): value
            for name, value in self.headers.items()
            if name.lower() not in ("host", "content-length", "authorization")
        }
        # An S3 that believes every signature does not believe those who give none.
        headers["authorization"] = (
            "AWS4-HMAC-SHA256 Credential=key/20260101/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=none"
        )
        if headers.pop("x-amz-if-generation-match", None) == "0":
            headers["if-none-match"] = "*"
        length = int(self.headers.get("content-length") or 0)
        body = self.rfile.read(length)
        if len(body) < length:
            self.close_connection = True  # whoever sent it is gone
            return
        opened = http.client.HTTPConnection(self.server.s3)
        try:
            opened.request(self.command, self.path.replace("%2D", "-"), body, headers)
            answer = opened.getresponse()
            held = answer.read()
        finally:
            opened.close()
        self.send_response(answer.status)
        for name, value in answer.getheaders():
            if name.lower() not in ("transfer-encoding", "connection", "date", "server"):
                self.send_header(name.lower().replace("x-amz-meta-", "x-goog-meta-"), value)
        if "content-length" not in {name.lower() for name, _ in answer.getheaders()}:
            self.send_header("content-length", str(len(held)))
        self.end_headers()
        self.wfile.write(held)

    do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = _forward  # noqa: N815 -- so they are called

    def log_message(self, *words: Any) -> None:
        """Say nothing."""
