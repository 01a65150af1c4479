"""Pages of collections: filtered by account, sorted, cut, and one row more to know whether there is a next page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, select

from penstock.store.tables.base import Base
from penstock.store.unit_of_work import UnitOfWork

RowT = TypeVar("RowT", bound=Base)


def get(uow: UnitOfWork, kind: type[RowT], identity: int, account_id: int, *, locked: bool = False) -> RowT | None:
    """Return a row of an account by its id, or None; *locked* for one whose state decides what is written to it."""
    row = locked_row(uow, kind, identity) if locked else uow.session.get(kind, identity)
    return row if row is not None and row.account_id == account_id else None  # type: ignore[attr-defined]  # all have it


def locked_row(uow: UnitOfWork, kind: type[RowT], identity: int) -> RowT | None:
    """Return a row as it is now, and keep everybody else from changing it until the transaction ends."""
    # SQLite ignores the lock clause: there the whole transaction has the one write lock.
    return uow.session.get(kind, identity, with_for_update={"of": kind}, populate_existing=True)


def kept(uow: UnitOfWork, kind: type[RowT], identity: int, account_id: int) -> RowT | None:
    """Return a row of an account as it is now, or None; until the transaction ends nobody changes it, and others may
    keep it too."""
    row = uow.session.get(kind, identity, with_for_update={"of": kind, "read": True}, populate_existing=True)
    return row if row is not None and row.account_id == account_id else None  # type: ignore[attr-defined]  # all have it


def page(
    uow: UnitOfWork,
    kind: type[RowT],
    account_id: int,
    *,
    offset: int,
    limit: int,
    order: str,
    descending: bool,
    since: datetime | None = None,
    where: Sequence[ColumnElement[bool]] = (),
    equal: Mapping[str, Any] | None = None,
) -> list[RowT]:
    """Return up to *limit* + 1 rows of an account from *offset* on, ties broken by id in the same direction."""
    columns = kind.__table__.c
    wanted = select(kind).where(columns.account_id == account_id, *where)
    for name, value in (equal or {}).items():
        wanted = wanted.where(columns[name].in_(value) if isinstance(value, list | tuple) else columns[name] == value)
    if since is not None:
        wanted = wanted.where(columns.updated_at >= since)
    keys = [columns[order]] if order == "id" else [columns[order], columns.id]
    wanted = wanted.order_by(*(key.desc() if descending else key.asc() for key in keys))
    return list(uow.session.scalars(wanted.offset(offset).limit(limit + 1)))
