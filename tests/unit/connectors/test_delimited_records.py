"""Delimited sources: where records end, what their values are, and what happens to files that are not as they should be."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import pytest

Read = Callable[..., Any]
ABC = ["a:string", "b:string", "c:string"]
CSV: dict[str, Any] = {"delimiter": ","}
QUOTED: dict[str, Any] = {"delimiter": ",", "quote": '"'}
BROKEN: dict[str, Any] = {"delimiter": ",", "quote": "quoted_multi_line"}


def records_of(text: str, quote: str = "", escape: str = "", breaks: bool = False) -> list[list[str | None]]:
    """The records of a text by the rules, one character after the other: commas between values, three of them wanted."""
    records: list[list[str]] = []
    values, value, blanks = [], "", ""
    state = "begin"
    at = 0
    while at < len(text):
        char, following = text[at], text[at + 1 : at + 2]
        at += 1
        if char == escape and following:
            following = "\r\n" if text.startswith("\r\n", at) else following
            value += blanks + following
            blanks = ""
            at += len(following)
            state = "begun" if state == "begin" else state
        elif char in "\r\n" and not (state == "quoted" and breaks):
            at += char == "\r" and following == "\n"
            value += blanks if state != "closed" else ""
            if values or value or state != "begin":
                records.append([*values, value])
            values, value, blanks, state = [], "", "", "begin"
        elif state == "quoted":
            if char != quote:
                value += char
            elif following == quote:
                value += char
                at += 1
            else:
                state = "closed"
        elif char == ",":
            values.append(value + (blanks if state != "closed" else ""))
            value, blanks, state = "", "", "begin"
        elif char == quote and state == "begin":
            blanks, state = "", "quoted"
        elif char == " " and state in ("begin", "closed"):
            blanks += char
        else:
            value += blanks + char
            blanks, state = "", "begun"
    value += blanks if state != "closed" else ""
    if values or value or state != "begin":
        records.append([*values, value])
    return [[one or None for one in [*record, "", "", ""][:3]] for record in records]


def made_up(signs: str, seed: int, count: int = 150) -> dict[str, str | bytes]:
    chance = random.Random(seed)
    texts = {"".join(chance.choice(signs) for _ in range(chance.randint(1, 14))) for _ in range(count)}
    return {f"made/{number}.csv": text for number, text in enumerate(sorted(texts))}


@pytest.mark.parametrize(
    ("signs", "properties"),
    [
        ("ab,,\n", CSV),
        ('ab,,\n"', CSV),
        ("ab,\r\n", CSV),
        ("ab,,\n\\", {**CSV, "escape": "\\"}),
        ("ab,,\r\n\\", {**CSV, "escape": "\\"}),
        ('ab,,\n"', QUOTED),
        ('ab,,\n" ', QUOTED),
        ('a,\r\n"', QUOTED),
        ('ab,,\n"\\', {**QUOTED, "escape": "\\"}),
        ('ab,,\n"', BROKEN),
        ('ab,,\n" ', BROKEN),
        ('a,\r\n"', BROKEN),
        ('ab,,\n"\\', {**BROKEN, "escape": "\\"}),
        ('é😀,\n"\t', QUOTED),
    ],
)
def test_texts_that_are_made_up_are_read_by_the_rules(read: Read, signs: str, properties: dict[str, Any]) -> None:
    files = made_up(signs, seed=7)
    quote = "" if "quote" not in properties else '"'
    wanted: dict[str, list[list[str | None]]] = {}
    for name, text in files.items():
        assert isinstance(text, str)
        records = records_of(text, quote, properties.get("escape", ""), properties.get("quote") == BROKEN["quote"])
        if records:
            wanted[name] = records
    found: dict[str, list[list[str | None]]] = {}
    for *values, name in read(files, [*ABC, {"pseudo": "file_path", "alias": "f"}], **{"path": "made/*"}, **properties):
        found.setdefault(name, []).append(values)
    assert found == wanted


def test_a_file_may_be_empty_or_hold_names_only(read: Read) -> None:
    for content in ("", "\ufeff", "x,y,z", "x,y,z\n", "\ufeffx,y,z\r\n"):
        header = {**CSV, "skip_header": True}
        assert read({"in.csv": content}, ABC, **header) == []
        if content.strip("\ufeff"):
            assert read({"in.csv": content}, ["x:string", "z:string"], match_fields="name", **header) == []


def test_the_first_line_is_skipped_in_every_file(read: Read) -> None:
    files = {
        "in/1.csv": "a,b\n1,2\n",
        "in/2.csv": "\n3,4\n",
        "in/3.csv": '"a\nb",c\n5,6\n',
        "in/4.csv": "",
        "in/5.csv": "x",
    }
    found = read(files, ["a:int", "b:int"], path="in/", skip_header=True, **BROKEN)
    assert sorted(found) == [[1, 2], [3, 4], [5, 6]]


def test_records_may_be_short_or_long(read: Read) -> None:
    wanted = [["1", "2", "3"], ["1", None, None], ["1", "2", "3"], [None, "2", None], ["1", "2", "3"]]
    content = "1,2,3\n1\n1,2,3,4,5\n,2\n1,2,3,\n"
    for properties in (CSV, QUOTED, {**BROKEN, "escape": "|"}):
        assert read({"in.csv": content}, ABC, **properties) == wanted
    assert read({"in.csv": '"1",2,3\n"1"\n1,2,3,"4",5\n,2\n1,2,3,\n'}, ABC, **QUOTED) == wanted


def test_an_empty_line_is_no_record_unless_there_is_one_column(read: Read) -> None:
    assert read({"in.csv": "1,2\n\n3,4\n\n"}, ["a:int"], **CSV) == [[1], [3]]
    assert read({"in.csv": "1\n\n3\n\n"}, ["a:int"], **CSV) == [[1], [None], [3], [None]]
    assert read({"in.csv": "1\n\n|3\n"}, ["a:int"], escape="|", **CSV) == [[1], [None], [3]]


def test_an_empty_value_is_null_quoted_or_not(read: Read) -> None:
    assert read({"in.csv": '"",,a\n'}, ABC, **QUOTED) == [[None, None, "a"]]
    assert read({"in.csv": '"",,a\n'}, ABC, **CSV) == [['""', None, "a"]]
    assert read({"in.csv": ' , "" ,a\n'}, ABC, **QUOTED) == [[" ", None, "a"]]


@pytest.mark.parametrize(
    "delimiter", [",", ";", "|", " ", "\\t", "\t", "\x01", "\x1f", "a", "0", "'", "¦", "→", "😀", "\\"]
)
def test_any_character_delimits(read: Read, delimiter: str) -> None:
    sign = "\t" if delimiter == "\\t" else delimiter
    content = sign.join(["x", "y", "z"]) + "\n" + sign.join(["é", "", "w"]) + "\n"
    assert read({"in.csv": content}, ABC, delimiter=delimiter) == [["x", "y", "z"], ["é", None, "w"]]
    content = sign.join([f'"x{sign}"', "y", "z"]) + "\n"
    assert read({"in.csv": content}, ABC, delimiter=delimiter, quote='"') == [[f"x{sign}", "y", "z"]]


def test_the_default_delimiter_is_a_tab(read: Read) -> None:
    assert read({"in.csv": "a,b\tc\td\n"}, ABC) == [["a,b", "c", "d"]]


@pytest.mark.parametrize("breaks", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("last", [True, False])
def test_a_line_ends_in_any_of_three_ways(read: Read, breaks: str, last: bool) -> None:
    content = breaks.join(["h,i", "1,2", '"3",4']) + breaks * last
    assert read({"in.csv": content}, ["a:int", "b:int"], skip_header=True, **QUOTED) == [[1, 2], [3, 4]]


def test_line_breaks_may_be_mixed(read: Read) -> None:
    assert read({"in.csv": "1,2\r3,4\n5,6\r\n7,8\r9,\n"}, ["a:int", "b:int"], **CSV) == [
        [1, 2], [3, 4], [5, 6], [7, 8], [9, None],
    ]  # fmt: skip


def test_a_line_break_is_data_where_that_is_said(read: Read) -> None:
    content = '1,"a\nb",x\n2,"c\r\nd",y\n3,"e",z'
    assert read({"in.csv": content}, ABC, **BROKEN) == [["1", "a\nb", "x"], ["2", "c\r\nd", "y"], ["3", "e", "z"]]
    assert read({"in.csv": content}, ABC, **QUOTED) == [
        ["1", "a", None], ['b"', "x", None], ["2", "c", None], ['d"', "y", None], ["3", "e", "z"],
    ]  # fmt: skip


def test_a_qualifier_that_is_not_closed_swallows_what_follows(read: Read) -> None:
    assert read({"in.csv": 'a,"b,c\nd,e,f\n'}, ABC, **BROKEN) == [["a", "b,c\nd,e,f\n", None]]
    assert read({"in.csv": 'a,"b,c\nd,e,f\n'}, ABC, **QUOTED) == [["a", "b,c", None], ["d", "e", "f"]]


def test_signs_that_mean_something_elsewhere_are_data(read: Read) -> None:
    content = "#a,b\n-- c,d\n'e',f\n\0g,\x0bh\n\\N,NULL\n"
    assert read({"in.csv": content}, ["a:string", "b:string"], **CSV) == [
        ["#a", "b"], ["-- c", "d"], ["'e'", "f"], ["\0g", "\x0bh"], ["\\N", "NULL"],
    ]  # fmt: skip


def test_what_comes_after_the_listed_fields_is_not_looked_at(read: Read) -> None:
    content = b"a,b,c,\xff\xfe\n" * 3
    assert read({"in.csv": content}, ["a:string"], **CSV) == [["a"]] * 3


@pytest.mark.parametrize("many", [0, 200_000])
@pytest.mark.parametrize("fields", [["a:string", "b:string"], ["a:string"], [{"name": "b", "alias": "b"}]])
def test_text_in_another_encoding_fails_the_job_and_says_where(read: Read, many: int, fields: list[Any]) -> None:
    content = b"a,b\n" + b"1,2\n" * many + b"\xe9,\xe9\n" + b"1,2\n" * many
    by_name = {"match_fields": "name"} if isinstance(fields[0], dict) else {}
    said = read({"in.csv": content}, fields, skip_header=True, **by_name, **CSV)
    wanted = f"Component 'in': in.csv is not valid UTF-8, in line {many + 2}. Set 'encoding', or convert the file."
    assert said == wanted


def test_iso_8859_1(read: Read) -> None:
    content = "é,ÿ,\x80\x9f\nü, ,ß\n".encode("latin-1")
    wanted = [["é", "ÿ", "\x80\x9f"], ["ü", " ", "ß"]]
    assert read({"in.csv": content}, ABC, encoding="iso-8859-1", **CSV) == wanted
    assert read({"in.csv": "é,ÿ,Ä\n".encode("latin-1")}, ABC, encoding="latin1", **CSV) == [["é", "ÿ", "Ä"]]


def test_a_mark_at_the_begin_is_no_data(read: Read) -> None:
    assert read({"in.csv": "\ufeffa,b\n1,2\n"}, ["a:int"], match_fields="name", skip_header=True, **CSV) == [[1]]
    assert read({"in.csv": '\ufeff"a",b\n"1",2\n'}, ABC, **QUOTED) == [["a", "b", None], ["1", "2", None]]
    assert read({"in.csv": '\ufeff"a" ,b\n'}, ABC, **QUOTED) == [["a", "b", None]]


def test_fields_are_found_by_name(read: Read) -> None:
    files = {"in/1.csv": "b,a\n1,2\n", "in/2.csv": 'x,"a",b\n3,4,5\n', "in/3.csv": "a,b,a\n6,7,8\n"}
    found = read(files, [{"name": "a", "alias": "x"}, "b:int", {"name": "a", "alias": "y"}], path="in/", skip_header=True,
                 match_fields="name", **QUOTED)  # fmt: skip
    assert sorted(found) == [["2", 1, "2"], ["4", 5, "4"], ["6", 7, "6"]]
    said = read({"in.csv": "b,A\n"}, ["a:int"], skip_header=True, match_fields="name", **CSV)
    assert said == "Component 'in': the first line of in.csv has no column 'a'. It has: b, A."


def test_longer_lines_than_said_are_left_out(read: Read, copy: Callable[..., Any]) -> None:
    long = "x" * ((1 << 20) - 2)
    content = f"a,b\n{long},y\nc,{long}y\nd,e\n"
    found = read({"in.csv": content}, ["a:string", "b:string"], **CSV)
    assert [row for row in found if len(row[0]) < 9] == [["a", "b"], ["d", "e"]]
    assert [len(row[0]) for row in found] == [1, (1 << 20) - 2, 1]


@pytest.mark.parametrize("header", [True, False])
def test_a_first_line_may_be_too_long(read: Read, header: bool) -> None:
    content = "x" * 3_000_000 + "\n1,2\n"
    assert read({"in.csv": content}, ["a:int", "b:int"], skip_header=header, **CSV) == [[1, 2]]
    assert read({"in.csv": content + 'a"b,\n'}, ["a:int"], skip_header=header, **QUOTED) == [[1], [None]]


def test_a_file_without_a_line_break_does_not_fill_the_memory(read: Read) -> None:
    assert read({"in.csv": "x" * 40_000_000}, ["a:string"], **CSV) == []


@pytest.mark.parametrize(
    ("encoding", "codec"),
    [
        ("windows-1252", "cp1252"), ("UTF-16", "utf-16"), ("UTF-16", "utf-16-be"), ("UTF-16LE", "utf-16-le"),
        ("shift_jis", "shift_jis"), ("ISO-8859-15", "iso8859-15"), ("UTF-32", "utf-32"), ("GB18030", "gb18030"),
    ],
)  # fmt: skip
def test_any_character_set(read: Read, encoding: str, codec: str) -> None:
    text = "a,b\n1,ü\n" if "1252" in codec or "8859" in codec else "a,b\n1,日本\n"
    wanted = [row.split(",") for row in text.split()]
    content = text.encode(codec)
    assert read({"in.csv": content}, ["a:string", "b:string"], encoding=encoding, **CSV) == wanted
    named = read({"in.csv": content}, ["b:string"], encoding=encoding, skip_header=True, match_fields="name", **QUOTED)
    assert named == [wanted[1][1:]]


def test_bytes_that_a_character_set_does_not_have_say_where(read: Read) -> None:
    said = read({"in.csv": b"1,2\n3,\x81\n"}, ["a:int"], encoding="windows-1252", **CSV)
    assert said == "Component 'in': in.csv is not valid CP1252, in line 2. Set 'encoding', or convert the file."
    said = read({"in.csv": "1,2\n3,é\n".encode()}, ["a:int"], encoding="us-ascii", **CSV)
    assert said == "Component 'in': in.csv is not valid ASCII, in line 2. Set 'encoding', or convert the file."
    assert read({"in.csv": b"1,2\n"}, ["a:int", "b:string"], encoding="us-ascii", **CSV) == [[1, "2"]]
    said = read({"in.csv": "1\n".encode("utf-16") + b"\x00"}, ["a:int"], encoding="utf-16")
    assert said.startswith("Component 'in': in.csv is not valid UTF-16, in line 2.")


def test_the_number_of_a_line_is_that_in_its_file(read: Read) -> None:
    files = {"in/1.csv": 'x,y\n\n"1\n\n",a\n2,b\n', "in/2.csv": "x,y\r\n3,c\r\n4,d"}
    fields = ["a:string", {"pseudo": "line_number", "alias": "n"}, {"pseudo": "file_path", "alias": "f"}]
    found = read(files, fields, path="in/*", skip_header=True, **BROKEN)
    assert sorted(found) == [["1\n\n", 3, "in/1.csv"], ["2", 6, "in/1.csv"], ["3", 2, "in/2.csv"], ["4", 3, "in/2.csv"]]


def test_the_number_of_a_line_counts_lines_that_are_left_out(read: Read) -> None:
    content = "1\n" + "x" * 3_000_000 + "\n3\n"
    assert read({"in.csv": content}, ["a:int", {"pseudo": "line_number"}], **CSV) == [[1, 1], [3, 3]]
