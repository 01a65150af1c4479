"""What the upkeep looks for: clusters and jobs in a state that should move on by itself."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Select, case, exists, func, or_, select, update
from sqlalchemy.orm import lazyload

from penstock.domain.cluster import ENDING, ClusterStatus
from penstock.domain.job import FINAL, STOPPABLE, WAITING, JobStatus, may_move
from penstock.store.queries.claims import HELD, STOPS
from penstock.store.tables import Cluster, Job
from penstock.store.unit_of_work import UnitOfWork


def live_clusters(uow: UnitOfWork) -> list[Cluster]:
    """Return every cluster that has not ended, locked, by id."""
    wanted = select(Cluster).options(lazyload("*")).where(Cluster.status != ClusterStatus.TERMINATED)
    return list(uow.session.scalars(wanted.order_by(Cluster.id).with_for_update(of=Cluster, key_share=True)))


def has_unfinished_jobs(uow: UnitOfWork, cluster_id: int) -> bool:
    """Tell whether a cluster has a job that has not ended."""
    wanted = select(exists().where(Job.cluster_id == cluster_id, Job.status.not_in(FINAL)))
    return bool(uow.session.scalar(wanted))


def held_jobs(uow: UnitOfWork, now: datetime) -> dict[tuple[int, str], int]:
    """Return how many jobs are held under a live lease, by cluster and worker."""
    counted = select(Job.cluster_id, Job.worker_id, func.count()).where(Job.status.in_(HELD), Job.lease_until > now)
    found = uow.session.execute(counted.group_by(Job.cluster_id, Job.worker_id))
    return {(int(cluster), str(worker)): int(count) for cluster, worker, count in found}


def jobs_of_ending_clusters(uow: UnitOfWork) -> list[Job]:
    """Return jobs, locked, that are not yet asked to stop although their cluster ends."""
    wanted = select(Job).options(lazyload("*")).join(Cluster, Cluster.id == Job.cluster_id)
    wanted = wanted.where(Cluster.status.in_(ENDING), Job.status.in_(STOPPABLE))
    return list(uow.session.scalars(_locked(wanted)))


def stops_without_worker(uow: UnitOfWork, now: datetime, publishing_since: datetime) -> list[Job]:
    """Return jobs, locked, that should stop and that no worker holds. One that was granted is first given to another
    attempt, which finishes its publication, unless it was to stop before *publishing_since*."""
    nobody = or_(Job.worker_id.is_(None), Job.lease_until.is_(None), Job.lease_until <= now)
    over = or_(Job.granted_epoch.is_(None), Job.stop_requested_at <= publishing_since)
    return list(
        uow.session.scalars(_locked(select(Job).options(lazyload("*")).where(Job.status.in_(STOPS), nobody, over)))
    )


def lost_jobs(uow: UnitOfWork, now: datetime) -> list[Job]:
    """Return jobs, locked, whose lease has run out and that do not say yet that they wait."""
    lost = Job.status.in_(HELD) & (Job.lease_until <= now) & Job.waiting_reason.is_(None)
    return list(uow.session.scalars(_locked(select(Job).options(lazyload("*")).where(lost))))


def _locked(wanted: Select[Job]) -> Select[Job]:
    """Leave out jobs that a worker or a caller just writes to: the next pass is soon, and nobody is waited for."""
    return wanted.order_by(Job.id).with_for_update(of=Job, skip_locked=True)


def clusters_with_waiting_jobs(uow: UnitOfWork) -> list[int]:
    """Return the ids of clusters for which jobs wait."""
    return list(uow.session.scalars(select(Job.cluster_id).where(Job.status.in_(WAITING)).distinct()))


def explain_waiting(uow: UnitOfWork, cluster_id: int, status: JobStatus, reason: str, now: datetime) -> None:
    """Write why the waiting jobs of a cluster wait, and move those to a state that may get there."""
    before = [one for one in WAITING if may_move(one, status)]
    other = Job.status.in_(before) | Job.waiting_reason.is_distinct_from(reason)
    changed = update(Job).where(Job.cluster_id == cluster_id, Job.status.in_(WAITING), other)
    moved = case((Job.status.in_(before), status.value), else_=Job.status)
    uow.session.execute(
        changed.values(status=moved, waiting_reason=reason, updated_at=now).execution_options(synchronize_session=False)
    )
