"""What a source leaves out goes to its second output, as it stands in its file, on every engine."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import xlsxwriter
from typer.testing import CliRunner

from penstock.cli.app import app

N = {"name": "n", "type": "int"}
SOURCES: dict[str, tuple[dict[str, Any], list[dict[str, Any]]]] = {
    "csv": (
        {"path": "in.csv", "delimiter": ",", "quote": "quoted_multi_line", "skip_header": True},
        [N, {"name": "t", "type": "datetime"}, {"name": "s"}],
    ),
    "jsonl": ({"path": "in.json", "record_type": "json"}, [N, {"name": "m", "type": "json"}]),
    "array": (
        {"path": "array*.json", "record_type": "json", "record_delimiter": "eof", "base_record": "$.all"}, [N],
    ),
    "parquet": ({"path": "in.parquet", "record_type": "parquet"}, [N, {"name": "k"}]),
    "excel": ({"path": "in.xlsx", "record_type": "excel", "skip_header": True}, [N, {"name": "k"}]),
    "raw": ({"path": "in.json", "record_type": "raw"}, [{"name": "r"}]),
}  # fmt: skip
FILES: dict[str, bytes] = {
    "in.csv": b'n,t,s\n1,2024-01-01,a\nx,2024-01-01,"b, ""c""\nd"\n3,no day,e\r\n\n4,,\n',
    "in.json": b'{"n": 1, "m": {}}\nnot json\n{"n": "y", "m": {"a": 1}}\n\n{"n": 2, "m": 5}\n{}\n',
    "array1.json": b'{"all": [{"n": 1}, {"n": "z"}, {"n": 2}]}',
    "array2.json": b'{"all": [',
}
SOUND = {
    "csv": [(1, "2024-01-01T00:00:00.000Z", "a"), (4, None, None)],
    "jsonl": [(1, {}), (None, None)],
    "array": [(1,), (2,)],
    "parquet": [(1, "a"), (None, "c")],
    "excel": [(1, "a"), (None, "c")],
    "raw": [(line,) for line in FILES["in.json"].decode().splitlines()],
}
REJECTED = {
    "csv": [
        ('x,2024-01-01,"b, ""c""\nd"', "Field 'n': the value 'x' is no int.", "in.csv, line 3"),
        ("3,no day,e", "Field 't': the value 'no day' is no datetime.", "in.csv, line 5"),
    ],
    "jsonl": [
        ("not json", "It is no JSON.", "in.json, line 2"),
        ('{"n": "y", "m": {"a": 1}}', "Field 'n': the value 'y' is no int.", "in.json, line 3"),
        ('{"n": 2, "m": 5}', "Field 'm': the value '5' is no map.", "in.json, line 5"),
    ],
    "array": [
        ('{"n":"z"}', "Field 'n': the value 'z' is no int.", "array1.json, line 1"),
        ('{"all": [', "It is no JSON.", "array2.json, line 1"),
    ],
    "parquet": [('{"n":"q","k":"b"}', "Field 'n': the value 'q' is no int.", "in.parquet, record 2")],
    "excel": [('["q", "b"]', "Field 'n': the value 'q' is no int.", "in.xlsx, row 3")],
    "raw": [],
}


@pytest.fixture(params=["duckdb", "spark"])
def run(tmp_path: Path, request: pytest.FixtureRequest) -> Callable[..., dict[str, Any]]:
    """Runs every source into two outputs, `<name>` and `<name>_rejected`; returns what is printed."""
    for name, content in FILES.items():
        (tmp_path / name).write_bytes(content)
    pq.write_table(pa.table({"n": ["1", "q", None], "k": ["a", "b", "c"]}), tmp_path / "in.parquet")
    made = io.BytesIO()
    book = xlsxwriter.Workbook(made, {"in_memory": True})
    sheet = book.add_worksheet()
    for at, row in enumerate((["n", "k"], [1, "a"], ["q", "b"], [None, "c"])):
        sheet.write_row(at, 0, row)
    book.close()
    (tmp_path / "in.xlsx").write_bytes(made.getvalue())

    def run(policy: str, wanted: list[str]) -> dict[str, Any]:
        components: list[dict[str, Any]] = []
        edges = []
        for name in wanted:
            properties, fields = SOURCES[name]
            components.append({
                "id": name, "type": "cloud_storage_source_component", "name": name, "connection": "lake", "fields": fields,
                "properties": {**properties, "on_bad_value": policy},
            })  # fmt: skip
            for output in (name, f"{name}_rejected"):
                components.append({
                    "id": f"to_{output}", "type": "cloud_storage_destination_component", "name": f"to_{output}",
                    "connection": "lake", "properties": {"path": f"out/{output}", "format": "json", "if_exists": "replace"},
                })  # fmt: skip
            edges += [
                {"from": name, "to": f"to_{name}"},
                {"from": name, "to": f"to_{name}_rejected", "output": "rejected"},
            ]
        (tmp_path / "connections.json").write_text(json.dumps({"lake": {"type": "file", "path": "."}}))
        (tmp_path / "p.json").write_text(json.dumps({"components": components, "edges": edges}))
        words = ["run", str(tmp_path / "p.json"), "--connections", str(tmp_path / "connections.json"), "--json"]
        done = CliRunner().invoke(app, [*words, "--engine", request.param])
        found: dict[str, Any] = json.loads(done.stdout)
        return found

    return run


def records(tmp_path: Path, name: str) -> list[tuple[Any, ...]]:
    lines = [line for one in sorted((tmp_path / "out" / name).iterdir()) for line in one.read_text().splitlines()]
    return sorted((tuple(json.loads(line).values()) for line in lines), key=repr)


def test_rejected_records_stay_as_they_are(run: Callable[..., dict[str, Any]], tmp_path: Path) -> None:
    done = run("skip", list(SOURCES))
    assert done["status"] == "completed", done
    for name in SOURCES:
        assert records(tmp_path, name) == sorted(SOUND[name], key=repr), name
        assert records(tmp_path, f"{name}_rejected") == sorted(REJECTED[name], key=repr), name


def test_nothing_is_rejected_where_values_become_null(run: Callable[..., dict[str, Any]], tmp_path: Path) -> None:
    assert run("set_null", ["csv", "jsonl"])["status"] == "completed"
    assert [len(records(tmp_path, name)) for name in ("csv", "jsonl")] == [4, 5]
    assert records(tmp_path, "csv_rejected") == records(tmp_path, "jsonl_rejected") == []
    failed = run("fail", ["csv"])
    assert failed["errors"] == (
        "Component 'csv', field 'n': the value 'x' is no int (in.csv, line 3). Correct it, or choose set_null or skip for it."
    )


TARGETS: dict[str, tuple[dict[str, Any], list[str]]] = {
    "json": ({"format": "json"}, ["x"]),
    "array": ({"format": "json_array"}, ["x", "n"]),
    "folders": ({"format": "json", "partition_by": ["n"]}, ["x"]),
    "raw": ({"format": "raw"}, ["t"]),
    "plain": ({"format": "delimited", "delimiter": ","}, ["n", "t"]),
    "excel": ({"format": "excel"}, ["x", "long"]),
    "parquet": ({"format": "parquet"}, ["d", "b"]),
    "avro": ({"format": "avro"}, ["x"]),
}  # fmt: skip
WHY = {
    "json": {"JSON has no NaN and no infinity": {2, 3}}, "array": {"JSON has no NaN and no infinity": {2, 3}},
    "folders": {"JSON has no NaN and no infinity": {2, 3}}, "raw": {"the value holds a line break": {4}},
    "plain": {"the value holds the delimiter or a line break, and there is neither a qualifier nor an escape": {4, 5}},
    "excel": {
        "a sheet has no NaN and no infinity": {2, 3}, "the value has more than the 32,767 characters that a cell holds": {6},
    },
    "parquet": {
        "the date-time is too far away for the microseconds of Parquet": {7},
        "the value is bytes that are no text in UTF-8": {8},
    },
    "avro": {},
}  # fmt: skip


@pytest.mark.parametrize("engine", ["duckdb", "spark"])
def test_what_a_file_cannot_hold_goes_to_a_second_output(engine: str, tmp_path: Path) -> None:
    """Each record once, under a number of its own, from wherever its part was written."""
    numbers = list(range(1, 10))
    table = pa.table({
        "n": numbers, "x": [1.0, float("nan"), float("-inf"), None, 2.5, 0.1, 1e30, -0.0, 9.0],
        "t": ["a", "b", "c", "d\ne", "f,g", "", None, "h", "i"], "long": ["s"] * 5 + ["\U0001f600" * 20_000] + ["s"] * 3,
        "d": ["+300000-01-01" if one == 7 else "2024-05-06" for one in numbers],
        "b": pa.array([b"\xff" if one == 8 else b"text" for one in numbers]),
    })  # fmt: skip
    (tmp_path / "in").mkdir()
    for at in range(3):
        pq.write_table(table.slice(at * 3, 3), tmp_path / "in" / f"{at}.parquet")
    fields = [{"name": "n", "type": "int"}, {"name": "x", "type": "double"}, {"name": "t"}, {"name": "long"}]
    fields += [{"name": "d", "type": "datetime"}, {"name": "b", "type": "binary"}]
    components: list[dict[str, Any]] = [{
        "id": "s", "type": "cloud_storage_source_component", "name": "s", "connection": "lake", "fields": fields,
        "properties": {"path": "in/*.parquet", "record_type": "parquet"},
    }]  # fmt: skip
    edges: list[dict[str, Any]] = []
    for name, (properties, written) in TARGETS.items():
        kept = {"path": f"out/{name}_rejected", "format": "json", "if_exists": "replace"}
        listed = [*written, *(["n"] if "n" not in written and name != "raw" else [])]
        components += [
            {
                "id": name, "type": "cloud_storage_destination_component", "name": name, "connection": "lake",
                # Columns that differ in case alone are no names of a structure.
                "mapping": [{"alias": one, "column": "THE_N" if one + name == "tplain" else f"the_{one}"} for one in listed],
                "properties": {**properties, "path": f"out/{name}", "on_bad_value": "skip"},
            },
            {
                "id": f"{name}_r", "type": "cloud_storage_destination_component", "name": f"{name}_r", "connection": "lake",
                "properties": kept,
            },
        ]  # fmt: skip
        edges += [{"from": "s", "to": name}, {"from": name, "to": f"{name}_r", "output": "rejected"}]
    (tmp_path / "connections.json").write_text(json.dumps({"lake": {"type": "file", "path": "."}}))
    (tmp_path / "p.json").write_text(json.dumps({"components": components, "edges": edges}))
    words = ["run", str(tmp_path / "p.json"), "--connections", str(tmp_path / "connections.json"), "--json"]
    done = json.loads(CliRunner().invoke(app, [*words, "--engine", engine]).stdout)
    assert done["status"] == "completed", done
    receipts = {one["component"]["name"]: one for one in done["outputs"]}
    for name, wanted in WHY.items():
        found = records(tmp_path, f"{name}_rejected")
        gone = {one: why for why, those in wanted.items() for one in those}
        assert (receipts[name]["records_count"], receipts[name]["receipt"]["rejected"]) == (9 - len(gone), len(gone)), (
            name
        )
        assert sorted(reason.partition(": ")[2].removesuffix(".") for _, reason, _ in found) == sorted(gone.values()), (
            name
        )
        assert len({place for _, _, place in found}) == len(gone), name
        assert all(1 <= int(place.removeprefix("record ")) <= 9 for _, _, place in found), name
        if name != "raw":
            key = "n" if name == "folders" else "the_n"
            assert {json.loads(record)[key] for record, _, _ in found} == set(gone), name
        if engine == "duckdb" and name != "raw":  # few records, which come in the order of their files
            assert {place for _, _, place in found} == {f"record {one}" for one in gone}, name
    by_number = {
        json.loads(record)["the_n"]: json.loads(record) for record, _, _ in records(tmp_path, "excel_rejected")
    }
    assert (by_number[2]["the_x"], by_number[3]["the_x"], len(by_number[6]["the_long"])) == ("NaN", "-Infinity", 20_000)
    ((_, reason, _),) = records(tmp_path, "raw_rejected")
    assert reason.startswith("Column 'the_t': ")
