"""Search of a collection: the wire's grammar over the attributes that the collection has."""

from __future__ import annotations

from typing import Any

from penstock.domain.search import parse_search
from penstock.errors import InvalidFields
from penstock.services.paging import Page, PageRequest, cut
from penstock.services.principal import Principal
from penstock.store.queries.search import Searchable, search_rows
from penstock.store.unit_of_work import UnitOfWork


def search(
    uow: UnitOfWork, principal: Principal, what: Searchable, q: object, asked: PageRequest, direction: str
) -> Page[Any]:
    """Return the page of rows that match; *direction* is the collection's own. Raises InvalidFields without `q`."""
    if not isinstance(q, str | int) or not str(q).strip():
        message = "q is missing. Give a search expression such as status:running."
        raise InvalidFields(message, {"q": [message]})
    rows = search_rows(
        uow, what, principal.tenant.id, parse_search(str(q), what.attributes), sort=asked.sort,
        descending=asked.descending(direction), by_default=(asked.direction or direction) == direction,
        offset=asked.offset, limit=asked.limit,
    )  # fmt: skip
    return cut(rows, asked.limit)
