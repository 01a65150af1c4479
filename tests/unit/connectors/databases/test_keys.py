"""Keys of staged records that are whole numbers are compared without the database."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from penstock.connectors.databases import keys
from penstock.connectors.databases.targets import Column, Family, Item, Table
from penstock.errors import PermanentError
from penstock.plan.dtypes import Kind


def quoted(name: str) -> str:
    return f"[{name}]"


@pytest.mark.parametrize(
    ("family", "kind", "others", "plain"),
    [
        (Family.WHOLE, Kind.INT, (), True),
        (Family.WHOLE, Kind.LONG, ("b",), True),
        (Family.WHOLE, Kind.CHARARRAY, (), False),
        (Family.DECIMAL, Kind.LONG, (), False),
        (Family.TEXT, Kind.LONG, (), False),
        (Family.WHOLE, Kind.LONG, ("A",), False),
    ],
)
def test_which_keys_are_one_only_where_their_numbers_are(
    family: Family, kind: Kind, others: tuple[str, ...], plain: bool
) -> None:
    table = Table("t", (Column("a", "", family), *(Column(one, "text", Family.TEXT) for one in others)))
    items = [Item("a", kind, True), *(Item(one, Kind.CHARARRAY, False) for one in others)]
    assert keys.are_plain(table, items) is plain


def test_two_records_of_one_key_are_found_in_whichever_files(tmp_path: Path) -> None:
    paths = [tmp_path / "1.parquet", tmp_path / "2.parquet"]
    for path, first, second in zip(
        paths, ([1, 2, None], [2, 3, None]), (["x", "y", "z"], ["z", "y", "z"]), strict=True
    ):
        pq.write_table(pa.table({"a": pa.array(first, pa.int64()), "b": second}), path)
    keys.check(paths, ["a", "b"], quoted)
    keys.check(paths[:1], ["a"], quoted)
    with pytest.raises(PermanentError, match=r"^2 records have the key \[a\] 2, and it is not known"):
        keys.check(paths, ["a"], quoted)
    assert sorted(tmp_path.iterdir()) == paths
