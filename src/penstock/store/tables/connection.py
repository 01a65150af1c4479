"""Connections: stored addresses of data."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from penstock.store.tables.base import Base, Word


class Connection(Base):
    """A connection; *parameters* is JSON text, *secrets* likewise: parameters that nobody may read, each sealed for its row
    and its name."""

    __tablename__ = "connections"

    id: Mapped[int] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"), index=True)
    name: Mapped[str]
    type: Mapped[str] = mapped_column(Word)
    parameters: Mapped[str] = mapped_column(default="{}")
    secrets: Mapped[str] = mapped_column(default="{}")
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]

    @property
    def unique_id(self) -> str:
        """The name under which packages know it, such as `FILE_CONNECTION_3`."""
        return f"{self.type.upper()}_CONNECTION_{self.id}"
