"""What a receipt says, and what it leaves out because nobody can know it."""

from __future__ import annotations

from pathlib import Path

import pytest

from penstock.errors import PermanentError
from penstock.plan.dtypes import BOOLEAN, LONG
from penstock.plan.exprs import Literal
from penstock.plan.operators import (
    ConnectionRef,
    Distinct,
    FileSource,
    FileTarget,
    Filter,
    Operator,
    Plan,
    Scan,
    ScanField,
    Union,
    Write,
)
from penstock.plan.ports import Connection, Publication, Staged, Written
from penstock.plan.schema import Field, Schema
from penstock.plan.values import Value
from penstock.runtime.receipts import check, published, sentence, sums, with_receipts

SCHEMA = Schema((Field("id", LONG),))
LAKE = ConnectionRef("lake")
SUMS = {"hash": "0f" * 16, "key": {"fields": ["id", "day"], "minimum": ["1", "x"], "maximum": ["9", "a"]}}


def scan(name: str) -> Scan:
    return Scan(name, FileSource(LAKE, name, (ScanField("id"),)), SCHEMA)


def some(given: Operator) -> Filter:
    return Filter("some", given, Literal(Value(BOOLEAN.kind, True), BOOLEAN), SCHEMA)


@pytest.mark.parametrize(
    ("given", "receipt"),
    [
        (some(scan("a")), {"read": {"a": 9}, "left_out": 2, "bytes": 5}),
        (some(scan("silent")), {"read": {}, "bytes": 5, "watermarks": {"silent": "n: everything, up to 5"}}),
        (Distinct("once", scan("a"), (), SCHEMA), {"read": {"a": 9}, "bytes": 5}),
        (Union("all", (scan("a"), some(scan("b"))), SCHEMA), {"read": {"a": 9, "b": 3_000_000_000}, "bytes": 5}),
    ],
    ids=["filter", "nobody counted", "distinct", "union"],
)
def test_what_is_known_before_publication(tmp_path: Path, given: Operator, receipt: dict[str, object]) -> None:
    (tmp_path / "part-0").write_text("123")
    (tmp_path / "part-1").write_text("45")
    write = Write("out", "1", "", given, FileTarget(LAKE, "out", (("id", "id"),)))
    staged = {"out": Staged(write, Connection("lake", "file"), tmp_path, tmp_path / "out", "job-1-1")}
    counts = {"a": 9, "b": 3_000_000_000, "elsewhere": 4}
    said = {"silent": "n: everything, up to 5", "elsewhere": "n: no value"}
    (made,) = with_receipts(Plan((write,)), counts, [Written("out", 7, ("part-0", "part-1"))], staged, said)
    assert made.receipt == receipt


def test_what_the_engine_says_is_part_of_it(tmp_path: Path) -> None:
    write = Write("out", "1", "", some(scan("a")), FileTarget(LAKE, "out", (("id", "id"),)))
    staged = {"out": Staged(write, Connection("lake", "file"), tmp_path, tmp_path / "out", "job-1-1")}
    ran = Written("out", 5, (), receipt={"rejected": 1, **SUMS})
    (made,) = with_receipts(Plan((write,)), {"a": 9}, [ran], staged, {})
    assert made.receipt == {"read": {"a": 9}, "left_out": 4, "filtered": 3, "rejected": 1, "bytes": 0, **SUMS}
    receipt = published(made, Publication(("t",), left_out=2))
    assert (receipt["rejected"], receipt["left_out"], receipt["filtered"], receipt["written"]) == (3, 6, 3, 3)
    assert sentence(receipt) == "9 read from a, 3 filtered, 3 rejected"
    assert sums(receipt) == f"id/day 1/x to 9/a, hash {SUMS['hash']}"
    assert sums({"hash": "0f"}) == "hash 0f"
    assert sums({}) == ""
    unknown = published(made, Publication(("t",), left_out=None))
    assert not {"rejected", "left_out", "filtered", "written"} & set(unknown)


def test_files_that_have_changed_are_refused(tmp_path: Path) -> None:
    (tmp_path / "part-0").write_text("123")
    write = Write("out", "1", "", scan("a"), FileTarget(LAKE, "out", (("id", "id"),)))
    staged = Staged(write, Connection("lake", "file"), tmp_path, tmp_path / "out", "job-1-1")
    for size, files in ((3, ("part-0",)), (5, ("part-0", "moved-away")), (None, ("part-0",))):
        check(Written("out", 1, files, receipt={"bytes": size} if size else None), staged)
    with pytest.raises(PermanentError, match="4 bytes were staged, and there are 3"):
        check(Written("out", 1, ("part-0",), receipt={"bytes": 4}), staged)


def test_a_published_receipt_and_its_sentence() -> None:
    written = Written("out", 7, (), receipt={"read": {"a": 9000}, "left_out": 2, "bytes": 5})
    receipt = published(written, Publication(("t",), is_once=False, checks={"keys": "1 to 7"}))
    assert receipt == {
        "read": {"a": 9000}, "left_out": 2, "bytes": 5, "written": 7, "is_once": False, "checks": {"keys": "1 to 7"},
    }  # fmt: skip
    assert sentence(receipt) == "9,000 read from a, 2 left out, keys 1 to 7"
    assert sentence(published(Written("out", 7, ()), Publication(()))) == ""
