"""Parquet files whose times lie so far off that engines, which count microseconds, cannot hold them."""

from __future__ import annotations

import json
from collections.abc import Callable

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from penstock.errors import PermanentError
from penstock.plan.ports import FileEntry

FARTHEST = (2**63 - 1) // 1000
"""Milliseconds before and after 1970 that are not too many microseconds."""


def check_times(file: FileEntry, names: frozenset[str], stopped: Callable[[], None]) -> None:
    """Look at the columns *names* of a Parquet file that count milliseconds; nothing is said of one that cannot be read, which
    whoever reads it says better. Raises PermanentError for times before or after what engines hold."""
    try:
        with pq.ParquetFile(file.location) as read:
            for index in _in_milliseconds(read.metadata):
                path = read.metadata.schema.column(index).path
                name = next((one for one in names if path == one or path.startswith(f"{one}.")), None)
                if name is not None and not _is_held(read, index, stopped):
                    raise PermanentError(
                        f"{file.name} holds times in its column '{name}' that lie beyond the year 294,246, which are not "
                        "read. Write them as texts."
                    )
    except (pa.ArrowException, OSError):
        return


def _in_milliseconds(metadata: pq.FileMetaData) -> list[int]:
    kinds = (json.loads(metadata.schema.column(index).logical_type.to_json()) for index in range(metadata.num_columns))
    return [
        index for index, one in enumerate(kinds) if one.get("timeUnit") == "milliseconds" and one["Type"] == "Timestamp"
    ]


def _is_held(read: pq.ParquetFile, index: int, stopped: Callable[[], None]) -> bool:
    """Tell whether every time of a column is held, by its statistics, or by its values where a part of the file has none."""
    for group in range(read.metadata.num_row_groups):
        found = read.metadata.row_group(group).column(index)
        if found.statistics is not None and found.statistics.has_min_max:
            least, most = found.statistics.min_raw, found.statistics.max_raw
        elif (values := _values(read, group, found.path_in_schema)) is not None:
            stopped()
            least, most = (one.as_py() for one in pc.min_max(values).values())
        else:
            continue
        if least is not None and (least < -FARTHEST or most > FARTHEST):
            return False
    return True


def _values(read: pq.ParquetFile, group: int, path: str) -> pa.ChunkedArray | None:
    """Return the milliseconds of a column in a part of a file, None for one inside another."""
    table = read.read_row_group(group, columns=[path])
    if table.num_columns != 1 or not pa.types.is_timestamp(table.column(0).type):
        return None
    return table.column(0).cast(pa.timestamp("ms", table.column(0).type.tz)).cast(pa.int64())
