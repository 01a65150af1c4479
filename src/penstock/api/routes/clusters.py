"""Clusters: list, search, create, get, update, terminate, and their instances."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.responses import Response

from penstock.api.call import Current, Id
from penstock.api.openapi import many, one, operation, paged, parameter, searched, text
from penstock.api.paging import read_page
from penstock.api.route import Route
from penstock.api.schemas.clusters import cluster_json, instance_json
from penstock.domain.cluster import ClusterStatus
from penstock.services import clusters

router = APIRouter(tags=["Clusters"], route_class=Route)
_ALL = "/{account_id}/api/clusters"
_ONE = _ALL + "/{cluster_id}"

_LIST_QUERY = (
    parameter("status", text("all", one_of=("all", *ClusterStatus)), "Only clusters in this state."),
    *paged(sort=("created", "updated")),
)
_SEARCH_QUERY = searched(sort=("relevance", "created", "modified"), direction="desc")


@router.get(_ALL, **operation("listClusters", "List clusters", many("Cluster"), query=_LIST_QUERY))
def list_clusters(call: Current) -> Response:
    with call.reading() as (uow, principal, fields):
        asked = read_page(fields)
        page = clusters.list_page(uow, principal, asked, status=fields.get("status"))
        return call.answer_page([cluster_json(row, call.view) for row in page.items], asked, page)


@router.get(_ALL + "/search", **operation("searchClusters", "Search clusters", many("Cluster"), query=_SEARCH_QUERY))
def search_clusters(call: Current) -> Response:
    with call.reading() as (uow, principal, fields):
        asked = read_page(fields)
        page = clusters.search(uow, principal, fields.get("q"), asked)
        return call.answer_page([cluster_json(row, call.view) for row in page.items], asked, page)


@router.post(
    _ALL, **operation("createCluster", "Create a cluster", one("Cluster"), status=201, body=one("ClusterCreate"))
)
def create_cluster(call: Current) -> Response:
    with call.writing("cluster") as (uow, principal, fields):
        row = clusters.create(uow, principal, fields, call.deps.clock(), call.deps.installed)
    call.deps.wake()
    return call.answer(cluster_json(row, call.view), 201)


@router.get(_ONE, **operation("getCluster", "Get a cluster", one("Cluster")))
def get_cluster(call: Current, cluster_id: Id) -> Response:
    with call.reading() as (uow, principal, _):
        return call.answer(cluster_json(clusters.get(uow, principal, cluster_id), call.view))


@router.put(_ONE, **operation("updateCluster", "Change a cluster", one("Cluster"), body=one("ClusterUpdate")))
def update_cluster(call: Current, cluster_id: Id) -> Response:
    with call.writing("cluster") as (uow, principal, fields):
        row = clusters.update(uow, principal, cluster_id, fields, call.deps.clock())
    call.deps.wake()
    return call.answer(cluster_json(row, call.view))


@router.delete(_ONE, **operation("terminateCluster", "End a cluster", one("Cluster")))
def terminate_cluster(call: Current, cluster_id: Id) -> Response:
    with call.writing() as (uow, principal, _):
        row = clusters.terminate(uow, principal, cluster_id, call.deps.clock())
    call.deps.wake()
    return call.answer(cluster_json(row, call.view))


@router.get(
    _ONE + "/instances", **operation("listClusterInstances", "List a cluster's instances", many("ClusterInstance"))
)
def list_cluster_instances(call: Current, cluster_id: Id) -> Response:
    with call.reading() as (uow, principal, _):
        slots = clusters.list_instances(uow, principal, cluster_id)
        return call.answer([instance_json(slot, call.view) for slot in slots])


@router.get("/{account_id}/api/cluster_plans", **operation("listClusterPlans", "List plans", many("ClusterPlan")))
def list_cluster_plans(call: Current) -> Response:
    with call.reading():
        return call.answer([])
