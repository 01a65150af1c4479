"""Staged records as compressed files of text with commas, which warehouses load from a place of files."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

PART_BYTES = 128 << 20
"""Of the text of a file, before it is compressed; warehouses read several at once."""
_LARGE = pa.large_string()
Texts = Callable[[pa.RecordBatch], Sequence[pa.Array]]


def parts(batches: Iterator[pa.RecordBatch], folder: Path, texts: Texts, null: str) -> Iterator[Path]:
    """Yield files of lines of batches in a folder, one after the other, none without a record. *texts* makes the columns of a
    batch texts as they are to stand there; *null* stands for null. Whoever takes a file removes it."""
    batches = (one for one in batches if one.num_rows)
    following = next(batches, None)
    number = 0
    while following is not None:
        part, size = folder / f"{number:05d}.csv.zst", 0
        with pa.CompressedOutputStream(str(part), "zstd") as out:
            while following is not None and size < PART_BYTES:
                lines = _lines(texts(following), null)
                out.write(lines)
                size += len(lines)
                following = next(batches, None)
        number += 1
        yield part


def _lines(columns: Sequence[pa.Array], null: str) -> bytes:
    joined = pc.binary_join_element_wise(
        *columns, pa.scalar(",", _LARGE), null_handling="replace", null_replacement=null
    )
    return ("\n".join(joined.to_pylist()) + "\n").encode()


def in_quotes(column: pa.Array) -> pa.Array:
    """Return texts in quotes, those within them doubled; null stays null."""
    doubled = pc.replace_substring(column.cast(_LARGE), pattern='"', replacement='""')
    quote = pa.scalar('"', _LARGE)
    return pc.binary_join_element_wise(quote, doubled, quote, pa.scalar("", _LARGE))


def plain(column: pa.Array) -> pa.Array:
    """Return values as texts: instants without their zone, which is UTC."""
    return (column.cast(pa.timestamp("us")) if pa.types.is_timestamp(column.type) else column).cast(_LARGE)


def followed(column: pa.Array, end: str) -> pa.Array:
    """Return texts with something behind each; null stays null."""
    return pc.binary_join_element_wise(column, pa.scalar(end, _LARGE), pa.scalar("", _LARGE))
