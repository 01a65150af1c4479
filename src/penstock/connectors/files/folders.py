"""How staged files become visible in local folders: by renaming, under a lock, so that it can be cut off anywhere.

Whoever publishes holds a lock on the folder that the target lies in: jobs that publish to one target take turns.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
from collections.abc import Iterator, Sequence, Set
from contextlib import contextmanager, suppress
from pathlib import Path

from penstock.connectors.files.finding import free_name
from penstock.errors import PermanentError
from penstock.plan.ports import Staged

MOVES = ".moves.json"
"""In a staging folder: which file goes where, once an append has begun."""
MARKS = ".marks.json"
"""In a staging folder: how its files are known after they were moved, written before `MOVES`."""
PLAIN_BYTES = 160
"""Names of targets up to this length stand in the name of their staging folder as they are; file systems take 255."""


def staging(target: Path, folder: Path, token: str) -> Path:
    """Return the staging folder of an attempt: beside its target, or where the target's folders would begin if they are
    not there yet, so that a job that fails leaves no folder that it had to make.

    *folder* is that of the connection. One that an attempt has made already is found again, whatever was made since.
    """
    beside = [place for place in target.parents if place == folder or folder in place.parents]
    found = [place / _name(target, place, token) for place in beside]
    for one in found:
        if one.is_dir():
            return one
    return next((one for one, place in zip(found, beside, strict=True) if place.is_dir()), found[-1])


def _name(target: Path, place: Path, token: str) -> str:
    below = str(target.relative_to(place))
    if "/" not in below and below.isprintable() and len(os.fsencode(below)) <= PLAIN_BYTES:
        return f".{below}.staging-{token}"
    return f".{hashlib.sha256(os.fsencode(below)).hexdigest()[:24]}.staging-{token}"


def aside(staged: Staged) -> Path:
    """Return where a folder goes that is to be removed: the old one while the new one takes its place, or what is left of
    a staging folder after an append."""
    return staged.folder.with_name(staged.folder.name.replace(f".staging-{staged.token}", f".replaced-{staged.token}"))


def publish(staged: Staged, files: Sequence[str]) -> Sequence[str]:
    """Make staged files visible; returns their final places, or none where an append had been completed by an attempt
    that died after it. Raises PermanentError and OSError; then the target is as it was."""
    target = staged.target
    with _parents(target), _locked(target.parent):
        if staged.spec.if_exists == "append" and target.exists():
            finals = _append(staged, files)
        else:
            _replace(staged, files)
            finals = list(files)
    shutil.rmtree(aside(staged), ignore_errors=True)
    return [str(target / name) for name in finals]


def _replace(staged: Staged, files: Sequence[str]) -> None:
    """Put the new folder in the place of the old one, which steps aside and comes back if that fails."""
    spec, target, old = staged.spec, staged.target, aside(staged)
    if not staged.folder.exists():
        if not all((target / name).exists() for name in files):
            raise PermanentError(f"What was staged for '{spec.path}' is gone; it was not published.")
    elif not target.exists():
        for note in (MOVES, MARKS):
            (staged.folder / note).unlink(missing_ok=True)
        os.rename(staged.folder, target)
    elif spec.if_exists == "fail":
        raise PermanentError(f"The folder '{spec.path}' appeared while the job ran; nothing was published.")
    else:
        if old.exists():  # an attempt was cut off here, and another job has published since
            shutil.rmtree(old)
        os.rename(target, old)
        try:
            os.rename(staged.folder, target)
        except OSError:
            os.rename(old, target)
            raise


def _append(staged: Staged, files: Sequence[str]) -> list[str]:
    """Move files beside those that are there, under the next free numbers."""
    target = staged.target
    if not staged.folder.exists():
        return []
    moves = _moves(staged, files)
    done: list[str] = []
    try:
        for name in files:
            if (staged.folder / name).exists():
                (target / moves[name]).parent.mkdir(parents=True, exist_ok=True)
                os.rename(staged.folder / name, target / moves[name])
                done.append(name)
        # Emptied file by file, a folder without its note could not be told from one whose files were taken away.
        os.rename(staged.folder, aside(staged))
    except OSError:
        for name in reversed(done):
            os.rename(target / moves[name], staged.folder / name)
        raise
    return [moves[name] for name in files]


def _moves(staged: Staged, files: Sequence[str]) -> dict[str, str]:
    """Return the final name of each staged file, written down before the first is moved: a second try keeps to it,
    except where another job has taken a name since."""
    note = staged.folder / MOVES
    before: dict[str, str] = json.loads(note.read_text("utf-8")) if note.exists() else {}
    taken = _taken(staged.target, {os.path.dirname(name) for name in files})
    moves = {}
    for name in files:
        moved = not (staged.folder / name).exists()
        if moved and name not in before:
            raise PermanentError(f"What was staged for '{staged.spec.path}' is gone; it was not published.")
        moves[name] = before[name] if moved else free_name(name, staged.spec.file_prefix, taken)
        taken.add(moves[name])
    if not before:
        marks = {name: _mark(staged.folder / name) for name in files}
        (staged.folder / MARKS).write_text(json.dumps(marks), "utf-8")
    if moves != before:
        unfinished = staged.folder / f"{MOVES}.unfinished"
        unfinished.write_text(json.dumps(moves), "utf-8")
        os.rename(unfinished, note)
    return moves


def _taken(target: Path, folders: Set[str]) -> set[str]:
    """Return the names that are taken in a target and in some of its folders."""
    return {
        os.path.join(below, one.name)
        for below in folders
        if (target / below).is_dir()
        for one in (target / below).iterdir()
    }


def discard(staged: Staged) -> None:
    """Remove a staging folder; quiet when it is gone. An old folder that still waits aside comes back, and files that an
    append had moved before it was cut off go."""
    old = aside(staged)
    _take_back(staged)
    if staged.spec.if_exists == "replace" and old.exists() and not staged.target.exists():
        with suppress(OSError):  # then it stays where it is, whole
            os.rename(old, staged.target)
    shutil.rmtree(staged.folder, ignore_errors=True)


def _take_back(staged: Staged) -> None:
    """Remove the files that an append has moved, unless their names belong to others by now. Quiet where that is denied: then
    they stay, as they were written."""
    note, marks = staged.folder / MOVES, staged.folder / MARKS
    if not (note.exists() and marks.exists()):
        return
    moves, was = json.loads(note.read_text("utf-8")), json.loads(marks.read_text("utf-8"))
    for name, final in moves.items():
        place = staged.target / final
        with suppress(OSError):
            if not (staged.folder / name).exists() and _mark(place) == was[name]:
                place.unlink()


def _mark(file: Path) -> list[int]:
    """Return what tells a file from every other that may take its name, and stays when it is renamed."""
    found = file.stat()
    return [found.st_ino, found.st_mtime_ns, found.st_size]


def remove(staged: Staged) -> None:
    """Remove a staging folder whose target is somewhere else; quiet when it is gone."""
    for one in (staged.folder, aside(staged)):
        shutil.rmtree(one, ignore_errors=True)


@contextmanager
def _parents(target: Path) -> Iterator[None]:
    """Make the folders that a target lies in; if it is not published, those that were not there go again."""
    made = [place for place in target.parents if not place.exists()]
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        yield
    except (OSError, PermanentError):
        for place in made:
            with suppress(OSError):  # another job uses it by now, or it was never made
                place.rmdir()
        raise


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Keep other jobs that publish into a folder out."""
    opened = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(opened, fcntl.LOCK_EX)
        yield
    finally:
        os.close(opened)
