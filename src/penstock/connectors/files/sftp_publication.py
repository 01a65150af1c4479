"""How staged files become visible on a server of SFTP: by renaming, as in a local folder, so that it can be cut off anywhere.

They are written into a hidden folder beside the target, and compared in size. That folder then takes the name of the target,
whose old folder steps aside before and is removed after; files that are appended are renamed one by one to the next free
numbers, which a server refuses for a name that is taken. What was begun is noted on this machine, before it is done.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field

from penstock.connectors.files.fetching import retried
from penstock.connectors.files.finding import Found, base, free_name, joined, parents
from penstock.connectors.files.folders import aside
from penstock.connectors.files.sftp_session import Session
from penstock.errors import ExternalError, PermanentError
from penstock.plan.ports import Staged

NOTE = ".publishing.json"


@dataclass(slots=True)
class _Note:
    """What a publication has begun: *parents* are folders that it made for the target, *written* the files that are whole on
    the server, *moves* the final name of each file that is appended. *is_done*: all that is new is in its place."""

    parents: list[str] = field(default_factory=list)
    written: list[str] = field(default_factory=list)
    moves: dict[str, str] = field(default_factory=dict)
    is_done: bool = False


class SftpPublishing:
    """The way of one output to its folder *target* on a server."""

    def __init__(self, session: Session, target: str, staged: Staged) -> None:
        self._session = session
        self._target = target
        self._staged = staged
        self._folder = staged.folder
        self._path = staged.spec.path
        parent = target.rpartition("/")[0] or ("/" if target.startswith("/") else "")
        self._hidden = joined(parent, f".{base(target)}.staging-{staged.token}")
        self._old = joined(parent, f".{base(target)}.replaced-{staged.token}")

    def publish(self, files: Sequence[str]) -> list[str]:
        """Make staged files visible; returns their places. Raises PermanentError and TransientError: then what was visible is
        as it was."""
        if not self._folder.exists():
            return self._published(files)
        sizes = self._sizes(files)
        note = self._read() or _Note()
        try:
            if not note.is_done:
                self._upload(note, sizes)
                self._show(note, sizes)
        except ExternalError:
            self._take_back(note)
            raise
        self._clean()
        finals = [note.moves.get(name, name) for name in files]
        os.rename(self._folder, aside(self._staged))
        shutil.rmtree(aside(self._staged), ignore_errors=True)
        return [joined(self._target, name) for name in finals]

    def take_back(self) -> None:
        """Take back what was begun, as far as the server can be reached."""
        note = self._read()
        if note is not None and not note.is_done:
            self._take_back(note)

    # --- the way

    def _upload(self, note: _Note, sizes: Mapping[str, int]) -> None:
        missing = [name for name in sizes if name not in note.written]
        if not missing:
            return
        self._make_parents(note)
        if self._session.look(self._hidden) is None:
            self._session.make_folder(self._hidden)
        for folder in sorted({parent for name in missing for parent in parents(name)}):
            self._make(joined(self._hidden, folder))
        for name in missing:
            place = joined(self._hidden, name)
            retried(lambda: self._session.put(self._folder / name, place))  # noqa: B023 -- called within this round
            found = self._session.look(place)
            if not isinstance(found, Found) or found.size_bytes != sizes[name]:
                raise PermanentError(
                    f"'{place}' is not as large as what was written to it. Is the disk of the server full?"
                )
            note.written.append(name)
            self._write(note)

    def _make(self, folder: str) -> None:
        """Make a folder, unless it is there."""
        try:
            self._session.make_folder(folder)
        except PermanentError:
            if self._session.look(folder) is None:
                raise

    def _make_parents(self, note: _Note) -> None:
        at = "/" if self._target.startswith("/") else ""
        for part in self._target.strip("/").split("/")[:-1]:
            at = joined(at, part)
            if self._session.look(at) is None:
                note.parents.append(at)
                self._write(note)
                self._make(at)

    def _show(self, note: _Note, sizes: Mapping[str, int]) -> None:
        mode = self._staged.spec.if_exists
        if self._session.look(self._hidden) is None and not note.moves:
            if not all(self._is_there(name, size) for name, size in sizes.items()):
                raise PermanentError(f"What was staged for '{self._path}' is gone; it was not published.")
        elif note.moves or not self._is_first():
            if mode == "append":
                self._append(note, sizes)
            elif mode == "replace":
                self._replace()
            else:
                raise PermanentError(f"The folder '{self._path}' appeared while the job ran; nothing was published.")
        note.is_done = True
        self._write(note)

    def _is_first(self) -> bool:
        """Give the hidden folder the name of the target, if nothing has it yet: another job may do so at the same moment."""
        if self._session.look(self._target) is not None:
            return False
        try:
            self._session.rename(self._hidden, self._target)
        except PermanentError:
            if self._session.look(self._target) is None:
                raise
            return False
        return True

    def _replace(self) -> None:
        if self._session.look(self._old) is not None:  # cut off here, and another job has published since
            self._session.remove(self._old)
        self._session.rename(self._target, self._old)
        try:
            self._session.rename(self._hidden, self._target)
        except ExternalError:
            self._session.rename(self._old, self._target)
            raise

    def _append(self, note: _Note, sizes: Mapping[str, int]) -> None:
        below = {"", *(parent for name in sizes for parent in parents(name))}
        taken = {
            joined(folder, base(one.name))
            for folder in below
            for one in self._session.children(joined(self._target, folder) if folder else self._target)
        } | set(note.moves.values())
        for folder in sorted(below - {""}):
            self._make(joined(self._target, folder))
        for name in sizes:
            place = joined(self._hidden, name)
            if name in note.moves and self._session.look(place) is None:
                continue  # by the attempt that was cut off
            while True:
                final = note.moves.get(name)
                if final is None or self._session.look(joined(self._target, final)) is not None:
                    final = free_name(name, self._staged.spec.file_prefix, taken)
                taken.add(final)
                note.moves[name] = final
                self._write(note)
                try:
                    self._session.rename(place, joined(self._target, final))
                    break
                except PermanentError:
                    if self._session.look(joined(self._target, final)) is None:
                        raise  # for another reason than that another job was faster

    # --- the way back

    def _take_back(self, note: _Note) -> None:
        if note.is_done:
            return
        with suppress(ExternalError):
            for name, final in note.moves.items():
                if self._session.look(joined(self._hidden, name)) is None:
                    self._session.remove(joined(self._target, final))
            if self._session.look(self._old) is not None and self._session.look(self._target) is None:
                self._session.rename(self._old, self._target)
            self._session.remove(self._hidden)
            for parent in reversed(note.parents):
                with suppress(ExternalError):  # another job uses it by now
                    self._session.remove_empty(parent)
            (self._folder / NOTE).unlink(missing_ok=True)

    def _clean(self) -> None:
        """Remove what only the publication needed, as far as the server lets it: it is hidden."""
        for one in (self._old, self._hidden):
            with suppress(ExternalError):
                self._session.remove(one)

    # --- what is there

    def _is_there(self, name: str, size: int) -> bool:
        found = self._session.look(joined(self._target, name))
        return isinstance(found, Found) and found.size_bytes == size

    def _sizes(self, files: Sequence[str]) -> dict[str, int]:
        try:
            return {name: (self._folder / name).stat().st_size for name in files}
        except FileNotFoundError as error:
            raise PermanentError(f"What was staged for '{self._path}' is gone; it was not published.") from error

    def _published(self, files: Sequence[str]) -> list[str]:
        """Return what an attempt published that died before it could say so."""
        if self._staged.spec.if_exists == "append":
            return []
        places = [joined(self._target, name) for name in files]
        if any(self._session.look(one) is None for one in places):
            raise PermanentError(f"What was staged for '{self._path}' is gone; it was not published.")
        return places

    def _read(self) -> _Note | None:
        try:
            return _Note(**json.loads((self._folder / NOTE).read_text("utf-8")))
        except FileNotFoundError:
            return None

    def _write(self, note: _Note) -> None:
        unfinished = self._folder / f"{NOTE}.unfinished"
        unfinished.write_text(json.dumps(asdict(note)), "utf-8")
        os.rename(unfinished, self._folder / NOTE)
