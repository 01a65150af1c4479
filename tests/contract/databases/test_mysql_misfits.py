"""What does not fit into MariaDB: for every value, a load fails if and only if skip leaves its record out, set_null makes it
null, and it is named."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from penstock.connectors.databases.lines import StagedFiles
from penstock.connectors.databases.mysql import probing
from penstock.connectors.databases.mysql.target import MysqlTarget, target
from penstock.connectors.databases.targets import Item, Loaded, Table
from penstock.connectors.places import Place
from penstock.errors import PermanentError
from penstock.kit.secret import hidden
from penstock.plan.dtypes import Kind
from penstock.plan.ports import Connection

if TYPE_CHECKING:
    from tests.contract.databases.conftest import MysqlBase

TYPES = [
    "tinyint", "int", "int unsigned", "bigint", "decimal(5,2)", "float", "double", "boolean", "year", "char(3)", "varchar(3)",
    "tinytext", "varchar(4) CHARACTER SET latin1", "varchar(4) CHARACTER SET utf8mb3", "varchar(4) CHARACTER SET ucs2", "date",
    "datetime", "datetime(3)", "timestamp NULL", "time", "enum('a','b')", "set('a','b')", "json", "varbinary(3)", "uuid",
    "inet6", "int UNIQUE", "int DEFAULT 7",
]  # fmt: skip
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
ROWS = st.lists(st.tuples(VALUES, VALUES), min_size=1, max_size=12)


class Bench:
    """A table of two columns and a number, and files that are loaded into it."""

    def __init__(self, session: MysqlTarget, folder: Path) -> None:
        self.session, self.file = session, folder / "v.parquet"
        self.items = [
            Item("n", Kind.LONG, False),
            Item("v", Kind.CHARARRAY, False),
            Item("W `x`", Kind.CHARARRAY, False),
        ]

    def make(self, *types: str) -> Table:
        """Make the table anew."""
        self.session.execute("DROP TABLE IF EXISTS t")
        self.session.execute(f"CREATE TABLE t (n int, v {types[0]}, `W ``x``` {types[1]})")
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
        found = self.session.rows("SELECT n, v IS NULL, `W ``x``` IS NULL FROM t ORDER BY n")
        return [(int(str(n)), str(v) == "1", str(w) == "1") for n, v, w in found]


@contextmanager
def opened(base: MysqlBase, folder: Path) -> Iterator[Bench]:
    given = base.connection
    parameters = {name: value for name, value in given.items() if name not in ("type", "secrets")}
    connection = Connection("db", "mysql", parameters, hidden(given["secrets"]))
    with target(connection, Place("127.0.0.1", given["port"], ("127.0.0.1",))) as session:
        yield Bench(session, folder)


@pytest.fixture
def bench(mysql_base: MysqlBase, tmp_path: Path) -> Iterator[Bench]:
    with opened(mysql_base, tmp_path) as made:
        yield made


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None)
@given(first=st.sampled_from(TYPES), second=st.sampled_from(TYPES), rows=ROWS)
def test_what_fails_is_left_out_becomes_null_and_is_named(
    bench: Bench, first: str, second: str, rows: list[Any]
) -> None:
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
    table, rows = bench.make("int", "int"), MysqlTarget.rows
    monkeypatch.setattr(
        MysqlTarget,
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
        ("W `x`", "It is no JSON"),
    ]
    assert bench.session.rows("SELECT @@max_error_count") == before
    assert bench.session.rows("SELECT count(*) FROM t") == (("0",),)
    made, dropped = (
        bench.session.rows(f"SHOW SESSION STATUS LIKE 'Com_{one}_temporary_table'")[0][1] for one in ("create", "drop")
    )
    assert (made, dropped) == ("2", "2")
