"""Who asks, and for which account."""

from __future__ import annotations

from dataclasses import dataclass

from penstock.errors import InvariantBroken
from penstock.store.tables import Account, User


@dataclass(frozen=True, slots=True)
class Principal:
    """A known user; *account* None where the path names none."""

    user: User
    account: Account | None = None

    @property
    def tenant(self) -> Account:
        """The account that the path names."""
        if self.account is None:
            raise InvariantBroken("an operation on an account was called without one")
        return self.account
