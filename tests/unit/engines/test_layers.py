"""What a Select computes once below itself changes no value, and fails no record that would not fail without."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner

from penstock.cli.app import app
from penstock.engines.duckdb.expressions import render
from penstock.engines.duckdb.types import column_of
from penstock.engines.layers import layered
from penstock.lang.check.expressions import check_expression
from penstock.plan.dtypes import CHARARRAY, DOUBLE, INT
from penstock.plan.ports import Context
from penstock.plan.schema import Field, Schema

CONTEXT = Context(datetime(2026, 1, 2, tzinfo=UTC))
GIVEN = Schema((Field("s", CHARARRAY), Field("i", INT), Field("x", DOUBLE)))
RECORDS = "2020-02-29,7,0.5\nbad,0,-0.0\n,,\n1999-12-31,-3,1e300\n"


def lines_of(folder: Path, expressions: list[str]) -> list[str]:
    names = [f"f{index}" for index in range(len(expressions))]
    fields = [{"name": "s"}, {"name": "i", "type": "int"}, {"name": "x", "type": "double"}]
    connection = {"name": "here"}
    components = [
        {"id": "in", "type": "cloud_storage_source_component", "connection": connection, "fields": fields,
         "properties": {"path": "in.csv", "delimiter": ","}},
        {"id": "select", "type": "select_component",
         "properties": {"fields": [{"expression": text, "alias": name}
                                   for text, name in zip(expressions, names, strict=True)]}},
        {"id": "out", "type": "cloud_storage_destination_component", "connection": connection,
         "properties": {"path": "out", "delimiter": ";"}},
    ]  # fmt: skip
    edges = [{"from": "in", "to": "select"}, {"from": "select", "to": "out"}]
    (folder / "in.csv").write_text(RECORDS)
    (folder / "p.json").write_text(json.dumps({"components": components, "edges": edges}))
    (folder / "c.json").write_text(json.dumps({"here": {"type": "file", "path": "."}}))
    done = CliRunner().invoke(app, ["run", str(folder / "p.json"), "--connections", str(folder / "c.json"), "--json"])
    assert done.exit_code == 0, done.stdout
    return (folder / "out" / "part-00000.csv").read_text().splitlines()


def test_an_argument_that_would_fail_is_computed_only_where_it_is_reached(tmp_path: Path) -> None:
    text = "CASE WHEN s is null THEN -1 WHEN s == 'bad' THEN 0 ELSE (int)ToString(ToDate(SUBSTRING(s,0,10)),'yyyy') END"
    assert lines_of(tmp_path, [text]) == ["2020", "0", "-1", "1999"]


def test_nested_guards_keep_their_values(tmp_path: Path) -> None:
    expressions = [
        "(int)SUBSTRING(REPLACE(s, '-', ''), 0, 4) + 1",
        "(x / (x / (double)i))",
        "SUBSTRING(SUBSTRING(CONCAT(s, s), 1, 12), 2, 4)",
        "(int)SUBSTRING(REPLACE(s, '-', ''), 0, 4) + 2",
    ]
    assert lines_of(tmp_path, expressions) == ["2021;7.0;0-;2022", ";;ba;", ";;;", "2000;-3.0;9-;2001"]


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("CASE WHEN s is null THEN 1 WHEN s matches 'b.*' THEN 2 ELSE 3 END", ["3", "2", "1", "3"]),
        ("CASE WHEN s is null OR i is null THEN 1 WHEN i > 0 AND s > '2' THEN 2 ELSE 3 END", ["2", "3", "1", "3"]),
        ("CASE WHEN i is null AND s is null THEN 1 WHEN i > 0 THEN 2 ELSE 3 END", ["2", "3", "1", "3"]),
        ("CASE WHEN i > 0 THEN 2 WHEN s is null THEN 1 ELSE 3 END", ["2", "3", "", "3"]),
        ("CASE WHEN s is null THEN 1 WHEN x / (double)i > 1.0 THEN 2 ELSE 3 END", ["3", "", "1", "3"]),
    ],
)
def test_a_null_condition_makes_the_whole_null_only_where_it_can_be_null(
    tmp_path: Path, text: str, wanted: list[str]
) -> None:
    # A line that holds nothing would be no line, so a second field stands beside.
    assert [line.split(";")[0] for line in lines_of(tmp_path, [text, "'-'"])] == wanted


def test_equal_arguments_share_a_layer_and_texts_do_not_grow() -> None:
    text = "s"
    for _ in range(12):
        text = f"SUBSTRING({text}, 0, 5)"
    exprs = [check_expression(one, GIVEN).expr for one in (text, f"UPPER({text})")]
    made = layered([one for one in exprs if one is not None], ["a", "b"], lambda expr: render(expr, CONTEXT), column_of)
    assert len(made.over("given")) < 20_000
    assert sum(map(len, made.below)) == 12
