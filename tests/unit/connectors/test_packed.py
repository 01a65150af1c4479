"""Packed sources: what is read, and that none that is cut off or damaged is taken for a whole one."""

from __future__ import annotations

import bz2
import gzip
from collections.abc import Callable
from typing import Any

import pytest

Read = Callable[..., Any]
SMALL = gzip.compress(b"1,2\n3,4\n")
BIG = gzip.compress(b"".join(b"%d,%d\n" % (n, n * 7919 % 10007) for n in range(200_000)))
CSV = {"delimiter": ","}


def test_gzip_is_known_by_the_end_of_the_name_or_said(read: Read) -> None:
    rows = [["1", "2"], ["3", "4"]]
    assert read({"in.csv.gz": SMALL}, ["a:string", "b:string"], **CSV) == rows
    assert read({"in.dat": SMALL}, ["a:string", "b:string"], compression="gzip", **CSV) == rows
    assert read({"plain.gz": b"1,2\n3,4\n"}, ["a:string", "b:string"], compression="none", **CSV) == rows


def test_gzip_of_several_members_and_padding_is_read_whole(read: Read) -> None:
    assert len(read({"in.csv.gz": SMALL + SMALL}, ["a:int"], **CSV)) == 4
    assert len(read({"in.csv.gz": BIG}, ["a:int"], **CSV)) == 200_000


@pytest.mark.parametrize("kept", [0.001, 0.5, 0.999])
def test_gzip_that_is_cut_off_fails_the_job(read: Read, kept: float) -> None:
    said = read({"in.csv.gz": BIG[: int(len(BIG) * kept)]}, ["a:int"], **CSV)
    assert said == "Component 'in': in.csv.gz is cut off: its gzip stream does not end. Put the whole file there again."


@pytest.mark.parametrize("lost", [1, 2, 7, 8, 9, 12, 15, len(SMALL) - 3])
def test_no_byte_of_gzip_may_be_missing(read: Read, lost: int) -> None:
    assert "in.csv.gz is cut off" in read({"in.csv.gz": SMALL[:-lost]}, ["a:int"], **CSV)


def test_gzip_with_a_wrong_sum_or_more_at_its_end_fails_the_job(read: Read) -> None:
    for content, said in (
        (SMALL[:-8] + b"\0\0\0\0" + SMALL[-4:], "is damaged"),
        (SMALL + b"more", "holds more than gzip"),
        (b"1,2\n", "is no gzip file"),
        (b"", "is no gzip file"),
    ):
        assert said in read({"in.csv.gz": content}, ["a:int"], **CSV)


def test_json_lines_that_are_cut_off_fail_the_job(read: Read) -> None:
    whole = gzip.compress(b'{"a": 1}\n' * 1000)
    assert len(read({"in.json.gz": whole}, ["a:int"], record_type="json")) == 1000
    assert "is cut off" in read({"in.json.gz": whole[:-9]}, ["a:int"], record_type="json")


def test_what_is_packed_otherwise_is_refused(read: Read) -> None:
    for name in ("in.csv.bz2", "in.csv.zip", "in.csv.ZIP"):
        assert "is packed in a way that is not available" in read({name: bz2.compress(b"1,2\n")}, ["a:int"], **CSV)
    assert "End its name in '.gz'" in read({"in.csv.GZ": SMALL}, ["a:int"], **CSV)
