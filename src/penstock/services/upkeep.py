"""What happens by itself: clusters come up, idle and end; slots of dead workers are placed again; waiting is explained.

Any worker does it, one at a time; each pass is one transaction and changes nothing when there is nothing to do.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import PurePath

from penstock.domain.cluster import READY, STARTING, ClusterStatus
from penstock.domain.job import JobStatus
from penstock.services import events
from penstock.services.clusters import begin_end
from penstock.store.queries import claims, workers
from penstock.store.queries import upkeep as rows
from penstock.store.tables import Cluster, Job, Slot, Worker
from penstock.store.unit_of_work import UnitOfWork

FORGET_AFTER = timedelta(minutes=5)
"""How long the row of a dead worker stays, for whoever looks."""
PUBLISH_WITHIN = timedelta(seconds=30)
"""How long after a stop request an attempt may still finish a publication that was granted before it."""
NO_WORKER = "waiting for a worker"


def keep_up(uow: UnitOfWork, now: datetime) -> list[str]:
    """Do one pass. Returns staging folders that stopped jobs of dead workers left, to be removed by the caller."""
    if not claims.may_keep_up(uow):
        return []
    alive = workers.live(uow, now)
    # Locked before any slot moves: a claim counts the slots of its cluster.
    clusters = rows.live_clusters(uow)
    _place_homeless(uow, alive, now)
    for cluster in clusters:
        _move_on(uow, cluster, alive, now)
    for job in rows.jobs_of_ending_clusters(uow):
        job.status, job.stop_requested_at, job.updated_at = JobStatus.PENDING_STOPPAGE, now, now
        job.waiting_reason = None
    uow.session.flush()
    left = _finish_stops(uow, now)
    for job in rows.lost_jobs(uow, now):
        job.waiting_reason, job.updated_at = NO_WORKER, now
    uow.session.flush()
    waiting = set(rows.clusters_with_waiting_jobs(uow))
    if waiting or len(alive) > 1:
        places = _Places(uow, alive, now)
        places.balance()
        _explain_waiting(uow, [one for one in clusters if one.id in waiting], places, now)
    workers.forget_dead(uow, now - FORGET_AFTER)
    return left


def _least_loaded(alive: list[Worker], loads: Mapping[str, int]) -> Worker | None:
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


class _Places:
    """The slots of ready clusters on live workers, and the jobs that are held in them, by cluster and worker."""

    def __init__(self, uow: UnitOfWork, alive: list[Worker], now: datetime) -> None:
        self._uow = uow
        self._alive = alive
        self._slots: dict[tuple[int, str], list[Slot]] = defaultdict(list)
        for slot in workers.of_clusters(uow, READY, now):
            self._slots[slot.cluster_id, str(slot.worker_id)].append(slot)
        self._held = rows.held_jobs(uow, now)

    def balance(self) -> None:
        """Move free slots from workers with many to workers with few, until no move makes the spread more even."""
        loads = Counter({worker.id: 0 for worker in self._alive})
        for (_, worker_id), slots in self._slots.items():
            loads[worker_id] += len(slots)
        least = _least_loaded(self._alive, loads)
        while least is not None and (slot := self._movable(least, loads)) is not None:
            self._slots[slot.cluster_id, str(slot.worker_id)].remove(slot)
            loads[str(slot.worker_id)] -= 1
            slot.worker_id = least.id
            self._slots[slot.cluster_id, least.id].append(slot)
            loads[least.id] += 1
            least = _least_loaded(self._alive, loads)
        self._uow.session.flush()

    def _movable(self, to: Worker, loads: Mapping[str, int]) -> Slot | None:
        """Return a free slot of a worker that would still have the greater share after giving it to another."""
        share = {worker.id: loads[worker.id] / worker.slots for worker in self._alive}
        found = [
            (share[worker_id], len(slots) - len(self._slots.get((cluster, to.id), ())), slots[-1])
            for (cluster, worker_id), slots in self._slots.items()
            if share[worker_id] > (loads[to.id] + 1) / to.slots and len(slots) > self._held.get((cluster, worker_id), 0)
        ]
        return max(found, key=lambda one: one[:2])[2] if found else None

    def why(self, cluster: Cluster) -> str:
        """Return why a job of a ready cluster waits."""
        here = {worker_id: len(slots) for (one, worker_id), slots in self._slots.items() if one == cluster.id and slots}
        if not here:
            return NO_WORKER
        held = {worker_id: count for (one, worker_id), count in self._held.items() if one == cluster.id}
        free = [worker for worker in self._alive if here.get(worker.id, 0) > held.get(worker.id, 0)]
        if not free or sum(held.values()) >= sum(here.values()):
            slots = "its slot is" if cluster.nodes == 1 else f"all {cluster.nodes} slots are"
            return f"waiting for a free slot of the cluster '{cluster.name}': {slots} busy"
        if all(self._jobs(worker) >= worker.slots for worker in free):
            return f"{NO_WORKER}: those with free slots of the cluster '{cluster.name}' run other jobs"
        return f"the cluster '{cluster.name}' has a free slot, and its worker is about to take the next job"

    def _jobs(self, worker: Worker) -> int:
        return sum(count for (_, worker_id), count in self._held.items() if worker_id == worker.id)


def _move_on(uow: UnitOfWork, cluster: Cluster, alive: list[Worker], now: datetime) -> None:
    if cluster.status in STARTING:
        if alive:
            _provision(uow, cluster, alive, now)
    elif cluster.status in READY:
        _watch_idleness(uow, cluster, now)
    elif cluster.status in (ClusterStatus.PENDING_TERMINATE, ClusterStatus.TERMINATING):
        _end(uow, cluster, now)


def _provision(uow: UnitOfWork, cluster: Cluster, alive: list[Worker], now: datetime) -> None:
    """Placing slots takes no time, so a cluster that begins to come up is up in the same pass."""
    scaling = cluster.status == ClusterStatus.SCALING
    if cluster.status == ClusterStatus.PENDING:
        cluster.status = ClusterStatus.CREATING
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
    for job in rows.stops_without_worker(uow, now, now - PUBLISH_WITHIN):
        if job.granted_epoch is None:
            left += json.loads(job.staged)
        else:
            job.errors = f"The job was stopped while it published: {cut_off(job)}"
        end(uow, job, JobStatus.STOPPED, now)
    return left


def cut_off(job: Job) -> str:
    """Say what a publication that nobody finishes leaves. Its folders are not removed: they may hold all that there is of
    what was to be replaced."""
    folders = ", ".join(PurePath(one).name for one in json.loads(job.staged)) or "none"
    said = f"outputs may be there in part. Folders with the rest, beside them, for a person to look at: {folders}."
    told = [f"Component '{one.component_name}': {one.standing}" for one in job.outputs if one.standing is not None]
    if told:
        said += f" {' '.join(told)} Of what was written in the last moment only the ledger of the target tells."
    return said


def end(uow: UnitOfWork, job: Job, status: JobStatus, now: datetime) -> None:
    """Write a job's final state and note the event."""
    job.status, job.completed_at, job.updated_at = status, now, now
    job.lease_until = job.worker_id = job.waiting_reason = None
    job.staged = "[]"
    if status == JobStatus.FAILED:
        job.failed_at = now
    events.record(uow, job.account_id, f"job.{status}", job.id, now)


def _explain_waiting(uow: UnitOfWork, clusters: list[Cluster], places: _Places, now: datetime) -> None:
    for cluster in clusters:
        not_ready = _NOT_READY.get(ClusterStatus(cluster.status))
        status = JobStatus.QUEUED if not_ready is None else JobStatus.PENDING
        reason = places.why(cluster) if not_ready is None else f"the cluster '{cluster.name}' {not_ready}"
        rows.explain_waiting(uow, cluster.id, status, reason, now)


_NOT_READY = {
    ClusterStatus.PENDING: "is coming up",
    ClusterStatus.CREATING: "is coming up",
    ClusterStatus.SCALING: "is being resized",
    ClusterStatus.ERROR: "is broken",
    ClusterStatus.PENDING_TERMINATE: "is ending",
    ClusterStatus.TERMINATING: "is ending",
}
