"""`penstock test`: cases beside a package, over given records."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree

import pytest
from typer.testing import CliRunner

from penstock.cli.app import app
from penstock.errors import BadRequest

PACKAGE = """\
penstock: 1
variables:
  - least: "2"
components:
  - name: orders
    type: cloud_storage_source
    connection: lake
    path: in.csv
    fields: [id: long, who: string, total: double, ok: boolean, at: datetime, tags: json_array, more: json]
  - name: big
    type: filter
    input: orders
    where: [id >= $least]
  - name: seen
    type: select
    input: big
    fields:
      - id
      - "no": who
      - total
      - now: ToString(CurrentTime(), 'yyyy-MM-dd')
      - at
      - tags
      - more
  - name: last_first
    type: sort
    input: seen
    order_by: [id desc]
  - name: out
    type: cloud_storage_destination
    input: last_first
    connection: lake
    path: out
    format: json
    mapping: [id, "no": Name]
"""
CASES = """\
penstock: 1
cases:
  # the usual
  - name: keeps the big ones
    now: 2026-03-04T05:06:07Z
    variables: {least: 1e0}
    given:
      orders:
        - {id: 1, who: no, total: 1e3, ok: true, at: 2026-01-01T01:00:00+01:00, tags: [a, 1], more: {a: 1}}
        - {id: 2, who: null, total: NaN}
        - {id: 0}
    expect:
      seen:
        - {id: 1, "no": "no", total: 1000, now: 2026-03-04, at: 2026-01-01T01:00:00+01:00, tags: [a, 1], more: {a: 1}}
        - {id: 2, total: NaN, now: 2026-03-04}
      last_first: {only: [id], rows: [{id: 2}, {id: 1}]}
      out:
        - id: 2
        - {id: 1, Name: "no"}
"""
LOOSE = """\
penstock: 1
components:
  - name: in
    type: cloud_storage_source
    connection: lake
    path: in.csv
    fields: [raw: binary, tags: json_array]
  - name: each
    type: select
    input: in
    fields: [raw, long: (long)raw, {expression: tags, alias: more, flatten: true}]
  - name: out
    type: cloud_storage_destination
    input: each
    connection: lake
    path: out
"""
LOOSE_CASES = """\
penstock: 1
cases:
  - name: each of its kind
    given:
      in: [{raw: " 5L", tags: [a, 2, {k: 3}]}]
    expect:
      out:
        - {raw: " 5L", long: 5, more: a}
        - {raw: " 5L", long: 5, more: 2}
        - {raw: " 5L", long: 5, more: {k: 3}}
"""


@pytest.fixture
def cases(tmp_path: Path) -> Path:
    (tmp_path / "big.yaml").write_text(PACKAGE)
    made = tmp_path / "big.test.yaml"
    made.write_text(CASES.replace("1e0", "1"))
    return made


def call(*arguments: object) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["test", *(str(one) for one in arguments)], catch_exceptions=False)
    return result.exit_code, result.stdout


def differences(cases: Path) -> list[str]:
    code, shown = call(cases, "--json")
    (one,) = json.loads(shown)["cases"]
    assert code == (0 if one["status"] == "passed" else 1)
    return [line for apart in one["differences"] for line in (apart["message"], *apart["lines"])] + [one["error"] or ""]


def test_a_case_passes_and_reads_no_file(cases: Path) -> None:
    code, shown = call(cases)
    assert code == 0, shown
    assert shown.endswith("1 passed, 0 failed.\n")
    assert call(cases.with_name("big.yaml"))[0] == 0


def test_values_without_a_type_are_given_and_expected(tmp_path: Path) -> None:
    (tmp_path / "loose.yaml").write_text(LOOSE)
    made = tmp_path / "loose.test.yaml"
    made.write_text(LOOSE_CASES)
    assert differences(made) == [""]
    made.write_text(LOOSE_CASES.replace("more: 2", "more: 3"))
    assert "differs in more" in "".join(differences(made))


def test_a_difference_shows_what_was_expected_beside_what_is_there(cases: Path) -> None:
    cases.write_text(cases.read_text().replace("rows: [{id: 2}, {id: 1}]", "rows: [{id: 2}, {id: 3}]"))
    assert differences(cases) == [
        "1 expected and not there, 1 there and not expected", "- {id: 3}", "+ {id: 1}", "",
    ]  # fmt: skip


def test_fields_that_differ_are_named(cases: Path) -> None:
    cases.write_text(cases.read_text().replace('{id: 1, Name: "no"}', "{id: 1, Name: nobody}"))
    assert differences(cases)[1:-1] == ["- {id: 1, Name: nobody}", '+ {id: 1, Name: "no"}', "  differs in Name"]


def test_order_counts_behind_a_sort_alone(cases: Path) -> None:
    cases.write_text(cases.read_text().replace("rows: [{id: 2}, {id: 1}]", "rows: [{id: 1}, {id: 2}]"))
    assert differences(cases) == ["the records are there, in another order", "record 1:", "- {id: 1}", "+ {id: 2}", ""]


def test_the_order_of_chunks_does_not_count(cases: Path) -> None:
    """A destination puts them in the order of the key by itself."""
    loads = """\
penstock: 1
components:
  - name: orders
    type: cloud_storage_source
    connection: lake
    path: in.csv
    fields: [id: long]
  - name: load
    type: database_destination
    input: orders
    connection: shop
    table: t
    operation: insert_missing
    chunk_records: 1
    mapping: [{alias: id, key: true}]
"""
    cases.with_name("big.yaml").write_text(loads)
    expected = "{load: [{id: 2}, {id: 1}]}"
    cases.write_text(
        "penstock: 1\npackage: big.yaml\ncases:\n  - name: a\n    given: {orders: [{id: 2}, {id: 1}]}\n"
        f"    expect: {expected}\n"
    )
    assert differences(cases) == [""]


def test_any_component_may_be_given_records(cases: Path) -> None:
    cases.write_text(
        "penstock: 1\npackage: big.yaml\ncases:\n  - name: a\n    given: {seen: [{id: 5, now: a}]}\n"
        "    expect: {last_first: {only: [id], rows: [{id: 5}]}}\n"
    )
    assert differences(cases) == [""]


def test_no_null_is_given_where_the_package_knows_there_is_none(cases: Path) -> None:
    cases.write_text("penstock: 1\ncases: [{name: a, given: {seen: [{id: 5}]}, expect: {last_first: []}}]\n")
    assert differences(cases) == ["'seen' is given a record without 'now', which is never null there."]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("{id: 0}", "{idd: 0}", "Line 11, column 12: 'orders' has no field 'idd'. Did you mean 'id'?"),
        ("{id: 0}", "{id: x}", "Line 11, column 16: the field 'id' takes long: 'x' is none."),
        ("{id: 0}", "{id: 010}", "takes long: '010' is none"),
        ("{id: 0}", "{ok: yes}", "takes boolean: 'yes' is none"),
        ("{id: 0}", "{at: yesterday}", "the field 'at' takes datetime"),
        ("{id: 0}", "{tags: {a: 1}}", "the field 'tags' takes"),
        ("      orders:\n", "      ordrs:\n", "There is no component 'ordrs'. Did you mean 'orders'?"),
        ("      seen:\n", "      sen:\n", "There is no component 'sen'. Did you mean 'seen'?"),
        ("only: [id]", "only: [ident]", "'last_first' has no field 'ident'"),
        ("      orders:\n", "      out:\n", "'out' is a destination"),
        ("2026-03-04T05", "soon", "'now' cannot be"),
        ("    given:\n      orders:", "    given:\n      big:", None),
    ],
)
def test_a_case_that_cannot_be_run_says_why(cases: Path, old: str, new: str, said: str | None) -> None:
    cases.write_text(cases.read_text().replace(old, new, 1))
    error = differences(cases)[-1]
    assert said in error if said is not None else error == ""


def test_a_source_without_records_is_named(cases: Path) -> None:
    cases.write_text("penstock: 1\ncases: [{name: a, expect: {big: []}}]\n")
    assert differences(cases) == ["The source 'orders' is given no records. Give it some, or an empty list."]
    cases.write_text("penstock: 1\ncases: [{name: a, given: {orders: []}, expect: {big: []}}]\n")
    assert differences(cases) == [""]


def test_a_case_may_expect_a_failure(cases: Path) -> None:
    package = cases.with_name("big.yaml")
    package.write_text(
        PACKAGE.replace("- id\n", "- id: ToDate(who)\n").replace("order_by: [id desc]", "order_by: [total]")
    )
    text = "penstock: 1\ncases: [{name: a, given: {orders: [{id: 3, who: x}]}, fails: FAILS}]\n"
    cases.write_text(text.replace("FAILS", "'seen'"))
    assert differences(cases) == [""]
    cases.write_text(text.replace("FAILS", "a storm"))
    assert differences(cases)[0].startswith("It failed, and not with 'a storm': ")
    package.write_text(PACKAGE)
    assert differences(cases) == ["It did not fail; it should, with 'a storm'."]


def test_an_invalid_package_fails_its_cases(cases: Path) -> None:
    cases.with_name("big.yaml").write_text(PACKAGE.replace("id >= $least", "idd > 1"))
    assert "The field 'idd'" in differences(cases)[-1]


def test_update_writes_what_is_there_and_keeps_the_rest(cases: Path) -> None:
    text = cases.read_text()
    cases.write_text(text.replace("rows: [{id: 2}, {id: 1}]", "rows: []").replace('{id: 1, Name: "no"}', "{id: 9}"))
    code, shown = call(cases, "--update")
    assert code == 0, shown
    made = cases.read_text()
    assert "  # the usual\n  - name: keeps the big ones\n" in made
    assert "      last_first:\n        only: [id]\n        rows:\n          - id: 2\n          - id: 1\n" in made
    assert '      out:\n        - id: 2\n        - {id: 1, Name: "no"}\n' in made
    assert call(cases)[0] == 0
    call(cases, "--update")
    assert cases.read_text() == made


def test_fmt_takes_test_files(cases: Path) -> None:
    text = cases.read_text()
    assert CliRunner().invoke(app, ["fmt", str(cases)]).exit_code == 0
    assert "  # the usual\n  - name: keeps the big ones\n" in cases.read_text()
    assert "variables: {least: 1}" in cases.read_text()
    assert CliRunner().invoke(app, ["fmt", "--check", str(cases)]).exit_code == 0
    assert call(cases)[0] == 0
    cases.write_text(text.replace("expect:", "expct:"))
    assert CliRunner().invoke(app, ["fmt", str(cases)]).exit_code == 2


def test_junit_holds_every_case(cases: Path, tmp_path: Path) -> None:
    cases.write_text(cases.read_text().replace('Name: "no"', 'Name: "\\x07<&"'))
    report = tmp_path / "report.xml"
    assert call(cases, "--junit", report)[0] == 1
    suite = ElementTree.parse(report).getroot()[0]
    assert (suite.attrib["tests"], suite.attrib["failures"], suite.attrib["errors"]) == ("1", "1", "0")
    assert suite[0].attrib["name"] == "keeps the big ones"
    assert "out: 1 expected" in suite[0][0].attrib["message"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("penstock: 1\ncases: []\n", "needs 'cases'"),
        ("cases: [{name: a, expect: {}}]\n", "'penstock' must be 1"),
        ("penstock: 1\ncases: [{name: a}]\n", "either 'expect' or 'fails'"),
        ("penstock: 1\ncases: [{name: a, expct: {}}]\n", "Did you mean 'expect'?"),
        ("penstock: 1\ncases: [{name: a, expect: {x: [1]}}]\n", "A record is a mapping"),
        ("penstock: 1\ncases: [{name: a, fails: x}, {name: a, fails: y}]\n", "Two cases have the name 'a'"),
        ("penstock: 1\ncases: [&a x, *a]\n", "line 2, column 9"),
    ],
)
def test_a_test_file_with_mistakes_is_refused(cases: Path, text: str, said: str) -> None:
    cases.write_text(text)
    with pytest.raises(BadRequest) as caught:
        call(cases)
    assert said in caught.value.message


def test_a_package_without_a_test_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadRequest, match="There is no test file"):
        call(tmp_path / "none.yaml")


BRANCHES = """\
penstock: 1
components:
  - name: orders
    type: cloud_storage_source
    connection: lake
    path: in.csv
    fields: [id: long, tags: json_array, total: int]
  - name: paid
    type: assert
    input: orders
    where: [total >= 0]
    message: total must not be negative
  - name: both
    type: clone
    input: paid
  - name: flat
    type: select
    input: {from: both, output: "1"}
    fields:
      - id
      - {expression: tags, alias: tag, flatten: true}
  - name: running
    type: window
    input: {from: both, output: "2"}
    order_by: [id]
    functions: [so_far: sum(total), before: "lag(total, 1, 0)", n: row_number()]
  - name: out
    type: cloud_storage_destination
    input: running
    connection: lake
    path: out
  - name: tags
    type: cloud_storage_destination
    input: flat
    connection: lake
    path: tags
    format: json
    mapping: [id]
"""
BRANCH_CASE = """\
penstock: 1
cases:
  - name: both ways
    given:
      orders:
        - {id: 1, tags: [a, b], total: 5}
        - {id: 2, tags: [], total: 7}
    expect:
      both: {only: [id], rows: [{id: 1}, {id: 2}]}
      flat: {only: [id], rows: [{id: 1}, {id: 1}]}
      running:
        only: [id, so_far, before, n]
        rows: [{id: 1, so_far: 5, before: 0, n: 1}, {id: 2, so_far: 12, before: 5, n: 2}]
"""


@pytest.fixture
def branches(tmp_path: Path) -> Path:
    (tmp_path / "branches.yaml").write_text(BRANCHES)
    made = tmp_path / "branches.test.yaml"
    made.write_text(BRANCH_CASE)
    return made


def test_what_leaves_a_clone_can_be_expected(branches: Path) -> None:
    assert differences(branches) == [""]


def test_what_leaves_a_clone_cannot_be_given(branches: Path) -> None:
    branches.write_text(branches.read_text().replace("      orders:", "      both:"))
    assert "'both' only passes on what 'paid' gives; give records to 'paid'." in differences(branches)[-1]


def test_an_assert_fails_a_case(branches: Path) -> None:
    branches.write_text(branches.read_text().replace("total: 7", "total: -7"))
    assert differences(branches)[-1] == (
        "Component 'paid': total must not be negative (1 record does not satisfy the conditions)"
    )


def test_what_a_destination_rejects_is_given(branches: Path) -> None:
    """It is known in a job only."""
    package = branches.with_name("branches.yaml")
    package.write_text("""\
penstock: 1
components:
  - {name: s, type: cloud_storage_source, connection: lake, path: in.csv, fields: [id: int]}
  - {name: out, type: cloud_storage_destination, input: s, connection: lake, path: out, on_bad_value: skip}
  - {name: late, type: filter, input: {from: out, output: rejected}, where: ["place != 'record 1'"]}
  - {name: bad, type: cloud_storage_destination, input: late, connection: lake, path: bad}
""")
    given = "{record: a, reason: b, place: record 1}, {record: c, place: record 2}"
    case = "penstock: 1\ncases:\n  - name: one\n    given: {s: [{id: 1}]%s}\n    expect: {out: [{id: 1}]%s}\n"
    wanted = ", bad: [{record: c, place: record 2}]"
    branches.write_text(case % (f", out rejected: [{given}]", wanted))
    assert differences(branches) == [""]
    branches.write_text(case % ("", wanted))
    assert "What 'out' rejects is not computed here. Give records to 'out rejected'" in differences(branches)[-1]
