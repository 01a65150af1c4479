"""The spelling of packages for people: every short form, what a bare word is, and what is refused with its place."""

from __future__ import annotations

import json
from typing import Any

import pytest

from penstock.lang.files import format_file, is_same, read_bytes, read_file, write_file

BIG = """\
penstock: 1
name: Big orders
variables:
  - least: "100"
components:
  - name: orders
    type: cloud_storage_source
    connection: lake
    path: orders/*.csv
    delimiter: ","
    skip_header: true
    fields:
      - id: long
      - customer: string
      - total: double
  - name: big
    type: filter
    input: orders
    where:
      - total > $least
  - name: out
    type: cloud_storage_destination
    input: big
    connection: lake
    path: big
    format: parquet
"""


def component(lines: str, kind: str, *, findings: int = 0) -> dict[str, Any]:
    """Return the component that a few lines of a file spell."""
    body = "".join(f"    {line}\n" for line in lines.splitlines())
    found = read_file(f"penstock: 1\ncomponents:\n  - name: it\n    type: {kind}\n{body}")
    assert len(found.findings) == findings, found.findings
    assert found.package is not None
    made: dict[str, Any] = found.package["data_flow_json"]["components"][0]
    return made


def edges(lines: str, kind: str = "union") -> list[dict[str, Any]]:
    body = "".join(f"    {line}\n" for line in lines.splitlines())
    others = "".join(f"  - {{name: {name}, type: clone}}\n" for name in "ab")
    found = read_file(f"penstock: 1\ncomponents:\n{others}  - name: it\n    type: {kind}\n{body}")
    assert found.package is not None
    assert found.findings == ()
    made: list[dict[str, Any]] = found.package["data_flow_json"]["edges"]
    return made


def test_a_file_is_the_package_of_the_wire() -> None:
    found = read_file(BIG)
    assert found.findings == ()
    assert found.package is not None
    flow = found.package.pop("data_flow_json")
    assert found.package == {"name": "Big orders", "variables": {"least": "100"}}
    assert flow["components"][0] == {
        "id": "orders",
        "type": "cloud_storage_source_component",
        "name": "orders",
        "connection": {"name": "lake"},
        "fields": [
            {"name": name, "alias": name, "type": kind}
            for name, kind in (("id", "long"), ("customer", "string"), ("total", "double"))
        ],
        "properties": {"path": "orders/*.csv", "delimiter": ",", "skip_header": True},
    }
    assert flow["components"][1]["properties"] == {"conditions": [{"expression": "total > $least"}]}
    assert flow["edges"] == [{"from": "orders", "to": "big"}, {"from": "big", "to": "out"}]
    assert format_file(BIG) == (BIG, ())


@pytest.mark.parametrize(
    ("kind", "lines", "properties"),
    [
        (
            "select",
            "fields: [id, month: 'f(x, 1)']",
            {"fields": [{"expression": "id"}, {"expression": "f(x, 1)", "alias": "month"}]},
        ),
        (
            "select",
            "fields: [{expression: a, alias: b, flatten: true}]",
            {"fields": [{"expression": "a", "alias": "b", "flatten": True}]},
        ),
        (
            "join",
            "keys: [id, customer: id]",
            {"keys": [{"left": "id", "right": "id"}, {"left": "customer", "right": "id"}]},
        ),
        (
            "join",
            "fields: [left.id, n: right.name]",
            {
                "fields": [
                    {"input": "left", "field": "id", "alias": "id"},
                    {"input": "right", "field": "name", "alias": "n"},
                ]
            },
        ),
        (
            "filter",
            "where: [total > 100, any: [a, b]]",
            {
                "conditions": [
                    {"expression": "total > 100"},
                    {"match": "any", "conditions": [{"expression": "a"}, {"expression": "b"}]},
                ]
            },
        ),
        ("filter", "where: {none: [a]}", {"match": "none", "conditions": [{"expression": "a"}]}),
        ("filter", "where: a > 1", {"conditions": [{"expression": "a > 1"}]}),
        ("filter", "match: any\nconditions: [{expression: a}]", {"match": "any", "conditions": [{"expression": "a"}]}),
        (
            "sort",
            "order_by: [total desc, id]",
            {"order_by": [{"field": "total", "direction": "desc"}, {"field": "id"}]},
        ),
        (
            "window",
            'functions: [s: sum(total), b: "lag(total, 1, 0)", n: ntile(4), c: "lag(a, 1, \'x\')"]',
            {
                "functions": [
                    {"function": "sum", "field": "total", "alias": "s"},
                    {"function": "lag", "field": "total", "arguments": [1, 0], "alias": "b"},
                    {"function": "ntile", "arguments": [4], "alias": "n"},
                    {"function": "lag", "field": "a", "arguments": [1, "x"], "alias": "c"},
                ]
            },
        ),
        (
            "aggregate",
            "functions: [{function: collect, field: a, alias: b, order_by: [c desc]}]",
            {
                "functions": [
                    {
                        "function": "collect",
                        "field": "a",
                        "alias": "b",
                        "order_by": [{"field": "c", "direction": "desc"}],
                    }
                ]
            },
        ),
        ("cube", "groupings: [cube: [a, b]]", {"groupings": [{"type": "cube", "fields": ["a", "b"]}]}),
        ("run_package", "variables: [day: \"'x'\"]", {"variables": {"day": "'x'"}}),
        (
            "redshift_destination",
            "staging: {connection: lake, path: a}",
            {"staging": {"connection": {"name": "lake"}, "path": "a"}},
        ),
    ],
)
def test_items_have_short_forms(kind: str, lines: str, properties: dict[str, Any]) -> None:
    assert component(lines, kind)["properties"] == properties


@pytest.mark.parametrize(
    ("item", "field"),
    [
        ("id: long", {"name": "id", "alias": "id", "type": "long"}),
        ("name: string", {"name": "name", "alias": "name", "type": "string"}),
        ("pseudo: file_path", {"pseudo": "file_path"}),
        ("name: total", {"name": "total"}),
        ("no: int", {"name": "no", "alias": "no", "type": "int"}),
        ("2026-01-01: int", {"name": "2026-01-01", "alias": "2026-01-01", "type": "int"}),
        (
            "{name: Paid at, alias: paid_at, type: datetime}",
            {"name": "Paid at", "alias": "paid_at", "type": "datetime"},
        ),
    ],
)
def test_a_field_is_a_name_with_a_type(item: str, field: dict[str, Any]) -> None:
    assert component(f"fields:\n  - {item}", "cloud_storage_source")["fields"] == [field]


def test_a_mapping_is_field_and_column() -> None:
    mapping = component("mapping: [id, month: period, {alias: n, key: true}]", "database_destination")["mapping"]
    assert mapping == [
        {"alias": "id", "column": "id"},
        {"alias": "month", "column": "period"},
        {"alias": "n", "key": True},
    ]


@pytest.mark.parametrize(
    ("lines", "kind", "made"),
    [
        ("input: a", "sort", [{"from": "a", "to": "it"}]),
        (
            "left: a\nright: b",
            "join",
            [{"from": "a", "to": "it", "input": "left"}, {"from": "b", "to": "it", "input": "right"}],
        ),
        ("inputs: [a, b]", "union", [{"from": "a", "to": "it", "input": "1"}, {"from": "b", "to": "it", "input": "2"}]),
        ("input: {from: a, output: 2}", "sort", [{"from": "a", "to": "it", "output": "2"}]),
        (
            "after: [a, b: failure]",
            "file_mover",
            [{"from": "a", "to": "it"}, {"from": "b", "to": "it", "condition": "failure"}],
        ),
        ("after: a", "file_mover", [{"from": "a", "to": "it"}]),
    ],
)
def test_what_feeds_a_component_stands_at_it(lines: str, kind: str, made: list[dict[str, Any]]) -> None:
    assert edges(lines, kind) == made


def test_ids_positions_and_notes_stand_at_the_end() -> None:
    text = (
        BIG
        + "layout:\n  orders: {id: source1, position: [80, 120], note: the source}\nnotes:\n  - {text: a, position: [0, 1]}\n"
    )
    package = read_file(text).package or {}
    first = package["data_flow_json"]["components"][0]
    assert (first["id"], first["position"], first["note"]) == ("source1", {"x": 80, "y": 120}, "the source")
    assert package["data_flow_json"]["edges"][0] == {"from": "source1", "to": "big"}
    assert package["data_flow_json"]["notes"] == [{"text": "a", "position": {"x": 0, "y": 1}}]
    assert format_file(text)[0] == text


def test_what_the_wire_has_besides_is_kept() -> None:
    package = {
        "name": "p",
        "flow_version": "3.0.0",
        "variables": {"_STRICT_PIG_ERRORS": "true", "a": "1"},
        "secret_variables": ["s"],
        "data_flow_json": json.dumps(
            {
                "components": [
                    {
                        "select_component": {
                            "id": "1",
                            "name": "s",
                            "x-own": [1],
                            "cloud_storage_connection_id": 5,
                            "odd": {},
                            "properties": {"fields": [{"expression": "a"}], "name": "n", "odd": 1},
                        }
                    }
                ],
                "edges": [],
                "x-doc": None,
                "title": "t",
            }
        ),
    }
    text, findings = write_file(package)
    assert findings == ()
    assert text == (
        'penstock: 1\nname: p\nvariables:\n  - a: "1"\nsecret_variables: [s]\noptions:\n  _STRICT_PIG_ERRORS: "true"\n'
        'components:\n  - name: s\n    type: select\n    fields:\n      - a\n    odd: 1\n    properties: {name: "n"}\n'
        'x-doc: null\nlayout:\n  s: {id: "1", x-own: [1], cloud_storage_connection_id: 5, odd: {}}\n'
        'wire: {package: {flow_version: "3.0.0"}, document: {title: t}}\n'
    )
    assert is_same(read_file(text).package or {}, package)


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ("path: no", "no"),
        ("path: 1e3", "1e3"),
        ("path: 2026-01-01", "2026-01-01"),
        ("path: 010", "010"),
        ("path: null", "null"),
        ("path: true", "true"),
        ("path: 12:30", "12:30"),
        ("path: 0x1F", "0x1F"),
        ("path: ~", "~"),
        ("path:", None),
        ("skip_header: true", True),
        ("skip_header: yes", "yes"),
        ("skip_header: 'true'", "true"),
        ("x-a: 1", 1),
        ("x-a: 010", "010"),
        ("x-a: no", "no"),
        ("x-a: 1e3", 1000.0),
        ("x-a: 1_000", "1_000"),
        ("x-a: null", None),
        ("x-a: ~", "~"),
    ],
)
def test_what_a_bare_word_is_depends_on_its_place(line: str, value: Any) -> None:
    assert list(component(line, "cloud_storage_source")["properties"].values()) == [value]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a: [1, 2", "line 2, column 1"),
        ("a: b: c", "line 1, column 5: a colon stands inside a text"),
        ("a:\n\tb: 1", "line 2, column 1: a tab stands where a line is indented"),
        ("a: &x 1", "line 1, column 4: '&x' names a part"),
        ("a: *x", "line 1, column 4: '*x' repeats"),
        ("a: !!python/object:os.system x", "line 1, column 4: the tag"),
        ("a: 1\nb: 2\na: 3", "line 3, column 1: the key 'a' stands twice, first in line 1"),
        ("a: 1\n---\nb: 1", "line 2, column 1: a second document"),
        ("? [a]\n: 1", "line 1, column 3: a key must be a text"),
        ("%YAML 1.2\n---\na: 1", "line 1, column 1: a '%' directive"),
        ("é: \x01", "line 1, column 4: the character U+0001"),
        ("a: " + "[" * 150 + "]" * 150, "nested too deeply"),
        ("a: " + "[" * 5000, "line 1"),
        ("", "The file holds nothing"),
        ("- a", "must be a mapping"),
    ],
)
def test_what_package_files_do_not_have_is_refused_with_its_place(text: str, said: str) -> None:
    found = read_file(text)
    assert found.package is None
    assert [one.code for one in found.findings] == ["PK108"]
    assert said in found.findings[0].sentence()


def test_a_file_in_another_encoding_is_refused_with_its_place() -> None:
    found = read_bytes("penstock: 1\nname: café".encode("latin-1"))
    assert "line 2, column 10: the byte 0xE9 is not UTF-8" in found.findings[0].message


@pytest.mark.parametrize(
    ("text", "code", "hint"),
    [
        ("penstock: 1\nvaraibles: []", "PK104", "Did you mean 'variables'?"),
        ("name: x", "PK103", "Begin the file with 'penstock: 1'."),
        ("penstock: 2", "PK102", None),
        ("penstock: true", "PK102", None),
        ("penstock: 1\noptions: {_STRICT_PIG_EROR: true}", "PK104", "Did you mean '_STRICT_PIG_ERRORS'?"),
        ("penstock: 1\nvariables: [a: 1, a: 2]", "PK501", None),
        ("penstock: 1\ncomponents: [{name: a, type: sort, conection: x}]", "PK104", "Did you mean 'connection'?"),
        ("penstock: 1\ncomponents: [{name: a, type: sort, inptu: x}]", "PK104", "Did you mean 'input'?"),
        ("penstock: 1\ncomponents: [{type: sort}]", "PK103", "Such as 'name: orders'."),
        ("penstock: 1\ncomponents: [{name: a, type: sort}]\nlayout: {b: {id: x}}", "PK104", "Known: a."),
        ("penstock: 1\ncomponents: {}", "PK102", None),
        ("penstock: 1\ncomponents: [{name: a, type: file_mover, after: [b: failed]}]", "PK102", None),
        ("penstock: 1\ncomponents: [{name: a, type: filter, where: [a], conditions: []}]", "PK102", None),
    ],
)
def test_mistakes_are_found_with_their_remedy(text: str, code: str, hint: str | None) -> None:
    found = read_file(text)
    assert [(one.code, one.hint) for one in found.findings] == [(code, hint)]
    finding = found.findings[0]
    assert (finding.component_id or "", finding.field) in found.places or "layout" in (finding.field or "")


@pytest.mark.parametrize(
    ("flow", "said"),
    [
        ("{", "is not JSON"),
        ([], None),
        (
            {
                "components": [
                    {"id": "1", "type": "a_component", "name": "x"},
                    {"id": "2", "type": "a_component", "name": "x"},
                ]
            },
            "one id or one name",
        ),
        ({"components": [{"id": "1", "type": "odd"}]}, "no type of a component"),
        ({"components": [{"type": "a_component"}]}, "has no 'id'"),
        ({"edges": [{"from": "a", "to": "b"}]}, "which is not there"),
        ({"components": 3}, "'components' is no list"),
        (
            {
                "components": [
                    {
                        "id": "a",
                        "type": "select_component",
                        "name": "a",
                        "connection": None,
                        "properties": {"fields": [None]},
                    }
                ]
            },
            "would change",
        ),
    ],
)
def test_a_package_without_a_spelling_is_refused(flow: Any, said: str | None) -> None:
    text, findings = write_file({"name": "p", "data_flow_json": flow})
    assert (text is None) is (said is not None)
    assert said is None or said in findings[0].sentence()


def test_a_package_that_nests_too_deeply_is_refused() -> None:
    deep: Any = 1
    for _ in range(900):
        deep = [deep]
    text, findings = write_file({"name": "p", "data_flow_json": {"x-deep": deep}})
    assert text is None
    assert "nested too deeply" in findings[0].message


def test_comments_stay_with_what_they_are_about() -> None:
    text = """\
# first
penstock: 1
components:
  # the source
  - type: cloud_storage_source   # a kind
    name: orders
    connection: lake
    fields: [id: long, no: string]   # two
    path: "a" #where
    quote: none  # they have no quotes
  - name: big
    type: filter
    input: orders
    where:
      # only big
      - id > 1 # one
      - expression: id < 9
        # inside
variables:
  - a: |  # long
      b
      c # no comment
# last
"""
    made, findings = format_file(text)
    assert findings == ()
    assert (
        made
        == """\
# first
penstock: 1
variables:
  - a: |  # long
      b
      c # no comment
components:
  # the source
  - name: orders
    type: cloud_storage_source  # a kind
    connection: lake
    path: a  # where
    quote: none  # they have no quotes
    fields:  # two
      - id: long
      - "no": string
  - name: big
    type: filter
    input: orders
    where:
      # only big
      - id > 1  # one
      - id < 9
# last
""".replace("variables:", "# inside\nvariables:", 1)
    )
    assert format_file(made) == (made, ())


def test_a_file_of_another_system_is_read() -> None:
    found = read_bytes(b"\xef\xbb\xbf" + BIG.replace("\n", "\r\n").encode())
    assert found.findings == ()
    assert is_same(found.package or {}, read_file(BIG).package or {})
