"""The sources of a plan before it runs: their files are found, or land."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from pathlib import Path

from penstock.domain.watermark import Watermark
from penstock.plan.operators import Plan, Scan, iter_operators
from penstock.plan.ports import BoundSource, Connection, Connector, Landing, nothing_is_known
from penstock.plan.systems import RejectedRecords
from penstock.runtime.connecting import connector_for, naming
from penstock.runtime.listener import Listener

LANDING = "landing"
"""The folder in the attempt's scratch space below which sources land."""
SAY_EVERY_S = 10.0


class _Waiting:
    """Says in the log how much of a source has arrived, not too often."""

    def __init__(self, component: str, listener: Listener) -> None:
        self._component = component
        self._listener = listener
        self._said_at = time.monotonic()

    def hear(self, amount: int, what: str) -> None:
        now = time.monotonic()
        if now - self._said_at >= SAY_EVERY_S:
            self._said_at = now
            self._listener.log("info", f"{self._component}: {amount:,} {what} have arrived")

    def log(self, level: str, line: str) -> None:
        self._listener.log(level, f"{self._component}: {line}")


def bind(
    plan: Plan,
    connections: Mapping[str, Connection],
    connectors: Mapping[str, Connector],
    scratch: Path,
    listener: Listener,
    size: int | None = None,
    known: Mapping[str, Callable[[str, int], bool]] | None = None,
    states: Mapping[str, str] | None = None,
    since: Mapping[str, Watermark] | None = None,
) -> dict[str, BoundSource]:
    """Return the files of each source, by component, but for rejected records, which land later. *size* is how many records are
    wanted of each, None for all; *known* tells by component of files that need not land, since they were read before, *states*
    say where those that keep one stopped before, *since* are watermarks."""
    bound: dict[str, BoundSource] = {}
    scans = [
        operator
        for operator in iter_operators(plan)
        if isinstance(operator, Scan) and not isinstance(operator.origin, RejectedRecords)
    ]
    for index, scan in enumerate(scans):
        connector, connection = connector_for(
            scan.source.connection.key, scan.system, scan.component, connections, connectors
        )
        with naming(scan.component):
            waiting = _Waiting(scan.component, listener)
            is_known, state = (known or {}).get(scan.component, nothing_is_known), (states or {}).get(scan.component)
            folder, mark = scratch / LANDING / str(index), (since or {}).get(scan.component)
            landing = Landing(folder, size, waiting.hear, waiting.log, is_known, state, mark)
            found = connector.bind(scan, connection, landing)
        bound[scan.component] = found
        count, total = len(found.files), sum(one.size_bytes for one in found.files)
        listener.log("info", f"{scan.component}: {count} file{'s' * (count != 1)}, {total:,} bytes")
    return bound
