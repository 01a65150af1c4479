"""Avro files and workbooks, read and written."""

from __future__ import annotations

import datetime as dt
import io
import json
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import fastavro
import pytest
import xlsxwriter
from python_calamine import CalamineWorkbook

Read = Callable[..., Any]


def avro(schema: list[Any], records: list[dict[str, Any]], codec: str = "null", **more: Any) -> bytes:
    made = io.BytesIO()
    fields = [{"name": f"f{at}", "type": one} for at, one in enumerate(schema)]
    fastavro.writer(made, {"type": "record", "name": "r", "fields": fields}, records, codec, **more)
    return made.getvalue()


def one(schema: Any, value: Any) -> bytes:
    return avro([schema], [{"f0": value}])


@pytest.mark.parametrize(
    ("schema", "value", "kind", "wanted"),
    [
        ("boolean", True, "boolean", True),
        ("int", -(2**31), "int", -(2**31)),
        ("long", 2**63 - 1, "long", 2**63 - 1),
        ("float", 0.5, "float", 0.5),
        ("double", 1e-300, "double", 1e-300),
        ("string", "é", "string", "é"),
        ("bytes", b"\xc3\xa9", "string", "é"),
        (["null", "int"], None, "int", None),
        (["null", "int"], 5, "int", 5),
        (["int", "long"], 2**40, "long", 2**40),
        (["int", "double"], 1.5, "double", 1.5),
        (["string", "int"], 5, "string", "5"),
        (["string", {"type": "map", "values": "int"}], {"a": 1}, "json", {"a": 1}),
        ({"type": "enum", "name": "e", "symbols": ["A", "B"]}, "B", "string", "B"),
        ({"type": "fixed", "name": "x", "size": 2}, b"ab", "string", "ab"),
        ({"type": "int", "logicalType": "date"}, dt.date(2024, 2, 29), "string", "2024-02-29T00:00:00.000Z"),
        ({"type": "array", "items": ["null", "long"]}, [1, None], "json_array", [1, None]),
        ({"type": "map", "values": {"type": "array", "items": "string"}}, {"k": ["v"]}, "json", {"k": ["v"]}),
        (
            {"type": "record", "name": "in", "fields": [
                {"name": "a", "type": "int"}, {"name": "b", "type": ["null", "string"]},
            ]},
            {"a": 1, "b": None}, "json", {"a": 1, "b": None},
        ),
        (
            {"type": "record", "name": "n", "fields": [{"name": "next", "type": ["null", "n"]}]},
            {"next": {"next": None}}, "json", {"next": '{"next":null}'},
        ),
    ],
)  # fmt: skip
def test_every_type(read: Read, schema: Any, value: Any, kind: str, wanted: Any) -> None:
    assert read({"in.avro": one(schema, value)}, [f"f0:{kind}"], record_type="avro") == [[wanted]]


def test_decimals_are_exact(read: Read) -> None:
    kinds = [
        {"type": "bytes", "logicalType": "decimal", "precision": 38, "scale": 10},
        {"type": "fixed", "name": "d", "size": 16, "logicalType": "decimal", "precision": 9, "scale": 2},
        ["null", {"type": "bytes", "logicalType": "decimal", "precision": 60, "scale": 1}],
    ]
    values = [Decimal("-1234567890123456789012345678.0123456789"), Decimal("1234567.89"), Decimal("9" * 58 + ".5")]
    content = avro(
        kinds,
        [{"f0": values[0], "f1": values[1], "f2": values[2]}, {"f0": Decimal(0), "f1": Decimal("-0.01"), "f2": None}],
    )
    found = read({"in.avro": content}, ["f0:string", "f1:string", "f2:string"], record_type="avro")
    assert found == [[str(one) for one in values], ["0.0000000000", "-0.01", None]]
    assert read({"in.avro": content}, ["f1:double", "f1:long"][:1], record_type="avro") == [[1234567.89], [-0.01]]


@pytest.mark.parametrize(("word", "factor"), [("millis", 1), ("micros", 1000)])
@pytest.mark.parametrize("local", ["", "local-"])
def test_times_far_and_near(read: Read, word: str, factor: int, local: str) -> None:
    kind = {"type": "long", "logicalType": f"{local}timestamp-{word}"}
    numbers = [1_700_000_000_123, -62_135_596_800_000, 253_402_300_800_000]
    made = io.BytesIO()
    schema = {"type": "record", "name": "r", "fields": [{"name": "f0", "type": kind}]}
    fastavro.writer(made, schema, [{"f0": number * factor} for number in numbers])
    found = read({"in.avro": made.getvalue()}, ["f0:datetime"], record_type="avro")
    assert [row[0] for row in found] == [
        "2023-11-14T22:13:20.123Z",
        "0001-01-01T00:00:00.000Z",
        "10000-01-01T00:00:00.000Z",
    ]


@pytest.mark.parametrize("codec", ["null", "deflate", "bzip2"])
def test_blocks_packed(read: Read, codec: str) -> None:
    content = avro(["int"], [{"f0": n} for n in range(50_000)], codec)
    assert read({"in.avro": content}, ["f0:int"], record_type="avro") == [[n] for n in range(50_000)]


def test_fields_of_the_file_and_of_none(read: Read) -> None:
    fields = [{"pseudo": "line_number"}, {"pseudo": "file_path"}, "f1:string"]
    content = avro(["int", "string"], [{"f0": 1, "f1": "a"}, {"f0": 2, "f1": "b"}])
    assert read({"in.avro": content}, fields, record_type="avro") == [[1, "in.avro", "a"], [2, "in.avro", "b"]]
    assert "in.avro has no column 'f9'. It has: f0, f1." in read({"in.avro": content}, ["f9:int"], record_type="avro")
    assert read({"in.avro": avro(["int"], [])}, ["f0:int"], record_type="avro") == []


def test_avro_that_is_not_whole_fails_the_job(read: Read) -> None:
    whole = avro(["int"], [{"f0": n} for n in range(10_000)], sync_interval=1000)
    for lost in (1, 16, 20, 1500, len(whole) - 20):
        said = read({"in.avro": whole[:-lost]}, ["f0:int"], record_type="avro")
        assert said.startswith("Component 'in': in.avro is"), lost
    assert "is no Avro file" in read({"in.avro": b"id,v\n"}, ["f0:int"], record_type="avro")
    damaged = bytearray(whole)
    damaged[-500] ^= 0xFF
    assert read({"in.avro": bytes(damaged)}, ["f0:int"], record_type="avro") != [[n] for n in range(10_000)]


FULL = {
    "s": "x\ny", "i": -1, "l": 2**62, "f": 0.1, "d": 1e-7, "b": True, "t": "2020-01-02T03:04:05.678+02:00",
    "m": {"k": [1, None]}, "g": [1, "a", None],
}  # fmt: skip
TYPES = ["s:string", "i:int", "l:long", "f:float", "d:double", "b:boolean", "t:datetime", "m:json", "g:json_array"]


@pytest.fixture
def written(copy: Callable[..., dict[str, Any]], tmp_path: Path) -> Callable[..., Any]:
    """The files that a destination writes for JSON records; a failed job is its error text."""

    def written(records: list[dict[str, Any]], fields: list[Any], **properties: Any) -> Any:
        (tmp_path / "in.json").write_text("".join(json.dumps(one) + "\n" for one in records))
        mapping = properties.pop("mapping", None)
        found = copy({"path": "in.json", "record_type": "json"}, fields, properties, None, mapping)
        if found["status"] != "completed":
            return found["errors"]
        return sorted((tmp_path / "out").iterdir())

    return written


def test_avro_is_written_with_types(written: Callable[..., Any], read: Read) -> None:
    (file,) = written([FULL, dict.fromkeys(FULL)], TYPES, format="avro")
    assert file.name == "part-00000.avro"
    with file.open("rb") as stream:
        found = fastavro.reader(stream)
        assert found.codec == "deflate"
        rows = list(found)
        kinds = [one["type"][1] for one in found.writer_schema["fields"]]
    assert kinds == ["string", "int", "long", "float", "double", "boolean", "string", "string", "string"]
    texts = {"t": "2020-01-02T03:04:05.678+02:00", "m": '{"k":[1,null]}', "g": '[1,"a",null]'}
    assert rows == [{**FULL, **texts, "f": pytest.approx(0.1)}, dict.fromkeys(FULL)]
    again = read({"x.avro": file.read_bytes()}, TYPES, record_type="avro")
    assert again == [list(FULL.values()), [None] * len(FULL)]


def test_names_that_avro_lacks_are_found_before(written: Callable[..., Any]) -> None:
    said = written([FULL], TYPES[:1], format="avro", mapping=[("s", "a b")])
    assert "Avro takes no column" in said
    assert "'compression' is for formats of text." in written([FULL], TYPES[:1], format="avro", compression="gzip")


def sheet_of(*rows: list[Any], at: tuple[int, int] = (0, 0), name: str = "Sheet1", more: str | None = None) -> bytes:
    made = io.BytesIO()
    book = xlsxwriter.Workbook(made, {"in_memory": True, "default_date_format": "yyyy-mm-dd hh:mm:ss.000"})
    sheet = book.add_worksheet(name)
    day, clock = book.add_format({"num_format": "yyyy-mm-dd"}), book.add_format({"num_format": "hh:mm:ss"})
    for number, row in enumerate(rows):
        for column, value in enumerate(row):
            form = {dt.date: day, dt.time: clock}.get(type(value))
            if value is not None:
                sheet.write(at[0] + number, at[1] + column, value, *([] if form is None else [form]))
    if more is not None:
        book.add_worksheet(more).write(0, 0, "other")
    book.close()
    return made.getvalue()


EXCEL = {"record_type": "excel"}
HEAD = {**EXCEL, "skip_header": True}


def test_cells_are_texts_that_fit_their_fields(read: Read) -> None:
    content = sheet_of(
        ["id", "n", "t", "b"], [1, 1.5, "x\ny", True], [2**53 - 1, 1e20, " ", False], [None, -0.25, "", None], [], [4]
    )
    assert read({"in.xlsx": content}, ["id:long", "n:double", "t:string", "b:boolean"], **HEAD) == [
        [1, 1.5, "x\ny", True],
        [2**53 - 1, 1e20, " ", False],
        [None, -0.25, None, None],
        [4, None, None, None],
    ]


def test_whole_numbers_arrive_without_a_fraction(read: Read) -> None:
    content = sheet_of([1, 12345678901, 0.5, -3])
    assert read({"in.xlsx": content}, ["a:string", "b:long", "c:string", "d:int"], **EXCEL) == [
        ["1", 12345678901, "0.5", -3]
    ]


def test_days_and_times(read: Read) -> None:
    content = sheet_of([dt.datetime(2024, 2, 29, 1, 2, 3, 456000), dt.date(2024, 2, 29), dt.time(1, 2, 3)])
    wanted = ["2024-02-29T01:02:03.456Z", "2024-02-29T00:00:00.000Z", "01:02:03"]
    assert read({"in.xlsx": content}, ["a:datetime", "b:datetime", "c:string"], **EXCEL) == [wanted]


def test_errors_are_texts_that_fit_no_other_field(read: Read) -> None:
    made = io.BytesIO()
    book = xlsxwriter.Workbook(made)
    book.add_worksheet("Other").write_formula(0, 0, "=1/0", None, "#REF!")
    sheet = book.add_worksheet("Data")
    for row, value in enumerate((1, "#DIV/0!", "#N/A", 4), 2):
        sheet.write_formula(row, 27, "=1/0", None, value)
        sheet.write(row, 29, row)
    book.close()
    files, fields = {"in.xlsx": made.getvalue()}, ["v:int", "none:int", "k:int"]
    options = {**EXCEL, "sheet": "Data", "range": "AB3:AD5"}
    assert read(files, ["v:string", *fields[1:]], **options) == [
        ["1", None, 2],
        ["#DIV/0!", None, 3],
        ["#N/A", None, 4],
    ]
    assert read(files, fields, **options) == [[1, None, 2], [None, None, 3], [None, None, 4]]
    assert read(files, fields, on_bad_value="skip", **options) == [[1, None, 2]]
    said = read(files, fields, on_bad_value="fail", **{**options, "range": "AB3:AD4"})
    assert "field 'v': the value '#DIV/0!' is no int (in.xlsx, row 4)." in said


def test_sheets_ranges_and_lines(read: Read) -> None:
    content = sheet_of(["k", "v"], ["a", 1], ["b", 2], ["c", 3], at=(2, 1), name="Data", more="Other")
    fields = ["k:string", "v:int", {"pseudo": "line_number"}]
    rows = [["a", 1, 4], ["b", 2, 5], ["c", 3, 6]]
    files = {"in.xlsx": content}
    assert read(files, fields, **HEAD) == rows
    assert read(files, fields, sheet="Data", range="B3:C5", **HEAD) == rows[:2]
    assert read(files, fields, range="B4:C5", **EXCEL) == rows[:2]
    assert read(files, fields, range="B:C", **HEAD) == rows
    assert read(files, ["a:string", *fields], range="4:9", **EXCEL) == [[None, *row] for row in rows]
    assert read(files, ["x:string", "k:string"], range="A4:B4", **EXCEL) == [[None, "a"]]
    assert read(files, ["v:int"], range="C5", **EXCEL) == [[2]]
    assert read(files, ["v:int", "k:string"], match_fields="name", **HEAD) == [[1, "a"], [2, "b"], [3, "c"]]
    assert read(files, ["o:string"], sheet="Other", **EXCEL) == [["other"]]
    assert "in.xlsx has no sheet 'No'. It has: Data, Other." in read(files, fields, sheet="No", **HEAD)
    assert "names no cells" in read(files, fields, range="1A", **HEAD)
    assert "has no column 'w'" in read(files, ["w:int"], match_fields="name", **HEAD)
    assert read({"in.xlsx": sheet_of()}, fields, **HEAD) == []


def test_what_is_no_workbook_fails_the_job(read: Read) -> None:
    for content in (b"", b"id,v\n", sheet_of([1])[:-30]):
        assert "cannot be read as a workbook" in read({"in.xlsx": content}, ["a:int"], **EXCEL)


def test_a_workbook_is_written(written: Callable[..., Any], read: Read) -> None:
    (file,) = written([FULL, dict.fromkeys(FULL), {**FULL, "s": "=1+1", "l": 7}], TYPES, format="excel", header=True)
    assert file.name == "part-00000.xlsx"
    rows = CalamineWorkbook.from_path(str(file)).get_sheet_by_index(0).to_python()
    texts = ["2020-01-02T03:04:05.678+02:00", '{"k":[1,null]}', '[1,"a",null]']
    assert rows[0] == list(FULL)
    assert rows[1] == ["x\ny", -1.0, str(2**62), 0.1, 1e-7, True, *texts]
    assert rows[3][:3] == ["=1+1", -1.0, 7.0]
    again = read({"x.xlsx": file.read_bytes()}, TYPES, **HEAD)
    assert again[0] == list(FULL.values())


def test_what_a_sheet_cannot_hold(written: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    long = [{"s": "x" * 32_768}, {"s": "𝒳" * 16_383 + "y"}, {"s": "𝒳" * 16_384}]
    assert "a cell holds no more than 32,767 characters" in written(long[:1], ["s:string"], format="excel")
    assert "a cell holds no more than 32,767 characters" in written(long[2:], ["s:string"], format="excel")
    (file,) = written(long, ["s:string"], format="excel", on_bad_value="skip")
    assert CalamineWorkbook.from_path(str(file)).get_sheet_by_index(0).to_python() == [[long[1]["s"]]]
    monkeypatch.setattr("penstock.engines.files.forms.EXCEL_ROWS", 3)
    records = [{"i": n} for n in range(5)]
    assert [one.name for one in written(records, ["i:int"], format="excel", header=True)] == [
        "part-00000.xlsx", "part-00001.xlsx", "part-00002.xlsx",
    ]  # fmt: skip
    said = written(records, ["i:int"], format="excel", header=True, merge_to_single_file=True)
    assert "one sheet holds no more than" in said
