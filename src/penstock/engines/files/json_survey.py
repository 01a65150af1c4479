"""What a file of JSON lines holds, found out without parsing it: whether a common JSON reader takes its lines as the language
does, and whether words for what is no number may stand in it."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

_PIECE = 1 << 18
LONGEST = 1 << 20
"""Bytes that no line of a plain file has."""
_BLOCK = 1 << 15
"""Bytes that are compared at once: the memory that larger ones take is given back each time, which costs four times as much."""
_BEFORE = 64
"""Bytes of the piece before that are looked at again: blanks may stand between a sign and a word."""
_BLANKS = b" \t\n\r"
_LEADING = b":,[-"
_MOST = 256
"""Words behind blanks that are looked at one by one in a piece; where there are more, nothing is claimed."""
_LONE_RETURN = re.compile(rb"\r(?!\n)")


@dataclass(frozen=True, slots=True)
class Lined:
    """*is_plain*: lines end with `\\n` or `\\r\\n`, none is longer than two pieces, and no other space stands between values.
    *has_words*: `nan` or `inf`, in letters of any size, stands where a value can; strings that hold such text count as well."""

    is_plain: bool
    has_words: bool


def survey_lines(location: str, threads: int) -> Lined:
    """Return what a file holds that is not packed; several threads look through it. Raises OSError where it cannot be read."""
    size = os.path.getsize(location)
    starts = range(0, size, _PIECE)
    with open(location, "rb") as opened:
        handle = opened.fileno()
        if len(starts) < 4 or threads < 2:
            return _sum_up(_judge(handle, start, size) for start in starts)
        with ThreadPoolExecutor(threads) as pool:
            try:
                return _sum_up(pool.map(lambda start: _judge(handle, start, size), starts))
            finally:
                pool.shutdown(cancel_futures=True)


def _sum_up(pieces: Iterable[Lined]) -> Lined:
    has_words = False
    for one in pieces:
        if not one.is_plain:
            return Lined(False, True)
        has_words |= one.has_words
    return Lined(True, has_words)


def _judge(handle: int, start: int, size: int) -> Lined:
    before = min(start, _BEFORE)
    # Two bytes more: a word, or the `\n` behind a `\r`, may begin in this piece.
    body = os.pread(handle, before + _PIECE + 2, start - before)
    is_last = start - before + len(body) >= size
    ends = is_last or b"\n" in body
    is_plain = ends and b"\v" not in body and b"\f" not in body and not _has_lone_return(body, is_last)
    return Lined(is_plain, is_plain and any(_may_be_value(body, at) for at in _words(body)))


def _has_lone_return(body: bytes, is_last: bool) -> bool:
    found = _LONE_RETURN.search(body) if b"\r" in body else None
    return found is not None and (is_last or found.end() < len(body))


def _words(body: bytes) -> Iterator[int]:
    """Yield where a word may begin; -1 where there are too many to look at."""
    if len(body) < 3:
        return
    signs = np.frombuffer(body, np.uint8)
    blocks = range(0, len(signs) - 2, _BLOCK)
    at = np.concatenate([start + _beginnings(signs[start : start + _BLOCK + 2]) for start in blocks])
    if len(at) == 0:
        return
    ahead = signs[at - 1]
    if at[0] == 0:
        yield 0
    if np.isin(ahead, np.frombuffer(_LEADING, np.uint8)).any():
        yield int(at[np.isin(ahead, np.frombuffer(_LEADING, np.uint8))][0])
    blank = at[np.isin(ahead, np.frombuffer(_BLANKS, np.uint8))]
    yield from map(int, blank) if len(blank) <= _MOST else (-1,)


def _beginnings(signs: npt.NDArray[np.uint8]) -> npt.NDArray[np.intp]:
    """Return where `nan` and `inf` begin."""
    small = signs | 0x20
    n = small == ord("n")
    found = n[:-2] & (small[1:-1] == ord("a")) & n[2:]
    found |= (small[:-2] == ord("i")) & n[1:-1] & (small[2:] == ord("f"))
    return np.flatnonzero(found)


def _may_be_value(body: bytes, at: int) -> bool:
    """Tell whether what stands before a word, blanks left out, is what a value stands behind."""
    if at < 0:
        return True
    ahead = body[max(at - _BEFORE, 0) : at].rstrip(_BLANKS)
    return ahead == b"" or ahead[-1:] in (b":", b",", b"[", b"-")
