"""Staging folders: where an output waits on this machine until it is published. Their names say which attempt they are of."""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path

from penstock.errors import PermanentError
from penstock.plan.operators import Write
from penstock.plan.ports import Connection, Staged


def folder_for(staging: Path, what: str, token: str) -> Path:
    """Return the staging folder of an attempt for an output that is published elsewhere; *what* tells it from the others."""
    name = hashlib.sha256(what.encode("utf-8", "surrogatepass")).hexdigest()[:24]
    return staging / f".{name}.staging-{token}"


def located(write: Write, connection: Connection, token: str, staging: Path) -> Staged:
    """Return an output that is compared with no other: several of a package may go to one place."""
    folder = folder_for(staging, write.component_id, token)
    return Staged(write, connection, folder, folder, token)


def sweep(staged: Staged) -> None:
    """Remove what earlier attempts of the same job left. A run from the command line has none."""
    if not staged.token.startswith("job-"):
        return
    begin = staged.folder.name.removesuffix(staged.token) + staged.token.rsplit("-", 1)[0] + "-"
    for stray in staged.folder.parent.iterdir():
        if stray.name.startswith(begin):
            shutil.rmtree(stray, ignore_errors=True)


def prepare(staged: Staged) -> None:
    """Make the staging folder, after those of earlier attempts of the job are removed. Raises PermanentError."""
    try:
        staged.folder.parent.mkdir(parents=True, exist_ok=True)
        sweep(staged)
        staged.folder.mkdir(mode=0o700)
    except OSError as error:
        raise PermanentError(
            f"What goes to '{staged.spec.path}' cannot be staged on this machine: {error.strerror}."
        ) from error


def discard(staged: Staged) -> None:
    """Remove a staging folder; quiet when it is gone."""
    shutil.rmtree(staged.folder, ignore_errors=True)
