"""(b) Packages as jobs against one hand-written DuckDB script each, with the same files out."""

from __future__ import annotations

import sys
from pathlib import Path

from benchmarks.measure import Line, Sample, mebibytes, median, run_process
from benchmarks.server import Client, PeakMemory
from benchmarks.workloads import BY_HAND, Workload, prepare, workloads

POLL_S = 0.05
"""Five hundred questions a second would take a third of the machine from the job that is measured."""


def run(client: Client, server_pid: int, folder: Path, rows: int) -> list[Line]:
    """Return two lines for each workload, time and memory; both sides take turns after one round that is not counted."""
    prepare(folder, rows)
    connection_id = client.connect(folder)
    cluster_id = client.cluster()
    lines: list[Line] = []
    for one in workloads(rows):
        package_id = client.package(one.name, one.flow, one.variables, connection_id)
        ours, theirs = [], []
        for number in range(one.rounds + 1):
            script = _by_hand(one, folder)
            job = _as_job(client, server_pid, cluster_id, package_id)
            if number:
                theirs.append(script)
                ours.append(job)
        lines += _lines(one, ours, theirs)
    client.call("DELETE", f"clusters/{cluster_id}")
    return lines


def _by_hand(one: Workload, folder: Path) -> Sample:
    script, *options = one.script
    return run_process([sys.executable, str(BY_HAND / script), str(folder), str(folder / "by_hand"), *options])


def _as_job(client: Client, server_pid: int, cluster_id: int, package_id: int) -> Sample:
    memory = PeakMemory(server_pid)
    memory.start()
    seconds, _ = client.run(cluster_id, package_id, POLL_S)
    return Sample(seconds, memory.stop())


def _lines(one: Workload, ours: list[Sample], theirs: list[Sample]) -> list[Line]:
    took, by_hand = median([each.seconds for each in ours]), median([each.seconds for each in theirs])
    peak, by_hand_peak = max(each.peak_bytes for each in ours), max(each.peak_bytes for each in theirs)
    name = f"(b) {one.name}"
    return [
        _line(f"{name}, time", f"{took:.2f} s", f"{by_hand:.2f} s", took / by_hand, one.aim_time),
        _line(f"{name}, peak memory", mebibytes(peak), mebibytes(by_hand_peak), peak / by_hand_peak, one.aim_memory),
    ]


def _line(name: str, ours: str, theirs: str, ratio: float, aim: float) -> Line:
    return Line(name, ours, theirs, ratio, f"≤ {aim:g}×", ratio <= aim)
