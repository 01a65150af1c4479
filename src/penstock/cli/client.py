"""Calls a Penstock server: for commands that move packages, and for the demo."""

from __future__ import annotations

import base64
import http.client
import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, urlsplit

from penstock.errors import BadRequest, CallerError, NotFound, PermanentError

MEDIA_TYPE = "application/vnd.xplenty+json; version=2"
TIMEOUT_S = 60


class Client:
    """One connection to a server, as one user in one account."""

    def __init__(self, server: str, account: str, key: str) -> None:
        try:
            parts = urlsplit(server)
            if parts.scheme not in ("http", "https") or not parts.hostname:
                raise ValueError(server)
            kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
            self._connection = kind(parts.hostname, parts.port, timeout=TIMEOUT_S)
        except (ValueError, http.client.HTTPException) as error:
            raise BadRequest(f"'{server}' is no address of a server. Write it like http://127.0.0.1:8080.") from error
        self._server = server
        self._base = f"{parts.path.rstrip('/')}/{quote(account, safe='')}/api"
        token = base64.b64encode(f"{key}:".encode()).decode()
        self._headers = {
            "Authorization": f"Basic {token}",
            "Accept": MEDIA_TYPE,
            "Content-Type": "application/json",
        }

    def call(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
        """Return the answer to a call under the account. Raises CallerError with the server's words and its `answer` among
        the facts, or PermanentError."""
        try:
            text = None if body is None else json.dumps(body)
            self._connection.request(method, f"{self._base}/{path}", text, self._headers)
            answer = self._connection.getresponse()
            raw = answer.read()
        except (OSError, http.client.HTTPException) as error:
            self._connection.close()
            why = getattr(error, "strerror", None) or str(error) or type(error).__name__
            raise PermanentError(f"The server at {self._server} does not answer: {why}.") from error
        try:
            value = json.loads(raw)
        except (ValueError, RecursionError) as error:
            raise PermanentError(f"What answers at {self._server} is no Penstock server.") from error
        if answer.status >= 400:
            kind = NotFound if answer.status == 404 else CallerError
            message = value.get("message") if isinstance(value, dict) else None
            raise kind(f"{method} {path}: {message or 'refused'} ({answer.status})", answer=value)
        return value

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()
