"""Rows that hold sealed secrets, batch by batch."""

from __future__ import annotations

from sqlalchemy import select

from penstock.store.tables import Connection, SecretVariable
from penstock.store.unit_of_work import UnitOfWork


def connections(uow: UnitOfWork, after: int, size: int) -> list[Connection]:
    """Return connections in the order of their ids, those behind *after*; until the transaction ends nobody changes them."""
    wanted = select(Connection).where(Connection.id > after).order_by(Connection.id).limit(size)
    return list(uow.session.scalars(wanted.with_for_update()))


def variables(uow: UnitOfWork, after: int, size: int) -> list[SecretVariable]:
    """Return secret variables likewise."""
    wanted = select(SecretVariable).where(SecretVariable.id > after).order_by(SecretVariable.id).limit(size)
    return list(uow.session.scalars(wanted.with_for_update()))
