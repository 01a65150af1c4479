"""(g) One package on Spark beside the same by hand in PySpark, and beside itself on the embedded engine; fresh processes."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path

from benchmarks.everyday import flows
from benchmarks.measure import Line, median, run_process
from benchmarks.workloads import BY_HAND, make

NAME = "join_and_sum"
AIM = 1.1
ROUNDS = 3
SCRIPT = BY_HAND / "on_spark.py"


def run(folder: Path, sizes: Sequence[int], rounds: int = ROUNDS) -> list[Line]:
    """Return two lines for each size; the time of starting Spark is in both sides of the first."""
    lines = []
    for rows in sizes:
        data = folder / f"everyday_{rows}"
        data.mkdir(exist_ok=True)
        make(data, rows, "orders", "customers")
        package, connections = data / "on_spark.json", data / "connections.json"
        package.write_text(json.dumps({"name": NAME, "data_flow_json": flows()[NAME]}), "utf-8")
        connections.write_text(json.dumps({"data": {"type": "file", "path": str(data)}}), "utf-8")
        here = [sys.executable, "-m", "penstock", "run", str(package), "--connections", str(connections)]
        on_spark, by_hand, embedded = [], [], []
        for _ in range(rounds):
            by_hand.append(run_process([sys.executable, str(SCRIPT), str(data), str(data / "by_hand_spark")]).seconds)
            on_spark.append(run_process([*here, "--engine", "spark", "--master", "local[2]"]).seconds)
            embedded.append(run_process(here).seconds)
        ours, theirs, small = median(on_spark), median(by_hand), median(embedded)
        label = f"(g) {NAME.replace('_', ' ')}, {rows / 1e6:g} M rows"
        lines += [
            Line(f"{label}, on Spark local[2]; PySpark by hand", f"{ours:.1f} s", f"{theirs:.1f} s", ours / theirs,
                 f"≤ {AIM:g}×", ours / theirs <= AIM),
            Line(f"{label}, embedded; the same on Spark", f"{small:.1f} s", f"{ours:.1f} s", small / ours, "–", None),
        ]  # fmt: skip
    return lines
