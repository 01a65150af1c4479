"""What happens by itself: clusters come up, idle and end; slots of dead workers are placed again; waiting is explained.

Any worker does it, one at a time; each pass is one transaction and changes nothing when there is nothing to do.
"""

from __future__ import annotations

import json
from datetime import datetime, timedelta

from penstock.domain.cluster import ENDING, READY, STARTING, ClusterStatus
from penstock.domain.job import JobStatus
from penstock.services import events
from penstock.services.clusters import begin_end
from penstock.store.queries import claims, workers
from penstock.store.queries import upkeep as rows
from penstock.store.tables import Cluster, Job, Slot, Worker
from penstock.store.unit_of_work import UnitOfWork

FORGET_AFTER = timedelta(minutes=5)
"""How long the row of a dead worker stays, for whoever looks."""
NO_WORKER = "waiting for a worker"
STOPPED_WHILE_PUBLISHING = "The job was stopped while it published; its outputs may be there in part."


def keep_up(uow: UnitOfWork, now: datetime) -> list[str]:
    """Do one pass. Returns staging folders that stopped jobs of dead workers left, to be removed by the caller."""
    if not claims.may_keep_up(uow):
        return []
    alive = workers.live(uow, now)
    _place_homeless(uow, alive, now)
    for cluster in rows.live_clusters(uow):
        _move_on(uow, cluster, alive, now)
    for job in rows.jobs_of_ending_clusters(uow):
        job.status, job.stop_requested_at, job.updated_at = JobStatus.PENDING_STOPPAGE, now, now
        job.waiting_reason = None
    uow.session.flush()
    left = _finish_stops(uow, now)
    for job in rows.lost_jobs(uow, now):
        job.waiting_reason, job.updated_at = NO_WORKER, now
    _explain_waiting(uow, now)
    workers.forget_dead(uow, now - FORGET_AFTER)
    return left


def _least_loaded(alive: list[Worker], loads: dict[str, int]) -> Worker | None:
    """Slots are spread by load; how many jobs really run at once on a worker, the worker itself decides."""
    return min(alive, key=lambda worker: (loads.get(worker.id, 0) / worker.slots, worker.started_at), default=None)


def _place(uow: UnitOfWork, slots: list[Slot], alive: list[Worker]) -> None:
    loads = workers.loads(uow)
    for slot in slots:
        chosen = _least_loaded(alive, loads)
        slot.worker_id = chosen.id if chosen is not None else None
        if chosen is not None:
            loads[chosen.id] = loads.get(chosen.id, 0) + 1


def _place_homeless(uow: UnitOfWork, alive: list[Worker], now: datetime) -> None:
    homeless = workers.homeless(uow, now)
    if homeless and alive:
        _place(uow, homeless, alive)
        uow.session.flush()


def _move_on(uow: UnitOfWork, cluster: Cluster, alive: list[Worker], now: datetime) -> None:
    if cluster.status in STARTING:
        if alive:
            _provision(uow, cluster, alive, now)
    elif cluster.status in READY:
        _watch_idleness(uow, cluster, now)
    elif cluster.status in (ClusterStatus.PENDING_TERMINATE, ClusterStatus.TERMINATING):
        _end(uow, cluster, now)


def _provision(uow: UnitOfWork, cluster: Cluster, alive: list[Worker], now: datetime) -> None:
    scaling = cluster.status == ClusterStatus.SCALING
    _resize(uow, cluster, alive, now)
    cluster.status, cluster.updated_at = ClusterStatus.AVAILABLE, now
    if not scaling:
        cluster.available_since = cluster.launched_at = cluster.idle_from = now
        events.record(uow, cluster.account_id, "cluster.available", cluster.id, now)


def _resize(uow: UnitOfWork, cluster: Cluster, alive: list[Worker], now: datetime) -> None:
    slots = workers.slots(uow, cluster.id)
    for slot in slots[cluster.nodes :]:
        uow.session.delete(slot)
    new = [
        Slot(cluster_id=cluster.id, number=number, created_at=now)
        for number in range(len(slots) + 1, cluster.nodes + 1)
    ]
    _place(uow, new, alive)
    uow.session.add_all(new)
    uow.session.flush()


def _watch_idleness(uow: UnitOfWork, cluster: Cluster, now: datetime) -> None:
    if rows.has_unfinished_jobs(uow, cluster.id):
        cluster.idle_from = None
        return
    if cluster.idle_from is None:
        cluster.idle_from = now
    due = now - cluster.idle_from >= timedelta(seconds=cluster.time_to_idle)
    if due and cluster.status == ClusterStatus.AVAILABLE:
        cluster.status, cluster.idle_since, cluster.updated_at = ClusterStatus.IDLE, now, now
        events.record(uow, cluster.account_id, "cluster.idled", cluster.id, now)
    if cluster.status == ClusterStatus.IDLE and cluster.terminate_on_idle:
        cluster.terminated_on_idle = True
        begin_end(uow, cluster, now)


def _end(uow: UnitOfWork, cluster: Cluster, now: datetime) -> None:
    if cluster.status == ClusterStatus.PENDING_TERMINATE:
        cluster.status, cluster.updated_at = ClusterStatus.TERMINATING, now
    if not rows.has_unfinished_jobs(uow, cluster.id):
        workers.remove_slots(uow, cluster.id)
        cluster.status, cluster.terminated_at, cluster.updated_at = ClusterStatus.TERMINATED, now, now
        events.record(uow, cluster.account_id, "cluster.terminated", cluster.id, now)


def _finish_stops(uow: UnitOfWork, now: datetime) -> list[str]:
    """A lease outlives the process that it was for: where none runs, no process is left."""
    left: list[str] = []
    for job in rows.stops_without_worker(uow, now):
        left += json.loads(job.staged)
        if job.granted_epoch is not None:
            job.errors = STOPPED_WHILE_PUBLISHING
        end(uow, job, JobStatus.STOPPED, now)
    return left


def end(uow: UnitOfWork, job: Job, status: JobStatus, now: datetime) -> None:
    """Write a job's final state and note the event."""
    job.status, job.completed_at, job.updated_at = status, now, now
    job.lease_until = job.worker_id = job.waiting_reason = None
    job.staged = "[]"
    if status == JobStatus.FAILED:
        job.failed_at = now
    events.record(uow, job.account_id, f"job.{status}", job.id, now)


def _explain_waiting(uow: UnitOfWork, now: datetime) -> None:
    for job, cluster in rows.waiting_jobs(uow):
        status, reason = _why(uow, cluster)
        if job.status != status or job.waiting_reason != reason:
            job.status, job.waiting_reason, job.updated_at = status, reason, now
    uow.session.flush()


def _why(uow: UnitOfWork, cluster: Cluster) -> tuple[JobStatus, str]:
    if cluster.status not in READY:
        word = "is coming up" if cluster.status not in ENDING else "is ending"
        return JobStatus.PENDING, f"the cluster '{cluster.name}' {word}"
    placed = len(workers.placed_slots(uow, cluster.id))
    if not placed:
        return JobStatus.QUEUED, NO_WORKER
    if rows.held_jobs(uow, cluster.id) < placed:
        return JobStatus.QUEUED, f"{NO_WORKER}: those with slots of the cluster '{cluster.name}' run other jobs"
    slots = "its slot is" if cluster.nodes == 1 else f"all {cluster.nodes} slots are"
    return JobStatus.QUEUED, f"waiting for a free slot of the cluster '{cluster.name}': {slots} busy"
