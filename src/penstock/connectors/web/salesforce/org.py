"""An organisation of Salesforce: where it is, what it is asked, how it says no."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from penstock.connectors.web import waiting
from penstock.connectors.web.asking import Api, Got
from penstock.connectors.web.logins import strategies
from penstock.errors import PermanentError
from penstock.kit.outbound import Request, place_of
from penstock.plan.ports import Connection

LARGEST_SAID = 4 << 20
"""Bytes of an answer that is not records."""
PAUSES_S = (0.5, 1.0, 2.0, 4.0, 8.0)
"""How long is waited between looks at a job; the last one from then on."""
RUNNING = frozenset({"UploadComplete", "InProgress"})
_ENDED = frozenset({"INVALID_SESSION_ID", "INVALID_AUTH_HEADER"})


class Org:
    """Asks one organisation. *version* is that of the API, None for the newest that is known here; *folder* takes answers."""

    def __init__(self, api: Api, connection: Connection, version: str | None, folder: Path) -> None:
        self.api = api
        self._connection = connection
        self._facts = strategies()["salesforce"]
        self.version = version or str(self._facts["api_version"])
        self._folder = folder

    @cached_property
    def home(self) -> str:
        """The address of the organisation: that of the connection, else what Salesforce says of the user."""
        given = self._connection.parameters
        if given.get("endpoint"):
            return str(given["endpoint"]).rstrip("/")
        login = self._facts["login"][str(given.get("environment") or "production")]
        found = self._said(self._asked(Request("GET", f"{login}/services/oauth2/userinfo"), waiting.FAILING, None))
        address = found.get("urls", {}).get("rest") if isinstance(found.get("urls"), dict) else None
        parts = urlsplit(str(address or ""))
        if parts.scheme != "https" or not parts.hostname:
            raise PermanentError(
                f"{place_of(login)} does not say where the organisation is. Give the connection its 'endpoint', such as "
                "https://acme.my.salesforce.com."
            )
        return f"{parts.scheme}://{parts.netloc}"

    def ask(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any] | bytes | None = None,
        *,
        again: Collection[int] = waiting.FAILING,
        into: Path | None = None,
    ) -> Got:
        """Return an answer that is a success; *path* is below the data of the version, *body* JSON or lines of CSV, *into* the
        file that takes the answer. Raises Refused, and PenstockError where nobody answers."""
        headers = {"Accept": "application/json" if into is None else "text/csv"}
        data: bytes | None = None
        if isinstance(body, bytes):
            headers["Content-Type"], data = "text/csv; charset=UTF-8", body
        elif body is not None:
            headers["Content-Type"], data = "application/json; charset=UTF-8", json.dumps(body).encode()
        url = f"{self.home}/services/data/v{self.version}/{path}"
        return self._asked(Request(method, url, headers, data), again, into)

    def said(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Return an answer that is an object of JSON."""
        return self._said(self.ask(method, path, body))

    def wait_for(self, path: str) -> dict[str, Any]:
        """Return what is said of a job once it does not run any more."""
        looks = 0
        while True:
            job = self.said("GET", path)
            if job.get("state") not in RUNNING:
                return job
            self.api.stop.wait(PAUSES_S[min(looks, len(PAUSES_S) - 1)])
            looks += 1

    def _asked(self, request: Request, again: Collection[int], into: Path | None) -> Got:
        got = self.api.ask(request, into or self._folder / ".said", again=again)
        if got.is_success:
            return got
        raise self._refusal(got)

    def _said(self, got: Got) -> dict[str, Any]:
        try:
            found = json.loads(got.text(LARGEST_SAID) or "{}")
        except (ValueError, RecursionError):
            found = None
        if not isinstance(found, dict):
            raise PermanentError(f"{place_of(got.url)} gives an answer that is no object of JSON.")
        return found

    def _refusal(self, got: Got) -> Refused:
        try:
            found = json.loads(got.text(LARGEST_SAID))
        except (ValueError, RecursionError):
            found = None
        first = found[0] if isinstance(found, list) and found else found
        code, why = "", ""
        if isinstance(first, dict):
            code = str(first.get("errorCode") or first.get("error") or "")
            why = str(first.get("message") or first.get("error_description") or "")
        if not code:
            return Refused(self.api.refusal(got).message, "", got.unknown)
        text = f"Salesforce answers {got.status}, {code}: {' '.join(why.split())[:400] or 'no reason is given'}"
        if code in _ENDED or got.status == 401:
            text += (
                f" The token of the connection '{self._connection.key}' has ended or is none: give a newer one, or a "
                "'client_id' by which tokens are asked for."
            )
        return Refused(self.api.scrub(text), code, got.unknown)


class Refused(PermanentError):
    """Salesforce says no: *said* is its own word for why, *unknown* how often the request was sent before without an answer."""

    code = "salesforce_refused"

    def __init__(self, message: str, said: str = "", unknown: int = 0) -> None:
        super().__init__(message)
        self.said = said
        self.unknown = unknown
