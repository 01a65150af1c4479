"""What a table has no place for goes to a second output, known before anything is written (decision 0074)."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from itertools import count
from typing import TYPE_CHECKING, Any

import pytest
from tests.contract.databases.conftest import Jobs
from tests.fakes.deaths import Asked, Cut, cutting

from penstock.connectors.databases import rejects, tables
from penstock.connectors.databases.postgres import target
from penstock.connectors.databases.session import Gone

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from tests.contract.databases.conftest import Base

    from penstock.plan.ports import Written

FIELDS = ["id:string", "name:string", "at:string"]
MAPPING = [{"alias": "id", "column": "number", "key": True}, "name", {"alias": "at", "column": "seen"}]
GIVEN = "1,one,2024-05-06\nx,two,2024-05-07\n3,,\n,four,\n5,much too long,no day\n6,six,2024-05-08\n"
WANTED = [(1, "one"), (3, None), (6, "six"), (None, "four")]
REJECTED = [
    {"number": "5", "name": "much too long", "seen": "no day"}, {"number": "x", "name": "two", "seen": "2024-05-07"},
]  # fmt: skip
WORDS = {
    "postgres": {
        "record 2": "Column 'number': invalid input syntax for type integer: \"x\".",
        "record 5": "Column 'name': value too long for type character varying(8). "
        "Column 'seen': invalid input syntax for type date: \"no day\".",
    },
    "duckdb": {
        "record 2": "Column 'number': the value 'x' is no INTEGER.",
        "record 5": "Column 'seen': the value 'no day' is no DATE.",
    },
}  # fmt: skip


@pytest.fixture(params=["postgres", "duckdb"])
def base(request: pytest.FixtureRequest) -> Base:
    made: Base = request.getfixturevalue(f"{request.param}_base")
    made.sql("CREATE TABLE t (number int, name varchar(8), seen date)")
    return made


def flow(jobs: Jobs, fields: Sequence[Any] = FIELDS, **properties: Any) -> tuple[list[Any], str]:
    """Return the components of a package whose rejected records go to the folder `bad`, and its flow."""
    given = {"on_bad_value": "skip", "mapping": MAPPING, **properties}
    bad = {**jobs.files(path="bad", format="json"), "id": "b", "name": "bad"}
    components = [jobs.records(fields), jobs.target(**given), bad]
    edges = [{"from": "f", "to": "t"}, {"from": "t", "to": "b", "output": "rejected"}]
    return components, json.dumps({"components": components, "edges": edges})


def bad(jobs: Jobs) -> list[dict[str, str]]:
    return [json.loads(line) for line in jobs.lines("bad")]


def places(jobs: Jobs) -> dict[str, str]:
    return {one["place"]: one["reason"] for one in bad(jobs)}


@pytest.mark.parametrize(
    "properties",
    [
        {}, {"operation": "merge_update_insert"}, {"operation": "merge_delete_insert"}, {"operation": "truncate_insert"},
        {"chunk_records": 1}, {"operation": "merge_update_insert", "chunk_records": 2},
    ],
    ids=lambda one: "-".join(map(str, one.values())) or "append",
)  # fmt: skip
def test_rejected_records_go_to_a_second_output(jobs: Jobs, base: Base, properties: dict[str, Any]) -> None:
    (jobs.lake / "in.csv").write_text(GIVEN)
    components, text = flow(jobs, **properties)
    loaded, kept = jobs.run(*components, flow=text).outputs
    assert sorted(base.rows("SELECT number, name FROM t"), key=str) == WANTED
    assert [json.loads(one["record"]) for one in bad(jobs)] == REJECTED
    assert places(jobs) == WORDS[base.kind]
    receipt = loaded.receipt
    assert (loaded.records, receipt["written"], receipt["rejected"], receipt["filtered"]) == (4, 4, 2, 0)
    assert (receipt["left_out"], receipt["read"]) == (2, {"records": 6})
    assert "hash" not in receipt
    assert "key" not in receipt
    assert (kept.records, kept.receipt["read"], kept.receipt["rejected"]) == (2, {"load rejected": 2}, 0)
    assert "hash" in kept.receipt
    assert jobs.told.read == {"records": 6, "load rejected": 2}
    assert "load: 2 records left out, for a value does not fit its column" in jobs.told.text


def test_none_and_all_rejected(jobs: Jobs, base: Base) -> None:
    for given, sound, rejected in (("1,a,\n2,b,\n", 2, 0), ("x,a,\ny,b,\n", 0, 2), ("", 0, 0)):
        base.sql("DELETE FROM t")
        (jobs.lake / "in.csv").write_text(given)
        components, text = flow(jobs)
        loaded, kept = jobs.run(*components, flow=text).outputs
        assert (loaded.records, loaded.receipt["rejected"], kept.records) == (sound, rejected, rejected)
        assert base.rows("SELECT count(*) FROM t") == [(sound,)]
        assert len(jobs.lines("bad")) == rejected
        assert ("hash" in loaded.receipt) == (rejected == 0)


def test_another_policy_rejects_nothing(jobs: Jobs, base: Base) -> None:
    (jobs.lake / "in.csv").write_text("x,a,\n2,b,\n")
    components, text = flow(jobs, on_bad_value="set_null")
    loaded, kept = jobs.run(*components, flow=text).outputs
    assert (loaded.records, kept.records, jobs.lines("bad")) == (2, 0, [])
    assert sorted(base.rows("SELECT number FROM t"), key=str) == [(2,), (None,)]
    assert "PK902" in jobs.told.text


def test_values_of_every_type(jobs: Jobs, base: Base) -> None:
    """As they stand in what is written, those of JSON as JSON; what the file between has no place for is rejected as well."""
    base.sql("DROP TABLE t", "CREATE TABLE t (n smallint, r float, d date, m json)")
    fields = ["n:long", "r:float", "d:datetime", "m:json"]
    (jobs.lake / "in.csv").write_text(
        '1,0.1,2024-05-06T07:08:09.123+02:00,"{""a"": [1]}"\n70000,0.1,2024-05-06T07:08:09.123+02:00,"{""a"": [1]}"\n'
        "70001,NaN,,\n70002,,+300000-01-01,\n2,,,\n"
    )
    _, text = flow(jobs, fields, mapping=["n", "r", "d", "m"])
    loaded, _ = jobs.run(flow=text).outputs
    assert base.rows("SELECT n FROM t ORDER BY n") == [(1,), (2,)]
    assert (loaded.receipt["rejected"], loaded.receipt["left_out"]) == (3, 3)
    found = {one["place"]: json.loads(one["record"]) for one in bad(jobs)}
    assert found == {
        "record 2": {"n": 70000, "r": 0.1, "d": "2024-05-06T05:08:09.123Z", "m": {"a": [1]}},
        "record 3": {"n": 70001, "r": "NaN", "d": None, "m": None},
        "record 4": {"n": 70002, "r": None, "d": "300000-01-01T00:00:00.000Z", "m": None},
    }
    assert places(jobs)["record 4"] == "Column 'd': the date-time is too far away for the microseconds of Parquet."


def test_a_table_that_is_not_there(jobs: Jobs, base: Base) -> None:
    """Its columns will be of the types of fields; an action that may make it can make it of any."""
    components, text = flow(jobs, table="made", auto_create_table=True)
    (jobs.lake / "in.csv").write_text("1,one,\n")
    loaded, kept = jobs.run(*components, flow=text).outputs
    assert (loaded.receipt["rejected"], kept.records) == (0, 0)
    assert base.rows("SELECT number, name FROM made") == [("1", "one")]
    for more in ({}, {"pre_action_sql": "CREATE TABLE gone (number int, name varchar(8), seen date)"}):
        components, text = flow(jobs, table="gone", **more)
        said = jobs.failed(*components, flow=text)
        assert "there is no table" in said
    assert "it is not known which records it will reject. Create it before the job runs." in said
    assert not (jobs.lake / "gone").exists()


def test_added_columns(jobs: Jobs, base: Base) -> None:
    base.sql("ALTER TABLE t DROP COLUMN name")
    (jobs.lake / "in.csv").write_text("1,one,\nx,two,\n")
    components, text = flow(jobs, add_missing_columns=True)
    jobs.run(*components, flow=text)
    assert base.rows("SELECT number, name FROM t") == [(1, "one")]
    assert list(places(jobs)) == ["record 2"]


def test_what_reads_rejected_records_may_be_rejected_in_turn(jobs: Jobs, base: Base) -> None:
    """Each of them once its own output is staged; sources of a stage are read again, and counted once."""
    base.sql("CREATE TABLE u (record varchar(999), reason varchar(999), place varchar(9))")
    (jobs.lake / "in.csv").write_text("1,one,\n" * 12 + "x,two,\n" + "y,three,\n")
    components = [
        jobs.records(FIELDS), jobs.target(on_bad_value="skip", mapping=MAPPING),
        {
            "id": "p", "name": "pick", "type": "select_component",
            "properties": {"fields": [{"expression": "record"}, {"expression": "reason"}, {
                "expression": "(record matches '.*two.*' ? 'much too long for it' : place)", "alias": "place"}]},
        },
        {**jobs.target(table="u", on_bad_value="skip", operation="truncate_insert"), "id": "u", "name": "again"},
        {**jobs.files(path="bad", format="json"), "id": "b", "name": "bad"},
    ]  # fmt: skip
    edges = [
        {"from": "f", "to": "t"}, {"from": "t", "to": "p", "output": "rejected"}, {"from": "p", "to": "u"},
        {"from": "u", "to": "b", "output": "rejected"},
    ]  # fmt: skip
    said = json.dumps({"components": components, "edges": edges})
    if base.kind == "duckdb":  # which keeps texts of any length
        base.sql("DROP TABLE u", "CREATE TABLE u (record varchar, reason varchar, place decimal(9, 0))")
        said = said.replace(": place)", ": '1')")
    loaded, again, last = jobs.run(flow=said).outputs
    assert (loaded.receipt["rejected"], again.receipt["rejected"], last.records) == (2, 1, 1)
    (record,) = (json.loads(one["record"]) for one in bad(jobs))
    assert json.loads(record["record"])["name"] == "two"
    assert base.rows("SELECT count(*) FROM u") == [(1,)]


class Granted(Asked):
    """A gate behind which an attempt dies."""

    def grant(self, outputs: Sequence[Written]) -> None:
        super().grant(outputs)
        raise Cut


def test_both_outputs_are_published_once_wherever_an_attempt_dies(jobs: Jobs, base: Base) -> None:
    (jobs.lake / "in.csv").write_text(GIVEN)
    components, text = flow(jobs)
    order, gate = jobs.order(components, flow=text), Granted()
    with pytest.raises(Cut):
        jobs.attempt(order, gate, jobs._dying())
    order = replace(order, token="job-0-2", granted_token=order.token, granted=gate.asked)
    assert base.rows("SELECT count(*) FROM t") == [(0,)]
    (jobs.lake / "in.csv").unlink()  # nothing is computed again
    jobs.folder.joinpath("granted").mkdir()
    _copied(jobs, "staging", "granted")
    beside = [one for one in jobs.lake.iterdir() if ".staging-" in one.name]
    assert len(beside) == 1
    kept = {one.name: one.read_bytes() for one in beside[0].iterdir()}
    for number in count():
        _copied(jobs, "granted", "staging")
        base.sql("DELETE FROM t")
        base.forget() if number else None
        beside[0].mkdir(exist_ok=True)
        for one, content in kept.items():
            (beside[0] / one).write_bytes(content)
        with pytest.MonkeyPatch.context() as patch:
            hit = cutting(patch, *base.steps(), number, Cut)
            assert jobs.is_dead(order) == bool(hit)
        wrote = base.rows("SELECT count(*) FROM t") == [(0,)]
        loaded, _ = jobs.attempt(order).outputs
        assert sorted(base.rows("SELECT number, name FROM t"), key=str) == WANTED
        assert places(jobs) == WORDS[base.kind]
        # What the attempt before has left out at the load is not known, and that it was nothing neither.
        assert (loaded.records, loaded.receipt.get("rejected", 2), "rejected" in loaded.receipt) == (4, 2, wrote)
        if not hit:
            break
    assert number > 4


def _copied(jobs: Jobs, one: str, other: str) -> None:
    shutil.rmtree(jobs.folder / other, ignore_errors=True)
    shutil.copytree(jobs.folder / one, jobs.folder / other)


class Widening:
    """A gate behind which the table changes: what fitted fits no more."""

    def __init__(self, base: Base) -> None:
        self.base = base

    def grant(self, outputs: Sequence[Written]) -> None:
        self.base.sql("DROP TABLE t", "CREATE TABLE t (number int, name int, seen date)")


def test_what_is_left_out_at_the_load_is_counted_and_told(jobs: Jobs, base: Base) -> None:
    (jobs.lake / "in.csv").write_text("1,1,\nx,2,\n3,three,\n")
    components, text = flow(jobs)
    loaded, kept = jobs.run(*components, flow=text, gate=Widening(base)).outputs
    assert base.rows("SELECT number FROM t") == [(1,)]
    receipt = loaded.receipt
    assert (loaded.records, receipt["written"], receipt["rejected"], receipt["left_out"], receipt["filtered"]) == (
        2,
        1,
        2,
        2,
        0,
    )
    assert kept.records == 1
    assert "load: 1 record left out at the load, which no output of rejected records holds" in jobs.told.text


def test_a_session_that_breaks_off_while_it_sifts(jobs: Jobs, base: Base, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tables, "RETRY_S", (0.0,))
    (jobs.lake / "in.csv").write_text(GIVEN)
    components, text = flow(jobs)
    misfits, left = base.target().misfits, [None]

    def broken(self: Any, *args: Any) -> Any:
        found = misfits(self, *args)
        yield next(found)
        if left:
            left.pop()
            raise Gone("cut.")
        yield from found

    monkeypatch.setattr(base.target(), "misfits", broken)
    jobs.run(*components, flow=text)
    assert sorted(base.rows("SELECT number, name FROM t"), key=str) == WANTED
    assert places(jobs) == WORDS[base.kind]
    base.sql("DELETE FROM t")
    left += [None] * 2
    assert "cut." in jobs.failed(*components, flow=text)
    assert base.rows("SELECT count(*) FROM t") == [(0,)]


def test_a_database_that_cannot_say(jobs: Jobs, base: Base, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rejects, "Sifting", Granted)  # which no session is
    (jobs.lake / "in.csv").write_text(GIVEN)
    components, text = flow(jobs)
    said = jobs.failed(*components, flow=text)
    assert "this database cannot say before it writes which records it rejects" in said
    assert base.rows("SELECT count(*) FROM t") == [(0,)]
    assert not (jobs.lake / "bad").exists()


def test_zero_characters(jobs: Jobs, base: Base) -> None:
    if base.kind != "postgres":
        pytest.skip("it has a place for them")
    (jobs.lake / "in.csv").write_bytes(b"1,a\0b,2024-05-06\n2,b,\nx,c\0,\n4,d,2024-05-06\n5,,x\0y\n")
    components, text = flow(jobs)
    loaded, kept = jobs.run(*components, flow=text).outputs
    assert base.rows("SELECT number FROM t ORDER BY 1") == [(2,), (4,)]
    zero = "the value holds a zero character, which PostgreSQL has no place for."
    assert places(jobs) == {
        "record 1": f"Column 'name': {zero}",
        "record 3": f"Column 'number': invalid input syntax for type integer: \"x\". Column 'name': {zero}",
        "record 5": f"Column 'seen': {zero}",
    }
    assert json.loads(bad(jobs)[0]["record"])["name"] == "a\0b"
    assert (loaded.records, loaded.receipt["rejected"], kept.records) == (2, 3, 3)


def test_an_old_server_is_refused_before_it_is_written(jobs: Jobs, base: Base, monkeypatch: pytest.MonkeyPatch) -> None:
    if base.kind != "postgres":
        pytest.skip("every version tells")
    monkeypatch.setattr(target, "_VALID_SINCE", 990000)
    (jobs.lake / "in.csv").write_text(GIVEN)
    components, text = flow(jobs)
    said = jobs.failed(*components, flow=text)
    assert "this version of the database cannot say before it writes which records it rejects. Update it" in said


def test_a_number_that_is_none_in_sqlite(tmp_path: Path, sqlite_base: Base) -> None:
    """All else fits, whatever a column is declared as."""
    jobs = Jobs(tmp_path, sqlite_base)
    sqlite_base.sql("CREATE TABLE t (n int, r real, s real)")
    (jobs.lake / "in.csv").write_text("x,1.5,\n2,NaN,\n3,,NaN\n4,NaN,NaN\n5,,\n")
    components, text = flow(jobs, ["n:string", "r:double", "s:float"], mapping=[])
    jobs.run(*components, flow=text)
    assert sqlite_base.rows("SELECT n FROM t ORDER BY rowid") == [("x",), (5,)]
    why = "SQLite has no NaN, and would keep null."
    assert places(jobs) == {
        "record 2": f"Column 'r': {why}", "record 3": f"Column 's': {why}", "record 4": f"Column 'r': {why} Column 's': {why}",
    }  # fmt: skip


@pytest.mark.parametrize("kind", ["redshift", "mysql", "snowflake", "bigquery"])
def test_every_other_database_that_says_what_does_not_fit(
    kind: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    other: Base = request.getfixturevalue(f"{kind}_base")
    if getattr(other.target(), "misfits", target.PostgresTarget.misfits) is target.PostgresTarget.misfits:
        pytest.skip("it does not say in its own way")
    jobs = Jobs(tmp_path, other)
    types = ("bigint", "varchar") if kind == "bigquery" else ("int", "varchar(8)")
    other.sql(f"CREATE TABLE t (number {types[0]}, name {types[1]}, seen date)")
    (jobs.lake / "in.csv").write_text("1,one,2024-05-06\nx,two,2024-05-07\n3,,\n5,five,no day\n6,six,2024-05-08\n")
    operation = "merge" if kind == "bigquery" else "merge_update_insert"
    loaded, kept = jobs.run(flow=flow(jobs, operation=operation)[1]).outputs
    assert (loaded.records, loaded.receipt["rejected"], loaded.receipt["written"], kept.records) == (3, 2, 3, 2)
    assert {place: reason.partition(":")[0] for place, reason in places(jobs).items()} == {
        "record 2": "Column 'number'", "record 4": "Column 'seen'",
    }  # fmt: skip
    assert other.rows("SELECT count(*) FROM t") == [(3,)]


def test_of_a_table_that_is_made_again_nothing_old_is_asked(tmp_path: Path, bigquery_base: Base) -> None:
    jobs = Jobs(tmp_path, bigquery_base)
    (jobs.lake / "in.csv").write_text(GIVEN)
    components, text = flow(jobs, operation="truncate_insert", mapping=["id", "name", "at"], auto_create_table=True)
    for old in ("DROP TABLE IF EXISTS t", 'CREATE OR REPLACE TABLE t (id int, name varchar(8), "at" date)'):
        bigquery_base.sql(old)
        loaded, kept = jobs.run(*components, flow=text).outputs
        assert (loaded.records, kept.records) == (6, 0)
        assert bigquery_base.rows("SELECT id FROM t WHERE id = 'x'") == [("x",)]
