"""Values that another library wrote into a file go into every other file and database, and are what the guide says."""

from __future__ import annotations

import csv
import json
import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import fastavro
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from python_calamine import CalamineWorkbook
from tests.fakes import trips
from tests.fakes.trips import Column

FORMATS: dict[str, dict[str, Any]] = {
    "parquet": {"format": "parquet"},
    "avro": {"format": "avro"},
    "json": {"format": "json"},
    "delimited": {"format": "delimited", "delimiter": ",", "quote": '"', "header": True},
    "excel": {"format": "excel", "header": True},
}
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


DECIMALS = [decimal_column(*one) for one in ((38, 0), (38, 10), (38, 38), (18, 18), (18, 0), (9, 2), (1, 0))]
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
ARROW = {
    **{one.name: pa.decimal128(*map(int, one.name[1:].split("_"))) for one in DECIMALS},
    "whole": pa.int64(), "real": pa.float64(), "short": pa.float32(), "so": pa.bool_(), "text": pa.string(),
    "bytes": pa.binary(), "naive": pa.timestamp("us"), "zoned": pa.timestamp("us", "UTC"), "day": pa.date32(),
    "clock": pa.time64("us"), "unsigned": pa.uint64(), "id": pa.int64(),
}  # fmt: skip
AVRO = {
    **{one.name: {"type": "bytes", "logicalType": "decimal", "precision": int(one.name[1:].split("_")[0]),
                  "scale": int(one.name.split("_")[1])} for one in DECIMALS},
    "whole": "long", "real": "double", "short": "float", "so": "boolean", "text": "string", "bytes": "bytes",
    "naive": {"type": "long", "logicalType": "local-timestamp-micros"},
    "zoned": {"type": "long", "logicalType": "timestamp-micros"}, "day": {"type": "int", "logicalType": "date"},
    "clock": {"type": "long", "logicalType": "time-micros"}, "id": "long",
}  # fmt: skip


def aware(name: str, value: Any) -> Any:
    return value.replace(tzinfo=UTC) if name == "zoned" and value is not None else value


def parquet_in(folder: Path, table: dict[str, list[Any]]) -> None:
    """Write a table by Arrow."""
    made = {name: pa.array([aware(name, one) for one in values], ARROW[name]) for name, values in table.items()}
    pq.write_table(pa.table(made), folder / "in.parquet")


def avro_in(folder: Path, table: dict[str, list[Any]]) -> None:
    """Write a table by fastavro."""
    schema = {"type": "record", "name": "one", "fields": [{"name": one, "type": ["null", AVRO[one]]} for one in table]}
    rows = [dict(zip(table, row, strict=True)) for row in zip(*table.values(), strict=True)]
    rows = [{name: aware(name, value) for name, value in row.items()} for row in rows]
    with (folder / "in.avro").open("wb") as file:
        fastavro.writer(file, fastavro.parse_schema(schema), rows)


def found_in(folder: Path, kind: str, names: list[str]) -> dict[str, list[Any]]:
    """Return the columns of a destination, read by another library, in the order of their ids."""
    (file,) = folder.iterdir()
    match kind:
        case "parquet":
            rows = pq.read_table(file).to_pylist()
        case "avro":
            with file.open("rb") as stream:
                rows = list(fastavro.reader(stream))
        case "json":
            rows = [json.loads(line) for line in file.read_text().split("\n") if line]
        case "delimited":
            with file.open(newline="") as stream:
                rows = list(csv.DictReader(stream, strict=True))
        case _:
            sheet = CalamineWorkbook.from_path(file).get_sheet_by_index(0).to_python()
            rows = [dict(zip(sheet[0], row, strict=True)) for row in sheet[1:]]
    rows.sort(key=lambda one: int(one["id"]))
    return {name: [one[name] for one in rows] for name in names}


def held(value: Any, kind: str, file: str) -> Any:
    """What a file holds of a value of a field, as its library gives it."""
    if kind == "binary" and value is not None:
        value = trips.utf8(value)
    if value is None:
        return "" if file in ("delimited", "excel") else None
    match kind:
        case "datetime":
            return value.ms if file == "parquet" else trips.iso(value)
        case "boolean" if file == "delimited":
            return str(value).lower()
        case "int" | "long" if file == "delimited":
            return str(value)
        case "int" | "long" if file == "excel":
            return float(value) if abs(value) < 10**15 else str(value)
        case "float" | "double" if not math.isfinite(value) and file in ("json", "excel"):
            return "" if file == "excel" else None
        case "float" | "double" if value == 0 and file == "parquet":
            return 0.0
        case "string" if file == "excel" and isinstance(value, str):
            # Noncharacters are escaped as Excel does it; calamine leaves these two as they are.
            return type(value)(value.replace("\ufffe", "_xFFFE_").replace("\uffff", "_xFFFF_"))
    return value


def read_back(value: Any, kind: str, file: str) -> Any:
    """A value as a library gives it, made comparable."""
    if file == "parquet" and kind == "datetime" and value is not None:
        return trips.instant(value).ms
    if file == "parquet" and value == 0 and kind in ("float", "double"):
        return 0.0
    if file == "delimited" and kind in ("float", "double") and value:
        return trips.single(float(value)) if kind == "float" else float(value)
    if kind == "float" and file in ("excel", "json") and value not in ("", None):
        return trips.single(value)
    return value


def alike(found: Any, wanted: Any) -> bool:
    if isinstance(wanted, trips.Java):
        return wanted.is_met(found)
    if isinstance(wanted, time):
        return isinstance(found, str) and time.fromisoformat(found) == wanted
    if isinstance(wanted, float):
        if not isinstance(found, int | float) or isinstance(found, bool):
            return False
        return (math.isnan(found) and math.isnan(wanted)) or (
            found == wanted and math.copysign(1, found) == math.copysign(1, wanted)
        )
    return type(found) is type(wanted) and bool(found == wanted)


Wrong = tuple[str, str, Any, Any, Any]
"""Where and in which field a value was wrong: the value itself, what was to be there, and what was."""


def differing(wrong: Iterable[Wrong]) -> None:
    """Fail with the first of the values that are wrong, by place and field."""
    shown: dict[tuple[str, str], list[Any]] = {}
    for where, name, *values in wrong:
        shown.setdefault((where, name), []).append(values)
    assert not shown, "\n" + "\n".join(f"{key}: {len(ones)} {ones[:4]}" for key, ones in shown.items())


def written_wrong(jobs: Any, wanted: dict[str, list[Any]], table: dict[str, list[Any]]) -> Iterator[Wrong]:
    """Yield what files hold that is not what they are to hold."""
    for file in FORMATS:
        found = found_in(jobs.lake / f"out_{file}", file, list(wanted))
        for name, values in wanted.items():
            source, _, kind = name.rpartition("_")
            for at, (one, meant) in enumerate(zip(found[name], values, strict=True)):
                if not alike(read_back(one, kind, file), need := held(meant, kind, file)):
                    yield file, name, table[source][at], need, one


def flow(jobs: Any, source: dict[str, Any], targets: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """A package that writes a source into several destinations."""
    outputs = [
        {**jobs.files(path=f"out_{name}", on_bad_value="set_null", merge_to_single_file=True, **properties), "id": name,
         "name": name}
        for name, properties in targets.items()
    ]  # fmt: skip
    edges = [{"from": source["id"], "to": one["id"]} for one in outputs]
    return {"flow": json.dumps({"components": [source, *outputs], "edges": edges})}


def fields_of(columns: list[Column]) -> list[dict[str, str]]:
    listed = [{"name": "id", "type": "long"}]
    return listed + [
        {"name": one.name, "alias": f"{one.name}_{kind}", "type": kind} for one in columns for kind in one.fields
    ]


Write = Callable[[Path, dict[str, list[Any]]], None]
SOURCES: dict[str, tuple[Write, list[Column]]] = {
    "parquet": (parquet_in, [*DECIMALS, *COMMON, UNSIGNED]),
    "avro": (avro_in, [*DECIMALS, *COMMON]),
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
    source = jobs.records(fields_of(columns), path=f"in.{kind}", record_type=kind)
    jobs.run(**flow(jobs, source, FORMATS))
    wanted = trips.expected(columns, table)
    differing(written_wrong(jobs, wanted, table))


DATABASES = ("postgres", "mysql", "sqlite", "duckdb")
FIRST_OF = {"mysql": datetime(1000, 1, 1)}
"""The first instant that a database has, where it is not that of the year 1."""


def drawn(kind: str, column: Column) -> st.SearchStrategy[Any]:
    """Return what is drawn of a column: what the database takes, and of bytes those that are text."""
    first = FIRST_OF.get(kind, trips.FIRST)
    words = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=24)
    has_nan = kind in ("postgres", "duckdb")
    return {
        "bytes": words.map(str.encode), "text": words, "naive": st.datetimes(first, trips.LAST),
        "zoned": st.datetimes(first, trips.LAST), "day": st.dates(first.date()),
        "real": st.floats(allow_nan=has_nan, allow_infinity=has_nan),
        "short": st.floats(width=32, allow_nan=has_nan, allow_infinity=has_nan),
    }.get(column.name, column.values)  # fmt: skip


def taken(kind: str) -> Callable[[Any], bool]:
    """Return which of the edges a database takes; what becomes of others is below."""
    has_nan = kind in ("postgres", "duckdb")

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
            return value if base.kind in ("postgres", "duckdb") else int(value)
        case "float" | "double" if value == 0:
            return 0.0
        case "binary":
            return trips.utf8(value)
    return value


def loaded(base: Any, kind: str, value: Any) -> Any:
    """A value as the driver gives it, made comparable."""
    if isinstance(value, datetime) and value.tzinfo is not None:
        return value.astimezone(UTC)
    if kind in ("float", "double") and value is not None:
        value = abs(float(value)) if value == 0 else float(value)
    return trips.single(value) if kind == "float" and value is not None else value


@pytest.mark.parametrize("base", DATABASES, indirect=True)
@ONCE
@given(data=st.data())
def test_files_into_databases(jobs: Any, base: Any, data: st.DataObject) -> None:
    columns = [
        replace(one, values=drawn(base.kind, one), edges=[*filter(taken(base.kind), one.edges)])
        for one in [*DECIMALS, *COMMON, UNSIGNED]
    ]
    table = data.draw(trips.tables(columns))
    ids = list(range(len(table[columns[0].name])))
    parquet_in(jobs.lake, {"id": ids, **table})
    base.sql("DROP TABLE IF EXISTS t")
    jobs.run(
        jobs.records(fields_of(columns), path="in.parquet", record_type="parquet"), jobs.target(auto_create_table=True)
    )
    wanted = trips.expected(columns, table)
    # As a float alone MySQL would give six digits of it.
    names = ", ".join(f'"{name}"{" * 1e0" if name.endswith("_float") else ""}' for name in ("id", *wanted))
    rows = sorted(base.rows(f"SELECT {names} FROM t"))
    assert [row[0] for row in rows] == ids
    differing(
        (base.kind, name, table[name.rpartition("_")[0]][at], need, one)
        for place, (name, values) in enumerate(wanted.items(), 1)
        for at, (row, meant) in enumerate(zip(rows, values, strict=True))
        if not alike(
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
    parquet_in(jobs.lake, {"id": [1, 2], name: [column.edges[4], value]})
    source = jobs.records(
        fields_of([replace(column, fields={kind: trips.same})]), path="in.parquet", record_type="parquet"
    )
    message = jobs.failed(source, jobs.target(auto_create_table=True, table=f"of_{name}"))
    assert (said if isinstance(said, str) else said[base.kind]) in message, message


@pytest.mark.parametrize("base", ["sqlite"], indirect=True)
@pytest.mark.parametrize("file", FORMATS)
def test_bytes_that_are_no_text_fail_a_file(jobs: Any, file: str) -> None:
    column = replace(next(one for one in COMMON if one.name == "bytes"), fields={"binary": trips.same})
    parquet_in(jobs.lake, {"id": [1, 2], "bytes": [b"ab", b"\xff"]})
    source = jobs.records(fields_of([column]), path="in.parquet", record_type="parquet")
    message = jobs.failed(source, jobs.files(**FORMATS[file]))
    assert "field 'bytes_binary': a value is bytes that are no text in UTF-8" in message, message


TYPES: dict[str, dict[str, str]] = {
    "postgres": {"bytes": "bytea", "naive": "timestamp", "zoned": "timestamptz", "real": "double precision", "short": "real"},
    "duckdb": {"bytes": "blob", "naive": "timestamp", "zoned": "timestamptz", "real": "double", "short": "float",
               "unsigned": "ubigint"},
}  # fmt: skip
"""What a column is declared as where it is not as below; the columns of a table are those that a database has."""
DECLARED = {
    "whole": "bigint",
    "so": "boolean",
    "text": "text",
    "day": "date",
    "clock": "time",
    "unsigned": "bigint unsigned",
}


@pytest.mark.parametrize("base", TYPES, indirect=True)
@ONCE
@given(data=st.data())
def test_databases_into_files(jobs: Any, base: Any, data: st.DataObject) -> None:
    types = {**DECLARED, **TYPES[base.kind]}
    had = [
        one
        for one in [*DECIMALS, *COMMON, UNSIGNED]
        if (one.name in types or one in DECIMALS)
        and (one.name != "unsigned" or base.kind != "postgres")
        and (base.kind != "mysql" or one.name not in ("so", "d38_38", "short"))
    ]
    columns = [
        replace(one, values=one.values if one.name == "bytes" else drawn(base.kind, one),
                edges=one.edges if one.name == "bytes" else [*filter(taken(base.kind), one.edges)])
        for one in had
    ]  # fmt: skip
    table = data.draw(trips.tables(columns))
    ids = list(range(len(table[columns[0].name])))
    given = {"id": ids, **{name: [aware(name, one) for one in values] for name, values in table.items()}}
    listed = ", ".join(
        f"{name} {'decimal' + str(tuple(map(int, name[1:].split('_')))) if name not in types else types[name]}"
        for name in table
    )
    base.sql("DROP TABLE IF EXISTS t", f"CREATE TABLE t (id bigint, {listed})")
    base.insert("t", [*zip(*given.values(), strict=True)])
    jobs.run(**flow(jobs, jobs.source(fields_of(columns), table="t"), FORMATS))
    wanted = trips.expected(columns, table)
    differing(one for one in written_wrong(jobs, wanted, table) if not is_zero(one))


def is_zero(wrong: Wrong) -> bool:
    """Tell whether only the sign of a zero differs, which not every way keeps."""
    *_, need, found = wrong
    return isinstance(need, float | trips.Java) and float(need) == 0 and found not in ("", None) and float(found) == 0
