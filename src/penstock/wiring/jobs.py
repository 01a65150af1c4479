"""What one job runs with: engine, connectors, memory. All that `penstock run` and the process of a job need."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

from penstock.connectors import registry
from penstock.engines.duckdb import evaluate, functions
from penstock.engines.functions import isodate
from penstock.plan.ports import Connection, Connector, Databases, Engine
from penstock.plan.values import Instant
from penstock.runtime import child
from penstock.runtime.certifying import Scratch
from penstock.runtime.child import Adapters
from penstock.wiring.engines import engine, engine_of


def warm_up(engine: Engine) -> None:
    """Open what the job of an engine will open, half of a small job; for a child that waits for its order.

    Not before a fork: DuckDB's threads do not survive one.
    """
    evaluate.warm_up()
    engine.warm_up()


def load() -> None:
    """Load what jobs will need, for a process that children are forked from: opens no engine and starts no thread."""
    functions.load()
    registry.load()
    child.load()


def connectors(
    roots: Sequence[Path] | None,
    forbidden: Sequence[Path] = (),
    allow: str | None = None,
    taps: Mapping[str, str] | None = None,
) -> Mapping[str, Connector]:
    """Return connection type to connector. *allow* are the internal networks that may be reached, None for all; *taps* the
    commands of Singer taps that may be run, by name."""
    return registry.connectors(roots, forbidden, allow, taps)


def certifying(
    connection: Connection, roots: Sequence[Path] | None, allow: str | None
) -> tuple[Scratch, str, Mapping[str, str]]:
    """Return what a database is certified with: its tables, what it says of itself, and the rules that are known not to hold
    of it. Raises BadRequest for a connection to anything else, PenstockError where it cannot be used."""
    return registry.certifying(connection, roots, (), allow)


def databases(allow: str | None) -> Databases:
    """Return the connector for databases. *allow* are the internal networks where they may be, None for all."""
    return registry.databases(allow)


def every_database(roots: Sequence[Path] | None, forbidden: Sequence[Path], allow: str | None) -> Databases:
    """Return the connector for databases, with those that are files under *roots*."""
    return registry.every_database(allow, roots, forbidden)


def adapters(
    allowed: Sequence[Path],
    forbidden: Sequence[Path],
    masters: Mapping[str, str],
    networks: str = "",
    taps: Mapping[str, str] | None = None,
) -> Adapters:
    """Return what the process of a job works with; *masters* are Spark's, by name, *networks* the internal ones that may
    be reached, *taps* commands of Singer taps."""
    chosen = partial(engine_of, masters=masters)
    return Adapters(engine, connectors(allowed, forbidden, networks, taps), warm_up, chosen, databases(networks))


def parse_instant(text: str) -> Instant:
    """Return the datetime of ISO text, UTC where it has no offset. Raises DataError."""
    return Instant(*isodate.parse_iso(text, 0))


def print_instant(instant: Instant) -> str:
    """Return a datetime as ISO text with milliseconds and offset."""
    return isodate.print_iso(instant.ms, instant.offset)
