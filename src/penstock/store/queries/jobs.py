"""Jobs and what they leave: guarded changes, and reads beyond pages."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import bindparam, select, update
from sqlalchemy.orm import joinedload, lazyload, load_only
from sqlalchemy.orm.attributes import set_committed_value

from penstock.domain.job import STOPPABLE, JobStatus
from penstock.store.tables import Cluster, Job, JobLogLine, JobOutput, JobSource, Package, User
from penstock.store.unit_of_work import UnitOfWork


def request_stop_of_cluster(uow: UnitOfWork, cluster_id: int, now: datetime) -> None:
    """Ask every unfinished job of a cluster to stop."""
    changed = update(Job).where(Job.cluster_id == cluster_id, Job.status.in_(STOPPABLE))
    uow.session.execute(
        changed.values(status=JobStatus.PENDING_STOPPAGE, stop_requested_at=now, updated_at=now, waiting_reason=None)
    )


# Written once, because clients ask for a job again and again until it ends; what an answer rarely needs of other rows,
# the flow of a package above all, is read only if it is asked for while the transaction is open.
_SHOWN = (
    select(Job)
    .where(Job.id == bindparam("job_id"))
    .options(
        joinedload(Job.owner).load_only(User.name),
        joinedload(Job.package).options(load_only(Package.name), lazyload(Package.owner)),
        joinedload(Job.cluster).options(load_only(Cluster.name), lazyload(Cluster.owner)),
        lazyload(Job.outputs),
        lazyload(Job.sources),
    )
)
_OUTPUTS = select(JobOutput).where(JobOutput.job_id == bindparam("job_id")).order_by(JobOutput.id)
_SOURCES = select(JobSource).where(JobSource.job_id == bindparam("job_id")).order_by(JobSource.id)


def shown(uow: UnitOfWork, job_id: int, account_id: int) -> Job | None:
    """Return a job of an account as answers show it, for use while the transaction is open."""
    given = {"job_id": job_id}
    row = uow.session.scalar(_SHOWN, given)
    if row is None or row.account_id != account_id:
        return None
    set_committed_value(row, "outputs", list(uow.session.scalars(_OUTPUTS, given)))
    set_committed_value(row, "sources", list(uow.session.scalars(_SOURCES, given)))
    return row


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
