"""A load in chunks (idea 1, R18, R19, R22): the same rows as in one transaction, no row twice, at most one chunk again."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from tests.fakes.deaths import Cut, cutting

from penstock.connectors.databases import loading
from penstock.connectors.databases.session import Gone
from penstock.errors import LeaseLost, PermanentError

if TYPE_CHECKING:
    from tests.contract.databases.conftest import Base, Jobs

TWO = ["id:int", "name:string"]
KEY = ["id*", "name"]
LINES = ",null\n,none\n1,new\n2,two\n3,three\n4,four\n5,five\n"
"""Seven records, two of them without a key, in two chunks of three and one of one; in the order of the key, which loads by key
come in."""
OPERATIONS = ("append", "merge_update_insert", "update", "insert_missing")
OLD = [(1, "old"), (5, "old"), (8, "old")]


@pytest.fixture(params=["postgres", "redshift", "mysql", "sqlite", "duckdb", "snowflake", "bigquery"])
def base(request: pytest.FixtureRequest) -> Any:
    """Each database that is written in chunks."""
    return request.getfixturevalue(f"{request.param}_base")


@pytest.fixture(autouse=True)
def table(jobs: Jobs, base: Base, monkeypatch: pytest.MonkeyPatch) -> None:
    base.sql("CREATE TABLE t (id int, name varchar(9))")
    refill(base)
    (jobs.lake / "in.csv").write_text(LINES)
    monkeypatch.setattr(loading, "RETRY_S", (0.0, 0.0))


def refill(base: Base) -> None:
    base.sql("DELETE FROM t", "INSERT INTO t VALUES " + ", ".join(f"({id}, '{name}')" for id, name in OLD))


def given(operation: str, size: object = 3, **more: Any) -> dict[str, Any]:
    mapping = [] if operation == "append" else KEY
    chunks = {} if size is None else {"chunk_records": size}
    return {"operation": operation, "mapping": mapping, **chunks, **more}


def rows(base: Base) -> list[tuple[object, ...]]:
    return sorted(base.rows("SELECT id, name FROM t"), key=str)


RECORDS = [(None, "null"), (None, "none"), (1, "new"), (2, "two"), (3, "three"), (4, "four"), (5, "five")]


def after(operation: str, records: int = len(RECORDS)) -> list[tuple[object, ...]]:
    """The rows when so many of the records are written."""
    made = list(OLD)
    for id, name in RECORDS[:records]:
        there = [row for row in made if id is not None and row[0] == id]
        if operation in ("merge_update_insert", "update") and there:
            made = [row for row in made if row[0] != id] + [(id, name)]
        elif operation != "update" and not (operation == "insert_missing" and there):
            made.append((id, name))
    return sorted(made, key=str)


def entry(base: Base) -> tuple[Any, ...]:
    """The newest row of the ledger: chunk, records, whether it is finished."""
    return max(
        base.rows("SELECT chunk, records, finished, written_at FROM _penstock_ledger WHERE job <> ''"),
        key=lambda row: row[3],
    )[:3]


# --- what is written


@pytest.mark.parametrize("operation", OPERATIONS)
def test_chunks_give_what_one_transaction_gives(jobs: Jobs, base: Base, operation: str) -> None:
    whole = jobs.run(jobs.records(TWO), jobs.target(**given(operation, None))).outputs[0].receipt
    assert rows(base) == after(operation)
    refill(base)
    order = jobs.granted(jobs.records(TWO), jobs.target(**given(operation, 3)))
    for size in (1, 3, 7, 1000):
        jobs.anew()
        flow = order.flow.replace('"chunk_records": 3', f'"chunk_records": {size}')
        receipt = jobs.attempt(replace(order, flow=flow)).outputs[0].receipt
        assert rows(base) == after(operation)
        chunks = -(-len(RECORDS) // size)
        assert receipt["checks"] == {**whole["checks"], "chunks": f"{chunks}"}
        assert (receipt["written"], receipt["is_once"]) == (7, True)
        assert entry(base) == (chunks, 7, 1)
        assert f"chunk {chunks} of {chunks} is written, 7 of 7 records" in jobs.told.text
        refill(base)


@pytest.mark.parametrize("operation", OPERATIONS)
def test_no_records_are_one_chunk(jobs: Jobs, base: Base, operation: str) -> None:
    made = jobs.write("", TWO, **given(operation), post_action_sql="INSERT INTO t VALUES (9, 'post')").outputs[0]
    assert rows(base) == sorted([*OLD, (9, "post")], key=str)
    assert made.receipt["checks"]["chunks"] == "1"


def test_a_table_is_made_with_the_first_chunk(jobs: Jobs, base: Base) -> None:
    base.sql("DROP TABLE t")
    jobs.run(jobs.records(TWO), jobs.target(**given("merge_update_insert"), auto_create_table=True))
    assert rows(base) == sorted(RECORDS, key=str)
    jobs.write("9,nine,x\n8,eight,y\n", [*TWO, "more:string"], chunk_records=1, add_missing_columns=True)
    assert sorted(base.rows("SELECT id, more FROM t WHERE more IS NOT NULL")) == [(8, "y"), (9, "x")]


@pytest.mark.parametrize("operation", OPERATIONS[1:])
def test_records_of_one_key_in_different_chunks_are_refused_first(jobs: Jobs, base: Base, operation: str) -> None:
    message = jobs.refused(LINES + "2,again\n", TWO, **given(operation, 2))
    assert "2 records have the key" in message
    assert "Nothing was written" in message
    assert rows(base) == after(operation, 0)
    (stays,) = base.rows("SELECT count(*) FROM _penstock_ledger")
    assert stays == (0,)


def test_keys_are_compared_as_the_column_has_them(jobs: Jobs, base: Base) -> None:
    """Two texts may be one number."""
    texts = ["id:string", "name:string"]
    message = jobs.refused("7,a\n8,b\n07,c\n", texts, **given("merge_update_insert", 1))
    assert "2 records have the key" in message
    assert rows(base) == after("append", 0)


def test_actions_stand_before_the_first_and_after_the_last(jobs: Jobs, base: Base) -> None:
    for inside in (True, False):
        base.sql("CREATE TABLE log (rows_there int)")
        note = "INSERT INTO log SELECT count(*) FROM t"
        jobs.run(
            jobs.records(TWO),
            jobs.target(**given("append"), pre_action_sql=note, post_action_sql=note, actions_in_transaction=inside),
        )
        assert sorted(base.rows("SELECT * FROM log")) == [(3,), (10,)]
        assert entry(base) == (3, 7, 1)
        base.sql("DROP TABLE log")
        refill(base)


def test_what_does_not_fit_is_counted_over_all_chunks(jobs: Jobs, base: Base) -> None:
    texts, lines = ["id:string", "name:string"], "x,a\n2,b\ny,c\n3,d\n4,e\n"
    for operation in ("append", "merge_update_insert"):
        for policy in ("skip", "set_null"):
            refill(base)
            receipt = jobs.write(lines, texts, **given(operation, 2), on_bad_value=policy).outputs[0].receipt
            if base.kind == "sqlite":
                continue  # Everything fits there.
            kept: list[Any] = [(2, "b"), (3, "d"), (4, "e")]
            bad: list[Any] = [] if policy == "skip" else [(None, "a"), (None, "c")]
            assert rows(base) == sorted([*OLD, *kept, *bad], key=str)
            name = "left out for a value does not fit" if policy == "skip" else "values that became null"
            assert (receipt["checks"]["arrived"], receipt["checks"][name]) == (("3", "5")[policy != "skip"], "2")
            assert receipt["written"] == (3 if policy == "skip" else 5)


def test_a_record_that_is_left_out_doubles_no_key(jobs: Jobs, base: Base) -> None:
    """Whatever value it is left out for."""
    if base.kind == "sqlite":
        pytest.skip("nothing is left out there")
    base.sql("ALTER TABLE t ADD n int")
    fields = [*TWO, "n:string"]
    mapping = ["id*", "name", "n"]
    jobs.write(
        "7,a,1\n8,b,2\n7,c,x\n", fields, operation="merge_update_insert", mapping=mapping, chunk_records=1,
        on_bad_value="skip",
    )  # fmt: skip
    assert sorted(base.rows("SELECT id, name, n FROM t WHERE n IS NOT NULL")) == [(7, "a", 1), (8, "b", 2)]


# --- what dies


@pytest.mark.parametrize("operation", ["append", "merge_update_insert"])
def test_wherever_an_attempt_dies_the_next_goes_on_behind_its_last_chunk(
    jobs: Jobs, base: Base, operation: str
) -> None:
    order = jobs.granted(jobs.records(TWO), jobs.target(**given(operation)))
    for number in count():
        jobs.anew()
        with pytest.MonkeyPatch.context() as patch:
            hit = cutting(patch, *base.chunk_steps(), number, Cut)
            is_dead = jobs.is_dead(order)
        assert is_dead == bool(hit)
        there = next((size for size in (7, 6, 3, 0) if rows(base) == after(operation, size)), None)
        assert there is not None, rows(base)
        checks = jobs.attempt(replace(order, token="job-1-3")).outputs[0].receipt["checks"]
        assert rows(base) == after(operation)
        # What was there is not sent again.
        assert checks.get("records of an earlier attempt", "0") == f"{there}"
        assert int(checks.get("arrived", "0")) == 7 - there
        assert checks["chunks"] == "3"
        if not hit:
            break
        refill(base)
    assert number > 8


def test_a_session_that_breaks_off_is_opened_again(jobs: Jobs, base: Base) -> None:
    """The end of a commit that nobody heard is looked up (R22), and what it wrote is counted as written."""
    order = jobs.granted(jobs.records(TWO), jobs.target(**given("append")))
    for number in count():
        jobs.anew()
        with pytest.MonkeyPatch.context() as patch:
            hit = cutting(patch, *base.chunk_steps(), number, lambda: Gone("cut."))
            receipt = jobs.attempt(order).outputs[0].receipt
        assert rows(base) == after("append")
        assert (receipt["checks"]["arrived"], receipt["checks"]["chunks"]) == ("7", "3")
        refill(base)
        if not hit:
            break
    assert number > 8


@pytest.mark.parametrize(("step", "nth"), [("commit", 2), ("bulk", 2)])
def test_a_process_that_is_killed(jobs: Jobs, base: Base, tmp_path: Path, step: str, nth: int) -> None:
    """SIGKILL, within a chunk and just after it was committed: a real process, which leaves its sessions open."""
    if base.kind == "redshift":
        pytest.skip("the settings of its stand-in are those of this process")
    if base.kind == "bigquery":
        pytest.skip("what is begun there goes on without the process; where it is cut off is tried above")
    if base.kind == "snowflake" and step == "bulk":
        pytest.skip("Snowflake keeps the transaction of a process that died; here it would be a conflict, there a wait")
    order = jobs.order([jobs.records(TWO), jobs.target(**given("append"))], token="job-7-1")
    granted, target = tmp_path / "granted.json", base.target()
    script = Path(__file__).with_name("killed.py")
    words = [json.dumps(order.to_json()), granted, f"{target.__module__}:{target.__name__}", step, f"{nth}"]
    ended = subprocess.run([sys.executable, script, *words], check=False, cwd="/", env={"PATH": os.defpath})
    assert ended.returncode == -signal.SIGKILL
    written = {"commit": 6, "bulk": 3}[step]
    assert rows(base) == after("append", written)
    again = replace(order, token="job-7-2", granted_token=order.token, granted=json.loads(granted.read_text()))
    checks = jobs.attempt(again).outputs[0].receipt["checks"]
    assert rows(base) == after("append")
    assert (checks["arrived"], checks["records of an earlier attempt"]) == (f"{7 - written}", f"{written}")


def test_the_next_attempt_may_cut_other_chunks(jobs: Jobs, base: Base, cut: type[BaseException]) -> None:
    """A variable may have another value then."""
    with pytest.MonkeyPatch.context() as patch:
        cutting(patch, *base.chunk_steps(), 3, cut)
        _, again = jobs.dies(jobs.records(TWO), jobs.target(**given("append", 2)))
    assert rows(base) == after("append", 2)
    flow = again.flow.replace('"chunk_records": 2', '"chunk_records": 4')
    assert flow != again.flow
    checks = jobs.attempt(replace(again, flow=flow)).outputs[0].receipt["checks"]
    assert rows(base) == after("append")
    assert (checks["chunks"], checks["chunks of an earlier attempt"]) == ("3", "1")


def test_what_was_left_out_before_is_not_known_any_more(jobs: Jobs, base: Base, cut: type[BaseException]) -> None:
    if base.kind == "sqlite":
        pytest.skip("nothing is left out there")
    (jobs.lake / "in.csv").write_text("x,a\n2,b\n3,c\n")
    records = jobs.records(["id:string", "name:string"])
    with pytest.MonkeyPatch.context() as patch:
        cutting(patch, *base.chunk_steps(), 3, cut)
        _, again = jobs.dies(records, jobs.target(**given("append", 1), on_bad_value="skip"))
    receipt = jobs.attempt(again).outputs[0].receipt
    assert rows(base) == sorted([*OLD, (2, "b"), (3, "c")], key=str)
    assert "rejected" not in receipt
    assert "written" not in receipt


def test_an_attempt_that_lost_its_job_writes_no_further_chunk(jobs: Jobs, base: Base, cut: type[BaseException]) -> None:
    """Nor does it remove what the attempt after it publishes."""
    with pytest.MonkeyPatch.context() as patch:
        cutting(patch, *base.chunk_steps(), 3, cut)
        order, again = jobs.dies(jobs.records(TWO), jobs.target(**given("append")))
    staged = sorted((jobs.folder / "staging").iterdir())
    with pytest.MonkeyPatch.context() as patch:
        cutting(patch, *base.chunk_steps(), 3, cut)
        with pytest.raises(cut):
            jobs.attempt(replace(again, token="job-1-3"))
    assert rows(base) == after("append", 6)
    with pytest.raises(LeaseLost):
        jobs.attempt(replace(again, token="job-1-2"))
    assert rows(base) == after("append", 6)
    assert sorted((jobs.folder / "staging").iterdir()) == staged
    assert order.token == "job-1-1"
    jobs.attempt(replace(again, token="job-1-4"))
    assert rows(base) == after("append")


def test_two_attempts_at_once_write_each_chunk_once(jobs: Jobs, base: Base, cut: type[BaseException]) -> None:
    """An attempt whose lease was lost may be about to write when the next one begins."""
    if base.kind in ("sqlite", "duckdb"):
        pytest.skip("one process would wait for itself: what is written to files has one writer")
    owner, (first, *_) = base.chunk_steps()
    with pytest.MonkeyPatch.context() as patch:
        cutting(patch, *base.chunk_steps(), 3, cut)
        _, again = jobs.dies(jobs.records(TWO), jobs.target(**given("append")))
    begin, late = getattr(owner, first), [True]

    def begins(self: Any, *args: Any) -> None:
        begin(self, *args)
        if late:
            late.clear()
            jobs.attempt(replace(again, token="job-1-3"))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(owner, first, begins)
        with pytest.raises(LeaseLost):
            jobs.attempt(again)
    assert rows(base) == after("append")


# --- what fails for good


def fails_at(monkeypatch: pytest.MonkeyPatch, base: Base, nth: int) -> None:
    """Have a chunk refused by the database; keys that are sent apart are none."""
    owner, (_, name, _) = base.chunk_steps()
    arrives, numbers = getattr(owner, name), count(1)

    def refused(self: Any, *args: Any) -> Any:
        if len(args[1]) >= len(TWO) and next(numbers) == nth:
            raise PermanentError("the database says: no more.")
        return arrives(self, *args)

    monkeypatch.setattr(owner, name, refused)


@pytest.mark.parametrize(
    ("operation", "remedy"),
    [
        ("append", "A job that is run again adds them once more: remove them"),
        ("merge_update_insert", "The job can be run again: it finds them by their key"),
        ("update", "The job can be run again."),
    ],
)
def test_a_failure_says_what_stands(
    jobs: Jobs, base: Base, monkeypatch: pytest.MonkeyPatch, operation: str, remedy: str
) -> None:
    fails_at(monkeypatch, base, 2)
    message = jobs.failed(jobs.records(TWO), jobs.target(**given(operation)))
    assert "no more. 1 of 3 chunks were written before, 3 of 7 records, and stay in 't'." in message
    assert remedy in message
    assert "Nothing was written" not in message
    assert rows(base) == after(operation, 3)


def test_a_failure_before_the_first_chunk_is_as_it_was(jobs: Jobs, base: Base, monkeypatch: pytest.MonkeyPatch) -> None:
    fails_at(monkeypatch, base, 1)
    message = jobs.failed(jobs.records(TWO), jobs.target(**given("append")))
    assert "chunks" not in message
    assert rows(base) == after("append", 0)


def test_a_session_that_never_comes_back(jobs: Jobs, base: Base, monkeypatch: pytest.MonkeyPatch) -> None:
    if base.kind == "bigquery":
        pytest.skip("it is written by jobs, which commit by themselves: no session of ours can end")
    commit, numbers = base.target().commit, count(1)  # type: ignore[attr-defined]

    def lost(self: Any) -> None:
        if next(numbers) > 1:
            raise Gone("the session has ended.")
        commit(self)

    monkeypatch.setattr(base.target(), "commit", lost)
    message = jobs.failed(jobs.records(TWO), jobs.target(**given("append")))
    assert "It is not known whether chunk 2 of 3 was written; the ledger will tell. 1 of 3 chunks" in message


def test_what_was_staged_and_is_gone(jobs: Jobs, base: Base, cut: type[BaseException]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        cutting(patch, *base.chunk_steps(), 3, cut)
        _, again = jobs.dies(jobs.records(TWO), jobs.target(**given("append")))
    shutil.rmtree(jobs.folder / "staging")
    with pytest.raises(PermanentError, match=r"staged is gone, so the rest was not written\. 1 of 3 chunks"):
        jobs.attempt(again)
    assert rows(base) == after("append", 3)


def test_a_table_that_goes_between_chunks_is_not_made_again(jobs: Jobs, base: Base, cut: type[BaseException]) -> None:
    base.sql("DROP TABLE t")
    with pytest.MonkeyPatch.context() as patch:
        cutting(patch, *base.chunk_steps(), 3, cut)
        _, again = jobs.dies(jobs.records(TWO), jobs.target(**given("append"), auto_create_table=True))
    base.sql("DROP TABLE t")
    with pytest.raises(PermanentError, match="is gone, and the chunks that were written into it"):
        jobs.attempt(again)


def test_a_failed_action_after_the_last_chunk_takes_only_that_back(jobs: Jobs, base: Base) -> None:
    action = {"post_action_sql": "DELETE FROM nowhere_at_all"}
    message = jobs.failed(jobs.records(TWO), jobs.target(**given("append"), **action))
    assert "'post_action_sql' failed" in message
    assert "2 of 3 chunks were written before, 6 of 7 records" in message
    assert rows(base) == after("append", 6)


# --- the ledger


@pytest.fixture
def early_ledger(base: Base) -> None:
    """The ledger of a version without chunks."""
    base.sql(
        "CREATE TABLE _penstock_ledger (job varchar(190) NOT NULL, output varchar(190) NOT NULL, records bigint NOT NULL, "
        "finished bigint NOT NULL, written_at timestamp NOT NULL, PRIMARY KEY (job, output))",
        "INSERT INTO _penstock_ledger VALUES ('job-0 then', 't', 3, 1, '2020-01-01 00:00:00')",
    )


@pytest.mark.usefixtures("early_ledger")
def test_a_ledger_of_an_early_version_is_widened(jobs: Jobs, base: Base) -> None:
    jobs.write("1,one\n", TWO)  # One transaction does without.
    jobs.run(jobs.records(TWO), jobs.target(**given("append")))
    found = sorted(base.rows("SELECT job, records, chunk FROM _penstock_ledger WHERE job <> ''"))
    assert [(records, chunk) for _, records, chunk in found] == [(3, None), (1, None), (1, 1)]
