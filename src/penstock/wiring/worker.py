"""A worker, put together: its fork server, its limits, its scratch space."""

from __future__ import annotations

import json
import os
import sys

from penstock.kit.clock import system_clock
from penstock.runtime import linux
from penstock.runtime.children import Children
from penstock.runtime.limits import Limits, memory_for_jobs
from penstock.runtime.worker import Worker, worker_id
from penstock.services.session import Sessions
from penstock.settings import Settings
from penstock.wiring import places


def worker(settings: Settings, sessions: Sessions) -> Worker:
    """Return a worker over a store; to be made by the thread that will run it."""
    linux.require()
    allowed, forbidden = places.roots(settings)
    networks = settings.outbound_allow or ""
    places_json = json.dumps(
        [
            [str(one) for one in allowed],
            [str(one) for one in forbidden],
            dict(settings.spark_masters),
            networks,
            dict(settings.singer_taps),
        ]
    )
    children = Children([sys.executable, "-m", "penstock.cli.forkserver", places_json])
    limits = Limits(settings.slots, settings.memory_bytes or memory_for_jobs(), os.cpu_count() or 1)
    scratch = settings.data_dir.resolve() / places.SCRATCH
    return Worker(
        sessions,
        system_clock,
        children,
        scratch,
        limits,
        worker_id(),
        seal=places.seal(settings),
        outbound=networks,
        presets=places.presets(settings),
    )
