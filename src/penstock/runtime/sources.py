"""The sources of a plan before it runs: their files are found, or land."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from penstock.plan.operators import Plan, Scan, iter_operators
from penstock.plan.ports import BoundSource, Connection, Connector, Landing
from penstock.runtime.connecting import connector_for, naming
from penstock.runtime.listener import Listener

LANDING = "landing"
"""The folder in the attempt's scratch space below which sources land."""


def bind(
    plan: Plan,
    connections: Mapping[str, Connection],
    connectors: Mapping[str, Connector],
    scratch: Path,
    listener: Listener,
    size: int | None = None,
) -> dict[str, BoundSource]:
    """Return the files of each source, by component. *size* is how many records are wanted of each, None for all."""
    bound: dict[str, BoundSource] = {}
    scans = [operator for operator in iter_operators(plan) if isinstance(operator, Scan)]
    for index, scan in enumerate(scans):
        connector, connection = connector_for(
            scan.source.connection.key, scan.system, scan.component, connections, connectors
        )
        with naming(scan.component):
            found = connector.bind(scan, connection, Landing(scratch / LANDING / str(index), size))
        bound[scan.component] = found
        count, total = len(found.files), sum(one.size_bytes for one in found.files)
        listener.log("info", f"{scan.component}: {count} file{'s' * (count != 1)}, {total:,} bytes")
    return bound
