"""`penstock keys` over a store of its own."""

from __future__ import annotations

import stat
from datetime import UTC, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner

from penstock.cli.app import app
from penstock.kit.sealing import Seal, key_id, make_key, read_keys
from penstock.services import connections
from penstock.services.accounts import bootstrap
from penstock.services.principal import Principal
from penstock.services.session import Sessions, open_store
from penstock.settings import Settings
from penstock.store.tables import Account, Connection, User
from penstock.wiring import places

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def call(*words: str, code: int = 0) -> str:
    done = CliRunner().invoke(app, ["keys", *words])
    assert done.exit_code == code, (done.output, done.exception)
    assert "canary" not in done.output
    return done.output


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Sessions:
    """A store with a sealed password, and its key in the folder."""
    for name in ("PENSTOCK_DATABASE_URL", "PENSTOCK_SEALING_KEY", "PENSTOCK_CONFIG"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PENSTOCK_DATA_DIR", str(tmp_path))
    settings = Settings(data_dir=tmp_path)
    places.make_sealing_key(settings)
    opened = open_store(places.database_url(settings))
    with opened.write() as uow:
        bootstrap(uow, "acme", "a-key-of-16-letters", NOW)
        principal = Principal(uow.session.query(User).one(), uow.session.query(Account).one())
        connections.create(uow, principal, "xero", {"name": "x", "password": "canary"}, NOW, places.seal(settings))
    opened.close()
    return opened


def password(store: Sessions, seal: Seal) -> str:
    with store.read() as uow:
        return connections.opened(uow.session.query(Connection).one(), seal)["password"].reveal()


def test_a_rotation_makes_a_key_and_seals_everything_anew(store: Sessions, tmp_path: Path) -> None:
    file = tmp_path / places.SEALING_KEY
    old = read_keys(file.read_text().strip())
    running = places.seal(Settings(data_dir=tmp_path))
    said = call("rotate")
    keys = read_keys(file.read_text().strip())
    assert (keys[1:], len(keys), stat.S_IMODE(file.stat().st_mode)) == (old, 2, 0o600)
    assert said == f"1 secrets were sealed anew with the key {key_id(keys[0])}, 0 had it already.\n"
    assert password(store, Seal(keys[:1])) == "canary"
    assert password(store, running) == "canary", "a process that runs reads the new key"
    shown = call("show").splitlines()
    assert [line.split() for line in shown] == [
        [key_id(keys[0]), "seals", "1", "secrets"], [key_id(keys[1]), "opens", "0", "secrets"],
    ]  # fmt: skip
    assert call("reseal").startswith("0 secrets were sealed anew")
    assert sorted(one.name for one in tmp_path.glob("sealing.key*")) == ["sealing.key"]


def test_keys_of_the_settings_are_the_operators(
    store: Sessions, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old, new = (tmp_path / places.SEALING_KEY).read_text().strip(), make_key()
    monkeypatch.setenv("PENSTOCK_SEALING_KEY", old)
    done = CliRunner().invoke(app, ["keys", "rotate"])
    assert "The keys come from PENSTOCK_SEALING_KEY" in str(done.exception)
    monkeypatch.setenv("PENSTOCK_SEALING_KEY", f"{new},{old}")
    assert call("reseal").startswith("1 secrets were sealed anew")
    assert password(store, Seal(read_keys(new))) == "canary"


def test_a_lost_key_is_named(store: Sessions, tmp_path: Path) -> None:
    file = tmp_path / places.SEALING_KEY
    lost = key_id(read_keys(file.read_text().strip())[0])
    file.write_text(make_key())
    assert f"{lost}  is lost  1 secrets" in call("show")
    said = call("reseal", code=1)
    assert "Cannot be opened, and has to be set anew: the password of XERO_CONNECTION_1." in said


def test_without_a_key_there_is_nothing_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PENSTOCK_SEALING_KEY", raising=False)
    for command in ("show", "rotate", "reseal"):
        done = CliRunner().invoke(app, ["keys", command, "--data-dir", str(tmp_path)])
        assert "There is no key here" in str(done.exception)


def test_new_keys_can_be_used() -> None:
    assert len(read_keys(call("new").strip())) == 1
