"""A worker's attempts at jobs: claim, renew, report, grant, end. Each is one transaction, and each names its epoch: a
worker that lost its lease changes nothing any more."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from datetime import UTC, datetime, timedelta
from itertools import chain
from typing import Any

from penstock.domain.cluster import ClusterStatus
from penstock.domain.job import WAITING, JobStatus
from penstock.errors import PermanentError
from penstock.kit.sealing import Seal
from penstock.lang.document import connection_keys, read, texts_of
from penstock.lang.expression.tokens import quote
from penstock.services import events, secrets, watermarks
from penstock.services.coerce import to_json
from penstock.services.connection_types import SERVICES, TYPES
from penstock.services.connections import by_key, for_job
from penstock.services.secrets import KEYLESS
from penstock.services.system import KNOWN_STACKS, SPARK_STACKS
from penstock.services.upkeep import cut_off, end
from penstock.store.queries import claims, jobs, people, workers
from penstock.store.tables import Cluster, Job, JobOutput, JobSource, Package, Worker
from penstock.store.unit_of_work import UnitOfWork

LEASE = timedelta(seconds=15)
RENEW_EVERY = timedelta(seconds=5)
MOST_DEATHS = 3
LONGEST_LINE = 8_000
LONGEST_ERROR = 4_000

database_now = claims.now
"""The time by which leases are judged."""


@dataclass(frozen=True, slots=True)
class Claimed:
    """A job that this worker holds now. *order* is what the attempt needs, as plain JSON values; *granted* what an
    earlier attempt staged and was allowed to publish; *is_sandbox* caps its memory."""

    job_id: int
    epoch: int
    order: Mapping[str, Any] = field(repr=False)
    is_sandbox: bool = False


@dataclass(frozen=True, slots=True)
class Lost:
    """A job that failed at its claim, because its workers kept dying or its secrets could not be opened; *staged* are
    folders they left."""

    job_id: int
    staged: tuple[str, ...]


@dataclass(slots=True)
class Report:
    """What an attempt has told since the last report. Counts are totals."""

    lines: list[tuple[datetime, str, str]] = field(default_factory=list)
    progress: float | None = None
    sources: dict[str, int] = field(default_factory=dict)
    outputs: dict[str, tuple[int | None, float | None]] = field(default_factory=dict)
    stands: dict[str, str] = field(default_factory=dict)
    declared: Sequence[Mapping[str, Any]] | None = None
    variables: Mapping[str, Any] | None = None
    staged: list[str] = field(default_factory=list)
    watermarks: Sequence[Mapping[str, Any]] | None = None

    def __bool__(self) -> bool:
        told = (self.lines, self.sources, self.outputs, self.stands, self.staged)
        once = (self.progress, self.declared, self.variables, self.watermarks)
        return any(told) or any(one is not None for one in once)


@dataclass(frozen=True, slots=True)
class WorkerFacts:
    """A worker as others see it: *slots* jobs at once, *memory_bytes* for all of them."""

    id: str
    host: str
    pid: int
    slots: int
    memory_bytes: int


def join(uow: UnitOfWork, worker: WorkerFacts, now: datetime) -> None:
    """Enter a worker, or prolong its lease; its slots are placed by the upkeep."""
    if not workers.renew(uow, worker.id, now + LEASE):
        uow.session.add(Worker(**asdict(worker), started_at=now, lease_until=now + LEASE))
        uow.session.flush()


def leave(uow: UnitOfWork, worker_id: str) -> None:
    """Take a worker out that ends in good order."""
    workers.release(uow, worker_id)


def has_work(uow: UnitOfWork, worker_id: str, now: datetime) -> bool:
    """Tell whether there is a job for this worker; a claim may still find that another was faster."""
    return claims.has_claimable(uow, worker_id, now)


def claim(uow: UnitOfWork, worker_id: str, now: datetime, seal: Seal = KEYLESS) -> Claimed | Lost | None:
    """Take the next job, or None when there is none for this worker. A job whose secrets *seal* cannot open fails."""
    found = claims.claimable(uow, worker_id, now)
    if found is None:
        return None
    job, cluster = found
    if job.status not in WAITING and job.worker_id is not None:
        job.takeovers += 1
        if job.takeovers >= MOST_DEATHS:
            return _give_up(uow, job, now)
    _begin(uow, job, worker_id, now)
    _use(uow, job, cluster, now)
    try:
        hidden = secrets.opened(uow, job.package_id, seal)
        order = _order(uow, job, cluster, hidden, seal)
    except PermanentError as error:
        return _fail(uow, job, error.message, now)
    uow.session.flush()
    return Claimed(job.id, job.epoch, order, cluster.type == "sandbox")


def _give_up(uow: UnitOfWork, job: Job, now: datetime) -> Lost:
    left = tuple(json.loads(job.staged))
    job.errors = (
        f"The job was given up: its worker died {MOST_DEATHS} times. Run it again, with more memory if it is large."
    )
    if job.granted_epoch is not None:
        job.errors += f" It died while publishing: {cut_off(job)}"
        left = ()
    end(uow, job, JobStatus.FAILED if job.status == JobStatus.RUNNING else JobStatus.STOPPED, now)
    claims.add_lines(uow, job.id, job.epoch, [(now, "error", job.errors)])
    uow.session.flush()
    return Lost(job.id, left)


def _fail(uow: UnitOfWork, job: Job, sentence: str, now: datetime) -> Lost:
    left = () if job.granted_epoch is not None else tuple(json.loads(job.staged))
    job.errors = sentence
    claims.add_lines(uow, job.id, job.epoch, [(now, "error", sentence)])
    end(uow, job, JobStatus.FAILED if job.status == JobStatus.RUNNING else JobStatus.STOPPED, now)
    uow.session.flush()
    return Lost(job.id, left)


def _begin(uow: UnitOfWork, job: Job, worker_id: str, now: datetime) -> None:
    first, given_back = job.status in WAITING, job.worker_id is None
    if first:
        job.status = JobStatus.RUNNING
    job.worker_id, job.lease_until = worker_id, now + LEASE
    job.epoch += 1
    job.waiting_reason = None
    job.updated_at = now
    if job.started_at is None:
        job.started_at = now
    if first:
        events.record(uow, job.account_id, "job.started", job.id, now)
        return
    level, line = "warning", f"The worker of attempt {job.epoch - 1} was lost; this worker takes the job over."
    if given_back:
        level, line = "info", f"The worker of attempt {job.epoch - 1} gave the job back; this worker goes on."
    claims.add_lines(uow, job.id, job.epoch, [(now, level, line)])
    if job.granted_epoch is None:
        claims.forget_sources(uow, job.id)
        job.watermarks = None
        for output in job.outputs:
            output.records_count, output.progress = 0, 0.0


def _is_spark(cluster: Cluster) -> bool:
    return cluster.stack is not None and cluster.stack.startswith(SPARK_STACKS)


def _use(uow: UnitOfWork, job: Job, cluster: Cluster, now: datetime) -> None:
    if cluster.status == ClusterStatus.IDLE:
        cluster.status, cluster.updated_at = ClusterStatus.AVAILABLE, now
    cluster.idle_from = None
    if cluster.stack is not None and cluster.stack not in KNOWN_STACKS and not _is_spark(cluster):
        line = f"The stack '{cluster.stack}' is not installed here; the job runs on {KNOWN_STACKS[0]}."
        claims.add_lines(uow, job.id, job.epoch, [(now, "info", line)])


def _order(uow: UnitOfWork, job: Job, cluster: Cluster, hidden: Mapping[str, str | None], seal: Seal) -> dict[str, Any]:
    package = uow.session.get_one(Package, job.package_id)
    before = jobs.last_success(uow, job.package_id, job.id)
    order: dict[str, Any] = {
        "token": f"job-{job.id}-{job.epoch}",
        "flow": job.package_flow,
        "now": job.created_at.isoformat(),
        "package_variables": json.loads(job.package_variables),
        "secret_variables": dict(hidden),
        "account_variables": json.loads(job.account_variables),
        "variables": json.loads(job.variables),
        "dynamic_variables": json.loads(job.dynamic_variables),
        "predefined": {
            "_PACKAGE_LAST_SUCCESSFUL_JOB_SUBMISSION_TIMESTAMP": None if before is None else _instant(before),
            "_JOB_ID": job.id,
            "_JOB_SUBMITTED_AT": _instant(job.created_at),
            "_PACKAGE_ID": job.package_id,
            "_PACKAGE_NAME": job.package_name,
            "_PACKAGE_OWNER_ID": package.owner_id,
            "_ACCOUNT_ID": job.account_id,
            "_CLUSTER_ID": job.cluster_id,
            "_CLUSTER_NODES_COUNT": cluster.nodes,
            "_SCHEDULE_ID": None,
        },
        "connections": _connections(uow, job, seal),
        "watermarks": watermarks.of_package(uow, job.package_id),
        "stack": cluster.stack or KNOWN_STACKS[0],
        "region": cluster.region or "",
        "nodes": cluster.nodes,
    }
    if job.granted_epoch is not None:
        order["granted_token"] = f"job-{job.id}-{job.granted_epoch}"
        order["granted"] = [_written(output) for output in job.outputs]
    return order


def _instant(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _connections(uow: UnitOfWork, job: Job, seal: Seal) -> dict[str, Any]:
    """Only the connections that the package names: a job's process gets no other. Components name what they read and write;
    what a function asks or logs in with stands somewhere in the texts of the package, or in a variable."""
    document, _ = read(job.package_flow)
    wanted = set(connection_keys(document)) if document is not None else set()
    values = (job.package_variables, job.account_variables, job.variables, job.dynamic_variables)
    texts = [*(() if document is None else texts_of(document))]
    texts += [str(value) for value in chain(*(json.loads(one).values() for one in values))]
    asks, calls = (any(word in text for text in texts) for word in ("ExecuteSql", "CCurl"))
    found: dict[str, Any] = {}
    for key, row in by_key(people.connections(uow, job.account_id)).items():
        may_stand = (asks and TYPES[row.type].is_database) or (calls and TYPES[row.type].group == SERVICES)
        if key in wanted or (may_stand and _stands_in(key, texts)):
            found[key] = for_job(row, seal)
    return found


def _stands_in(key: str, texts: Sequence[str]) -> bool:
    spellings = {key, quote(key)[1:-1]}
    return any(spelling in text for spelling in spellings for text in texts)


def _written(output: JobOutput) -> dict[str, Any]:
    return {
        "component": output.component_name,
        "records": output.records_count,
        "files": json.loads(output.files),
        "preview": output.preview,
        "preview_type": output.preview_type,
        "receipt": None if output.receipt is None else json.loads(output.receipt),
    }


def renew(uow: UnitOfWork, worker_id: str, held: Mapping[int, int], now: datetime) -> set[int]:
    """Prolong the leases of a worker's jobs, given as id to epoch, and return those that it holds no more."""
    lease_until = now + LEASE
    return {one for one in sorted(held) if not claims.renew(uow, worker_id, one, held[one], lease_until)}


def stop_requests(uow: UnitOfWork, worker_id: str) -> set[int]:
    """Return the jobs of a worker that somebody wants to stop."""
    return set(claims.stop_requests(uow, worker_id))


def report(uow: UnitOfWork, job_id: int, epoch: int, told: Report, now: datetime) -> bool:
    """Write what an attempt has told; False when it holds the job no more."""
    job = claims.held(uow, job_id, epoch)
    if job is None:
        return False
    _write(uow, job, told, now)
    return True


_UNSTORABLE = re.compile("[\0\ud800-\udfff]")
"""What PostgreSQL holds in no text: zero characters, and halves of surrogate pairs."""


def _storable(value: Any) -> Any:
    """Return a JSON value with a replacement character for each that cannot be stored: records may hold any."""
    if isinstance(value, str):
        return _UNSTORABLE.sub("\ufffd", value)
    if isinstance(value, Mapping):
        return {_storable(key): _storable(one) for key, one in value.items()}
    return [_storable(one) for one in value] if isinstance(value, list | tuple) else value


def _write(uow: UnitOfWork, job: Job, told: Report, now: datetime) -> None:
    told = Report(**{one.name: _storable(getattr(told, one.name)) for one in fields(Report)})
    claims.add_lines(uow, job.id, job.epoch, [(at, level, line[:LONGEST_LINE]) for at, level, line in told.lines])
    if told.progress is not None and job.progress < told.progress:
        job.progress = min(told.progress, 1.0)
    if told.variables is not None:
        job.used_variables = to_json(told.variables)
    if told.staged:
        job.staged = to_json(sorted({*json.loads(job.staged), *told.staged}))
    if told.watermarks is not None:
        job.watermarks = to_json(told.watermarks)
    if told.declared is not None:
        _declare(job, told.declared, now)
    known = {output.component_name: output for output in job.outputs}
    for component, (records, progress) in told.outputs.items():
        if component in known:
            if records is not None:
                known[component].records_count = records
            known[component].updated_at, known[component].progress = now, progress
    for component, sentence in told.stands.items():
        if component in known:
            known[component].standing = sentence[:LONGEST_ERROR]
    counted = {source.component: source for source in job.sources}
    for component, records in told.sources.items():
        if component not in counted:
            job.sources.append(JobSource(component=component, records_count=records))
        else:
            counted[component].records_count = records
    job.updated_at = now
    uow.session.flush()


def _declare(job: Job, declared: Sequence[Mapping[str, Any]], now: datetime) -> None:
    known = {output.component_name for output in job.outputs}
    job.outputs_count = len(declared)
    for one in declared:
        if one["component"] not in known:
            job.outputs.append(
                JobOutput(
                    name=one["name"],
                    component_name=one["component"],
                    component_type=one["type"],
                    fields=to_json(list(one["fields"])),
                    progress=0.0,
                    created_at=now,
                    updated_at=now,
                )
            )


def grant(uow: UnitOfWork, job_id: int, epoch: int, written: Sequence[Mapping[str, Any]], now: datetime) -> bool:
    """Let an attempt publish what it has staged and checked. False when it holds the job no more, when its lease has
    run out, when somebody wants the job to stop, or when another attempt was granted before.

    Asked again, because the answer was lost on the way, it is the same.
    """
    job = claims.held(uow, job_id, epoch)
    if job is None:
        return False
    if job.granted_epoch is not None:
        return job.granted_epoch == epoch
    if job.status != JobStatus.RUNNING or job.lease_until is None or job.lease_until <= now:
        return False
    job.granted_epoch = epoch
    _receive(job, written, now)
    uow.session.flush()
    return True


def _receive(job: Job, written: Sequence[Mapping[str, Any]], now: datetime) -> None:
    known = {output.component_name: output for output in job.outputs}
    for one in _storable(list(written)):
        output = known[one["component"]]
        output.records_count = one["records"]
        output.files = to_json(list(one["files"]))
        output.preview, output.preview_type = one["preview"], one["preview_type"]
        output.receipt = None if one.get("receipt") is None else to_json(one["receipt"])
        output.progress, output.updated_at = 1.0, now


def stopping(uow: UnitOfWork, job_id: int, epoch: int, now: datetime) -> bool:
    """Say that the stop of a job has begun; False when this attempt holds it no more."""
    job = claims.held(uow, job_id, epoch)
    if job is None:
        return False
    if job.status == JobStatus.PENDING_STOPPAGE:
        job.status, job.updated_at = JobStatus.STOPPING, now
        uow.session.flush()
    return True


def completed(
    uow: UnitOfWork, job_id: int, epoch: int, told: Report, outputs: Sequence[Mapping[str, Any]], now: datetime
) -> bool:
    """End a job whose outputs are published; False when this attempt holds it no more.

    A stop that came while it published cannot take the data back: the job is `stopped`, and says so.
    """
    job = claims.held(uow, job_id, epoch)
    if job is None:
        return False
    _write(uow, job, told, now)
    _receive(job, outputs, now)
    job.progress = 1.0
    if job.status == JobStatus.RUNNING:
        watermarks.move(uow, job, now)
        end(uow, job, JobStatus.COMPLETED, now)
    else:
        job.errors = "The stop came too late: every output was published already."
        if job.watermarks is not None:
            job.errors += " Watermarks stay as they were, so the next job reads the same rows again."
        end(uow, job, JobStatus.STOPPED, now)
    uow.session.flush()
    return True


def failed(uow: UnitOfWork, job_id: int, epoch: int, told: Report, sentence: str, now: datetime) -> bool:
    """End a job that cannot be done; False when this attempt holds it no more. One that should stop is `stopped`."""
    job = claims.held(uow, job_id, epoch)
    if job is None:
        return False
    _write(uow, job, told, now)
    if job.status == JobStatus.RUNNING:
        job.errors = _storable(sentence[:LONGEST_ERROR])
        end(uow, job, JobStatus.FAILED, now)
    else:
        end(uow, job, JobStatus.STOPPED, now)
    uow.session.flush()
    return True


def unpublished(uow: UnitOfWork, job_id: int, epoch: int, told: Report, now: datetime, *, counts: bool) -> bool:
    """Say that the process of an attempt is gone before everything was published; False when it holds the job no more.

    A job that somebody wants to stop is `stopped`, unless a publication that was granted is to be finished. Any other is
    free for the next attempt at once; *counts* says whether that is one of the deaths after which a job is given up.
    """
    job = claims.held(uow, job_id, epoch)
    if job is None:
        return False
    _write(uow, job, told, now)
    if job.status != JobStatus.RUNNING and job.granted_epoch is None:
        end(uow, job, JobStatus.STOPPED, now)
    else:
        job.lease_until = now
        job.worker_id = job.worker_id if counts else None
    uow.session.flush()
    return True


def is_running(uow: UnitOfWork, job_id: int, epoch: int) -> bool:
    """Tell whether this attempt holds the job and nobody wants to stop it; locks the job."""
    job = claims.held(uow, job_id, epoch)
    return job is not None and job.status == JobStatus.RUNNING
