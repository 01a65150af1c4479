"""What a file of JSON lines holds, found out without parsing it: whether a common JSON reader takes its lines as the language
does, whether words for what is no number may stand in it, and whether its lines are too long or too deep for the language."""

from __future__ import annotations

import os
import re
import threading
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

_Bytes = npt.NDArray[np.uint8]

_PIECE = 1 << 18
LONGEST = 1 << 20
"""Bytes that no line of a plain file has."""
_SHORT, _LONG = 400, 4_000
"""Bytes of a line in which no more than 199 arrays and objects can stand inside one another; and in which no number has more
digits than Python reads."""
_MANY = 200
"""Beginnings of arrays and objects in a line that may stand inside one another deeper than the language reads."""
_BEFORE = _LONG + 96
"""Bytes of the piece before that are looked at again: a line that is not too long stands as a whole in some piece."""
_WIDEST = 64
"""Bytes before a word that are looked at: blanks may stand between a sign and a word."""
_BLANKS = b" \t\n\r"
_LEADING = b":,[-"
_MOST = 256
"""Words behind blanks that are looked at one by one in a piece; where there are more, nothing is claimed."""
_LONE_RETURN = re.compile(rb"\r(?!\n)")
_OPENING = ord("{")
"""A curly bracket, and a square one with the bit that makes letters small."""


@dataclass(frozen=True, slots=True)
class Lined:
    """*is_plain*: lines end with `\\n` or `\\r\\n`, none is longer than two pieces, and no other space stands between values.
    *has_words*: `nan` or `inf`, in letters of any size, stands where a value can; strings that hold such text count as well.
    *is_shallow*: no line is so long, or begins so many arrays and objects, that Python would not read it."""

    is_plain: bool
    has_words: bool
    is_shallow: bool


_ODD = Lined(False, True, False)


def survey_lines(location: str, threads: int) -> Lined:
    """Return what a file holds that is not packed; several threads look through it. Raises OSError where it cannot be read."""
    size = os.path.getsize(location)
    starts = range(0, size, _PIECE)
    found_odd = threading.Event()
    with open(location, "rb") as opened:
        handle = opened.fileno()

        def look(starts: range) -> Lined:
            looker = _Looker()
            return _sum_up((looker.judge(handle, start, size) for start in starts), found_odd)

        if len(starts) < 4 or threads < 2:
            return look(starts)
        with ThreadPoolExecutor(threads) as pool:
            return _sum_up(pool.map(look, [starts[number::threads] for number in range(threads)]), found_odd)


def _sum_up(pieces: Iterable[Lined], found_odd: threading.Event) -> Lined:
    has_words, is_shallow = False, True
    for one in pieces:
        if not one.is_plain or found_odd.is_set():
            found_odd.set()
            return _ODD
        has_words |= one.has_words
        is_shallow &= one.is_shallow
    return Lined(True, has_words, is_shallow)


def _has_lone_return(body: bytes, is_last: bool) -> bool:
    found = _LONE_RETURN.search(body) if b"\r" in body else None
    return found is not None and (is_last or found.end() < len(body))


class _Looker:
    """Looks through pieces one after the other. What it compares them with stays in the same memory: to take and give it back
    for each piece costs four times as much as to compare."""

    def __init__(self) -> None:
        size = _BEFORE + _PIECE + 2
        self._small = np.empty(size, np.uint8)
        self._one = np.empty(size, np.bool_)
        self._two = np.empty(size, np.bool_)

    def judge(self, handle: int, start: int, size: int) -> Lined:
        """Return what the piece of a file at *start* holds."""
        before = min(start, _BEFORE)
        # Two bytes more: a word, or the `\n` behind a `\r`, may begin in this piece.
        body = os.pread(handle, before + _PIECE + 2, start - before)
        is_last = start - before + len(body) >= size
        ends = is_last or b"\n" in body
        if not ends or b"\v" in body or b"\f" in body or _has_lone_return(body, is_last):
            return _ODD
        signs = np.frombuffer(body, np.uint8)
        small = np.bitwise_or(signs, 0x20, out=self._small[: len(signs)])
        has_words = any(_may_be_value(body, at) for at in self._words(signs, small))
        return Lined(True, has_words, self._is_shallow(signs, small))

    def _words(self, signs: _Bytes, small: _Bytes) -> Iterator[int]:
        """Yield where a word may begin; -1 where there are too many to look at."""
        if len(signs) < 3:
            return
        at = self._beginnings(small)
        if len(at) == 0:
            return
        ahead = signs[at - 1]
        if at[0] == 0:
            yield 0
        if np.isin(ahead, np.frombuffer(_LEADING, np.uint8)).any():
            yield int(at[np.isin(ahead, np.frombuffer(_LEADING, np.uint8))][0])
        blank = at[np.isin(ahead, np.frombuffer(_BLANKS, np.uint8))]
        yield from map(int, blank) if len(blank) <= _MOST else (-1,)

    def _beginnings(self, small: _Bytes) -> npt.NDArray[np.intp]:
        """Return where `nan` and `inf` begin. Most pieces hold no two n, and no nf, in these places."""
        n = np.equal(small, ord("n"), out=self._one[: len(small)])
        room = self._two[: len(small) - 2]
        found = []
        if np.logical_and(n[:-2], n[2:], out=room).any():
            found.append(np.flatnonzero(room & (small[1:-1] == ord("a"))))
        np.equal(small[2:], ord("f"), out=room)
        if np.logical_and(room, n[1:-1], out=room).any():
            found.append(np.flatnonzero(room & (small[:-2] == ord("i"))))
        return np.sort(np.concatenate(found)) if found else np.empty(0, np.intp)

    def _is_shallow(self, signs: _Bytes, small: _Bytes) -> bool:
        """Tell so of the lines in a piece. One that is cut off at a side, and not too long, is whole in another piece."""
        breaks = np.flatnonzero(np.equal(signs, ord("\n"), out=self._two[: len(signs)]))
        longest = int(np.diff(breaks, prepend=-1, append=len(signs)).max())
        if longest <= _SHORT or longest > _LONG:
            return longest <= _SHORT
        begun = np.flatnonzero(np.equal(small, _OPENING, out=self._two[: len(signs)]))
        before = np.searchsorted(begun, breaks)
        return int(np.diff(before, prepend=0, append=len(begun)).max()) < _MANY


def _may_be_value(body: bytes, at: int) -> bool:
    """Tell whether what stands before a word, blanks left out, is what a value stands behind."""
    if at < 0:
        return True
    ahead = body[max(at - _WIDEST, 0) : at].rstrip(_BLANKS)
    return ahead == b"" or ahead[-1:] in (b":", b",", b"[", b"-")
