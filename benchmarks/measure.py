"""Medians, processes with their peak memory, and the lines of the table."""

from __future__ import annotations

import os
import statistics
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Sample:
    """One measurement."""

    seconds: float
    peak_bytes: int = 0
    cpu_seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the table: figures as text, the ratio and what it should be; *met* is None where there is no aim."""

    name: str
    ours: str
    theirs: str
    ratio: float | None
    aim: str
    met: bool | None


def run_process(command: Sequence[str]) -> Sample:
    """Run a command to its end in a fresh process; raises RuntimeError when it fails."""
    started = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    _, status, usage = os.wait4(process.pid, 0)
    took = time.perf_counter() - started
    process.returncode = os.waitstatus_to_exitcode(status)
    said = process.stderr.read().decode() if process.stderr else ""
    if process.stderr:
        process.stderr.close()
    if process.returncode:
        raise RuntimeError(f"{' '.join(command)} ended with {process.returncode}: {said}")
    return Sample(took, usage.ru_maxrss * 1024, usage.ru_utime + usage.ru_stime)


def median(values: Sequence[float]) -> float:
    """Return the median."""
    return statistics.median(values)


def percentile(values: Sequence[float], share: float) -> float:
    """Return the value below which a share of the values lies."""
    return sorted(values)[min(int(len(values) * share), len(values) - 1)]


def milliseconds(seconds: float) -> str:
    """Return a short duration as text."""
    return f"{seconds * 1000:.0f} ms"


def mebibytes(size: float) -> str:
    """Return a size as text."""
    return f"{size / 1048576:,.0f} MiB"
