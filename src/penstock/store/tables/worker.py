"""Workers, and the slots that are placed on them under leases."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from penstock.store.tables.base import Base, Word


class Worker(Base):
    """A process that runs jobs; it is alive while its lease runs."""

    __tablename__ = "workers"

    id: Mapped[str] = mapped_column(Word, primary_key=True)
    host: Mapped[str]
    pid: Mapped[int]
    slots: Mapped[int]
    memory_bytes: Mapped[int] = mapped_column(BigInteger)
    started_at: Mapped[datetime]
    lease_until: Mapped[datetime]


class Slot(Base):
    """A place for one job of a cluster; *worker* None while no worker has room for it."""

    __tablename__ = "slots"
    __table_args__ = (UniqueConstraint("cluster_id", "number"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    cluster_id: Mapped[int] = mapped_column(ForeignKey("clusters.id"))
    number: Mapped[int]
    worker_id: Mapped[str | None] = mapped_column(ForeignKey("workers.id", ondelete="SET NULL"), index=True)
    created_at: Mapped[datetime]

    worker: Mapped[Worker | None] = relationship(lazy="joined")

    @property
    def instance_id(self) -> str:
        """The name of the slot among the instances of its cluster."""
        return f"slot-{self.cluster_id}-{self.number}"
