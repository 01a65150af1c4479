"""What a task of Spark's reads of one file, without a Spark: every record once, whatever turns out on the way."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import pytest

from penstock.engines.duckdb.batches import BATCH_ROWS
from penstock.engines.spark.counts import REREAD, Counter, Counts, Totals, of_dropped, of_source, of_tally
from penstock.engines.spark.errors import TaskFailed, found_in
from penstock.engines.spark.scan import Reader
from penstock.errors import DataError, PenstockError, PermanentError
from penstock.plan import dtypes
from penstock.plan.operators import ConnectionRef, FileSource, Scan, ScanField
from penstock.plan.ports import BoundSource, Context, FileEntry
from penstock.plan.schema import Field, Schema

BEFORE = 15 * BATCH_ROWS
"""Records before the odd one: enough for some batches to be given before it is met."""


def totals_of(reader: Reader) -> Mapping[Counter, int]:
    assert reader.counts.folder is not None
    return Totals(reader.counts.folder).by_counter()


def reader_of(path: Path, on_bad_value: str = "set_null", **spec: object) -> Reader:
    source = FileSource(
        ConnectionRef("lake"), path.name, (ScanField("n"), ScanField("text")), delimiter=",", on_bad_value=on_bad_value,
        **spec,  # type: ignore[arg-type] -- a test names what it sets
    )  # fmt: skip
    scan = Scan("orders", source, Schema((Field("n", dtypes.INT), Field("text", dtypes.CHARARRAY))))
    file = FileEntry(str(path), path.name, path.stat().st_size)
    counted = path.with_suffix(".counts")
    counted.mkdir()
    return Reader(scan, BoundSource(source, (file,)), Context(datetime(2026, 1, 2, tzinfo=UTC)), Counts(counted))


def records_of(reader: Reader) -> list[tuple[object, ...]]:
    return [tuple(row.values()) for batch in reader.part(0) for row in batch.to_pylist()]


def failure_of(reader: Reader) -> PenstockError:
    with pytest.raises(TaskFailed) as caught:
        records_of(reader)
    found = found_in(str(caught.value))
    assert found is not None
    return found[0]


def lines(count: int, end: str = "\n") -> str:
    return "".join(f"{n},text {n}{end}" for n in range(count))


@pytest.mark.parametrize(
    ("odd", "wanted"),
    [
        ("7,eight,nine\n", [(7, "eight")]),
        ("7,eight\r9,ten\n", [(7, "eight"), (9, "ten")]),
        ("7,eight\r\n9,ten\n", [(7, "eight"), (9, "ten")]),
        (f"7,{'x' * (2 << 20)}\n", [(7, "x" * (2 << 20))]),
    ],
    ids=["surplus values", "a return alone", "another line end", "a long line"],
)
def test_every_record_is_given_once_where_the_odd_one_comes_late(
    odd: str, wanted: list[tuple[object, ...]], tmp_path: Path
) -> None:
    path = tmp_path / "orders.csv"
    path.write_text(lines(BEFORE) + odd + lines(BEFORE), "utf-8", newline="")
    reader = reader_of(path)
    plain = [(n, f"text {n}") for n in range(BEFORE)]
    batches = reader.part(0)
    given = next(batches).to_pylist()
    assert REREAD not in totals_of(reader)
    given += [row for batch in batches for row in batch.to_pylist()]
    assert [tuple(row.values()) for row in given] == [*plain, *wanted, *plain]
    counted = totals_of(reader)
    assert counted[of_source("orders")] == 2 * BEFORE + len(wanted)
    assert counted[REREAD] == 1


def test_a_file_that_changes_while_it_is_read_fails(tmp_path: Path) -> None:
    path = tmp_path / "orders.csv"
    path.write_text(lines(BEFORE) + "7,eight\r9,ten\n" + lines(1), "utf-8", newline="")
    reader = reader_of(path)
    batches = reader.part(0)
    next(batches)
    path.write_text("0,first\n" + path.read_bytes().decode(), "utf-8", newline="")
    with pytest.raises(TaskFailed, match="gave other records"):
        list(batches)


def test_what_did_not_fit_is_counted(tmp_path: Path) -> None:
    path = tmp_path / "orders.csv"
    path.write_text(f"1,a\nx,b\ny,c\n2,{'long' * 100}\n", "utf-8")
    reader = reader_of(path, line_max_bytes=100)
    assert records_of(reader) == [(1, "a"), (None, "b"), (None, "c")]
    counted = totals_of(reader)
    assert counted[of_dropped("orders")] == 1
    said = "orders: {count} became null, for 'n' is no int there"
    assert counted[of_tally("orders", 0, said)] == 2


def test_a_bad_value_behind_the_first_batches_fails_with_its_place(tmp_path: Path) -> None:
    path = tmp_path / "orders.csv"
    path.write_text(lines(BEFORE) + "x,y\n", "utf-8")
    error = failure_of(reader_of(path, on_bad_value="fail"))
    assert isinstance(error, DataError)
    assert error.message.startswith(
        f"Component 'orders', field 'n': the value 'x' is no int (orders.csv, line {BEFORE + 1})."
    )


def test_bytes_that_are_no_text_fail_with_their_place(tmp_path: Path) -> None:
    path = tmp_path / "orders.csv"
    path.write_bytes(lines(BEFORE).encode() + b"1,\xff\n")
    error = failure_of(reader_of(path))
    assert isinstance(error, PermanentError)
    assert error.message.startswith(f"Component 'orders': orders.csv is not valid UTF-8, in line {BEFORE + 1}.")
