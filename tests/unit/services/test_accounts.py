"""The first account of a store."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from penstock.errors import InvalidFields
from penstock.services import access
from penstock.services.accounts import bootstrap, is_empty, make_key
from penstock.services.session import open_store

NOW = datetime(2026, 1, 1, tzinfo=UTC)
KEY = "a-key-of-the-owner"


def test_an_account_has_an_owner_whose_key_opens_it(tmp_path: Path) -> None:
    store = open_store(f"sqlite:///{tmp_path / 'penstock.db'}")
    with store.write() as uow:
        assert is_empty(uow)
        bootstrap(uow, "acme", KEY, NOW)
        assert not is_empty(uow)
    with store.read() as uow:
        user, account = access.identify(uow, KEY, "acme")
        assert (user.email, account is not None) == ("owner@acme.invalid", True)
        assert access.identify(uow, KEY, "other")[1] is None
    store.close()


@pytest.mark.parametrize(
    "account",
    ["", "accounts", "user", "regions", "rate_limit_status", "livez", "a/b", " a", "a ", "a b", "..", ".", "-a", "a?b", "a#b",
     "a%2F", "a\x00", "a\n", "x" * 101],
)  # fmt: skip
def test_an_account_cannot_have_any_name(tmp_path: Path, account: str) -> None:
    store = open_store(f"sqlite:///{tmp_path / 'penstock.db'}")
    with store.write() as uow, pytest.raises(InvalidFields, match="PENSTOCK_ACCOUNT"):
        bootstrap(uow, account, KEY, NOW)
    store.close()


@pytest.mark.parametrize("account", ["acme", "Acme-2", "a.b_c", "7", "größe", "users"])
def test_it_can_have_an_ordinary_name(tmp_path: Path, account: str) -> None:
    store = open_store(f"sqlite:///{tmp_path / 'penstock.db'}")
    with store.write() as uow:
        assert bootstrap(uow, account, KEY, NOW).account_id == account
    store.close()


def test_a_short_key_is_refused(tmp_path: Path) -> None:
    store = open_store(f"sqlite:///{tmp_path / 'penstock.db'}")
    with store.write() as uow, pytest.raises(InvalidFields, match="PENSTOCK_API_KEY"):
        bootstrap(uow, "acme", "x" * 15, NOW)
    store.close()


def test_generated_keys_are_told_by_their_beginning() -> None:
    assert make_key().startswith("pstk_")
    assert len(make_key()) > 40
    assert make_key() != make_key()
