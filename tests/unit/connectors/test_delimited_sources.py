"""Delimited sources: delimiters, qualifiers, escapes, first lines, ragged records, character sets."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from penstock.connectors.files.local import LocalFiles

Read = Callable[..., Any]
FIELDS = ["a:string", "b:string", "c:string"]
CSV = {"delimiter": ","}
QUOTED = {"delimiter": ",", "quote": '"'}
NAMED = {"delimiter": ",", "skip_header": True, "match_fields": "name"}


@pytest.mark.parametrize("delimiter", [*"|;: x'\"^~*.\x01\\{1", "é", "日", "🙂"])
def test_any_character_delimits(read: Read, delimiter: str) -> None:
    content = delimiter.join("abc") + "\n" + delimiter.join("de") + "\n"
    assert read({"in.csv": content}, FIELDS, delimiter=delimiter) == [["a", "b", "c"], ["d", "e", None]]


def test_tab_is_the_default(read: Read) -> None:
    assert read({"in.csv": "1\t2\t3\n"}, FIELDS) == [["1", "2", "3"]]
    assert read({"in.csv": "1\t2\t3\n"}, FIELDS, delimiter="\\t") == [["1", "2", "3"]]


def test_ragged_records(read: Read) -> None:
    found = read({"in.csv": "1\n1,2\n1,2,3,4\n,\n1,,3\n"}, FIELDS, **CSV)
    assert found == [["1", None, None], ["1", "2", None], ["1", "2", "3"], [None] * 3, ["1", None, "3"]]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("last", [True, False])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_line_ends_and_byte_order_marks(read: Read, end: str, last: bool, mark: bytes) -> None:
    content = mark + f"a,b,c{end}1,2,3{end}4,5,6{end if last else ''}".encode()
    assert read({"in.csv": content}, FIELDS, skip_header=True, **CSV) == [["1", "2", "3"], ["4", "5", "6"]]
    assert read({"in.csv": content}, FIELDS, **NAMED) == [["1", "2", "3"], ["4", "5", "6"]]


def test_no_records(read: Read) -> None:
    assert read({"in.csv": ""}, FIELDS, **CSV) == []
    for content in ("a,b,c\n", "a,b,c"):
        assert read({"in.csv": content}, FIELDS, skip_header=True, **CSV) == []
        assert read({"in.csv": content}, FIELDS, **NAMED) == []


@pytest.mark.parametrize("head", [[], ["a_b"]])
@pytest.mark.parametrize("before", [0, 100_000])
def test_an_underscore_is_no_part_of_a_number(read: Read, head: list[str], before: int) -> None:
    content = "\n".join([*head, *["1.5"] * before, "1_0.5", "2.5"])
    found = read({"in.csv": content}, ["a:double"], skip_header=bool(head), **CSV)
    assert found[before:] == [[None], [2.5]]


@pytest.mark.parametrize("head", [[], ["a_b"]])
@pytest.mark.parametrize("before", [0, 100_000])
def test_a_sign_behind_another_is_no_part_of_a_number(read: Read, head: list[str], before: int) -> None:
    content = "\n".join([*head, *["1.5"] * before, "+-5", "2.5"])
    found = read({"in.csv": content}, ["a:double"], skip_header=bool(head), **CSV)
    assert found[before:] == [[None], [2.5]]


def test_a_sign_behind_another_on_the_edge_of_what_is_looked_at_in_one_go(read: Read) -> None:
    lines = ["1.25"] * ((1 << 18) // 5) + ["7"]
    content = "\n".join([*lines, "+-5", "2.5"])
    content = "1" * ((1 << 18) - 1 - content.index("+")) + content
    assert content.index("-") == 1 << 18
    assert read({"in.csv": content}, ["a:double"], **CSV)[-2:] == [[None], [2.5]]


def test_qualifiers(read: Read) -> None:
    assert read({"in.csv": '"a,b","c""d",e\n"",c"d,\n'}, FIELDS, **QUOTED) == [["a,b", 'c"d', "e"], [None, 'c"d', None]]
    assert read({"in.csv": '"a,b",c\n'}, FIELDS, **CSV) == [['"a', 'b"', "c"]]


def test_line_breaks_in_qualifiers(read: Read) -> None:
    content = '"a\nb",c,d\n1,2,3\n'
    assert read({"in.csv": content}, FIELDS, delimiter=",", quote="quoted_multi_line") == [
        ["a\nb", "c", "d"],
        ["1", "2", "3"],
    ]


def test_escapes(read: Read) -> None:
    content = "a\\,b,c\\\\d,e\\\nf\n"
    assert read({"in.csv": content}, FIELDS, escape="\\", **CSV) == [["a,b", "c\\d", "e\nf"]]
    assert read({"in.csv": '"a\\"b",c\\,d,e\n'}, FIELDS, escape="\\", **QUOTED) == [['a"b', "c,d", "e"]]


def test_fields_by_name(read: Read) -> None:
    files = {"x/1.csv": "c,a,b\n3,1,2\n", "x/2.csv": "b,c,a,d\n2,3,1,4\n"}
    assert read(files, FIELDS, path="x/", **NAMED) == [["1", "2", "3"], ["1", "2", "3"]]
    twice = ["b:string", {"name": "a", "alias": "x", "type": "int"}, {"name": "a", "alias": "y", "type": "string"}]
    assert read({"in.csv": "a,b\n1,2\n"}, twice, **NAMED) == [["2", 1, "1"]]
    said = read({"in.csv": "a,b,d\n1,2,3\n"}, FIELDS, **NAMED)
    assert said == "Component 'in': the first line of in.csv has no column 'c'. It has: a, b, d."


@pytest.mark.parametrize(
    ("options", "header", "name"),
    [
        ({"quote": '"'}, '"a ""x"", y",b', 'a "x", y'),
        ({"escape": "\\"}, "a\\,x,b", "a,x"),
        ({"escape": "\\", "quote": '"'}, '"a\\"x",b', 'a"x'),
        ({"quote": "quoted_multi_line"}, '"a\nx",b', "a\nx"),
    ],
)
def test_names_in_the_first_line_are_written_as_values_are(
    read: Read, options: dict[str, str], header: str, name: str
) -> None:
    fields = [{"name": name, "alias": "a", "type": "string"}, "b:string"]
    assert read({"in.csv": f"{header}\n1,2\n"}, fields, **NAMED, **options) == [["1", "2"]]


def test_character_sets(read: Read) -> None:
    assert read({"in.csv": "é,ü,ß\n".encode("latin-1")}, FIELDS, encoding="iso-8859-1", **CSV) == [["é", "ü", "ß"]]
    for bad in (b"\xff,2,3\n", b"1,2,3\n" * 1000 + b"1,\xe9,3\n", b"\xed\xa0\x80,2,3\n"):
        assert "in.csv is not valid UTF-8" in read({"in.csv": bad}, FIELDS, **CSV)
    for name in ("utf-16-le", "utf-16be", "utf-32le"):
        content = "\ufeffé,b\nx,y\n".encode(name)
        fields = [{"name": "é", "alias": "a"}]
        assert read({"in.csv": content}, fields, encoding=name, skip_header=True, match_fields="name", **CSV) == [["x"]]
        assert read({"in.csv": "\ufeff".encode(name)}, FIELDS, encoding=name, **CSV) == []
    assert "There is no character set 'utf-9'" in read({"in.csv": "1"}, FIELDS, encoding="utf-9", **CSV)


def test_zero_characters_and_long_lines(read: Read) -> None:
    assert read({"in.csv": "a\0b,2,3\n"}, FIELDS, **CSV) == [["a\0b", "2", "3"]]
    text = "x" * 1_000_000
    assert read({"in.csv": f"{text},2,3\n"}, FIELDS, **CSV) == [[text, "2", "3"]]
    assert read({"in.csv": f"{text * 3},2,3\n1,2,3\n"}, FIELDS, **CSV) == [["1", "2", "3"]]


def test_a_line_longer_than_every_buffer(read: Read) -> None:
    long = b"1," + b"x" * (40 << 20) + b"\n2,y\n"
    assert read({"in.csv": long}, ["a:int", "b:string"], **CSV) == [[2, "y"]]


def test_a_file_that_vanishes_is_an_error(read: Read, monkeypatch: pytest.MonkeyPatch) -> None:
    bind = LocalFiles.bind

    def and_remove(self: LocalFiles, *words: Any) -> Any:
        bound = bind(self, *words)
        for one in bound.files:
            Path(one.location).unlink()
        return bound

    monkeypatch.setattr(LocalFiles, "bind", and_remove)
    for properties in (
        {},
        {"record_type": "json"},
        {"record_type": "parquet"},
        {"skip_header": True, "match_fields": "name"},
    ):
        said = read({"in.csv": "1\n"}, ["a:string"], **properties)
        assert isinstance(said, str)
        assert "in.csv" in said


@pytest.mark.parametrize("field", ['"x', 'x,"y', 'x,y,z,"beyond'])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_quote_that_is_not_closed_swallows_no_record(read: Read, field: str, end: str) -> None:
    lines = ["a,b,c"] * 50_000 + [field] + ["a,b,c"] * 50_000
    found = read({"in.csv": end.join(lines) + end}, FIELDS, **QUOTED)
    assert len(found) == 100_001
    assert [row for row in found if row != ["a", "b", "c"]] == [[*field.replace('"', "").split(","), None, None][:3]]
