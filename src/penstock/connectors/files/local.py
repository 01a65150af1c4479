"""Files of this machine: connection type `file`, parameter `path`, a folder."""

from __future__ import annotations

import errno
import os
import shutil
import stat
from collections.abc import Iterator, Sequence
from pathlib import Path

from penstock.connectors.files import folders, patterns
from penstock.connectors.files.roots import Roots
from penstock.connectors.ladder import Ladder, Name
from penstock.connectors.staging import sweep
from penstock.domain.rung import Rungs
from penstock.errors import NothingFound, PermanentError
from penstock.plan.operators import Scan, Write
from penstock.plan.ports import BoundSource, Connection, FileEntry, Landing, Publication, Staged, Written
from penstock.plan.systems import System

MAX_FILES = 100_000


class LocalFiles:
    """Local folders (`penstock.plan.ports.Connector`)."""

    system = System.FILES

    def __init__(self, roots: Sequence[Path] | None, forbidden: Sequence[Path] = ()) -> None:
        self._roots = Roots(roots, forbidden)

    def test(self, connection: Connection) -> Rungs:
        """Climb to a folder that can be read. Raises ConnectionTestFailed with the rung that broke."""
        ladder = Ladder(connection)
        with ladder.rung(Name.PLACE):
            folder = self._folder(connection)
            if not folder.exists():
                raise PermanentError(f"The folder '{folder}' does not exist. Create it, or correct the path.")
            if not folder.is_dir():
                raise PermanentError(f"'{folder}' is a file; a connection needs a folder.")
        with ladder.rung(Name.PRIVILEGES) as warn:
            if not os.access(folder, os.R_OK | os.X_OK):
                raise PermanentError(f"The folder '{folder}' cannot be read. Grant the server's user access to it.")
            if not os.access(folder, os.W_OK):
                warn(f"The folder '{folder}' cannot be written: it is good for sources, and not for destinations.")
        return ladder.rungs

    def _folder(self, connection: Connection) -> Path:
        raw = connection.parameters.get("path")
        if not isinstance(raw, str) or not raw:
            raise PermanentError(f"The connection '{connection.key}' has no path. Give it a folder.")
        if "\0" in raw or not os.path.isabs(raw):
            raise PermanentError(f"The path of the connection '{connection.key}' must be absolute.")
        return self._roots.resolve(Path(raw), "")

    def bind(self, scan: Scan, connection: Connection, landing: Landing) -> BoundSource:  # noqa: ARG002 -- they are here
        """Return the files that a source reads, in the order of their names. Raises PermanentError."""
        spec = scan.source
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
            raise NothingFound(f"No file matches '{relative}' in '{folder}'. Correct the path, or put the file there.")
        return BoundSource(spec, tuple(self._entry(folder, place) for place in places))

    def _entry(self, folder: Path, place: Path) -> FileEntry:
        name = str(place.relative_to(folder))
        real = self._roots.resolve(folder, name)
        try:
            found = real.stat()
        except OSError as error:
            raise PermanentError(f"'{name}' cannot be read: {error.strerror}. Put the file there again.") from error
        if not stat.S_ISREG(found.st_mode):
            # Opening a pipe or a device could wait for ever.
            raise PermanentError(f"'{name}' is no regular file. Only files and folders can be read.")
        if not os.access(real, os.R_OK):
            raise PermanentError(f"'{name}' cannot be read: permission denied. Grant the server's user access to it.")
        if not _is_text(name):
            raise PermanentError(f"The name {name!a} of a file is not valid UTF-8. Rename the file.")
        return FileEntry(str(real), name, found.st_size)

    def _find(self, folder: Path, relative: str) -> list[Path]:
        found: set[Path] = set()
        for pattern in patterns.expand(relative):
            parts = patterns.segments(pattern)
            if ".." in parts:
                raise PermanentError(f"The path '{relative}' holds '..', which is refused. Name the folder itself.")
            whole_folder = pattern.endswith("/") or not parts
            for place in _walk(folder, parts):
                if place.is_dir():
                    if whole_folder:
                        found.update(one for one in place.iterdir() if not one.is_dir() and not _hidden(one.name))
                    elif not patterns.is_pattern(pattern):
                        raise PermanentError(
                            f"'{relative}' is a folder. Write it with a '/' at its end to read all its files."
                        )
                elif not whole_folder:
                    found.add(place)
                if len(found) > MAX_FILES:
                    raise PermanentError(f"'{relative}' matches more than {MAX_FILES:,} files. Use a narrower pattern.")
        return sorted(found)

    def locate(self, write: Write, connection: Connection, token: str, staging: Path) -> Staged:  # noqa: ARG002 -- beside
        """Return the staging folder of an attempt, beside its target: there it becomes visible by renaming."""
        spec = write.target
        folder = self._folder(connection)
        if not folder.is_dir():
            raise PermanentError(f"The folder '{folder}' of the connection does not exist. Create it.")
        target = self._roots.resolve(folder, _joined(spec.bucket, spec.path).rstrip("/"))
        if target == folder:
            raise PermanentError(
                f"'{spec.path}' is the folder of the connection itself. Name a folder under it to write to."
            )
        longest = os.pathconf(folder, "PC_NAME_MAX")
        if any(len(os.fsencode(part)) > longest for part in target.parts):
            raise PermanentError(
                f"'{spec.path[:40]}…' holds a name of more than {longest} bytes, which no folder here can have. Shorten it."
            )
        try:
            in_the_way = next((place for place in (target, *target.parents) if place.exists()), folder)
        except OSError as error:
            raise PermanentError(f"'{spec.path}' cannot be written: {error.strerror}.") from error
        if not in_the_way.is_dir():
            name = in_the_way.relative_to(folder)
            raise PermanentError(f"'{name}' is a file; a destination needs a folder. Choose another path.")
        return Staged(write, connection, folders.staging(target, folder, token), target, token)

    def prepare(self, staged: Staged) -> None:
        """Make the staging folder. Raises PermanentError when the target exists and must not, or cannot be written."""
        spec, target = staged.spec, staged.target
        if spec.if_exists == "fail" and target.exists():
            raise PermanentError(
                f"The folder '{spec.path}' exists already. Choose another path, or set 'if_exists' to replace or append."
            )
        try:
            if spec.if_exists == "append" and target.exists() and not os.access(target, os.W_OK | os.X_OK):
                raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
            sweep(staged)
            staged.folder.mkdir()
        except OSError as error:
            raise PermanentError(
                f"'{spec.path}' cannot be written: {error.strerror}. Grant the server's user access."
            ) from error

    def publish(self, staged: Staged, written: Written) -> Publication:
        """Make the staged files visible by renaming. Raises PermanentError.

        May be called again after it was cut off: it finds what is moved already.
        """
        try:
            return Publication(tuple(folders.publish(staged, written.files)))
        except OSError as error:
            raise PermanentError(f"'{staged.spec.path}' cannot be published: {error.strerror}.") from error

    def discard(self, staged: Staged) -> None:
        """Remove a staging folder; quiet when it is gone."""
        folders.discard(staged)

    def keep(self, connection: Connection, bucket: str | None, path: str, file: Path, name: str) -> str:
        """Copy a file to a path (`penstock.plan.ports.Keeper`)."""
        folder = self._folder(connection)
        target = self._roots.resolve(folder, _joined(bucket, path).rstrip("/"))
        if path.endswith("/") or not path or target.is_dir():
            target = self._roots.resolve(folder, f"{_joined(bucket, path).rstrip('/')}/{name}".lstrip("/"))
        draft = target.with_name(f".{target.name[:100]}.keeping-{os.getpid()}")
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file, draft)
            os.replace(draft, target)
        except OSError as error:
            draft.unlink(missing_ok=True)
            raise PermanentError(f"'{path}' cannot be written: {error.strerror}.") from error
        return str(target)


def _joined(bucket: str | None, path: str) -> str:
    return f"{bucket.strip('/')}/{path.lstrip('/')}" if bucket else path


def _is_text(name: str) -> bool:
    return not any("\ud800" <= char <= "\udfff" for char in name)


def _hidden(name: str) -> bool:
    return name.startswith(("_", "."))


def _walk(folder: Path, parts: list[str]) -> Iterator[Path]:
    if not parts:
        if os.path.lexists(folder):  # a link that leads nowhere is found, and refused by name
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
