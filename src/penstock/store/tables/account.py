"""Accounts, users, who is a member of what, and API keys."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from penstock.store.tables.base import Base, Word


class Account(Base):
    """An account; *account_id* is the text in every path, *variables* JSON text whose order counts."""

    __tablename__ = "accounts"

    id: Mapped[int] = mapped_column(primary_key=True)
    account_id: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    region: Mapped[str]
    payment_required: Mapped[bool] = mapped_column(default=False)
    variables: Mapped[str] = mapped_column(default="{}")
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]


class User(Base):
    """A person."""

    __tablename__ = "users"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    email: Mapped[str] = mapped_column(unique=True)
    gravatar_email: Mapped[str | None]
    avatar_url: Mapped[str | None]
    time_zone: Mapped[str] = mapped_column(default="UTC")
    location: Mapped[str | None]
    confirmed: Mapped[bool] = mapped_column(default=True)
    confirmed_at: Mapped[datetime | None]
    notify_email: Mapped[bool] = mapped_column(default=True)
    notify_web: Mapped[bool] = mapped_column(default=True)
    receive_newsletter: Mapped[bool] = mapped_column(default=False)
    last_login: Mapped[datetime | None]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]


class Member(Base):
    """A user's place in an account."""

    __tablename__ = "members"
    __table_args__ = (UniqueConstraint("account_id", "user_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"))
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), index=True)
    role: Mapped[str] = mapped_column(Word)
    is_owner: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime]


class ApiKey(Base):
    """A key, stored as the SHA-256 of its text; *prefix* is shown to tell keys apart."""

    __tablename__ = "api_keys"

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    hash: Mapped[str] = mapped_column(Word, unique=True)
    prefix: Mapped[str] = mapped_column(Word)
    created_at: Mapped[datetime]

    user: Mapped[User] = relationship(lazy="joined")
