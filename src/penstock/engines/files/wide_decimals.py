"""Parquet files whose decimals have more digits than engines hold, as files with texts in their place.

DuckDB reads a decimal of more than 38 digits as a real number, and of some lengths as another one than there is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from penstock.errors import PermanentError
from penstock.plan.ports import FileEntry


def has_wide_decimals(file: FileEntry, names: frozenset[str]) -> bool:
    """Tell whether the columns *names* of a Parquet file hold decimals of more than 38 digits; False where it cannot be read,
    which whoever reads it says better. Raises PermanentError where they lie inside others."""
    try:
        schema = pq.read_schema(file.location)
    except (pa.ArrowException, OSError):
        return False
    for column in schema:
        if column.name in names and not _is_wide(column.type) and any(map(_is_wide, _inside(column.type))):
            raise PermanentError(
                f"{file.name} holds decimals of more than 38 digits inside its column '{column.name}', which are not read. "
                "Write them as texts, or as decimals of fewer digits."
            )
    return any(column.name in names and _is_wide(column.type) for column in schema)


def rewrite_decimals(location: str, target: Path, stopped: Callable[[], None]) -> None:
    """Write the same records with texts for such decimals. Raises OSError where there is no room."""
    with pq.ParquetFile(location, coerce_int96_timestamp_unit="us") as read:
        schema = pa.schema(
            [one.with_type(pa.string()) if _is_wide(one.type) else one for one in read.schema_arrow.remove_metadata()]
        )
        with pq.ParquetWriter(target, schema, compression="snappy") as writer:
            for batch in read.iter_batches():
                stopped()
                arrays = [_texts(one) if _is_wide(one.type) else one for one in batch.columns]
                writer.write_batch(pa.record_batch(arrays, schema))


def _texts(decimals: pa.Array) -> pa.Array:
    return pa.array([None if one is None else format(one, "f") for one in decimals.to_pylist()], pa.string())


def _is_wide(given: pa.DataType) -> bool:
    return bool(pa.types.is_decimal256(given))


def _inside(given: pa.DataType) -> Iterator[pa.DataType]:
    for at in range(given.num_fields):
        yield given.field(at).type
        yield from _inside(given.field(at).type)
