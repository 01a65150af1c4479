"""(e) Everyday packages, each doing one kind of work, against the DuckDB statement that a person would write for it."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from statistics import geometric_mean
from typing import Any

import duckdb

from benchmarks.measure import Line, median, run_process
from benchmarks.server import Client
from benchmarks.throughput import POLL_S
from benchmarks.workloads import BY_HAND, ORDER_FIELDS, chain, component, destination, make, source

AIM_MEAN, AIM_WORST = 1.2, 1.6
ROUNDS = 5
SIZES = (1_000_000, 10_000_000)
SCRIPT = BY_HAND / "everyday.py"

NARROW_FIELDS = [{"name": "id", "type": "long"}, {"name": "n", "type": "int"}, {"name": "name"}]
WIDE_FIELDS = [
    {"name": "id", "type": "long"},
    *({"name": f"{letter}{at}", "type": kind} for at in range(13)
      for letter, kind in (("i", "int"), ("x", "double"), ("s", "string"))),
]  # fmt: skip
EVENT_FIELDS = [
    {"name": "id", "type": "long"}, {"name": "kind"}, {"name": "amount", "type": "double"}, {"name": "who", "type": "json"},
    {"name": "tags", "type": "json_array"},
]  # fmt: skip
CUSTOMER_FIELDS = [{"name": "id", "type": "int"}, {"name": "segment"}]


def run(
    client: Client, folder: Path, sizes: Sequence[int], rounds: int = ROUNDS, wanted: Sequence[str] = ()
) -> list[Line]:
    """Return a line for each package (only those *wanted*, if there are any) and size, both sides taking turns, and the mean
    and the worst of their ratios."""
    cluster_id = client.cluster()
    lines, ratios = [], {}
    for rows in sizes:
        data = folder / f"everyday_{rows}"
        data.mkdir(exist_ok=True)
        prepare(data, rows)
        connection_id = client.connect(data)
        for name, flow in flows().items():
            if wanted and name not in wanted:
                continue
            label = f"(e) {name.replace('_', ' ')}, {rows / 1e6:g} M rows"
            package_id = client.package(label, flow, {}, connection_id)
            ours, theirs = [], []
            for number in range(rounds + 1):
                by_hand = run_process([sys.executable, str(SCRIPT), name, str(data), str(data / "by_hand")]).seconds
                job, _ = client.run(cluster_id, package_id, POLL_S)
                if number == 0:
                    check_counts(name, data)
                else:
                    theirs.append(by_hand)
                    ours.append(job)
            ratios[label] = ratio = median(ours) / median(theirs)
            sys.stderr.write(f"{label}: {ratio:.2f}\n")  # the whole takes an hour at ten million
            lines.append(_line(label, f"{median(ours):.2f} s", f"{median(theirs):.2f} s", ratio, AIM_WORST))
    client.call("DELETE", f"clusters/{cluster_id}")
    worst = max(ratios, key=lambda label: ratios[label])
    mean = geometric_mean(ratios.values())
    return [
        *lines,
        _line(f"(e) all {len(ratios)}, geometric mean", "–", "–", mean, AIM_MEAN),
        _line(f"(e) the worst: {worst.removeprefix('(e) ')}", "–", "–", ratios[worst], AIM_WORST),
    ]


def _line(name: str, ours: str, theirs: str, ratio: float, aim: float) -> Line:
    return Line(name, ours, theirs, ratio, f"≤ {aim:g}×", ratio <= aim)


def check_counts(name: str, data: Path) -> None:
    """Raise RuntimeError where both sides did not write as many records: what is not the same work is not compared."""
    counts = []
    for folder in (data / "output" / name, data / "by_hand"):
        file = next(
            one for one in sorted(folder.rglob("*")) if one.is_file() and (one.stem == name or folder.name == name)
        )
        reader = {".parquet": "read_parquet('{}')", ".json": "read_json('{}', format = 'newline_delimited')"}.get(
            file.suffix, "read_csv('{}', header = true, all_varchar = true)"
        )
        counts.append(duckdb.execute(f"SELECT count(*) FROM {reader.format(file)}").fetchall()[0][0])
    if counts[0] != counts[1]:
        raise RuntimeError(f"{name}: {counts[0]} records, by hand {counts[1]}")


def prepare(folder: Path, rows: int) -> None:
    """Make the files that the packages read; what is there already stays."""
    wide = ", ".join(
        f"(hash(i + {3 * at}) % 1000)::INTEGER AS i{at}, (hash(i + {3 * at + 1}) % 100000) / 100.0::DOUBLE AS x{at},"
        f" 'text ' || (hash(i + {3 * at + 2}) % 5000) AS s{at}"
        for at in range(13)
    )
    events = """SELECT i AS id, ['a', 'b', 'c', 'd'][(hash(i) % 4)::INTEGER + 1] AS kind,
        (hash(i + 1) % 100000) / 100.0::DOUBLE AS amount,
        {'name': 'name ' || (hash(i + 2) % 1000), 'age': (hash(i + 3) % 90)::INTEGER} AS who,
        list_transform(range((hash(i + 4) % 4)::BIGINT), lambda n: 'tag ' || n) AS tags"""
    make(folder, rows, "orders", "customers")
    narrow = "SELECT i AS id, (hash(i) % 1000000)::INTEGER AS n, 'name ' || (hash(i + 1) % 5000) AS name"
    for name, select, options in (
        ("narrow.csv", narrow, "HEADER"), ("wide.csv", f"SELECT i AS id, {wide}", "HEADER"),
        ("events.json", events, "FORMAT json"),
    ):  # fmt: skip
        # A wide record is as long as ten others.
        count = rows // 10 if name == "wide.csv" else rows
        if not (folder / name).exists():
            duckdb.execute(f"COPY ({select} FROM range({count}) t(i)) TO '{folder / name}' ({options})")


def flows() -> dict[str, dict[str, Any]]:
    """Return the packages by name; each writes `output/<name>`."""
    orders, narrow, wide = source("orders", ORDER_FIELDS), source("narrow", NARROW_FIELDS), source("wide", WIDE_FIELDS)
    customers = source("customers", CUSTOMER_FIELDS)
    return {
        "narrow_filter": _row("narrow_filter", "csv", narrow, _filter("n % 10 < 3", "name != 'name 7'"), _select("id", "name")),
        "narrow_sum": _row(
            "narrow_sum", "csv", narrow, _select("n", "name", bucket="n % 1000"),
            _aggregate(["bucket"], records="count_all", total="sum n", first="minimum name"),
        ),
        "wide_copy": _row("wide_copy", "parquet", wide),
        "wide_choice": _row(
            "wide_choice", "parquet", wide, _filter("i3 > 500"),
            _select("id", i="i0 + i1 + i2", x="x0 * x1", s="CONCAT(s0, s1)", s2="s2", s3="s3"),
        ),
        "texts": _row("texts", "parquet", orders, _select(
            "id", code="CONCAT(UPPER(country), '-', TRIM(note))", part="SUBSTRING(note, 6, 9)", size="LENGTH(note)",
            short="REPLACE(note, 'order', 'o')", number="REGEX_EXTRACT(note, '([0-9]+)$', 1)", seven="INDEXOF(note, '7')",
            ones="STARTSWITH(note, 'order 1')",
        )),
        "numbers": _row("numbers", "parquet", orders, _select(
            "id", total="quantity * price", whole="ROUND(price)", each="price / (quantity - 1)", third="quantity % 3",
            number="(int)SUBSTRING(note, 6, 20)", tens="CEIL(price / 10)",
            **{"class": "CASE WHEN price < 10 THEN 1 WHEN price < 100 THEN 2 WHEN price < 500 THEN 3 ELSE 4 END"},
            root="SQRT(price)", distance="ABS(quantity - 5)",
        )),
        "dates": _row("dates", "parquet", orders, _select(
            "id", month="ToString(paid_on, 'yyyy-MM')", year="GetYear(paid_on)", m="GetMonth(paid_on)", week="GetWeek(paid_on)",
            due="AddDuration(paid_on, 'P30D')", days="DaysBetween(paid_on, ToDate('2020-01-01'))", ms="ToMilliSeconds(paid_on)",
            shown="ToString(paid_on, 'dd.MM.yyyy')",
        )),
        "json_in": _row("json_in", "parquet", _events(), _filter("kind != 'c'"), _select(
            "id", kind="UPPER(kind)", amount="amount * 2", name="(chararray)who#'name'", age="(int)who#'age' + 1",
            tags="SIZE(tags)",
        )),
        "json_out": _row(
            "json_out", "json", orders, _select("id", "customer", "price", "country", "paid_on", "note")
        ),
        "groups": _row(
            "groups", "csv", orders, _select("country", "quantity", "price", "customer", month="ToString(paid_on, 'yyyy-MM')"),
            _aggregate(["country", "month"], orders="count_all", pieces="sum quantity", price="average price",
                       dearest="maximum price", customers="count_distinct customer"),
        ),
        "join": _joined("join", "parquet", orders, customers, "left", ()),
        "join_and_sum": _joined("join_and_sum", "csv", orders, customers, "inner", (
            _filter("quantity > 2"),
            _aggregate(["segment", "country"], orders="count_all", total="sum price"),
            component("in_order", "sort", {"order_by": [{"field": "segment"}, {"field": "country"}]}),
        )),
        "windows": _row("windows", "parquet", orders, _select("id", "customer", "price"), component("window", "window", {
            "partition_by": ["customer"], "order_by": [{"field": "id"}], "functions": [
                {"function": "row_number", "alias": "number"}, {"function": "sum", "field": "price", "alias": "so_far"},
                {"function": "lag", "field": "price", "alias": "before"},
            ]})),
        "top_of_each": _row("top_of_each", "csv", orders, _select("id", "customer", "price"), component("top", "limit", {
            "limit": 3, "partition_by": ["customer"],
            "order_by": [{"field": "price", "direction": "desc"}, {"field": "id"}]})),
        "distinct": _row(
            "distinct", "csv", orders, _select("country", "quantity", "customer"), component("once", "distinct", {})
        ),
    }  # fmt: skip


def _row(name: str, ending: str, *parts: dict[str, Any]) -> dict[str, Any]:
    """Return the document of components in a row, the last of which writes."""
    every = [*parts, destination("out", f"output/{name}", ending)]
    return {"components": every, "edges": chain(*(str(one["id"]) for one in every))}


def _joined(
    name: str, ending: str, left: dict[str, Any], right: dict[str, Any], kind: str, after: tuple[dict[str, Any], ...]
) -> dict[str, Any]:
    keep = ["id", "customer", "price", *(["quantity", "country"] if after else [])]
    fields = [*({"input": "left", "field": field} for field in keep), {"input": "right", "field": "segment"}]
    properties = {"join_type": kind, "keys": [{"left": "customer", "right": "id"}], "fields": fields}
    every = [component("joined", "join", properties), *after, destination("out", f"output/{name}", ending)]
    sides = [
        {"from": left["id"], "to": "joined", "input": "left"},
        {"from": right["id"], "to": "joined", "input": "right"},
    ]
    return {"components": [left, right, *every], "edges": [*sides, *chain(*(str(one["id"]) for one in every))]}


def _events() -> dict[str, Any]:
    properties = {"path": "events.json", "record_type": "json"}
    return component("events", "cloud_storage_source", properties, connection={"name": "data"}, fields=EVENT_FIELDS)


def _select(*names: str, **expressions: str) -> dict[str, Any]:
    items = {name: name for name in names} | expressions
    return component(
        "chosen", "select", {"fields": [{"expression": text, "alias": alias} for alias, text in items.items()]}
    )


def _filter(*conditions: str) -> dict[str, Any]:
    return component("kept", "filter", {"conditions": [{"expression": text} for text in conditions]})


def _aggregate(by: list[str], **measures: str) -> dict[str, Any]:
    functions = []
    for alias, words in measures.items():
        function, _, field = words.partition(" ")
        functions.append({"function": function, "alias": alias} | ({"field": field} if field else {}))
    return component("grouped", "aggregate", {"group_by": by, "functions": functions})
