"""Accounts, users, members, keys and watches."""

from __future__ import annotations

from sqlalchemy import bindparam, delete, select

from penstock.store.tables import Account, ApiKey, Connection, Member, User, Watch
from penstock.store.unit_of_work import UnitOfWork

# Written once: building a statement and its cache key costs as much as running it.
_CALLER = (
    select(User, Account)
    .join(ApiKey, ApiKey.user_id == User.id)
    .outerjoin(
        Account,
        (Account.account_id == bindparam("account_id"))
        & select(Member.id).where(Member.account_id == Account.id, Member.user_id == User.id).exists(),
    )
    .where(ApiKey.hash == bindparam("digest"))
)


def caller(uow: UnitOfWork, digest: str, account_id: str) -> tuple[User, Account | None] | None:
    """Return the user whose key has this hash, and the account with this text identifier if the user is its member."""
    found = uow.session.execute(_CALLER, {"digest": digest, "account_id": account_id}).one_or_none()
    return None if found is None else (found[0], found[1])


def account(uow: UnitOfWork, account_id: str) -> Account | None:
    """Return the account with this text identifier."""
    return uow.session.scalar(select(Account).where(Account.account_id == account_id))


def has_accounts(uow: UnitOfWork) -> bool:
    """Tell whether the store has any account."""
    return uow.session.scalar(select(Account.id).limit(1)) is not None


def watch(uow: UnitOfWork, kind: str, resource_id: int, user_id: int) -> Watch | None:
    """Return a user's watch of a resource."""
    wanted = select(Watch).where(Watch.kind == kind, Watch.resource_id == resource_id, Watch.user_id == user_id)
    return uow.session.scalar(wanted)


def watchers(uow: UnitOfWork, kind: str, resource_id: int) -> list[User]:
    """Return who watches a resource, in the order in which they began."""
    wanted = select(User).join(Watch, Watch.user_id == User.id)
    found = wanted.where(Watch.kind == kind, Watch.resource_id == resource_id).order_by(Watch.id)
    return list(uow.session.scalars(found))


def end_watch(uow: UnitOfWork, kind: str, resource_id: int, user_id: int) -> None:
    """Remove a user's watch of a resource, if there is one."""
    gone = delete(Watch).where(Watch.kind == kind, Watch.resource_id == resource_id, Watch.user_id == user_id)
    uow.session.execute(gone)


def connections(uow: UnitOfWork, account_id: int) -> list[Connection]:
    """Return every connection of an account."""
    return list(uow.session.scalars(select(Connection).where(Connection.account_id == account_id)))
