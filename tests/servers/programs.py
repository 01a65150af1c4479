"""Programs that tests start: each ends with the tests, and comes from a package of the index or of Debian."""

from __future__ import annotations

import ctypes
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

NOBODY = 65534
"""The user that a server runs as when the tests run as root: PostgreSQL refuses to be root."""

PR_SET_PDEATHSIG = 1


class NotHad(Exception):
    """A server that could not be had here, and why."""


def free_port() -> int:
    """Return a port of this machine that nobody listens on."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def run(words: list[str | Path], user: int | None) -> str:
    """Return what a program says that ends at once. Raises NotHad."""
    done = subprocess.run(
        words, user=user, group=user, extra_groups=() if user else None, capture_output=True, text=True, check=False,
        env={"LC_ALL": "C", "PATH": os.defpath}, cwd="/",
    )  # fmt: skip
    if done.returncode:
        raise NotHad(f"{Path(words[0]).name} ended with {done.returncode}: {done.stderr.strip()[-300:]}")
    return done.stdout


def debian_packages(folder: Path, names: tuple[str, ...]) -> Path:
    """Return a folder with what is in packages of Debian, fetched and not installed. Raises NotHad."""
    if shutil.which("apt-get") is None or shutil.which("dpkg-deb") is None:
        raise NotHad("it is not installed, and this is no Debian")
    packages, unpacked = folder / "packages", folder / "unpacked"
    packages.mkdir()
    fetched = subprocess.run(
        ["apt-get", "download", "-qq", "-o", "Acquire::http::Timeout=15", "-o", "Acquire::Retries=1", *names],
        cwd=packages, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if fetched.returncode:
        raise NotHad(f"it is not installed, and not fetched: {fetched.stderr.strip()[-200:]}")
    for package in packages.iterdir():
        run(["dpkg-deb", "-x", package, unpacked], None)
    return unpacked


@contextmanager
def full(pid: int, size: int) -> Iterator[None]:
    """Keep a program, and what it starts meanwhile, from writing to any file beyond *size* bytes: it is told so as of a disk
    that is full, though by another name. Raises NotHad."""
    if shutil.which("prlimit") is None:
        raise NotHad("there is no program prlimit")
    user = Path(f"/proc/{pid}").stat().st_uid
    owner = user if user != os.geteuid() else None  # root may do it only with a right that containers lack
    run(["prlimit", "--pid", str(pid), f"--fsize={size}:unlimited"], owner)
    try:
        yield
    finally:
        run(["prlimit", "--pid", str(pid), "--fsize=unlimited:unlimited"], owner)


@contextmanager
def started(
    ready: Callable[[], bool], words: list[str | Path], folder: Path, user: int | None = None, **environ: str
) -> Iterator[int]:
    """Run a program in a folder until the block ends, and give its process id; it is up when *ready* says so. Raises NotHad."""
    prctl = ctypes.CDLL(None).prctl
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            words, cwd=folder, stdout=log, stderr=log, user=user, group=user, extra_groups=() if user else None,
            env={"LC_ALL": "C.UTF-8", "PATH": os.defpath, **environ},
            preexec_fn=lambda: prctl(PR_SET_PDEATHSIG, signal.SIGKILL),
            restore_signals=False,  # a file that may not grow (`full`) is an error, and no signal
        )  # fmt: skip
    try:
        until = time.monotonic() + 60
        while not ready():
            if process.poll() is not None or time.monotonic() > until:
                said = (folder / "log").read_text(errors="replace").strip()
                raise NotHad(f"{Path(words[0]).name} did not start: {said[-300:]}")
            time.sleep(0.02)
        yield process.pid
    finally:
        process.kill()
        process.wait()


def listens(port: int) -> bool:
    """Tell whether somebody takes connections on a port of this machine."""
    with socket.socket() as one:
        return one.connect_ex(("127.0.0.1", port)) == 0


def program(name: str) -> Path:
    """Return a program of the environment that the tests run in. Raises NotHad."""
    found = Path(sys.executable).with_name(name)
    if not found.exists():
        raise NotHad(f"the program {name} is not installed")
    return found
