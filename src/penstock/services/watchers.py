"""Watchers: who is told about a cluster or a job (wire reference 3.2). Users add and remove only themselves."""

from __future__ import annotations

from datetime import datetime

from penstock.errors import NotFound
from penstock.services.principal import Principal
from penstock.store.queries import pages, people
from penstock.store.tables import Cluster, Job, User, Watch
from penstock.store.unit_of_work import UnitOfWork

_KINDS: dict[str, type[Cluster] | type[Job]] = {"cluster": Cluster, "job": Job}


def watch(uow: UnitOfWork, principal: Principal, kind: str, resource_id: int, now: datetime) -> Watch:
    """Watch a resource; twice is once. Raises NotFound."""
    _require(uow, principal, kind, resource_id, locked=True)  # two calls at once would enter it twice
    return begin(uow, principal.user.id, kind, resource_id, now)


def begin(uow: UnitOfWork, user_id: int, kind: str, resource_id: int, now: datetime) -> Watch:
    """Make a user watch a resource that is known to exist."""
    found = people.watch(uow, kind, resource_id, user_id)
    if found is None:
        found = Watch(kind=kind, resource_id=resource_id, user_id=user_id, created_at=now)
        uow.session.add(found)
        uow.session.flush()
    return found


def unwatch(uow: UnitOfWork, principal: Principal, kind: str, resource_id: int) -> None:
    """Stop watching a resource; quiet when there was no watch. Raises NotFound."""
    _require(uow, principal, kind, resource_id)
    people.end_watch(uow, kind, resource_id, principal.user.id)


def list_watchers(uow: UnitOfWork, principal: Principal, kind: str, resource_id: int) -> list[User]:
    """Return who watches a resource. Raises NotFound."""
    _require(uow, principal, kind, resource_id)
    return people.watchers(uow, kind, resource_id)


def _require(uow: UnitOfWork, principal: Principal, kind: str, resource_id: int, *, locked: bool = False) -> None:
    if pages.get(uow, _KINDS[kind], resource_id, principal.tenant.id, locked=locked) is None:
        raise NotFound("Item not found.")
