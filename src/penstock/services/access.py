"""Who a key belongs to, and which accounts its user may enter."""

from __future__ import annotations

import hashlib

from penstock.errors import NotAuthenticated, NotFound
from penstock.store.queries import people
from penstock.store.tables import Account, User
from penstock.store.unit_of_work import UnitOfWork

_UNKNOWN_KEY = "The API key is not known. Check the key and the host."


def hash_key(key: str) -> str:
    """Return what is stored of a key: its SHA-256. Keys are long and random, so no slow hash is needed."""
    return hashlib.sha256(key.encode()).hexdigest()


def identify(uow: UnitOfWork, key: str, account_id: str) -> tuple[User, Account | None]:
    """Return the user of a key, and the account if there is one of this text identifier that the user may enter. Raises
    NotAuthenticated."""
    found = people.caller(uow, hash_key(key), account_id)
    if found is None:
        raise NotAuthenticated(_UNKNOWN_KEY)
    return found


def require(account: Account | None) -> Account:
    """Return the account. Raises NotFound alike for one that does not exist and one that is not the user's."""
    if account is None:
        raise NotFound("Item not found.")
    return account
