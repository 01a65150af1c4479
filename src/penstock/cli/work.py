"""`penstock worker`: one more worker against the same store."""

from __future__ import annotations

import logging
import signal
import socket
from pathlib import Path
from typing import Annotated

import typer

from penstock import settings as settings_module
from penstock.runtime import linux
from penstock.services.session import open_store
from penstock.wiring import places
from penstock.wiring import worker as wiring


def command(
    data_dir: Annotated[
        Path | None, typer.Option(help="Folder for scratch space, and for the store if it is SQLite.")
    ] = None,
    slots: Annotated[int | None, typer.Option(min=1, help="Jobs that this worker runs at once.")] = None,
    wake_fd: Annotated[int | None, typer.Option(hidden=True)] = None,
    parent: Annotated[int | None, typer.Option(hidden=True)] = None,
) -> None:
    """Run jobs of the store's clusters until SIGTERM or Ctrl-C.

    Workers on several machines need PostgreSQL, and the same folders under the same paths.

    Example: PENSTOCK_DATABASE_URL=postgresql://penstock@db/penstock penstock worker --slots 4
    """
    if parent is not None:
        linux.die_with(parent)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    settings = settings_module.load(data_dir=data_dir, slots=slots)
    sessions = open_store(places.database_url(settings))
    worker = wiring.worker(settings, sessions)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda _number, _frame: worker.stop())
    if wake_fd is not None:
        worker.watch(socket.socket(fileno=wake_fd))
    if parent is None:
        typer.echo(f"Worker {worker.id}: {settings.slots} slots. Ctrl-C ends it and gives its jobs back.", err=True)
    worker.run()
    sessions.close()
