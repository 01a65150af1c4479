"""Where an installation keeps things: the store, the files that connections may use, scratch space."""

from __future__ import annotations

import os
from pathlib import Path
from tempfile import mkstemp

from penstock.errors import BadRequest
from penstock.kit.sealing import Seal, make_key, read_keys
from penstock.settings import Settings

FILES = "files"
"""The folder in the data directory that connections may use unless told otherwise."""
SCRATCH = "scratch"
SEALING_KEY = "sealing.key"
"""The file in the data directory with the key for secrets, where the settings give none."""


def roots(settings: Settings) -> tuple[tuple[Path, ...], tuple[Path, ...]]:
    """Return the folders that connections of a server may use, and those that they never may."""
    own = settings.data_dir.resolve()
    return settings.file_roots or (own / FILES,), (own,)


def database_url(settings: Settings) -> str:
    """Return the address of the store."""
    return settings.database_url or f"sqlite:///{settings.data_dir.resolve() / 'penstock.db'}"


def make_sealing_key(settings: Settings) -> None:
    """Make the key for secrets, if there is none yet and the settings give none. Raises BadRequest."""
    file = settings.data_dir.resolve() / SEALING_KEY
    if settings.sealing_key is not None or file.exists():
        return
    try:
        number, draft = mkstemp(prefix=f"{SEALING_KEY}.", dir=file.parent)  # readable by its owner alone
        with os.fdopen(number, "w") as made:
            made.write(make_key() + "\n")
            made.flush()
            os.fsync(made.fileno())
        try:
            os.link(draft, file)  # unless another process was faster
        except FileExistsError:
            pass
        finally:
            os.unlink(draft)
    except OSError as error:
        raise BadRequest(f"The key for secrets '{file}' cannot be made: {error.strerror}.") from error


def seal(settings: Settings) -> Seal:
    """Return what seals and opens secrets; without a key where there is none. Raises BadRequest for a file that holds
    none."""
    if settings.sealing_key is not None:
        return Seal(read_keys(settings.sealing_key))
    file = settings.data_dir.resolve() / SEALING_KEY
    try:
        return Seal(read_keys(file.read_text("utf-8").strip()))
    except FileNotFoundError:
        return Seal()
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else "it holds no key of 32 bytes"
        raise BadRequest(f"The key for secrets '{file}' cannot be read: {why}.") from error
