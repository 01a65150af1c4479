"""Which pagination a service has, by its host: the scheme `automatic`. Data in `hosts.json`; all others have link headers."""

from __future__ import annotations

import json
from dataclasses import replace
from fnmatch import fnmatchcase
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from penstock.plan.systems import Paging


@lru_cache(maxsize=1)
def table() -> tuple[dict[str, Any], ...]:
    """Return the rows of the table: a host, perhaps what its path begins with, and the pagination."""
    return tuple(json.loads(Path(__file__).with_name("hosts.json").read_text("utf-8")))


def decided(paging: Paging | None, url: str) -> Paging | None:
    """Return a pagination whose scheme is not `automatic`.

    >>> decided(Paging(), "https://acme.atlassian.net/rest/api/3/search").scheme
    'jira'
    >>> decided(Paging(), "https://api.example.com/v1").scheme
    'link_header'
    """
    if paging is None or paging.scheme != "automatic":
        return paging
    parts = urlsplit(url)
    host = (parts.hostname or "").lower()
    for row in table():
        if fnmatchcase(host, row["host"]) and parts.path.startswith(row.get("below", "")):
            given = {name: row[name] for name in ("scheme", "path", "parameter") if name in row}
            return replace(paging, **given)
    return replace(paging, scheme="link_header")
