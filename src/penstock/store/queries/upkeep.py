"""What the upkeep looks for: clusters and jobs in a state that should move on by itself."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import exists, func, or_, select
from sqlalchemy.orm import lazyload

from penstock.domain.cluster import ENDING, ClusterStatus
from penstock.domain.job import FINAL, WAITING, JobStatus
from penstock.store.tables import Cluster, Job
from penstock.store.unit_of_work import UnitOfWork


def live_clusters(uow: UnitOfWork) -> list[Cluster]:
    """Return every cluster that has not ended, locked, by id."""
    wanted = select(Cluster).options(lazyload("*")).where(Cluster.status != ClusterStatus.TERMINATED)
    return list(uow.session.scalars(wanted.order_by(Cluster.id).with_for_update(of=Cluster)))


def has_unfinished_jobs(uow: UnitOfWork, cluster_id: int) -> bool:
    """Tell whether a cluster has a job that has not ended."""
    wanted = select(exists().where(Job.cluster_id == cluster_id, Job.status.not_in(FINAL)))
    return bool(uow.session.scalar(wanted))


def held_jobs(uow: UnitOfWork, cluster_id: int) -> int:
    """Return how many jobs of a cluster are with a worker."""
    wanted = select(func.count()).where(Job.cluster_id == cluster_id, Job.status.not_in((*FINAL, *WAITING)))
    return uow.session.scalar(wanted) or 0


def jobs_of_ending_clusters(uow: UnitOfWork) -> list[Job]:
    """Return jobs, locked, that are not yet asked to stop although their cluster ends."""
    unasked = (*WAITING, JobStatus.RUNNING)
    wanted = select(Job).options(lazyload("*")).join(Cluster, Cluster.id == Job.cluster_id)
    wanted = wanted.where(Cluster.status.in_(ENDING), Job.status.in_(unasked))
    return list(uow.session.scalars(wanted.with_for_update(of=Job)))


def stops_without_worker(uow: UnitOfWork, now: datetime) -> list[Job]:
    """Return jobs, locked, that should stop and that no worker holds."""
    nobody = or_(Job.worker_id.is_(None), Job.lease_until.is_(None), Job.lease_until <= now)
    asked = Job.status.in_((JobStatus.PENDING_STOPPAGE, JobStatus.STOPPING))
    wanted = select(Job).options(lazyload("*")).where(asked, nobody)
    return list(uow.session.scalars(wanted.with_for_update(of=Job, skip_locked=True)))


def waiting_jobs(uow: UnitOfWork, limit: int = 500) -> list[tuple[Job, Cluster]]:
    """Return the oldest jobs that wait, locked, with their clusters."""
    wanted = select(Job, Cluster).options(lazyload("*")).join(Cluster, Cluster.id == Job.cluster_id)
    wanted = wanted.where(Job.status.in_(WAITING)).order_by(Job.id).limit(limit)
    rows = uow.session.execute(wanted.with_for_update(of=Job, skip_locked=True))
    return [(job, cluster) for job, cluster in rows]


def lost_jobs(uow: UnitOfWork, now: datetime) -> list[Job]:
    """Return running jobs, locked, whose lease has run out and that do not say yet that they wait."""
    lost = (Job.status == JobStatus.RUNNING) & (Job.lease_until <= now) & Job.waiting_reason.is_(None)
    return list(uow.session.scalars(select(Job).options(lazyload("*")).where(lost).with_for_update(of=Job)))
