"""Who watches what."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from penstock.store.tables.account import User
from penstock.store.tables.base import Base, Word


class Watch(Base):
    """A user's wish to be told about a cluster or a job."""

    __tablename__ = "watches"
    __table_args__ = (UniqueConstraint("kind", "resource_id", "user_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(Word)
    resource_id: Mapped[int]
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    created_at: Mapped[datetime]

    user: Mapped[User] = relationship(lazy="joined")
