"""Bodies in gzip unpacked piece by piece, as whole as they were packed: the reader of the HTTP library takes the end of what
came for the end of the data, and leaves out all streams but the first."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator

_MOST = 1 << 20
"""Bytes that one step unpacks: a small body may hold very many."""
_MAGIC = b"\x1f\x8b"


class NotWhole(Exception):
    """The pieces end before what they pack does, or are no gzip; the text says which."""


def gunzip(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Yield what *pieces* pack: streams of gzip behind one another, or nothing at all. What stands behind the last and is none
    is passed over. Raises NotWhole.

    >>> import gzip
    >>> whole = gzip.compress(b"a") + gzip.compress(b"b")
    >>> b"".join(gunzip([whole[:3], whole[3:]]))
    b'ab'
    >>> list(gunzip([whole[:-1]]))
    Traceback (most recent call last):
    ...
    penstock.kit.gunzip.NotWhole: its gzip stream does not end
    """
    one, is_first, left = None, True, b""
    for piece in pieces:
        left += piece
        while left:
            if one is None:
                if not is_first and len(left) < len(_MAGIC) and _MAGIC.startswith(left):
                    break
                if not is_first and not left.startswith(_MAGIC):
                    return
                one, is_first = zlib.decompressobj(zlib.MAX_WBITS | 16), False
            is_more = True
            while is_more:
                try:
                    given = one.decompress(left, _MOST)
                except zlib.error as error:
                    raise NotWhole(f"it is no gzip: {error}") from error
                if given:
                    yield given
                left = one.unused_data if one.eof else one.unconsumed_tail
                # What was taken in may unpack to more than one step gives.
                is_more = not one.eof and (bool(left) or len(given) == _MOST)
            if one.eof:
                one = None
    if one is not None:
        raise NotWhole("its gzip stream does not end")
