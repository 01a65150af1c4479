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
from penstock.kit.outbound import STOP, Stop
from penstock.plan.ports import FileEntry, Landing

PART_BYTES = 16 << 20
"""Files are read in parts of this size."""
AT_ONCE = 8
RETRIES_S = (0.5, 1.0, 2.0, 4.0, 8.0, 16.0)
"""How long is waited before each further try that brought nothing, before jitter."""
LONGEST_NAME_BYTES = 255
PREVIEW_BYTES = 1 << 20
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
    reader: Reader, files: Sequence[Found], landing: Landing, prefix: str = "", stop: Stop = STOP
) -> tuple[FileEntry, ...]:
    """Return files that have landed, in order. *prefix* stands before their names as the store spells them.

    Raises PermanentError for a file that is not what was found, or a full disk; TransientError when it breaks off too often.
    """
    return _Fetch(reader, landing, stop).run(files, prefix)


def retried(call: Callable[[], ResultT], stop: Stop = STOP) -> ResultT:
    """Return what a call gives that is tried again where it may work later."""
    tries = 0
    while True:
        try:
            return call()
        except TransientError:
            if tries == len(RETRIES_S):
                raise
            wait_before(tries, stop)
            tries += 1


def wait_before(tries: int, stop: Stop = STOP) -> None:
    """Wait before a further try: half of the time is left to chance, so that not all come back at once."""
    stop.wait(RETRIES_S[tries] * (0.5 + random.random() / 2))


class _Fetch:
    def __init__(self, reader: Reader, landing: Landing, stop: Stop) -> None:
        self._reader = reader
        self._landing = landing
        self._stop = stop
        self._broken = threading.Event()
        self._arrived = 0
        self._counting = threading.Lock()

    def run(self, files: Sequence[Found], prefix: str) -> tuple[FileEntry, ...]:
        places = _places(files, self._landing.folder)
        try:
            self._room(sum(one.size_bytes for one in files))
            for place, one in zip(places, files, strict=True):
                place.parent.mkdir(parents=True, exist_ok=True)
                with place.open("wb") as made:
                    made.truncate(one.size_bytes)
            self._all([(one, place) for one, place in zip(files, places, strict=True) if one.size_bytes])
        except OSError as error:
            why = "the disk is full" if error.errno == errno.ENOSPC else error.strerror
            raise PermanentError(
                f"Files cannot be kept on this machine while they are read: {why}. Make room in the folder for scratch space."
            ) from error
        return tuple(
            FileEntry(str(place), prefix + one.name, one.size_bytes) for place, one in zip(places, files, strict=True)
        )

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
        at, tries = begin, 0
        with place.open("r+b", buffering=0) as made:
            while True:
                before = at
                try:
                    at = self._pieces(found, made.fileno(), at, end)
                except TransientError as error:
                    at = error.facts.get("at", at)
                    tries = 0 if at > before and not is_whole else tries
                    if tries == len(RETRIES_S):
                        raise
                    wait_before(tries, self._stop)
                    tries += 1
                    at = begin if is_whole else at
                    continue
                return

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


def _places(files: Sequence[Found], folder: Path) -> list[Path]:
    """Return where files land: under the names that the store gives them, else under numbers that keep their endings."""
    names = {one.name.lstrip("/") for one in files}
    folders = {parent for name in names for parent in parents(name)}
    if not names & folders and all(map(_is_possible, names)):
        return [folder / one.name.lstrip("/") for one in files]
    return [folder / f"{number:06d}{_ending(one.name)}" for number, one in enumerate(files)]


def _is_possible(name: str) -> bool:
    return all(part not in ("", ".", "..") and len(part.encode()) <= LONGEST_NAME_BYTES for part in name.split("/"))


def _ending(name: str) -> str:
    base = name.rpartition("/")[2]
    dot = base.find(".", max(len(base) - 40, 1))
    return base[dot:] if dot > 0 else ""
