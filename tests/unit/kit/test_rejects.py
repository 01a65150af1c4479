"""Rejected records as files."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from penstock.kit import rejects
from penstock.kit.rejects import SCHEMA, SIFTED, WRITTEN, Numbers, RejectsFile, joined, land


def batch(*numbers: int) -> pa.RecordBatch:
    rows = [{"number": one, "record": f'{{"n":{one}}}', "reason": "no"} for one in numbers]
    return pa.RecordBatch.from_pylist(rows, schema=SCHEMA)


def file_of(path: Path, *numbers: int) -> Path:
    made = RejectsFile(path)
    made.add(batch(*numbers))
    made.close()
    return path


@pytest.mark.parametrize("gone", [[], [1], [3], [1, 2, 3], [2, 5, 6], [10]])
def test_the_numbers_of_those_that_stay(gone: list[int], tmp_path: Path) -> None:
    numbers = Numbers(file_of(tmp_path / "a", *reversed(gone)))
    stay = [one for one in range(1, 13) if one not in gone]
    assert [numbers.given(at) for at in range(len(stay))] == stay


def test_numbers_count_on_from_part_to_part(tmp_path: Path) -> None:
    parts = [(file_of(tmp_path / "a", 2), 0), (file_of(tmp_path / "b"), 3), (file_of(tmp_path / "c", 1, 4), 5)]
    joined(parts, tmp_path / "all")
    assert pq.read_table(tmp_path / "all").column("number").to_pylist() == [2, 6, 9]
    joined([], tmp_path / "none")
    assert pq.read_metadata(tmp_path / "none").num_rows == 0


def test_what_lands(tmp_path: Path) -> None:
    assert land(tmp_path, tmp_path / "landed") == 0
    file_of(tmp_path / WRITTEN, 4)
    file_of(tmp_path / SIFTED, 1234)
    assert land(tmp_path, tmp_path / "landed") == 2
    assert pq.read_table(tmp_path / "landed").to_pylist() == [
        {"record": '{"n":4}', "reason": "no", "place": "record 4"},
        {"record": '{"n":1234}', "reason": "no", "place": "record 1,234"},
    ]


def test_several_threads_write_one_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rejects, "_GROUP", 7)
    made = RejectsFile(tmp_path / "a")
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda number: made.add(batch(number)), range(100)))
    made.close()
    assert made.records == 100
    found = pq.ParquetFile(tmp_path / "a")
    assert sorted(found.read().column("number").to_pylist()) == list(range(100))
    assert found.metadata.num_row_groups == 15
