"""Packed files that DuckDB would read without a word: one that ends too early, or is packed in another way."""

from __future__ import annotations

from penstock.engines.files.opening import opened, packing
from penstock.plan.operators import FileSource
from penstock.plan.ports import FileEntry

_PIECE = 1 << 18


def check_packed(source: FileSource, files: tuple[FileEntry, ...]) -> None:
    """Unpack every gzip file once and keep nothing: DuckDB takes the end of a file for the end of its data, and compares
    no checksum. Raises PermanentError for a file that is cut off, damaged, or packed in another way."""
    for file in files:
        if packing(source, file) != "none":
            with opened(source, file) as stream:
                while stream.read(_PIECE):
                    pass
