"""Addresses with other parameters: what a next page is asked with."""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import parse_qsl, quote, urlencode, urljoin, urlsplit, urlunsplit

from penstock.errors import PermanentError
from penstock.kit.outbound import place_of


def with_parameters(url: str, parameters: Iterable[tuple[str, str]]) -> str:
    """Return an address whose query has these parameters instead of those of the same names; the others stay as they are.

    >>> with_parameters("https://a.example/x?q=1%202&page=3#top", [("page", "4")])
    'https://a.example/x?q=1%202&page=4'
    """
    parts = urlsplit(url)
    wanted = dict(parameters)
    kept = [one for one in parts.query.split("&") if one and _name(one) not in wanted]
    query = "&".join([*kept, urlencode(list(wanted.items()), quote_via=quote)])
    return urlunsplit((parts.scheme, parts.netloc, parts.path, query, ""))


def parameter(url: str, name: str) -> str | None:
    """Return the value of a parameter of the query, None without it."""
    found = [value for key, value in parse_qsl(urlsplit(url).query, keep_blank_values=True) if key == name]
    return found[-1] if found else None


def joined(url: str, link: str) -> str:
    """Return the address that a link of an answer means. Raises PermanentError for one that is no http or https address."""
    try:
        made = urljoin(url, link.strip())
        parts = urlsplit(made)
        if parts.scheme in ("http", "https") and parts.hostname:
            return made
    except ValueError:
        pass
    raise PermanentError(f"{place_of(url)} names a next page that is no http or https address.")


def same_place(url: str, other: str) -> bool:
    """Tell whether two addresses have scheme, host and port in common."""
    return place_of(url).lower() == place_of(other).lower()


def _name(item: str) -> str:
    return parse_qsl(item, keep_blank_values=True)[0][0] if parse_qsl(item, keep_blank_values=True) else item
