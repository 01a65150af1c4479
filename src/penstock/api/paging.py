"""Collections: which page is asked for, and the Link header to the pages beside it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from penstock.api.dates import read_instant
from penstock.errors import InvalidFields
from penstock.services.paging import PageRequest

DEFAULT_LIMIT = 20
LARGEST_LIMIT = 100
_LARGEST_OFFSET = 2**31 - 1
_PLACE = frozenset({"offset", "limit"})
_INTEGER = re.compile(r"[+-]?\d+", re.ASCII)
_LONGEST = 18
"""Digits that are looked at: more are as good as the largest number."""


def read_page(fields: Mapping[str, Any]) -> PageRequest:
    """Return the page that the parameters ask for: a limit outside 1-100 is clamped, an unknown order is forgiven.

    Raises: InvalidFields when offset or limit is no number or since is no date.
    """
    direction = str(fields.get("direction") or "").lower()
    since = fields.get("since")
    sort = fields.get("sort")
    return PageRequest(
        offset=min(max(_integer(fields, "offset", 0), 0), _LARGEST_OFFSET),
        limit=min(max(_integer(fields, "limit", DEFAULT_LIMIT), 1), LARGEST_LIMIT),
        sort=sort.lower() if isinstance(sort, str) and sort else None,
        direction=direction if direction in {"asc", "desc"} else None,
        since=read_instant(str(since), "since") if since not in (None, "") else None,
    )


def _integer(fields: Mapping[str, Any], name: str, default: int) -> int:
    value = fields.get(name)
    if value is None or value == "":
        return default
    text = str(int(value) if isinstance(value, float) and value.is_integer() else value).strip()
    if not _INTEGER.fullmatch(text):
        raise InvalidFields(f"{name} must be an integer.", {name: ["must be an integer."]})
    return int(text[:_LONGEST])


def link_header(
    address: str, query: list[tuple[str, str]], fields: Mapping[str, Any], page: PageRequest, has_more: bool
) -> str | None:
    """Return the Link header of a page (RFC 8288), None when there is no page beside it.

    *address* is the absolute address without its query; the other parameters of *query* are kept, and so are those that
    came in the body, which *fields* have too: whoever follows a link sends no body.
    """
    links = []
    if has_more:
        links.append((page.offset + page.limit, "next"))
    if page.offset > 0:
        links.append((max(page.offset - page.limit, 0), "prev"))
    others = {name: value for name, value in fields.items() if name not in _PLACE}
    kept = [(name, value) for name, value in query if name not in fields]
    kept += [(name, str(value)) for name, value in others.items() if isinstance(value, str | int | float)]
    return (
        ", ".join(
            f'<{address}?{urlencode([*kept, ("offset", str(offset)), ("limit", str(page.limit))])}>; rel="{relation}"'
            for offset, relation in links
        )
        or None
    )
