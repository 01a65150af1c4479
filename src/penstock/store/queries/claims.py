"""The claim of a job, and what guards every later write of a worker: the attempt's epoch and a live lease."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import delete, func, insert, or_, select, text, update
from sqlalchemy.orm import lazyload

from penstock.domain.cluster import READY
from penstock.domain.job import FINAL, WAITING, JobStatus
from penstock.kit.clock import Clock
from penstock.store.tables import Cluster, Job, JobLogLine, JobSource, Slot
from penstock.store.unit_of_work import UnitOfWork

HELD = (JobStatus.RUNNING, JobStatus.PENDING_STOPPAGE, JobStatus.STOPPING)
"""States in which a job may be held by a worker."""
_UPKEEP = 5_104_771_866
"""An arbitrary number: the advisory lock that lets one worker at a time do the upkeep on PostgreSQL."""


def now(uow: UnitOfWork, clock: Clock) -> datetime:
    """Return the time by which leases are judged: the database's where several machines share one, else the clock's."""
    if uow.dialect == "postgresql":
        found: datetime = uow.session.execute(text("SELECT clock_timestamp()")).scalar_one()
        return found
    return clock()


def may_keep_up(uow: UnitOfWork) -> bool:
    """Return whether this transaction is the only one that does the upkeep."""
    if uow.dialect == "postgresql":
        return bool(uow.session.execute(text("SELECT pg_try_advisory_xact_lock(:key)"), {"key": _UPKEEP}).scalar_one())
    return True


def claimable(uow: UnitOfWork, worker_id: str, at: datetime, *, locked: bool = True) -> Job | None:
    """Return the job that a worker should run next, locked unless it is only looked for: one whose lease has run out,
    else the oldest that waits, on a cluster that has a slot of this worker free."""
    clusters = _clusters_with_room(uow, worker_id, at)
    if not clusters:
        return None
    waiting = Job.status.in_(WAITING) & Cluster.status.in_(READY)
    lost = (Job.status == JobStatus.RUNNING) & (Job.lease_until <= at)
    wanted = select(Job).options(lazyload("*")).join(Cluster, Cluster.id == Job.cluster_id)
    wanted = wanted.where(Job.cluster_id.in_(clusters), or_(waiting, lost)).order_by(Job.id).limit(1)
    return uow.session.scalar(wanted.with_for_update(skip_locked=True, of=Job) if locked else wanted)


def _clusters_with_room(uow: UnitOfWork, worker_id: str, at: datetime) -> list[int]:
    placed = select(Slot.cluster_id, func.count().label("slots")).where(Slot.worker_id == worker_id)
    placed_by_cluster = placed.group_by(Slot.cluster_id).subquery()
    busy = (
        select(func.count())
        .where(
            Job.cluster_id == placed_by_cluster.c.cluster_id,
            Job.worker_id == worker_id,
            Job.status.in_(HELD),
            Job.lease_until > at,
        )
        .scalar_subquery()
    )
    return list(uow.session.scalars(select(placed_by_cluster.c.cluster_id).where(placed_by_cluster.c.slots > busy)))


def held(uow: UnitOfWork, job_id: int, epoch: int) -> Job | None:
    """Return a job, locked, if this attempt still holds it; None when another attempt does or it has ended."""
    wanted = select(Job).options(lazyload("*")).where(Job.id == job_id, Job.epoch == epoch, Job.status.not_in(FINAL))
    return uow.session.scalar(wanted.with_for_update(of=Job).execution_options(populate_existing=True))


def renew(uow: UnitOfWork, worker_id: str, job_id: int, epoch: int, lease_until: datetime) -> bool:
    """Prolong a job's lease; False when this attempt holds it no more."""
    changed = update(Job).where(Job.id == job_id, Job.epoch == epoch, Job.worker_id == worker_id, Job.status.in_(HELD))
    found = uow.session.execute(changed.values(lease_until=lease_until).execution_options(synchronize_session=False))
    return bool(found.rowcount)  # type: ignore[attr-defined]  # the result of an UPDATE has it


def stop_requests(uow: UnitOfWork, worker_id: str) -> list[int]:
    """Return the jobs of a worker that somebody wants to stop."""
    wanted = select(Job.id).where(Job.worker_id == worker_id, Job.status == JobStatus.PENDING_STOPPAGE)
    return list(uow.session.scalars(wanted))


def add_lines(uow: UnitOfWork, job_id: int, epoch: int, lines: list[tuple[datetime, str, str]]) -> None:
    """Append lines to a job's log."""
    rows = [{"job_id": job_id, "epoch": epoch, "at": at, "level": level, "line": line} for at, level, line in lines]
    if rows:
        uow.session.execute(insert(JobLogLine), rows)


def forget_sources(uow: UnitOfWork, job_id: int) -> None:
    """Remove what an earlier attempt counted."""
    uow.session.execute(delete(JobSource).where(JobSource.job_id == job_id))
