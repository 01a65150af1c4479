"""The network between a job and its database, cut in mid-transfer: as a source at 0, 1, 50 and 99 % of what it sends, as a
target while records are sent. Nothing is published of half of a source, and no record is written twice."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

from penstock.connectors.databases import loading

if TYPE_CHECKING:
    from tests.contract.databases.conftest import Base, Jobs

ROWS = 20_000
FIELDS = ["id:int", "note:string"]


@pytest.fixture(params=["postgres", "mysql"])
def base(request: pytest.FixtureRequest) -> Base:
    """Each real server."""
    found: Base = request.getfixturevalue(f"{request.param}_base")
    return found


@pytest.fixture
def relay(base: Base, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """The way of jobs to the server, which can be told to break."""
    made = sys.modules["penstock_tests_servers"].Relay(base.connection["port"])
    base.connection = {**base.connection, "port": made.port}
    monkeypatch.setattr(loading, "RETRY_S", (0.0, 0.01, 0.01))
    yield made
    made.close()


def records() -> list[tuple[int, str]]:
    return [(number, f"{number:0100}") for number in range(ROWS)]


@pytest.mark.parametrize("share", [0.0, 0.01, 0.5, 0.99])
def test_a_source_that_is_cut(jobs: Jobs, base: Base, relay: Any, share: float) -> None:
    base.sql("CREATE TABLE t (id int, note varchar(100))")
    base.insert("t", records())
    steps = jobs.source(FIELDS, table="t"), jobs.files(merge_to_single_file=True)
    jobs.run(*steps)
    (old,) = (jobs.lake / "out").iterdir()
    before = old.read_bytes(), old.stat().st_mtime_ns
    assert before[0].count(b"\n") == ROWS
    relay.reset(1 if share == 0 else int(relay.most * share), for_ever=True)
    message = jobs.failed(*steps)
    assert "Component 'rows'" in message, message
    assert (old.read_bytes(), old.stat().st_mtime_ns) == before
    assert [one.name for one in jobs.lake.iterdir()] == ["out"]
    relay.reset()
    jobs.run(*steps)
    assert jobs.lines() == sorted(f"{number}\t{note}" for number, note in records())


@pytest.mark.parametrize("operation", ["append", "merge_update_insert"])
@pytest.mark.parametrize("share", [0.01, 0.5, 0.99])
def test_a_load_that_is_cut(jobs: Jobs, base: Base, relay: Any, share: float, operation: str) -> None:
    base.sql("CREATE TABLE t (id int primary key, note varchar(100))", "INSERT INTO t VALUES (-1, 'old')")
    (jobs.lake / "in.csv").write_text("".join(f"{number},{note}\n" for number, note in records()))
    steps = jobs.records(FIELDS), jobs.target(["id*", "note"], operation=operation)
    relay.reset(None, uploads=True)
    jobs.run(*steps)
    base.sql("DELETE FROM t WHERE id >= 0")
    size = relay.most
    # Whoever is always cut gives up, with the old row alone; whoever is cut once begins anew.
    relay.reset(int(size * share), uploads=True, for_ever=True)
    assert "Component 'load'" in jobs.failed(*steps)
    assert base.rows("SELECT id FROM t") == [(-1,)]
    relay.reset(int(size * share), uploads=True)
    receipt = jobs.run(*steps).outputs[0].receipt
    assert receipt["is_once"]
    assert base.rows("SELECT count(*), count(DISTINCT id), min(id) FROM t") == [(ROWS + 1, ROWS + 1, -1)]
