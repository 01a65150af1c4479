"""Packed files that DuckDB would read without a word: one that ends too early, or is packed in another way."""

from __future__ import annotations

import zlib

from penstock.errors import PermanentError
from penstock.plan.operators import FileSource
from penstock.plan.ports import FileEntry

_PIECE = 1 << 18
_GZIP = zlib.MAX_WBITS | 16
_MAGIC = b"\x1f\x8b"
_NOT_READ = (".bz2", ".zip")


def check_packed(component: str, source: FileSource, files: tuple[FileEntry, ...]) -> None:
    """Unpack every gzip file once and keep nothing: DuckDB takes the end of a file for the end of its data, and compares
    no checksum. Raises PermanentError for a file that is cut off, damaged, or packed in a way that is not read."""
    for file in files:
        name = file.name.lower()
        if source.compression == "auto":
            if name.endswith(_NOT_READ):
                raise PermanentError(
                    f"Component '{component}': {file.name} is packed in a way that is not available in this version. "
                    "Pack it with gzip, or unpack it."
                )
            if name.endswith(".gz") and not file.name.endswith(".gz"):
                raise PermanentError(
                    f"Component '{component}': {file.name} is taken for plain text. End its name in '.gz'."
                )
        if source.compression == "gzip" or (source.compression == "auto" and name.endswith(".gz")):
            fault = _fault(file.location)
            if fault:
                raise PermanentError(f"Component '{component}': {file.name} {fault}. Put the whole file there again.")


def _fault(location: str) -> str | None:
    """Return what is wrong with a gzip file, or None."""
    try:
        with open(location, "rb") as stream:
            piece = stream.read(_PIECE)
            while True:
                if not piece.startswith(_MAGIC):
                    return "is no gzip file, or holds more than gzip at its end"
                member = zlib.decompressobj(_GZIP)
                while not member.eof:
                    if not piece:
                        return "is cut off: its gzip stream does not end"
                    member.decompress(piece)
                    piece = b"" if member.eof else stream.read(_PIECE)
                piece = member.unused_data
                if len(piece) < len(_MAGIC):
                    piece += stream.read(_PIECE)
                if not piece.strip(b"\0"):  # tapes pad with zeros
                    return None
    except zlib.error as error:
        return f"is damaged: {error}"
    except OSError as error:
        return f"cannot be read: {error.strerror}"
