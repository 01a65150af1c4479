"""Which columns of a delimited file look like numbers, judged by some of its lines."""

from __future__ import annotations

import os
import re
from collections.abc import Container

_PIECE = 1 << 13
_NUMBER = re.compile(rb"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")


def others_than_numbers(location: str, delimiter: bytes, quote: bytes, wanted: Container[int], pieces: int) -> set[int]:
    """Return those *wanted* columns of which a value in some *pieces* of a file is no plain number, and not empty. Values
    that hold delimiters or line breaks are taken for several. Raises OSError where the file cannot be read."""
    size = os.path.getsize(location)
    found: set[int] = set()
    with open(location, "rb") as opened:
        for start in range(0, size, max(size // pieces, _PIECE)):
            body = os.pread(opened.fileno(), _PIECE, start)
            # The first is the rest of one, or that with the names, and the last may be cut.
            for line in body.split(b"\n")[1:-1]:
                for at, value in enumerate(line.rstrip(b"\r").split(delimiter)):
                    if (
                        at in wanted
                        and at not in found
                        and value.strip(quote)
                        and not _NUMBER.fullmatch(value.strip(quote))
                    ):
                        found.add(at)
    return found
