"""Jobs: run, list, search, get, terminate, and what a job leaves: children, variables, log, outputs, previews."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from starlette.responses import Response

from penstock.api.call import Current, Id
from penstock.api.openapi import many, one, operation, paged, parameter, searched, text
from penstock.api.paging import read_page
from penstock.api.route import Route
from penstock.api.schemas.jobs import job_json, log_summary_json, output_json, shown_json
from penstock.domain.job import JobStatus
from penstock.services import jobs

router = APIRouter(tags=["Jobs"], route_class=Route)
_ALL = "/{account_id}/api/jobs"
_ONE = _ALL + "/{job_id}"
_OUTPUT = _ONE + "/outputs/{output_id}"
_FULL = frozenset({"package", "cluster"})

_STATUS = parameter("status", text("all", one_of=("all", *JobStatus)), "Only jobs in this state.")
_LIST_QUERY = (
    _STATUS,
    parameter("package_id", {"type": "integer"}, "Only jobs of this package."),
    parameter("include", text(one_of=("cluster", "package", "cluster,package")), "Embed the full objects."),
    *paged(sort=("created", "updated")),
)
_INCLUDE = parameter(
    "include",
    text(one_of=("log_summary", "cluster", "package", "cluster,package")),
    "Add the log summary, or embed the full objects; several joined with commas.",
)


@router.get(_ALL, **operation("listJobs", "List jobs", many("Job"), query=_LIST_QUERY))
def list_jobs(call: Current) -> Response:
    with call.reading() as (uow, principal, fields):
        asked = read_page(fields)
        page = jobs.list_page(uow, principal, asked, status=fields.get("status"), package_id=fields.get("package_id"))
        view = call.view
        return call.answer_page([job_json(row, view, include=_FULL) for row in page.items], asked, page)


@router.get(
    _ALL + "/search",
    **operation(
        "searchJobs",
        "Search jobs",
        many("Job"),
        query=searched(sort=("relevance", "id", "updated", "created"), direction="asc"),
    ),
)
def search_jobs(call: Current) -> Response:
    with call.reading() as (uow, principal, fields):
        asked = read_page(fields)
        page = jobs.search(uow, principal, fields.get("q"), asked)
        view = call.view
        return call.answer_page([job_json(row, view, include=_FULL) for row in page.items], asked, page)


@router.post(_ALL, **operation("runJob", "Run a package", one("Job"), status=201, body=one("JobCreate")))
def run_job(call: Current) -> Response:
    with call.writing("job") as (uow, principal, fields):
        row = jobs.submit(
            uow,
            principal,
            cluster_id=fields.get("cluster_id"),
            package_id=fields.get("package_id") or fields.get("job_id"),  # an old client sends the old name
            variables=fields.get("variables"),
            dynamic_variables=fields.get("dynamic_variables"),
            now=call.deps.clock(),
        )
    call.deps.wake()
    return call.answer(job_json(row, call.view), 201)


@router.get(_ONE, **operation("getJob", "Get a job", one("Job"), query=(_INCLUDE,)))
def get_job(call: Current, job_id: Id) -> Response:
    with call.reading() as (uow, principal, fields):
        include = _included(fields)
        if not include:
            return call.answer(shown_json(jobs.show(uow, principal, job_id), call.view))
        row = jobs.get(uow, principal, job_id)
        job = job_json(row, call.view, include=include)
        if "log_summary" in include:
            job["log_summary"] = log_summary_json(row, jobs.log(uow, principal, job_id))
        return call.answer(job)


@router.delete(_ONE, **operation("terminateJob", "Stop a job", one("Job")))
def terminate_job(call: Current, job_id: Id) -> Response:
    with call.writing() as (uow, principal, _):
        row = jobs.stop(uow, principal, job_id, call.deps.clock())
    call.deps.wake()
    return call.answer(job_json(row, call.view))


@router.get(
    _ONE + "/children",
    **operation(
        "listJobChildren", "List a job's children", many("Job"), query=(_STATUS, *paged(sort=("created", "updated")))
    ),
)
def list_job_children(call: Current, job_id: Id) -> Response:
    with call.reading() as (uow, principal, fields):
        asked = read_page(fields)
        page = jobs.list_children(uow, principal, job_id, asked, status=fields.get("status"))
        view = call.view
        return call.answer_page([job_json(row, view, include=_FULL) for row in page.items], asked, page)


@router.get(_ONE + "/variables", **operation("getJobExecutionVariables", "Get used variables", one("JobVariables")))
def get_job_variables(call: Current, job_id: Id) -> Response:
    with call.reading() as (uow, principal, _):
        return call.answer(jobs.variables(uow, principal, job_id))


@router.get(_ONE + "/log", **operation("getJobLog", "Get a job's log", one("JobLog")))
def get_job_log(call: Current, job_id: Id) -> Response:
    with call.reading() as (uow, principal, _):
        body = jobs.log(uow, principal, job_id)
        return call.answer({"body": body, "url": call.view.url(f"jobs/{job_id}/log")})


@router.get(_OUTPUT, **operation("getJobOutput", "Get an output of a job", one("JobOutput")))
def get_job_output(call: Current, job_id: Id, output_id: Id) -> Response:
    with call.reading() as (uow, principal, _):
        return call.answer(output_json(jobs.get_output(uow, principal, job_id, output_id), call.view))


@router.get(_OUTPUT + "/preview", **operation("previewJobOutput", "Preview an output", one("JobOutputPreview")))
def preview_job_output(call: Current, job_id: Id, output_id: Id) -> Response:
    with call.reading() as (uow, principal, _):
        preview = jobs.preview(uow, principal, job_id, output_id)
        return call.answer({"preview": preview, "url": call.view.url(f"jobs/{job_id}/outputs/{output_id}/preview")})


def _included(fields: dict[str, Any]) -> frozenset[str]:
    return _FULL.union(("log_summary",)).intersection(str(fields.get("include") or "").replace(" ", "").split(","))
