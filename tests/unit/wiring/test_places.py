"""Where an installation keeps its key for secrets."""

from __future__ import annotations

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from penstock.errors import BadRequest, PermanentError
from penstock.kit.sealing import Seal
from penstock.settings import Settings
from penstock.wiring import places


def test_a_key_is_made_once_and_for_its_owner_alone(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path)
    places.make_sealing_key(settings)
    file = tmp_path / "sealing.key"
    made = file.read_text()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    token = places.seal(settings).seal("x", "p")
    places.make_sealing_key(settings)
    assert file.read_text() == made
    assert places.seal(settings).open(token, "p") == "x"
    assert [one.name for one in tmp_path.iterdir()] == ["sealing.key"]


def test_processes_that_start_at_once_agree_on_a_key(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: places.make_sealing_key(settings), range(8)))
    assert [one.name for one in tmp_path.iterdir()] == ["sealing.key"]
    places.seal(settings).seal("x", "p")


def test_the_setting_wins_and_makes_no_file(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path, sealing_key="00" * 32)
    places.make_sealing_key(settings)
    assert list(tmp_path.iterdir()) == []
    assert Seal([bytes(32)]).open(places.seal(settings).seal("x", "p"), "p") == "x"


def test_without_a_key_nothing_is_sealed(tmp_path: Path) -> None:
    with pytest.raises(PermanentError, match="PENSTOCK_SEALING_KEY"):
        places.seal(Settings(data_dir=tmp_path)).seal("x", "p")


@pytest.mark.parametrize("text", ["", "short", "\xff"])
def test_a_file_that_holds_no_key_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "sealing.key").write_bytes(text.encode("latin-1"))
    with pytest.raises(BadRequest, match=r"sealing\.key' cannot be read: it holds no key of 32 bytes"):
        places.seal(Settings(data_dir=tmp_path))
