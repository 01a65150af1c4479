"""Watermarks of sources that read incrementally."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from penstock.store.tables.base import Base, Word


class Watermark(Base):
    """How far a component of a package has come. *source_key* is a digest of its connection, of what it reads there and of the
    column; *reads* says it to people; *mark* is a `domain.watermark.Watermark`, as JSON; *job_id* has moved it last."""

    __tablename__ = "watermarks"
    __table_args__ = (UniqueConstraint("package_id", "component_id", "source_key"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"))
    package_id: Mapped[int] = mapped_column(ForeignKey("packages.id"))
    component_id: Mapped[str]
    component: Mapped[str]
    connection: Mapped[str]
    source_key: Mapped[str] = mapped_column(Word)
    reads: Mapped[str]
    mark: Mapped[str]
    job_id: Mapped[int] = mapped_column(ForeignKey("jobs.id"))
    updated_at: Mapped[datetime]
