"""The JSON of watchers: exactly the documented keys, because some clients refuse others."""

from __future__ import annotations

from typing_extensions import TypedDict

from penstock.api.dates import to_wire
from penstock.api.schemas.fields import Instant
from penstock.api.view import View
from penstock.services.records import User, Watch


class Watcher(TypedDict):
    """A user who is told about a resource."""

    id: int
    display_name: str


class ClusterWatch(TypedDict):
    """The watching of a cluster."""

    created_at: Instant
    cluster_url: str


class JobWatch(TypedDict):
    """The watching of a job."""

    created_at: Instant
    job_url: str


def watcher_json(user: User) -> Watcher:
    """Return a watcher as the wire writes it."""
    return {"id": user.id, "display_name": user.name}


def cluster_watch_json(watch: Watch, view: View) -> ClusterWatch:
    """Return the watching of a cluster as the wire writes it."""
    return {"created_at": to_wire(watch.created_at), "cluster_url": view.url(f"clusters/{watch.resource_id}")}


def job_watch_json(watch: Watch, view: View) -> JobWatch:
    """Return the watching of a job as the wire writes it."""
    return {"created_at": to_wire(watch.created_at), "job_url": view.url(f"jobs/{watch.resource_id}")}
