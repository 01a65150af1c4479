"""Scratch space of a worker: a folder for each attempt, and what workers that died left is swept."""

from __future__ import annotations

import fcntl
import os
import shutil
from contextlib import suppress
from pathlib import Path

LOCK = ".lock"
STAGED = "staged"
"""The folder below the root that all workers of the machine share: what waits there is published by whoever holds the job,
and removed as every staging folder is."""


class Scratch:
    """A worker's own folder under *root*, held by a lock that ends with the process, however it ends."""

    def __init__(self, root: Path, worker_id: str) -> None:
        root.mkdir(parents=True, exist_ok=True)
        _sweep(root)
        self.staging = root / STAGED
        self._folder = root / worker_id
        self._lock = _hold(self._folder)

    def folder(self, name: str) -> Path:
        """Return a new, empty folder."""
        made = self._folder / name
        shutil.rmtree(made, ignore_errors=True)
        made.mkdir(mode=0o700)
        return made

    def close(self) -> None:
        """Remove everything."""
        shutil.rmtree(self._folder, ignore_errors=True)
        os.close(self._lock)


def _hold(folder: Path) -> int:
    """Make a folder and lock it; another worker that sweeps may be faster and remove it between the two."""
    while True:
        folder.mkdir(mode=0o700, exist_ok=True)
        try:
            lock = os.open(folder / LOCK, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
        except FileNotFoundError:
            continue
        fcntl.flock(lock, fcntl.LOCK_EX)
        with suppress(FileNotFoundError):
            if os.path.samestat(os.fstat(lock), os.stat(folder / LOCK)):
                return lock
        os.close(lock)


def _sweep(root: Path) -> None:
    for folder in root.iterdir():
        try:
            lock = os.open(folder / LOCK, os.O_RDWR | os.O_CLOEXEC)
        except OSError:
            continue  # just being made, or not ours
        with suppress(BlockingIOError):
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(folder, ignore_errors=True)
        os.close(lock)
