"""Zip archives: their files, also those under a password, by the old cipher or by AES as WinZip and 7-Zip write it."""

from __future__ import annotations

import hashlib
import hmac
import io
import lzma
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import IO, TypeVar, cast

import numpy as np
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from penstock.engines.files.opening import Damaged
from penstock.errors import PermanentError

T = TypeVar("T")
_PIECE = 1 << 18
_AES = 99
_AES_EXTRA = 0x9901
_KEY_BYTES = {1: 16, 2: 24, 3: 32}
_SUM_BYTES = 10
_ROUNDS = 1000
_ENCRYPTED = 1
_NOT_WHOLE = (zipfile.BadZipFile, EOFError, zlib.error, lzma.LZMAError)
_RAW_DEFLATE = -zlib.MAX_WBITS


def of_members(location: str, name: str, password: str | None, take: Callable[[IO[bytes]], T]) -> list[T]:
    """Return what *take* makes of the bytes of each file of an archive, in the order of the archive; folders are none, and
    neither are files whose name, or that of a folder above, begins with `_` or `.`.

    Raises PermanentError for a password that is missing or wrong, and for what is packed in a way that is not read; Damaged
    for what is no whole archive.
    """
    try:
        made = []
        with zipfile.ZipFile(location) as archive:
            for member in archive.infolist():
                if not member.is_dir() and not _is_hidden(member.filename):
                    with _member(archive, member, name, password) as stream:
                        made.append(take(stream))
        return made
    except _NOT_WHOLE as error:
        raise Damaged(f"is no whole zip file ({error})") from error
    except NotImplementedError as error:  # what `zipfile` raises for a method of packing that it does not know
        raise PermanentError(f"{name} is packed in a way that is not read: {error}. Pack it with deflate.") from error


def _is_hidden(name: str) -> bool:
    # Some programs write './name'; nothing is unpacked under the name, so '..' leads nowhere.
    parts = name.replace("\\", "/").split("/")
    return any(part.startswith(("_", ".")) and part not in (".", "..") for part in parts)


@contextmanager
def _member(archive: zipfile.ZipFile, member: zipfile.ZipInfo, name: str, password: str | None) -> Iterator[IO[bytes]]:
    if not member.flag_bits & _ENCRYPTED:
        with archive.open(member) as stream:
            yield stream
        return
    if password is None:
        raise PermanentError(f"{name} is under a password. Set 'compression_password'.")
    if member.compress_type == _AES:
        yield _aes(archive, member, name, password)
        return
    try:
        stream = archive.open(member, pwd=password.encode())
    except RuntimeError as error:
        raise _wrong_password(name) from error
    try:
        with stream:
            yield stream
    except (*_NOT_WHOLE, OSError) as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise  # of this machine; what is wrong with bzip2 has no number
        # One byte tells a wrong password of the old cipher: one in 256 is found out by what it is unpacked to alone.
        raise PermanentError(
            f"{name} cannot be read: the password is wrong, or the file is damaged. Correct 'compression_password'."
        ) from error


def _wrong_password(name: str) -> PermanentError:
    return PermanentError(f"{name} has another password. Correct 'compression_password'.")


def _aes(archive: zipfile.ZipFile, member: zipfile.ZipInfo, name: str, password: str) -> IO[bytes]:
    """Return the bytes of a file under AES. Nothing is given before its sum of the packed bytes is compared: they are read
    twice."""
    strength, method = _aes_extra(member)
    size = _KEY_BYTES[strength]
    source = cast(IO[bytes], archive.fp)
    start = _start(source, member)
    source.seek(start)
    salt, check = source.read(size // 2), source.read(2)
    keys = hashlib.pbkdf2_hmac("sha1", password.encode(), salt, _ROUNDS, 2 * size + 2)
    if not hmac.compare_digest(keys[2 * size :], check):
        raise _wrong_password(name)
    length = member.compress_size - len(salt) - len(check) - _SUM_BYTES
    begin = source.tell()
    total = hmac.new(keys[size : 2 * size], digestmod="sha1")
    for piece in _pieces(source, begin, length):
        total.update(piece)
    source.seek(begin + length)
    if not hmac.compare_digest(total.digest()[:_SUM_BYTES], source.read(_SUM_BYTES)):
        raise Damaged("is damaged: the sum of an encrypted file differs")
    plain = _decrypted(_pieces(source, begin, length), keys[:size])
    return io.BufferedReader(_Pieces(_unpacked(plain, method)), _PIECE)


def _aes_extra(member: zipfile.ZipInfo) -> tuple[int, int]:
    """Return the strength of the key and how the file was packed before it was encrypted."""
    extra = member.extra
    while len(extra) >= 4:
        tag, length = struct.unpack_from("<HH", extra)
        if tag == _AES_EXTRA and length >= 7:
            _, _, strength, method = struct.unpack_from("<H2sBH", extra, 4)
            if strength in _KEY_BYTES:
                return strength, method
        extra = extra[4 + length :]
    raise zipfile.BadZipFile("an encrypted file does not say how")


def _start(source: IO[bytes], member: zipfile.ZipInfo) -> int:
    """Return where the bytes of a file begin, behind its own header."""
    source.seek(member.header_offset)
    header = source.read(30)
    if len(header) < 30 or not header.startswith(b"PK\3\4"):
        raise zipfile.BadZipFile("a file has no header")
    name_length, extra_length = struct.unpack_from("<HH", header, 26)
    return int(member.header_offset + 30 + name_length + extra_length)


def _pieces(source: IO[bytes], begin: int, length: int) -> Iterator[bytes]:
    at = begin
    while at < begin + length:
        source.seek(at)
        piece = source.read(min(_PIECE, begin + length - at))
        if not piece:
            raise zipfile.BadZipFile("it is cut off")
        at += len(piece)
        yield piece


def _decrypted(pieces: Iterator[bytes], key: bytes) -> Iterator[bytes]:
    """Yield the plain bytes: AES in counter mode, whose counter begins at 1 and grows from its first byte."""
    blocks = Cipher(algorithms.AES(key), modes.ECB()).encryptor()
    number = 1
    for piece in pieces:
        count = -(-len(piece) // 16)
        counters = np.zeros((count, 2), dtype="<u8")
        counters[:, 0] = np.arange(number, number + count, dtype="<u8")
        number += count
        stream = np.frombuffer(blocks.update(counters.tobytes()), np.uint8)[: len(piece)]
        yield (np.frombuffer(piece, np.uint8) ^ stream).tobytes()


def _unpacked(plain: Iterator[bytes], method: int) -> Iterator[bytes]:
    if method == zipfile.ZIP_STORED:
        yield from plain
        return
    if method != zipfile.ZIP_DEFLATED:
        raise NotImplementedError(
            f"an encrypted file is packed with method {method}"
        )  # as `zipfile` says of plain ones
    deflated = zlib.decompressobj(_RAW_DEFLATE)
    for piece in plain:
        yield deflated.decompress(piece)
    yield deflated.flush()
    if not deflated.eof:
        raise zipfile.BadZipFile("it is cut off")


class _Pieces(io.RawIOBase):
    """Pieces of bytes as a stream."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._left = pieces
        self._piece = b""

    def readable(self) -> bool:
        return True

    def readinto(self, target: bytearray | memoryview) -> int:  # type: ignore[override]  # any buffer that is asked for
        while not self._piece:
            following = next(self._left, None)
            if following is None:
                return 0
            self._piece = following
        size = min(len(target), len(self._piece))
        target[:size] = self._piece[:size]
        self._piece = self._piece[size:]
        return size
