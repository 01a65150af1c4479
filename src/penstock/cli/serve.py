"""`penstock serve`: everything in one process tree: the HTTP API here, a worker as a child process."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Annotated

import typer
import uvicorn

from penstock import settings as settings_module
from penstock.errors import BadRequest
from penstock.kit.clock import system_clock
from penstock.services import accounts
from penstock.services.session import Sessions, open_store
from penstock.settings import Settings
from penstock.wiring import places, server

KEEP_ALIVE_S = 75
"""How long a connection may be quiet: programs that ask for a job once a minute keep theirs."""
RESTART_AFTER_S = 1.0
WORKER_END_S = 12.0


def command(
    host: Annotated[str | None, typer.Option(help="Address to listen on.")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on; 0 picks a free one.")] = None,
    data_dir: Annotated[Path | None, typer.Option(help="Folder for the store, files and scratch space.")] = None,
) -> None:
    """Serve the HTTP API and run jobs, in one process tree.

    On an empty store it makes the account and its owner's key from PENSTOCK_ACCOUNT and PENSTOCK_API_KEY, or makes them
    up and prints the key once.

    Example: penstock serve --port 8080 --data-dir /var/lib/penstock
    """
    settings = settings_module.load(host=host, port=port, data_dir=data_dir)
    own = settings.data_dir.resolve()
    _make_folders(own)
    places.make_sealing_key(settings)
    sessions = open_store(places.database_url(settings))
    listener = _listen(settings)
    account = _first_account(settings, sessions)
    place, number = listener.getsockname()[:2]
    base = settings.public_url or f"http://{f'[{place}]' if ':' in place else place}:{number}"
    supervisor = Supervisor(own)
    app = server.application(settings, sessions, supervisor.wake)
    if account:
        typer.echo(account)
    typer.echo(f"Penstock listens on {base}. Ctrl-C ends it.")
    sys.stdout.flush()
    supervisor.start()
    try:
        config = uvicorn.Config(
            app, log_level="warning", access_log=False, lifespan="off", server_header=False,
            timeout_keep_alive=KEEP_ALIVE_S,
        )  # fmt: skip
        _Server(config).run(sockets=[listener])
    finally:
        supervisor.stop()
        sessions.close()


def _make_folders(own: Path) -> None:
    try:
        own.mkdir(mode=0o700, parents=True, exist_ok=True)
        (own / places.FILES).mkdir(exist_ok=True)
    except OSError as error:
        raise BadRequest(f"The data directory '{own}' cannot be made: {error.strerror}.") from error


def _listen(settings: Settings) -> socket.socket:
    try:
        family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
        return socket.create_server((settings.host, settings.port), family=family, backlog=512)
    except (OSError, OverflowError) as error:
        why = os.strerror(error.errno) if isinstance(error, OSError) and error.errno else str(error)
        raise BadRequest(
            f"Penstock cannot listen on {settings.host}:{settings.port}: {why}. Choose another --host or --port."
        ) from error


def _first_account(settings: Settings, sessions: Sessions) -> str:
    """Make the account of an empty store; returns what to tell about it."""
    with sessions.write() as uow:
        if not accounts.is_empty(uow):
            return ""
        name = settings.account or "main"
        key = settings.api_key or accounts.make_key()
        accounts.bootstrap(uow, name, key, system_clock())
    if settings.api_key:
        return f"Made the account '{name}' with the key of PENSTOCK_API_KEY."
    return f"Made the account '{name}'. Its owner's API key, shown this once: {key}"


class _Server(uvicorn.Server):
    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """End on SIGTERM and Ctrl-C without raising them again afterwards: the worker has to end in good order too."""
        before = {number: signal.signal(number, self.handle_exit) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


class Supervisor:
    """Keeps one worker process running beside the API, and wakes it."""

    def __init__(self, data_dir: Path) -> None:
        self._data_dir = data_dir
        self._ours: socket.socket | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._over = threading.Event()
        # A worker dies with the thread that started it, so one thread starts them all and lives until the end.
        self._thread = threading.Thread(target=self._keep, name="supervisor", daemon=True)

    def start(self) -> None:
        """Start the worker."""
        self._thread.start()

    def wake(self) -> None:
        """Let the worker look for work now."""
        with suppress(OSError, AttributeError):
            self._ours.send(b"w", socket.MSG_DONTWAIT)  # type: ignore[union-attr]  # none yet: it will look by itself

    def stop(self) -> None:
        """End the worker in good order."""
        self._over.set()
        if self._process is not None:
            self._process.terminate()
        self._thread.join()

    def _keep(self) -> None:
        while not self._over.is_set():
            ours, theirs = socket.socketpair()
            with theirs:
                self._process = subprocess.Popen(
                    [
                        sys.executable, "-m", "penstock", "worker", "--data-dir", str(self._data_dir),
                        "--wake-fd", str(theirs.fileno()), "--parent", str(os.getpid()),
                    ],
                    pass_fds=(theirs.fileno(),),
                    stdin=subprocess.DEVNULL,
                    start_new_session=True,
                )  # fmt: skip
            self._ours = ours
            self._wait(self._process)
            ours.close()
            if not self._over.wait(RESTART_AFTER_S):
                sys.stderr.write("penstock: the worker ended unexpectedly; it is started again.\n")

    def _wait(self, process: subprocess.Popen[bytes]) -> None:
        while process.poll() is None:
            if self._over.wait(0.2):
                process.terminate()
                try:
                    process.wait(WORKER_END_S)
                except subprocess.TimeoutExpired:
                    process.kill()
                    process.wait()
