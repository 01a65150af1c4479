"""Files opened for reading, whatever packs them."""

from __future__ import annotations

import bz2
import io
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import IO, Protocol, cast

import pyarrow as pa

from penstock.errors import PermanentError
from penstock.plan.operators import FileSource
from penstock.plan.ports import FileEntry

_ENDINGS = {".gz": "gzip", ".bz2": "bzip2", ".zip": "zip", ".zst": "zstd"}
"""How a file is packed whose name ends so, in letters of any case."""
_PIECE = 1 << 18


class Damaged(Exception):
    """A packed file is not whole; the text says in what way, behind the name of the file."""


class _Decompressor(Protocol):
    """What `zlib` and `bz2` have in common: unpacks one stream, and keeps what stands behind its end."""

    @property
    def eof(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...
    def decompress(self, data: bytes, /) -> bytes: ...


_MAKERS: dict[str, Callable[[], _Decompressor]] = {
    "gzip": lambda: cast(_Decompressor, zlib.decompressobj(zlib.MAX_WBITS | 16)),
    "bzip2": bz2.BZ2Decompressor,
}
_MAGIC = {"gzip": b"\x1f\x8b", "bzip2": b"BZh"}


def packing(source: FileSource, file: FileEntry) -> str:
    """Return how a file is packed, `none` or a word of `compression`: what the source says, or with `auto` what the end of
    its name says."""
    if file.unpacked:
        return "none"
    if source.compression != "auto":
        return source.compression
    name = file.name.lower()
    return next((word for ending, word in _ENDINGS.items() if name.endswith(ending)), "none")


@contextmanager
def opened(source: FileSource, file: FileEntry) -> Iterator[IO[bytes]]:
    """Open the unpacked bytes of a file that is no archive. Raises PermanentError when they cannot be read, also while they
    are."""
    with reading(file.name), open(file.location, "rb") as packed, unpacked(packed, packing(source, file)) as stream:
        yield stream


@contextmanager
def reading(name: str) -> Iterator[None]:
    """Turn what goes wrong while a file is read into PermanentError."""
    try:
        yield
    except Damaged as error:
        raise PermanentError(f"{name} {error}. Put the whole file there again.") from error
    except OSError as error:
        reason = error.strerror or "it is damaged or cut off"
        raise PermanentError(f"{name} cannot be read: {reason}. Put the whole file there again.") from error


@contextmanager
def unpacked(packed: IO[bytes], packing: str) -> Iterator[IO[bytes]]:
    """Give the bytes that a stream packs; Damaged is raised where it is cut off, or holds something else."""
    match packing:
        case "none":
            yield packed
        case "zstd":
            if not packed.read(1):
                raise Damaged("is no whole zstd file")
            packed.seek(0)
            with pa.PythonFile(packed, mode="r") as inner, pa.CompressedInputStream(inner, "zstd") as stream:
                yield io.BufferedReader(cast(io.RawIOBase, _Zstd(stream)), _PIECE)
        case _:
            yield io.BufferedReader(_Streams(packed, packing), _PIECE)


class _Streams(io.RawIOBase):
    """The bytes of one or several streams behind one another, as gzip and bzip2 files are.

    The standard readers take a broken second stream for the end of the file, and would lose what it holds.
    """

    def __init__(self, packed: IO[bytes], packing: str) -> None:
        self._packed, self._packing = packed, packing
        self._one: _Decompressor | None = None
        self._given = b""
        self._piece = b""
        self._over = False

    def readable(self) -> bool:
        return True

    def readinto(self, target: bytearray | memoryview) -> int:  # type: ignore[override]  # any buffer that is asked for
        while not self._given and not self._over:
            try:
                self._given = self._next()
            except (OSError, zlib.error) as error:
                raise Damaged(f"is damaged: {error}") from error
        size = min(len(target), len(self._given))
        target[:size] = self._given[:size]
        self._given = self._given[size:]
        return size

    def _next(self) -> bytes:
        """Return what the next piece unpacks to, which may be nothing yet."""
        if self._one is None and not self._begin():
            self._over = True
            return b""
        one = cast(_Decompressor, self._one)
        piece = self._piece or self._packed.read(_PIECE)
        if not piece:
            raise Damaged(f"is cut off: its {self._packing} stream does not end")
        given = one.decompress(piece)
        self._piece = one.unused_data if one.eof else b""
        if one.eof:
            self._one = None
        return given

    def _begin(self) -> bool:
        """Begin the next stream; False where there is none."""
        magic = _MAGIC[self._packing]
        is_first = self._packed.tell() == 0
        while len(self._piece) < len(magic) and (more := self._packed.read(_PIECE)):
            self._piece += more
        while not is_first and self._piece and not self._piece.strip(b"\0"):  # tapes pad with zeros
            self._piece = self._packed.read(_PIECE)
        if not self._piece and not is_first:
            return False
        if not self._piece.startswith(magic):
            raise Damaged(f"is no {self._packing} file, or holds more than {self._packing} at its end")
        self._one = _MAKERS[self._packing]()
        return True


class _Zstd(io.RawIOBase):
    """The bytes of zstd frames."""

    def __init__(self, stream: pa.CompressedInputStream) -> None:
        self._stream = stream

    def readable(self) -> bool:
        return True

    def readinto(self, target: bytearray | memoryview) -> int:  # type: ignore[override]  # any buffer that is asked for
        try:
            given = self._stream.read(len(target))
        except OSError as error:
            raise Damaged("is no whole zstd file") from error
        target[: len(given)] = given
        return len(given)
