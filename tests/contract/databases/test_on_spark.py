"""Databases on the other engine: it reads and writes the same files, and knows nothing of databases."""

from __future__ import annotations

import json
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


def test_what_a_table_rejects_goes_to_a_second_output(jobs: Jobs, base: Base) -> None:
    """Under the number that its record has among those of all parts, whoever left others out before."""
    base.sql("CREATE TABLE t (id INTEGER, seen TIMESTAMP)")
    (jobs.lake / "in").mkdir()
    for part in range(3):
        lines = [f"{part}1,2024-05-06", f"{part}2,+300000-01-01", f"x{part}3,2024-05-06", f"{part}4,", f"y{part}5,"]
        (jobs.lake / "in" / f"{part}.csv").write_text("\n".join(lines) + "\n")
    jobs.engine = SparkEngine()
    components = [
        jobs.records(["id:string", "seen:datetime"], path="in/*.csv"), jobs.target(on_bad_value="skip"),
        {**jobs.files(path="bad", format="json"), "id": "b", "name": "bad"},
    ]  # fmt: skip
    edges = [{"from": "f", "to": "t"}, {"from": "t", "to": "b", "output": "rejected"}]
    loaded, kept = jobs.run(flow=json.dumps({"components": components, "edges": edges})).outputs
    assert base.rows("SELECT id FROM t ORDER BY id") == [(1,), (4,), (11,), (14,), (21,), (24,)]
    assert (loaded.records, loaded.receipt["rejected"], kept.records) == (6, 9, 9)
    found = [json.loads(line) for line in jobs.lines("bad")]
    numbers = [int(one["place"].removeprefix("record ")) for one in found]
    assert sorted(numbers) == [one + part for part in (0, 5, 10) for one in (2, 3, 5)]
    # The last digit of each id is where it stands in its part.
    assert all(
        (number - 1) % 5 + 1 == int(json.loads(one["record"])["id"][-1])
        for number, one in zip(numbers, found, strict=True)
    )
