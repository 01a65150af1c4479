"""DuckDB's own functions stand in for the shared ones only where both give the same."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from penstock.engines.duckdb.fields import ATTEMPTS, from_bytes
from penstock.engines.duckdb.functions import Functions
from penstock.engines.duckdb.native import extraction_of, strftime_of
from penstock.engines.duckdb.types import text_literal
from penstock.engines.functions import java_regex, joda
from penstock.engines.functions.table import SHARED
from penstock.errors import PenstockError
from penstock.plan.dtypes import Kind
from penstock.plan.ports import Context

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
FUNCTIONS: dict[str, Callable[..., Any]] = {one.name: one.call for one in SHARED}
NUMBERS = (
    "0", "7", "-7", "+7", "007", " 7", "7 ", "7L", "1e2", "1E2", "1e-2", "3.6", "-3.6", "3.", ".5", "1_0", "1_0e3", "0x1F",
    "0b1", "0xFFFFFFFFF", "", " ", "-", "--1", "1-", "1,5", "NaN", "nan", "inf", "-Infinity", "2147483647", "2147483648",
    "-2147483649", "9223372036854775807", "9223372036854775808", "99999999999999999999", "1.7976931348623157e308", "1e400",
    "1e-400", "4.9e-324", "0.1", "123456789.123456789", "1d", "1f", "1e", "\u0663", "\uff17", "true",
    "NA", "n/a", "+NaN", "-Inf", "Infinityf", " Infinity ", "\u00bd", "\u2167", "5e-1", "-0", "-0.0",
)  # fmt: skip
MOMENTS = (
    "2013-01-01T10:00:00Z", "2013-01-01T10:00:00.5Z", "2013-01-01T10:00:00.567Z", "2013-01-01T10:00:00.5678Z",
    "2013-01-01T10:00:00,5Z", "2013-01-01T24:00:00Z", "2013-01-01T23:59:60Z", "2013-01-01 10:00:00Z", "2013-01-01T10:00Z",
    "2013-01-01T10:00:00", "2013-01-01T10:00:00+01:00", "2013-01-01T10:00:00-0330", "2013-02-29T10:00:00Z", "2012-02-29",
    "2013-02-29", "2013-1-1", "2013-01", "2013", "20130101", "2013-001", "2013-W01-1", "0000-01-01", "0000-01-01T00:00:00Z",
    "0999-12-31", "9999-12-31T23:59:59.999Z", "10000-01-01", "-001-01-01", "infinity", "-infinity", "epoch", "now", "today",
    "", " ", "2013-01-01T10:00:00z", "2013-13-01T10:00:00Z", "2013-01-32", "2013-01-01T10:60:00Z", "1969-12-31T23:59:59.999Z",
    "2013-01-01T", "2013-01-01Z", "2013-01-01 (BC)", "\u0662013-01-01", "2013-01-01T10:00:00Z ", " 2013-01-01",
)  # fmt: skip


@pytest.fixture(scope="module")
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    made = duckdb.connect()
    made.execute("SET TimeZone = 'America/New_York'")
    Functions(made).need(" ".join(f"ps_{one.name}(" for one in SHARED))
    yield made
    made.close()


def read(connection: duckdb.DuckDBPyConnection, text: str, kind: Kind, zone: int) -> Any:
    sql = from_bytes("c", kind, Context(NOW, zone), "t")
    layer = f"SELECT *, TRY_CAST(c AS {ATTEMPTS[kind]}) AS t FROM (SELECT {text_literal(text)} AS c LIMIT 1)"
    row = connection.execute(f"SELECT {sql} FROM ({layer})").fetchone()
    assert row is not None
    return row[0]


@pytest.mark.parametrize("kind", [Kind.INT, Kind.LONG, Kind.FLOAT, Kind.DOUBLE])
@pytest.mark.parametrize("text", NUMBERS)
def test_numbers_are_read_as_the_shared_form_reads_them(
    connection: duckdb.DuckDBPyConnection, kind: Kind, text: str
) -> None:
    whole = kind in (Kind.INT, Kind.LONG)
    wanted = FUNCTIONS[f"bytes_to_{kind.value}" if whole else f"text_to_{kind.value}"](text)
    assert repr(read(connection, text, kind, 0)) == repr(wanted)


@pytest.mark.parametrize("zone", [0, 90, -300])
@pytest.mark.parametrize("text", MOMENTS)
def test_datetimes_are_read_as_the_shared_form_reads_them(
    connection: duckdb.DuckDBPyConnection, text: str, zone: int
) -> None:
    try:
        wanted = FUNCTIONS["bytes_to_datetime"](text, zone)
    except PenstockError:
        with pytest.raises(duckdb.Error):
            read(connection, text, Kind.DATETIME, zone)
        return
    found = read(connection, text, Kind.DATETIME, zone)
    assert (None if found is None else (found["t"], found["o"])) == wanted


@given(text=st.text("0123456789-+.eE_x T:ZNaIfinity", max_size=24))
@settings(derandomize=True, max_examples=300, deadline=None)
def test_any_text_is_read_alike(connection: duckdb.DuckDBPyConnection, text: str) -> None:
    for kind, name in ((Kind.LONG, "bytes_to_long"), (Kind.DOUBLE, "text_to_double")):
        assert repr(read(connection, text, kind, 0)) == repr(FUNCTIONS[name](text))


@pytest.mark.parametrize(
    "pattern",
    ["yyyy-MM-dd'T'HH:mm:ss.SSS", "yy", "y/M/d", "EEE, d MMM yyyy", "EEEE MMMM dd", "h:mm a", "hh 'o''clock' 100%", "DDD D",
     "H:m:s", "MMM%d"],
)  # fmt: skip
def test_patterns_print_alike(connection: duckdb.DuckDBPyConnection, pattern: str) -> None:
    form = strftime_of(pattern)
    assert form is not None
    for ms in (0, -1, 1615730966535, -30610224000000, 253402300799999, 951782400000, 1e11 // 7, 43_200_000, 86_399_999):
        sql = f"SELECT strftime(make_timestamp_ms({int(ms)}), {text_literal(form)})"
        assert connection.execute(sql).fetchone() == (joda.print_pattern(int(ms), 0, pattern),)


@pytest.mark.parametrize("pattern", ["ww", "xxxx", "yyyyy", "SS", "Z", "z", "k", "K", "MMM''Q'", "bad", "", "C"])
def test_other_patterns_stay_with_the_shared_form(pattern: str) -> None:
    form = strftime_of(pattern)
    assert form is None or pattern == "MMM''Q'"


@pytest.mark.parametrize(
    ("pattern", "group"),
    [(r"id=(\d+)", 1), (r"id=(\d+)", 0), ("a|b", 0), (r"^(\w*)-(x?)", 2), (r"(\w+) (?:and )?(\w+)", 2), ("", 0)],
)
def test_extraction_is_alike(connection: duckdb.DuckDBPyConnection, pattern: str, group: int) -> None:
    found = extraction_of(pattern, group)
    assert found is not None
    re2 = text_literal(found)
    for text in ("", "id=42;x", "id=", "ab", "ba", "left-x", "-", "you and me", "you me", "ä and ö", "a\nb"):
        given_text = text_literal(text)
        sql = f"SELECT CASE WHEN regexp_matches({given_text}, {re2}) THEN regexp_extract({given_text}, {re2}, {group}) END"
        assert connection.execute(sql).fetchone() == (java_regex.extract(text, pattern, group),)


@pytest.mark.parametrize(
    ("pattern", "group"),
    [("a(b)|c", 1), ("(a)*b", 1), (r"(a)\1", 1), ("(?=a)b", 0), ("(a", 1), ("(a)", 2), ("(a)", -1), ("é\\A", 0)],
)
def test_groups_that_may_not_take_part_stay_with_the_shared_form(pattern: str, group: int) -> None:
    assert extraction_of(pattern, group) is None
