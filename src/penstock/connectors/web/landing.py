"""A source lands: page after page is asked for, and its records become lines of one file."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import IO

from penstock.connectors.web import addresses, answers, hosts
from penstock.connectors.web.asking import Api, Got, NoLogin
from penstock.connectors.web.logins import private
from penstock.connectors.web.paging import Numbered, Page, Scheme, scheme_of
from penstock.errors import PermanentError
from penstock.kit.outbound import Request, place_of
from penstock.plan.ports import FileEntry, Landing
from penstock.plan.systems import Paging, WebSource

SAME_PAGES = 10
"""How often one and the same page may come in a row before it is clear that the service does not turn pages."""


class Reader:
    """Asks for the pages of one source."""

    def __init__(self, api: Api, origin: WebSource, names: Sequence[str], landing: Landing) -> None:
        self._api = api
        self._origin = origin
        self._names = names
        self._landing = landing
        self._seen: set[tuple[str, str, bytes | None]] = set()
        self._last = (b"", 0)
        self._is_away = False

    def read(self) -> FileEntry:
        """Ask for all pages, or for as many as are wanted, and return the file with their records."""
        paging = hosts.decided(self._origin.paging, self._origin.url)
        scheme = scheme_of(paging)
        folder = self._landing.folder
        folder.mkdir(parents=True)
        file, page_file = folder / f"records.{answers.file_ending(self._origin)}", folder / "page"
        request: Request | None = scheme.first(self._request())
        asked = count = 0
        with file.open("w", encoding="utf-8", newline="") as lines:
            while request is not None:
                self._guard(request, scheme)
                got = self._api.ask(request, page_file)
                if not got.is_success:
                    raise self._api.refusal(got)
                asked += 1
                page = self._take(got, request, scheme, lines, count)
                count += page.count
                self._landing.arrived(count, "records")
                if _is_enough(paging, asked) or self._has_all(count):
                    break
                self._check_turning(got, page, scheme)
                request = self._safe(scheme.following(page))
                if request is not None and paging is not None and paging.sleep_ms:
                    self._api.stop.wait(paging.sleep_ms / 1000)
        page_file.unlink(missing_ok=True)
        return FileEntry(str(file), place_of(self._origin.url), file.stat().st_size)

    def _request(self) -> Request:
        origin = self._origin
        headers = content_typed(origin.headers, origin.body)
        return Request(origin.method, origin.url, headers, encoded(origin.body), private=private(headers))

    def _take(self, got: Got, request: Request, scheme: Scheme, lines: IO[str], before: int) -> Page:
        """Write the records of a page, as far as they are wanted."""
        found = answers.opened(got, self._origin, self._names, whole=scheme.reads_document)
        count = 0
        for line in found.lines:
            count += 1
            lines.write(f"{line}\n")
            if self._has_all(before + count):
                break
        return Page(request, got.url, got.headers, found.document, count)

    def _has_all(self, count: int) -> bool:
        return self._landing.size is not None and count >= self._landing.size

    def _guard(self, request: Request, scheme: Scheme) -> None:
        """Raise PermanentError for a page that was asked for before: it would go on without end."""
        key = (request.method, request.url, request.body)
        if key in self._seen and not scheme.may_repeat:
            raise PermanentError(
                f"The next page of {place_of(request.url)} is one that was asked for before, so the pages would have no "
                "end. Correct 'pagination', or set its 'max_requests'."
            )
        self._seen.add(key)

    def _check_turning(self, got: Got, page: Page, scheme: Scheme) -> None:
        """Raise PermanentError where a service gives the same page for one number after another."""
        if not isinstance(scheme, Numbered) or page.count == 0:
            return
        digest = _digest(got.body)
        self._last = (digest, self._last[1] + 1 if digest == self._last[0] else 1)
        if self._last[1] == SAME_PAGES:
            raise PermanentError(
                f"{place_of(got.url)} gave the same page {SAME_PAGES} times: it does not turn pages by the parameter "
                f"'{scheme.parameter}'. Correct 'pagination', or set its 'max_requests'."
            )

    def _safe(self, request: Request | None) -> Request | None:
        """Return a next request that says nothing secret to others than the place of the source."""
        if request is None:
            return None
        home = self._origin.url
        if addresses.same_place(request.url, home):
            return request
        secure = request.url.replace("http://", "https://", 1)
        if addresses.same_place(secure, home):
            return replace(request, url=secure)  # Behind a proxy many services take themselves for http.
        if not self._is_away:
            self._is_away = True
            self._api = Api(NoLogin(), self._api.allow, self._api.stop, self._api.say)
            self._api.say(
                "warning", f"The next page is at {place_of(request.url)}, which gets no login and no headers."
            )
        kept = {name: value for name, value in request.headers.items() if name.lower() not in request.private}
        return replace(request, headers=kept)


def content_typed(headers: Mapping[str, str], body: str | None) -> dict[str, str]:
    """Return headers that say what the body is, where it is JSON and they do not say."""
    made = dict(headers)
    if body and body.lstrip()[:1] in ("{", "[") and not any(name.lower() == "content-type" for name in made):
        made["Content-Type"] = "application/json"
    return made


def encoded(body: str | None) -> bytes | None:
    """Return a body as bytes, None without one."""
    return body.encode("utf-8", "surrogatepass") if body else None


def _is_enough(paging: Paging | None, asked: int) -> bool:
    return paging is not None and paging.max_requests is not None and asked >= paging.max_requests


def _digest(file: Path) -> bytes:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").digest()
