"""All secrets of a store are sealed anew with the first key, batch by batch, on both databases."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from penstock.errors import PermanentError
from penstock.kit.sealing import Seal, key_id
from penstock.services import connections, packages, sealed, secrets
from penstock.services.accounts import bootstrap
from penstock.services.principal import Principal
from penstock.services.session import Sessions, open_store
from penstock.store.tables import Account, Connection, SecretVariable, User

OLD, NEW, LOST = bytes(32), bytes(range(32)), bytes(range(1, 33))
NOW = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
def sessions(store_url: str) -> Iterator[Sessions]:
    opened = open_store(store_url)
    with opened.write() as uow:
        bootstrap(uow, "acme", "a-key-of-16-letters", NOW)
    yield opened
    opened.close()


@pytest.fixture
def filled(sessions: Sessions, monkeypatch: pytest.MonkeyPatch) -> Sessions:
    """Five connections of two secrets and a package of two, one without a value, all sealed with the old key."""
    monkeypatch.setattr(sealed, "BATCH", 2)
    seal = Seal([OLD])
    with sessions.write() as uow:
        principal = Principal(uow.session.query(User).one(), uow.session.query(Account).one())
        for number in range(5):
            given = {"name": "x", "password": f"canary {number}", "refresh_token": f"canary r{number}"}
            connections.create(uow, principal, "xero", given, NOW, seal)
        raw = {"name": "p", "data_flow_json": "{}", "secret_variables": {"a": "canary v", "b": None}}
        packages.create(uow, principal, raw, NOW, seal)
    return sessions


def opened(sessions: Sessions, seal: Seal) -> list[str | None]:
    with sessions.read() as uow:
        rows = uow.session.query(Connection).order_by(Connection.id).all()
        found: list[str | None] = [one.reveal() for row in rows for one in connections.opened(row, seal).values()]
        variable = uow.session.query(SecretVariable).first()
        assert variable is not None
        return [*found, *secrets.opened(uow, variable.package_id, seal).values()]


def test_every_secret_is_sealed_anew_and_only_once(filled: Sessions) -> None:
    before = opened(filled, Seal([OLD]))
    assert sealed.used(filled) == {key_id(OLD): 11}
    done = sealed.reseal(filled, Seal([NEW, OLD]))
    assert (done.anew, done.kept, done.closed) == (11, 0, [])
    assert sealed.used(filled) == {key_id(NEW): 11}
    assert opened(filled, Seal([NEW])) == before
    with pytest.raises(PermanentError, match="was sealed with the key"):
        opened(filled, Seal([OLD]))
    again = sealed.reseal(filled, Seal([NEW, OLD]))
    assert (again.anew, again.kept, again.closed) == (0, 11, [])


def test_what_was_cut_off_goes_on(filled: Sessions, monkeypatch: pytest.MonkeyPatch) -> None:
    seal, whole, count = Seal([NEW, OLD]), Seal([NEW]), iter(range(100))

    class Cut(Exception):
        pass

    def fails(text: str, bound: str) -> str:
        if next(count) == 5:
            raise Cut
        return whole.seal(text, bound)

    monkeypatch.setattr(seal, "seal", fails)
    with pytest.raises(Cut):
        sealed.reseal(filled, seal)
    assert sealed.used(filled) == {key_id(OLD): 7, key_id(NEW): 4}
    assert len(opened(filled, Seal([NEW, OLD]))) == 12
    done = sealed.reseal(filled, Seal([NEW, OLD]))
    assert (done.anew, done.kept) == (7, 4)


def test_what_cannot_be_opened_is_named_and_left(filled: Sessions) -> None:
    with filled.write() as uow:
        row = uow.session.query(Connection).order_by(Connection.id).first()
        assert row is not None
        tokens = json.loads(row.secrets)
        tokens["password"] = Seal([LOST]).seal("canary", connections.bound_to(row.id, "password"))
        row.secrets = json.dumps(tokens)
        name = row.unique_id
    done = sealed.reseal(filled, Seal([NEW, OLD]))
    assert (done.anew, done.closed) == (10, [f"the password of {name}"])
    assert sealed.used(filled) == {key_id(NEW): 10, key_id(LOST): 1}
