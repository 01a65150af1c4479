"""Jobs and what they leave: guarded changes, and reads beyond pages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, func, select, update

from penstock.domain.job import STOPPABLE, JobStatus
from penstock.store.tables import Cluster, Job, JobLogLine, JobOutput, JobSource, Package, User
from penstock.store.unit_of_work import UnitOfWork


def request_stop_of_cluster(uow: UnitOfWork, cluster_id: int, now: datetime) -> None:
    """Ask every unfinished job of a cluster to stop."""
    unasked = (Job.cluster_id == cluster_id) & Job.status.in_(STOPPABLE)
    # By id, as workers lock them too: an UPDATE alone would take them in any order.
    uow.session.execute(select(Job.id).where(unasked).order_by(Job.id).with_for_update(key_share=True))
    changed = update(Job).where(unasked)
    uow.session.execute(
        changed.values(status=JobStatus.PENDING_STOPPAGE, stop_requested_at=now, updated_at=now, waiting_reason=None)
    )


@dataclass(frozen=True, slots=True)
class Shown:
    """A job as answers show it: its columns beside the names of its owner, package and cluster, and its outputs and
    sources. Plain columns, not rows of the session, because clients ask for a job again and again until it ends."""

    job: Any
    outputs: Sequence[Any]
    sources: Sequence[Any]


# Written once: building a statement costs as much as running it.
_JOBS, _USERS, _PACKAGES, _CLUSTERS = (kind.__table__ for kind in (Job, User, Package, Cluster))
_LARGE = ("package_flow", "package_variables", "account_variables", "used_variables", "staged", "watermarks")
_JOB = (
    select(
        *(column for column in _JOBS.c if column.name not in _LARGE),
        _USERS.c.name.label("owner_name"),
        _PACKAGES.c.name.label("package_now"),
        _CLUSTERS.c.name.label("cluster_name"),
    )
    .join_from(_JOBS, _USERS, _USERS.c.id == _JOBS.c.owner_id)
    .join(_PACKAGES, _PACKAGES.c.id == _JOBS.c.package_id)
    .join(_CLUSTERS, _CLUSTERS.c.id == _JOBS.c.cluster_id)
    .where(_JOBS.c.id == bindparam("job_id"), _JOBS.c.account_id == bindparam("account_id"))
)
_OUT, _IN = JobOutput.__table__.c, JobSource.__table__.c
_OUTPUTS = (
    select(
        *(column for column in _OUT if column.name not in ("preview", "files")),
        func.substr(_OUT.preview, 1, 1).label(
            "preview"
        ),  # it may be long, and an answer says only whether there is one
    )
    .where(_OUT.job_id == bindparam("job_id"))
    .order_by(_OUT.id)
)
_SOURCES = select(*_IN).where(_IN.job_id == bindparam("job_id")).order_by(_IN.id)


def shown(uow: UnitOfWork, job_id: int, account_id: int) -> Shown | None:
    """Return a job of an account as answers show it."""
    connection = uow.session.connection()
    job = connection.execute(_JOB, {"job_id": job_id, "account_id": account_id}).one_or_none()
    if job is None:
        return None
    given = {"job_id": job_id}
    return Shown(job, connection.execute(_OUTPUTS, given).all(), connection.execute(_SOURCES, given).all())


def exists(uow: UnitOfWork, job_id: int, account_id: int) -> bool:
    """Tell whether an account has this job."""
    return uow.session.scalar(select(Job.id).where(Job.id == job_id, Job.account_id == account_id)) is not None


def used_variables(uow: UnitOfWork, job_id: int) -> str | None:
    """Return the variables that a job used, as JSON text; None before it ran."""
    return uow.session.scalar(select(Job.used_variables).where(Job.id == job_id))


def output(uow: UnitOfWork, job_id: int, output_id: int) -> JobOutput | None:
    """Return an output of a job."""
    found = uow.session.get(JobOutput, output_id)
    return found if found is not None and found.job_id == job_id else None


def log_lines(uow: UnitOfWork, job_id: int) -> list[tuple[datetime, str, str]]:
    """Return instant, level and text of every line of a job's log, in order."""
    wanted = select(JobLogLine.at, JobLogLine.level, JobLogLine.line).where(JobLogLine.job_id == job_id)
    return [(at, level, line) for at, level, line in uow.session.execute(wanted.order_by(JobLogLine.id))]


def last_success(uow: UnitOfWork, package_id: int, before: int) -> datetime | None:
    """Return when the last completed job of a package was submitted, of those before job *before*."""
    wanted = select(Job.created_at).where(Job.package_id == package_id, Job.status == JobStatus.COMPLETED)
    return uow.session.scalar(wanted.where(Job.id < before).order_by(Job.id.desc()).limit(1))
