"""Values that another library wrote into lines and arrays of JSON, delimited text and sheets go into every file and become what
the guide says; what such a file cannot carry is no value of another kind."""

from __future__ import annotations

import math
from datetime import date, datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from tests.fakes import trip_files as files
from tests.fakes import trips
from tests.fakes.trips import Column

ONCE = settings(
    phases=(Phase.generate,), max_examples=2, derandomize=True, deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
)  # fmt: skip
WHOLE = {"long": trips.within(*trips.LONG), "int": trips.within(*trips.INT), "double": float}
LARGE = st.integers(-(10**30), 10**30)
LARGE_EDGES = [*trips.WHOLE_EDGES, 2**63, -(2**63) - 1, -(2**63) - 100, 10**30, -(10**30)]
FINITE = st.floats(allow_nan=False, allow_infinity=False)
FINITE_EDGES = [one for one in trips.REAL_EDGES if math.isfinite(one)]
FLAGS = Column("so", st.booleans(), [True, False], {"boolean": trips.same, "string": lambda one: str(one).lower()})


def times(shown: Any) -> list[Column]:
    """Columns of times, which are texts where a file has no times; *shown* is the text of one."""
    return [
        Column("naive", trips.moments.map(shown), [*map(shown, trips.MOMENT_EDGES)],
               {"datetime": lambda one: trips.instant(datetime.fromisoformat(one)), "string": trips.same}),
        Column("day", trips.days.map(date.isoformat), [*map(date.isoformat, trips.DAY_EDGES)],
               {"datetime": lambda one: trips.instant(date.fromisoformat(one)), "string": trips.same}),
    ]  # fmt: skip


JSON = [
    Column("whole", LARGE, LARGE_EDGES, {**WHOLE, "string": str}),
    Column("real", FINITE, FINITE_EDGES, {"double": trips.same, "string": trips.Number}),
    FLAGS,
    Column("text", trips.texts, trips.TEXT_EDGES, {"string": trips.same}),
    Column("digits", LARGE.map(str), [*map(str, LARGE_EDGES), "1.5", "12345678901234567890.123456789"],
           {"string": trips.same}),
    *times(datetime.isoformat),
]  # fmt: skip
DELIMITED = [
    Column("whole", LARGE, LARGE_EDGES, {**WHOLE, "string": str}),
    Column("real", FINITE, FINITE_EDGES, {"double": trips.same, "string": repr}),
    *(Column(f"d{p}_{s}", trips.decimals(p, s).map(trips.digits), [*map(trips.digits, trips.decimal_edges(p, s))],
             {"string": trips.same, "double": float}) for p, s in trips.DECIMALS),
    FLAGS,
    # An empty one is null.
    Column("text", trips.texts, trips.TEXT_EDGES, {"string": lambda one: one or None}),
    *times(datetime.isoformat),
]  # fmt: skip


def celled(text: str) -> str | None:
    """A text of a cell, which is none without letters. Noncharacters are escaped there, and calamine leaves these two so."""
    return text.replace("\ufffe", "_xFFFE_").replace("\uffff", "_xFFFF_") or None


def sixteen(value: float) -> float:
    """A number with the digits that xlsxwriter gives it."""
    return float(f"{value:.16G}")


EXACT = st.integers(-(2**53), 2**53)
EXCEL = [
    Column("whole", EXACT, [0, 1, -1, *trips.INT, 2**31, 10**15, -(10**15) + 1, 2**53 - 1], {**WHOLE, "string": str}),
    Column("real", FINITE.filter(lambda one: abs(one) < 1e308), [one for one in FINITE_EDGES if abs(one) < 1e308],
           {"double": sixteen}),
    FLAGS,
    Column("text", trips.texts, trips.TEXT_EDGES, {"string": celled}),
    Column("naive", st.datetimes(datetime(1900, 3, 1), trips.LAST).map(lambda one: one.replace(microsecond=0)),
           [datetime(1900, 3, 1), datetime(2000, 2, 29, 1, 2, 3, 4000), datetime(9999, 12, 31, 23, 59, 59, 999000)],
           {"datetime": trips.instant}),
    Column("day", st.dates(date(1900, 3, 1)), [date(1900, 3, 1), date.max, date(2000, 2, 29)],
           {"datetime": trips.instant, "string": date.isoformat}),
]  # fmt: skip
SOURCES: dict[str, tuple[files.Write, list[Column], dict[str, Any]]] = {
    "json": (files.json_in, JSON, {}),
    "json_array": (files.json_array_in, JSON, {"record_type": "json", "record_delimiter": "eof", "base_record": "$"}),
    "delimited": (files.delimited_in, DELIMITED,
                  {"quote": "quoted_multi_line", "skip_header": True, "match_fields": "name"}),
    "excel": (files.excel_in, EXCEL, {"skip_header": True, "match_fields": "name"}),
}  # fmt: skip


@pytest.fixture
def base(sqlite_base: Any) -> Any:
    return sqlite_base


@pytest.mark.parametrize("kind", SOURCES)
@ONCE
@given(data=st.data())
def test_texts_into_files(jobs: Any, kind: str, data: st.DataObject) -> None:
    write, columns, properties = SOURCES[kind]
    table = data.draw(trips.tables(columns))
    write(jobs.lake, {"id": list(range(len(table["whole"]))), **table})
    source = jobs.records(files.fields_of(columns), **{"path": f"in.{kind}", "record_type": kind, **properties})
    jobs.run(**files.flow(jobs, source, files.FORMATS))
    files.differing(files.written_wrong(jobs.lake, trips.expected(columns, table), table))


def test_a_number_beyond_a_double(jobs: Any) -> None:
    """It is infinity, as Java reads it, no whole number, and as a text what the file says; of a sheet only that it is."""
    fields = [{"name": "n", "alias": kind, "type": kind} for kind in ("double", "float", "long", "string")]
    (jobs.lake / "in.json").write_text('{"n": 1e400}\n{"n": -1e400}\n')
    jobs.run(jobs.records(fields, path="in.json", record_type="json"), jobs.files())
    assert jobs.lines() == ["-Infinity\t-Infinity\t\t-1e400", "Infinity\tInfinity\t\t1e400"]
    files.excel_in(jobs.lake, {"n": [1.7976931348623157e308]})  # In sixteen digits it is more than the largest.
    jobs.run(
        jobs.records(fields, path="in.excel", record_type="excel", skip_header=True, match_fields="name"), jobs.files()
    )
    assert jobs.lines() == ["Infinity\tInfinity\t\tInfinity"]


def test_whole_numbers_beyond_a_long_are_none(jobs: Any) -> None:
    """Also those that are, as doubles, the least or the largest."""
    numbers = (-(2**63), -(2**63) - 1, -(2**63) - 100, 2**63 - 1, 2**63)
    (jobs.lake / "in.csv").write_text(
        "".join(f"{one},{one}\n" for one in (*numbers, "-9223372036854775809.5", "-2147483649"))
    )
    jobs.run(jobs.records(["long:long", "int:int"]), jobs.files(format="json"))
    kept = [line for line in jobs.lines() if line != '{"long":null,"int":null}']
    assert kept == [f'{{"long":{one},"int":null}}' for one in (-(2**31) - 1, -(2**63), 2**63 - 1)]


@pytest.mark.parametrize("half", ["\\ud800", "\\udc00 \\ud83d"])
def test_half_a_surrogate_pair_is_no_text(jobs: Any, half: str) -> None:
    """The record that holds one is no JSON: it is null and counted, left out or a failure, and never another text."""
    (jobs.lake / "in.json").write_text('{"n": 1, "text": "a"}\n{"n": 2, "text": "' + half + '"}\n')
    fields = ["n:long", "text:string"]
    jobs.run(jobs.records(fields, path="in.json", record_type="json"), jobs.files(format="json"))
    assert jobs.lines() == ['{"n":1,"text":"a"}', '{"n":null,"text":null}']
    assert "1 record" in jobs.told.text
    skip = jobs.records(fields, path="in.json", record_type="json", on_bad_value="skip")
    jobs.run(skip, jobs.files(format="json"))
    assert jobs.lines() == ['{"n":1,"text":"a"}']
    message = jobs.failed(jobs.records(fields, path="in.json", record_type="json", on_bad_value="fail"), jobs.files())
    assert "in.json" in message or "JSON" in message, message
