"""Workers and slots: who is alive, and where a cluster's slots are placed."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import delete, func, select, update

from penstock.store.tables import Cluster, Slot, Worker
from penstock.store.unit_of_work import UnitOfWork


def placed_slots(uow: UnitOfWork, cluster_id: int) -> list[Slot]:
    """Return a cluster's slots that are placed on a worker, by number."""
    wanted = select(Slot).where(Slot.cluster_id == cluster_id, Slot.worker_id.is_not(None))
    return list(uow.session.scalars(wanted.order_by(Slot.number)))


def slots(uow: UnitOfWork, cluster_id: int) -> list[Slot]:
    """Return a cluster's slots by number."""
    return list(uow.session.scalars(select(Slot).where(Slot.cluster_id == cluster_id).order_by(Slot.number)))


def live(uow: UnitOfWork, now: datetime) -> list[Worker]:
    """Return the workers whose lease runs, by age. None of them can leave before the transaction ends."""
    wanted = select(Worker).where(Worker.lease_until > now).order_by(Worker.started_at, Worker.id)
    return list(uow.session.scalars(wanted.with_for_update(read=True, key_share=True)))


def loads(uow: UnitOfWork) -> dict[str, int]:
    """Return how many slots are placed on each worker."""
    counted = select(Slot.worker_id, func.count()).where(Slot.worker_id.is_not(None)).group_by(Slot.worker_id)
    return {str(worker): int(count) for worker, count in uow.session.execute(counted)}


def of_clusters(uow: UnitOfWork, statuses: Collection[str], now: datetime) -> list[Slot]:
    """Return the slots on live workers of the clusters in some states, by cluster and number."""
    wanted = select(Slot).join(Worker, Worker.id == Slot.worker_id).join(Cluster, Cluster.id == Slot.cluster_id)
    wanted = wanted.where(Worker.lease_until > now, Cluster.status.in_(statuses))
    return list(uow.session.scalars(wanted.order_by(Slot.cluster_id, Slot.number)))


def homeless(uow: UnitOfWork, now: datetime) -> list[Slot]:
    """Return slots of no worker, or of one whose lease has run out."""
    alive = select(Worker.id).where(Worker.lease_until > now)
    wanted = select(Slot).where(Slot.worker_id.is_(None) | Slot.worker_id.not_in(alive))
    return list(uow.session.scalars(wanted.order_by(Slot.cluster_id, Slot.number)))


def remove_slots(uow: UnitOfWork, cluster_id: int) -> None:
    """Remove every slot of a cluster."""
    uow.session.execute(delete(Slot).where(Slot.cluster_id == cluster_id))


def forget_dead(uow: UnitOfWork, before: datetime) -> None:
    """Remove workers whose lease ended before an instant and on which nothing is placed."""
    used = select(Slot.worker_id).where(Slot.worker_id.is_not(None))
    # One that comes back at this moment is not waited for.
    gone = (
        select(Worker.id).where(Worker.lease_until < before, Worker.id.not_in(used)).with_for_update(skip_locked=True)
    )
    uow.session.execute(delete(Worker).where(Worker.id.in_(gone)).execution_options(synchronize_session=False))


def renew(uow: UnitOfWork, worker_id: str, lease_until: datetime) -> bool:
    """Prolong a worker's lease; False when the row is gone."""
    changed = uow.session.execute(update(Worker).where(Worker.id == worker_id).values(lease_until=lease_until))
    return bool(changed.rowcount)  # type: ignore[attr-defined]  # the result of an UPDATE has it


def release(uow: UnitOfWork, worker_id: str) -> None:
    """Take a worker that ends out: its slots are free to be placed elsewhere at once."""
    # Before its slots: whoever places slots holds the row, and is waited for here, with no slot locked.
    uow.session.execute(select(Worker.id).where(Worker.id == worker_id).with_for_update())
    uow.session.execute(update(Slot).where(Slot.worker_id == worker_id).values(worker_id=None))
    uow.session.execute(delete(Worker).where(Worker.id == worker_id))
