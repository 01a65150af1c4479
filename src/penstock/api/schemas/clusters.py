"""The JSON of clusters and their instances."""

from __future__ import annotations

import json

from typing_extensions import TypedDict

from penstock.api.dates import to_wire
from penstock.api.schemas.fields import Creator, Instant
from penstock.api.urls import segment
from penstock.api.versions import cluster_word
from penstock.api.view import View
from penstock.services.records import Cluster as Row
from penstock.services.records import Slot


class BootstrapAction(TypedDict, total=False):
    """A custom script: kept and returned, never run."""

    script_path: str
    args: list[str]


class Cluster(TypedDict):
    """A named pool of job slots."""

    id: int
    name: str
    description: str | None
    status: str
    owner_id: int
    plan_id: int | str | None
    nodes: int
    type: str
    created_at: Instant
    updated_at: Instant
    available_since: Instant | None
    launched_at: Instant | None
    terminated_at: Instant | None
    running_jobs_count: int
    queued_jobs_count: int
    terminate_on_idle: bool
    time_to_idle: int
    terminated_on_idle: bool
    region: str
    zone: str | None
    master_instance_type: str | None
    slave_instance_type: str | None
    master_spot_price: float | None
    slave_spot_price: float | None
    master_spot_percentage: float | None
    slave_spot_percentage: float | None
    allow_fallback: bool | None
    stack: str | None
    idle_since: Instant | None
    bootstrap_actions: list[BootstrapAction]
    creator: Creator | None
    url: str
    html_url: str


class ClusterInstance(TypedDict):
    """A slot of a cluster: where it is placed."""

    instance_id: str
    private_dns: str
    public_dns: str
    status: str
    master: bool
    spot: bool
    vpc: bool
    zone: str
    instance_type: str
    url: str


class ClusterCreate(TypedDict, total=False):
    """What creates a cluster."""

    nodes: int
    type: str
    name: str
    description: str
    terminate_on_idle: bool
    time_to_idle: int
    region: str
    zone: str
    master_instance_type: str
    slave_instance_type: str
    master_spot_price: float
    slave_spot_price: float
    master_spot_percentage: float
    slave_spot_percentage: float
    allow_fallback: bool
    stack: str
    bootstrap_actions: list[BootstrapAction]


class ClusterUpdate(TypedDict, total=False):
    """What changes a cluster; absent keys stay."""

    nodes: int
    name: str
    description: str
    terminate_on_idle: bool
    time_to_idle: int


def cluster_json(row: Row, view: View) -> Cluster:
    """Return a cluster as the wire writes it."""
    path = f"clusters/{row.id}"
    return {
        "id": row.id,
        "name": row.name,
        "description": row.description,
        "status": cluster_word(row.status, view.old_words),
        "owner_id": row.owner_id,
        "plan_id": None,
        "nodes": row.nodes,
        "type": row.type,
        "created_at": to_wire(row.created_at),
        "updated_at": to_wire(row.updated_at),
        "available_since": to_wire(row.available_since),
        "launched_at": to_wire(row.launched_at),
        "terminated_at": to_wire(row.terminated_at),
        "running_jobs_count": row.running_jobs_count,
        "queued_jobs_count": row.queued_jobs_count,
        "terminate_on_idle": row.terminate_on_idle,
        "time_to_idle": row.time_to_idle,
        "terminated_on_idle": row.terminated_on_idle,
        "region": row.region,
        "zone": row.zone,
        "master_instance_type": row.master_instance_type,
        "slave_instance_type": row.slave_instance_type,
        "master_spot_price": row.master_spot_price,
        "slave_spot_price": row.slave_spot_price,
        "master_spot_percentage": row.master_spot_percentage,
        "slave_spot_percentage": row.slave_spot_percentage,
        "allow_fallback": row.allow_fallback,
        "stack": row.stack,
        "idle_since": to_wire(row.idle_since),
        "bootstrap_actions": json.loads(row.bootstrap_actions or "[]"),
        "creator": user_creator(row.owner_id, row.owner.name, view),
        "url": view.url(path),
        "html_url": view.html_url(path),
    }


def user_creator(user_id: int, name: str, view: View) -> Creator:
    """Return a user as the creator of a resource."""
    return {
        "type": "User",
        "id": user_id,
        "display_name": name,
        "url": f"{view.base}/user",
        "html_url": f"{view.base}/user",
    }


def instance_json(slot: Slot, view: View) -> ClusterInstance:
    """Return a slot as an instance of its cluster. Hosts of one kind have no zones and no spot market."""
    host = slot.worker.host if slot.worker is not None else ""
    return {
        "instance_id": slot.instance_id,
        "private_dns": host,
        "public_dns": host,
        "status": "available",
        "master": slot.number == 1,
        "spot": False,
        "vpc": False,
        "zone": "Unsupported",
        "instance_type": "slot",
        "url": view.url(f"clusters/{slot.cluster_id}/instances/{segment(slot.instance_id)}"),
    }
