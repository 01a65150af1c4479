"""Files of this machine: connection type `file`, parameter `path`, a folder."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from penstock.connectors.files import patterns
from penstock.connectors.files.roots import Roots
from penstock.errors import ConnectionTestFailed, PermanentError
from penstock.plan.operators import FileSource, FileTarget
from penstock.plan.ports import BoundSource, Connection, FileEntry, Staged

MAX_FILES = 100_000
MOVES = ".moves.json"
"""In a staging folder: which file goes where, once publication has begun."""


class LocalFiles:
    """A file store over local folders (`penstock.plan.ports.FileStore`)."""

    def __init__(self, roots: Sequence[Path] | None, forbidden: Sequence[Path] = ()) -> None:
        self._roots = Roots(roots, forbidden)

    def test(self, connection: Connection) -> None:
        """Return when the folder can be read; raises ConnectionTestFailed with the reason."""
        try:
            folder = self._folder(connection)
        except PermanentError as error:
            raise ConnectionTestFailed(error.message) from error
        if not folder.exists():
            raise ConnectionTestFailed(f"The folder '{folder}' does not exist. Create it, or correct the path.")
        if not folder.is_dir():
            raise ConnectionTestFailed(f"'{folder}' is a file; a connection needs a folder.")
        if not os.access(folder, os.R_OK | os.X_OK):
            raise ConnectionTestFailed(f"The folder '{folder}' cannot be read. Grant the server's user access to it.")

    def _folder(self, connection: Connection) -> Path:
        raw = connection.parameters.get("path")
        if not isinstance(raw, str) or not raw:
            raise PermanentError(f"The connection '{connection.key}' has no path. Give it a folder.")
        if "\0" in raw or not os.path.isabs(raw):
            raise PermanentError(f"The path of the connection '{connection.key}' must be absolute.")
        return self._roots.resolve(Path(raw), "")

    def bind(self, spec: FileSource, connection: Connection) -> BoundSource:
        """Return the files that a source reads, in the order of their names. Raises PermanentError."""
        folder = self._folder(connection)
        relative = _joined(spec.bucket, spec.path)
        self._roots.resolve(folder, relative if not patterns.is_pattern(relative) else "")
        try:
            places = self._find(folder, relative)
        except patterns.BadPattern as error:
            raise PermanentError(f"The pattern '{relative}' is malformed: {error}.") from error
        except OSError as error:
            raise PermanentError(f"'{relative}' cannot be listed: {error.strerror}.") from error
        if not places:
            raise PermanentError(
                f"No file matches '{relative}' in '{folder}'. Correct the path, or put the file there."
            )
        return BoundSource(spec, tuple(self._entry(folder, place) for place in places))

    def _entry(self, folder: Path, place: Path) -> FileEntry:
        name = str(place.relative_to(folder))
        real = self._roots.resolve(folder, name)
        if not os.access(real, os.R_OK):
            raise PermanentError(f"'{name}' cannot be read: permission denied. Grant the server's user access to it.")
        return FileEntry(str(real), name, real.stat().st_size)

    def _find(self, folder: Path, relative: str) -> list[Path]:
        found: set[Path] = set()
        for pattern in patterns.expand(relative):
            parts = patterns.segments(pattern)
            whole_folder = pattern.endswith("/") or not parts
            for place in _walk(folder, parts):
                if place.is_dir():
                    if whole_folder:
                        found.update(one for one in place.iterdir() if one.is_file() and not _hidden(one.name))
                    elif not patterns.is_pattern(pattern):
                        raise PermanentError(
                            f"'{relative}' is a folder. Write it with a '/' at its end to read all its files."
                        )
                elif not whole_folder:
                    found.add(place)
                if len(found) > MAX_FILES:
                    raise PermanentError(f"'{relative}' matches more than {MAX_FILES:,} files. Use a narrower pattern.")
        return sorted(found)

    def locate(self, spec: FileTarget, connection: Connection, token: str) -> Staged:
        """Return the staging folder of an attempt, beside its target; *token* is `job-<id>-<epoch>` or the like."""
        folder = self._folder(connection)
        if not folder.is_dir():
            raise PermanentError(f"The folder '{folder}' of the connection does not exist. Create it.")
        target = self._roots.resolve(folder, _joined(spec.bucket, spec.path).rstrip("/"))
        if target.exists() and not target.is_dir():
            raise PermanentError(f"'{spec.path}' is a file; a destination needs a folder. Choose another path.")
        return Staged(spec, _staging(target, token), target, token)

    def prepare(self, staged: Staged) -> None:
        """Make the staging folder. Raises PermanentError when the target exists and must not, or cannot be written."""
        spec, target = staged.spec, staged.target
        if spec.if_exists == "fail" and target.exists():
            raise PermanentError(
                f"The folder '{spec.path}' exists already. Choose another path, or set 'if_exists' to replace or append."
            )
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            self._sweep(target, staged.token)
            staged.folder.mkdir()
        except OSError as error:
            raise PermanentError(
                f"'{spec.path}' cannot be written: {error.strerror}. Grant the server's user access."
            ) from error

    def _sweep(self, target: Path, token: str) -> None:
        """Remove what earlier attempts of the same job left."""
        job = token.rsplit("-", 1)[0]
        for stray in target.parent.glob(f".{_escaped(target.name)}.staging-{_escaped(job)}-*"):
            shutil.rmtree(stray, ignore_errors=True)

    def publish(self, staged: Staged, files: Sequence[str]) -> Sequence[str]:
        """Make the staged files visible by renaming; returns their final places. Raises PermanentError.

        May be called again after it was cut off: it finds what is moved already.
        """
        target = staged.target
        try:
            if staged.spec.if_exists == "append" and target.exists():
                return self._append(staged, files)
            self._replace(staged, files)
        except OSError as error:
            raise PermanentError(f"'{staged.spec.path}' cannot be published: {error.strerror}.") from error
        return [str(target / name) for name in files]

    def _replace(self, staged: Staged, files: Sequence[str]) -> None:
        """Put the new folder in the place of the old one, which steps aside and comes back if that fails."""
        spec, target = staged.spec, staged.target
        aside = staged.folder.with_name(staged.folder.name.replace(".staging-", ".replaced-"))
        if not staged.folder.exists():
            if not all((target / name).exists() for name in files):
                raise PermanentError(f"What was staged for '{spec.path}' is gone; it was not published.")
        elif not target.exists():
            os.rename(staged.folder, target)
        elif spec.if_exists == "fail":
            raise PermanentError(f"The folder '{spec.path}' appeared while the job ran; nothing was published.")
        else:
            os.rename(target, aside)
            try:
                os.rename(staged.folder, target)
            except OSError:
                os.rename(aside, target)
                raise
        shutil.rmtree(aside, ignore_errors=True)

    def _append(self, staged: Staged, files: Sequence[str]) -> list[str]:
        """Move files beside those that are there, under the next free numbers; nobody else may do so meanwhile."""
        target = staged.target
        with _locked(target):
            if not staged.folder.exists():
                return [str(target / name) for name in files if (target / name).exists()]
            moves = _moves(staged, files)
            for name, final in moves.items():
                if (staged.folder / name).exists():
                    os.rename(staged.folder / name, target / final)
        shutil.rmtree(staged.folder, ignore_errors=True)
        return [str(target / moves[name]) for name in files]

    def discard(self, staged: Staged) -> None:
        """Remove a staging folder; quiet when it is gone."""
        shutil.rmtree(staged.folder, ignore_errors=True)


def _joined(bucket: str | None, path: str) -> str:
    return f"{bucket.strip('/')}/{path.lstrip('/')}" if bucket else path


def _hidden(name: str) -> bool:
    return name.startswith(("_", "."))


def _staging(target: Path, token: str) -> Path:
    return target.parent / f".{target.name}.staging-{token}"


def _escaped(text: str) -> str:
    return "".join(f"[{char}]" if char in "*?[" else char for char in text)


def _free_name(name: str, prefix: str, taken: set[str]) -> str:
    rest = name[len(prefix) :]
    digits = rest[:5]
    number = int(digits) if digits.isdigit() else 0
    while f"{prefix}{number:05d}{rest[5:]}" in taken:
        number += 1
    return f"{prefix}{number:05d}{rest[5:]}"


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Keep other jobs that append to a folder out."""
    opened = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(opened, fcntl.LOCK_EX)
        yield
    finally:
        os.close(opened)


def _moves(staged: Staged, files: Sequence[str]) -> dict[str, str]:
    """Return the final name of each staged file, written down before the first is moved: a second try keeps to it."""
    note = staged.folder / MOVES
    if note.exists():
        found: dict[str, str] = json.loads(note.read_text("utf-8"))
        return found
    taken = {one.name for one in staged.target.iterdir()}
    moves = {}
    for name in files:
        moves[name] = _free_name(name, staged.spec.file_prefix, taken)
        taken.add(moves[name])
    unfinished = staged.folder / f"{MOVES}.unfinished"
    unfinished.write_text(json.dumps(moves), "utf-8")
    os.rename(unfinished, note)
    return moves


def _walk(folder: Path, parts: list[str]) -> Iterator[Path]:
    if not parts:
        if folder.exists():
            yield folder
        return
    head, *rest = parts
    if not patterns.is_pattern(head):
        yield from _walk(folder / head, rest)
        return
    wanted = patterns.segment_regex(head)
    if not folder.is_dir():
        return
    for place in sorted(folder.iterdir()):
        if not _hidden(place.name) and wanted.fullmatch(place.name) and (not rest or place.is_dir()):
            yield from _walk(place, rest)
