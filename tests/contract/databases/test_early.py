"""Records that are sent before they are published (decision 0076): nobody sees them, they are written once, and nothing depends
on the transaction in which they wait."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from tests.fakes.deaths import Asked, Cut

from penstock.connectors.databases import early, loading
from penstock.connectors.databases.postgres.target import PostgresTarget
from penstock.connectors.databases.session import Gone
from penstock.engines.duckdb import run, whole
from penstock.engines.duckdb.run import DuckEngine
from penstock.errors import JobStopped, LeaseLost, PenstockError
from penstock.plan.ports import Early, Staged, Written

if TYPE_CHECKING:
    from tests.contract.databases.conftest import Base, Jobs

TWO = ["id:int", "name:string"]
WANTED = {
    "append": [(1, "new"), (1, "old"), (2, "two")],
    "merge_update_insert": [(1, "new"), (2, "two")],
    "merge_delete_insert": [(1, "new"), (2, "two")],
    "update": [(1, "new")],
    "insert_missing": [(1, "old"), (2, "two")],
}
SESSIONS = "FROM pg_stat_activity WHERE application_name = 'penstock' AND datname = current_database()"


class Telling:
    """An engine that tells of its files, as it does of large ones while it writes others; *then* is done before it returns."""

    def __init__(self, then: Callable[[Early], None] | None = None) -> None:
        self._engine = DuckEngine()
        self._then = then
        self.told = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._engine, name)

    def run(self, plan: Any, sources: Any, staged: Mapping[str, Staged], *more: Any) -> tuple[Written, ...]:
        made = self._engine.run(plan, sources, staged, *more)
        for one in made:
            found = staged[one.component].early
            if found is not None:
                self.told += 1
                for name in one.files:
                    found.whole(name)
                if self._then is not None:
                    self._then(found)
        return made


class Looking(Asked):
    """A gate at which something is done before it grants."""

    def __init__(self, look: Callable[[], None]) -> None:
        super().__init__()
        self._look = look

    def grant(self, outputs: Sequence[Written]) -> None:
        super().grant(outputs)
        self._look()


@pytest.fixture
def base(postgres_base: Base) -> Base:
    return postgres_base


@pytest.fixture(autouse=True)
def table(jobs: Jobs, base: Base, monkeypatch: pytest.MonkeyPatch) -> None:
    """A table, a ledger, and an engine that tells."""
    base.sql("CREATE TABLE t (id int, name varchar(9))", "CREATE TABLE first (id int)")
    jobs.write("1\n", ["id:int"], table="first")
    base.sql("INSERT INTO t VALUES (1, 'old')")
    (jobs.lake / "in.csv").write_text("1,new\n2,two\n")
    monkeypatch.setattr(loading, "RETRY_S", (0.0, 0.0))
    tells(jobs)


def tells(jobs: Jobs, then: Callable[[Early], None] | None = None) -> None:
    jobs.engine = Telling(then)  # type: ignore[assignment]


def given(operation: str) -> dict[str, Any]:
    return {"operation": operation, "mapping": [] if operation == "append" else ["id*", "name"]}


def rows(base: Base) -> list[tuple[object, ...]]:
    return sorted(base.rows("SELECT * FROM t"))


def waiting(base: Base) -> int:
    """Return how many transactions of jobs are open."""
    return int(str(base.rows(f"SELECT count(*) {SESSIONS} AND xact_start IS NOT NULL")[0][0]))


def are_over(base: Base) -> bool:
    """Tell whether no transaction of a job stays open: the server learns a moment later that its session was left."""
    until = time.monotonic() + 5
    while waiting(base) and time.monotonic() < until:
        time.sleep(0.01)
    return waiting(base) == 0


def sent(found: Early) -> None:
    """Wait until all that was told of is in the table's transaction, as an engine takes its time."""
    assert isinstance(found, early.Early)
    found._sending.names.put(None)  # type: ignore[union-attr]
    found._sending.join()  # type: ignore[union-attr]


@pytest.mark.parametrize("operation", list(WANTED))
def test_nobody_sees_what_was_sent_before_it_is_published(jobs: Jobs, base: Base, operation: str) -> None:
    seen = []

    def look() -> None:
        seen.append((rows(base), waiting(base)))

    made = jobs.run(jobs.records(TWO), jobs.target(**given(operation)), gate=Looking(look))
    assert seen == [([(1, "old")], 1)]
    assert rows(base) == WANTED[operation]
    assert are_over(base)
    assert made.outputs[0].records == 2
    assert made.outputs[0].receipt["is_once"]
    assert base.rows("SELECT records, finished FROM _penstock_ledger WHERE output = 't' AND records = 2") == [(2, 1)]


def test_the_session_is_the_one_that_publishes(jobs: Jobs, base: Base, monkeypatch: pytest.MonkeyPatch) -> None:
    begun = []
    begin = PostgresTarget.begin
    monkeypatch.setattr(PostgresTarget, "begin", lambda self: (begun.append(1), begin(self)))
    jobs.run(jobs.records(TWO), jobs.target(post_action_sql="UPDATE t SET name = 'post' WHERE id = 2"))
    assert begun == [1]
    assert rows(base) == [(1, "new"), (1, "old"), (2, "post")]


def end(base: Base, postgres: Any) -> None:
    """End the sessions of jobs."""
    with psycopg.connect(postgres.url(base.connection["database"]), autocommit=True) as admin:
        found = admin.execute(
            f"SELECT pg_terminate_backend(pid, 5000) {SESSIONS} AND xact_start IS NOT NULL".encode()
        ).fetchall()
    assert found == [(True,)]


@pytest.mark.parametrize("operation", ["append", "merge_update_insert"])
@pytest.mark.parametrize("when", ["while it is staged", "sent", "granted"])
def test_a_session_that_is_ended(jobs: Jobs, base: Base, postgres: Any, operation: str, when: str) -> None:
    def then(found: Early) -> None:
        if when == "sent":
            sent(found)
        while when != "sent" and base.rows(f"SELECT count(*) {SESSIONS} AND query LIKE 'COPY %'") == [(0,)]:
            time.sleep(0.001)
        end(base, postgres)

    tells(jobs, None if when == "granted" else then)
    gate = Looking(lambda: end(base, postgres) if when == "granted" else None)
    jobs.run(jobs.records(TWO), jobs.target(**given(operation)), gate=gate)
    assert rows(base) == WANTED[operation]
    assert are_over(base)


@pytest.mark.parametrize("is_committed", [True, False])
def test_a_session_that_ends_with_its_commit(
    jobs: Jobs, base: Base, monkeypatch: pytest.MonkeyPatch, is_committed: bool
) -> None:
    """The ledger tells (R22)."""
    commit, cut = PostgresTarget.commit, [Gone("cut.")]

    def commits(self: PostgresTarget) -> None:
        if cut and not is_committed:
            raise cut.pop()
        commit(self)
        if cut:
            raise cut.pop()

    monkeypatch.setattr(PostgresTarget, "commit", commits)
    jobs.run(jobs.records(TWO), jobs.target())
    assert not cut
    assert rows(base) == WANTED["append"]


@pytest.mark.parametrize(
    ("text", "fields", "says"),
    [("1,ab\n2,much too long\n", TWO, "COPY t, line 2, column name"), ("1,a\x00b\n", TWO, "a zero character")],
)
def test_what_the_target_refuses_fails_before_the_grant(
    jobs: Jobs, base: Base, text: str, fields: list[str], says: str
) -> None:
    (jobs.lake / "in.csv").write_text(text)
    gate = Asked()
    with pytest.raises(PenstockError) as found:
        jobs.run(jobs.records(fields), jobs.target(), gate=gate)
    assert says in found.value.message
    assert gate.asked == []
    jobs.engine = None
    assert jobs.failed(jobs.records(fields), jobs.target()) == found.value.message
    assert are_over(base)
    assert rows(base) == [(1, "old")]


def test_a_stop_takes_it_back(jobs: Jobs, base: Base) -> None:
    def then(found: Early) -> None:
        sent(found)
        raise JobStopped("The job was stopped.")

    tells(jobs, then)
    with pytest.raises(JobStopped):
        jobs.run(jobs.records(TWO), jobs.target())
    assert are_over(base)
    assert rows(base) == [(1, "old")]


def test_a_stop_while_it_waits_for_others(jobs: Jobs, base: Base) -> None:
    """Of a row with the same key, in a transaction that goes on."""
    base.sql("CREATE UNIQUE INDEX ON t (id, name)")
    given = {name: base.connection[key] for name, key in (("host", "host"), ("port", "port"), ("dbname", "database"))}
    with psycopg.connect(**given, user="loader", password="canary-pw") as other:
        other.execute("INSERT INTO t VALUES (2, 'two')")
        engine = Telling(lambda _: engine.interrupt())
        jobs.engine = engine  # type: ignore[assignment]
        with pytest.raises(JobStopped):
            jobs.run(jobs.records(TWO), jobs.target())
        other.rollback()
    assert are_over(base)
    assert rows(base) == [(1, "old")]


def test_a_lease_that_was_lost_takes_it_back(jobs: Jobs, base: Base) -> None:
    def look() -> None:
        raise LeaseLost("Another worker has this job.")

    with pytest.raises(LeaseLost):
        jobs.run(jobs.records(TWO), jobs.target(), gate=Looking(look))
    assert are_over(base)
    assert rows(base) == [(1, "old")]
    assert list((jobs.folder / "staging").glob("*")) == []


@pytest.mark.parametrize("operation", ["append", "merge_update_insert"])
def test_the_next_attempt_publishes_what_was_staged(
    jobs: Jobs, base: Base, monkeypatch: pytest.MonkeyPatch, operation: str
) -> None:
    def dies(_: PostgresTarget) -> None:
        raise Cut

    with monkeypatch.context() as patch:
        patch.setattr(PostgresTarget, "commit", dies)
        _, again = jobs.dies(jobs.records(TWO), jobs.target(**given(operation)))
    assert rows(base) == [(1, "old")]
    jobs.attempt(again)
    assert rows(base) == WANTED[operation]


def test_another_attempt_that_was_faster(jobs: Jobs, base: Base) -> None:
    """It has taken over what this one was granted."""
    gate = Looking(lambda: None)
    jobs.number += 1
    order = jobs.order([jobs.records(TWO), jobs.target()])

    def look() -> None:
        told = jobs.told
        jobs.attempt(
            replace(order, token=order.token[:-1] + "2", granted_token=order.token, granted=gate.asked), Asked()
        )
        jobs.told = told

    gate._look = look
    with pytest.MonkeyPatch.context() as patch:
        # Two processes: what one removes is not there for the other.
        patch.setattr("penstock.runtime.outputs.Outputs.discard", lambda _: None)
        made = jobs.attempt(order, gate)
    assert rows(base) == WANTED["append"]
    assert made.outputs[0].receipt["is_once"]


def test_records_that_come_slowly_are_sent_in_the_end(jobs: Jobs, base: Base, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(early, "PATIENCE_S", -1.0)

    def then(found: Early) -> None:
        assert isinstance(found, early.Early)
        found._sending.join()  # type: ignore[union-attr]
        assert are_over(base)

    tells(jobs, then)
    jobs.run(jobs.records(TWO), jobs.target())
    assert "what was sent early is lost, and sent again: Records come slowly." in jobs.told.text
    assert rows(base) == WANTED["append"]


def test_what_is_written_again_is_sent_again(jobs: Jobs, base: Base) -> None:
    def then(found: Early) -> None:
        sent(found)
        assert isinstance(found, early.Early)
        found.anew()
        for file in found.staged.folder.iterdir():
            found.whole(file.name)

    tells(jobs, then)
    jobs.run(jobs.records(TWO), jobs.target())
    assert rows(base) == WANTED["append"]


@pytest.mark.parametrize(
    "properties",
    [
        {"operation": "truncate_insert"}, {"operation": "delete_insert"}, {"on_bad_value": "skip"}, {"chunk_records": 1},
        {"pre_action_sql": "SELECT 1"},
    ],
)  # fmt: skip
def test_what_is_not_sent_early(jobs: Jobs, base: Base, properties: dict[str, Any]) -> None:
    engine = Telling()
    jobs.engine = engine  # type: ignore[assignment]
    jobs.run(jobs.records(TWO), jobs.target(**properties))
    assert engine.told == 0
    assert (2, "two") in rows(base)


def test_nothing_is_made_before_the_grant(jobs: Jobs, base: Base) -> None:
    """Neither a table nor a ledger; then nothing is sent early."""
    seen = []

    def look() -> None:
        seen.append((base.rows("SELECT to_regclass('made'), to_regclass('_penstock_ledger')"), waiting(base)))

    jobs.run(jobs.records(TWO), jobs.target(table="made", auto_create_table=True), gate=Looking(look))
    base.sql("DROP TABLE _penstock_ledger", "DROP TABLE made")
    tells(jobs)
    jobs.run(jobs.records(TWO), jobs.target(), gate=Looking(look))
    assert seen == [([(None, "_penstock_ledger")], 0), ([(None, None)], 0)]
    assert rows(base) == WANTED["append"]


def test_only_the_first_output_is_sent_early(jobs: Jobs, base: Base) -> None:
    """What comes before another might wait for its transaction, and it for that."""
    base.sql("CREATE TABLE u (id int, name varchar(9))")
    seen = []
    components = [
        jobs.records(TWO), {"id": "c", "type": "clone_component", "name": "copies"},
        jobs.target(operation="truncate_insert"), {**jobs.target(table="u"), "id": "v", "name": "other"},
    ]  # fmt: skip
    jobs.number += 1
    order = jobs.order(components[:3])
    flow = json.loads(order.flow)
    edges = [{"from": "f", "to": "c"}, {"from": "c", "to": "t", "output": "1"}, {"from": "c", "to": "v", "output": "2"}]
    flow |= {"components": components, "edges": edges}
    engine = Telling()
    jobs.engine = engine  # type: ignore[assignment]
    jobs.attempt(replace(order, flow=json.dumps(flow)), Looking(lambda: seen.append(waiting(base))))
    assert (engine.told, seen) == (0, [0])
    assert rows(base) == [(1, "new"), (2, "two")]
    assert sorted(base.rows("SELECT * FROM u")) == [(1, "new"), (2, "two")]


def test_records_of_large_sources_are_sent_while_others_are_staged(
    jobs: Jobs, base: Base, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As no test of few records shows: in files that the engine really ends one by one."""
    monkeypatch.setattr(run, "EARLY_BYTES", 1 << 20)
    monkeypatch.setattr(whole, "LOOK_S", 0.001)
    names: list[str] = []
    take = early.Early.whole

    def takes(self: early.Early, name: str) -> None:
        names.append(name)
        take(self, name)

    monkeypatch.setattr(early.Early, "whole", takes)
    count = 400_000
    lines = "".join(f"{number},{number % 7}\n" for number in range(count))
    (jobs.lake / "in.csv").write_text(lines)
    seen, jobs.engine = [], None
    gate = Looking(lambda: seen.append((rows(base), waiting(base))))
    made = jobs.run(jobs.records(TWO), jobs.target(), gate=gate)
    assert seen == [([(1, "old")], 1)]
    assert list(gate.asked[0]["files"]) == names
    assert len(names) > 2
    assert made.outputs[0].records == count
    found = base.rows("SELECT count(*), count(DISTINCT id), sum(id), sum(name::int) FROM t WHERE name <> 'old'")
    assert found == [(count, count, count * (count - 1) // 2, sum(number % 7 for number in range(count)))]
