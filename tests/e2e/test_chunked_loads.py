"""A load in chunks through the server: its worker is killed between two chunks, and what takes the job over goes on there."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import psutil
import psycopg
import pytest
from sqlalchemy import create_engine, text

Wait = Callable[..., Any]
CHUNKS, SIZE = 6, 50
GATE = """
CREATE TABLE t (n int, at text);
CREATE TABLE opened (up_to int);
INSERT INTO opened VALUES (0);
CREATE FUNCTION wait() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE first int;
BEGIN
  SELECT min(n) INTO first FROM new_rows;
  WHILE (SELECT up_to FROM opened) <= first LOOP
    PERFORM pg_sleep(0.01);
  END LOOP;
  RETURN NULL;
END $$;
CREATE TRIGGER gate AFTER INSERT ON t REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION wait();
GRANT ALL ON t, opened TO reader;
GRANT ALL ON SCHEMA public TO reader
"""
"""Records from *up_to* on wait in their transaction, as long as a test wants them to."""


class Loads:
    """A job of a server that loads numbers in chunks behind a gate."""

    def __init__(self, server: Any, flows: Any, shop: dict[str, Any], url: str, data: Path) -> None:
        self.server = server
        self.base = psycopg.connect(url, autocommit=True)
        self.base.execute(GATE.encode())
        lake = server.connect(data)
        flows.write_numbers(data, CHUNKS * SIZE)
        name = url.partition("@/")[2].partition("?")[0]
        key = server.call("POST", "connections/postgres", {"name": data.name, **shop, "database": name})["unique_id"]
        target = flows.step("database_destination", "load", table="t", chunk_records=SIZE)
        package = flows.flow(
            flows.source("numbers", lake, "numbers.csv", ("n", "int")), {**target, "connection": key},
            edges=[("numbers", "load")],
        )  # fmt: skip
        self.job_id = server.submit(server.cluster(), server.package(package))

    def let(self, records: int) -> None:
        """Let in what lies before so many records."""
        self.base.execute("UPDATE opened SET up_to = %s", [records])

    def chunks(self) -> int:
        """How many chunks the ledger knows."""
        is_there = self.base.execute("SELECT to_regclass('_penstock_ledger') IS NOT NULL").fetchone()
        found = self.base.execute("SELECT chunk FROM _penstock_ledger").fetchone() if is_there == (True,) else None
        return 0 if found is None else int(found[0])

    def is_waiting(self) -> bool:
        """Whether a chunk waits at the gate."""
        found = self.base.execute("SELECT 1 FROM pg_stat_activity WHERE query LIKE 'COPY%' AND state = 'active'")
        return found.fetchone() is not None

    def kill(self) -> None:
        """Kill the worker and its processes, and end what it holds, as time would. What the database has of the open chunk goes
        once it comes through the gate, for nobody commits it."""
        worker = self.server.worker_process()
        below = worker.children(recursive=True)
        os.kill(worker.pid, signal.SIGKILL)
        psutil.wait_procs(below, 10)
        engine = create_engine(self.server.store)
        with engine.begin() as store:
            store.execute(text("UPDATE jobs SET lease_until = created_at"))
            store.execute(text("UPDATE workers SET lease_until = started_at"))
        engine.dispose()

    def rows(self) -> list[int]:
        """What is in the table."""
        return [int(row[0]) for row in self.base.execute("SELECT n FROM t ORDER BY n")]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, new_server: Callable[..., Any]) -> Any:
    """A server that both tests use, and whose workers they kill."""
    home = tmp_path_factory.mktemp("server")
    return new_server(home, f"sqlite:///{home}/store.db", PENSTOCK_OUTBOUND_ALLOW="127.0.0.0/8", PENSTOCK_SLOTS="2")


@pytest.fixture
def loads(
    server: Any, flows: Any, shop: dict[str, Any], new_database: Callable[[], str], data: Path
) -> Iterator[Loads]:
    made = Loads(server, flows, shop, new_database(), data)
    with closing(made.base):
        yield made


def test_what_takes_over_a_load_goes_on_behind_its_last_chunk(loads: Loads, wait_until: Wait) -> None:
    server, job_id = loads.server, loads.job_id
    loads.let(2 * SIZE)
    wait_until(lambda: loads.chunks() == 2 and loads.is_waiting())
    assert loads.rows() == list(range(2 * SIZE))
    loads.kill()
    loads.let(CHUNKS * SIZE)
    job = server.wait(job_id)
    assert job["status"] == "completed", job["errors"]
    assert loads.rows() == list(range(CHUNKS * SIZE))
    checks = job["outputs"][0]["receipt"]["checks"]
    assert checks["chunks"] == f"{CHUNKS}"
    assert checks["chunks of an earlier attempt"] == "2"
    # The chunk that was open is the only one that was sent twice.
    assert checks["arrived"] == f"{(CHUNKS - 2) * SIZE}"
    assert checks["records of an earlier attempt"] == f"{2 * SIZE}"
    log = server.log(job_id)
    assert "2 chunks were written by an earlier attempt" in log
    assert f"chunk {CHUNKS} of {CHUNKS} is written, {CHUNKS * SIZE} of {CHUNKS * SIZE} records" in log


def test_a_load_whose_worker_dies_three_times_says_what_stands(loads: Loads, wait_until: Wait) -> None:
    server, job_id = loads.server, loads.job_id
    for death in (1, 2, 3):
        loads.let(death * SIZE)
        written = f"chunk {death} of {CHUNKS} is written, {death * SIZE} of {CHUNKS * SIZE} records"
        wait_until(lambda: written in server.log(job_id) and loads.is_waiting())  # noqa: B023 -- called at once
        loads.kill()
    job = server.wait(job_id)
    assert job["status"] == "failed"
    assert "its worker died 3 times" in job["errors"]
    assert (
        f"Component 'load': 3 of {CHUNKS} chunks were written before, {3 * SIZE} of {CHUNKS * SIZE} records"
        in job["errors"]
    )
    assert "remove them from the table before" in job["errors"]
    loads.let(CHUNKS * SIZE)
    assert loads.rows() == list(range(3 * SIZE))
    log = server.log(job_id)
    assert "Attempt 3 on worker" in log
    assert "2 chunks were written by an earlier attempt" in log
