"""Workers and slots: who is alive, and where a cluster's slots are placed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import delete, func, select, update

from penstock.store.tables import Slot, Worker
from penstock.store.unit_of_work import UnitOfWork


def placed_slots(uow: UnitOfWork, cluster_id: int) -> list[Slot]:
    """Return a cluster's slots that are placed on a worker, by number."""
    wanted = select(Slot).where(Slot.cluster_id == cluster_id, Slot.worker_id.is_not(None))
    return list(uow.session.scalars(wanted.order_by(Slot.number)))


def slots(uow: UnitOfWork, cluster_id: int) -> list[Slot]:
    """Return a cluster's slots by number."""
    return list(uow.session.scalars(select(Slot).where(Slot.cluster_id == cluster_id).order_by(Slot.number)))


def live(uow: UnitOfWork, now: datetime) -> list[Worker]:
    """Return the workers whose lease runs, by age."""
    wanted = select(Worker).where(Worker.lease_until > now).order_by(Worker.started_at, Worker.id)
    return list(uow.session.scalars(wanted))


def loads(uow: UnitOfWork) -> dict[str, int]:
    """Return how many slots are placed on each worker."""
    counted = select(Slot.worker_id, func.count()).where(Slot.worker_id.is_not(None)).group_by(Slot.worker_id)
    return {str(worker): int(count) for worker, count in uow.session.execute(counted)}


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
    uow.session.execute(delete(Worker).where(Worker.lease_until < before, Worker.id.not_in(used)))


def renew(uow: UnitOfWork, worker_id: str, lease_until: datetime) -> bool:
    """Prolong a worker's lease; False when the row is gone."""
    changed = uow.session.execute(update(Worker).where(Worker.id == worker_id).values(lease_until=lease_until))
    return bool(changed.rowcount)  # type: ignore[attr-defined]  # the result of an UPDATE has it


def release(uow: UnitOfWork, worker_id: str) -> None:
    """Take a worker that ends out: its slots are free to be placed elsewhere at once."""
    uow.session.execute(update(Slot).where(Slot.worker_id == worker_id).values(worker_id=None))
    uow.session.execute(delete(Worker).where(Worker.id == worker_id))


def of_worker(uow: UnitOfWork, worker_id: str) -> Sequence[tuple[int, int]]:
    """Return (cluster id, number of slots placed on the worker)."""
    counted = select(Slot.cluster_id, func.count()).where(Slot.worker_id == worker_id).group_by(Slot.cluster_id)
    return [(int(cluster), int(count)) for cluster, count in uow.session.execute(counted)]
