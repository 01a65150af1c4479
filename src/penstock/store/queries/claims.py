"""The claim of a job, and what guards every later write of a worker: the attempt's epoch and a live lease.

Locks are taken in one order everywhere, so that no two transactions wait for each other: workers, clusters, jobs, each by
id. SQLite ignores the lock clauses; there a writing transaction has the whole store.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BindParameter, and_, bindparam, case, delete, func, insert, or_, select, text, update
from sqlalchemy.orm import lazyload

from penstock.domain.cluster import READY
from penstock.domain.job import FINAL, WAITING, JobStatus
from penstock.kit.clock import Clock
from penstock.store.tables import Cluster, Job, JobLogLine, JobSource, Slot, Worker
from penstock.store.unit_of_work import UnitOfWork

STOPS = (JobStatus.PENDING_STOPPAGE, JobStatus.STOPPING)
HELD = (JobStatus.RUNNING, *STOPS)
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


# Statements that are asked for several times a second are written once: building one costs as much as running it.
_AT = bindparam("at", type_=Job.lease_until.type)
_WORKER: BindParameter[str] = bindparam("worker")
_CLUSTER: BindParameter[int] = bindparam("cluster")
_LIVE = (
    select(
        Slot.cluster_id,
        func.count().label("places"),
        func.sum(case((Slot.worker_id == _WORKER, 1), else_=0)).label("places_here"),
    )
    .join(Worker, Worker.id == Slot.worker_id)
    .where(Worker.lease_until > _AT)
    .group_by(Slot.cluster_id)
    .subquery()
)
_BUSY = select(func.count()).where(Job.cluster_id == _LIVE.c.cluster_id, Job.status.in_(HELD), Job.lease_until > _AT)
# The second condition too, because slots move: what was claimed where they were before still runs.
_WITH_ROOM = select(_LIVE.c.cluster_id).where(
    _LIVE.c.places_here > _BUSY.where(Job.worker_id == _WORKER).scalar_subquery(),
    _LIVE.c.places > _BUSY.scalar_subquery(),
)
_LOST = and_(
    Job.lease_until <= _AT, or_(Job.status == JobStatus.RUNNING, Job.status.in_(STOPS) & Job.granted_epoch.is_not(None))
)
"""What another attempt goes on with: jobs that run, and those whose publication a stop came too late for."""
_NEXT = (
    select(Job.cluster_id)
    .join(Cluster, Cluster.id == Job.cluster_id)
    .where(Job.cluster_id.in_(_WITH_ROOM), or_(Job.status.in_(WAITING) & Cluster.status.in_(READY), _LOST))
    .order_by(Job.id)
    .limit(1)
)
_OF_CLUSTER = (
    select(Job)
    .options(lazyload("*"))
    .join(Cluster, Cluster.id == Job.cluster_id)
    .where(
        Job.cluster_id == _CLUSTER,
        Job.cluster_id.in_(_WITH_ROOM),
        or_(Job.status.in_(WAITING) & Cluster.status.in_(READY), _LOST),
    )
    .order_by(Job.id)
    .limit(1)
    .with_for_update(of=Job, skip_locked=True)
)


def has_claimable(uow: UnitOfWork, worker_id: str, at: datetime) -> bool:
    """Tell whether a claim of this worker would find a job, if nobody else is faster."""
    return uow.session.scalar(_NEXT, {"worker": worker_id, "at": at}) is not None


def claimable(uow: UnitOfWork, worker_id: str, at: datetime) -> tuple[Job, Cluster] | None:
    """Return the oldest job that a worker may take, with its cluster, both locked: one that waits or whose lease has run
    out, on a cluster with a slot of this worker free, and with fewer jobs than live slots.

    The cluster is locked first and looked at again, so of several workers one counts at a time, and nobody ends or
    resizes it meanwhile. None also when another worker was faster: there may be a job on another cluster.
    """
    given = {"worker": worker_id, "at": at}
    chosen = uow.session.scalar(_NEXT, given)
    if chosen is None:
        return None
    wanted = select(Cluster).options(lazyload("*")).where(Cluster.id == chosen)
    cluster = uow.session.scalar(wanted.with_for_update(of=Cluster, key_share=True))
    job = uow.session.scalar(_OF_CLUSTER, {**given, "cluster": chosen})
    return None if job is None or cluster is None else (job, cluster)


def held(uow: UnitOfWork, job_id: int, epoch: int) -> Job | None:
    """Return a job, locked, if this attempt still holds it; None when another attempt does or it has ended."""
    wanted = select(Job).options(lazyload("*")).where(Job.id == job_id, Job.epoch == epoch, Job.status.not_in(FINAL))
    return uow.session.scalar(wanted.with_for_update(of=Job).execution_options(populate_existing=True))


def renew(uow: UnitOfWork, worker_id: str, job_id: int, epoch: int, lease_until: datetime) -> bool:
    """Prolong a job's lease, so that it waits for no worker; False when this attempt holds it no more."""
    changed = update(Job).where(Job.id == job_id, Job.epoch == epoch, Job.worker_id == worker_id, Job.status.in_(HELD))
    changed = changed.values(lease_until=lease_until, waiting_reason=None)
    found = uow.session.execute(changed.execution_options(synchronize_session=False))
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
