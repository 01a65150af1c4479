"""Files opened for reading, whatever packs them."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, cast

from penstock.errors import PermanentError
from penstock.plan.operators import FileSource
from penstock.plan.ports import FileEntry


def packing(source: FileSource, file: FileEntry) -> str:
    """Return how a file is packed, `gzip` or `none`: what the source says, or with `auto` what the end of its name says."""
    if source.compression != "auto":
        return source.compression
    return "gzip" if file.name.endswith(".gz") else "none"


@contextmanager
def opened(source: FileSource, file: FileEntry) -> Iterator[IO[bytes]]:
    """Open the unpacked bytes of a file. Raises PermanentError when they cannot be read, also while they are."""
    try:
        is_packed = packing(source, file) == "gzip"
        with cast(IO[bytes], gzip.open(file.location)) if is_packed else open(file.location, "rb") as stream:
            yield stream
    except (OSError, EOFError, zlib.error) as error:
        reason = getattr(error, "strerror", None) or "it is damaged or cut off"
        raise PermanentError(f"{file.name} cannot be read: {reason}. Put the whole file there again.") from error
