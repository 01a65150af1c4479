"""Loads in chunks where only PostgreSQL can be told what is to go wrong: rights, and a server that restarts."""

from __future__ import annotations

import signal
from collections.abc import Callable
from itertools import count
from typing import TYPE_CHECKING, Any

import pytest

from penstock.connectors.databases import loading
from penstock.connectors.databases.loading import Load
from penstock.connectors.databases.postgres.target import PostgresTarget

if TYPE_CHECKING:
    from tests.contract.databases.conftest import Base, Jobs

ONE = ["id:int"]


@pytest.fixture
def base(postgres_base: Base) -> Base:
    return postgres_base


def test_without_a_ledger_nothing_is_read(jobs: Jobs, base: Base) -> None:
    base.sql("CREATE TABLE t (id int)", "RESET ROLE", "REVOKE CREATE ON SCHEMA public FROM loader, public")
    base.sql("ALTER SCHEMA public OWNER TO postgres", "GRANT USAGE ON SCHEMA public TO loader")
    message = jobs.refused("1\n2\n", ONE, chunk_records=1)
    assert "Only a ledger can tell which chunks were written" in message
    assert jobs.told.read == {}
    base.sql("CREATE SCHEMA ledgers AUTHORIZATION loader")
    base.connection["ledger_schema"] = "ledgers"
    jobs.write("1\n2\n", ONE, chunk_records=1)
    assert base.rows("SELECT chunk, records FROM ledgers._penstock_ledger") == [(2, 2)]


def test_a_ledger_that_goes_is_missed_before_anything_is_written(
    jobs: Jobs, base: Base, monkeypatch: pytest.MonkeyPatch
) -> None:
    base.sql("CREATE TABLE t (id int)")
    monkeypatch.setattr(PostgresTarget, "type_of", lambda *_, **__: "no_such_type")
    message = jobs.refused("1\n2\n", ONE, chunk_records=1)
    assert "'ledger_schema' of the connection, or leave 'chunk_records' out. Nothing was written." in message
    assert base.rows("SELECT * FROM t") == []


def test_a_ledger_that_nobody_may_widen(jobs: Jobs, base: Base) -> None:
    base.sql(
        "CREATE TABLE t (id int)", "RESET ROLE",
        "CREATE TABLE _penstock_ledger (job text NOT NULL, output text NOT NULL, records bigint NOT NULL, "
        "finished bigint NOT NULL, written_at timestamptz NOT NULL, PRIMARY KEY (job, output))",
        "GRANT ALL ON _penstock_ledger TO loader",
    )  # fmt: skip
    assert jobs.write("1\n", ONE).outputs[0].receipt["is_once"]
    message = jobs.refused("1\n2\n", ONE, chunk_records=1)
    assert "must be owner" in message
    said = message.partition("Let its owner run: ")[2].partition(" Outputs published")[0]
    first, second = said.split("; ")
    assert first == 'ALTER TABLE "_penstock_ledger" ADD "chunk" bigint'
    base.sql(first, second)
    jobs.write("1\n2\n", ONE, chunk_records=1)
    assert base.rows("SELECT count(*) FROM t") == [(3,)]


@pytest.mark.parametrize("operation", ["merge_update_insert", "update", "insert_missing"])
def test_each_chunk_is_a_range_of_the_table(
    jobs: Jobs, base: Base, monkeypatch: pytest.MonkeyPatch, operation: str
) -> None:
    """In whatever order the records come: no more of the table is looked at."""
    base.sql(
        "CREATE TABLE t (id int, name varchar(9))", "INSERT INTO t SELECT g, 'old' FROM generate_series(1, 9) AS g"
    )
    spans: list[Any] = []
    found = Load._span

    def spied(self: Any, *args: Any) -> Any:
        spans.append(found(self, *args))
        return spans[-1]

    monkeypatch.setattr(Load, "_span", spied)
    lines = "7,new\n1,new\n12,new\n3,new\n9,new\n,new\n"
    given = {"operation": operation, "mapping": ["id*", "name"], "chunk_records": 2}
    jobs.write(lines, ["id:int", "name:string"], **given)
    assert [(one.least, one.most) for one in spans] == [(1, 1), (3, 7), (9, 12)]
    changed = {"merge_update_insert": 6, "update": 4, "insert_missing": 2}[operation]
    assert base.rows("SELECT count(*) FROM t WHERE name = 'new'") == [(changed,)]


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGQUIT])
def test_a_server_that_restarts_in_the_middle(
    jobs: Jobs, new_postgres: Callable[[], Any], monkeypatch: pytest.MonkeyPatch, how: signal.Signals
) -> None:
    """Stopped, and as after a crash: what was committed stays, the chunk that was not is written again."""
    server = new_postgres()
    base = type(jobs.base)(server.url("postgres"), server.port)
    base.sql("CREATE TABLE t (id int, name varchar(9))")
    base.close()
    jobs.base = base
    monkeypatch.setattr(loading, "RETRY_S", (0.0, 0.0, 0.0))
    bulk, numbers = PostgresTarget.bulk, count(1)

    def restarts(self: Any, *args: Any) -> Any:
        made = bulk(self, *args)
        if next(numbers) == 4:
            server.stop(how)
            server.start()
        return made

    monkeypatch.setattr(PostgresTarget, "bulk", restarts)
    lines = "".join(f"{number},n{number}\n" for number in range(10))
    receipt = jobs.write(lines, ["id:int", "name:string"], chunk_records=2).outputs[0].receipt
    assert receipt["checks"] == {"arrived": "10", "chunks": "5"}
    assert next(numbers) == 7
    again = type(base)(server.url("postgres"), server.port)
    assert again.rows("SELECT count(*), count(DISTINCT id) FROM t") == [(10, 10)]
    again.close()
