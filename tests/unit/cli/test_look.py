"""Commands that look into a package or an expression: plan and SQL, records at a component, functions, parts."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from penstock.cli.app import app
from penstock.errors import BadRequest, NotFound
from penstock.lang.functions.table import FUNCTIONS

FILE = """\
penstock: 1
variables:
  - least: "2"
components:
  - name: orders
    type: cloud_storage_source
    connection: lake
    path: in.csv
    delimiter: ","
    fields: [id: long, who: string, at: datetime]
  - name: big
    type: filter
    input: orders
    where: [id >= $least]
  - name: last_first
    type: sort
    input: big
    order_by: [id desc]
  - name: out
    type: cloud_storage_destination
    input: last_first
    connection: lake
    path: out
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    (tmp_path / "lake").mkdir()
    (tmp_path / "lake" / "in.csv").write_text("1,a,2026-01-01\n2,[b],\n3,c,2026-01-01T01:00:00+01:00\n")
    (tmp_path / "connections.toml").write_text('[lake]\ntype = "file"\npath = "lake"\n')
    made = tmp_path / "big.yaml"
    made.write_text(FILE)
    return made


def call(*arguments: object) -> tuple[int, str]:
    result = CliRunner().invoke(app, [str(one) for one in arguments], catch_exceptions=False)
    return result.exit_code, result.stdout


def test_explain_shows_plan_and_sql(file: Path) -> None:
    code, shown = call("explain", file, "--var", "least=7")
    assert code == 0
    assert "s2 = filter s1 (big)" in shown
    assert "s1.id >= 7L" in shown
    assert "ORDER BY" in shown
    assert "DESC NULLS LAST" in shown
    answer = json.loads(call("explain", file, "--json")[1])
    assert answer.keys() == {"engine", "plan", "sql"}


def test_explain_of_an_invalid_package_says_why(file: Path) -> None:
    file.write_text(FILE.replace("id >= $least", "idd > 1"))
    code, shown = call("explain", file, "--json")
    assert (code, [one["code"] for one in json.loads(shown)["diagnostics"]]) == (2, ["PK301"])


@pytest.mark.parametrize("component", ["last_first", "out"])
def test_preview_shows_records_in_their_order_and_writes_nothing(file: Path, component: str) -> None:
    connections = file.with_name("connections.toml")
    code, shown = call("preview", file, component, "--connections", connections, "--json")
    answer = json.loads(shown)
    assert code == 0
    assert [field["type"] for field in answer["fields"]] == ["long", "chararray", "datetime"]
    assert answer["rows"] == [
        {"id": 3, "who": "c", "at": {"$datetime": "2026-01-01T01:00:00.000+01:00"}},
        {"id": 2, "who": "[b]", "at": None},
    ]
    assert not (file.parent / "lake" / "out").exists()


def test_preview_takes_a_limit_and_shows_a_table(file: Path) -> None:
    code, shown = call("preview", file, "orders", "--connections", file.with_name("connections.toml"), "--limit", "2")
    assert code == 0
    assert [line.split() for line in shown.splitlines()] == [
        ["id", "who", "at"], ["long", "chararray", "datetime"], ["1", "a", "2026-01-01T00:00:00.000Z"], ["2", "[b]", "null"],
    ]  # fmt: skip


def test_preview_does_not_ask_that_the_rest_be_finished(file: Path) -> None:
    file.write_text(FILE.replace("order_by: [id desc]", "order_by: [nothing]").replace("path: out", "pth: out"))
    connections = file.with_name("connections.toml")
    assert call("preview", file, "big", "--connections", connections, "--json")[0] == 0
    assert call("preview", file, "last_first", "--connections", connections)[0] == 2


def test_preview_of_a_component_that_is_not_there_names_those_that_are(file: Path) -> None:
    with pytest.raises(NotFound, match=r"There is no component 'bgi'\. The package has: orders, big, last_first, out."):
        call("preview", file, "bgi", "--connections", file.with_name("connections.toml"))


REJECTING = """\
  - name: late
    type: filter
    input: {from: out, output: rejected}
    where: ["place != 'record 1'"]
  - name: bad
    type: cloud_storage_destination
    input: late
    connection: lake
    path: bad
"""


def test_what_a_destination_rejects_is_known_in_a_job_only(file: Path) -> None:
    file.write_text(FILE + "    on_bad_value: skip\n" + REJECTING)
    connections = ("--connections", file.parent / "connections.toml")
    for component in ("late", "bad"):
        with pytest.raises(BadRequest, match="What 'out' rejects is known in a job only, once its output is staged"):
            call("preview", file, component, *connections)
    code, shown = call("preview", file, "out", "--json", *connections)
    assert (code, [row["id"] for row in json.loads(shown)["rows"]]) == (0, [3, 2])
    code, shown = call("explain", file)
    assert code == 0
    assert "scan lake:out (out rejected)" in shown
    assert "rejected records kept" in shown


def test_functions_shows_one_or_all() -> None:
    assert call("functions", "SUBSTRING")[1].startswith("SUBSTRING(text, int, int) → chararray\n")
    assert json.loads(call("functions", "UPPER", "--json")[1])["example"] == FUNCTIONS["UPPER"].example
    assert {one["name"] for one in json.loads(call("functions", "--json")[1])} == set(FUNCTIONS)
    assert all(f"  {name} " in call("functions")[1] for name in ("CONCAT", "ToDate", "ABS"))


@pytest.mark.parametrize("name", sorted(FUNCTIONS))
def test_every_function_has_help(name: str) -> None:
    code, shown = call("functions", name)
    assert code == 0
    assert FUNCTIONS[name].help in shown


def test_an_unknown_function_is_refused_with_what_was_meant() -> None:
    with pytest.raises(NotFound, match="Did you mean 'SUBSTRING'"):
        call("functions", "Substrng")


def test_a_trace_shows_where_a_null_comes_from() -> None:
    code, shown = call("eval", "CONCAT(a, (chararray)((int)b + 1))", "--set", 'a="x"', "--set", 'b="q"', "--trace")
    assert code == 0
    assert [tuple(part.strip() for part in line.split("  =  ")) for line in shown.splitlines()] == [
        ("CONCAT(a, (chararray)((int)b + 1))", "null  chararray"),
        ("a", '"x"  chararray'),
        ("(chararray)((int)b + 1)", "null  chararray"),
        ("(int)b + 1", "null  int"),
        ("(int)b", "null  int"),
        ("b", '"q"  chararray'),
    ]


def test_a_trace_shows_which_part_fails() -> None:
    code, shown = call("eval", "ToDate(a)", "--set", 'a="x"', "--trace", "--json")
    answer = json.loads(shown)
    assert code == 2
    assert "error" in answer
    assert answer["trace"][1] == {"depth": 1, "expression": "a", "type": "chararray", "value": "x"}
