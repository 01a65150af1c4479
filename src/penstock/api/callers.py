"""Callers: whom a key belongs to, remembered for a second, because programs that poll ask with the same key again."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from penstock.kit.clock import Clock
from penstock.services import access
from penstock.services.records import Account, User
from penstock.services.session import UnitOfWork

Known = tuple[User, Account | None]
Identify = Callable[[UnitOfWork, str, str], Known]
"""Tells the user of a key, and the account with a text identifier if the user may enter it. Raises NotAuthenticated."""
KEEP = timedelta(seconds=1)
"""How long a key that was taken away may still read; whatever is written is checked afresh."""
_MOST = 10_000


class Callers:
    """Remembers callers for reads. Keys are kept as their hashes."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._known: dict[tuple[str, str], tuple[datetime, Known]] = {}

    def identify(self, uow: UnitOfWork, key: str, account_id: str) -> Known:
        """Return the user of a key, and the account if the user may enter it. Raises NotAuthenticated."""
        now = self._clock()
        who = (access.hash_key(key), account_id)
        found = self._known.get(who)
        if found is None or not found[0] <= now < found[0] + KEEP:
            if len(self._known) >= _MOST:
                self._known.clear()
            found = self._known[who] = (now, access.identify(uow, key, account_id))
        return found[1]
