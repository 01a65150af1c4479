"""The only place where a port meets its adapter. Here what a job needs; `worker` and `server` put processes together."""

from penstock.wiring.engines import engine, engine_named
from penstock.wiring.jobs import (
    adapters,
    certifying,
    connectors,
    databases,
    load,
    memory_for_jobs,
    parse_instant,
    print_instant,
    warm_up,
)

__all__ = [
    "adapters",
    "certifying",
    "connectors",
    "databases",
    "engine",
    "engine_named",
    "load",
    "memory_for_jobs",
    "parse_instant",
    "print_instant",
    "warm_up",
]
