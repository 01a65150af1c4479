"""Clusters: named pools of slots (wire reference 3.1). What happens to them by itself is in `upkeep`."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from penstock.domain.cluster import DELETABLE, ENDING, ClusterStatus
from penstock.errors import InvalidFields, NotFound, PaymentRequired
from penstock.services import events, watchers
from penstock.services.coerce import LONGEST_NAME, Fields, to_json
from penstock.services.paging import Page, PageRequest, list_rows, one_of
from penstock.services.principal import Principal
from penstock.services.search import search as search_page
from penstock.services.system import EMBEDDED, SPARK_REGIONS, SPARK_STACKS, Installed, regions
from penstock.store.queries import jobs as job_rows
from penstock.store.queries import pages, workers
from penstock.store.queries.search import CLUSTERS
from penstock.store.tables import Cluster, Slot
from penstock.store.unit_of_work import UnitOfWork

MOST_NODES = 100
DEFAULT_IDLE_S = 3600
HOSTED_REGIONS = ("amazon-web-services::", "gcloud::", "soft-layer::")
"""How the ids of the hosted service's regions begin."""


def list_page(uow: UnitOfWork, principal: Principal, asked: PageRequest, *, status: object = None) -> Page[Cluster]:
    """Return clusters of the account, newest first. Raises InvalidFields for an unknown state."""
    state = one_of(status, "status", tuple(ClusterStatus))
    equal = {} if state is None else {"status": state}
    return list_rows(uow, Cluster, principal.tenant.id, asked, sort=("name",), equal=equal)


def search(uow: UnitOfWork, principal: Principal, q: object, asked: PageRequest) -> Page[Cluster]:
    """Return the clusters that match a search expression."""
    return search_page(uow, principal, CLUSTERS, q, asked, "desc")


def create(
    uow: UnitOfWork, principal: Principal, raw: Mapping[str, Any], now: datetime, installed: Installed = EMBEDDED
) -> Cluster:
    """Create a cluster in state `pending`; a worker brings it up. Raises InvalidFields, PaymentRequired."""
    require_paid(principal)
    fields = Fields(raw)
    kind = fields.choice("type", ("production", "sandbox")) or "production"
    nodes = fields.integer("nodes", 1, MOST_NODES)
    if nodes is None and not fields.errors:
        fields.refuse("nodes", "is missing. Give the number of jobs that may run at once.")
    if kind == "sandbox" and nodes not in (None, 1):
        fields.refuse("nodes", "must be 1 for a sandbox.")
    region = _region(fields, installed) or principal.tenant.region
    row = Cluster(
        account_id=principal.tenant.id,
        owner_id=principal.user.id,
        status=ClusterStatus.PENDING,
        nodes=nodes or 1,
        type=kind,
        name=fields.text("name", longest=LONGEST_NAME) or f"cluster-{secrets.token_hex(3)}",
        description=fields.text("description") or "",
        terminate_on_idle=fields.boolean("terminate_on_idle") or False,
        time_to_idle=fields.integer("time_to_idle", 1) or DEFAULT_IDLE_S,
        region=region,
        zone=fields.text("zone"),
        master_instance_type=fields.text("master_instance_type"),
        slave_instance_type=fields.text("slave_instance_type"),
        master_spot_price=fields.number("master_spot_price"),
        slave_spot_price=fields.number("slave_spot_price"),
        master_spot_percentage=fields.number("master_spot_percentage", 0, 1),
        slave_spot_percentage=fields.number("slave_spot_percentage", 0, 1),
        allow_fallback=fields.boolean("allow_fallback"),
        stack=_stack(fields, region, installed),
        bootstrap_actions=_actions(fields),
        created_at=now,
        updated_at=now,
    )
    fields.check()
    uow.session.add(row)
    uow.session.flush()
    uow.session.refresh(row)
    watchers.begin(uow, principal.user.id, "cluster", row.id, now)
    events.record(uow, row.account_id, "cluster.requested", row.id, now)
    return row


def require_paid(principal: Principal) -> None:
    """Raise PaymentRequired when the account must settle its bills first."""
    if principal.tenant.payment_required:
        raise PaymentRequired("Billing details must be confirmed first. Ask the operator of this installation.")


def _region(fields: Fields, installed: Installed) -> str | None:
    """A region of the hosted service means this installation: its clients name one in every call."""
    region = fields.text("region") or None
    ids = [one["id"] for one in regions(installed)]
    if region is not None and region not in ids and not region.startswith(HOSTED_REGIONS):
        known = ", ".join(ids)
        fields.refuse("region", f"'{region[:80]}' is not a region. Regions here: {known}.")
    return region


def _stack(fields: Fields, region: str, installed: Installed) -> str:
    """An unknown stack of the hosted service is kept; a known one that is missing is refused, not quietly replaced."""
    is_master = region.startswith(SPARK_REGIONS)
    stack = fields.text("stack") or (installed.spark if is_master else None) or installed.stacks[0]
    if is_master and not stack.startswith(SPARK_STACKS):
        fields.refuse("stack", f"must be {installed.spark} in the region '{region[:80]}'.")
    if stack.startswith(SPARK_STACKS) and stack not in installed.stacks:
        fields.refuse("stack", f"'{stack[:80]}' is not installed here. GET …/stacks lists the stacks there are.")
    return stack


def _actions(fields: Fields) -> str | None:
    value = fields.raw.get("bootstrap_actions")
    if value is None or value == "":
        return None
    good = isinstance(value, list) and all(
        isinstance(one, dict)
        and isinstance(one.get("script_path"), str)
        and isinstance(one.get("args") or [], list)
        and all(isinstance(arg, str) for arg in one.get("args") or [])
        for one in value
    )
    if not good:
        fields.refuse("bootstrap_actions", "must be a list of objects with a script_path and texts as args.")
        return None
    return to_json(value)


def get(uow: UnitOfWork, principal: Principal, cluster_id: int) -> Cluster:
    """Return a cluster; ended ones stay readable. Raises NotFound."""
    row = pages.get(uow, Cluster, cluster_id, principal.tenant.id)
    if row is None:
        raise NotFound("Item not found.")
    return row


def _get_locked(uow: UnitOfWork, principal: Principal, cluster_id: int) -> Cluster:
    row = pages.get(uow, Cluster, cluster_id, principal.tenant.id, locked=True)
    if row is None:
        raise NotFound("Item not found.")
    return row


def update(uow: UnitOfWork, principal: Principal, cluster_id: int, raw: Mapping[str, Any], now: datetime) -> Cluster:
    """Change a cluster; absent fields stay. Other `nodes` scale it. Raises NotFound, InvalidFields."""
    row = _get_locked(uow, principal, cluster_id)
    fields = Fields(raw)
    nodes = fields.integer("nodes", 1, MOST_NODES)
    name, description = fields.text("name", longest=LONGEST_NAME), fields.text("description")
    idle, ends = fields.integer("time_to_idle", 1), fields.boolean("terminate_on_idle")
    if nodes is not None and nodes != row.nodes:
        if row.type == "sandbox":
            fields.refuse("nodes", "of a sandbox is always 1.")
        elif row.status in ENDING:
            fields.refuse("nodes", f"cannot change: the cluster is {row.status}.")
    fields.check()
    row.name = name or row.name
    row.description = description if description is not None else row.description
    row.time_to_idle = idle if idle is not None else row.time_to_idle
    row.terminate_on_idle = ends if ends is not None else row.terminate_on_idle
    if nodes is not None and nodes != row.nodes:
        row.nodes = nodes
        if row.status in (ClusterStatus.AVAILABLE, ClusterStatus.IDLE):
            row.status = ClusterStatus.SCALING
    row.updated_at = now
    uow.session.flush()
    uow.session.refresh(row)  # its counts of jobs are read anew after a change
    return row


def terminate(uow: UnitOfWork, principal: Principal, cluster_id: int, now: datetime) -> Cluster:
    """Begin the end of a cluster: its jobs are stopped, then it is `terminated`. Raises NotFound, InvalidFields."""
    row = _get_locked(uow, principal, cluster_id)
    if row.status not in DELETABLE:
        raise InvalidFields(f"A cluster that is {row.status} cannot be terminated.")
    begin_end(uow, row, now)
    uow.session.refresh(row)
    return row


def begin_end(uow: UnitOfWork, row: Cluster, now: datetime) -> None:
    """Move a cluster to `pending_terminate` and ask its jobs to stop."""
    row.status = ClusterStatus.PENDING_TERMINATE
    row.updated_at = now
    job_rows.request_stop_of_cluster(uow, row.id, now)
    uow.session.flush()


def list_instances(uow: UnitOfWork, principal: Principal, cluster_id: int) -> list[Slot]:
    """Return the slots of a cluster that are placed on a worker. Raises NotFound."""
    row = get(uow, principal, cluster_id)
    return workers.placed_slots(uow, row.id)
