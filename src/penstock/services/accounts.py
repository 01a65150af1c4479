"""Accounts: the first one with its owner, and whether it must settle its bills."""

from __future__ import annotations

import re
import secrets
from datetime import datetime

from penstock.errors import InvalidFields, NotFound
from penstock.services.access import hash_key
from penstock.store.queries import people
from penstock.store.tables import Account, ApiKey, Member, User
from penstock.store.unit_of_work import UnitOfWork

SHORTEST_KEY = 16
GENERATED = "pstk_"
"""How generated keys begin; chosen ones are any text of 16 or more characters."""
REGION = "self-hosted::local"
RESERVED = frozenset(
    (
        "accounts", "user", "user_password", "hook_events", "regions", "timezones", "variables", "product_updates",
        "rate_limit_status", "livez", "readyz", "openapi.json",
    )
)  # fmt: skip
"""First segments of paths outside any account."""
_ACCOUNT = re.compile(r"\w[\w.-]{0,99}")


def is_empty(uow: UnitOfWork) -> bool:
    """Tell whether the store has no account yet."""
    return not people.has_accounts(uow)


def make_key() -> str:
    """Return a new random API key."""
    return GENERATED + secrets.token_urlsafe(32)


def bootstrap(uow: UnitOfWork, account: str, key: str, now: datetime) -> Account:
    """Make an account with its owner and the owner's key. Raises InvalidFields for a short key or an odd identifier."""
    if len(key) < SHORTEST_KEY:
        raise InvalidFields(f"PENSTOCK_API_KEY needs {SHORTEST_KEY} or more characters.")
    if account in RESERVED or not _ACCOUNT.fullmatch(account):
        raise InvalidFields(
            f"PENSTOCK_ACCOUNT cannot be '{account}'. Use letters, digits, '-', '_' and '.', beginning with a letter or "
            "digit, and no word that begins a path of the API."
        )
    row = Account(account_id=account, name=account, region=REGION, created_at=now, updated_at=now)
    owner = User(
        name="Owner", email=f"owner@{account}.invalid", confirmed_at=now, created_at=now, updated_at=now
    )  # an address that no mail can reach, until the owner sets one
    uow.session.add_all((row, owner))
    uow.session.flush()
    uow.session.add(Member(account_id=row.id, user_id=owner.id, role="admin", is_owner=True, created_at=now))
    uow.session.add(ApiKey(user_id=owner.id, hash=hash_key(key), prefix=key[:4], created_at=now))
    uow.session.flush()
    return row


def set_payment_required(uow: UnitOfWork, account_id: str, required: bool, now: datetime) -> Account:
    """Say whether an account must settle its bills before it may run anything. Raises NotFound."""
    row = people.account(uow, account_id)
    if row is None:
        raise NotFound(f"There is no account '{account_id}'.")
    row.payment_required = required
    row.updated_at = now
    return row
