"""Databases read above a watermark (R16, R17): only what is new, nothing lost, nothing twice."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import pytest

from penstock.errors import PenstockError

if TYPE_CHECKING:
    from tests.contract.databases.conftest import Base, Jobs

TYPES = {
    "int": ("int", ["5", "7", "9"], 2), "bigint": ("bigint", ["5", "9223372036854775806", "9223372036854775807"], 1),
    "decimal": ("decimal(38,10)", ["0.1", "99999999999999999999.0000000001", "99999999999999999999.0000000002"], 1e-10),
    "double": ("double precision", ["0.1", "0.30000000000000004", "1e300"], 0.25),
    "date": ("date", ["'2024-02-28'", "'2024-02-29'", "'2024-03-01'"], 86400),
    "timestamp": (
        "timestamp(6)", ["'2024-02-29 23:59:59'", "'2024-02-29 23:59:59.999998'", "'2024-02-29 23:59:59.999999'"], 0.000001,
    ),
    "text": ("varchar(40)", ["'2024-02-29T23:59:58Z'", "'2024-02-29T23:59:59Z'", "'2024-03-01T00:00:00Z'"], 1),
}  # fmt: skip


@pytest.fixture(params=["postgres", "redshift", "mysql", "sqlite", "duckdb", "snowflake", "bigquery"])
def base(request: pytest.FixtureRequest) -> Base:
    """Each database that can be read so."""
    found: Base = request.getfixturevalue(f"{request.param}_base")
    return found


class Reading:
    """One source that is read again and again; the watermark is kept from a job that ends well to the next."""

    def __init__(self, jobs: Jobs, column: str = "seen", **properties: Any) -> None:
        self.jobs, self.kept = jobs, list[Mapping[str, Any]]()
        given = {"table": "t", "source_action": "incremental", "watermark": {"column": column}, **properties}
        self.source = jobs.source(["id:int"], **given)

    def ids(self, **more: Any) -> list[int]:
        """Run a job, and return the numbers of the rows that it read."""
        made = self.jobs.run(self.source, self.jobs.files(delimiter=","), watermarks=self.kept, **more)
        self.kept = [{**one, "mark": one["reached"]} for one in made.watermarks] or self.kept
        return [int(one) for one in self.jobs.lines()]

    def fails(self) -> str:
        """Run a job that fails, and return what it says."""
        return self.jobs.failed(self.source, self.jobs.files(), watermarks=self.kept)

    @property
    def value(self) -> str:
        """The watermark."""
        return str(self.kept[0]["mark"]["value"])


def fill(base: Base, kind: str, *rows: tuple[int, str]) -> None:
    """Make the table anew, of a type and with rows."""
    base.sql("DROP TABLE IF EXISTS t", f"CREATE TABLE t (id int, seen {kind})")
    add(base, *rows)


def add(base: Base, *rows: tuple[int, str]) -> None:
    for number, value in rows:
        base.sql(f"INSERT INTO t VALUES ({number}, {value})")


@pytest.mark.parametrize("name", list(TYPES))
def test_what_is_above_the_watermark_is_read_once(jobs: Jobs, base: Base, name: str) -> None:
    kind, (low, middle, high), overlap = TYPES[name]
    if base.kind in ("duckdb", "snowflake", "bigquery"):
        kind = kind.replace("timestamp(6)", "timestamp")
    if base.kind == "sqlite" and name == "decimal":
        pytest.skip("SQLite has no decimals")
    fill(base, kind, (1, low), (2, middle))
    reading = Reading(jobs)
    assert reading.ids() == [1, 2]
    value = reading.value
    assert reading.ids() == []
    assert reading.value == value
    add(base, (3, high), (4, middle))
    assert reading.ids() == [3, 4], "a row that was committed later, with the value of the watermark"
    add(base, (5, high), (5, high), (6, low))
    assert reading.ids() == [5, 5]
    assert reading.ids() == []
    again = Reading(jobs, watermark={"column": "seen", "overlap": overlap})
    assert again.ids() == [1, 2, 3, 4, 5, 5, 6]
    assert again.ids() == [3, 5, 5]


def test_an_overlap_is_read_again(jobs: Jobs, base: Base) -> None:
    fill(base, "int", *((number, str(number)) for number in range(1, 8)))
    reading = Reading(jobs, watermark={"column": "seen", "overlap": 2.5})
    assert reading.ids() == [1, 2, 3, 4, 5, 6, 7]
    assert reading.ids() == [5, 6, 7]
    add(base, (8, "8"), (9, "5"))
    assert reading.ids() == [5, 6, 7, 8, 9]
    assert reading.value == "8"


def test_the_watermark_never_falls(jobs: Jobs, base: Base) -> None:
    fill(base, "int", (1, "1"), (9, "9"))
    reading = Reading(jobs)
    reading.ids()
    base.sql("DELETE FROM t WHERE id = 9")
    add(base, (5, "5"))
    assert reading.ids() == []
    assert reading.value == "9"


def test_a_table_without_rows_has_no_watermark(jobs: Jobs, base: Base) -> None:
    fill(base, "int")
    reading = Reading(jobs)
    assert (reading.ids(), reading.kept) == ([], [])
    add(base, (1, "1"))
    assert (reading.ids(), reading.value) == ([1], "1")
    base.sql("DELETE FROM t")
    assert (reading.ids(), reading.value) == ([], "1")


def test_rows_without_a_value_are_read_a_first_time_alone_and_counted(jobs: Jobs, base: Base) -> None:
    fill(base, "int", (1, "1"), (2, "NULL"))
    reading = Reading(jobs)
    assert reading.ids() == [1, 2]
    assert (
        "warning",
        "rows: 1 row has no 'seen': this first time they are read, and then never again",
    ) in jobs.told.lines
    add(base, (3, "NULL"), (4, "4"))
    assert reading.ids() == [4]
    assert ("warning", "rows: 2 rows have no 'seen', and are left out: only a first time reads them") in jobs.told.lines
    fill(base, "int", (2, "NULL"))
    assert Reading(jobs).ids() == [2]


@pytest.mark.parametrize("part", [{}, {"watermark": {"column": "seen", "overlap": 1}}])
def test_a_condition_a_query_and_parts(jobs: Jobs, base: Base, part: dict[str, Any]) -> None:
    fill(base, "int", *((number, str(number)) for number in range(1, 21)))
    for given in (
        {"where_clause": "id > 2 -- or so"},
        {"access_mode": "query", "table": None, "query": "SELECT id, seen FROM t WHERE id > 2"},
        {"where_clause": "id > 2 OR id < 0", "split_key": "id", "max_parallel": 3},
    ):
        reading = Reading(jobs, **{name: value for name, value in {"table": "t", **given, **part}.items() if value})
        if "query" in given:
            del reading.source["properties"]["table"]
        assert sorted(reading.ids()) == list(range(3, 21))
        add(base, (21, "21"), (22, "22"), (23, "21"), (2, "30"))
        again = sorted(reading.ids())
        assert again == ([20, 21, 22, 23] if part else [21, 22, 23]), given
        assert reading.value == "22"
        base.sql("DELETE FROM t WHERE id > 20 OR seen = 30")


def test_each_value_of_a_variable_has_a_watermark(jobs: Jobs, base: Base) -> None:
    fill(base, "int", (1, "1"), (2, "20"), (3, "3"), (4, "40"))
    reading = Reading(jobs, where_clause="id % 2 = $rest")
    assert reading.ids(variables={"rest": "0"}) == [2, 4]
    kept = reading.kept
    assert reading.ids(variables={"rest": "1"}) == [1, 3]
    assert "no watermark yet for t where id % 2 = 1" in jobs.told.text
    reading.kept = [*kept, *reading.kept]
    add(base, (5, "5"), (6, "60"))
    both = reading.kept
    assert reading.ids(variables={"rest": "1"}) == [5]
    reading.kept = both
    assert reading.ids(variables={"rest": "0"}) == [6]


def test_many_rows_of_one_value(jobs: Jobs, base: Base) -> None:
    fill(base, "int")
    rows = ", ".join(f"({number}, 7)" for number in range(1100))
    base.sql(f"INSERT INTO t VALUES {rows}")
    reading = Reading(jobs)
    assert len(reading.ids()) == 1100
    assert len(reading.kept[0]["mark"]["ties"]) == 1
    assert reading.ids() == []
    add(base, (9, "7"))
    assert len(reading.ids()) == 1101, "which of them is new cannot be told"
    assert reading.ids() == []


def test_a_column_that_is_gone_or_of_another_type(jobs: Jobs, base: Base) -> None:
    fill(base, "int", (1, "1"))
    reading = Reading(jobs)
    reading.ids()
    fill(base, "varchar(9)", (1, "'a'"))
    message = reading.fails()
    assert message.startswith("Component 'rows': the column 'seen' holds texts now, and its watermark is of "), message
    assert "Its watermark stays as it was." in message
    base.sql("DROP TABLE t", "CREATE TABLE t (id int, other int)")
    message = reading.fails()
    assert message.startswith("Component 'rows': the column 'seen' of its watermark cannot be read: "), message
    assert "Its watermark stays as it was." in message


def test_what_has_no_order_is_refused(jobs: Jobs, base: Base) -> None:
    kind, value = {
        "postgres": ("json", "'{}'"), "redshift": ("boolean", "true"), "mysql": ("enum('a')", "'a'"),
        "sqlite": ("text", "x'00'"), "duckdb": ("integer[]", "[1]"), "snowflake": ("json", "'{}'"),
        "bigquery": ("json", "'{}'"),
    }[base.kind]  # fmt: skip
    fill(base, kind, (1, value))
    assert "which gives rows no order here" in Reading(jobs).fails()


def test_an_overlap_of_a_text_that_is_no_time_is_refused(jobs: Jobs, base: Base) -> None:
    fill(base, "varchar(9)", (1, "'b'"))
    reading = Reading(jobs, watermark={"column": "seen", "overlap": 1})
    reading.ids()
    assert "nothing lies 1 below 'b', the watermark of 'seen'" in reading.fails()


def test_texts_keep_their_quotes(jobs: Jobs, base: Base) -> None:
    spelled = r"'a''\\b'" if base.kind == "mysql" else r"'a''\b'"
    fill(base, "varchar(9)", (1, spelled))
    reading = Reading(jobs)
    assert (reading.ids(), reading.value) == ([1], r"a'\b")
    assert reading.ids() == []


def test_without_a_place_for_the_watermark_nothing_is_read(jobs: Jobs, base: Base) -> None:
    fill(base, "int", (1, "1"))
    message = jobs.failed(Reading(jobs).source, jobs.files())
    assert "nothing keeps its watermark" in message
    assert "--state FILE" in message
    assert jobs.told.read == {}


def test_a_job_that_fails_says_nothing_of_a_watermark(jobs: Jobs, base: Base) -> None:
    fill(base, "int", (1, "1"), (2, "2"))
    reading = Reading(jobs)
    reading.ids()
    add(base, (3, "3"))
    jobs.failed(reading.source, jobs.target(table="nowhere"), watermarks=reading.kept)
    assert reading.ids() == [3]


def test_a_job_that_dies_after_it_has_published_is_finished(
    jobs: Jobs, base: Base, cut: type[BaseException], monkeypatch: pytest.MonkeyPatch
) -> None:
    """How far it has come was told before; so whoever finishes it moves the watermark, and no row is lost or twice there."""
    fill(base, "int", (1, "1"), (2, "2"))
    base.sql("CREATE TABLE c (id int)")
    owner, name = base.last_step()
    commit = getattr(owner, name)

    def cut_after(self: Any) -> None:
        commit(self)
        raise cut

    with monkeypatch.context() as patch:
        patch.setattr(owner, name, cut_after)
        _, again = jobs.dies(Reading(jobs).source, jobs.target(table="c"), watermarks=[])
    (moved,) = jobs.told.moves
    assert (moved["began"], moved["reached"]["value"]) == (None, "2")
    add(base, (3, "3"))
    jobs.attempt(again)
    assert sorted(base.rows("SELECT id FROM c")) == [(1,), (2,)]
    kept = [{**moved, "mark": moved["reached"]}]
    jobs.run(Reading(jobs).source, jobs.target(table="c"), watermarks=kept)
    assert sorted(base.rows("SELECT id FROM c")) == [(1,), (2,), (3,)]


def test_the_log_and_the_receipt_say_what_was_read(jobs: Jobs, base: Base) -> None:
    fill(base, "int", (1, "1"))
    reading = Reading(jobs)
    reading.ids()
    assert "rows: reads everything, for it has no watermark of seen yet" in jobs.told.text
    add(base, (2, "4"))
    made = jobs.run(reading.source, jobs.files(), watermarks=reading.kept)
    assert "rows: reads seen above 1" in jobs.told.text
    assert "rows: its watermark will be 4" in jobs.told.text
    assert made.outputs[0].receipt["watermarks"] == {"rows": "seen: above 1, up to 4"}


def test_a_watermark_holds_no_secret(jobs: Jobs, base: Base) -> None:
    fill(base, "varchar(20)", (1, "'canary-word'"))
    reading = Reading(jobs)
    with pytest.raises(PenstockError, match="would hold a secret variable"):
        reading.ids(secret_variables={"token": "canary-word"})


def test_what_is_kept_and_no_watermark_is_refused(jobs: Jobs, base: Base) -> None:
    fill(base, "int", (1, "1"))
    reading = Reading(jobs)
    reading.ids()
    mark = {**reading.kept[0]["mark"], "value": "1; DROP TABLE t"}
    reading.kept = [{**reading.kept[0], "mark": mark}]
    assert "what is kept as its watermark is none" in reading.fails()


def test_the_highest_value_has_something_above_it(jobs: Jobs, base: Base) -> None:
    if base.kind not in ("postgres", "redshift", "duckdb"):
        pytest.skip("MySQL and SQLite have no infinite dates")
    fill(base, "date", (1, "'infinity'"))
    assert "the highest value of 'seen' is 'infinity', above which nothing can ever lie" in Reading(jobs).fails()
