"""Assert: the job fails with its message and the count, wherever it stands, and no output is published."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from penstock.cli.app import app

LAKE = {"name": "lake"}
SOURCE = {
    "id": "s",
    "type": "cloud_storage_source_component",
    "connection": LAKE,
    "properties": {"path": "in.csv", "delimiter": ","},
    "fields": [{"name": "id", "type": "int"}, {"name": "total", "type": "int"}],
}
NOT_NEGATIVE = {"left": "total", "operator": ">=", "right": "0"}


def destination(identity: str) -> dict[str, Any]:
    kind = "cloud_storage_destination_component"
    return {"id": identity, "type": kind, "connection": LAKE, "properties": {"path": f"out/{identity}"}}


def component(identity: str, kind: str, **properties: Any) -> dict[str, Any]:
    return {"id": identity, "type": f"{kind}_component", "properties": properties}


def assertion(identity: str = "check", *conditions: dict[str, Any], **more: Any) -> dict[str, Any]:
    chosen = {"conditions": list(conditions or (NOT_NEGATIVE,)), "message": "total must not be negative", **more}
    return component(identity, "assert", **chosen)


def run(folder: Path, components: Sequence[dict[str, Any]], edges: str, records: str) -> dict[str, Any]:
    """Run a flow; *edges* are such as `s>a a>b:left`."""
    made = []
    for one in edges.split():
        begin, end = one.split(">")
        end, _, port = end.partition(":")
        begin, _, output = begin.partition(".")
        made.append(
            {"from": begin, "to": end} | ({"input": port} if port else {}) | ({"output": output} if output else {})
        )
    (folder / "in.csv").write_text(records)
    (folder / "p.json").write_text(json.dumps({"components": [SOURCE, *components], "edges": made}))
    (folder / "c.json").write_text(json.dumps({"lake": {"type": "file", "path": "."}}))
    done = CliRunner().invoke(app, ["run", str(folder / "p.json"), "--connections", str(folder / "c.json"), "--json"])
    answer: dict[str, Any] = json.loads(done.stdout)
    assert (done.exit_code == 0) == (answer["status"] == "completed"), done.output
    return answer


BAD = "1,5\n2,-1\n3,\n4,-2\n5,0\n"
"""Two that are negative and one that is null."""


@pytest.mark.parametrize(
    ("between", "edges"),
    [
        ([], "s>check check>out"),
        ([component("f", "filter", conditions=[{"expression": "1 == 2"}])], "s>check check>f f>out"),
        ([component("f", "filter", conditions=[{"expression": "total > 3"}])], "s>check check>f f>out"),
        ([component("l", "limit", limit=0)], "s>check check>l l>out"),
        ([component("l", "limit", limit=1, order_by=[{"field": "id"}])], "s>check check>l l>out"),
        ([component("o", "sort", order_by=[{"field": "id"}])], "s>check check>o o>out"),
        ([component("p", "sample", percentage=0)], "s>check check>p p>out"),
        ([component("a", "aggregate", functions=[{"function": "count_all", "alias": "n"}])], "s>check check>a a>out"),
        ([component("d", "distinct")], "s>check check>d d>out"),
        (
            [
                component("none", "filter", conditions=[{"expression": "id > 99"}]),
                component("j", "join", keys=[{"left": "id", "right": "id"}], fields=[{"input": "left", "field": "id"}]),
            ],
            "s>check s>none check>j:left none>j:right j>out",
        ),
        (
            [
                component("none", "filter", conditions=[{"expression": "id > 99"}]),
                component("j", "cross_join", fields=[{"input": "left", "field": "id"}]),
            ],
            "s>check s>none check>j:left none>j:right j>out",
        ),
        ([component("u", "union")], "s>check check>u:1 s>u:2 u>out"),
        ([component("c", "clone"), destination("more")], "s>check check>c c.1>out c.2>more"),
    ],
    ids=lambda one: "-".join(part["type"].removesuffix("_component") for part in one) if isinstance(one, list) else "",
)
def test_every_record_is_looked_at_wherever_an_assert_stands(
    between: list[dict[str, Any]], edges: str, tmp_path: Path
) -> None:
    answer = run(tmp_path, [assertion(), *between, destination("out")], edges, BAD)
    assert answer["status"] == "failed"
    said = "Component 'check': total must not be negative (3 records do not satisfy the conditions)"
    assert answer["errors"] == said
    assert not list((tmp_path / "out").glob("**/*.csv"))


def test_another_output_is_not_published_either(tmp_path: Path) -> None:
    parts = [assertion(), destination("first"), destination("out")]
    answer = run(tmp_path, parts, "s>first s>check check>out", "1,-5\n")
    assert answer["errors"].endswith("(1 record does not satisfy the conditions)")
    assert not list((tmp_path / "out").glob("**/*.csv"))


@pytest.mark.parametrize(
    ("conditions", "match", "bad"),
    [
        ([{"expression": "total > 0"}, {"expression": "id > 1"}], "all", 5),
        ([{"expression": "total > 0"}, {"expression": "id > 4"}], "any", 3),
        ([{"expression": "total < 0"}, {"expression": "id > 4"}], "none", 4),
        ([{"left": "total", "operator": "is_not_null"}], "all", 1),
        ([{"match": "none", "conditions": [{"left": "total", "operator": "is_null"}]}, NOT_NEGATIVE], "all", 3),
    ],
)
def test_null_counts_as_not_satisfied(conditions: list[dict[str, Any]], match: str, bad: int, tmp_path: Path) -> None:
    answer = run(tmp_path, [assertion("check", *conditions, match=match), destination("out")], "s>check check>out", BAD)
    assert f"({bad} record" in answer["errors"]


def test_two_asserts_each_have_their_own_count(tmp_path: Path) -> None:
    parts = [assertion("a", {"expression": "id > 0"}), assertion("b"), destination("out")]
    answer = run(tmp_path, parts, "s>a a>b b>out", BAD)
    assert answer["errors"].startswith("Component 'b': ")


def test_a_message_may_hold_variables_and_quotes(tmp_path: Path) -> None:
    answer = run(tmp_path, [assertion(message="it's \\$5 {x}"), destination("out")], "s>check check>out", BAD)
    assert "it's $5 {x} (3 records" in answer["errors"]


def test_no_records_satisfy_everything(tmp_path: Path) -> None:
    assert run(tmp_path, [assertion(), destination("out")], "s>check check>out", "")["status"] == "completed"
