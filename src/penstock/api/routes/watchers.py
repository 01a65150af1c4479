"""Watchers of clusters and jobs: who is told about them."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.responses import Response

from penstock.api.call import Current, Id
from penstock.api.openapi import many, one, operation
from penstock.api.route import Route
from penstock.api.schemas.watchers import cluster_watch_json, job_watch_json, watcher_json
from penstock.services import watchers

router = APIRouter(route_class=Route)
_CLUSTER = "/{account_id}/api/clusters/{cluster_id}/watchers"
_JOB = "/{account_id}/api/jobs/{job_id}/watchers"
_RUBY = "xplenty-rb/"
"""This client takes nothing but 200, where everybody else is told 201."""


@router.post(_CLUSTER, tags=["Clusters"], **operation("watchCluster", "Watch a cluster", one("ClusterWatch")))
def watch_cluster(call: Current, cluster_id: Id) -> Response:
    with call.writing() as (uow, principal, _):
        watch = watchers.watch(uow, principal, "cluster", cluster_id, call.deps.clock())
    return call.answer(cluster_watch_json(watch, call.view))


@router.delete(_CLUSTER, tags=["Clusters"], **operation("unwatchCluster", "Stop watching a cluster", None, status=204))
def unwatch_cluster(call: Current, cluster_id: Id) -> Response:
    with call.writing() as (uow, principal, _):
        watchers.unwatch(uow, principal, "cluster", cluster_id)
    return Response(status_code=204)


@router.get(
    _CLUSTER, tags=["Clusters"], **operation("listClusterWatchers", "List a cluster's watchers", many("Watcher"))
)
def list_cluster_watchers(call: Current, cluster_id: Id) -> Response:
    with call.reading() as (uow, principal, _):
        users = watchers.list_watchers(uow, principal, "cluster", cluster_id)
        return call.answer([watcher_json(user) for user in users])


@router.post(_JOB, tags=["Jobs"], **operation("watchJob", "Watch a job", one("JobWatch"), status=201))
def watch_job(call: Current, job_id: Id) -> Response:
    with call.writing() as (uow, principal, _):
        watch = watchers.watch(uow, principal, "job", job_id, call.deps.clock())
    return call.answer(job_watch_json(watch, call.view), 200 if call.user_agent.startswith(_RUBY) else 201)


@router.delete(_JOB, tags=["Jobs"], **operation("unwatchJob", "Stop watching a job", None, status=204))
def unwatch_job(call: Current, job_id: Id) -> Response:
    with call.writing() as (uow, principal, _):
        watchers.unwatch(uow, principal, "job", job_id)
    return Response(status_code=204)


@router.get(_JOB, tags=["Jobs"], **operation("listJobWatchers", "List a job's watchers", many("Watcher")))
def list_job_watchers(call: Current, job_id: Id) -> Response:
    with call.reading() as (uow, principal, _):
        users = watchers.list_watchers(uow, principal, "job", job_id)
        return call.answer([watcher_json(user) for user in users])
