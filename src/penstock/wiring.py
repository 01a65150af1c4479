"""The only place where a port meets its adapter: engines, connectors, and what the processes are made of."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import psutil

from penstock import __version__
from penstock.api.app import Penstock, create_app
from penstock.api.deps import Deps
from penstock.connectors.registry import file_stores
from penstock.engines.duckdb import evaluate
from penstock.engines.duckdb.run import DuckEngine
from penstock.engines.functions import isodate
from penstock.kit.clock import system_clock
from penstock.lang.components import json_schemas
from penstock.plan.ports import Engine, FileStore
from penstock.plan.values import Instant
from penstock.runtime import linux
from penstock.runtime.child import Adapters
from penstock.runtime.children import Children
from penstock.runtime.worker import Limits, Worker, worker_id
from penstock.services.session import Sessions
from penstock.settings import Settings

STACKS = ((DuckEngine.stack, "DuckDB 1.5, embedded"),)
"""The stacks of this installation: wire id and label."""
FILES = "files"
"""The folder in the data directory that connections may use unless told otherwise."""


def engine() -> Engine:
    """Return a fresh engine for one job."""
    return DuckEngine()


def warm_up() -> None:
    """Open what the first job of a process would open, a third of a small job; for a child that waits for its order.

    Not before a fork: DuckDB's threads do not survive one.
    """
    evaluate.warm_up()


def stores(roots: Sequence[Path] | None, forbidden: Sequence[Path] = ()) -> Mapping[str, FileStore]:
    """Return connection type to file store."""
    return file_stores(roots, forbidden)


def memory_for_jobs() -> int:
    """Return half of the machine's memory in bytes, what jobs get unless told otherwise."""
    return int(psutil.virtual_memory().total) // 2


def parse_instant(text: str) -> Instant:
    """Return the datetime of ISO text, UTC where it has no offset. Raises DataError."""
    return Instant(*isodate.parse_iso(text, 0))


def print_instant(instant: Instant) -> str:
    """Return a datetime as ISO text with milliseconds and offset."""
    return isodate.print_iso(instant.ms, instant.offset)


def roots(settings: Settings) -> tuple[tuple[Path, ...], tuple[Path, ...]]:
    """Return the folders that connections of a server may use, and those that they never may."""
    own = settings.data_dir.resolve()
    return settings.file_roots or (own / FILES,), (own,)


def adapters(allowed: Sequence[Path], forbidden: Sequence[Path]) -> Adapters:
    """Return what the process of a job works with."""
    return Adapters(engine, stores(allowed, forbidden), warm_up)


def database_url(settings: Settings) -> str:
    """Return the address of the store."""
    return settings.database_url or f"sqlite:///{settings.data_dir.resolve() / 'penstock.db'}"


def worker(settings: Settings, sessions: Sessions) -> Worker:
    """Return a worker over a store; to be made by the thread that will run it."""
    linux.require()
    allowed, forbidden = roots(settings)
    words = [":".join(str(one) for one in allowed), ":".join(str(one) for one in forbidden)]
    children = Children([sys.executable, "-m", "penstock.cli.forkserver", *words])
    limits = Limits(settings.slots, settings.memory_bytes or memory_for_jobs(), os.cpu_count() or 1)
    scratch = settings.data_dir.resolve() / "scratch"
    return Worker(sessions, system_clock, children, scratch, limits, worker_id())


def application(settings: Settings, sessions: Sessions, wake: Callable[[], None]) -> Penstock:
    """Return the ASGI application over a store."""
    deps = Deps(
        sessions=sessions,
        clock=system_clock,
        wake=wake,
        file_stores=stores(*roots(settings)),
        public_url=settings.public_url,
        credits_per_hour=settings.credits_per_hour,
        stacks=[{"id": stack, "name": name} for stack, name in STACKS],
        component_schemas=json_schemas(),
        version=__version__,
    )
    return create_app(deps)


def nowhere() -> Penstock:
    """Return the application without a store, to be asked for its OpenAPI document."""
    return application(Settings(), Sessions("postgresql://nowhere"), lambda: None)
