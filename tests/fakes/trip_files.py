"""Files of round trips: written and read by other libraries, and what each holds of a value of a field, written from the tables
of the guide (docs/guide/packages.md) and not from the code that is tried."""

from __future__ import annotations

import csv
import json
import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime, time
from pathlib import Path
from typing import Any

import fastavro
import pyarrow as pa
import pyarrow.parquet as pq
import xlsxwriter
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
_DECIMALS = {f"d{p}_{s}": (p, s) for p, s in trips.DECIMALS}
ARROW = {
    **{name: pa.decimal128(*one) for name, one in _DECIMALS.items()},
    "whole": pa.int64(), "real": pa.float64(), "short": pa.float32(), "so": pa.bool_(), "text": pa.string(),
    "bytes": pa.binary(), "naive": pa.timestamp("us"), "zoned": pa.timestamp("us", "UTC"), "day": pa.date32(),
    "clock": pa.time64("us"), "unsigned": pa.uint64(), "id": pa.int64(),
}  # fmt: skip
AVRO = {
    **{name: {"type": "bytes", "logicalType": "decimal", "precision": one[0], "scale": one[1]}
       for name, one in _DECIMALS.items()},
    "whole": "long", "real": "double", "short": "float", "so": "boolean", "text": "string", "bytes": "bytes",
    "naive": {"type": "long", "logicalType": "local-timestamp-micros"},
    "zoned": {"type": "long", "logicalType": "timestamp-micros"}, "day": {"type": "int", "logicalType": "date"},
    "clock": {"type": "long", "logicalType": "time-micros"}, "id": "long",
    "milli": {"type": "long", "logicalType": "timestamp-millis"},
    "local": {"type": "long", "logicalType": "local-timestamp-millis"},
    "second": {"type": "int", "logicalType": "time-millis"},
    "fixed": {"type": "fixed", "name": "fixed", "size": 9, "logicalType": "decimal", "precision": 20, "scale": 4},
}  # fmt: skip
Table = dict[str, list[Any]]


def aware(name: str, value: Any) -> Any:
    """Give the instants of a column with zones theirs."""
    return value.replace(tzinfo=UTC) if name in ("zoned", "milli") and value is not None else value


def parquet_in(folder: Path, table: Table) -> None:
    """Write a table by Arrow."""
    made = {name: pa.array([aware(name, one) for one in values], ARROW[name]) for name, values in table.items()}
    pq.write_table(pa.table(made), folder / "in.parquet")


def avro_in(folder: Path, table: Table) -> None:
    """Write a table by fastavro."""
    schema = {"type": "record", "name": "one", "fields": [{"name": one, "type": ["null", AVRO[one]]} for one in table]}
    rows = [{name: aware(name, value) for name, value in row.items()} for row in _rows(table)]
    with (folder / "in.avro").open("wb") as file:
        fastavro.writer(file, fastavro.parse_schema(schema), rows)


def _rows(table: Table) -> Iterator[dict[str, Any]]:
    for row in zip(*table.values(), strict=True):
        yield dict(zip(table, row, strict=True))


def json_in(folder: Path, table: Table) -> None:
    """Write a table by json, a record a line. Letters beyond ASCII are escaped in every other record."""
    lines = [json.dumps(row, ensure_ascii=at % 2 == 0, default=str) + "\n" for at, row in enumerate(_rows(table))]
    (folder / "in.json").write_text("".join(lines), encoding="utf-8", newline="")


def json_array_in(folder: Path, table: Table) -> None:
    """Write a table by json, as one array in several lines."""
    (folder / "in.json_array").write_text(json.dumps(list(_rows(table)), indent=1, default=str))


def delimited_in(folder: Path, table: Table) -> None:
    """Write a table by csv, every text in quotes."""
    with (folder / "in.delimited").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n", quoting=csv.QUOTE_NONNUMERIC)
        writer.writerow(table)
        writer.writerows([spelled(one) for one in row.values()] for row in _rows(table))


def spelled(value: Any) -> Any:
    """A value as csv is given it; true and false as the language spells them."""
    return str(value).lower() if isinstance(value, bool) else value


def excel_in(folder: Path, table: Table) -> None:
    """Write a table by xlsxwriter, whose numbers have sixteen digits."""
    book = xlsxwriter.Workbook(folder / "in.excel")
    sheet = book.add_worksheet()
    instants = book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss.000"})
    days = book.add_format({"num_format": "yyyy-mm-dd"})
    for at, (name, values) in enumerate(table.items()):
        sheet.write_string(0, at, name)
        for row, value in enumerate(values, 1):
            match value:
                case bool():
                    sheet.write_boolean(row, at, value)
                case int() | float():
                    sheet.write_number(row, at, value)
                case str():
                    sheet.write_string(row, at, value)
                case datetime():
                    sheet.write_datetime(row, at, value, instants)
                case None:
                    pass
                case _:
                    sheet.write_datetime(row, at, value, days)
    book.close()


def found_in(folder: Path, kind: str, names: Sequence[str]) -> Table:
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
            return 0.0  # Its dictionary has one zero for both.
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
    """Tell whether a value is what it is to be: of the same type, and a zero of the same sign."""
    if isinstance(wanted, trips.Java | trips.Number):
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


def is_zero(wrong: Wrong) -> bool:
    """Tell whether only the sign of a zero differs."""
    *_, need, found = wrong
    is_number = isinstance(need, float | trips.Java | trips.Number)
    return is_number and float(need) == 0 and found not in ("", None) and float(found) == 0


def differing(wrong: Iterable[Wrong]) -> None:
    """Fail with the first of the values that are wrong, by place and field."""
    shown: dict[tuple[str, str], list[Any]] = {}
    for where, name, *values in wrong:
        shown.setdefault((where, name), []).append(values)
    assert not shown, "\n" + "\n".join(f"{key}: {len(ones)} {ones[:4]}" for key, ones in shown.items())


def written_wrong(lake: Path, wanted: Table, table: Table) -> Iterator[Wrong]:
    """Yield what files hold that is not what they are to hold."""
    for file in FORMATS:
        found = found_in(lake / f"out_{file}", file, list(wanted))
        for name, values in wanted.items():
            source, _, kind = name.rpartition("_")
            for at, (one, meant) in enumerate(zip(found[name], values, strict=True)):
                if not alike(read_back(one, kind, file), need := held(meant, kind, file)):
                    yield file, name, table[source][at], need, one


def fields_of(columns: Sequence[Column]) -> list[dict[str, str]]:
    """Return the fields that read columns, and the id."""
    listed = [{"name": "id", "type": "long"}]
    return listed + [
        {"name": one.name, "alias": f"{one.name}_{kind}", "type": kind} for one in columns for kind in one.fields
    ]


def flow(jobs: Any, source: dict[str, Any], targets: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """A package that writes a source into several destinations."""
    outputs = [
        {**jobs.files(path=f"out_{name}", on_bad_value="set_null", merge_to_single_file=True, **properties), "id": name,
         "name": name}
        for name, properties in targets.items()
    ]  # fmt: skip
    edges = [{"from": source["id"], "to": one["id"]} for one in outputs]
    return {"flow": json.dumps({"components": [source, *outputs], "edges": edges})}


Write = Callable[[Path, Table], None]
