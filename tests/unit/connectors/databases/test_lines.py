"""Staged records are read in parts: whatever the files and their groups of rows are, each record is in one part."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from penstock.connectors.databases.lines import Reading, StagedFiles


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, ...]:
    """Twenty records in four files, one of them empty, some in groups of three."""
    made, first = [], 0
    for index, (size, group) in enumerate([(7, 3), (0, 1), (1, 1), (12, 5)]):
        numbers = list(range(first, first + size))
        table = pa.table({"a": pa.array(numbers, pa.int32()), "a.b": [f"n{n}" for n in numbers], "c": [0.5] * size})
        made.append(tmp_path / f"{index}.parquet")
        pq.write_table(table, made[-1], row_group_size=group)
        first += size
    return tuple(made)


def numbers(files: StagedFiles) -> list[int]:
    return [one for batch in files.batches() for one in batch.column(0).to_pylist()]


@pytest.mark.parametrize("size", [1, 2, 3, 4, 7, 8, 19, 20, 50])
def test_parts_are_all_records_in_order(files: tuple[Path, ...], size: int) -> None:
    ends = [*range(0, 20, size), 20]
    parts = [numbers(StagedFiles(files, None, first, end)) for first, end in pairwise(ends)]
    assert [len(part) for part in parts] == [end - first for first, end in pairwise(ends)]
    assert [one for part in parts for one in part] == list(range(20))
    assert numbers(StagedFiles(files)) == list(range(20))


@pytest.mark.parametrize("size", [1, 3, 7, 20])
def test_chunks_are_read_on_from_one_another(files: tuple[Path, ...], size: int) -> None:
    """And anew where one was given up, or is wanted again."""
    reading = Reading()

    def part(first: int) -> StagedFiles:
        return StagedFiles(files, None, first, min(first + size, 20), reading)

    for first in range(0, 20, size):
        begun = part(first).batches()
        next(begun)
        assert numbers(part(first)) == list(range(first, min(first + size, 20)))
    assert numbers(part(0)) == list(range(min(size, 20)))
    reading.close()
    assert numbers(part(0)) == list(range(min(size, 20)))


def test_what_lies_between_two_chunks_is_not_read_twice(
    files: tuple[Path, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    opened, reading, kind = [], Reading(), pq.ParquetFile

    def opening(path: Path, **given: object) -> pq.ParquetFile:
        opened.append(path)
        return kind(path, **given)

    monkeypatch.setattr(pq, "ParquetFile", opening)
    found = [numbers(StagedFiles(files, None, first, min(first + 3, 20), reading)) for first in range(0, 20, 3)]
    assert [one for part in found for one in part] == list(range(20))
    assert len(opened) == len(files)


def test_columns_are_those_that_are_asked_for(files: tuple[Path, ...]) -> None:
    """Also where the name of one begins as that of another does."""
    made = pa.Table.from_batches(StagedFiles(files, ("a",), 6, 9).batches())
    assert (made.column_names, made["a"].to_pylist()) == (["a"], [6, 7, 8])
    made = pa.Table.from_batches(StagedFiles(files, ("c", "a.b")).batches())
    assert (made.column_names, made.num_rows) == (["c", "a.b"], 20)


def test_a_part_as_a_file(files: tuple[Path, ...]) -> None:
    with StagedFiles(files).whole() as paths:
        assert paths == files
    for first, end in ((5, 11), (3, 3)):
        with StagedFiles(files, None, first, end).whole() as (path,):
            assert pq.read_table(path)["a"].to_pylist() == list(range(first, end))
            assert pq.read_schema(path) == pq.read_schema(files[0])
        assert sorted(one.name for one in path.parent.iterdir()) == sorted(one.name for one in files)
