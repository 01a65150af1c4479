"""JSON sources: records in lines and in whole files, keys and paths, values of all kinds, and what is no JSON."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from penstock.engines.duckdb import json_lines
from penstock.engines.functions import casts, raw
from penstock.plan.values import to_float32

Read = Callable[..., Any]
JSON = {"record_type": "json"}


def test_keys_are_fields_and_missing_ones_null(read: Read) -> None:
    content = '{"a": 1, "b": "x"}\n{"b": null, "c": 3}\n{}\n{"a": "7"}'
    assert read({"in.json": content}, ["a:int", "b:string"], **JSON) == [
        [1, "x"],
        [None, None],
        [None, None],
        [7, None],
    ]


def test_blank_lines_are_no_records_and_lines_end_in_any_way(read: Read) -> None:
    content = '\n{"a": 1}\r\n  \n{"a": 2}\r{"a": 3}\n\t\n\x0c\n'
    assert read({"in.json": content}, ["a:int"], **JSON) == [[1], [2], [3]]
    assert read({"in.json": '\ufeff{"a": 1}\n'}, ["a:int"], **JSON) == [[1]]
    assert read({"in/1.json": "", "in/2.json": '{"a": 1}'}, ["a:int"], path="in/", **JSON) == [[1]]
    assert read({"in.json": ""}, ["a:int"], **JSON) == []


def test_any_text_is_a_key(read: Read) -> None:
    for key in ("a.b", "a b", "é", "a'b", 'a"b', "a\\b", "a*", "[0]", "a/b", "a~b", "", "select", "#"):
        if key:
            escaped = key.replace("\\", "\\\\").replace('"', '\\"')
            found = read(
                {"in.json": f'{{"{escaped}": 5, "a": {{"b": 6}}}}'},
                [{"name": key, "alias": "f", "type": "int"}],
                **JSON,
            )
            assert found == [[5]], key


def test_paths_lead_into_records(read: Read) -> None:
    content = '{"a": {"b": [1, {"c": "x"}]}, "d": [{"e": 1}, {"e": 2}]}'
    paths = ["$.a.b[0]", "$.a.b[1].c", "$.d[*].e", "$['a']['b'][0]", "$.a.x", "$..c"]
    fields = [{"name": path, "alias": f"f{number}"} for number, path in enumerate(paths)]
    assert read({"in.json": content}, fields, **JSON) == [["1", "x", "[1,2]", "1", None, "x"]]


def test_values_of_other_kinds_are_converted_or_null(read: Read) -> None:
    values = ["1", "1.9", "1e2", '"8"', '" 8 "', "true", '"x"', "[1]", "{}", "null", "3000000000", "-0.0"]
    content = "".join(f'{{"a": {value}}}\n' for value in values)
    as_ints = [1, 1, 100, 8, 8, None, None, None, None, None, None, 0]
    assert [one for (one,) in read({"in.json": content}, ["a:int"], **JSON)] == as_ints
    as_texts = ["1", "1.9", "100.0", "8", " 8 ", "true", "x", "[1]", "{}", None, "3000000000", "-0.0"]
    assert [one for (one,) in read({"in.json": content}, ["a:string"], **JSON)] == as_texts
    as_booleans = [None, None, None, None, None, True, *[None] * 6]
    assert [one for (one,) in read({"in.json": content}, ["a:boolean"], **JSON)] == as_booleans


def test_objects_are_maps_and_arrays_are_bags(read: Read) -> None:
    content = '{"m": {"k": [1, {"x": null}], "t": "é\\n"}, "g": [1, "a", [2]]}\n{"m": [1], "g": {"a": 1}}\n'
    content += '{"m": "{}", "g": "[]"}'
    found = read({"in.json": content}, ["m:json", "g:json_array"], **JSON)
    assert found == [[{"k": [1, {"x": None}], "t": "é\n"}, [1, "a", [2]]], [None, None], [None, None]]


def test_escapes_in_texts(read: Read) -> None:
    content = r'{"a": "\u00e9\ud83d\ude00\t\"\\\/\u0000z"}'
    assert read({"in.json": content}, ["a:string"], **JSON) == [['é😀\t"\\/\0z']]


def test_a_file_may_be_one_record(read: Read) -> None:
    files = {"in/1.json": '{\n "a": 1\n}\n', "in/2.json": '\ufeff{"a":\r\n 2}', "in/3.json": " \n"}
    assert sorted(read(files, ["a:int"], path="in/", record_delimiter="eof", **JSON)) == [[1], [2]]


def test_records_lie_below_a_path(read: Read) -> None:
    content = '{"n": {"all": [{"a": 1}, {"a": 2}], "one": {"a": 3}}}'
    for base, wanted in (("$.n.all", [[1], [2]]), ("$.n.one", [[3]]), ("$.n.all[*]", [[1], [2]]), ("$.none", [])):
        assert read({"in.json": content}, ["a:int"], base_record=base, **JSON) == wanted
    lines = '{"all": [{"a": 1}]}\n{"all": []}\n{"all": [{"a": 2}, {"a": 3}]}\n'
    assert read({"in.json": lines}, ["a:int"], base_record="$.all", **JSON) == [[1], [2], [3]]
    whole = '[\n{"a": 1},\n{"a": 2}\n]'
    assert read({"in.json": whole}, ["a:int"], base_record="$", record_delimiter="eof", **JSON) == [[1], [2]]


@pytest.mark.parametrize(
    "broken", ['{"a": 1', "x", '{"a": 1}}', "{'a': 1}", '{"a": "\x01"}', '{"a": 1} {"a": 2}', "1,2"]
)
def test_what_is_no_json_obeys_on_bad_value(read: Read, copy: Callable[..., Any], broken: str) -> None:
    files = {"in/1.json": '{"a": 1}\n', "in/2.json": f'{{"a": 2}}\n\n{broken}\n{{"a": 3}}\n'}
    assert read(files, ["a:int"], path="in/", **JSON) == [[1], [2], [None], [3]]
    assert read(files, ["a:int"], path="in/", on_bad_value="skip", **JSON) == [[1], [2], [3]]
    said = read(files, ["a:int"], path="in/", on_bad_value="fail", **JSON)
    assert said.startswith("Component 'in': a record is malformed JSON: ")
    assert " (in/2.json, line 3). " in said


def test_a_value_that_does_not_fit_says_where_it_is(read: Read) -> None:
    content = '{"a": 1}\n{"a": "x"}\n'
    said = read({"in.json": content}, ["a:int"], on_bad_value="fail", **JSON)
    assert said.startswith("Component 'in', field 'a': the value 'x' is no int (in.json, line 2). ")


def test_lines_longer_than_a_megabyte(read: Read) -> None:
    """Such a line is left out; a document in a file of its own may be of any length."""
    long = '{"a": "' + "x" * 3_000_000 + '"}'
    assert read({"in.json": f'{{"a": "1"}}\n{long}\n{{"a": "2"}}'}, ["a:string"], **JSON) == [["1"], ["2"]]
    found = read({"in.json": long}, ["a:string"], record_delimiter="eof", **JSON)
    assert [len(one) for (one,) in found] == [3_000_000]


def test_text_in_another_encoding_fails_the_job_and_says_where(read: Read) -> None:
    content = b'{"a": 1}\n{"b": "\xe9"}\n'
    for more in ({}, {"record_delimiter": "eof"}):
        said = read({"in.json": content}, ["a:int"], **more, **JSON)
        assert said == "Component 'in': in.json is not valid UTF-8, in line 2. Set 'encoding', or convert the file."
    assert read({"in.json": content}, ["b:string"], encoding="iso-8859-1", **JSON) == [[None], ["é"]]


def test_the_file_of_a_record(read: Read) -> None:
    files = {"in/1.json": '{"a": 1}', "in/2.json": '{"a": 2}'}
    fields = ["a:int", {"pseudo": "file_path", "alias": "f"}]
    for more in ({}, {"record_delimiter": "eof"}):
        assert sorted(read(files, fields, path="in/*", **more, **JSON)) == [[1, "in/1.json"], [2, "in/2.json"]]


def test_the_number_of_a_line_is_that_in_its_file(read: Read) -> None:
    files = {"in/1.json": '{"a": 1}\n\n{"a": 2}', "in/2.json": '\n{"a": 3}'}
    fields = ["a:int", {"pseudo": "line_number", "alias": "n"}]
    assert sorted(read(files, fields, path="in/*", **JSON)) == [[1, 1], [2, 3], [3, 2]]
    below = {"in.json": '{"r": [{"a": 1}, {"a": 2}]}\n{"r": [{"a": 3}]}'}
    assert sorted(read(below, fields, base_record="$.r", **JSON)) == [[1, 1], [2, 1], [3, 2]]


def test_a_null_in_place_of_a_structure_is_no_misfit(read: Read) -> None:
    content = '{"m": null, "g": null}\n{}\n{"m": {"k": null}, "g": [null]}'
    for policy in ("fail", "skip"):
        assert read({"in.json": content}, ["m:json", "g:json_array"], on_bad_value=policy, **JSON) == [
            [None, None], [None, None], [{"k": None}, [None]],
        ]  # fmt: skip


def test_numbers_beyond_double_are_infinite_and_half_pairs_replaced(read: Read) -> None:
    content = f'{{"m": {{"k": {"9" * 400}, "n": -{"9" * 400}}}}}'
    assert read({"in.json": content}, ["m:json"], **JSON) == [[{"k": "Infinity", "n": "-Infinity"}]]
    assert read({"in.csv": '{"k": "\\ud800x", "\\udc00": "\\ud83d\\ude00"}'}, ["m:json"]) == [
        [{"k": "\ufffdx", "\ufffd": "😀"}]
    ]


def test_keys_that_differ_in_case_only_and_one_key_twice(read: Read) -> None:
    content = '{"a": 1, "A": 2, "m": {"x": 1}, "é": 3, "É": 4}\nnull\n[1]\n{"A": "x\\n", "a": null, "m": 1}'
    fields = [
        "a:int", {"name": "A", "alias": "b", "type": "string"}, {"name": "a", "alias": "again", "type": "string"}, "m:json",
        {"name": "m", "alias": "text"}, {"name": "é", "alias": "e"}, {"name": "É", "alias": "f"},
    ]  # fmt: skip
    assert read({"in.json": content}, fields, **JSON) == [
        [1, "2", "1", {"x": 1}, '{"x":1}', "3", "4"], [None] * 7, [None] * 7, [None, "x\n", None, None, "1", None, None],
    ]  # fmt: skip


NUMBERS = (
    "0", "-0", "-0.0", "1", "-7", "1.5", "-1.5", "0.5", "2.9999999999999999999", "1e5", "1E+5", "5e-1", "1e-7", "-9e-7",
    "2147483647", "2147483647.9", "2147483648", "-2147483648", "-2147483648.5", "-2147483649", "9007199254740991",
    "9007199254740992.0", "9007199254740993", "-9007199254740993", "123456789012345678", "9223372036854775807",
    "9223372036854775808", "-9223372036854775809", "18446744073709551616", "1e19", "1e22", "16777217", "3.4028235677973366e38",
    "1e39", "5e-324", "1e-400", "1e400", "-1E400", "0.1", "9" * 400, "true", "false", "null", "[1]", '{"a": 1}', "[]",
    '"8"', '" 8 "', '"1_000"', '"+-5"', '"+5"', '"0x1F"', '"1e5"', '"5d"', '"7L"', '"nan"', '"NaN"', '"inf"', '"-Infinity"',
    '""', '"\\u0031"', '"1\\n"', '"\\u0000"', '"\\u0663"', '"-"', '"."', '"3.6"', '"9007199254740993"', '"true"',
)  # fmt: skip


def test_numbers_are_those_of_their_texts(read: Read, copy: Callable[..., Any], tmp_path: Path) -> None:
    """Numbers are read as JSON, and most are converted without becoming text: the shared forms, over the texts, say the
    same. A path reads the records as lines of text."""
    content = "".join(f'{{"t":{one}, "i":{one}, "l": {one},"f":{one} ,"d":{one}}}\n' for one in NUMBERS)
    kinds = {"i": "int", "l": "long", "f": "float", "d": "double"}
    texts = read({"in.json": content}, ["t:string"], **JSON)
    for start in ("", "$."):
        fields = [{"name": f"{start}{name}", "alias": name, "type": kind} for name, kind in kinds.items()]
        copy({"path": "in.json", **JSON}, fields, {"merge_to_single_file": True, "header": False})
        lines = next((tmp_path / "out").iterdir()).read_text().splitlines()
        for number, (text,), line in zip(NUMBERS, texts, lines, strict=True):
            shared = (raw.bytes_to_int, raw.bytes_to_long, casts.parse_float, casts.parse_double)
            i, l, f, d = line.split("\t")  # noqa: E741
            found = [None if one == "" else into(one) for one, into in ((i, int), (l, int), (f, as_float), (d, float))]
            assert repr(found) == repr([None if text is None else form(text) for form in shared]), (number, line)


def as_float(text: str) -> float:
    return to_float32(float(text))


LINES = {
    "two on a line": b'{"a": 1} {"a": 2}\n{"a": 3}\n',
    "two without a blank": b'{"a": 1}{"a": 2}\n{"a": 3}\n',
    "null": b'null\n{"a": 3}\n',
    "array": b'[1, 2]\n{"a": 3}\n',
    "array of objects": b'[{"a": 1}]\n{"a": 3}\n',
    "number": b'5\n{"a": 3}\n',
    "text": b'"x"\n{"a": 3}\n',
    "blank lines": b'\n{"a": 1}\n\n   \n\t\n{"a": 3}',
    "the key twice": b'{"a": 1, "a": 2}\n{"a": 3}\n',
    "another twice": b'{"z": 1, "z": 2, "a": 4}\n',
    "in other letters": b'{"A": 1, "a": 2}\n{"A": 1}\n',
    "an object": b'{"a": {"x" : 1.0e5, "y":[1,  2], "z":"\\u00e9\\/", "d":{"q":1,"q":2}}}\n',
    "an array": b'{"a": [1, {"b": 2}, NaN]}\n',
    "large numbers": b'{"a": 123456789012345678901234567890.5}\n{"a": 1e999}\n{"a": -0.0}\n{"a": 1.10}\n',
    "no numbers": b'{"a": NaN}\n{"a": {"b": nan}}\n{"a": -Infinity}\n{"a": ["Infinity", 1]}\n',
    "a comma too many": b'{"a": 1,}\n',
    "escapes": b'{"a": "\\ud83d\\ude00 \\u0000 \\n", "b": 1}\n{"\\u0061": 7}\n',
    "half a pair": b'{"a": "\\ud800"}\n{"a": 1}\n',
    "a control character": b'{"a": "x\x01y"}\n{"a": 1}\n',
    "a tab": b'{"a": "x\ty"}\n{"a": 1}\n',
    "cut off": b'{"a": 1}\n{"a":\n',
    "more behind it": b'{"a": 1} x\n{"a": 2} // y\n{"a": 3}\n',
    "a mark": b'\xef\xbb\xbf{"a": 1}\n',
    "nothing": b"",
    "other blanks": b'\x0c{"a": 1}\n\x0b\n{"a": 2}\n\xc2\xa0\n',
    "a zero byte": b'{"a": 1}\x00\n{"a": 2}\n',
    "other line ends": b'{"a": 1}\r\n\r\n{"a": 2}\r\n{"a":\r\n3}',
    "lone returns": b'{"a": 1}\r{"a": 2}\r',
    "a long line": b'{"a": "' + b"x" * 700_000 + b'"}\n{"a": 1}\n',
    "a longer line": b'{"a": "' + b"x" * 3_000_000 + b'"}\n{"a": 1}\n',
}


@pytest.mark.parametrize("kind", ["string", "json", "json_array", "double"])
@pytest.mark.parametrize("name", LINES)
def test_what_duckdb_parses_is_what_lines_of_text_give(
    read: Read, monkeypatch: pytest.MonkeyPatch, name: str, kind: str
) -> None:
    def found() -> Any:
        return read({"in.json": LINES[name]}, [f"a:{kind}", {"pseudo": "file_path", "alias": "f"}], **JSON)

    tried: list[int] = []
    own = json_lines._is_parsed
    monkeypatch.setattr(json_lines, "_is_parsed", lambda *words: tried.append(1) or own(*words))
    parsed = found()
    assert tried
    monkeypatch.setattr(json_lines, "_all_keys", lambda _scan: {})
    assert parsed == found()


NO_OBJECTS = '{"a": 1}\n[{"a": 2}]\n 3\nnull\n'


def test_a_record_that_is_no_object_has_no_keys(read: Read, warned: Callable[..., list[str]]) -> None:
    files, lines = {"in.json": NO_OBJECTS}, {"record_type": "json"}
    assert read(files, ["a:int"], **lines) == [[1], [None], [None], [None]]
    assert warned(files, ["a:int"], **lines) == ["in: 3 records got null in every field, for they are no JSON objects"]
    assert read(files, ["a:int"], on_bad_value="skip", **lines) == [[1]]
    said = read({"in.json": '{"a": 1}\n[{"a": 2}]\n'}, ["a:int"], on_bad_value="fail", **lines)
    assert said.startswith("Component 'in': a record is no JSON object: [{\"a\": 2}] (in.json, line 2).")
    by_path = [{"name": "$[0].a", "alias": "a", "type": "int"}]
    assert read(files, by_path, **lines) == [[None], [2], [None], [None]]
    assert warned(files, by_path, **lines) == []


def test_records_below_a_path_that_are_no_objects(read: Read, warned: Callable[..., list[str]]) -> None:
    files = {"in.json": '{"r": [{"a": 1}, 2, null]}\n{"r": null}\n{"r": 7}\n'}
    below = {"record_type": "json", "base_record": "$.r"}
    assert read(files, ["a:int"], **below) == [[1], [None], [None], [None]]
    assert warned(files, ["a:int"], **below) == ["in: 3 records got null in every field, for they are no JSON objects"]
    assert read(files, ["a:int"], on_bad_value="skip", **below) == [[1]]
    assert read(files, [{"name": "$", "alias": "a", "type": "int"}], **below)[1:] == [[2], [None], [7]]
    whole = {"in.json": '[{"a": 1},\n{"a": 2}]'}
    assert read(whole, ["a:int"], record_type="json", record_delimiter="eof", on_bad_value="skip") == []
    assert read(whole, ["a:int"], record_type="json", record_delimiter="eof", base_record="$") == [[1], [2]]
