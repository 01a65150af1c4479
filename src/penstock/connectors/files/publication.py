"""How staged files become visible in a bucket, where nothing can be renamed: so that it can be cut off anywhere.

A single file is written in its place, which is atomic. Of several, all are first written under `_staging-<token>/` below the
target, which readers do not look into, and then copied by the store to their names, one by one. Objects that a copy replaces
are kept aside until all are there, and come back if it fails; others of a target that is replaced are removed last. A file
that is appended is written in its place, under a number that was claimed before by an object that only one job can make.

What was begun is noted on this machine, beside the staged files, before it is done.
"""

from __future__ import annotations

import json
import os
import shutil
import uuid
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field

from penstock.connectors.files.bucket import Bucket, Taken
from penstock.connectors.files.fetching import retried
from penstock.connectors.files.finding import Found, base, free_name
from penstock.connectors.files.folders import aside
from penstock.errors import ExternalError, PermanentError
from penstock.plan.ports import Staged

NOTE = ".publishing.json"
"""In a staging folder: what the publication has begun."""
STAGING = "_staging-"
KEPT = "_replaced-"
CLAIM = "_claim-"
PROBE = "_probe-"
COPY_MOST_BYTES = 5_000_000_000
"""The largest object that a store copies at once; a larger one is written in its place."""


@dataclass(slots=True)
class _Note:
    """What a publication has begun: *mark* is how its objects are known, *old* what the target held, *moves* the final name of
    each file that is appended, *kept* the old objects that were put aside. *is_done*: all that is new is in its place."""

    mark: str
    old: list[str] = field(default_factory=list)
    moves: dict[str, str] = field(default_factory=dict)
    kept: list[str] = field(default_factory=list)
    claims: list[str] = field(default_factory=list)
    is_done: bool = False


class Publishing:
    """The way of one output into its bucket. *target* is the folder there."""

    def __init__(self, bucket: Bucket, target: str, staged: Staged) -> None:
        self._bucket = bucket
        self._target = target
        self._staged = staged
        self._folder = staged.folder
        self._path = staged.spec.path

    def publish(self, files: Sequence[str]) -> list[str]:
        """Make staged files visible; returns their names in the bucket. Raises PermanentError and TransientError: then
        what was visible is as it was."""
        if not self._folder.exists():
            return self._published(files)
        sizes = self._sizes(files)
        note = self._read()
        is_new = note is None
        note = note or _Note(uuid.uuid4().hex)
        held = self.held()
        try:
            if self._staged.spec.if_exists == "append":
                finals = self._append(note, sizes, held)
            else:
                self._replace(note, sizes, held, is_new)
                finals = list(files)
        except ExternalError:
            self._take_back(note)
            raise
        os.rename(self._folder, aside(self._staged))
        shutil.rmtree(aside(self._staged), ignore_errors=True)
        return [self._in(name) for name in finals]

    def take_back(self) -> None:
        """Take back what was begun, as far as the store can be reached."""
        note = self._read()
        if note is not None and not note.is_done:
            self._take_back(note)

    # --- the ways

    def _replace(self, note: _Note, sizes: dict[str, int], held: dict[str, Found], is_new: bool) -> None:
        if self._staged.spec.if_exists != "replace" and not note.is_done:
            self._refuse_others(note, sizes, held)
        if is_new:
            note.old = sorted(held)
            self._write(note)
        if not note.is_done:
            staged = {name for name, size in sizes.items() if len(sizes) > 1 and size <= COPY_MOST_BYTES}
            for name in staged:
                self._put(note, name, f"{STAGING}{self._staged.token}/{name}")
            for name in sizes:
                self._place(note, name, held, name in staged)
            self._check(sizes)
            note.is_done = True
            self._write(note)
        self._remove_old([self._in(name) for name in note.old if name not in sizes])
        self._clean(note)

    def _remove_old(self, names: list[str]) -> None:
        if not names:
            return
        try:
            self._bucket.delete(names)
        except ExternalError as error:
            raise PermanentError(
                f"All that is new is in '{self._path}', and old files that could not be removed, {names[0]} among them: "
                f"{error.message} Remove them, or run the job again."
            ) from error

    def _place(self, note: _Note, name: str, held: dict[str, Found], is_staged: bool) -> None:
        """Bring one file to its name. What it replaces is kept aside, unless it is the only one."""
        final = self._in(name)
        if name in held and self._bucket.mark(final) == note.mark:
            return  # by the attempt that was cut off
        is_to_keep = name in held and held[name].size_bytes <= COPY_MOST_BYTES and name in note.old
        if is_staged and is_to_keep and name not in note.kept:
            self._bucket.copy(final, self._in(f"{KEPT}{self._staged.token}/{name}"))
            note.kept.append(name)
            self._write(note)
        if is_staged:
            self._bucket.copy(self._in(f"{STAGING}{self._staged.token}/{name}"), final)
        else:
            self._put(note, name, name)

    def _refuse_others(self, note: _Note, sizes: dict[str, int], held: dict[str, Found]) -> None:
        """Refuse a target that appeared while the job ran, or that another job is about to make."""
        try:
            for name in sizes:
                self._claim(note, name)
        except Taken as error:
            raise self._appeared() from error
        for name in held:
            if name not in sizes or self._bucket.mark(self._in(name)) != note.mark:
                raise self._appeared()

    def _appeared(self) -> PermanentError:
        return PermanentError(f"The folder '{self._path}' appeared while the job ran; nothing was published.")

    def _append(self, note: _Note, sizes: dict[str, int], held: dict[str, Found]) -> list[str]:
        taken = {*held, *note.moves.values()}
        if not note.is_done:
            for name in sizes:
                final = note.moves.get(name)
                if final in held and self._bucket.mark(self._in(str(final))) == note.mark:
                    continue
                self._put(note, name, self._number(note, name, taken))
            self._check({note.moves[name]: size for name, size in sizes.items()})
            note.is_done = True
            self._write(note)
        self._clean(note)
        return [note.moves[name] for name in sizes]

    def _number(self, note: _Note, name: str, taken: set[str]) -> str:
        """Return a name that only this publication may write, noted and claimed."""
        made = note.moves.get(name) or free_name(name, self._staged.spec.file_prefix, taken)
        while True:
            taken.add(made)
            note.moves[name] = made
            self._write(note)
            try:
                self._claim(note, made)
                if self._bucket.find(self._in(made)) is None:
                    return made
            except Taken:
                pass
            made = free_name(name, self._staged.spec.file_prefix, taken)

    # --- the steps

    def _claim(self, note: _Note, name: str) -> None:
        """Keep other jobs from writing a name. Raises Taken. A store that knows no conditions lets the last one have it."""
        folder, slash, last = name.rpartition("/")
        claim = f"{folder}{slash}{CLAIM}{last}"
        if claim not in note.claims:
            note.claims.append(claim)
            self._write(note)
        place = self._in(claim)
        try:
            self._bucket.claim(place, note.mark)
        except Taken:
            if self._bucket.mark(place) != note.mark:
                note.claims.remove(claim)
                raise
        if self._bucket.mark(place) != note.mark:
            note.claims.remove(claim)
            raise Taken(f"'{place}' was taken by another job.")

    def _put(self, note: _Note, name: str, to: str) -> None:
        """Write a staged file, unless the attempt that was cut off has done it."""
        file, place = self._folder / name, self._in(to)
        found = self._bucket.find(place)
        if found is None or found.size_bytes != file.stat().st_size or self._bucket.mark(place) != note.mark:
            retried(lambda: self._bucket.put(place, file, note.mark))

    def _check(self, sizes: dict[str, int]) -> None:
        held = self.held()
        for name, size in sizes.items():
            if name not in held or held[name].size_bytes != size:
                raise PermanentError(
                    f"'{self._in(name)}' in {self._bucket.title} is not what was written there: another program has "
                    "changed it, or the store has lost it. Run the job again."
                )

    def _clean(self, note: _Note) -> None:
        """Remove what only the publication needed, as far as the store lets it: no reader looks at it."""
        gone = [*note.claims, *(f"{KEPT}{self._staged.token}/{name}" for name in note.kept)]
        with suppress(ExternalError):
            gone += [one.name for one in self._own_staging()]
            self._bucket.delete([self._in(name) for name in gone])

    def _own_staging(self) -> list[Found]:
        begin = self._in("")
        return [
            Found(one.name.removeprefix(begin), one.size_bytes, one.version)
            for one in self._bucket.below(self._in(f"{STAGING}{self._staged.token}"))
        ]

    def _take_back(self, note: _Note) -> None:
        """Bring back what was replaced and remove what is new. A store that cannot be reached keeps what it has: the note
        stays then, and is obeyed when the attempt is discarded."""
        if note.is_done:
            return
        with suppress(ExternalError):
            for name in note.kept:
                self._bucket.copy(self._in(f"{KEPT}{self._staged.token}/{name}"), self._in(name))
            new = [
                name for name in self.held() if name not in note.old and self._bucket.mark(self._in(name)) == note.mark
            ]
            self._bucket.delete([self._in(name) for name in new])
            self._clean(note)
            (self._folder / NOTE).unlink(missing_ok=True)

    # --- what is there

    def held(self) -> dict[str, Found]:
        """Return what the target holds by names within it, without what publications need for themselves, and what only shows
        folders."""
        begin = self._in("")
        found = {one.name.removeprefix(begin): one for one in self._bucket.below(self._target)}
        return {
            name: one
            for name, one in found.items()
            if not is_working(name) and (one.size_bytes or self._bucket.find(one.name) is not None)
        }

    def _in(self, name: str) -> str:
        return f"{self._target}/{name}"

    def _sizes(self, files: Sequence[str]) -> dict[str, int]:
        try:
            return {name: (self._folder / name).stat().st_size for name in files}
        except FileNotFoundError as error:
            raise PermanentError(f"What was staged for '{self._path}' is gone; it was not published.") from error

    def _published(self, files: Sequence[str]) -> list[str]:
        """Return what an attempt published that died before it could say so."""
        if self._staged.spec.if_exists == "append":
            return []
        held = self.held()
        if not all(name in held for name in files):
            raise PermanentError(f"What was staged for '{self._path}' is gone; it was not published.")
        return [self._in(name) for name in files]

    def _read(self) -> _Note | None:
        try:
            return _Note(**json.loads((self._folder / NOTE).read_text("utf-8")))
        except FileNotFoundError:
            return None

    def _write(self, note: _Note) -> None:
        unfinished = self._folder / f"{NOTE}.unfinished"
        unfinished.write_text(json.dumps(asdict(note)), "utf-8")
        os.rename(unfinished, self._folder / NOTE)


def is_working(name: str) -> bool:
    """Tell whether an object within a target is there for a publication only."""
    return name.startswith((STAGING, KEPT)) or base(name).startswith((CLAIM, PROBE))
