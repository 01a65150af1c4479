"""How the pages of an answer follow one another (component reference 2.9): each scheme a small object."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Protocol
from urllib.parse import urlsplit

from penstock.connectors.web import addresses, paths
from penstock.errors import PermanentError
from penstock.kit.outbound import Request
from penstock.plan.systems import Paging

_LINK = re.compile(r"<([^>]*)>([^<]*?)(?:,\s*(?=<)|$)", re.DOTALL)
_NEXT = re.compile(r""";\s*rel\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s;,"']+))""", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Page:
    """An answer as paging sees it: *document* is its JSON, None where it is none or nobody needs it; *count* the records
    that it held."""

    request: Request
    url: str
    headers: Mapping[str, str]
    document: Any
    count: int


class Scheme(Protocol):
    """Gives the request for the first page, and for the one after a page. *reads_document* says whether it looks into the
    answer, *may_repeat* whether the same request may rightly come twice."""

    @property
    def reads_document(self) -> bool:
        """Whether `following` needs the document."""

    @property
    def may_repeat(self) -> bool:
        """Whether the same request may come twice."""

    def first(self, request: Request) -> Request:
        """Return the first request."""

    def following(self, page: Page) -> Request | None:
        """Return the request after a page, None after the last."""


def _asking(request: Request, **parameters: object) -> Request:
    return _with(request, parameters)


def _with(request: Request, parameters: Mapping[str, object]) -> Request:
    texts = [(name, str(value)) for name, value in parameters.items() if value is not None]
    return replace(request, url=addresses.with_parameters(request.url, texts)) if texts else request


@dataclass(frozen=True, slots=True)
class Single:
    """There is one page."""

    reads_document: ClassVar[bool] = False
    may_repeat: ClassVar[bool] = False

    def first(self, request: Request) -> Request:
        """Return the request as it is."""
        return request

    def following(self, page: Page) -> Request | None:  # noqa: ARG002 -- there is none
        """There is none."""
        return None


@dataclass(frozen=True, slots=True)
class Linked:
    """The header `Link` names the next page (RFC 8288)."""

    size: Mapping[str, object]
    reads_document: ClassVar[bool] = False
    may_repeat: ClassVar[bool] = False

    def first(self, request: Request) -> Request:
        """Return the request, with a size."""
        return _with(request, self.size)

    def following(self, page: Page) -> Request | None:
        """Return the request for the link of relation `next`."""
        link = next((value for name, value in page.headers.items() if name.lower() == "link"), "")
        found = next_link(link)
        return None if found is None else replace(page.request, url=addresses.joined(page.url, found))


def next_link(header: str) -> str | None:
    """Return the target of relation `next` of a header `Link`.

    >>> next_link('<https://a.example/?page=1>; rel="prev", <https://a.example/?page=3>; rel="last next"')
    'https://a.example/?page=3'
    """
    for target, rest in _LINK.findall(header):
        relation = _NEXT.search(rest)
        if relation and "next" in (relation[1] or relation[2] or relation[3] or "").lower().split():
            return str(target)
    return None


@dataclass(frozen=True, slots=True)
class NextUrl:
    """The answer holds the address of the next page, at the first of some JSONPaths that has one."""

    paths: tuple[str, ...]
    size: Mapping[str, object]
    reads_document: ClassVar[bool] = True
    may_repeat: ClassVar[bool] = False

    def first(self, request: Request) -> Request:
        """Return the request, with a size."""
        return _with(request, self.size)

    def following(self, page: Page) -> Request | None:
        """Return the request for the address."""
        for path in self.paths:
            found = paths.first(path, page.document)
            if isinstance(found, str) and found.strip():
                return replace(page.request, url=addresses.joined(page.url, found))
            if found not in (None, False, ""):
                raise PermanentError(f"What '{path}' finds is no address of a next page.")
        return None


@dataclass(frozen=True, slots=True)
class Cursor:
    """The answer holds a text or number that the next request carries in a parameter."""

    paths: tuple[str, ...]
    parameter: str
    size: Mapping[str, object]
    reads_document: ClassVar[bool] = True
    may_repeat: ClassVar[bool] = False

    def first(self, request: Request) -> Request:
        """Return the request, with a size."""
        return _with(request, self.size)

    def following(self, page: Page) -> Request | None:
        """Return the request with the cursor."""
        for path in self.paths:
            found = paths.first(path, page.document)
            if isinstance(found, bool | dict | list):
                if found:
                    raise PermanentError(f"What '{path}' finds is no text or number to go on with.")
            elif found is not None and found != "":
                return _with(page.request, {self.parameter: getattr(found, "text", found)})
        return None


@dataclass(frozen=True, slots=True)
class Numbered:
    """A parameter counts pages, or records where *by_records*; the last page is empty, or where *short* shorter than that."""

    parameter: str
    start: int
    by_records: bool
    short: int | None
    size: Mapping[str, object]
    reads_document: ClassVar[bool] = False
    may_repeat: ClassVar[bool] = False

    def first(self, request: Request) -> Request:
        """Return the request for the page at the start."""
        return _with(request, {self.parameter: self.start, **self.size})

    def following(self, page: Page) -> Request | None:
        """Return the request for the next number."""
        if page.count == 0 or (self.short is not None and page.count < self.short):
            return None
        now = int(addresses.parameter(page.request.url, self.parameter) or self.start)
        return _with(page.request, {self.parameter: now + (page.count if self.by_records else 1)})


@dataclass(frozen=True, slots=True)
class Jira:
    """`startAt`, `maxResults` and `total` of Jira; `nextPageToken` of its newer search."""

    size: Mapping[str, object]
    reads_document: ClassVar[bool] = True
    may_repeat: ClassVar[bool] = False

    def first(self, request: Request) -> Request:
        """Return the request, with a size."""
        return _with(request, self.size)

    def following(self, page: Page) -> Request | None:
        """Return the request for what begins behind this page."""
        found = _object(page.document)
        token = found.get("nextPageToken")
        if isinstance(token, str) and token:
            return _asking(page.request, nextPageToken=token)
        start, most, total = (_whole(found.get(name)) for name in ("startAt", "maxResults", "total"))
        if found.get("isLast") is True or not most or start is None:
            return None
        if found.get("isLast") is None and (total is None or start + most >= total):
            return None
        return _asking(page.request, startAt=start + most)


@dataclass(frozen=True, slots=True)
class Magento:
    """`searchCriteria[currentPage]` of Magento, up to `total_count`."""

    size: Mapping[str, object]
    reads_document: ClassVar[bool] = True
    may_repeat: ClassVar[bool] = False

    def first(self, request: Request) -> Request:
        """Return the request for the first page."""
        begun = addresses.parameter(request.url, "searchCriteria[currentPage]")
        return _with(request, {**self.size, "searchCriteria[currentPage]": begun or 1})

    def following(self, page: Page) -> Request | None:
        """Return the request for the page behind, while not all was seen."""
        found = _object(page.document)
        criteria, total = _object(found.get("search_criteria")), _whole(found.get("total_count"))
        size = _whole(criteria.get("page_size"))
        now = _whole(criteria.get("current_page")) or 1
        if not size or total is None or now * size >= total:
            return None
        return _with(page.request, {"searchCriteria[currentPage]": now + 1})


@dataclass(frozen=True, slots=True)
class BigCommerce:
    """`meta.pagination` of BigCommerce's version 3; the parameter `page` of version 2 until an answer is empty."""

    size: Mapping[str, object]
    reads_document: ClassVar[bool] = True
    may_repeat: ClassVar[bool] = False

    def first(self, request: Request) -> Request:
        """Return the request, with a size."""
        return _with(request, self.size)

    def following(self, page: Page) -> Request | None:
        """Return the request for the page behind."""
        now = _whole(addresses.parameter(page.request.url, "page")) or 1
        if isinstance(page.document, list):
            return _asking(page.request, page=now + 1) if page.document else None
        pagination = _object(_object(_object(page.document).get("meta")).get("pagination"))
        link = _object(pagination.get("links")).get("next")
        if isinstance(link, str) and link:
            return replace(page.request, url=addresses.joined(page.url, link))
        now, total = _whole(pagination.get("current_page")) or now, _whole(pagination.get("total_pages"))
        return None if total is None or now >= total else _asking(page.request, page=now + 1)


@dataclass(frozen=True, slots=True)
class Elasticsearch:
    """A scroll of Elasticsearch: its id is sent to `/_search/scroll` until no hits come."""

    size: Mapping[str, object]
    reads_document: ClassVar[bool] = True
    may_repeat: ClassVar[bool] = True

    def first(self, request: Request) -> Request:
        """Return the search, with a scroll of a minute unless the address says how long."""
        kept = addresses.parameter(request.url, "scroll") or "1m"
        return _with(request, {**self.size, "scroll": kept})

    def following(self, page: Page) -> Request | None:
        """Return the request for the next hits."""
        found = _object(page.document)
        scroll = found.get("_scroll_id")
        if not isinstance(scroll, str) or not _object(found.get("hits")).get("hits"):
            return None
        kept = addresses.parameter(page.request.url, "scroll")
        if kept is None:
            kept = str(json.loads(page.request.body or b"{}").get("scroll", "1m"))
        parts = urlsplit(page.request.url)
        headers = {name: value for name, value in page.request.headers.items() if name.lower() != "content-type"}
        return replace(
            page.request,
            method="POST",
            url=f"{parts.scheme}://{parts.netloc}/_search/scroll",
            headers={**headers, "Content-Type": "application/json"},
            body=json.dumps({"scroll": kept, "scroll_id": scroll}).encode(),
        )


def _object(raw: Any) -> Mapping[str, Any]:
    return raw if isinstance(raw, dict) else {}


def _whole(raw: Any) -> int | None:
    if isinstance(raw, str) and raw.isascii() and raw.isdigit():
        return int(raw)
    return raw if isinstance(raw, int) and not isinstance(raw, bool) else None


def scheme_of(paging: Paging | None) -> Scheme:
    """Return what a source's pagination says; `automatic` is decided by `hosts` before. Raises PermanentError."""
    if paging is None or paging.scheme == "none" or paging.max_requests in (0, 1):
        return Single()
    size = {paging.size_parameter: paging.size} if paging.size_parameter and paging.size else {}
    short = paging.size if paging.stop_when == "short_page" else None
    match paging.scheme:
        case "link_header":
            return Linked(size)
        case "next_url":
            return NextUrl((paging.path or "$",), size)
        case "cursor":
            return Cursor((paging.path or "$",), paging.parameter or "", size)
        case "page_number":
            start = 1 if paging.start is None else paging.start
            return Numbered(paging.parameter or "", start, False, short, size)
        case "offset_limit":
            return Numbered(paging.parameter or "", paging.start or 0, True, short, size)
    named = {
        "jira": "maxResults",
        "magento": "searchCriteria[pageSize]",
        "bigcommerce": "limit",
        "elasticsearch": "size",
    }
    own = size or ({named[paging.scheme]: paging.size} if paging.size else {})
    match paging.scheme:
        case "jira":
            return Jira(own)
        case "magento":
            return Magento(own)
        case "bigcommerce":
            return BigCommerce(own)
        case "elasticsearch":
            return Elasticsearch(own)
    raise PermanentError(f"There is no pagination scheme '{paging.scheme}'.")
