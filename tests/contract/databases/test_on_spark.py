"""Databases on the other engine: it reads and writes the same files, and knows nothing of databases."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from penstock.engines.spark.run import SparkEngine

if TYPE_CHECKING:
    from tests.contract.databases.conftest import Base, Jobs


@pytest.fixture
def base(duckdb_base: Base) -> Base:
    return duckdb_base


def test_a_table_goes_into_a_table(jobs: Jobs, base: Base, tmp_path: Path) -> None:
    base.sql(
        "CREATE TABLE t (id INTEGER, name VARCHAR, score DECIMAL(38, 10), made TIMESTAMP)",
        "INSERT INTO t VALUES (1, 'a', 0.1, '2024-05-06 07:08:09.123'), (2, '', NULL, NULL), (NULL, NULL, 5, '0001-01-01')",
    )
    jobs.engine = SparkEngine()
    fields = ["id:long", {"name": "name", "alias": "called"}, "score:double", "made:datetime"]
    for _ in range(2):
        jobs.run(
            jobs.source(fields, table="t"),
            jobs.target(
                ["id*", "called", "score", "made"], table="u", auto_create_table=True, operation="merge_delete_insert"
            ),
        )
    times = "strftime(made, '%Y-%m-%d %H:%M:%S.%g')"
    assert base.rows(f"SELECT id, called, score, {times} FROM u WHERE id IS NOT NULL ORDER BY id") == [
        (1, "a", 0.1, "2024-05-06 07:08:09.123"), (2, "", None, None),
    ]  # fmt: skip
    # A key that is null matches nothing.
    assert base.rows("SELECT count(*), min(score) FROM u WHERE id IS NULL") == [(2, 5.0)]
