"""The fork server as a program: `python -m penstock.cli.forkserver PLACES SOCKET WORKER`; a worker starts it."""

from __future__ import annotations

import json
import os
import signal
import socket
import sys
from pathlib import Path

# Before numpy is loaded: threads of its own would not survive a fork.
os.environ["OPENBLAS_NUM_THREADS"] = os.environ["OMP_NUM_THREADS"] = "1"

from penstock.runtime import linux
from penstock.runtime.child import run_child
from penstock.runtime.forkserver import serve
from penstock.wiring import jobs


def main(known: str, control: str, worker: str) -> None:
    """Serve the worker with the process id *worker* over the socket with the descriptor *control*.

    *known* is a JSON list of five: folders that connections may use, folders that they never may, Spark's masters by name,
    the internal networks where databases may be, and the commands of Singer taps by name.
    """
    linux.die_with(int(worker))
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    allowed, forbidden, masters, networks, taps = json.loads(known)
    roots, kept = [Path(one) for one in allowed], [Path(one) for one in forbidden]
    adapters = jobs.adapters(roots, kept, masters, networks, taps)
    jobs.load()
    serve(socket.socket(fileno=int(control)), lambda end: run_child(end, adapters))


if __name__ == "__main__":
    main(*sys.argv[1:])
