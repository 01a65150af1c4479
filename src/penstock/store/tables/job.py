"""Jobs, and what they leave behind: outputs, sources, log lines."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from penstock.store.tables.account import User
from penstock.store.tables.base import Base, Word
from penstock.store.tables.cluster import Cluster, count_jobs
from penstock.store.tables.package import Package


class JobOutput(Base):
    """What a job wrote to one destination; *name* is the place, *component_name* the component, *receipt*
    what was read, left out and written, as JSON; *standing* what is to be said of it should the job be given up now."""

    __tablename__ = "job_outputs"
    __table_args__ = (UniqueConstraint("job_id", "component_name"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    job_id: Mapped[int] = mapped_column(ForeignKey("jobs.id"))
    name: Mapped[str]
    component_name: Mapped[str]
    component_type: Mapped[str]
    fields: Mapped[str] = mapped_column(default="[]")
    records_count: Mapped[int] = mapped_column(BigInteger, default=0)
    progress: Mapped[float | None]
    preview: Mapped[str | None]
    preview_type: Mapped[str | None] = mapped_column(Word)
    files: Mapped[str] = mapped_column(default="[]")
    receipt: Mapped[str | None]
    standing: Mapped[str | None]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]


class JobSource(Base):
    """How many records a job has read from one source."""

    __tablename__ = "job_sources"
    __table_args__ = (UniqueConstraint("job_id", "component"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    job_id: Mapped[int] = mapped_column(ForeignKey("jobs.id"))
    component: Mapped[str]
    records_count: Mapped[int] = mapped_column(BigInteger, default=0)


class JobLogLine(Base):
    """One line of a job's log."""

    __tablename__ = "job_log_lines"
    __table_args__ = (Index(None, "job_id", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    job_id: Mapped[int] = mapped_column(ForeignKey("jobs.id"))
    epoch: Mapped[int]
    at: Mapped[datetime]
    level: Mapped[str] = mapped_column(Word)
    line: Mapped[str]


class Job(Base):
    """One run of a package.

    *epoch* counts the attempts of workers; every write of a worker names it. *package_flow* and *package_variables* are
    the package as it was when the job was submitted, *account_variables* those of its account; secrets are read when it
    begins, and never stored with it. *granted_epoch* is the attempt that was allowed to publish;
    *staged* are the folders in which attempts left what is not published, as a JSON list; *watermarks* is how far incremental
    sources have come once the job is done, as JSON.
    """

    __tablename__ = "jobs"
    __table_args__ = (
        Index(None, "account_id", "created_at"),
        Index(None, "cluster_id", "status"),
        Index(None, "status"),
        Index(None, "package_id", "status"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"))
    cluster_id: Mapped[int] = mapped_column(ForeignKey("clusters.id"))
    package_id: Mapped[int] = mapped_column(ForeignKey("packages.id"))
    owner_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    creator_id: Mapped[int]
    creator_type: Mapped[str] = mapped_column(Word, default="User")
    status: Mapped[str] = mapped_column(Word)
    progress: Mapped[float] = mapped_column(default=0.0)
    outputs_count: Mapped[int] = mapped_column(default=0)
    variables: Mapped[str] = mapped_column(default="{}")
    dynamic_variables: Mapped[str] = mapped_column(default="{}")
    used_variables: Mapped[str | None]
    errors: Mapped[str] = mapped_column(default="")
    master_auto_retry_attempts: Mapped[int | None]
    attempts: Mapped[int] = mapped_column(default=0)
    parent_job_id: Mapped[int | None] = mapped_column(ForeignKey("jobs.id"), index=True)
    retry_of_id: Mapped[int | None]
    component_name: Mapped[str | None]
    component_type: Mapped[str | None]
    package_name: Mapped[str]
    package_flow: Mapped[str]
    package_variables: Mapped[str]
    account_variables: Mapped[str] = mapped_column(default="{}")
    epoch: Mapped[int] = mapped_column(default=0)
    granted_epoch: Mapped[int | None]
    staged: Mapped[str] = mapped_column(default="[]")
    watermarks: Mapped[str | None]
    worker_id: Mapped[str | None] = mapped_column(Word)
    lease_until: Mapped[datetime | None]
    takeovers: Mapped[int] = mapped_column(default=0)
    stop_requested_at: Mapped[datetime | None]
    waiting_reason: Mapped[str | None]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    started_at: Mapped[datetime | None]
    failed_at: Mapped[datetime | None]
    completed_at: Mapped[datetime | None]

    owner: Mapped[User] = relationship(lazy="joined")
    package: Mapped[Package] = relationship(lazy="joined")
    cluster: Mapped[Cluster] = relationship(lazy="joined")
    outputs: Mapped[list[JobOutput]] = relationship(order_by=JobOutput.id, lazy="selectin")
    sources: Mapped[list[JobSource]] = relationship(order_by=JobSource.id, lazy="selectin")


count_jobs(Job)
