"""(a) From submission to completion of a trivial job on a warm cluster, against starting one bare Python process."""

from __future__ import annotations

import sys
from pathlib import Path

from benchmarks.measure import Line, median, milliseconds, percentile, run_process
from benchmarks.server import Client
from benchmarks.workloads import chain, destination, source

AIM_S, AIM_RATIO = 0.100, 4.0
ROUNDS = 40


def run(client: Client, folder: Path, rounds: int = ROUNDS) -> list[Line]:
    """Return the line; both sides take turns."""
    (folder / "one.csv").write_text("id,name\n1,penstock\n")
    parts = [source("one", [{"name": "id", "type": "int"}, {"name": "name"}]), destination("out", "output/one", "csv")]
    package_id = client.package(
        "trivial", {"components": parts, "edges": chain("one", "out")}, {}, client.connect(folder)
    )
    cluster_id = client.cluster()
    client.run(cluster_id, package_id)
    ours, theirs = [], []
    for _ in range(rounds):
        theirs.append(run_process([sys.executable, "-c", "pass"]).seconds)
        ours.append(client.run(cluster_id, package_id)[0])
    client.call("DELETE", f"clusters/{cluster_id}")
    took, bare = median(ours), median(theirs)
    ratio = took / bare
    shown = f"p50 {milliseconds(took)}, p95 {milliseconds(percentile(ours, 0.95))}"
    aim = f"p50 ≤ {milliseconds(AIM_S)}, ≤ {AIM_RATIO:g}×"
    met = took <= AIM_S and ratio <= AIM_RATIO
    return [
        Line(
            "(a) trivial job, submitted → completed; a bare Python process", shown, milliseconds(bare), ratio, aim, met
        )
    ]
