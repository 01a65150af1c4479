"""What destinations write: text that can be read back by its own rules, types as the format has them."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from penstock.kit.decimals import double_to_text

Write = Callable[..., Any]
TEXTS = [
    "x", "a,b", 'q"q', "'s'", "a\nb", "a\rb", "a\r\nb", "b\\s", "\\", "\\\\", '\\"', '"', '""', "'", " lead ", "tab\tx", "é🙂",
    "日a日", "#c", "NULL", "a|b;c:d", "^", "1-2.5", None, "",
]  # fmt: skip
TYPES = ["s:string", "i:int", "l:long", "f:float", "d:double", "b:boolean", "t:datetime", "m:json", "g:json_array"]
FULL = {
    "s": "x", "i": -1, "l": 2**62, "f": 0.1, "d": 1e-7, "b": True, "t": "2020-01-02T03:04:05.678+02:00",
    "m": {"k": [1, {"z": None}]}, "g": [1, "a", None],
}  # fmt: skip


@pytest.fixture
def write(copy: Callable[..., dict[str, Any]], tmp_path: Path) -> Write:
    """The bytes of the only part that a destination writes for JSON records; a failed job is its error text."""

    def write(records: list[dict[str, Any]], fields: list[Any], **properties: Any) -> Any:
        (tmp_path / "in.json").write_text("".join(json.dumps(one) + "\n" for one in records))
        mapping = properties.pop("mapping", None)
        found = copy({"path": "in.json", "record_type": "json"}, fields, properties, None, mapping)
        if found["status"] != "completed":
            assert not list(tmp_path.glob("*out*"))
            return found["errors"]
        (part,) = (tmp_path / "out").iterdir()
        return part.read_bytes()

    return write


def split(text: str, delimiter: str, quote: str | None, escape: str | None) -> list[list[str]]:
    """Records of a text by the rules of its options, character by character."""
    records: list[list[str]] = [[""]]
    inside = False
    at = 0
    while at < len(text):
        char = text[at]
        if char == escape:
            at += 1
            records[-1][-1] += text[at]
        elif char == quote and inside and text[at + 1 : at + 2] == quote:
            at += 1
            records[-1][-1] += char
        elif char == quote and (inside or records[-1][-1] == ""):
            inside = not inside
        elif char == delimiter and not inside:
            records[-1].append("")
        elif char == "\n" and not inside:
            records.append([""])
        else:
            records[-1][-1] += char
        at += 1
    assert not inside
    assert records.pop() == [""]
    return records


@pytest.mark.parametrize("delimiter", ["\\t", ",", "|", "日", "é", "-", "1", "e", "#"])
@pytest.mark.parametrize(
    ("quote", "escape"), [('"', None), ("'", None), ('"', "\\"), ("'", "^"), (None, "\\"), (None, "^")]
)
def test_text_can_be_read_back(write: Write, delimiter: str, quote: str | None, escape: str | None) -> None:
    records = [{"a": text, "n": -11, "d": 1.5, "b": True, "z": text} for text in TEXTS]
    found = write(
        records,
        ["a:string", "n:int", "d:double", "b:boolean", "z:string"],
        delimiter=delimiter,
        header=True,
        mapping=[("a", 'x,y"\\'), ("n", "e|1-\t日"), ("d", "#'"), ("b", "two words"), ("z", "z^")],
        **({"quote": quote} if quote else {}),
        **({"escape": escape} if escape else {}),
    )
    rows = split(found.decode(), "\t" if delimiter == "\\t" else delimiter, quote, escape)
    assert rows[0] == ['x,y"\\', "e|1-\t日", "#'", "two words", "z^"]
    assert rows[1:] == [[text or "", "-11", "1.5", "true", text or ""] for text in TEXTS]


@pytest.mark.parametrize("escape", ["\\", "^"])
def test_a_source_with_the_same_options_reads_it(write: Write, read: Callable[..., Any], escape: str) -> None:
    texts = [one for one in TEXTS if one and "\n" not in one and "\r" not in one]
    for options in ({"delimiter": ",", "quote": '"', "escape": escape}, {"delimiter": ",", "escape": escape}):
        content = write([{"a": one, "b": one} for one in texts], ["a:string", "b:string"], **options)
        assert read({"back.csv": content}, ["a:string", "b:string"], **options) == [[one, one] for one in texts]


def test_a_qualifier_stands_only_where_it_is_needed(write: Write) -> None:
    records = [{"a": text} for text in ("x", "a b", "a,b", 'q"q', "a\nb", "'", "b\\s")]
    assert write(records, ["a:string"], delimiter=",", quote='"') == b'x\na b\n"a,b"\n"q""q"\n"a\nb"\n\'\nb\\s\n'
    assert write(records, ["a:string"], delimiter=",", quote="'") == b"x\na b\n'a,b'\nq\"q\n'a\nb'\n''''\nb\\s\n"


@pytest.mark.parametrize("text", ["a,b", "a\nb", "a\rb"])
def test_what_could_not_be_read_back_fails_the_job(write: Write, text: str) -> None:
    said = write([{"a": text}], ["a:string"], delimiter=",")
    assert said.startswith(
        "Component 'out': a value holds the delimiter or a line break, and there is neither a qualifier"
    )
    said = write([{"a": "x"}], ["a:string"], delimiter=",", header=True, mapping=[("a", text)])
    assert said.startswith(f"Component 'out': the column '{text}' holds the delimiter or a line break")


@pytest.mark.parametrize(("field", "value", "delimiter"), [("a:int", -1, "-"), ("a:double", 1.5, "."), ("a:boolean", True, "t"),
    ("a:long", 10, "0"), ("a:datetime", "2020-01-01", ":")])  # fmt: skip
def test_a_delimiter_in_a_number_fails_the_job_too(write: Write, field: str, value: Any, delimiter: str) -> None:
    assert "a value holds the delimiter" in write([{"a": value}], [field], delimiter=delimiter)


def test_a_delimiter_outside_ascii_stands_between_long_numbers(write: Write) -> None:
    numbers = [number / 3e9 for number in range(1, 5000)]
    found = write([{"a": one, "b": -one} for one in numbers], ["a:double", "b:double"], delimiter="é")
    lines = [line.split("é") for line in found.decode().splitlines()]
    assert lines == [[double_to_text(one), double_to_text(-one)] for one in numbers]


def test_null_is_empty(write: Write) -> None:
    records = [{"a": None, "b": 1}, {"a": "", "b": None}]
    for options in ({}, {"quote": '"'}, {"escape": "\\"}, {"quote": '"', "escape": "\\"}):
        assert write(records, ["a:string", "b:int"], delimiter=",", **options) == b",1\n,\n"
    assert write(records, ["a:string", "b:int"], format="json") == b'{"a":null,"b":1}\n{"a":"","b":null}\n'


def test_types_as_text(write: Write) -> None:
    found = write([FULL, {}], TYPES, delimiter="|")
    line = (
        """x|-1|4611686018427387904|0.1|1.0E-7|true|2020-01-02T03:04:05.678+02:00|{"k":[1,{"z":null}]}|[1,"a",null]"""
    )
    assert found.decode() == f"{line}\n||||||||\n"


def test_types_as_json(write: Write) -> None:
    first, second = write([FULL, {}], TYPES, format="json").decode().splitlines()
    assert first == (
        '{"s":"x","i":-1,"l":4611686018427387904,"f":0.1,"d":1e-7,"b":true,"t":"2020-01-02T03:04:05.678+02:00",'
        '"m":{"k":[1,{"z":null}]},"g":[1,"a",null]}'
    )
    assert json.loads(second) == dict.fromkeys(FULL)


def test_types_as_parquet(write: Write, tmp_path: Path) -> None:
    write([FULL, {}], TYPES, format="parquet")
    found = pq.read_table(tmp_path / "out" / "part-00000.parquet")
    assert found.schema.types == [
        pa.string(), pa.int32(), pa.int64(), pa.float32(), pa.float64(), pa.bool_(),
        pa.timestamp("us", "UTC"), pa.string(), pa.string(),
    ]  # fmt: skip
    assert found.column("t").cast(pa.int64()).to_pylist() == [1577927045678000, None]
    assert found.column("m").to_pylist() == ['{"k":[1,{"z":null}]}', None]
    assert found.column("g").to_pylist() == ['[1,"a",null]', None]
    assert found.column("l").to_pylist() == [2**62, None]


def test_a_date_time_that_parquet_cannot_hold_fails_the_job(write: Write) -> None:
    said = write([{"t": "+292278993-12-31"}], ["t:datetime"], format="parquet")
    assert said.startswith("Component 'out', field 't': a date-time is too far away for the microseconds of Parquet.")


def test_floats_in_json_have_their_own_digits(write: Write) -> None:
    values = [0.1, 3e9, 1e-10, -0.0, 16777216, 3.4028235e38]
    lines = write([{"f": one} for one in values], ["f:float"], format="json").decode().splitlines()
    assert [json.loads(one)["f"] for one in lines] == values


def test_names_of_json_keys_and_parquet_columns_are_free(write: Write, tmp_path: Path) -> None:
    mapping = [("a", 'we"ird \n'), ("b", "é, |")]
    found = write([{"a": 1, "b": 2}], ["a:int", "b:int"], format="json", mapping=mapping)
    assert json.loads(found) == {'we"ird \n': 1, "é, |": 2}
    write([{"a": 1, "b": 2}], ["a:int", "b:int"], format="parquet", mapping=mapping)
    assert pq.read_table(tmp_path / "out" / "part-00000.parquet").column_names == ['we"ird \n', "é, |"]


@pytest.mark.parametrize(
    ("options", "name", "content"),
    [
        ({"header": True}, "part-00000.csv", b"a\tb\n"),
        ({"header": True, "delimiter": "日"}, "part-00000.csv", "a日b\n".encode()),
        ({"header": True, "compression": "gzip"}, "part-00000.csv.gz", b"a\tb\n"),
        ({}, "part-00000.csv", b""),
        ({"format": "json"}, "part-00000.json", b""),
        ({"format": "json", "compression": "gzip"}, "part-00000.json.gz", b""),
        ({"merge_to_single_file": True, "file_prefix": "x-", "file_suffix": ".txt"}, "x-00000.txt", b""),
        ({"file_prefix": "", "file_suffix": ""}, "00000", b""),
        ({"file_prefix": "a*'[", "file_suffix": " é"}, "a*'[00000 é", b""),
    ],
)
def test_no_records_give_one_file(
    write: Write, tmp_path: Path, options: dict[str, Any], name: str, content: bytes
) -> None:
    found = write([], ["a:string", "b:int"], **options)
    assert [one.name for one in (tmp_path / "out").iterdir()] == [name]
    assert (gzip.decompress(found) if name.endswith(".gz") else found) == content


def test_no_records_give_one_parquet_file_with_its_columns(write: Write, tmp_path: Path) -> None:
    write([], ["a:string", "b:int"], format="parquet")
    found = pq.read_table(tmp_path / "out" / "part-00000.parquet")
    assert (found.num_rows, found.schema.types) == (0, [pa.string(), pa.int32()])
