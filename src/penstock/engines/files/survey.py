"""What a text file holds, found out without splitting it: how it uses its qualifier, and whether certain signs occur. That
tells whether a common CSV reader would split it as the language does (`records`)."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from enum import Enum
from typing import IO

import numpy as np
import numpy.typing as npt

_PIECE = 1 << 18
_LINE_END = re.compile(rb"[\r\n]")
_NEW_LINE, _RETURN = 10, 13
_MARK = b"\xef\xbb\xbf"


class Quoting(Enum):
    """What the qualifiers of a file amount to."""

    ABSENT = "there is none"
    NEAT = "each encloses a whole value within a line"
    BROKEN = "each encloses a whole value, and some values hold line breaks"
    ODD = "some stand inside a value, beside blanks, or are not closed"


@dataclass(frozen=True, slots=True)
class Question:
    """What is looked for: the *quote* and the *delimiter*, single bytes of an encoding that holds ASCII as it is, and
    *signs*, those in *below* not in the first line. Without a quote only signs are."""

    quote: int | None
    delimiter: int
    signs: tuple[bytes, ...] = ()
    below: tuple[bytes, ...] = ()


@dataclass(frozen=True, slots=True)
class Answer:
    """How a file uses its qualifier, and which signs occur.

    Blanks between delimiter and qualifier make a file ODD, and so does a `\\r` alone where values hold line breaks: such
    files are read differently by different readers. Of an odd file not every sign may have been seen.
    """

    quoting: Quoting
    signs: frozenset[bytes]


@dataclass(frozen=True, slots=True)
class _Piece:
    """Some bytes of a file, and the bytes on both sides of them."""

    body: bytes
    before: int
    after: int
    is_first: bool = False

    def signs(self, question: Question) -> frozenset[bytes]:
        """Return the signs in this piece that are looked for."""
        line_end = _LINE_END.search(self.body) if self.is_first else None
        start = 0 if line_end is None else line_end.end()
        found = (sign for sign in question.signs if self._holds(sign, 0))
        return frozenset([*found, *(sign for sign in question.below if self._holds(sign, start))])

    def _holds(self, sign: bytes, start: int) -> bool:
        """Tell whether a sign of one or two bytes stands behind *start*; half of it may lie in the piece before."""
        if len(sign) == 2 and sign[0] == self.before and self.body.startswith(sign[1:]):
            return True
        # To look for one byte costs a tenth of what looking for two does, and it is rarely there.
        return self.body.find(sign[:1], start) >= 0 and (len(sign) == 1 or self.body.find(sign, start) >= 0)


@dataclass(frozen=True, slots=True)
class _Verdict:
    """What a piece shows, if it begins outside a value and if it begins inside one."""

    count: int = 0
    sound: tuple[bool, bool] = (True, True)
    broken: tuple[bool, bool] = (False, False)
    lone_return: bool = False
    signs: frozenset[bytes] = frozenset()


def survey_stream(stream: IO[bytes], question: Question) -> Answer:
    """Return what the bytes of a stream hold."""
    return _sum_up(_judge(piece, question) for piece in _pieces(stream))


def survey_file(location: str, question: Question, threads: int) -> Answer:
    """Return what a file holds that is not packed; several threads look through it."""
    size = os.path.getsize(location)
    if size <= 4 * _PIECE or threads < 2:
        with open(location, "rb") as stream:
            return survey_stream(stream, question)
    with open(location, "rb") as opened, ThreadPoolExecutor(threads) as pool:
        handle = opened.fileno()
        verdicts = pool.map(lambda start: _judge(_piece_at(handle, start, size), question), range(0, size, _PIECE))
        try:
            return _sum_up(verdicts)
        finally:
            pool.shutdown(cancel_futures=True)


def _pieces(stream: IO[bytes]) -> Iterator[_Piece]:
    before, is_first = _NEW_LINE, True
    body = stream.read(_PIECE).removeprefix(_MARK)
    while body:
        following = stream.read(_PIECE)
        yield _Piece(body, before, following[0] if following else _NEW_LINE, is_first)
        before, body, is_first = body[-1], following, False


def _piece_at(handle: int, start: int, size: int) -> _Piece:
    if start == 0:
        read = os.pread(handle, _PIECE + 1, 0)
        return _Piece(read[:_PIECE].removeprefix(_MARK), _NEW_LINE, read[-1] if size > _PIECE else _NEW_LINE, True)
    read = os.pread(handle, _PIECE + 2, start - 1)
    is_last = start + _PIECE >= size
    return _Piece(read[1:] if is_last else read[1:-1], read[0], _NEW_LINE if is_last else read[-1])


def _judge(piece: _Piece, question: Question) -> _Verdict:
    body = piece.body
    signs = piece.signs(question)
    quote, delimiter = question.quote, question.delimiter
    if quote is None:
        return _Verdict(signs=signs)
    has_return = b"\r" in body
    lone_return = has_return and _has_lone_return(piece)
    if bytes([quote]) not in body:
        return _Verdict(broken=(False, has_return or b"\n" in body), lone_return=lone_return, signs=signs)
    values = np.frombuffer(body, np.uint8)
    at = np.flatnonzero(values == quote)
    may_open = _is_edge(values[at - 1], quote, delimiter)
    may_close = _is_edge(values[np.minimum(at + 1, len(body) - 1)], quote, delimiter)
    if at[0] == 0:
        may_open[0] = _is_edge(np.array([piece.before]), quote, delimiter)[0]
    if at[-1] == len(body) - 1:
        may_close[-1] = _is_edge(np.array([piece.after]), quote, delimiter)[0]
    breaks = np.flatnonzero(values == _NEW_LINE)
    if has_return:
        breaks = np.concatenate((breaks, np.flatnonzero(values == _RETURN)))
    behind_odd = np.searchsorted(at, breaks) & 1
    return _Verdict(
        count=len(at),
        sound=(
            bool(may_open[0::2].all() and may_close[1::2].all()),
            bool(may_open[1::2].all() and may_close[0::2].all()),
        ),
        broken=(bool(behind_odd.any()), not bool(behind_odd.all())),
        lone_return=lone_return,
        signs=signs,
    )


def _has_lone_return(piece: _Piece) -> bool:
    paired = piece.body.count(b"\r\n") + (piece.body.endswith(b"\r") and piece.after == _NEW_LINE)
    return piece.body.count(b"\r") > paired


def _is_edge(values: npt.NDArray[np.uint8], quote: int, delimiter: int) -> npt.NDArray[np.bool_]:
    return np.isin(values, (delimiter, quote, _NEW_LINE, _RETURN))


def _sum_up(verdicts: Iterable[_Verdict]) -> Answer:
    inside = found = broken = lone_return = False
    signs: frozenset[bytes] = frozenset()
    for one in verdicts:
        signs |= one.signs
        broken |= one.broken[inside]
        lone_return |= one.lone_return
        if not one.sound[inside] or (broken and lone_return):
            return Answer(Quoting.ODD, signs)
        found |= one.count > 0
        inside ^= one.count % 2 == 1
    if inside:
        return Answer(Quoting.ODD, signs)
    if not found:
        return Answer(Quoting.ABSENT, signs)
    return Answer(Quoting.BROKEN if broken else Quoting.NEAT, signs)
