"""Files of a store on their way to this machine: in parts, several at a time, each tried again from where it broke off."""

from __future__ import annotations

import errno
import os
import random
import shutil
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from pathlib import Path
from typing import Protocol, TypeVar

from penstock.connectors.files.finding import Found, parents
from penstock.errors import PermanentError, TransientError
from penstock.kit.stopping import STOP, Stop, tries
from penstock.plan.ports import FileEntry, Landing

PART_BYTES = 16 << 20
"""Files are read in parts of this size."""
AT_ONCE = 8
RETRIES_S = (0.5, 1.0, 2.0, 4.0, 8.0, 16.0)
"""How long is waited before each further try that brought nothing, before jitter."""
LONGEST_WAITS_S = 900.0
"""How long a store may ask to be left alone, all waits for one part together."""
LONGEST_NAME_BYTES = 255
ResultT = TypeVar("ResultT")


class NoRanges(PermanentError):
    """A store does not give a part of a file, only the whole."""

    code = "no_ranges"


class Reader(Protocol):
    """Reads files of a store. May be asked by several threads."""

    def pieces(self, found: Found, begin: int, end: int) -> Iterator[bytes]:
        """The bytes of a file from *begin* to *end*, in pieces of a few MiB at most. Raises TransientError where the same may
        work later, NoRanges, and PermanentError for a file that is not what was found."""


def fetch(
    reader: Reader,
    files: Sequence[Found],
    landing: Landing,
    prefix: str = "",
    *,
    numbered: bool = False,
    stop: Stop = STOP,
) -> tuple[FileEntry, ...]:
    """Return files in order, which have landed unless they are known. *prefix* stands before their names as the store spells
    them; *numbered* ones land under numbers, since their names are no paths.

    Raises PermanentError for a file that is not what was found, or a full disk; TransientError when it breaks off too often.
    """
    return _Fetch(reader, landing, stop).run(files, prefix, numbered)


def retried(call: Callable[[], ResultT], stop: Stop = STOP) -> ResultT:
    """Return what a call gives that is tried again where it may work later."""
    waits = _Waits(stop)
    while True:
        try:
            return call()
        except TransientError as error:
            waits.before_next(error)


class _Waits:
    """The waits of one call that is tried again. A store that says how long it wants to be left alone (the fact *wait_s* of
    the error) is left alone, and that costs no try."""

    def __init__(self, stop: Stop) -> None:
        self._stop = stop
        self._left_s = LONGEST_WAITS_S
        self.begin()

    def begin(self) -> None:
        """Count tries anew: something has arrived."""
        self._waits = tries(RETRIES_S)

    def before_next(self, error: TransientError) -> None:
        """Wait before a further try: half of the time is left to chance, so that not all come back at once. Raises the error
        after the last."""
        asked_s = error.facts.get("wait_s")
        if asked_s is not None and self._left_s > 0:
            pause_s = min(max(float(asked_s), 1.0) * (1 + random.random() / 10), self._left_s)
            self._left_s -= pause_s
        else:
            wait_s = next(self._waits, None)
            if wait_s is None:
                raise error
            pause_s = wait_s * (0.5 + random.random() / 2)
        self._stop.wait(pause_s)


def not_kept(error: OSError) -> PermanentError:
    """Return what is said where this machine cannot keep a file."""
    why = "the disk is full" if error.errno == errno.ENOSPC else error.strerror
    return PermanentError(
        f"Files cannot be kept on this machine while they are read: {why}. Make room in the folder for scratch space."
    )


class _Fetch:
    def __init__(self, reader: Reader, landing: Landing, stop: Stop) -> None:
        self._reader = reader
        self._landing = landing
        self._stop = stop
        self._broken = threading.Event()
        self._arrived = 0
        self._counting = threading.Lock()

    def run(self, files: Sequence[Found], prefix: str, numbered: bool) -> tuple[FileEntry, ...]:
        new = [one for one in files if not self._landing.is_known(prefix + one.name, one.size_bytes)]
        places = dict(zip(new, _places(new, self._landing.folder, numbered), strict=True))
        try:
            self._room(sum(one.size_bytes for one in new))
            for one, place in places.items():
                place.parent.mkdir(parents=True, exist_ok=True)
                with place.open("wb") as made:
                    made.truncate(one.size_bytes)
            self._all([(one, place) for one, place in places.items() if one.size_bytes])
        except OSError as error:
            raise not_kept(error) from error
        return tuple(FileEntry(str(places.get(one, "")), prefix + one.name, one.size_bytes) for one in files)

    def _room(self, wanted: int) -> None:
        self._landing.folder.mkdir(parents=True, exist_ok=True)
        free = shutil.disk_usage(self._landing.folder).free
        if wanted > free:
            raise PermanentError(
                f"The files take {wanted:,} bytes, and this machine has {free:,} left for them. Make room in the folder for "
                "scratch space, or read fewer files."
            )

    def _all(self, files: Sequence[tuple[Found, Path]]) -> None:
        pool = ThreadPoolExecutor(AT_ONCE)
        try:
            parts = [
                pool.submit(self._part, one, place, begin, min(begin + PART_BYTES, one.size_bytes))
                for one, place in files
                for begin in range(0, one.size_bytes, PART_BYTES)
            ]
            done, _ = wait(parts, return_when=FIRST_EXCEPTION)
            for part in done:
                try:
                    part.result()
                except NoRanges:
                    self._broken.set()
                    break
            else:
                return
        except BaseException:
            self._broken.set()
            raise
        finally:
            self._broken.set()
            pool.shutdown(cancel_futures=True)
        self._broken.clear()
        self._arrived = 0
        for one, place in files:  # A store that gives no parts: one file after the other, each as a whole.
            self._part(one, place, 0, one.size_bytes, is_whole=True)

    def _part(self, found: Found, place: Path, begin: int, end: int, *, is_whole: bool = False) -> None:
        """Read one part and write it where it belongs. A whole file begins anew when it breaks off."""
        at, waits = begin, _Waits(self._stop)
        with place.open("r+b", buffering=0) as made:
            while at < end:
                try:
                    at = self._pieces(found, made.fileno(), at, end)
                except TransientError as error:
                    reached = error.facts.get("at", at)
                    if reached > at and not is_whole:
                        at = reached
                        waits.begin()
                    waits.before_next(error)

    def _pieces(self, found: Found, file: int, begin: int, end: int) -> int:
        """Write what comes; returns where it ended. The TransientError of one that breaks off says where, as fact *at*."""
        at = begin
        try:
            for piece in self._reader.pieces(found, begin, end):
                if self._broken.is_set():
                    raise PermanentError("Another part of the same source could not be read.")
                self._stop.check()
                if at + len(piece) > end:
                    raise PermanentError(f"'{found.name}' is longer than it was when it was found. Run the job again.")
                os.pwrite(file, piece, at)
                at += len(piece)
                self._count(len(piece))
        except TransientError as error:
            error.facts["at"] = at
            raise
        if at < end:
            raise TransientError(
                f"'{found.name}' broke off after {at:,} of {found.size_bytes:,} bytes, again and again.", at=at
            )
        return at

    def _count(self, size: int) -> None:
        with self._counting:
            self._arrived += size
            self._landing.arrived(self._arrived, "bytes")


def _places(files: Sequence[Found], folder: Path, numbered: bool) -> list[Path]:
    """Return where files land: under the names that the store gives them, else under numbers that keep their endings."""
    names = {one.name.lstrip("/") for one in files}
    folders = {parent for name in names for parent in parents(name)}
    if not numbered and not names & folders and all(map(_is_possible, names)):
        return [folder / one.name.lstrip("/") for one in files]
    return [folder / f"{number:06d}{ending(one.name)}" for number, one in enumerate(files)]


def _is_possible(name: str) -> bool:
    return all(part not in ("", ".", "..") and len(part.encode()) <= LONGEST_NAME_BYTES for part in name.split("/"))


def ending(name: str) -> str:
    """Return the end of a file's name by which its kind is known, such as `.csv.gz`."""
    base = name.rpartition("/")[2]
    dot = base.find(".", max(len(base) - 40, 1))
    return base[dot:] if dot > 0 else ""
