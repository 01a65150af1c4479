"""Numbers of delimited files that DuckDB's reader parses: the same as those that are cast from text, whatever stands there."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from penstock.engines.duckdb import delimited, numbers, readings
from penstock.engines.files.samples import others_than_numbers

Read = Callable[..., Any]
CSV = {"delimiter": ",", "quote": '"'}
TEXTS = (
    "3.6", "-3.6", "-0.5", "-0", "+5", " 5 ", "5.", ".5", "1e2", "1.5E+3", "25e-1", "007", '"8"', "2147483647", "2147483647.9",
    "2147483648", "-2147483648.5", "-2147483649", "9007199254740991", "9007199254740993", "123456789012345678", "1e400",
    "1e-400", "3.4028235677973366e38", "0.1", "16777217", "9223372036854775807", "9223372036854775808",
)  # fmt: skip
"""What DuckDB takes for a double."""
OTHERS = ("NA", "nan", "inf", "-Infinity", "NaN", "0x10", "5d", "7L", "1 2", "true", "1,5", "--5", "\u0663", "1e", "x")


@pytest.fixture
def tried(monkeypatch: pytest.MonkeyPatch) -> list[dict[int, str]]:
    """Have small files parsed as well, whatever some of their lines look like; returns what was parsed each time."""
    made: list[dict[int, str]] = []
    own = numbers.parsed

    def parsed(*words: Any) -> dict[int, str]:
        made.append(own(*words))
        return made[-1]

    monkeypatch.setattr(numbers, "LEAST_BYTES", 0)
    monkeypatch.setattr(numbers, "others_than_numbers", lambda *_: set())
    monkeypatch.setattr(delimited.numbers, "parsed", parsed)
    return made


def cast(read: Read, monkeypatch: pytest.MonkeyPatch, *words: Any, **more: Any) -> Any:
    """Return what a source gives whose numbers are cast from text."""
    with monkeypatch.context() as patch:
        patch.setattr(readings.Readings, "may_parse", lambda *_: False)
        return read(*words, **more)


@pytest.mark.parametrize("kind", ["int", "long", "float", "double"])
def test_what_is_parsed_is_what_is_cast(
    read: Read, monkeypatch: pytest.MonkeyPatch, tried: list[dict[int, str]], kind: str
) -> None:
    """Each text in a column of its own, so that one that fails the reader fails no other."""
    alone = ("2147483648", "9007199254740993", "1e400", *(OTHERS if kind == "double" else ()))
    for texts in (TEXTS, *((text,) for text in alone)):
        content = {"in.csv": ",".join(texts) + "\n" + "," * (len(texts) - 1) + "\n1\n"}
        fields = [f"f{at}:{kind}" for at in range(len(texts))]
        assert read(content, fields, **CSV) == cast(read, monkeypatch, content, fields, **CSV), texts
    assert all(tried)


def test_a_source_that_fails_is_read_as_text_and_no_other(read: Read, tried: list[dict[int, str]]) -> None:
    files = {"in/1.csv": "1,2.5\n2,3.5\n", "in/2.csv": "3,NA\n4,4.5\n"}
    found = read(files, ["a:int", "b:double"], path="in/*", **CSV)
    assert sorted(found) == [[1, 2.5], [2, 3.5], [3, None], [4, 4.5]]
    assert tried == [{0: "DOUBLE", 1: "DOUBLE"}]
    said = read(files, ["a:int", "b:double"], path="in/*", on_bad_value="fail", **CSV)
    assert said.startswith("Component 'in', field 'b': the value 'NA' is no double (in/2.csv, line 1). ")
    assert sorted(read(files, ["a:int", "b:double"], path="in/*", on_bad_value="skip", **CSV)) == [
        [1, 2.5], [2, 3.5], [4, 4.5],
    ]  # fmt: skip


def test_files_with_underscores_are_not_parsed(read: Read, tried: list[dict[int, str]]) -> None:
    assert read({"in.csv": "1_0,a\n+-5,b_c\n7,d\n"}, ["a:int", "b:string"], **CSV) == [
        [None, "a"],
        [None, "b_c"],
        [7, "d"],
    ]
    assert tried == []


def test_fields_of_one_column_are_texts(read: Read, tried: list[dict[int, str]]) -> None:
    fields = [
        {"name": "x", "alias": "a", "type": "int"}, {"name": "x", "alias": "b", "type": "string"},
        {"name": "y", "alias": "c", "type": "double"},
    ]  # fmt: skip
    content = {"in.csv": "y,x\n1.5,07\n"}
    assert read(content, fields, skip_header=True, match_fields="name", **CSV) == [[7, "07", 1.5]]
    assert tried == [{2: "DOUBLE"}]


def test_small_sources_are_not_parsed(read: Read, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(numbers, "others_than_numbers", lambda *_: pytest.fail("looked at"))
    assert read({"in.csv": "1\n"}, ["a:int"], **CSV) == [[1]]


def test_some_lines_tell_which_columns_hold_numbers(tmp_path: Path) -> None:
    file = tmp_path / "in.csv"
    line = b'1,"2.5",,NA,-7e3,x\r\n'
    file.write_bytes(b"a,b,c,d,e,f\r\n" + line * 3000 + b"1,x")
    assert others_than_numbers(str(file), b",", b'"', range(5), 8) == {3}
    file.write_bytes(b"a,b,c,d,e,f\r\n" + line * 3000 + b"no,1,1,1,1\n" + line * 5)
    assert others_than_numbers(str(file), b",", b'"', {0, 1}, 1) == set()
