"""The hash and the key of an output's receipt: one number for the same records, on every engine and in plain Python."""

from __future__ import annotations

import json
import math
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from tests.fakes.hashes import of_records

from penstock.engines.duckdb.run import DuckEngine
from penstock.plan.dtypes import Kind
from penstock.plan.ports import Engine
from penstock.plan.values import Instant, Value, to_float32
from penstock.runtime.execute import OpenGate, Order, execute
from penstock.runtime.look import Quiet
from penstock.wiring import jobs

TEXTS = ["", "a", "abcdefgh", "abcdefghijklm", "zwölf Zeichen und mehr", "𝄞"]
KINDS = {
    "i": "(int)number", "l": "(long)number * 4294967296L", "f": "(float)real", "d": "(double)real",
    "b": "number == '1' ? true : (number == '2' ? false : null)", "s": "text", "t": "ToDate((long)number * 1000)",
    "m": "TOMAP('z', (int)number, 'a', real)", "g": "JsonStringToBag(items)", "u": "TOTUPLE((int)number, text)",
    "x": "TOMAP('k', (int)number, 'j', JsonStringToBag(items))#'k'", "y": "TOMAP('k', (int)number, 'j', (float)real)#'j'",
}  # fmt: skip
ROWS = [
    ("1", "-0.0", "a", '["y","x"]'),
    ("2", "NaN", "zwölf Zeichen und mehr", "[]"),
    ("-2147483648", "1.1", "𝄞", '["x"]'),
    ("3", "Infinity", "abcdefghijklm", '["b","a","b"]'),
]


def flow(rows: list[tuple[str, ...]], lake: Path, properties: dict[str, Any], kinds: dict[str, str]) -> dict[str, Any]:
    (lake / "in.csv").write_text("".join("\t".join(row) + "\n" for row in rows))
    names = ("number", "real", "text", "items")
    return {
        "components": [
            {"id": "s", "type": "cloud_storage_source_component", "name": "in", "connection": "lake",
             "properties": {"path": "in.csv"}, "fields": [{"name": name} for name in names]},
            {"id": "x", "type": "select_component", "name": "all",
             "properties": {"fields": [{"expression": sql, "alias": name} for name, sql in kinds.items()]}},
            {"id": "d", "type": "cloud_storage_destination_component", "name": "out", "connection": "lake",
             "properties": {"path": "out", "if_exists": "replace", **properties}},
        ],
        "edges": [{"from": a, "to": b} for a, b in pairwise("sxd")],
    }  # fmt: skip


def receipt_of(engine: Engine, lake: Path, made: dict[str, Any], **variables: str) -> dict[str, Any]:
    order = Order(
        "run-1", json.dumps(made), "2026-01-02T03:04:05+00:00", variables=variables, scratch=str(lake / "scratch"),
        connections={"lake": {"type": "file", "path": str(lake)}},
    )  # fmt: skip
    (lake / "scratch").mkdir(exist_ok=True)
    found = execute(order, engine, jobs.connectors(str(lake)), Quiet(), OpenGate()).outputs[0].receipt
    return dict(found)


def values(row: tuple[str, ...]) -> list[Value | None]:
    number, real, text = int(row[0]), float(row[1]), Value(Kind.CHARARRAY, row[2])
    items = {'["y","x"]': ["x", "y"], "[]": [], '["x"]': ["x"], '["b","a","b"]': ["a", "b", "b"]}[row[3]]
    whole = Value(Kind.INT, number)
    return [
        whole,
        Value(Kind.LONG, number * 4294967296),
        Value(Kind.FLOAT, to_float32(real)),
        Value(Kind.DOUBLE, real),
        {1: Value(Kind.BOOLEAN, True), 2: Value(Kind.BOOLEAN, False)}.get(number),
        text,
        Value(Kind.DATETIME, Instant(number * 1000, 120)),
        Value(Kind.MAP, {"a": Value(Kind.CHARARRAY, row[1]), "z": whole}),
        Value(Kind.BAG, tuple((Value(Kind.CHARARRAY, one),) for one in items)),
        Value(Kind.TUPLE, (whole, text)),
        Value(Kind.BYTEARRAY, whole),
        Value(Kind.BYTEARRAY, Value(Kind.FLOAT, to_float32(real))),
    ]


def test_values_of_every_kind_have_the_hash_of_the_definition(engine: Engine, tmp_path: Path) -> None:
    found = receipt_of(engine, tmp_path, flow(ROWS, tmp_path, {}, KINDS))
    assert found["hash"] == of_records([values(row) for row in ROWS])
    assert found["key"] == {"fields": ["i"], "minimum": ["-2147483648"], "maximum": ["3"]}
    assert (found["rejected"], found["filtered"], found["written"]) == (0, 0, 4)


@pytest.mark.parametrize(
    "properties",
    [
        {"format": "parquet"}, {"format": "json"}, {"format": "avro"}, {"format": "excel"}, {"format": "json_array"},
        {"quote": '"', "compression": "gzip"}, {"partition_by": ["s"], "format": "json"},
        {"target_size_bytes": 64, "format": "parquet"},
    ],
    ids=str,
)  # fmt: skip
def test_order_parts_and_format_do_not_matter(tmp_path: Path, properties: dict[str, Any]) -> None:
    plain = {name: KINDS[name] for name in ("i", "l", "b", "t", "g", "u", "s")}
    expected = receipt_of(DuckEngine(), tmp_path, flow(ROWS, tmp_path, {}, plain))
    found = receipt_of(DuckEngine(), tmp_path, flow(ROWS[::-1], tmp_path, properties, plain))
    assert (found["hash"], found["key"]) == (expected["hash"], expected["key"])


def test_one_other_value_gives_another_hash(tmp_path: Path) -> None:
    seen = {receipt_of(DuckEngine(), tmp_path, flow(ROWS, tmp_path, {}, KINDS))["hash"]}
    for at in range(len(ROWS[0])):
        changed = [list(row) for row in ROWS]
        changed[0][at] = ("4", "2.5", "b", '["y"]')[at]
        seen.add(receipt_of(DuckEngine(), tmp_path, flow([tuple(row) for row in changed], tmp_path, {}, KINDS))["hash"])
    doubled = receipt_of(DuckEngine(), tmp_path, flow([*ROWS, ROWS[0], ROWS[0]], tmp_path, {}, KINDS))
    assert len(seen | {doubled["hash"]}) == 6


def test_what_is_left_out_and_what_becomes_null_is_hashed_as_it_is_written(engine: Engine, tmp_path: Path) -> None:
    real = {"i": KINDS["i"], "d": KINDS["d"]}
    given = [[values(row)[0], values(row)[3]] for row in ROWS]
    finite = [value is not None and math.isfinite(value.data) for _, value in given]
    made = flow(ROWS, tmp_path, {"format": "json", "on_bad_value": "skip"}, real)
    found = receipt_of(engine, tmp_path, made)
    assert found["hash"] == of_records([row for row, fits in zip(given, finite, strict=True) if fits])
    assert (found["rejected"], found["filtered"], found["left_out"], found["written"]) == (2, 0, 2, 2)
    made["components"][2]["properties"]["on_bad_value"] = "set_null"
    expected = of_records([[row[0], row[1] if fits else None] for row, fits in zip(given, finite, strict=True)])
    assert receipt_of(engine, tmp_path, made)["hash"] == expected


def test_many_records_in_several_tasks_or_threads(engine: Engine, tmp_path: Path) -> None:
    rows = [(str(number), "1.5", f"text {number}", "[]") for number in range(10_000)]
    found = receipt_of(engine, tmp_path, flow(rows, tmp_path, {}, {"i": "(int)number", "s": "text"}))
    assert found["hash"] == of_records(
        [Value(Kind.INT, number), Value(Kind.CHARARRAY, f"text {number}")] for number in range(10_000)
    )
    assert found["key"] == {"fields": ["i"], "minimum": ["0"], "maximum": ["9999"]}


@pytest.mark.parametrize(
    ("kinds", "key"),
    [
        ({"i": KINDS["i"]}, {"fields": ["i"], "minimum": ["-2147483648"], "maximum": ["3"]}),
        ({"l": f"number == '2' ? null : {KINDS['l']}"},
         {"fields": ["l"], "minimum": [str(-(2**63))], "maximum": [str(3 * 2**32)]}),
        ({"t": KINDS["t"]},
         {"fields": ["t"], "minimum": ["1901-12-13T20:45:52.000Z"], "maximum": ["1970-01-01T00:00:03.000Z"]}),
        ({"l": "(long)'none'"}, None), ({"s": "text"}, None),
    ],
    ids=str,
)  # fmt: skip
def test_files_of_parquet_tell_of_a_key_that_nobody_added_up(
    engine: Engine, tmp_path: Path, kinds: dict[str, str], key: dict[str, Any] | None
) -> None:
    made = flow(ROWS, tmp_path, {"format": "parquet"}, kinds)
    found = receipt_of(engine, tmp_path, made, _RECEIPT_HASH="false")
    assert "hash" not in found
    assert found.get("key") == key
    hashed = receipt_of(engine, tmp_path, made, _RECEIPT_HASH="true")
    assert key is None or hashed["key"] == key


@pytest.mark.parametrize(
    ("given", "ends"),
    [
        (["2", "NaN", "-1.5", ""], ("-1.5", "2.0")), (["NaN", ""], None), (["-0.0"], ("-0.0", "-0.0")),
        (["1e300", "Infinity"], ("1e+300", "inf")),
    ],
)  # fmt: skip
def test_keys_that_are_null_or_nan_do_not_count(tmp_path: Path, given: list[str], ends: tuple[str, str] | None) -> None:
    found = receipt_of(
        DuckEngine(), tmp_path, flow([("1", one, "", "") for one in given], tmp_path, {}, {"d": KINDS["d"]})
    )
    key = found.get("key")
    assert (key and (key["minimum"][0], key["maximum"][0])) == ends


def test_a_variable_turns_it_off_and_no_record_has_no_key(tmp_path: Path) -> None:
    made = flow([], tmp_path, {}, {"i": "(int)number"})
    found = receipt_of(DuckEngine(), tmp_path, made)
    assert (found["hash"], "key" in found) == ("0" * 32, False)
    assert "hash" not in receipt_of(DuckEngine(), tmp_path, made, _RECEIPT_HASH="false")


@pytest.mark.parametrize("text", TEXTS)
def test_texts_of_every_length(tmp_path: Path, text: str) -> None:
    made = flow([("1", "1", text, "[]")], tmp_path, {"quote": '"'}, {"s": "text"})
    expected = of_records([[Value(Kind.CHARARRAY, text) if text else None]])
    found = receipt_of(DuckEngine(), tmp_path, made)["hash"]
    assert found in (expected, of_records([[Value(Kind.CHARARRAY, text)]]))
