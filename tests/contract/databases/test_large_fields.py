"""One field of 256 MiB: it passes whole where the job has the memory, and fails the job where not."""

from __future__ import annotations

import hashlib
from typing import Any

import pyarrow.parquet as pq
import pytest

SIZE = 256 << 20
FIELDS = ["id:int", "body:string"]


@pytest.mark.parametrize("base", ["postgres", "sqlite"], indirect=True)
def test_a_large_field_passes_whole(jobs: Any, base: Any) -> None:
    many = f"repeat('ab', {SIZE // 2})"
    if base.kind == "sqlite":
        many = f"replace(printf('%.*c', {SIZE // 2}, 'x'), 'x', 'ab')"
    base.sql("CREATE TABLE t (id int, body text)", f"INSERT INTO t VALUES (1, {many})")
    if base.kind == "sqlite":
        said = jobs.failed(jobs.source(FIELDS, table="t"), jobs.files(format="parquet"), memory_bytes=512 << 20)
        assert "ran out of memory" in said
        assert not (jobs.lake / "out").exists()
    jobs.run(jobs.source(FIELDS, table="t"), jobs.files(format="parquet"), memory_bytes=4 << 30)
    (file,) = (jobs.lake / "out").iterdir()
    text = pq.read_table(file)["body"][0].as_py()
    assert hashlib.sha256(text.encode()).digest() == hashlib.sha256(b"ab" * (SIZE // 2)).digest()
    del text
    base.sql("DELETE FROM t")
    jobs.run(jobs.records(FIELDS, path="out/", record_type="parquet"), jobs.target(), memory_bytes=4 << 30)
    assert base.rows("SELECT id, length(body), substr(body, 1, 3) FROM t") == [(1, SIZE, "aba")]
