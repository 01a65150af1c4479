"""Watermarks of packages."""

from __future__ import annotations

from sqlalchemy import delete, select

from penstock.store.tables import Package, Watermark
from penstock.store.unit_of_work import UnitOfWork


def of_package(uow: UnitOfWork, package_id: int) -> list[Watermark]:
    """Return the watermarks of a package."""
    wanted = select(Watermark).where(Watermark.package_id == package_id)
    return list(uow.session.scalars(wanted.order_by(Watermark.component, Watermark.id)))


def locked(uow: UnitOfWork, package_id: int) -> dict[tuple[str, str], Watermark]:
    """Return the watermarks of a package by component and source key; nobody else moves one until this transaction ends, nor
    adds one, for which the package is locked."""
    uow.session.execute(select(Package.id).where(Package.id == package_id).with_for_update(key_share=True))
    wanted = select(Watermark).where(Watermark.package_id == package_id).execution_options(populate_existing=True)
    return {(one.component_id, one.source_key): one for one in uow.session.scalars(wanted)}


def remove(uow: UnitOfWork, ids: list[int]) -> None:
    """Remove watermarks."""
    uow.session.execute(delete(Watermark).where(Watermark.id.in_(ids)))
