"""A server whose disk is full: the load fails and says so, the table is as it was, and a later job finds nothing in its way."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import pytest

ROWS = 60_000
"""Of five hundred bytes each: more than the server is given room for."""
ROOM = 20 << 20


@pytest.fixture(scope="module")
def market(new_market: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """A MariaDB of these tests alone: one whose own files are larger than the room that is left ends itself."""
    return new_market()


@pytest.fixture
def records() -> str:
    return "".join(f"{number},{'x' * 490}{number:010}\n" for number in range(ROWS))


@pytest.mark.parametrize(
    ("base", "operation", "said"),
    [
        ("postgres", "append", "could not extend file"),
        ("postgres", "merge_update_insert", "could not extend file"),
        ("mysql", "append", "The table 't' is full"),
    ],
    indirect=["base"],
)
def test_a_load_without_room(
    request: pytest.FixtureRequest, jobs: Any, base: Any, records: str, operation: str, said: str
) -> None:
    # Not merges of MariaDB: where it finds no room for temporary tables, it ends itself.
    is_ours = base.kind == "postgres"
    pid = request.getfixturevalue("postgres").process.pid if is_ours else request.getfixturevalue("market")["pid"]
    base.sql("CREATE TABLE t (id int primary key, a varchar(600))", "INSERT INTO t VALUES (-1, 'old')")
    (jobs.lake / "in.csv").write_text(records)
    steps = jobs.records(["id:int", "a:string"]), jobs.target(["id*", "a"], operation=operation)
    with sys.modules["penstock_tests_servers"].full(pid, ROOM):
        assert said in jobs.failed(*steps)
    assert base.rows("SELECT id, a FROM t") == [(-1, "old")]
    jobs.run(*steps)
    assert base.rows("SELECT count(*) FROM t WHERE id >= 0") == [(ROWS,)]
