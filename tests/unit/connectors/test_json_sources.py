"""JSON sources: what a field gives for every kind of value, and for lines that are no JSON."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from typing import Any

import pytest

Read = Callable[..., Any]
JSON = {"record_type": "json"}


@pytest.fixture
def values(read: Read) -> Callable[..., Any]:
    """The values of the key `a` in JSON lines, read as one type."""

    def values(declared: str, *texts: str, **properties: Any) -> Any:
        content = "".join(f'{{"a": {text}}}\n' for text in texts)
        found = read({"in.json": content}, [f"a:{declared}"], **JSON, **properties)
        return found if isinstance(found, str) else [one for (one,) in found]

    return values


def test_text(values: Callable[..., Any]) -> None:
    assert values("string", "1", "1.5", "true", r'"é\u00e9\ud83d\ude42\n\"\u0000"', '""', "[1, 2]", '{"k": null}', "null") == [
        "1", "1.5", "true", 'éé🙂\n"\0', "", "[1,2]", '{"k":null}', None,
    ]  # fmt: skip


def test_numbers_and_booleans(values: Callable[..., Any]) -> None:
    assert values("int", "1", '"7"', "3000000000", "1.9", '""', "null", "[1]") == [1, 7, None, 1, None, None, None]
    assert values("long", "9223372036854775807", "9223372036854775808", "-1") == [2**63 - 1, None, -1]
    assert values("double", "1", '"1.5"', '"x"', "1e-7") == [1.0, 1.5, None, 1e-7]
    assert values("boolean", "true", '"FALSE"', "1", '"no"') == [True, False, None, None]


def test_date_times(values: Callable[..., Any]) -> None:
    assert values("datetime", '"2020-01-02"', '"2020-01-02T03:04:05.678+02:00"', '"x"', "1577934245") == [
        "2020-01-02T00:00:00.000Z", "2020-01-02T03:04:05.678+02:00", None, None,
    ]  # fmt: skip


def test_structures(values: Callable[..., Any]) -> None:
    assert values("json", '{"k": [1, {"z": null}]}', "[1]", '"t"', "1") == [{"k": [1, {"z": None}]}, None, None, None]
    assert values("json_array", '[1, "a", true, null, 2.5, {"q": 1}]', '{"x": 1}', "[]") == [
        [1, "a", True, None, 2.5, {"q": 1}], None, [],
    ]  # fmt: skip


def test_keys_and_paths(read: Read) -> None:
    content = r'{"a.b": 1, "a b": 2, "a\"b": 3, "*": 4, "a/b~": 5, "é": 6, "o": {"l": [{"c": 1}, {"c": 2}]}}'
    names = ["a.b", "a b", 'a"b', "*", "a/b~", "é", "none", "$.o.l[1].c", "$['a.b']", "$.o.none"]
    fields = [{"name": name, "alias": f"x{number}", "type": "long"} for number, name in enumerate(names)]
    fields.append({"name": "$.o.l[*].c", "alias": "all", "type": "json_array"})
    assert read({"in.json": content}, fields, **JSON) == [[1, 2, 3, 4, 5, 6, None, 2, 1, None, [1, 2]]]


@pytest.mark.parametrize(
    "content",
    [
        '{"a": 1}\n{"a": 2}\n',
        '{"a": 1}\n{"a": 2}',
        '{"a": 1}\r\n\r\n{"a": 2}\r\n',
        '\ufeff{"a": 1}\n{"a": 2}\n',
        '\n \n{"a": 1}\n\n{"a": 2}',
    ],
)
def test_lines(read: Read, content: str) -> None:
    assert read({"in.json": content}, ["a:int"], **JSON) == [[1], [2]]
    assert read({"in.json.gz": gzip.compress(content.encode())}, ["a:int"], **JSON) == [[1], [2]]


def test_an_empty_file_has_no_records(read: Read) -> None:
    assert read({"in.json": ""}, ["a:int"], **JSON) == []


def test_a_line_that_is_no_json(read: Read) -> None:
    for broken in ('{"a":', '{"a": 2} x', '{"a": 2}{"a": 3}', "x", '{"a": "\0"}'):
        content = f'{{"a": 1}}\n{broken}\n{{"a": 4}}\n'
        assert read({"in.json": content}, ["a:int"], **JSON) == [[1], [None], [4]]
        assert read({"in.json": content}, ["a:int"], on_bad_value="skip", **JSON) == [[1], [4]]
        said = read({"in.json": content}, ["a:int"], on_bad_value="fail", **JSON)
        assert said.startswith("Component 'in': a record is malformed JSON: ")


def test_character_sets(read: Read) -> None:
    content = '{"a": "é"}\n'.encode("latin-1")
    assert read({"in.json": content}, ["a:string"], encoding="iso-8859-1", **JSON) == [["é"]]
    assert "in.json is not valid UTF-8" in read({"in.json": content}, ["a:string"], **JSON)


def test_a_file_that_is_one_record(read: Read) -> None:
    files = {"x/1.json": '{\n"a": 1\n}\n', "x/2.json": '{"a":\n2}'}
    fields = ["a:int", {"pseudo": "file_path", "alias": "f"}]
    assert sorted(read(files, fields, path="x/", record_delimiter="eof", **JSON)) == [[1, "x/1.json"], [2, "x/2.json"]]


def test_a_file_that_is_one_record_may_be_packed_and_in_another_character_set(read: Read) -> None:
    packed = {"in.json.gz": gzip.compress(b'{"a":\n 1}')}
    assert read(packed, ["a:int"], record_delimiter="eof", **JSON) == [[1]]
    content = {"in.json": '{"a": "é"}'.encode("latin-1")}
    assert read(content, ["a:string"], record_delimiter="eof", encoding="iso-8859-1", **JSON) == [["é"]]


def test_records_inside_a_document(read: Read) -> None:
    content = '{"r": [{"a": 1}, {"a": 2}]}\n{"r": {"a": 3}}\n{}\n{"r": []}\n'
    assert read({"in.json": content}, ["a:int"], base_record="$.r", **JSON) == [[1], [2], [3]]
