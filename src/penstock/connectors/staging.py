"""Staging folders of outputs that are published elsewhere than in folders of this machine."""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path

from penstock.errors import PermanentError
from penstock.plan.operators import Write
from penstock.plan.ports import Connection, Staged


def located(write: Write, connection: Connection, token: str, staging: Path) -> Staged:
    """Return where an output waits until it is published: in a folder of its own, which is also what it is compared by, so
    that two outputs of a package may go to one place."""
    name = hashlib.sha256(write.component_id.encode("utf-8", "surrogatepass")).hexdigest()[:24]
    folder = staging / f".{name}.staging-{token}"
    return Staged(write, connection, folder, folder, token)


def prepare(staged: Staged) -> None:
    """Make the staging folder, after those of earlier attempts of the job are removed. Raises PermanentError."""
    try:
        staged.folder.parent.mkdir(parents=True, exist_ok=True)
        if staged.token.startswith("job-"):
            begin = staged.folder.name.removesuffix(staged.token) + staged.token.rsplit("-", 1)[0] + "-"
            for stray in staged.folder.parent.iterdir():
                if stray.name.startswith(begin):
                    shutil.rmtree(stray, ignore_errors=True)
        staged.folder.mkdir(mode=0o700)
    except OSError as error:
        raise PermanentError(f"The folder for what waits to be sent cannot be made: {error.strerror}.") from error


def discard(staged: Staged) -> None:
    """Remove a staging folder; quiet when it is gone."""
    shutil.rmtree(staged.folder, ignore_errors=True)
