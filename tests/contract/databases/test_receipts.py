"""What a load is made of is compared with what was staged before it is committed (R14, R25), and told in its receipt."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.fakes.hashes import of_records

from penstock.plan.dtypes import Kind
from penstock.plan.values import Value

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from tests.contract.databases.conftest import Base, Jobs

    from penstock.plan.ports import Written

TWO = ["id:int", "name:string"]


@pytest.fixture
def table(base: Base) -> Base:
    """A table with a row."""
    base.sql("CREATE TABLE t (id int, name varchar(5))", "INSERT INTO t VALUES (1, 'old')")
    return base


def test_a_receipt_of_a_merge(jobs: Jobs, table: Base) -> None:
    given = {"operation": "merge_update_insert", "mapping": ["name", "id*"]}
    receipt = jobs.write("2,two\n1,one\n,none\n", TWO, **given).outputs[0].receipt
    assert receipt["key"] == {"fields": ["id"], "minimum": ["1"], "maximum": ["2"]}
    assert (receipt["read"], receipt["filtered"], receipt["rejected"], receipt["written"]) == ({"records": 3}, 0, 0, 3)
    assert receipt["checks"] == {"arrived": "3", "updated": "1", "inserted": "2"}
    names = {2: "two", 1: "one", None: "none"}
    rows = [
        [Value(Kind.CHARARRAY, name), None if number is None else Value(Kind.INT, number)]
        for number, name in names.items()
    ]
    assert receipt["hash"] == of_records(rows)
    again = jobs.write("2,two\n1,one\n", TWO, **given).outputs[0].receipt  # MySQL counts no row that stays as it is
    assert again["checks"]["inserted"] == "0"


def test_a_key_of_several_fields(jobs: Jobs, table: Base) -> None:
    receipt = (
        jobs.write("2,b\n10,a\n2,a\n", TWO, operation="merge_delete_insert", mapping=["id*", "name*"])
        .outputs[0]
        .receipt
    )
    assert receipt["key"] == {"fields": ["id", "name"], "minimum": ["2", "a"], "maximum": ["10", "a"]}
    assert receipt["checks"] == {"arrived": "3", "inserted": "3"}


class Spoiling:
    """A gate behind which a staged file grows."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def grant(self, outputs: Sequence[Written]) -> None:
        (file,) = (one for one in self.folder.rglob("*") if one.is_file() and ".staging-" in str(one))
        with file.open("ab") as stream:
            stream.write(b"more")


def test_files_that_are_not_as_they_were_staged_are_not_published(jobs: Jobs, table: Base) -> None:
    (jobs.lake / "in.csv").write_text("2,two\n")
    (jobs.lake / "out").mkdir()
    (jobs.lake / "out" / "old.csv").write_text("old\n")
    for output, folder in ((jobs.target(), jobs.folder / "staging"), (jobs.files(), jobs.lake)):
        said = jobs.failed(jobs.records(TWO), output, gate=Spoiling(folder))
        assert "bytes were staged, and there are" in said
    assert (jobs.lines(), table.rows("SELECT * FROM t")) == (["old"], [(1, "old")])
