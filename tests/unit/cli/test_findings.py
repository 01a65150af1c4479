"""What a person reads about a finding: place, the text itself with the place marked, fault and remedy."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from penstock.cli.app import app
from penstock.cli.findings import lines_of
from penstock.cli.packages import PackageFile
from penstock.domain.diagnostic import Diagnostic, Span
from penstock.errors import BadRequest


def package(expression: str, name: str = "big") -> PackageFile:
    component = {"id": "2", "name": name, "properties": {"fields": [{"expression": expression, "alias": "a"}]}}
    flow = {"components": [{"select_component": component}], "edges": []}
    return PackageFile("p", json.dumps(flow), {"day": "2026-"})


def shown(expression: str, start: int, end: int) -> list[str]:
    place = "properties.fields[0].expression"
    finding = Diagnostic("PK202", "Wrong.", component="big", component_id="2", field=place, span=Span(start, end))
    return lines_of(finding, package(expression))[1:-1]


@pytest.mark.parametrize(
    ("expression", "start", "end", "wanted"),
    [
        ("a + ,", 4, 5, ["    a + ,", "        ^"]),
        ("a +", 3, 3, ["    a +", "       ^"]),
        ("a +\n  b + c", 6, 11, ["      b + c", "      ^^^^^"]),
        ("a\t+ 'b\nc'", 4, 9, ["    a + 'b", "        ^^"]),
        ("x" * 200 + "?", 200, 201, ["    …" + "x" * 50 + "?", "     " + " " * 50 + "^"]),
    ],
)
def test_the_place_is_marked(expression: str, start: int, end: int, wanted: list[str]) -> None:
    assert shown(expression, start, end) == wanted


def test_a_variable_is_shown_as_well() -> None:
    finding = Diagnostic("PK306", "Wrong.", field="variables.day", span=Span(0, 5), hint="Quote it.")
    assert lines_of(finding, package("a")) == [
        "PK306 error: variables.day",
        "    2026-",
        "    ^^^^^",
        "    Wrong. Quote it.",
    ]


def test_names_steer_no_terminal() -> None:
    finding = Diagnostic("PK505", "Wrong.", component="a\x1b[2Jb")
    assert lines_of(finding, package("a")) == ["PK505 error: a·[2Jb", "    Wrong."]


def validate(folder: Path, raw: Any, *options: str) -> tuple[int, str]:
    (folder / "p.json").write_text(raw if isinstance(raw, str) else json.dumps(raw))
    result = CliRunner().invoke(app, ["validate", str(folder / "p.json"), *options])
    if isinstance(result.exception, Exception):
        raise result.exception
    return result.exit_code, result.output.replace(str(folder), "")


def test_what_the_engine_cannot_do_is_found_by_validating(tmp_path: Path) -> None:
    components = [
        {"id": "1", "type": "cloud_storage_source_component", "connection": {"name": "lake"},
         "properties": {"path": "in.csv"}, "fields": [{"name": "id"}, {"name": "ID"}]},
        {"id": "2", "type": "cloud_storage_destination_component", "connection": {"name": "lake"},
         "properties": {"path": "out", "format": "parquet"}},
    ]  # fmt: skip
    code, output = validate(tmp_path, {"components": components, "edges": [{"from": "1", "to": "2"}]})
    assert code == 2
    assert "PK604 error: 2, mapping" in output
    assert output.endswith("/p.json: 1 error.\n")


def test_advice_does_not_stop_a_package(tmp_path: Path) -> None:
    components = [
        {"id": "1", "type": "cloud_storage_source_component", "connection": {"name": "lake"},
         "properties": {"path": "in.json", "record_type": "json", "skip_header": True}, "fields": [{"name": "id"}]},
        {"id": "2", "type": "cloud_storage_destination_component", "connection": {"name": "lake"},
         "properties": {"path": "out", "format": "json"}},
    ]  # fmt: skip
    code, output = validate(tmp_path, {"components": components, "edges": [{"from": "1", "to": "2"}]})
    assert (code, output) == (
        0,
        "PK902 advice: 1, properties.skip_header\n"
        "    'skip_header' has no effect with record_type json. It is for delimited and excel.\n"
        "/p.json: no errors.\n",
    )


def test_a_variable_whose_value_is_not_known_yet_is_no_fault(tmp_path: Path) -> None:
    components = [
        {"id": "1", "type": "cloud_storage_source_component", "connection": {"name": "lake"},
         "properties": {"path": "$_PACKAGE_NAME"}, "fields": [{"name": "id"}]},
        {"id": "2", "type": "cloud_storage_destination_component", "connection": {"name": "lake"},
         "properties": {"path": "$_PACKAGE_NAME", "format": "parquet"}},
    ]  # fmt: skip
    flow = {"components": components, "edges": [{"from": "1", "to": "2"}]}
    variables = {"_PARQUET_COMPRESSION": "CONCAT('SNA', 'PPY')"}
    raw = {"name": "p", "data_flow_json": flow, "variables": variables}
    assert validate(tmp_path, raw) == (0, "/p.json: nothing to report.\n")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("nope", "is not JSON: Expecting value"),
        ("[" * 100_000, "is not JSON: it is nested too deeply."),
        ("[1]", "must hold a JSON object."),
        ('{"data_flow_json": {}, "variables": "x"}', "'variables' in"),
        ('{"data_flow_json": {}, "variables": {"a": {}}}', "The variable 'a' in"),
    ],
)
def test_a_file_that_is_no_package(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(BadRequest) as caught:
        validate(tmp_path, text)
    assert said in caught.value.message


def test_findings_as_json(tmp_path: Path) -> None:
    code, output = validate(tmp_path, {}, "--json")
    assert code == 2
    assert [one["code"] for one in json.loads(output)] == ["PK506"]
