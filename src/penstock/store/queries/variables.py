"""Variables that are not part of a package's own row: its secrets, and those of its account."""

from __future__ import annotations

from sqlalchemy import select

from penstock.store.tables import Account, SecretVariable
from penstock.store.unit_of_work import UnitOfWork


def secrets(uow: UnitOfWork, package_id: int) -> list[SecretVariable]:
    """Return the secret variables of a package, in the order in which they were first given."""
    wanted = select(SecretVariable).where(SecretVariable.package_id == package_id)
    return list(uow.session.scalars(wanted.order_by(SecretVariable.id)))


def secret_names(uow: UnitOfWork, package_id: int) -> list[str]:
    """Return their names alone."""
    wanted = select(SecretVariable.name).where(SecretVariable.package_id == package_id)
    return list(uow.session.scalars(wanted.order_by(SecretVariable.id)))


def of_account(uow: UnitOfWork, account_id: int) -> str:
    """Return the variables of an account, as JSON text."""
    return uow.session.scalar(select(Account.variables).where(Account.id == account_id)) or "{}"
