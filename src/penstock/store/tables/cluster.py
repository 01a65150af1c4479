"""Clusters: named pools of slots."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import ForeignKey, Index, func, select
from sqlalchemy.orm import Mapped, column_property, mapped_column, relationship

from penstock.store.tables.account import User
from penstock.store.tables.base import Base, Word


class Cluster(Base):
    """A cluster; *idle_from* is the instant since which it has had nothing to do."""

    __tablename__ = "clusters"
    __table_args__ = (Index(None, "account_id", "created_at"), Index(None, "status"))

    id: Mapped[int] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"))
    name: Mapped[str]
    description: Mapped[str | None]
    status: Mapped[str] = mapped_column(Word)
    owner_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    nodes: Mapped[int]
    type: Mapped[str] = mapped_column(Word)
    terminate_on_idle: Mapped[bool] = mapped_column(default=False)
    time_to_idle: Mapped[int] = mapped_column(default=3600)
    terminated_on_idle: Mapped[bool] = mapped_column(default=False)
    region: Mapped[str]
    zone: Mapped[str | None]
    master_instance_type: Mapped[str | None]
    slave_instance_type: Mapped[str | None]
    master_spot_price: Mapped[float | None]
    slave_spot_price: Mapped[float | None]
    master_spot_percentage: Mapped[float | None]
    slave_spot_percentage: Mapped[float | None]
    allow_fallback: Mapped[bool | None]
    stack: Mapped[str | None]
    bootstrap_actions: Mapped[str | None]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    available_since: Mapped[datetime | None]
    launched_at: Mapped[datetime | None]
    idle_since: Mapped[datetime | None]
    idle_from: Mapped[datetime | None]
    terminated_at: Mapped[datetime | None]

    owner: Mapped[User] = relationship(lazy="joined")
    if TYPE_CHECKING:  # `count_jobs` sets them
        running_jobs_count: int
        queued_jobs_count: int


def count_jobs(job: type) -> None:
    """Give clusters their two counts, read with the row; called once, when both tables are known."""
    for name, states in (
        ("running_jobs_count", ("running", "pending_stoppage", "stopping")),
        ("queued_jobs_count", ("idle", "pending", "queued")),
    ):
        counted = (
            select(func.count())
            .where(job.cluster_id == Cluster.id, job.status.in_(states))  # type: ignore[attr-defined]  # a mapped class
            .correlate_except(job)
            .scalar_subquery()
        )
        setattr(Cluster, name, column_property(counted))
