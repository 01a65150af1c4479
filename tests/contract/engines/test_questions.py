"""Questions to databases on every engine: the same values, one question for each record, none where it is not reached."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
import pytest

from penstock.engines.spark.run import SparkEngine
from penstock.errors import JobStopped, PackageInvalid, PenstockError
from penstock.kit.secret import hidden
from penstock.lang.check.expressions import check_expression
from penstock.plan.ports import Connection, Context, Databases, Engine
from penstock.plan.schema import Schema
from penstock.runtime.execute import OpenGate, Order, execute
from penstock.runtime.look import Quiet
from penstock.wiring import jobs

HERE = "127.0.0.0/8"
NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


@pytest.fixture
def databases() -> Iterator[Databases]:
    made = jobs.databases(HERE)
    yield made
    made.close()


class Told(Quiet):
    """Keeps all that a job tells."""

    @property
    def text(self) -> str:
        return json.dumps([self.lines, self.values])


Run = Callable[..., tuple[list[str], Told]]


@pytest.fixture
def run(engine: Engine, tmp_path: Path, flow_over: Any, written: Any) -> Run:
    """Runs a package that computes a field of three records, and returns what it has written and told."""

    def run(shop: Mapping[str, Any], field: str, where: str = "true", variables: Any = None) -> tuple[list[str], Told]:
        flow = flow_over("1,east\n2,west\n3,nowhere\n", "name", field, where)
        plain = {name: value for name, value in shop.items() if name != "password"}
        connections = {
            "lake": {"type": "file", "path": str(tmp_path)},
            "PG": {**plain, "type": "postgres", "secrets": {"password": shop["password"]}},
        }
        order = Order(
            "run-1", json.dumps(flow), NOW.isoformat(), package_variables=variables or {}, connections=connections,
            scratch=str(tmp_path), outbound=HERE,
        )  # fmt: skip
        told = Told()
        try:
            execute(order, engine, jobs.connectors(None), told, OpenGate(), jobs.databases(HERE))
        finally:
            assert "canary" not in told.text
        return written(), told

    return run


def test_a_field_asks_once_per_record(run: Run, shop: dict[str, Any]) -> None:
    ask = "ExecuteSqlString('PG', CONCAT('SELECT id FROM region WHERE name = \\'', CONCAT(name, '\\'')))"
    assert run(shop, ask)[0] == ["", "1", "2"]
    when = "(chararray)ExecuteSqlDatetime('PG', CONCAT('SELECT loaded_at FROM region WHERE id = ', (chararray)id))"
    found, _ = run(shop, when)
    assert found == ["", "2024-05-06T07:08:09.123Z", "2024-05-07T00:00:00.000Z"]


def test_a_variable_asks_once_per_job(run: Run, shop: dict[str, Any]) -> None:
    variables = {
        "_DEFAULT_TIMEZONE": "'+02:00'",
        "last": "ExecuteSqlDateTime('PG', 'SELECT max(loaded_at) FROM region')",
        "name": "ExecuteSqlString('PG', 'SELECT max(name) FROM region')",
        "none": "ExecuteSqlString('PG', 'SELECT name FROM region WHERE false')",
        "at": "ExecuteSqlString('PG', 'SELECT clock_timestamp()')",
    }
    field = "CONCAT('$last/$name/$none/', ('$at' == '$at' ? 'same' : 'other'))"
    found, told = run(shop, field, variables=variables)
    assert found == ["2024-05-07T00:00:00.000+02:00/west//same"] * 3
    assert told.values["name"] == "west"
    assert told.values["last"] == "2024-05-07T00:00:00.000+02:00"
    assert told.values["none"] is None


def test_what_the_database_says_is_told_with_its_place(run: Run, shop: dict[str, Any]) -> None:
    with pytest.raises(PenstockError) as caught:
        run(shop, "ExecuteSqlString('PG', CONCAT('SELECT * FROM nowhere', (chararray)id))")
    assert caught.value.message.startswith("Component 'all': Connection 'PG': the database says: relation \"nowhere")
    with pytest.raises(PenstockError) as caught:
        run(shop, "1", variables={"v": "ExecuteSqlString('PG', 'SELECT nothing')"})
    says = "The variable 'v' cannot be computed: Connection 'PG': the database says: column \"nothing\" does not exist."
    assert says in caught.value.message
    password = {**shop, "password": "canary-wrong"}
    with pytest.raises(PenstockError, match=r"Connection 'PG': .*password authentication failed") as caught:
        run(password, "ExecuteSqlString('PG', 'SELECT 1')")
    assert "canary" not in caught.value.message
    with pytest.raises(PenstockError, match="There is no connection 'MY'"):
        run(shop, "ExecuteSqlString('MY', 'SELECT 1')")


def test_a_question_in_a_branch_is_asked_where_it_is_reached_or_refused(
    engine: Engine, run: Run, shop: dict[str, Any]
) -> None:
    field = "CASE WHEN id == 2 THEN ExecuteSqlString('PG', 'SELECT 7') ELSE 'no' END"
    if isinstance(engine, SparkEngine):
        with pytest.raises(PackageInvalid, match="cannot stand in a branch"):
            run(shop, field)
    else:
        assert run(shop, field)[0] == ["7", "no", "no"]
        bad = "CASE WHEN id == 9 THEN ExecuteSqlString('PG', 'SELECT nothing') ELSE 'no' END"
        assert run(shop, bad)[0] == ["no"] * 3


def test_mariadb_is_asked_as_well(engine: Engine, databases: Databases, market: dict[str, Any]) -> None:
    plain = {name: value for name, value in market.items() if name not in ("password", "socket", "pid")}
    ask = databases.asking({"MY": Connection("MY", "mysql", plain, hidden({"password": market["password"]}))})
    texts = ("ExecuteSqlString('MY', 'SELECT name FROM region WHERE id = 2')",
             "(chararray)ExecuteSqlDateTime('MY', 'SELECT max(loaded_at) FROM region')",
             "(chararray)ExecuteSqlDateTime('MY', 'SELECT at FROM kinds')")  # fmt: skip
    exprs = [check_expression(text, Schema()).expr for text in texts]
    context = Context(NOW, zone_minutes=120, outbound=HERE, ask=ask)
    found = engine.evaluate([expr for expr in exprs if expr is not None], Schema(), {}, context)
    assert [value.data for value in found if value is not None] == [
        "west", "2024-05-07T00:00:00.000+02:00", "2024-05-06T07:08:09.000+02:00",
    ]  # fmt: skip


@pytest.mark.parametrize("place", ["field", "variable"])
@pytest.mark.parametrize("engine", ["duckdb"], indirect=True)
def test_a_stop_ends_a_question(engine: Engine, run: Run, shop: dict[str, Any], postgres: Any, place: str) -> None:
    ask = "ExecuteSqlString('PG', 'SELECT 1 FROM pg_sleep(60)')"

    def stop() -> None:
        with psycopg.connect(postgres.url("postgres"), autocommit=True) as admin:
            running = "SELECT 1 FROM pg_stat_activity WHERE query LIKE '%pg_sleep(60)' AND usename = 'reader'"
            while admin.execute(running).fetchone() is None:
                pass
        engine.interrupt()

    stopper = threading.Thread(target=stop)
    stopper.start()
    with pytest.raises(JobStopped):
        run(
            shop,
            "1" if place == "variable" else ask,
            variables={"v": ask} if place == "variable" else {},
        )
    stopper.join(20)


def test_outside_of_jobs_nobody_is_asked(engine: Engine, databases: Databases, shop: dict[str, Any]) -> None:
    plain = {name: value for name, value in shop.items() if name != "password"}
    ask = databases.asking({"PG": Connection("PG", "postgres", plain, hidden({"password": shop["password"]}))})

    def value(text: str, outbound: str | None) -> Any:
        expr = check_expression(text, Schema()).expr
        assert expr is not None
        return engine.evaluate((expr,), Schema(), {}, Context(NOW, outbound=outbound, ask=ask))[0]

    assert value("ExecuteSqlString('PG', 'SELECT 1')", HERE).data == "1"
    assert value("ExecuteSqlString('PG', 'SELECT nothing')", None) is None
    assert value("ExecuteSqlDateTime('PG', 'SELECT nothing')", None) is None
    assert value("ExecuteSqlString((chararray)null, 'SELECT 1')", HERE) is None
    assert value("ExecuteSqlString('PG', (chararray)null)", HERE) is None
    assert value("ExecuteSqlDatetime('PG', 'SELECT null')", HERE) is None
    with pytest.raises(PenstockError, match="which is no date-time"):
        value("ExecuteSqlDateTime('PG', 'SELECT 1')", HERE)
