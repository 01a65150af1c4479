"""Files that are whole while DuckDB writes others: they are told of once, in one order, and no other is."""

from __future__ import annotations

from pathlib import Path
from typing import cast

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from penstock.engines.duckdb import whole
from penstock.engines.duckdb.whole import Whole
from penstock.plan.ports import Early


class Told:
    """What is told (`ports.Early`)."""

    def __init__(self) -> None:
        self.names: list[str] = []
        self.times = 0

    def whole(self, name: str) -> None:
        self.names.append(name)

    def anew(self) -> None:
        self.names.clear()
        self.times += 1


@pytest.fixture
def told() -> Told:
    return Told()


@pytest.fixture
def looking(tmp_path: Path, told: Told) -> Whole:
    made = Whole(tmp_path, cast("Early", told))
    made.clear()
    return made


def put(folder: Path, number: int) -> Path:
    path = folder / "parts" / f"part{number}.parquet"
    pq.write_table(pa.table({"n": [number] * 9}), path)
    return path


def name_of(path: Path) -> str:
    return f"parts/{path.name}"


def test_only_what_is_whole_is_told_of(tmp_path: Path, told: Told, looking: Whole) -> None:
    first, second = put(tmp_path, 2), put(tmp_path, 10)
    content = second.read_bytes()
    # Without its end, and with a text of a record that looks like it; of another name.
    second.write_bytes(content[:-1])
    (tmp_path / "parts" / "part3.parquet").write_bytes(content[:20] + b"PAR1")
    (tmp_path / "parts" / "part4.parquet").write_bytes(b"")
    (tmp_path / "parts" / "other.parquet").write_bytes(content)
    looking.look()
    assert told.names == [name_of(first)]
    second.write_bytes(content)
    looking.look()
    looking.look()
    assert told.names == [name_of(first), name_of(second)]


def test_the_rest_is_told_of_where_anything_was(tmp_path: Path, told: Told, looking: Whole) -> None:
    put(tmp_path, 1)
    looking.look()
    put(tmp_path, 11), put(tmp_path, 0), put(tmp_path, 2)
    looking.rest()
    assert told.names == looking.names == [f"parts/part{number}.parquet" for number in (1, 0, 2, 11)]


def test_what_was_written_at_once_is_not_told_of(tmp_path: Path, told: Told, looking: Whole) -> None:
    put(tmp_path, 0)
    looking.rest()
    assert (told.names, looking.names) == ([], ["parts/part0.parquet"])


def test_what_is_left_of_a_statement_goes(tmp_path: Path, told: Told, looking: Whole) -> None:
    put(tmp_path, 0)
    (tmp_path / "parts" / "kept").touch()
    looking.clear()
    assert told.times == 2
    assert [one.name for one in looking.place.iterdir()] == ["kept"]


def test_it_looks_by_itself(tmp_path: Path, told: Told, looking: Whole, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(whole, "LOOK_S", 0.0)
    put(tmp_path, 0)
    with looking:
        while not told.names:
            pass
    put(tmp_path, 1)
    assert told.names == ["parts/part0.parquet"]
