"""The JSON of jobs, their outputs, variables, logs and previews."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime
from typing import NotRequired

from typing_extensions import TypedDict

from penstock.api.dates import to_wire
from penstock.api.schemas.clusters import Cluster, cluster_json, user_creator
from penstock.api.schemas.fields import Creator, Instant, Reference, Scalar, reference
from penstock.api.schemas.packages import Package, package_json
from penstock.api.versions import job_word
from penstock.api.view import View
from penstock.services.records import Job as Row
from penstock.services.records import JobOutput as OutputRow
from penstock.services.records import JobSource as SourceRow
from penstock.services.records import ShownJob


class JobOutputComponent(TypedDict):
    """The component that wrote an output."""

    name: str
    type: str
    fields: list[str]


class JobOutputKey(TypedDict):
    """The least and the greatest key of the records of an output, a text for each of its fields."""

    fields: list[str]
    minimum: list[str]
    maximum: list[str]


class JobOutputReceipt(TypedDict):
    """What an output is made of: records read by source; those left out, filtered and rejected, where that can be known;
    those written; the size of the staged files in bytes; a sum of the hashes of the records and their keys; whether
    nothing can have been written twice; what was compared with the target, and what of incremental sources was read."""

    read: dict[str, int]
    left_out: NotRequired[int]
    filtered: NotRequired[int]
    rejected: NotRequired[int]
    written: NotRequired[int]
    bytes: NotRequired[int]
    hash: NotRequired[str]
    key: NotRequired[JobOutputKey]
    is_once: NotRequired[bool]
    checks: NotRequired[dict[str, str]]
    watermarks: NotRequired[dict[str, str]]


class JobOutput(TypedDict):
    """What a job wrote to one destination."""

    id: int
    name: str
    records_count: int
    progress: float | None
    created_at: Instant
    updated_at: Instant
    preview_url: str | None
    preview_type: str | None
    url: str
    component: JobOutputComponent
    receipt: JobOutputReceipt | None
    component_name: NotRequired[str]


class JobSource(TypedDict):
    """What a job has read from one source so far."""

    component: str
    records_count: int


class JobComponent(TypedDict):
    """The workflow component that started a child job."""

    name: str
    type: str


class JobLogSummary(TypedDict):
    """A job's log with its short cause; only with `include=log_summary`."""

    id: int
    body: str
    error_summary: str | None
    openai_extract: str | None
    action_items: list[str]
    created_at: Instant


class Job(TypedDict):
    """One run of a package. *waiting_reason* and *sources* are additions to the public API."""

    id: int
    status: str
    owner_id: int
    progress: float
    outputs_count: int
    outputs: list[JobOutput]
    variables: dict[str, Scalar]
    dynamic_variables: dict[str, Scalar]
    started_at: Instant | None
    created_at: Instant
    failed_at: Instant | None
    completed_at: Instant | None
    updated_at: Instant
    cluster_id: int
    package_id: int
    errors: str
    runtime_in_seconds: int
    master_auto_retry_attempts: int | None
    attempts: int
    url: str
    html_url: str
    log_url: str | None
    creator: Creator
    package: Reference | Package | None
    cluster: Reference | Cluster | None
    waiting_reason: str | None
    sources: list[JobSource]
    component: NotRequired[JobComponent]
    log_summary: NotRequired[JobLogSummary]


class JobCreate(TypedDict):
    """What runs a package: on which cluster, with which variables."""

    cluster_id: int
    package_id: int
    variables: NotRequired[dict[str, Scalar]]
    dynamic_variables: NotRequired[dict[str, Scalar]]


JobVariables = dict[str, Scalar]
"""Every variable used at run time, by name."""


class JobLog(TypedDict):
    """The text of a job's log."""

    body: str
    url: str


class JobOutputPreview(TypedDict):
    """The first lines of an output."""

    preview: str
    url: str


def job_json(row: Row, view: View, *, include: frozenset[str] = frozenset()) -> Job:
    """Return a job as the wire writes it; *include* names embedded resources to be given in full."""
    package, cluster = row.package, row.cluster
    return _job(
        row, row.owner.name, row.outputs, row.sources, view,
        package_json(package, view) if "package" in include else reference("packages", package.id, package.name, view),
        cluster_json(cluster, view) if "cluster" in include else reference("clusters", cluster.id, cluster.name, view),
    )  # fmt: skip


def shown_json(shown: ShownJob, view: View) -> Job:
    """Return a job that was read to be shown as the wire writes it."""
    row = shown.job
    package = reference("packages", row.package_id, row.package_now, view)
    cluster = reference("clusters", row.cluster_id, row.cluster_name, view)
    return _job(row, row.owner_name, shown.outputs, shown.sources, view, package, cluster)


def _job(
    row: Row,
    owner: str,
    outputs: Iterable[OutputRow],
    sources: Iterable[SourceRow],
    view: View,
    package: Package | Reference,
    cluster: Cluster | Reference,
) -> Job:
    path = f"jobs/{row.id}"
    url = view.url(path)
    job: Job = {
        "id": row.id,
        "status": job_word(row.status, view.old_words),
        "owner_id": row.owner_id,
        "progress": row.progress,
        "outputs_count": row.outputs_count,
        "outputs": [output_json(output, view) for output in outputs],
        "variables": json.loads(row.variables or "{}"),
        "dynamic_variables": json.loads(row.dynamic_variables or "{}"),
        "started_at": to_wire(row.started_at),
        "created_at": to_wire(row.created_at),
        "failed_at": to_wire(row.failed_at),
        "completed_at": to_wire(row.completed_at),
        "updated_at": to_wire(row.updated_at),
        "cluster_id": row.cluster_id,
        "package_id": row.package_id,
        "errors": row.errors or "",
        "runtime_in_seconds": _runtime(row.started_at, row.completed_at, view.now),
        "master_auto_retry_attempts": row.master_auto_retry_attempts,
        "attempts": row.attempts,
        "url": url,
        "html_url": view.html_url(path),
        "log_url": f"{url}/log",
        "creator": user_creator(row.creator_id, owner, view),
        "package": package,
        "cluster": cluster,
        "waiting_reason": row.waiting_reason,
        "sources": [{"component": source.component, "records_count": source.records_count} for source in sources],
    }
    if row.component_name is not None:
        job["component"] = {"name": row.component_name, "type": row.component_type or ""}
    return job


def output_json(row: OutputRow, view: View) -> JobOutput:
    """Return an output as the wire writes it."""
    path = f"jobs/{row.job_id}/outputs/{row.id}"
    output: JobOutput = {
        "id": row.id,
        "name": row.name,
        "records_count": row.records_count,
        "progress": row.progress,
        "created_at": to_wire(row.created_at),
        "updated_at": to_wire(row.updated_at),
        "preview_url": view.url(f"{path}/preview") if row.preview is not None else None,
        "preview_type": row.preview_type,
        "url": view.url(path),
        "component": {
            "name": row.component_name,
            "type": row.component_type,
            "fields": json.loads(row.fields or "[]"),
        },
        "receipt": None if row.receipt is None else json.loads(row.receipt),
    }
    if view.old_words:
        output["component_name"] = row.component_name
    return output


def log_summary_json(row: Row, body: str) -> JobLogSummary:
    """Return a job's log with its short cause. Nothing is guessed: no passage is extracted and no steps are made up."""
    return {
        "id": row.id,
        "body": body,
        "error_summary": row.errors or None,
        "openai_extract": None,
        "action_items": [],
        "created_at": to_wire(row.completed_at or row.created_at),
    }


def _runtime(started_at: datetime | None, completed_at: datetime | None, now: datetime) -> int:
    if started_at is None:
        return 0
    return max(int(((completed_at or now) - started_at).total_seconds()), 0)
