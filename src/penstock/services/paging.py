"""Pages of collections, and the words in which clients ask for them (wire reference 1.10)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar

from penstock.errors import InvalidFields
from penstock.store.queries import pages
from penstock.store.tables.base import Base
from penstock.store.unit_of_work import UnitOfWork

ItemT = TypeVar("ItemT")
RowT = TypeVar("RowT", bound=Base)
_COLUMNS = {"created": "created_at", "updated": "updated_at", "modified": "updated_at"}


@dataclass(frozen=True, slots=True)
class PageRequest:
    """Which part of a collection: *limit* items from *offset* on; None leaves the collection's default."""

    offset: int = 0
    limit: int = 20
    sort: str | None = None
    direction: str | None = None
    since: datetime | None = None

    def descending(self, default: str) -> bool:
        """Tell the direction, given the collection's own."""
        return (self.direction or default) == "desc"


@dataclass(frozen=True, slots=True)
class Page(Generic[ItemT]):
    """A part of a collection, and whether there is more after it."""

    items: Sequence[ItemT]
    has_more: bool


def cut(rows: Sequence[ItemT], limit: int) -> Page[ItemT]:
    """Return a page of rows that were read with one more than its limit."""
    return Page(rows[:limit], len(rows) > limit)


def list_rows(
    uow: UnitOfWork,
    kind: type[RowT],
    account_id: int,
    asked: PageRequest,
    *,
    sort: tuple[str, ...] = (),
    default: str = "created_at",
    equal: Mapping[str, Any] | None = None,
) -> Page[RowT]:
    """Return a page of an account's rows, newest first by default; *sort* are words beside the instants and `id`."""
    word = _COLUMNS.get(asked.sort or "", asked.sort or "")
    order = word if word in ("id", "created_at", "updated_at", *sort) else default
    rows = pages.page(
        uow, kind, account_id, offset=asked.offset, limit=asked.limit, order=order,
        descending=asked.descending("desc"), since=asked.since, equal=equal,
    )  # fmt: skip
    return cut(rows, asked.limit)


def one_of(value: object, name: str, known: Sequence[str]) -> str | None:
    """Return a filter's word; None where there is no filter. Raises InvalidFields for a word that is not known."""
    if value is None or value in ("", "all"):
        return None
    if str(value) not in known:
        message = f"{name} must be one of {', '.join(known)}, all; not '{value}'."
        raise InvalidFields(message, {name: [message]})
    return str(value)
