"""Raw sources: a record is a whole line, or a whole file."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from typing import Any

import pytest

Read = Callable[..., Any]
LINES = {"record_type": "raw"}
FILES = {"record_type": "raw", "record_delimiter": "eof"}
HARD = 'a\tb\n\n "q"\n\\x\x01y\nü,🙂\n\n'


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        (HARD, HARD.split("\n")[:-1]),
        ("a\r\nb\rc\n", ["a", "b", "c"]),
        ("no end", ["no end"]),
        ("", []),
        ("\n", [""]),
        ("\ufeffmark\n", ["mark"]),
        ("x" * 1_000_000 + "\ny\n", ["x" * 1_000_000, "y"]),
    ],
)
def test_a_line_is_a_record(read: Read, text: str, wanted: list[str]) -> None:
    assert read({"in.txt": text}, ["r:string"], **LINES) == [[one] for one in wanted]
    fields = ["r:string", {"pseudo": "line_number"}]
    assert read({"in.txt": text}, fields, **LINES) == [[one, at] for at, one in enumerate(wanted, 1)]


def test_lines_of_bytes_are_texts_when_cast(read: Read) -> None:
    found = read({"in.txt": b"a\r\n\nb\xc3\xa9"}, ["r:binary", {"pseudo": "file_path"}], **LINES)
    assert found == [["a", "in.txt"], ["", "in.txt"], ["bé", "in.txt"]]
    said = read({"in.txt": b"a\xff\r\n"}, ["r:binary"], **LINES)
    assert "'r'" in said
    assert "UTF-8" in said


def test_a_file_is_a_record(read: Read) -> None:
    found = read({"in/a1.txt": "x\r\ny\n", "in/a2.txt.gz": gzip.compress(b"packed"), "in/a3.txt": ""}, ["r:string"],
                 **{**FILES, "path": "in/*"})  # fmt: skip
    assert sorted(found) == [[""], ["packed"], ["x\r\ny\n"]]


def test_raw_without_fields_is_one_text(read: Read) -> None:
    assert read({"in.txt": "a\n"}, None, **LINES) == [["a"]]


@pytest.mark.parametrize("encoding", ["utf-16", "windows-1252", "shift_jis", "iso-8859-1"])
def test_lines_in_other_encodings(read: Read, encoding: str) -> None:
    text = "é\nx\n" if encoding != "shift_jis" else "ア\nx\n"
    assert read({"in.txt": text.encode(encoding)}, ["r:string"], encoding=encoding, **LINES) == [[text[0]], ["x"]]


def test_malformed_bytes_fail_the_job(read: Read) -> None:
    for more in (LINES, FILES):
        said = read({"in.txt": b"fine\n\xff\n"}, ["r:string"], **more)
        assert said == "Component 'in': in.txt is not valid UTF-8, in line 2. Set 'encoding', or convert the file."


def test_other_fields_are_refused(read: Read) -> None:
    for fields in (["a:string", "b:string"], ["a:int"], [{"pseudo": "line_number"}]):
        assert "A raw record is one field, of type string or binary." in read({"in.txt": "a\n"}, fields, **LINES)
