"""Bytes packed while they are written."""

from __future__ import annotations

import bz2
import gzip
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import IO, Protocol, cast

import pyarrow as pa

_CHUNK = 900_000
"""What bzip2 packs at once, each time as a stream of its own: so several threads may."""


class Sink(Protocol):
    """Takes bytes."""

    def write(self, data: bytes | memoryview, /) -> object: ...


@contextmanager
def packed(target: IO[bytes], packing: str, threads: int) -> Iterator[Sink]:
    """Give what packs bytes into *target*, by a word of `compression`; it is whole once this is left without an error."""
    match packing:
        case "none":
            yield target
        case "gzip":
            with gzip.GzipFile(fileobj=target, mode="wb", compresslevel=6, filename="", mtime=0) as stream:
                yield stream
        case "bzip2":
            with _Bzip2(target, threads) as stream_of_chunks:
                yield stream_of_chunks
        case "zstd":
            with pa.CompressedOutputStream(pa.PythonFile(target, mode="w"), "zstd") as stream:
                yield cast(Sink, stream)
        case _:
            raise KeyError(packing)


class _Bzip2:
    def __init__(self, target: IO[bytes], threads: int) -> None:
        self._target = target
        self._pool = ThreadPoolExecutor(threads)
        self._most = 2 * threads
        self._waiting: deque[Future[bytes]] = deque()
        self._chunk = bytearray()
        self._is_empty = True

    def __enter__(self) -> _Bzip2:
        return self

    def write(self, data: bytes | memoryview) -> None:
        self._chunk += data
        while len(self._chunk) >= _CHUNK:
            self._pack(bytes(self._chunk[:_CHUNK]))
            del self._chunk[:_CHUNK]

    def _pack(self, chunk: bytes) -> None:
        self._is_empty = False
        self._waiting.append(self._pool.submit(bz2.compress, chunk))
        while len(self._waiting) > self._most:
            self._target.write(self._waiting.popleft().result())

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        with self._pool:
            if kind is None:
                if self._chunk or self._is_empty:
                    self._pack(bytes(self._chunk))
                while self._waiting:
                    self._target.write(self._waiting.popleft().result())
            self._pool.shutdown(cancel_futures=True)
