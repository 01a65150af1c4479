"""Parts of large files, without a Spark: together they give the records of the file, each once and in order."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

import pytest

from penstock.engines.spark.counts import Counts, Totals, of_dropped, of_source
from penstock.engines.spark.errors import TaskFailed, found_in
from penstock.engines.spark.parts import LEAST_BYTES, MOST_BYTES, Part, cut_out, parts_of
from penstock.engines.spark.scan import Reader
from penstock.plan import dtypes
from penstock.plan.operators import ConnectionRef, FileSource, Scan, ScanField
from penstock.plan.ports import BoundSource, Context, FileEntry
from penstock.plan.schema import Field, Schema

CSV = {"delimiter": ","}
JSON = {"record_type": "json"}
MARK = b"\xef\xbb\xbf"
TEXTS: dict[str, tuple[bytes, dict[str, object]]] = {
    "plain": (b"n,text\n1,a\n2,b\n\n3,\n4", {**CSV, "skip_header": True}),
    "by name": (b"text,n,more\na,1,x\nb,2\n,3,y,z\n", {**CSV, "skip_header": True, "match_fields": "name"}),
    "no header": (b"1,a\nx,b\n3,\xc3\xa4\n", CSV),
    "several line ends": (b"1,a\r\n2,b\r3,c\n\r\n4,d\n", CSV),
    "quotes": (b'1,"a,b"\n2,"c ""d"""\n3,"open\n4,"e"\n', {**CSV, "quote": '"'}),
    "marks": (MARK + b"1,a\n" + MARK + b"2,b\n" + MARK + b"3,c\n4,d\n", CSV),
    "one column": (b"1\n\n2\n \n3\n", {**CSV, "fields": ("n",)}),
    "long lines": (b"1,a\n2," + b"b" * 90 + b"\n3,c\n4,d\n", {**CSV, "line_max_bytes": 20}),
    "latin": (b"1,\xe4\n2,\xf6\n3,\xfc\n", {**CSV, "encoding": "iso-8859-1"}),
    "json": (b'{"n": 1, "text": "a"}\n\nnot json\n{"text": "b", "n": "x"}\r\n{"n": 3}', JSON),
}


def reader_of(path: Path, spec: dict[str, object], *parts: Part) -> Reader:
    """Return what reads a file in parts; each reader counts for itself."""
    names = spec.get("fields", ("n", "text"))
    assert isinstance(names, tuple)
    source = FileSource(
        ConnectionRef("lake"), path.name, tuple(map(ScanField, names)), **{k: v for k, v in spec.items() if k != "fields"}  # type: ignore[arg-type] -- a test names what it sets
    )  # fmt: skip
    kinds = {"n": dtypes.INT, "text": dtypes.CHARARRAY}
    scan = Scan("orders", source, Schema(tuple(Field(name, kinds[name]) for name in names)))
    counted = path.parent / f"counts-{len(list(path.parent.iterdir()))}"
    counted.mkdir()
    bound = BoundSource(source, (FileEntry(str(path), path.name, path.stat().st_size),))
    return Reader(scan, bound, Context(datetime(2026, 1, 2, tzinfo=UTC)), Counts(counted), None, parts)


def read(reader: Reader) -> tuple[list[dict[str, object]], dict[tuple[str, ...], int]]:
    """Return all records, and what was counted."""
    numbers = range(max(len(reader.parts), 1))
    records = [row for number in numbers for batch in reader.part(number) for row in batch.to_pylist()]
    assert reader.counts.folder is not None
    return records, {key: count for key, count in Totals(reader.counts.folder).by_counter().items() if count}


@pytest.mark.parametrize("name", TEXTS)
def test_parts_give_the_records_of_the_file(name: str, tmp_path: Path) -> None:
    raw, spec = TEXTS[name]
    path = tmp_path / "orders.csv"
    path.write_bytes(raw)
    whole, counted = read(reader_of(path, spec))
    assert whole
    first_line = raw.index(b"\n") + 1
    for cut in range(first_line if "json" not in name else 1, len(raw), 3):
        records, sums = read(reader_of(path, spec, Part(0, 0, cut), Part(0, cut)))
        assert records == whole, cut
        assert sums.get(of_source("orders")) == counted[of_source("orders")]
        assert sums.get(of_dropped("orders"), 0) == counted.get(of_dropped("orders"), 0)
        assert {key for key in sums if key[0] == "tally"} == {key for key in counted if key[0] == "tally"}


def test_cuts_lie_at_lines(tmp_path: Path) -> None:
    path = tmp_path / "orders.csv"
    path.write_bytes(b"1,aaaa\n2,b\n3,c\n")
    source = FileSource(ConnectionRef("lake"), "", (), delimiter=",")
    file = FileEntry(str(path), path.name, path.stat().st_size)
    target = tmp_path / "part"
    cuts = [0, 3, 5, 11, None]
    texts = []
    for begin, end in pairwise(cuts):
        assert begin is not None
        made = cut_out(source, file, Part(0, begin, end), target)
        texts.append(None if made is None else target.read_bytes())
    assert texts == [b"1,aaaa\n", None, b"1,aaaa\n2,b\n", b"1,aaaa\n3,c\n"]


def test_a_bad_value_in_a_part_fails_with_its_place_in_the_file(tmp_path: Path) -> None:
    path = tmp_path / "orders.csv"
    path.write_bytes(b"1,a\n2,b\n3,c\nx,d\n")
    reader = reader_of(path, {**CSV, "on_bad_value": "fail"}, Part(0, 0, 8), Part(0, 8))
    with pytest.raises(TaskFailed) as caught:
        read(reader)
    found = found_in(str(caught.value))
    assert found is not None
    assert "the value 'x' is no int (orders.csv, line 4)" in found[0].message


def large(path: Path, first: bytes = b"n,text\n", size: int = 3 * LEAST_BYTES) -> FileEntry:
    """Make a file that looks large, and holds little."""
    with path.open("wb") as stream:
        stream.write(first)
        stream.truncate(size)
    return FileEntry(str(path), path.name, size)


@pytest.mark.parametrize(
    ("spec", "first"),
    [
        ({"quote": '"', "quote_multi_line": True}, b"n\n"),
        ({"escape": "\\"}, b"n\n"),
        ({"encoding": "utf-16"}, b"n\n"),
        ({"compression": "gzip"}, b"n\n"),
        ({"record_type": "json", "record_delimiter": "eof"}, b"n\n"),
        ({"record_type": "parquet"}, b"n\n"),
        ({"fields": (ScanField(None, "line_number"),)}, b"n\n"),
        ({}, b"n\rm\n"),
        ({}, b"\n"),
        ({}, MARK + b"\n"),
        ({}, b"n" * (1 << 17) + b"\n"),
        ({"line_max_bytes": 3}, b"n,text\n"),
    ],
)
def test_what_may_not_be_cut_is_one_part(spec: dict[str, object], first: bytes, tmp_path: Path) -> None:
    file = large(tmp_path / "in.csv", first)
    source = FileSource(ConnectionRef("lake"), "", **{"fields": (), "delimiter": ",", **spec})  # type: ignore[arg-type] -- a test names what it sets
    assert parts_of(source, (file,), 2) == (Part(0),)


def test_large_files_are_parts_for_all_cores(tmp_path: Path) -> None:
    source = FileSource(ConnectionRef("lake"), "", (), delimiter=",", quote='"', escape='"')
    file, small = large(tmp_path / "a.csv"), FileEntry("b.csv", "b.csv", LEAST_BYTES)
    size = file.size_bytes
    found = parts_of(source, (small, file), 2)
    assert found == (Part(0), Part(1, 0, size // 3), Part(1, size // 3, size * 2 // 3), Part(1, size * 2 // 3, None))
    huge = large(tmp_path / "c.csv", size=100 * MOST_BYTES)
    assert len(parts_of(source, (huge,), 2)) == 100
