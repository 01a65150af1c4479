"""Outputs of several files: folders of values, parts of a size, and the formats that no statement writes."""

from __future__ import annotations

import bz2
import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

Write = Callable[..., Any]
UNPACKED: dict[str, Callable[[bytes], bytes]] = {
    "": bytes,
    ".gz": gzip.decompress,
    ".bz2": bz2.decompress,
    ".zst": lambda data: pa.CompressedInputStream(pa.BufferReader(data), "zstd").read(),
}


@pytest.fixture
def write(copy: Callable[..., dict[str, Any]], tmp_path: Path) -> Write:
    """The files that a destination writes for JSON records, by name below its folder; a failed job is its error text."""

    def write(records: list[dict[str, Any]], fields: list[Any], **properties: Any) -> Any:
        (tmp_path / "in.json").write_text("".join(json.dumps(one) + "\n" for one in records))
        mapping, select = properties.pop("mapping", None), properties.pop("select", None)
        found = copy({"path": "in.json", "record_type": "json"}, fields, properties, select, mapping)
        if found["status"] != "completed":
            assert not list(tmp_path.glob("*out*"))
            return found["errors"]
        out = tmp_path / "out"
        files = {str(one.relative_to(out)): one.read_bytes() for one in out.rglob("*") if one.is_file()}
        assert sorted(files) == sorted(str(Path(one).relative_to(out)) for one in found["outputs"][0]["files"])
        return files

    return write


RECORDS = [{"a": n, "b": f"text {n}"} for n in range(1000)]
FIELDS = ["a:int", "b:string"]


def test_a_folder_for_each_value(write: Write) -> None:
    values = ["x", "y", "x", "a/b", "..", "é =", None, ""]
    records = [{"a": n, "b": value} for n, value in enumerate(values)]
    found = write(records, FIELDS, partition_by=["b"], delimiter=",", header=True)
    none = "b=__HIVE_DEFAULT_PARTITION__/part-00000.csv"
    assert {name: sorted(content.decode().splitlines()) for name, content in found.items()} == {
        "b=x/part-00000.csv": ["0", "2", "a"],
        "b=y/part-00000.csv": ["1", "a"],
        "b=a%2Fb/part-00000.csv": ["3", "a"],
        "b=../part-00000.csv": ["4", "a"],
        "b=%C3%A9%20%3D/part-00000.csv": ["5", "a"],
        none: ["6", "7", "a"],
    }


def test_folders_below_one_another(write: Write) -> None:
    fields = ["i:int", "d:double", "t:datetime", "b:boolean", "v:long"]
    records = [{"i": n % 2, "d": 1e10, "t": "2024-01-02T03:04:05Z", "b": True, "v": n} for n in range(4)]
    found = write(records, fields, partition_by=["i", "d", "t", "b"], format="json")
    below = "d=1.0E10/t=2024-01-02T03%3A04%3A05.000Z/b=true/part-00000.json"
    assert found == {f"i={n}/{below}": b"".join(b'{"v":%d}\n' % v for v in (n, n + 2)) for n in (0, 1)}


@pytest.mark.parametrize("format", ["delimited", "json", "json_array", "parquet", "avro", "excel", "raw"])
def test_every_format_has_folders(write: Write, format: str) -> None:
    mapping = [("b", "b")] if format == "raw" else None
    found = write(RECORDS, [*FIELDS, {"name": "a", "alias": "k", "type": "int"}], partition_by=["k"], format=format,
                  mapping=mapping)  # fmt: skip
    assert len(found) == 1000
    assert all(name.startswith("k=") for name in found)


def test_no_records_give_one_file_beside_the_folders(write: Write) -> None:
    assert write([], FIELDS, partition_by=["b"], header=True) == {"part-00000.csv": b"a\n"}


@pytest.mark.parametrize("compression", ["none", "gzip", "bzip2", "zstd"])
@pytest.mark.parametrize("format", ["delimited", "json", "json_array"])
def test_parts_of_a_size(write: Write, format: str, compression: str) -> None:
    found = write(RECORDS, FIELDS, format=format, compression=compression, target_size_bytes=2000, header=True)
    rest = min(found).partition(".")[2]
    assert sorted(found) == [f"part-{n:05d}.{rest}" for n in range(len(found))]
    assert len(found) > 1
    ending = "." + next(iter(found)).rpartition(".")[2]
    texts = [UNPACKED.get(ending, bytes)(content).decode() for _, content in sorted(found.items())]
    rows: list[Any] = []
    for text in texts:
        if format == "json_array":
            rows += [list(one.values()) for one in json.loads(text)]
        elif format == "json":
            rows += [list(json.loads(line).values()) for line in text.splitlines()]
        else:
            head, *lines = text.splitlines()
            assert head == "a\tb"
            rows += [[int(line.split("\t")[0]), line.split("\t")[1]] for line in lines]
    assert rows == [[one["a"], one["b"]] for one in RECORDS]
    if compression == "none":
        assert all(len(content) < 2500 for content in found.values())


def test_parquet_parts_of_a_size(write: Write, tmp_path: Path) -> None:
    found = write(RECORDS, FIELDS, format="parquet", target_size_bytes=5000)
    assert len(found) > 1
    rows = [row for name in sorted(found) for row in pq.read_table(tmp_path / "out" / name).to_pylist()]
    assert rows == RECORDS


def test_a_size_and_a_single_file_exclude_each_other(write: Write) -> None:
    said = write(RECORDS, FIELDS, merge_to_single_file=True, target_size_bytes=10)
    assert "'target_size_bytes' makes several parts, which does not go with merge_to_single_file true." in said


@pytest.mark.parametrize("compression", ["none", "gzip", "bzip2", "zstd"])
@pytest.mark.parametrize("format", ["delimited", "json", "json_array", "raw"])
def test_every_compression_of_every_text(write: Write, format: str, compression: str) -> None:
    records = [{"b": "x"}, {"b": None}, {"b": 'é "q"'}]
    found = write(records, ["b:string"], format=format, compression=compression, merge_to_single_file=True)
    ((name, content),) = found.items()
    ending = {"none": "", "gzip": ".gz", "bzip2": ".bz2", "zstd": ".zst"}[compression]
    assert name == "part-00000." + {"delimited": "csv", "raw": "txt"}.get(format, "json") + ending
    assert (
        UNPACKED[ending](content).decode()
        == {
            "delimited": 'x\n\né "q"\n',
            "raw": 'x\n\né "q"\n',
            "json": '{"b":"x"}\n{"b":null}\n{"b":"é \\"q\\""}\n',
            "json_array": '[\n\t{"b":"x"},\n\t{"b":null},\n\t{"b":"é \\"q\\""}\n]\n',
        }[format]
    )


def test_an_array_of_no_records_is_an_empty_array(write: Write) -> None:
    for more in ({}, {"compression": "bzip2"}, {"partition_by": ["b"]}):
        ((_, content),) = write([], FIELDS, format="json_array", **more).items()
        assert json.loads(bz2.decompress(content) if "compression" in more else content) == []


def test_raw_is_one_text(write: Write) -> None:
    assert "The format raw writes one field, of text." in write(RECORDS, FIELDS, format="raw")
    assert "The format raw writes one field, of text." in write(RECORDS, ["a:int"], format="raw")
    said = write([{"b": "x\ny"}], ["b:string"], format="raw")
    assert said.startswith("Component 'out', field 'b': a value holds a line break, so it would be several records.")


@pytest.mark.parametrize("streamed", [False, True])
def test_values_that_do_not_fit(write: Write, streamed: bool) -> None:
    records = [{"a": 1, "b": "x"}, {"a": 2, "b": "y\ty"}, {"a": 3, "b": None}]
    more = {"target_size_bytes": 1000} if streamed else {}
    assert "neither a qualifier nor an escape" in write(records, FIELDS, **more)
    assert write(records, FIELDS, on_bad_value="set_null", **more) == {"part-00000.csv": b"1\tx\n2\t\n3\t\n"}
    assert write(records, FIELDS, on_bad_value="skip", **more) == {"part-00000.csv": b"1\tx\n3\t\n"}


@pytest.mark.parametrize("kind", ["float", "double"])
@pytest.mark.parametrize("format", ["json", "json_array"])
def test_numbers_that_json_lacks(write: Write, format: str, kind: str) -> None:
    records = [{"a": 1.5}, {"a": "NaN"}, {"a": "Infinity"}, {"a": None}]
    assert "JSON has no NaN" in write(records, [f"a:{kind}"], format=format)
    for policy, wanted in (("set_null", [1.5, None, None, None]), ("skip", [1.5, None])):
        ((_, content),) = write(records, [f"a:{kind}"], format=format, on_bad_value=policy).items()
        text = content.decode()
        found = json.loads(text) if format == "json_array" else [json.loads(line) for line in text.splitlines()]
        assert [one["a"] for one in found] == wanted


def test_far_times_in_parquet(write: Write, tmp_path: Path) -> None:
    records = [{"t": "2020-01-02T03:04:05Z"}, {"t": "292000000-01-01T00:00:00Z"}]
    far = [("ToDate(9300000000000000L)", "t"), ("1", "one")]
    assert "too far away for the microseconds of Parquet" in write(
        records, ["t:datetime"], format="parquet", select=far
    )
    write(records, ["t:datetime"], format="parquet", select=far, on_bad_value="set_null")
    assert pq.read_table(tmp_path / "out" / "part-00000.parquet").column("t").to_pylist() == [None, None]
    assert write(records, ["t:datetime"], format="parquet", select=far, on_bad_value="skip") is not None
    assert pq.read_table(tmp_path / "out" / "part-00000.parquet").num_rows == 0


def test_what_cannot_be_a_folder_is_found_before(write: Write) -> None:
    assert "is a map, which is no name of a folder" in write(RECORDS, ["a:int", "m:json"], partition_by=["m"])
    assert "No field is left to be written" in write(RECORDS, ["a:int"], partition_by=["a"])
    long = [{"a": 1, "b": "x" * 300}]
    assert "is too long for the name of a folder" in write(long, FIELDS, partition_by=["b"])


def test_folders_are_appended_to(copy: Callable[..., dict[str, Any]], tmp_path: Path) -> None:
    written = {"partition_by": ["b"], "if_exists": "append"}
    files = []
    for values in (["x", "y"], ["x", "z"]):
        (tmp_path / "in.json").write_text("".join(json.dumps({"a": 1, "b": value}) + "\n" for value in values))
        done = copy({"path": "in.json", "record_type": "json"}, FIELDS, written)
        files.append([str(Path(one).relative_to(tmp_path / "out")) for one in done["outputs"][0]["files"]])
    assert files == [["b=x/part-00000.csv", "b=y/part-00000.csv"], ["b=x/part-00001.csv", "b=z/part-00000.csv"]]
    assert all((tmp_path / "out" / one).read_text() == "1\n" for one in (*files[0], *files[1]))
    assert not list((tmp_path / "out").glob(".*"))
