"""Packages and their validations."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from penstock.store.tables.account import User
from penstock.store.tables.base import Base, Word


class Package(Base):
    """A package; *flow* is the wire's text, *variables* JSON text whose order counts."""

    __tablename__ = "packages"
    __table_args__ = (Index(None, "account_id", "created_at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"))
    owner_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    name: Mapped[str]
    description: Mapped[str | None]
    status: Mapped[str] = mapped_column(Word, default="active")
    flow_type: Mapped[str] = mapped_column(Word, default="dataflow")
    flow_version: Mapped[str] = mapped_column(Word, default="2.0.0")
    flow: Mapped[str]
    variables: Mapped[str] = mapped_column(default="{}")
    version: Mapped[int] = mapped_column(default=1)
    package_version: Mapped[str] = mapped_column(Word, default="1.0")
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]

    owner: Mapped[User] = relationship(lazy="raise")


class SecretVariable(Base):
    """A secret variable of a package; *sealed* is bound to package and name, None for one that has no value yet."""

    __tablename__ = "secret_variables"
    __table_args__ = (UniqueConstraint("package_id", "name"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    package_id: Mapped[int] = mapped_column(ForeignKey("packages.id"))
    name: Mapped[str]
    sealed: Mapped[str | None]
    updated_at: Mapped[datetime]


class PackageValidation(Base):
    """A check of a package; *errors* is a JSON list."""

    __tablename__ = "package_validations"

    id: Mapped[int] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"))
    package_id: Mapped[int] = mapped_column(ForeignKey("packages.id"), index=True)
    owner_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    status: Mapped[str] = mapped_column(Word)
    status_message: Mapped[str | None]
    runtime: Mapped[int | None]
    errors: Mapped[str] = mapped_column(default="[]")
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
