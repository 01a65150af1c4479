"""Values that another library wrote into a file go into every other file and database, and are what the guide says."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from tests.fakes import trip_files as files
from tests.fakes import trips
from tests.fakes.trips import Column

ONCE = settings(
    # A job for each step of a smaller example would take minutes.
    phases=(Phase.generate,), max_examples=2, derandomize=True, deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
)  # fmt: skip


def decimal_column(precision: int, scale: int) -> Column:
    return Column(
        f"d{precision}_{scale}", trips.decimals(precision, scale), trips.decimal_edges(precision, scale),
        {"string": trips.digits, "long": trips.within(*trips.LONG), "int": trips.within(*trips.INT), "double": trips.nearest},
    )  # fmt: skip


DECIMALS = [decimal_column(*one) for one in trips.DECIMALS]
COMMON = [
    Column("whole", trips.whole, trips.WHOLE_EDGES,
           {"long": trips.same, "int": trips.within(*trips.INT), "string": str, "double": float}),
    Column("real", trips.reals, trips.REAL_EDGES, {"double": trips.same, "string": trips.java}),
    Column("short", trips.shorts, trips.SHORT_EDGES, {"float": trips.same, "double": trips.same}),
    Column("so", st.booleans(), [True, False], {"boolean": trips.same, "string": lambda one: str(one).lower(), "int": int}),
    Column("text", trips.texts, trips.TEXT_EDGES, {"string": trips.same}),
    Column("bytes", trips.binary, trips.BINARY_EDGES, {"binary": trips.same, "string": trips.utf8}),
    Column("naive", trips.moments, trips.MOMENT_EDGES, {"datetime": trips.instant}),
    Column("zoned", trips.moments, trips.MOMENT_EDGES, {"datetime": trips.instant}),
    Column("day", trips.days, trips.DAY_EDGES, {"datetime": trips.instant}),
    Column("clock", trips.times, trips.TIME_EDGES, {"string": trips.same}),
]  # fmt: skip
UNSIGNED = Column(
    "unsigned", trips.unsigned, trips.UNSIGNED_EDGES,
    {"string": str, "long": trips.within(*trips.LONG), "double": float},
)  # fmt: skip


def milliseconds(column: Column, name: str) -> Column:
    """A column of times without what is smaller than a millisecond."""

    def cut(value: Any) -> Any:
        return value.replace(microsecond=value.microsecond // 1000 * 1000)

    return replace(column, name=name, values=column.values.map(cut), edges=[cut(one) for one in column.edges])


NAMED = {one.name: one for one in COMMON}
OF_AVRO = [
    milliseconds(NAMED["zoned"], "milli"), milliseconds(NAMED["naive"], "local"), milliseconds(NAMED["clock"], "second"),
    replace(decimal_column(20, 4), name="fixed"),
]  # fmt: skip
"""Types of which Avro has two."""
SOURCES: dict[str, tuple[files.Write, list[Column]]] = {
    "parquet": (files.parquet_in, [*DECIMALS, *COMMON, UNSIGNED]),
    "avro": (files.avro_in, [*DECIMALS, *COMMON, *OF_AVRO]),
}


@pytest.mark.parametrize("base", ["sqlite"], indirect=True)
@pytest.mark.parametrize("kind", SOURCES)
@ONCE
@given(data=st.data())
def test_files_into_files(jobs: Any, kind: str, data: st.DataObject) -> None:
    write, columns = SOURCES[kind]
    table = data.draw(trips.tables(columns))
    ids = list(range(len(table[columns[0].name])))
    write(jobs.lake, {"id": ids, **table})
    source = jobs.records(files.fields_of(columns), path=f"in.{kind}", record_type=kind)
    jobs.run(**files.flow(jobs, source, files.FORMATS))
    wanted = trips.expected(columns, table)
    files.differing(files.written_wrong(jobs.lake, wanted, table))


ONE_ZERO = frozenset({"mysql", "sqlite", "duckdb"})
"""They keep no negative zero; DuckDB takes zeros that follow each other in a column for one where it packs that by runs."""
DATABASES = ("postgres", "mysql", "sqlite", "duckdb", "snowflake", "bigquery")
FULL = frozenset(DATABASES) - {"mysql", "sqlite"}
"""They have booleans, and every double."""
FIRST_OF = {"mysql": datetime(1000, 1, 1)}
"""The first instant that a database has, where it is not that of the year 1."""


def drawn(kind: str, column: Column) -> st.SearchStrategy[Any]:
    """Return what is drawn of a column: what the database takes, and of bytes those that are text."""
    first = FIRST_OF.get(kind, trips.FIRST)
    words = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=24)
    has_nan = kind in FULL
    return {
        "bytes": words.map(str.encode), "text": words, "naive": st.datetimes(first, trips.LAST),
        "zoned": st.datetimes(first, trips.LAST), "milli": milliseconds(NAMED["zoned"], "").values.filter(first.__le__),
        "local": milliseconds(NAMED["naive"], "").values.filter(first.__le__), "day": st.dates(first.date()),
        "real": st.floats(allow_nan=has_nan, allow_infinity=has_nan),
        "short": st.floats(width=32, allow_nan=has_nan, allow_infinity=has_nan),
    }.get(column.name, column.values)  # fmt: skip


def taken(kind: str) -> Callable[[Any], bool]:
    """Return which of the edges a database takes; what becomes of others is below."""
    has_nan = kind in FULL

    def takes(value: Any) -> bool:
        match value:
            case str():
                return kind != "postgres" or "\0" not in value
            case bytes():
                return (kind != "postgres" or b"\0" not in value) and trips.utf8(value) is not None
            case float():
                return math.isfinite(value) or has_nan
            case datetime():
                return value >= FIRST_OF.get(kind, trips.FIRST)
        return not isinstance(value, date) or value.year >= FIRST_OF.get(kind, trips.FIRST).year

    return takes


def kept(base: Any, kind: str, value: Any) -> Any:
    """What a column of a table that is made holds of a value of a field, as the driver gives it."""
    if value is None:
        return None
    match kind:
        case "datetime":
            if base.kind == "sqlite":
                return trips.iso(value)
            made = datetime(1970, 1, 1) + timedelta(milliseconds=value.ms)
            return made if base.kind == "mysql" else made.replace(tzinfo=UTC)
        case "boolean":
            return value if base.kind in FULL else int(value)
        case "float" | "double" if value == 0 and base.kind in ONE_ZERO:
            return 0.0
        case "binary":
            return trips.utf8(value)
    return value


def loaded(base: Any, kind: str, value: Any) -> Any:
    """A value as the driver gives it, made comparable."""
    if isinstance(value, datetime) and value.tzinfo is not None:
        return value.astimezone(UTC)
    if kind in ("float", "double") and value is not None:
        value = abs(float(value)) if value == 0 and base.kind in ONE_ZERO else float(value)
    return trips.single(value) if kind == "float" and value is not None else value


@pytest.mark.parametrize("base", DATABASES, indirect=True)
@pytest.mark.parametrize("source", SOURCES)
@ONCE
@given(data=st.data())
def test_files_into_databases(jobs: Any, base: Any, source: str, data: st.DataObject) -> None:
    write, listed = SOURCES[source]
    columns = [
        replace(one, values=drawn(base.kind, one), edges=[*filter(taken(base.kind), one.edges)]) for one in listed
    ]
    table = data.draw(trips.tables(columns))
    ids = list(range(len(table[columns[0].name])))
    write(jobs.lake, {"id": ids, **table})
    base.sql("DROP TABLE IF EXISTS t")
    jobs.run(
        jobs.records(files.fields_of(columns), path=f"in.{source}", record_type=source),
        jobs.target(auto_create_table=True),
    )
    wanted = trips.expected(columns, table)
    # As a float alone MySQL would give six digits of it.
    names = ", ".join(f'"{name}"{" * 1e0" if name.endswith("_float") else ""}' for name in ("id", *wanted))
    rows = sorted(base.rows(f"SELECT {names} FROM t"))
    assert [row[0] for row in rows] == ids
    files.differing(
        (base.kind, name, table[name.rpartition("_")[0]][at], need, one)
        for place, (name, values) in enumerate(wanted.items(), 1)
        for at, (row, meant) in enumerate(zip(rows, values, strict=True))
        if not files.alike(
            one := loaded(base, kind := name.rpartition("_")[2], row[place]), need := kept(base, kind, meant)
        )
    )  # fmt: skip


@pytest.mark.parametrize("base", DATABASES, indirect=True)
@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("bytes", b"\xff", "a value is bytes that are no text in UTF-8"),
        ("real", math.nan, {"mysql": "'nan'", "sqlite": "SQLite has no NaN"}),
        ("real", -math.inf, {"mysql": "'-inf'"}),
        ("text", "a\0b", {"postgres": "a zero character"}),
    ],
)
def test_what_a_database_does_not_take_fails_the_load(jobs: Any, base: Any, name: str, value: Any, said: Any) -> None:
    """None of it becomes another value, and what was there stays."""
    if not isinstance(said, str) and base.kind not in said:
        pytest.skip("this database takes the value")
    (column,) = (one for one in COMMON if one.name == name)
    kind = next(iter(column.fields))
    files.parquet_in(jobs.lake, {"id": [1, 2], name: [column.edges[4], value]})
    source = jobs.records(
        files.fields_of([replace(column, fields={kind: trips.same})]), path="in.parquet", record_type="parquet"
    )
    message = jobs.failed(source, jobs.target(auto_create_table=True, table=f"of_{name}"))
    assert (said if isinstance(said, str) else said[base.kind]) in message, message


@pytest.mark.parametrize("base", ["sqlite"], indirect=True)
@pytest.mark.parametrize("file", files.FORMATS)
def test_bytes_that_are_no_text_fail_a_file(jobs: Any, file: str) -> None:
    column = replace(next(one for one in COMMON if one.name == "bytes"), fields={"binary": trips.same})
    files.parquet_in(jobs.lake, {"id": [1, 2], "bytes": [b"ab", b"\xff"]})
    source = jobs.records(files.fields_of([column]), path="in.parquet", record_type="parquet")
    message = jobs.failed(source, jobs.files(**files.FORMATS[file]))
    assert "field 'bytes_binary': a value is bytes that are no text in UTF-8" in message, message


TYPES: dict[str, dict[str, str]] = {
    "postgres": {"bytes": "bytea", "naive": "timestamp", "zoned": "timestamptz", "real": "double precision", "short": "real"},
    "duckdb": {"bytes": "blob", "naive": "timestamp", "zoned": "timestamptz", "real": "double", "short": "float",
               "unsigned": "ubigint"},
    "mysql": {"bytes": "blob", "naive": "datetime(6)", "real": "double", "short": "float", "text": "longtext",
              "clock": "time(6)"},
    "sqlite": {"bytes": "blob", "naive": "text", "real": "real", "short": "real", "text": "text"},
}  # fmt: skip
TYPES |= {
    name: {**TYPES["duckdb"], "short": "double"} for name in ("snowflake", "bigquery")
}  # as DuckDB, which stands in
"""What a column is declared as where it is not as below; the columns of a table are those that a database has."""
DECLARED = {
    "whole": "bigint",
    "so": "boolean",
    "text": "text",
    "day": "date",
    "clock": "time",
    "unsigned": "bigint unsigned",
}
LACKING = {
    "postgres": {"unsigned"},
    # DuckDB, which stands in for them, prints no zero before such a point.
    "snowflake": {"unsigned", "d38_38", "d18_18"},
    "bigquery": {"unsigned", "d38_38", "d18_18"},
    "mysql": {"zoned"},
    # Its numbers have no more digits than a real one.
    "sqlite": {"unsigned", "zoned", *(one.name for one in DECIMALS)},
}


def stored(kind: str, column: Column) -> Column:
    """Return a column as a database has it: which values, and where booleans are numbers."""
    had = {"values": drawn(kind, column), "edges": [*filter(taken(kind), column.edges)]}
    if column.name == "bytes":
        had = {}
    if column.name == "so" and kind in ("mysql", "sqlite"):
        had["fields"] = {"boolean": trips.same, "string": lambda one: str(int(one)), "int": int}
    if column.name == "real" and kind == "sqlite":
        had["fields"] = {"double": trips.same, "string": trips.Number}
    return replace(column, **had)


def given_to(kind: str, name: str, value: Any) -> Any:
    """A value as the driver takes it: SQLite has texts for times."""
    if kind == "sqlite" and isinstance(value, date | time):
        return value.isoformat(sep=" ") if isinstance(value, datetime) else value.isoformat()
    return files.aware(name, value)


@pytest.mark.parametrize("base", TYPES, indirect=True)
@ONCE
@given(data=st.data())
def test_databases_into_files(jobs: Any, base: Any, data: st.DataObject) -> None:
    types = {**DECLARED, **TYPES[base.kind]}
    columns = [
        stored(base.kind, one) for one in [*DECIMALS, *COMMON, UNSIGNED] if one.name not in LACKING.get(base.kind, ())
    ]
    table = data.draw(trips.tables(columns))
    ids = list(range(len(table[columns[0].name])))
    given = {"id": ids, **{name: [given_to(base.kind, name, one) for one in values] for name, values in table.items()}}
    listed = ", ".join(
        f'"{name}" {"decimal" + str(tuple(map(int, name[1:].split("_")))) if name not in types else types[name]}'
        for name in table
    )
    base.sql("DROP TABLE IF EXISTS t", f"CREATE TABLE t (id bigint, {listed})")
    base.insert("t", [*zip(*given.values(), strict=True)])
    jobs.run(**files.flow(jobs, jobs.source(files.fields_of(columns), table="t"), files.FORMATS))
    wanted = trips.expected(columns, table)
    wrong = files.written_wrong(jobs.lake, wanted, table)
    files.differing(one for one in wrong if base.kind not in ONE_ZERO or not files.is_zero(one))
