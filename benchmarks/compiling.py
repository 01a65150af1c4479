"""(d) How long a package of 100 components with 500 expressions takes to compile."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime
from typing import Any

from benchmarks.measure import Line, median, milliseconds, percentile
from benchmarks.workloads import chain, component, destination, source
from penstock.lang import Given, compile_package, evaluate_all, resolve
from penstock.plan.ports import Context
from penstock.plan.schema import Schema
from penstock.wiring import engines

AIM_S, AIM_P95_S = 0.150, 0.300
SELECTS, FILTERS = 96, 2
EXPRESSIONS = (
    "CASE WHEN f0 is null THEN 0 WHEN f0 > {n} THEN f0 % 7 ELSE (int)SUBSTRING(f3, 0, 4) + {n} END",
    "(double)f0 * 1.5 / (f1 - {n}.0) + ABS(f1)",
    "(f3 matches 'a{n}.*' ? ToDate(ToMilliSeconds(f2) + 60000L) : f2)",
    "CONCAT(UPPER(f3), '-', ToString(f2, 'yyyy-MM-dd'), REPLACE(f3, 'x+', 'y'))",
    "(f4 AND f0 IN (1, 2, {n})) OR NOT (f1 >= {n}.5)",
)


def document() -> dict[str, Any]:
    """Return the package: a source, 96 Selects of 5 fields and 2 Filters of 10 conditions in a row, a destination."""
    kinds = ("int", "double", "datetime", "string", "boolean")
    parts = [source("source", [{"name": f"f{index}", "type": kind} for index, kind in enumerate(kinds)])]
    for number in range(SELECTS):
        fields = [{"expression": text.format(n=number), "alias": f"f{at}"} for at, text in enumerate(EXPRESSIONS)]
        parts.append(component(f"select{number}", "select", {"fields": fields}))
    for number in range(FILTERS):
        conditions = [{"expression": EXPRESSIONS[4].format(n=number * 10 + at)} for at in range(10)]
        parts.append(component(f"filter{number}", "filter", {"conditions": conditions}))
    parts.append(destination("destination", "out", "csv"))
    return {"components": parts, "edges": chain(*(str(part["id"]) for part in parts))}


def run(rounds: int = 21) -> list[Line]:
    """Return the line of compile time, variables and reading of the document included."""
    text = json.dumps(document())
    times = []
    engine, context, empty = engines.engine(), Context(datetime.now(UTC)), Schema()
    for _ in range(rounds):
        started = time.perf_counter()
        found = evaluate_all(resolve(Given()), lambda expr: engine.evaluate((expr,), empty, {}, context)[0])
        compiled = compile_package(text, found.values)
        times.append(time.perf_counter() - started)
        if compiled.plan is None:
            raise RuntimeError("; ".join(one.sentence() for one in compiled.diagnostics))
    half, most = median(times), percentile(times, 0.95)
    shown = f"p50 {milliseconds(half)}, p95 {milliseconds(most)}"
    aim = f"p50 ≤ {milliseconds(AIM_S)}, p95 ≤ {milliseconds(AIM_P95_S)}"
    met = half <= AIM_S and most <= AIM_P95_S
    return [Line("(d) compile 100 components with 500 expressions", shown, "–", None, aim, met)]
