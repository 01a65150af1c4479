"""Where an installation keeps things: the store, the files that connections may use, scratch space."""

from __future__ import annotations

from pathlib import Path

from penstock.settings import Settings

FILES = "files"
"""The folder in the data directory that connections may use unless told otherwise."""
SCRATCH = "scratch"


def roots(settings: Settings) -> tuple[tuple[Path, ...], tuple[Path, ...]]:
    """Return the folders that connections of a server may use, and those that they never may."""
    own = settings.data_dir.resolve()
    return settings.file_roots or (own / FILES,), (own,)


def database_url(settings: Settings) -> str:
    """Return the address of the store."""
    return settings.database_url or f"sqlite:///{settings.data_dir.resolve() / 'penstock.db'}"
