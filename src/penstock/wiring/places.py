"""Where an installation keeps things: the store, the files that connections may use, scratch space."""

from __future__ import annotations

import os
from pathlib import Path
from tempfile import mkstemp
from typing import Any

from penstock.errors import BadRequest
from penstock.kit.sealing import Seal, make_key, read_keys
from penstock.lang.presets import read as read_preset
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
        draft = _drafted(file, make_key())
        try:
            os.link(draft, file)  # unless another process was faster
        except FileExistsError:
            pass
        finally:
            os.unlink(draft)
    except OSError as error:
        raise BadRequest(f"The key for secrets '{file}' cannot be made: {error.strerror}.") from error


def add_sealing_key(settings: Settings) -> None:
    """Put a new key before those of the file: it seals from now on, they still open. Processes that run read the file again.
    Raises BadRequest, also where the settings give the keys."""
    file = settings.data_dir.resolve() / SEALING_KEY
    if settings.sealing_key is not None:
        raise BadRequest(
            "The keys come from PENSTOCK_SEALING_KEY. Make one with 'penstock keys new'; give all processes old,new and then, "
            "when all have it, new,old; then run 'penstock keys reseal'."
        )
    try:
        known = file.read_text("utf-8").strip()
        read_keys(known)
        os.replace(_drafted(file, f"{make_key()},{known}"), file)
    except (OSError, ValueError) as error:
        raise _unreadable(file, error) from error


def _drafted(file: Path, text: str) -> str:
    """Write a text beside a file, readable by its owner alone; returns where."""
    number, draft = mkstemp(prefix=f"{SEALING_KEY}.", dir=file.parent)
    with os.fdopen(number, "w") as made:
        made.write(text + "\n")
        made.flush()
        os.fsync(made.fileno())
    return draft


def presets(settings: Settings) -> dict[str, Any]:
    """Return the presets of an installation by name, as the JSON of their files. Raises BadRequest for one that cannot be
    used."""
    folder, found = settings.presets, {}
    if folder is None:
        return {}
    try:
        files = sorted(one for one in folder.iterdir() if one.suffix == ".json")
        for file in files:
            found[file.stem] = dict(read_preset(file.read_text("utf-8"), file.stem).raw)
    except OSError as error:
        raise BadRequest(f"The presets in '{folder}' (PENSTOCK_PRESETS) cannot be read: {error.strerror}.") from error
    except ValueError as error:
        raise BadRequest(f"The preset '{file}' (PENSTOCK_PRESETS) cannot be used: {error}.") from error
    return found


def seal(settings: Settings) -> Seal:
    """Return what seals and opens secrets; without a key where there is none. Raises BadRequest for a file that holds
    none."""
    if settings.sealing_key is not None:
        return Seal(read_keys(settings.sealing_key))
    file = settings.data_dir.resolve() / SEALING_KEY
    found = _read(file)
    return Seal() if found is None else Seal(found, lambda: _read(file) or ())


def _read(file: Path) -> tuple[bytes, ...] | None:
    try:
        return read_keys(file.read_text("utf-8").strip())
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise _unreadable(file, error) from error


def _unreadable(file: Path, error: OSError | ValueError) -> BadRequest:
    why = error.strerror if isinstance(error, OSError) else "it holds no key of 32 bytes"
    return BadRequest(f"The key for secrets '{file}' cannot be read: {why}.")
