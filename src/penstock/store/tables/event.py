"""What happened: one row per event, in order, for whoever is told about it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from penstock.store.tables.base import Base, Word


class Event(Base):
    """An event such as `job.submitted` of one resource."""

    __tablename__ = "events"
    __table_args__ = (Index(None, "kind", "resource_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"))
    name: Mapped[str] = mapped_column(Word)
    kind: Mapped[str] = mapped_column(Word)
    resource_id: Mapped[int]
    created_at: Mapped[datetime]
