"""Jobs: run, list, search, get, stop, and what they leave (wire reference 3.3, 3.4). Nothing here compiles a package."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from penstock.domain.cluster import ENDING, ClusterStatus
from penstock.domain.job import FINAL, WAITING, JobStatus
from penstock.errors import InvalidFields, InvariantBroken, NotFound
from penstock.services import events, secrets, watchers
from penstock.services.clusters import require_paid
from penstock.services.coerce import Fields, to_json
from penstock.services.paging import Page, PageRequest, list_rows, one_of
from penstock.services.principal import Principal
from penstock.services.search import search as search_page
from penstock.store.queries import jobs as rows
from penstock.store.queries import pages
from penstock.store.queries import variables as variable_rows
from penstock.store.queries.jobs import Shown
from penstock.store.queries.search import JOBS
from penstock.store.tables import Cluster, Job, JobOutput, Package
from penstock.store.unit_of_work import UnitOfWork


def submit(
    uow: UnitOfWork,
    principal: Principal,
    *,
    cluster_id: object,
    package_id: object,
    variables: object = None,
    dynamic_variables: object = None,
    now: datetime,
) -> Job:
    """Create a job in state `idle`, with the package as it is now. Ids, states and shapes are checked, nothing else:
    a package that does not compile gives a job that fails. Raises InvalidFields, PaymentRequired."""
    require_paid(principal)
    fields = Fields(
        {
            "cluster_id": cluster_id,
            "package_id": package_id,
            "variables": variables,
            "dynamic_variables": dynamic_variables,
        }
    )
    # Kept as it is until the job is there: a cluster that ends at this moment refuses the job, or stops it by name.
    cluster = _find(uow, principal, Cluster, fields, "cluster_id", pages.kept)
    package = _find(uow, principal, Package, fields, "package_id", pages.get)
    static, dynamic = fields.scalars("variables"), fields.scalars("dynamic_variables")
    if cluster is not None and (cluster.status in ENDING or cluster.status == ClusterStatus.ERROR):
        fields.refuse("cluster_id", f"names a cluster that is {cluster.status}. Run the job on another.")
    if package is not None and package.status == "archived":
        fields.refuse("package_id", "names a package that is archived. Copy it to run it.")
    if package is not None:
        _refuse_secrets(uow, package.id, fields, {"variables": static, "dynamic_variables": dynamic})
    fields.check()
    if cluster is None or package is None:
        raise InvariantBroken("a missing id passed the check")
    row = Job(
        account_id=principal.tenant.id,
        cluster_id=cluster.id,
        package_id=package.id,
        owner_id=principal.user.id,
        creator_id=principal.user.id,
        creator_type="User",
        status=JobStatus.IDLE,
        variables=to_json(static or {}),
        dynamic_variables=to_json(dynamic or {}),
        package_name=package.name,
        package_flow=package.flow,
        package_variables=package.variables,
        account_variables=variable_rows.of_account(uow, principal.tenant.id),
        created_at=now,
        updated_at=now,
    )
    uow.session.add(row)
    uow.session.flush()
    uow.session.refresh(row)
    watchers.begin(uow, principal.user.id, "job", row.id, now)
    events.record(uow, row.account_id, "job.submitted", row.id, now)
    return row


def _refuse_secrets(
    uow: UnitOfWork, package_id: int, fields: Fields, given: Mapping[str, Mapping[str, Any] | None]
) -> None:
    """What a run is given stands in every answer about its job, so no secret may be among it."""
    hidden = secrets.names(uow, package_id)
    for field, values in given.items():
        for name in hidden:
            if name in (values or {}):
                fields.refuse(field, f"has '{name}', which is a secret variable. Change it in the package.")


def _find(
    uow: UnitOfWork, principal: Principal, kind: type[Any], fields: Fields, name: str, read: Callable[..., Any]
) -> Any:
    identity = fields.integer(name)
    if identity is None:
        if name not in fields.errors:
            fields.refuse(name, "is missing.")
        return None
    row = read(uow, kind, identity, principal.tenant.id)
    if row is None:
        fields.refuse(name, f"{identity} does not exist.")
    return row


def list_page(
    uow: UnitOfWork, principal: Principal, asked: PageRequest, *, status: object = None, package_id: object = None
) -> Page[Job]:
    """Return jobs of the account, newest first. Raises InvalidFields for a filter that cannot be."""
    state = one_of(status, "status", tuple(JobStatus))
    fields = Fields({"package_id": package_id})
    package = fields.integer("package_id")
    fields.check()
    equal = {"status": state, "package_id": package}
    return list_rows(
        uow, Job, principal.tenant.id, asked, equal={name: value for name, value in equal.items() if value is not None}
    )


def search(uow: UnitOfWork, principal: Principal, q: object, asked: PageRequest) -> Page[Job]:
    """Return the jobs that match a search expression."""
    return search_page(uow, principal, JOBS, q, asked, "asc")


def get(uow: UnitOfWork, principal: Principal, job_id: int) -> Job:
    """Return a job with its whole package and cluster. Raises NotFound."""
    row = pages.get(uow, Job, job_id, principal.tenant.id)
    if row is None:
        raise NotFound("Item not found.")
    return row


def show(uow: UnitOfWork, principal: Principal, job_id: int) -> Shown:
    """Return a job with the names of its package and cluster. Raises NotFound."""
    found = rows.shown(uow, job_id, principal.tenant.id)
    if found is None:
        raise NotFound("Item not found.")
    return found


def _require(uow: UnitOfWork, principal: Principal, job_id: int) -> int:
    if not rows.exists(uow, job_id, principal.tenant.id):
        raise NotFound("Item not found.")
    return job_id


def stop(uow: UnitOfWork, principal: Principal, job_id: int, now: datetime) -> Job:
    """Ask a job to stop; it is `stopped` when its process is gone. Raises NotFound, and InvalidFields for a job that
    has ended."""
    row = pages.get(uow, Job, job_id, principal.tenant.id, locked=True)
    if row is None:
        raise NotFound("Item not found.")
    if row.status in FINAL:
        raise InvalidFields(f"A job that is {row.status} cannot be stopped.")
    if row.status in WAITING or row.status == JobStatus.RUNNING:
        row.status = JobStatus.PENDING_STOPPAGE
        row.stop_requested_at = now
        row.waiting_reason = None
        row.updated_at = now
        uow.session.flush()
    return row


def list_children(
    uow: UnitOfWork, principal: Principal, job_id: int, asked: PageRequest, *, status: object = None
) -> Page[Job]:
    """Return the jobs that a job started, newest first. Raises NotFound, InvalidFields."""
    state = one_of(status, "status", tuple(JobStatus))
    equal: dict[str, Any] = {"parent_job_id": _require(uow, principal, job_id)}
    if state is not None:
        equal["status"] = state
    return list_rows(uow, Job, principal.tenant.id, asked, equal=equal)


def variables(uow: UnitOfWork, principal: Principal, job_id: int) -> dict[str, Any]:
    """Return the variables that a job used, with their values; none before it ran. Raises NotFound."""
    used = rows.used_variables(uow, _require(uow, principal, job_id))
    found: dict[str, Any] = json.loads(used) if used else {}
    return found


def log(uow: UnitOfWork, principal: Principal, job_id: int) -> str:
    """Return the text of a job's log, one event a line. Raises NotFound."""
    lines = rows.log_lines(uow, _require(uow, principal, job_id))
    return "".join(
        f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1000:03d}Z {level.upper():<7} {line}\n"
        for at, level, line in lines
    )


def get_output(uow: UnitOfWork, principal: Principal, job_id: int, output_id: int) -> JobOutput:
    """Return an output of a job. Raises NotFound."""
    row = rows.output(uow, _require(uow, principal, job_id), output_id)
    if row is None:
        raise NotFound("Item not found.")
    return row


def preview(uow: UnitOfWork, principal: Principal, job_id: int, output_id: int) -> str:
    """Return the first lines of an output. Raises NotFound, also for an output without a preview."""
    text = get_output(uow, principal, job_id, output_id).preview
    if text is None:
        raise NotFound("The output has no preview.")
    return text
