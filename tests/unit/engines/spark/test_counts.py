"""Counts of tasks through files, without a Spark."""

from __future__ import annotations

from pathlib import Path

import pytest

from penstock.engines.spark.counts import Counts, Totals, of_output, of_source
from penstock.engines.spark.errors import TaskFailed, found_in
from penstock.errors import PermanentError

ORDERS, OUT = of_source("orders"), of_output("out")


def test_chunks_add_up_and_a_second_try_counts_once(tmp_path: Path) -> None:
    counts, totals = Counts(tmp_path), Totals(tmp_path)
    assert totals.by_counter() == {}
    counts.add(0, {ORDERS: 5, OUT: 1})
    counts.add(1, {ORDERS: 7})
    assert totals.by_counter() == {ORDERS: 12, OUT: 1}
    counts.add(1, {ORDERS: 7})
    counts.add(2, {ORDERS: 0})
    totals.refresh()
    assert totals.by_counter() == {ORDERS: 12, OUT: 1} == Totals(tmp_path).by_counter()


def test_a_line_counts_once_it_is_whole(tmp_path: Path) -> None:
    totals = Totals(tmp_path)
    line = b'[3, ["source", "orders", 9]]\n'
    (tmp_path / "17").write_bytes(line[:10])
    assert totals.by_counter() == {}
    (tmp_path / "17").write_bytes(line)
    assert totals.by_counter() == {ORDERS: 9}


def test_nothing_is_left(tmp_path: Path) -> None:
    folder = tmp_path / "counts"
    folder.mkdir()
    Counts(folder).add(0, {ORDERS: 1})
    totals = Totals(folder)
    assert totals.by_counter() == {ORDERS: 1}
    totals.remove()
    assert list(tmp_path.iterdir()) == []
    totals.refresh()
    assert totals.by_counter() == {ORDERS: 1}


def test_where_nobody_asks_nothing_is_written(tmp_path: Path) -> None:
    Counts(None).add(0, {ORDERS: 1})
    assert list(tmp_path.iterdir()) == []


def test_an_executor_that_does_not_see_the_folder_says_so(tmp_path: Path) -> None:
    with pytest.raises(TaskFailed) as caught:
        Counts(tmp_path / "elsewhere" / "counts").add(0, {ORDERS: 1})
    found = found_in(str(caught.value))
    assert found is not None
    assert isinstance(found[0], PermanentError)
    assert "No such file or directory. It must see the files of the job under the same paths" in found[0].message
