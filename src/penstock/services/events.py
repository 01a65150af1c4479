"""What happened, noted in the same transaction as the change itself."""

from __future__ import annotations

from datetime import datetime

from penstock.store.tables import Event
from penstock.store.unit_of_work import UnitOfWork


def record(uow: UnitOfWork, account_id: int, name: str, resource_id: int, now: datetime) -> None:
    """Note an event of the wire's list (5.6), such as `job.submitted`."""
    kind = name.partition(".")[0]
    uow.session.add(Event(account_id=account_id, name=name, kind=kind, resource_id=resource_id, created_at=now))
