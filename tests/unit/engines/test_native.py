"""DuckDB's own functions stand in for the shared ones only where both give the same."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from penstock.engines.duckdb.fields import ATTEMPTS, Given, from_text
from penstock.engines.duckdb.functions import Functions
from penstock.engines.duckdb.native import addition_of, extraction_of, pattern_of, replacement_of, strftime_of
from penstock.engines.duckdb.types import text_literal
from penstock.engines.functions import calendar, isodate, java_regex, joda
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
    "NA", "n/a", "+NaN", "-Inf", "Infinityf", " Infinity ", "\u00bd", "\u2167", "5e-1", "-0", "-0.0", "+-5",
    " +-.5", "+-Infinity",
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
    sql = from_text(Given("c", kind, Context(NOW, zone), "t"))
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
    [
        (r"id=(\d+)", 1), (r"id=(\d+)", 0), ("a|b", 0), (r"^(\w*)-(x?)", 2), (r"(\w+) (?:and )?(\w+)", 2), ("", 0),
        (r"(\w+)$", 1), (r"(\d)\Z", 1), ("(?s)a.$", 0), ("(?d)b$", 0), (r"[a\u200b\u2028-\u202a]+", 0),
    ],
)  # fmt: skip
def test_extraction_is_alike(connection: duckdb.DuckDBPyConnection, pattern: str, group: int) -> None:
    found = extraction_of(pattern, group)
    assert found is not None
    re2 = text_literal(found.re2)
    texts = (
        "",
        "id=42;x",
        "id=",
        "ab",
        "ba",
        "left-x",
        "-",
        "you and me",
        "you me",
        "ä and ö",
        "a\nb",
        "ab\n",
        "b\r\nab\u2028",
    )
    for text in texts:
        given_text = text_literal(text)
        native = f"CASE WHEN regexp_matches({given_text}, {re2}) THEN regexp_extract({given_text}, {re2}, {group}) END"
        sql = found.where_right(
            given_text, native, f"ps_regex_extract({given_text}, {text_literal(pattern)}, {group}::INTEGER)"
        )
        assert connection.execute(f"SELECT {sql}").fetchone() == (java_regex.extract(text, pattern, group),)


@pytest.mark.parametrize("text", ["a\nb", "b\r", "\u0085", "x\u2028", "\u2029"])
def test_a_pattern_for_one_line_leaves_texts_of_more_to_the_shared_form(
    connection: duckdb.DuckDBPyConnection, text: str
) -> None:
    found = pattern_of("b$")
    assert found is not None
    sql = found.where_right(text_literal(text), "'native'", "'shared'")
    assert connection.execute(f"SELECT {sql}").fetchone() == ("shared",)


@settings(max_examples=15, deadline=None)
@given(st.lists(st.text("ab.o1 \n\u2028é😀$^-A", max_size=9), min_size=1, max_size=20))
@pytest.mark.parametrize(
    "pattern", ["a", "[ab]+", "a|b", "a.", "(a)(b)", "a+?", "(?i)A", r"\.", r"\s+", "[^a]", "é", ".", "a{2}"]
)
@pytest.mark.parametrize("replacement", ["", "X", "é"])
def test_replacement_is_alike(
    connection: duckdb.DuckDBPyConnection, pattern: str, replacement: str, texts: list[str]
) -> None:
    sql = replacement_of("t", pattern, replacement)
    if sql is None:  # as on one line only
        assert pattern in ("a.", ".")
        return
    rows = connection.execute(f"SELECT t, {sql} FROM (SELECT unnest($1) AS t)", [texts]).fetchall()
    for text, made in rows:
        assert made == java_regex.replace_all(text, pattern, replacement)


@pytest.mark.parametrize(
    ("pattern", "replacement"),
    [
        ("a*", "x"),
        ("", "x"),
        ("^a", "x"),
        ("a$", "x"),
        (r"\bA", "x"),
        ("a|", "x"),
        ("a", "$0"),
        ("a", "\\"),
        ("(a", "x"),
    ],
)
def test_replacements_that_are_more_than_themselves_stay_with_the_shared_form(pattern: str, replacement: str) -> None:
    assert replacement_of("t", pattern, replacement) is None


MONTH_ENDS = [calendar.days_of(year, month, calendar.month_length(year, month)) * calendar.DAY_MS
              for year in (1000, 1582, 1900, 2000, 2023, 2024, 9999) for month in range(1, 13)]  # fmt: skip
PERIODS = (
    "P30D",
    "PT1H",
    "P1M",
    "P1Y",
    "P-1M",
    "P1Y1M",
    "P13M2DT3H4M5.678S",
    "P100Y",
    "P2W",
    "PT-0.5S",
    "P499Y11M",
    "P",
    "P0D",
)


@settings(max_examples=10, deadline=None)
@given(
    st.lists(st.one_of(st.sampled_from(MONTH_ENDS), st.integers(-(2**63), 2**63 - 1)), min_size=1, max_size=30),
    st.sampled_from((0, 60, -570, 840)),
)
@pytest.mark.parametrize("period", PERIODS)
@pytest.mark.parametrize("sign", [1, -1])
def test_addition_is_alike(
    connection: duckdb.DuckDBPyConnection, period: str, sign: int, moments: list[int], offset: int
) -> None:
    sql = addition_of("x", period, sign, "NULL")
    given_rows = f"SELECT {{'t': unnest($1::BIGINT[]), 'o': {offset}::INTEGER}} AS x"
    for before, after in connection.execute(f"SELECT x, {sql} FROM ({given_rows})", [moments]).fetchall():
        if after is not None:
            assert (after["t"], after["o"]) == isodate.add_period(before["t"], offset, period, sign)
    shown = connection.execute(
        f"SELECT {sql} IS NULL FROM (SELECT {{'t': {MONTH_ENDS[40]}, 'o': {offset}}} AS x)"
    ).fetchone()
    assert shown == (False,)


@pytest.mark.parametrize("period", ["P501Y", "P6001M", "P1X", "", "PT9999999999999H"])
def test_far_additions_stay_with_the_shared_form(period: str) -> None:
    assert addition_of("x", period, 1, "NULL") is None


@pytest.mark.parametrize(
    ("pattern", "group"),
    [("a(b)|c", 1), ("(a)*b", 1), (r"(a)\1", 1), ("(?=a)b", 0), ("(a", 1), ("(a)", 2), ("(a)", -1), ("é\\A", 0)],
)
def test_groups_that_may_not_take_part_stay_with_the_shared_form(pattern: str, group: int) -> None:
    assert extraction_of(pattern, group) is None
