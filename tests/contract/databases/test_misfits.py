"""What does not fit: for every value, a load fails if and only if skip leaves its record out, set_null makes it null, and it is
named. Tried on MariaDB, and of Redshift on PostgreSQL as its stand-in."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from penstock.connectors.databases.lines import StagedFiles
from penstock.connectors.databases.misfits import Sifting
from penstock.connectors.databases.mysql import probing
from penstock.connectors.databases.mysql import target as mysql
from penstock.connectors.databases.redshift import target as redshift
from penstock.connectors.databases.tables import Tables
from penstock.connectors.databases.targets import Item, Loaded, Table
from penstock.connectors.places import Place
from penstock.errors import PermanentError
from penstock.kit.secret import hidden
from penstock.plan.dtypes import Kind
from penstock.plan.ports import Connection
from penstock.wiring import jobs as wiring

if TYPE_CHECKING:
    from tests.contract.databases.conftest import Base

TYPES = {
    "mysql": [
        "tinyint", "int", "int unsigned", "bigint", "decimal(5,2)", "float", "double", "boolean", "year", "char(3)",
        "varchar(3)", "tinytext", "varchar(4) CHARACTER SET latin1", "varchar(4) CHARACTER SET utf8mb3",
        "varchar(4) CHARACTER SET ucs2", "date", "datetime", "datetime(3)", "timestamp NULL", "time", "enum('a','b')",
        "set('a','b')", "json", "varbinary(3)", "uuid", "inet6", "int UNIQUE", "int DEFAULT 7",
    ],
    "redshift": [
        "smallint", "integer", "bigint", "numeric(5,2)", "numeric(38,10)", "real", "double precision", "date", "timestamp",
        "timestamptz", "time", "timetz", "char(3)", "varchar(3)", "varchar(65535)", "int UNIQUE", "int DEFAULT 7",
    ],
}  # fmt: skip
WORDS = st.sampled_from([
    "", " ", "x", "-", "+", "5", " 5 ", "5x", "007", "-1", "127", "128", "255", "256", "2155", "4294967296",
    "9223372036854775808", "1.239", "999.99", "999.995", "99999", "1e2", "1e39", "1e400", "NaN", "Infinity",
    "true", "false", "abc", "abcd", "abc ", "abc   ", "ab\t", "a", "b", "a,b", "a,c", "A", "ü", "äöüß", "😀",
    "a\x00", "\\N", "\\", "NULL", "0000-00-00", "2024-00-10", "2024-02-29", "2023-02-29",
    "2024-05-06 07:08:09", "2024-05-06T07:08:09.123456789", "2024-05-06 25:00:00", "1900-01-01", "9999-12-31",
    "10000-01-01", "20240506", "25:00:00", "838:59:59", "839:00:00", "{", "{}", "[1]", "null", "1 2",
    '{"a": 1}', "::1", "1.2.3.4", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11", "at row 7", "x at row 99",
])  # fmt: skip
VALUES = st.one_of(st.none(), WORDS, st.text(max_size=5), st.integers(-300, 300).map(str), st.floats().map(str))
# Redshift counts the bytes of texts, and its stand-in their letters.
ASCII = st.one_of(st.none(), WORDS.filter(str.isascii), st.text(st.characters(codec="ascii"), max_size=5))


@st.composite
def tables(draw: st.DrawFn, kind: str) -> tuple[str, str, list[tuple[str | None, str | None]]]:
    """Types of two columns, and values for them."""
    types, values = st.sampled_from(TYPES[kind]), ASCII if kind == "redshift" else VALUES
    return draw(types), draw(types), draw(st.lists(st.tuples(values, values), min_size=1, max_size=12))


class Bench:
    """A table of two columns and a number, and files that are loaded into it."""

    def __init__(self, session: Any, folder: Path) -> None:
        self.session, self.file = session, folder / "v.parquet"
        self.items = [
            Item("n", Kind.LONG, False),
            Item("v", Kind.CHARARRAY, False),
            Item("W `x`", Kind.CHARARRAY, False),
        ]

    def make(self, *types: str) -> Table:
        """Make the table anew."""
        self.session.execute("DROP TABLE IF EXISTS t")
        name = self.session.quoted("W `x`")
        self.session.execute(f"CREATE TABLE t (n int, v {types[0]}, {name} {types[1]})")
        found = self.session.find(None, "t")
        assert found is not None
        return found

    def files(self, rows: Sequence[tuple[int, str | None, str | None]]) -> StagedFiles:
        """Stage records."""
        columns = list(zip(*rows, strict=True)) or [(), (), ()]
        kinds = (pa.int64(), pa.string(), pa.string())
        arrays = [pa.array(column, kind) for column, kind in zip(columns, kinds, strict=True)]
        pq.write_table(pa.Table.from_arrays(arrays, names=[one.column for one in self.items]), self.file)
        return StagedFiles((self.file,))

    def load(self, table: Table, rows: Sequence[Any], policy: str) -> Loaded:
        """Load into the empty table."""
        self.session.execute("DELETE FROM t")
        self.session.begin()
        try:
            made = self.session.bulk(table, self.items, self.files(rows), policy)
        except PermanentError:
            self.session.rollback()
            raise
        assert self.session.is_open()
        self.session.commit()
        return made

    def fits(self, table: Table, *row: Any) -> bool:
        """Tell whether a record is loaded where what does not fit fails."""
        try:
            self.load(table, [row], "fail")
        except PermanentError:
            return False
        return True

    def there(self) -> list[tuple[int, bool, bool]]:
        """Return which rows are there, and which of their values are null."""
        name = self.session.quoted("W `x`")
        found = self.session.rows(f"SELECT n, v IS NULL, {name} IS NULL FROM t ORDER BY n")
        return [(int(str(n)), str(v) in ("1", "True"), str(w) in ("1", "True")) for n, v, w in found]


@contextmanager
def opened(base: Base, folder: Path) -> Iterator[Bench]:
    given = base.connection
    parameters = {name: value for name, value in given.items() if name not in ("type", "secrets")}
    connection = Connection("db", given["type"], parameters, hidden(given["secrets"]))
    target = {"mysql": mysql.target, "redshift": redshift.target}[given["type"]]
    with target(connection, Place("127.0.0.1", given["port"], ("127.0.0.1",))) as session:
        yield Bench(session, folder)


@pytest.fixture
def bench(mysql_base: Base, tmp_path: Path) -> Iterator[Bench]:
    with opened(mysql_base, tmp_path) as made:
        yield made


@pytest.fixture
def redshift_bench(redshift_base: Base, tmp_path: Path) -> Iterator[Bench]:
    with opened(redshift_base, tmp_path) as made:
        yield made


EXAMPLES = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None)


@EXAMPLES
@given(made=tables("mysql"))
def test_what_fails_is_left_out_becomes_null_and_is_named(bench: Bench, made: tuple[str, str, list[Any]]) -> None:
    check(bench, *made)


@EXAMPLES
@given(made=tables("redshift"))
def test_so_it_is_on_redshift(redshift_bench: Bench, made: tuple[str, str, list[Any]]) -> None:
    check(redshift_bench, *made)


def check(bench: Bench, first: str, second: str, rows: list[Any]) -> None:
    """Try each value alone, and all of them together."""
    unique = "UNIQUE" in first + second
    table = bench.make(first, second)
    bad = [(bench.fits(table, 0, v, None), bench.fits(table, 0, None, w)) for v, w in rows]
    if unique:
        rows = rows[:1]
        bad = bad[:1]
    records = [(n, *row) for n, row in enumerate(rows)]
    named = list(bench.session.misfits(table, bench.items, bench.files(records)))
    wanted = [
        (n, name) for n, fits in enumerate(bad) for name, does in zip(("v", "W `x`"), fits, strict=True) if not does
    ]
    assert [(one.number, one.column) for one in named] == wanted
    assert all(one.reason and "penstock_" not in one.reason and not one.reason.endswith(".") for one in named)
    skipped = bench.load(table, records, "skip")
    left = [n for n, fits in enumerate(bad) if all(fits)]
    assert [n for n, _, _ in bench.there()] == left
    assert skipped == Loaded(len(left), len(rows) - len(left))
    nulled = bench.load(table, records, "set_null")
    assert nulled == Loaded(len(rows), 0, len(wanted))
    nulls = [(n, v is None or not bad[n][0], w is None or not bad[n][1]) for n, v, w in records]
    assert bench.there() == nulls
    if not wanted:
        bench.load(table, records, "fail")
        assert bench.there() == nulls


def test_many_warnings_are_heard_in_halves(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probing, "_MOST_WARNINGS", 8)
    table = bench.make("int", "decimal(5,2)")
    records = [(n, "x" if n % 3 else "1", "2024-02-30" if n % 5 else None) for n in range(100)]
    named = [(one.number, one.column) for one in bench.session.misfits(table, bench.items, bench.files(records))]
    wanted = [(n, name) for n in range(100) for name, is_bad in (("v", n % 3), ("W `x`", n % 5)) if is_bad]
    assert named == wanted


def test_null_where_none_may_be_is_no_misfit_and_fails_the_load(bench: Bench) -> None:
    table = bench.make("int NOT NULL", "varchar(9)")
    assert list(bench.session.misfits(table, bench.items, bench.files([(0, None, "a")]))) == []
    for policy, value in (("skip", None), ("set_null", None), ("set_null", "x")):
        with pytest.raises(PermanentError, match="default value"):
            bench.load(table, [(0, value, "a")], policy)
    assert bench.load(table, [(0, "x", "a"), (1, "1", "b")], "skip") == Loaded(1, 1)


def test_a_rule_of_the_table_is_no_misfit_and_fails_the_load(bench: Bench) -> None:
    table = bench.make("int CHECK (v > 5)", "int UNIQUE")
    for rows in ([(0, "3", None)], [(0, None, "1"), (1, None, "1")]):
        assert list(bench.session.misfits(table, bench.items, bench.files(rows))) == []
        with pytest.raises(PermanentError, match=r"CONSTRAINT|Duplicate"):
            bench.load(table, rows, "skip")


def test_what_is_said_of_no_record_fails_the_load(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    table, rows = bench.make("int", "int"), mysql.MysqlTarget.rows
    monkeypatch.setattr(
        mysql.MysqlTarget,
        "rows",
        lambda self, sql: [("Warning", "1", "It is so.")] if sql.startswith("SHOW WARN") else rows(self, sql),
    )
    with pytest.raises(PermanentError, match=r"the database says: It is so\.$"):
        bench.load(table, [(0, "1", "2")], "skip")


def test_a_probe_leaves_nothing_behind(bench: Bench) -> None:
    table = bench.make("int", "json")
    before = bench.session.rows("SELECT @@max_error_count")
    named = list(bench.session.misfits(table, bench.items, bench.files([(0, "x", "{")])))
    assert [(one.column, one.reason) for one in named] == [
        ("v", "Incorrect integer value: 'x'"),
        ("W `x`", "the value is no JSON"),
    ]
    assert bench.session.rows("SELECT @@max_error_count") == before
    assert bench.session.rows("SELECT count(*) FROM t") == (("0",),)
    made, dropped = (
        bench.session.rows(f"SHOW SESSION STATUS LIKE 'Com_{one}_temporary_table'")[0][1] for one in ("create", "drop")
    )
    assert made == dropped != "0"


# --- every database that names what does not fit


@pytest.fixture(params=["mysql", "redshift", "snowflake", "bigquery"])
def named_by(request: pytest.FixtureRequest) -> Base:
    found: Base = request.getfixturevalue(f"{request.param}_base")
    return found


def test_what_does_not_fit_is_named_and_the_table_is_as_it_was(named_by: Base, tmp_path: Path) -> None:
    named_by.sql("CREATE TABLE t (id int, name varchar(5), n decimal(4,1))", "INSERT INTO t VALUES (0, 'old', 0.5)")
    tables = wiring.connectors(None, allow="127.0.0.0/8")[named_by.kind]
    assert isinstance(tables, Tables)
    given = named_by.connection
    parameters = {name: value for name, value in given.items() if name not in ("type", "secrets")}
    columns = {
        "id": ["1", "x", None, "9" * 40],
        "name": ["fits", "is too long", "", "b"],
        "n": ["1.5", "1.5", "y", None],
    }
    pq.write_table(
        pa.table({name: pa.array(one, pa.string()) for name, one in columns.items()}), tmp_path / "v.parquet"
    )
    items = [Item(name, Kind.CHARARRAY, False) for name in columns]
    with tables.writing(Connection("db", given["type"], parameters, hidden(given["secrets"]))) as session:
        assert isinstance(session, Sifting)
        table = session.find(None, "t")
        assert table is not None
        items = [replace(one, column=table.columns[at].name, staged=one.column) for at, one in enumerate(items)]
        files = StagedFiles((tmp_path / "v.parquet",))
        found = [(one.number, one.column.lower()) for one in session.misfits(table, items, files)]
        rest = list(session.misfits(table, items, StagedFiles(files.paths, None, 2, 4)))
    # Stand-ins for warehouses keep no length of texts.
    long = [] if named_by.kind in ("snowflake", "bigquery") else [(1, "name")]
    assert found == [(1, "id"), *long, (2, "n"), (3, "id")]
    assert [(one.number, one.column.lower()) for one in rest] == [(0, "n"), (1, "id")]
    assert named_by.rows("SELECT id, name FROM t") == [(0, "old")]


# --- Redshift


def test_what_no_column_takes_is_left_out(redshift_bench: Bench) -> None:
    table = redshift_bench.make("varchar(65535)", "varchar(65535)")
    records = [(0, "a\0b", "x" * 65_536), (1, "x" * 65_535, None), (2, None, "ü" * 32_768)]
    named = list(redshift_bench.session.misfits(table, redshift_bench.items, redshift_bench.files(records)))
    assert [(one.number, one.column, one.reason) for one in named] == [
        (0, "v", "the text holds a zero character, which Redshift has no place for"),
        (0, "W `x`", "the text has more than 65,535 bytes"), (2, "W `x`", "the text has more than 65,535 bytes"),
    ]  # fmt: skip
    assert redshift_bench.load(table, records, "skip") == Loaded(1, 2)
    assert redshift_bench.load(table, records, "set_null") == Loaded(3, 0, 3)


def test_bytes_are_counted_and_a_fixed_length_is_of_single_ones(redshift_bench: Bench) -> None:
    table = redshift_bench.make("varchar(3)", "char(3)")
    records = [(0, "üü", "abc"), (1, "ü ", "ü"), (2, "abc", None)]
    named = list(redshift_bench.session.misfits(table, redshift_bench.items, redshift_bench.files(records)))
    assert [(one.number, one.column, one.reason) for one in named] == [
        (0, "v", "the value 'üü' is no character varying(3)"),
        (1, "W `x`", "the value 'ü' is no character(3)"),
    ]
    assert redshift_bench.load(table, records, "skip") == Loaded(1, 2)


@pytest.mark.parametrize("type", ["boolean", "interval", "uuid"])
def test_texts_of_which_redshift_does_not_tell_whether_they_fit_are_refused(redshift_bench: Bench, type: str) -> None:
    table, records = redshift_bench.make(type, "int"), [(0, None, "1")]
    for policy in ("skip", "set_null"):
        with pytest.raises(PermanentError, match=f"does not tell which texts are a {type}, so that 'on_bad_value'"):
            redshift_bench.load(table, records, policy)
    with pytest.raises(PermanentError, match="is not for the column 'v'"):
        list(redshift_bench.session.misfits(table, redshift_bench.items, redshift_bench.files(records)))


def test_values_that_are_no_texts_fit_their_own_columns(redshift_bench: Bench) -> None:
    session = redshift_bench.session
    columns = {
        "b": "boolean",
        "at": "timestamptz",
        "day": "date",
        "said": "varchar(5)",
        "small": "smallint",
        "share": "numeric(3,2)",
    }
    session.execute(f"CREATE TABLE u ({', '.join(f'{name} {type}' for name, type in columns.items())})")
    kinds = [Kind.BOOLEAN, Kind.DATETIME, Kind.DATETIME, Kind.BOOLEAN, Kind.LONG, Kind.DOUBLE]
    at = pa.array([datetime(2024, 5, 6, 7, 8, 9, 123000, UTC), None, None], pa.timestamp("ms", "UTC"))
    values = [
        pa.array([True, False, None]),
        at,
        at,
        pa.array([False, True, None]),
        pa.array([1, 40_000, None]),
        pa.array([0.125, 10.5, None]),
    ]
    pq.write_table(pa.Table.from_arrays(values, names=list(columns)), redshift_bench.file)
    items = [Item(name, kind, False) for name, kind in zip(columns, kinds, strict=True)]
    table = session.find(None, "u")
    named = [(one.number, one.column) for one in session.misfits(table, items, StagedFiles((redshift_bench.file,)))]
    assert named == [(1, "small"), (1, "share")]
    assert session.bulk(table, items, StagedFiles((redshift_bench.file,)), "set_null") == Loaded(3, 0, 2)
    found = session.rows("SELECT b, at::text, day::text, said, small, share::text FROM u ORDER BY small, b")
    assert found == [
        (True, "2024-05-06 07:08:09.123+00", "2024-05-06", "false", 1, "0.13"),
        (False, None, None, "true", None, None), (None,) * 6,
    ]  # fmt: skip


def test_an_empty_text_is_not_taken_for_null_by_copy(redshift_bench: Bench) -> None:
    """Of what is no text COPY says that an empty field is null."""
    table = redshift_bench.make("int", "varchar(9)")
    redshift_bench.session.stage = SimpleNamespace(url="s3://none/", login=(), clear=lambda: None, put=None)
    with pytest.raises(PermanentError, match="a value of the column 'v' does not fit: the text is empty"):
        redshift_bench.load(table, [(0, "1", ""), (1, "", "x")], "fail")
