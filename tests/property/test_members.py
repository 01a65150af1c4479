"""Structures that stay JSON text give what whole ones give: the same values, the same counts of what did not fit, and the same
failures, whatever the JSON is."""

from __future__ import annotations

import itertools
import json
import tempfile
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any
from unittest.mock import patch

import pytest

from penstock.engines.duckdb import json_lines, statements
from penstock.engines.duckdb.run import DuckEngine
from penstock.engines.duckdb.sentences import AGAIN
from penstock.engines.members import taken_from_text
from penstock.errors import PenstockError
from penstock.lang import compile_package
from penstock.plan.operators import Plan, Scan, iter_operators
from penstock.plan.ports import BoundSource, Connection, Context, FileEntry, Limits, Staged

CONTEXT = Context(datetime(2026, 1, 2, tzinfo=UTC))
SCALARS = [
    "0", "1", "-7", "-0", "-0.0", "1.5", "1.50", "1e5", "1E5", "1E400", "-1e-7", "1.0", "0.1", "2147483648", "-2147483649",
    "12345678901234567", "999999999999999999", "9223372036854775807", "9223372036854775808", "-9223372036854775809",
    "18446744073709551616", "100000000000000000000.0", "5e-324", "NaN", "Infinity", "-Infinity", "true", "false", "null",
    '"x"', '""', '"a\\nb"', '"\\u0041"', '"é😀"', '"\\ud83d\\ude00"', '"1"', '" 2 "', '"7.5"', '"nan"', '"info"', '"true"',
    '"null"', '":x"', '"a\\":1"', '"\\u0000"', '"{}"', "9" * 400, f'"{"z" * 500}"', "[" * 150 + "]" * 150,
    '{"k":' * 150 + "1" + "}" * 150,
]  # fmt: skip
ODD = ["nan", "nAn", "-inf", "01", "tru", "+1", '"\\ud800"', "9" * 4400]
KEYS = ["a", "b", "\\u0061", "a b", "a/b", "a~b", "a_b", "a%b", 'x\\"a', "A", "é", "", "aa", "nan", "\\n"]
CAST, LOOKED_UP = ["a", "a_b", "é"], ["b", "a b", "a/b", "a~b", "a%b", "nan"]
COUNT = 1500


def blanks(throw: Random) -> str:
    return throw.choice(["", "", "", " ", "  "])


def value(throw: Random, depth: int = 3) -> str:
    """One JSON text, mostly."""
    if depth == 0 or throw.random() < 0.5:
        return throw.choice(ODD if throw.random() < 0.02 else SCALARS)
    return (structure if throw.random() < 0.7 else array)(throw, depth - 1)


def structure(throw: Random, depth: int = 3) -> str:
    """An object, in which keys may stand more than once and a comma too many."""
    pairs = [
        f'{blanks(throw)}"{throw.choice(KEYS)}"{blanks(throw)}:{blanks(throw)}{value(throw, depth)}'
        for _ in range(throw.randrange(5))
    ]
    return "{" + ",".join(pairs) + blanks(throw) + ("," if throw.random() < 0.03 else "") + "}"


def array(throw: Random, depth: int = 3) -> str:
    between = "," + blanks(throw)
    return f"[{between.join(value(throw, depth) for _ in range(throw.randrange(4)))}]"


def sound(throw: Random, depth: int = 2) -> str:
    """One JSON text that a strict reader takes: no key twice, and no word for what is no number."""
    if depth == 0 or throw.random() < 0.6:
        return throw.choice([one for one in SCALARS if len(one) < 140 and one.strip("-") not in ("NaN", "Infinity")])
    if throw.random() < 0.3:
        return f"[{','.join(sound(throw, depth - 1) for _ in range(throw.randrange(4)))}]"
    keys = throw.sample([key for key in KEYS if key != "\\u0061"], throw.randrange(5))
    pairs = [f'"{key}"{blanks(throw)}:{blanks(throw)}{sound(throw, depth - 1)}' for key in keys]
    return f"{{{','.join(pairs)}}}"


def some(throw: Random, made: Callable[[Random], str]) -> str:
    return made(throw) if throw.random() < 0.9 else value(throw)


def record(throw: Random) -> tuple[str, str, str]:
    """The texts of `m`, `g` and `t`."""
    return some(throw, structure), some(throw, array), structure(throw)


def fields_of() -> Iterator[tuple[str, str]]:
    """What is taken of the map `m`, of the bag `g`, and of the text `t`, which holds an object."""
    for index, key in enumerate(CAST):
        for kind in ("chararray", "int", "long", "double", "float", "boolean"):
            yield f"c{index}_{kind}", f"({kind})m#'{key}'"
    for index, key in enumerate([*CAST, *LOOKED_UP]):
        yield f"v{index}", f"m#'{key}'"
        yield f"t{index}", f"JsonStringToMap(t)#'{key}'"
    yield "inner", "(chararray)m#'a'#'b'"
    yield "inmost", "(int)m#'a'#'b'#'a'"
    yield "missing", "m is null"
    yield "there", "(m is not null AND m#'a' is null AND m#'a'#'b' is null)"
    yield "size", "SIZE(g)"
    yield "chosen", "(m#'a' is null ? 'none' : (chararray)m#'b')"
    yield "whole", "JsonStringToMap(t)"


def document(record_type: str, on_bad_value: str) -> dict[str, Any]:
    """A source, a Select that passes structures on, a Filter, and a Select that takes their parts."""
    first = [("m", "m"), ("g", "g"), ("t", "t"), ("made", "JsonStringToMap(t)")]
    last = [*fields_of(), ("later", "made#'a'"), ("later_too", "(int)made#'b'")]

    def select(name: str, fields: Sequence[tuple[str, str]]) -> dict[str, Any]:
        listed = [{"expression": text, "alias": alias} for alias, text in fields]
        return {"id": name, "type": "select_component", "properties": {"fields": listed}}

    components = [
        {"id": "in", "type": "cloud_storage_source_component", "connection": {"name": "here"},
         "properties": {"path": "in", "record_type": record_type, "on_bad_value": on_bad_value},
         "fields": [{"name": "m", "type": "json"}, {"name": "g", "type": "json_array"}, {"name": "t"}]},
        select("first", first),
        {"id": "kept", "type": "filter_component",
         "properties": {"conditions": [{"expression": "m#'a' is null OR (chararray)m#'a' != 'x'"}]}},
        select("last", last),
        {"id": "out", "type": "cloud_storage_destination_component", "connection": {"name": "here"},
         "properties": {"path": "out", "quote": "\""}},
    ]  # fmt: skip
    names = [str(one["id"]) for one in components]
    edges = [{"from": one, "to": other} for one, other in itertools.pairwise(names)]
    return {"components": components, "edges": edges}


class Said:
    """Keeps what a job says."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def log(self, level: str, line: str) -> None:
        self.lines.append(line)

    def progress(self, fraction: float) -> None: ...

    def source(self, component: str, records: int) -> None: ...

    def output(self, component: str, records: int, progress: float | None) -> None: ...


def plan_over(record_type: str, on_bad_value: str) -> Plan:
    compiled = compile_package(document(record_type, on_bad_value), {})
    assert compiled.plan is not None, [one.sentence() for one in compiled.diagnostics]
    return compiled.plan


def outcome(plan: Plan, file: Path) -> Any:
    """What a plan gives for a file: records, and what is said of it; or the sentence of its failure."""
    entry = FileEntry(str(file), "in", file.stat().st_size)
    sources = {
        one.component: BoundSource(one.source, (entry,)) for one in iter_operators(plan) if isinstance(one, Scan)
    }
    limits = Limits(1 << 30, 1, file.parent)
    said = Said()
    try:
        rows = DuckEngine().rows((plan.outputs[0].given,), sources, CONTEXT, limits)
        with tempfile.TemporaryDirectory(dir=file.parent) as folder:
            staged = {"out": Staged(plan.outputs[0], Connection("here", "file"), Path(folder), Path(folder), "t")}
            DuckEngine().run(plan, sources, staged, CONTEXT, limits, said)
    except PenstockError as error:
        return error.message
    # As text, for NaN is not equal to itself.
    return [[repr(one) for one in row] for row in rows[0]], said.lines


def both(plan: Plan, content: str) -> tuple[Any, Any]:
    """What a plan gives with structures as text, and with whole ones."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "in"
        file.write_text(content, "utf-8")
        found = outcome(plan, file)
        with patch.object(statements, "taken_from_text", lambda plan, given: plan):
            return found, outcome(plan, file)


PLANS = {(kind, policy): plan_over(kind, policy) for kind in ("json", "delimited") for policy in ("set_null", "skip")}


def test_the_plans_do_leave_structures_as_text() -> None:
    for plan in PLANS.values():
        scans = [one for one in iter_operators(taken_from_text(plan)) if isinstance(one, Scan)]
        assert [item.as_text for one in scans for item in one.source.fields] == [True, True, False]
        taken = sorted([*CAST, *LOOKED_UP]) if scans[0].source.record_type == "json" else []
        assert [list(item.keys) for one in scans for item in one.source.fields] == [taken, [], []]
        given = [one for one in iter_operators(taken_from_text(plan, frozenset({"in"}))) if isinstance(one, Scan)]
        assert not any(item.as_text for one in given for item in one.source.fields)


@pytest.mark.parametrize("policy", ["set_null", "skip"])
def test_json_records_give_the_same(policy: str) -> None:
    throw = Random(policy)
    records = [record(throw) for _ in range(COUNT)]
    lines = [f'{{"m":{blanks(throw)}{m}, "g":{g}{blanks(throw)}, "t": {json.dumps(t)}}}' for m, g, t in records]
    assert_same(*both(PLANS["json", policy], "\n".join(lines)))


@pytest.mark.parametrize("policy", ["set_null", "skip"])
@pytest.mark.parametrize("apart", [True, False])
def test_maps_taken_apart_give_the_same(policy: str, apart: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of sound objects the reader finds what keys hold; where one map is none, as in the last line, it is looked up in text."""
    throw = Random(policy)
    made: list[dict[int, str]] = []
    own = json_lines._apart
    monkeypatch.setattr(json_lines, "_apart", lambda scan: made.append(own(scan)) or made[-1])
    objects = [one for one in (sound(throw, 3) for _ in range(4 * COUNT)) if one[0] == "{"]
    lines = [f'{{"m":{blanks(throw)}{one}, "g":[]{blanks(throw)}, "t": "{{}}"}}' for one in objects]
    lines += [] if apart else ['{"m": [1], "g": [], "t": "{}"}']
    (rows, said), wanted = both(PLANS["json", policy], "\n".join(lines))
    assert (AGAIN in said) is not apart
    assert_same((rows, [line for line in said if line != AGAIN]), wanted)
    assert "STRUCT" in made[0][0]


@pytest.mark.parametrize("policy", ["set_null", "skip"])
def test_delimited_records_give_the_same(policy: str) -> None:
    throw = Random(policy)
    assert_same(*both(PLANS["delimited", policy], "\n".join("\t".join(record(throw)) for _ in range(COUNT))))


def assert_same(found: Any, wanted: Any) -> None:
    assert found[1] == wanted[1]
    assert len(found[0]) == len(wanted[0]) > COUNT // 2
    different = [pair for pair in zip(found[0], wanted[0], strict=True) if pair[0] != pair[1]]
    assert not different, f"{len(different)}, the first of them: {different[0]}"


@pytest.mark.parametrize(
    "line",
    [
        '{"m": {"c": ' + "[" * 300 + "]" * 300 + '}, "g": [], "t": "{}"}',
        '{"m": {}, "g": ' + '[{"k":' * 120 + "1" + "}]" * 120 + ', "t": "{}"}',
        '{"m": {}, "g": [], "t": "[1]"}',
        '{"m": {}, "g": [], "t": "{\\"c\\":' + "[" * 300 + "]" * 300 + '}"}',
    ],
)
def test_what_fails_a_job_fails_it_still(line: str) -> None:
    found, wanted = both(PLANS["json", "set_null"], line)
    assert found == wanted
    assert isinstance(found, str)
