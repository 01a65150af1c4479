"""The packages that are measured, their data, and the script that does the same by hand."""

from __future__ import annotations

import json
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import duckdb

from penstock.cli.demo_data import prepare_flights
from penstock.lang.files import read_file

ROOT = Path(__file__).parents[1]
BY_HAND = Path(__file__).parent / "by_hand"
ORDER_FIELDS = [
    {"name": "id", "type": "long"}, {"name": "customer", "type": "int"}, {"name": "quantity", "type": "int"},
    {"name": "price", "type": "double"}, {"name": "country"}, {"name": "paid_on", "type": "datetime"}, {"name": "note"},
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Workload:
    """One package: its *flow* over the connection `data`, what does the same by hand, and the aims as ratios."""

    name: str
    flow: dict[str, Any]
    variables: dict[str, str]
    script: tuple[str, ...]
    outputs: tuple[str, ...]
    aim_time: float
    rounds: int
    aim_memory: float = 1.5


def prepare(folder: Path, rows: int) -> None:
    """Make the data of every workload in *folder*; what is there already stays."""
    prepare_flights(folder)
    make(folder, rows, "orders", "customers")


def make(folder: Path, rows: int, *names: str) -> None:
    """Make delimited files by name, so many rows of orders; what is there already stays."""
    orders = f"""SELECT i AS id, (hash(i) % 100000)::INTEGER AS customer, (hash(i + 1) % 9)::INTEGER + 1 AS quantity,
        (hash(i + 2) % 100000) / 100.0::DOUBLE AS price,
        ['NL', 'DE', 'FR', 'ES', 'IT'][(hash(i + 3) % 5)::INTEGER + 1] AS country,
        strftime(DATE '2020-01-01' + (hash(i + 4) % 1500)::INTEGER, '%Y-%m-%d') AS paid_on,
        'order ' || (hash(i + 5) % 1000000) AS note FROM range({rows}) t(i)"""
    customers = "SELECT i AS id, 'segment ' || (hash(i) % 12) AS segment FROM range(100000) t(i)"
    selects = {"orders": orders, "customers": customers}
    for name in names:
        if not (folder / f"{name}.csv").exists():
            duckdb.execute(f"COPY ({selects[name]}) TO '{folder}/{name}.csv' (HEADER)")


def workloads(rows: int) -> list[Workload]:
    """Return what is measured: the demo package, one with guards over many rows, plain copies of those rows."""
    demo = read_file((ROOT / "examples" / "flights.yaml").read_text()).package or {}
    flow = json.loads(json.dumps(demo["data_flow_json"]).replace('{"name": "demo"}', '{"name": "data"}'))
    size = f"{rows / 1e6:g} M rows"
    return [
        Workload("demo package", flow, demo["variables"], ("flights.py",), ("output/flights", "output/carriers"), 1.3, 7),
        Workload(f"guards, {size}", _orders(), {"least": "2"}, ("orders.py",), ("output/orders", "output/months"), 1.3, 3),
        Workload(f"copy to Parquet, {size}", _copy("parquet"), {}, ("copied.py", "parquet"), ("output/copy_parquet",), 1.1, 3),
        Workload(f"copy to delimited, {size}", _copy("csv"), {}, ("copied.py", "csv"), ("output/copy_csv",), 1.1, 3),
        Workload(f"copy of text, {size}", _copy_text(), {}, ("copy_text.py",), ("output/copy_text",), 1.1, 3),
    ]  # fmt: skip


def component(name: str, kind: str, properties: dict[str, Any], **keys: Any) -> dict[str, Any]:
    """Return one component of a document."""
    return {"id": name, "type": f"{kind}_component", "name": name, "properties": properties, **keys}


def source(name: str, fields: list[dict[str, str]]) -> dict[str, Any]:
    """Return a source over `<name>.csv`."""
    properties = {"path": f"{name}.csv", "delimiter": ",", "quote": '"', "skip_header": True}
    return component(name, "cloud_storage_source", properties, connection={"name": "data"}, fields=fields)


def destination(name: str, path: str, ending: str) -> dict[str, Any]:
    """Return a destination that replaces one file."""
    properties: dict[str, Any] = {"path": path, "merge_to_single_file": True, "if_exists": "replace"}
    properties |= {"format": ending} if ending != "csv" else {"delimiter": ",", "quote": '"', "header": True}
    return component(name, "cloud_storage_destination", properties, connection={"name": "data"})


def chain(*names: str) -> list[dict[str, str]]:
    """Return the edges of components in a row."""
    return [{"from": first, "to": second} for first, second in pairwise(names)]


def _copy(ending: str) -> dict[str, Any]:
    parts = [source("orders", ORDER_FIELDS), destination("copy", f"output/copy_{ending}", ending)]
    return {"components": parts, "edges": chain("orders", "copy")}


def _copy_text() -> dict[str, Any]:
    fields = [{"name": str(field["name"])} for field in ORDER_FIELDS]
    parts = [source("orders", fields), destination("copy", "output/copy_text", "csv")]
    return {"components": parts, "edges": chain("orders", "copy")}


def _orders() -> dict[str, Any]:
    expressions = {
        "id": "id", "customer": "customer", "segment": "segment", "country": "country",
        "total": "(double)quantity * price", "per_unit": "(double)quantity / price", "code": "quantity * 1000 + 7",
        "number": "(int)SUBSTRING(note, 6, 12)", "month": "ToString(paid_on, 'yyyy-MM')",
        "key": "CONCAT(UPPER(country), '-', (chararray)customer)",
        "size": "CASE WHEN price < 10.0 THEN 'small' WHEN price < 500.0 THEN 'middle' ELSE 'large' END",
        "kind": "(note matches 'order [0-9]*7' ? 'seven' : 'other')",
    }  # fmt: skip
    measures = [
        {"function": "count_all", "alias": "orders"}, {"function": "sum", "field": "total", "alias": "total"},
        {"function": "average", "field": "per_unit", "alias": "per_unit"},
        {"function": "maximum", "field": "number", "alias": "number"},
    ]  # fmt: skip
    keep = [{"input": "left", "field": str(field["name"])} for field in ORDER_FIELDS]
    joined = {"keys": [{"left": "customer", "right": "id"}], "fields": [*keep, {"input": "right", "field": "segment"}]}
    select = {"fields": [{"expression": text, "alias": alias} for alias, text in expressions.items()]}
    parts = [
        source("orders", ORDER_FIELDS), source("customers", [{"name": "id", "type": "int"}, {"name": "segment"}]),
        component("kept", "filter", {"conditions": [{"expression": "quantity > $least AND price < 900.0"}]}),
        component("named", "join", joined), component("described", "select", select),
        component("per_month", "aggregate", {"group_by": ["segment", "month"], "functions": measures}),
        component("in_order", "sort", {"order_by": [{"field": "segment"}, {"field": "month"}]}),
        destination("rows", "output/orders", "parquet"), destination("months", "output/months", "csv"),
    ]  # fmt: skip
    sides = [{"from": "kept", "to": "named", "input": "left"}, {"from": "customers", "to": "named", "input": "right"}]
    edges = [*chain("orders", "kept"), *sides, *chain("named", "described", "rows")]
    return {"components": parts, "edges": [*edges, *chain("described", "per_month", "in_order", "months")]}
