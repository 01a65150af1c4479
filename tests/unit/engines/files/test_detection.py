"""What is found in samples of files."""

from __future__ import annotations

import gzip
import io
from dataclasses import replace
from pathlib import Path
from typing import Any

import fastavro
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import xlsxwriter

from penstock.engines.files.detection import Detected, detect
from penstock.errors import PermanentError
from penstock.plan.operators import ConnectionRef, FileSource
from penstock.plan.ports import BoundSource, FileEntry

SOURCE = FileSource(ConnectionRef("lake"), "x", ())


def found(tmp_path: Path, files: dict[str, bytes], size: int = 1000, **options: Any) -> list[tuple[str, str]]:
    return [(one.name, one.type) for one in detected(tmp_path, files, size, **options)]


def detected(tmp_path: Path, files: dict[str, bytes], size: int = 1000, **options: Any) -> tuple[Detected, ...]:
    entries = []
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
        entries.append(FileEntry(str(tmp_path / name), name, len(content)))
    scratch = tmp_path / "scratch"
    scratch.mkdir(exist_ok=True)
    return detect(BoundSource(replace(SOURCE, **options), tuple(entries)), scratch, lambda: None, size)


CSV = {"delimiter": ",", "quote": '"', "skip_header": True}


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        (["1", "-2", ""], "int"),
        (["1", "2147483648"], "long"),
        (["1", "2.5"], "double"),
        (["1", "9223372036854775808"], "double"),
        (["1e5", ".5"], "double"),
        (["007", "8"], "string"),
        (["true", "FALSE"], "boolean"),
        (["true", "1"], "string"),
        (["2024-02-29", "2024-02-29T01:02:03.004+02:00"], "datetime"),
        (["2024-02-30"], "string"),
        (["2024-02-29 01:02:03"], "string"),
        (["NaN"], "string"),
        (['"{""a"": 1}"'], "json"),
        (['"[1, 2]"', ""], "json_array"),
        (['"{broken"'], "string"),
        (["", ""], "string"),
    ],
)
def test_the_type_of_texts(tmp_path: Path, values: list[str], kind: str) -> None:
    text = "".join(f"{value},x\n" for value in values)
    assert found(tmp_path, {"in.csv": b"v,w\n" + text.encode()}, **CSV) == [("v", kind), ("w", "string")]


def test_names_aliases_nulls_and_confidence(tmp_path: Path) -> None:
    content = "Order id,2nd,ü,Order-id\n1,a,,x\n2,,,x\n3,b,,x\n4,c,,x\n".encode()
    rows = detected(tmp_path, {"in.csv.gz": gzip.compress(content)}, **CSV)
    assert [one.alias for one in rows] == ["Order_id", "field_2nd", "field", "Order_id_2"]
    assert [one.nulls for one in rows] == [0, 0.25, 1, 0]
    assert [one.confidence for one in rows] == [0.667, 0.6, 0, 0.667]


def test_columns_without_names_and_without_records(tmp_path: Path) -> None:
    assert found(tmp_path, {"in.csv": b"1\ta\n2\tb\tc\n"}) == [
        ("column1", "int"),
        ("column2", "string"),
        ("column3", "string"),
    ]
    assert found(tmp_path, {"in.csv": b"a,b\n"}, **CSV) == [("a", "string"), ("b", "string")]
    assert found(tmp_path, {"in.csv": b""}, **CSV) == []


def test_json_of_every_form(tmp_path: Path) -> None:
    lines = b'{"a": 1, "b": {"c": 2}}\nbroken\n{"a": 2.5, "d": [1]}\n{"t": "2024-01-01T00:00:00Z", "n": null}\n'
    wanted = [("a", "double"), ("b", "json"), ("d", "json_array"), ("t", "datetime"), ("n", "string")]
    assert found(tmp_path, {"in.json": lines}, record_type="json") == wanted
    whole = {"record_type": "json", "record_delimiter": "eof", "base_record": "$.x.items"}
    assert found(tmp_path, {"in.json": b'{"x": {"items": [{"k": true}, {"k": null}]}}'}, **whole) == [("k", "boolean")]


def test_typed_files(tmp_path: Path) -> None:
    pq.write_table(
        pa.table({"i": [1, None], "f": [[1], []], "d": pa.array([1, 2], pa.decimal128(10, 2))}), tmp_path / "p"
    )
    parquet = (tmp_path / "p").read_bytes()
    wanted = [("i", "long"), ("f", "json_array"), ("d", "string")]
    assert found(tmp_path, {"in.parquet": parquet}, record_type="parquet") == wanted
    made = io.BytesIO()
    schema = {"type": "record", "name": "r", "fields": [{"name": "a", "type": "int"}, {"name": "b", "type": "bytes"}]}
    fastavro.writer(made, schema, [])
    assert found(tmp_path, {"in.avro": made.getvalue()}, record_type="avro") == [("a", "string"), ("b", "string")]
    made = io.BytesIO()
    book = xlsxwriter.Workbook(made, {"in_memory": True})
    sheet = book.add_worksheet()
    for at, row in enumerate((["n", "s"], [1, "x"], [2.5, None])):
        sheet.write_row(at, 0, row)
    book.close()
    wanted = [("n", "double"), ("s", "string")]
    assert found(tmp_path, {"in.xlsx": made.getvalue()}, record_type="excel", skip_header=True) == wanted
    assert found(tmp_path, {"in.txt": b"a\n"}, record_type="raw") == [("record", "string")]


def test_the_sample_is_shared_by_the_files(tmp_path: Path) -> None:
    files = {"a.csv": b"v\n" + b"1\n" * 50, "b.csv": b"v\n" + b"x\n" * 50}
    assert found(tmp_path, files, 10, **CSV) == [("v", "string")]
    assert found(tmp_path, {"a.csv": b"v\n" + b"1\n" * 10 + b"x\n"}, 10, **CSV) == [("v", "int")]


def test_what_cannot_be_read_is_said(tmp_path: Path) -> None:
    with pytest.raises(PermanentError, match="is no gzip file"):
        found(tmp_path, {"in.csv.gz": b"x"}, **CSV)
