"""Comparisons, sort keys and group keys as DuckDB SQL."""

from __future__ import annotations

from penstock.engines.comparisons import Comparisons
from penstock.engines.duckdb.types import column_of
from penstock.plan.dtypes import DType, Kind


def text_key(sql: str) -> str:
    """Return a text whose byte order is the UTF-16 order of *sql*; ASCII is its own key."""
    return f"CASE WHEN strlen({sql}) = length({sql}) THEN {sql} ELSE ps_utf16_key({sql}) END"


def text_of_key(sql: str) -> str:
    """Return the text of which *sql* is the key: what a key puts before a character is left out."""
    marked = r"\x{10FFFF}([\x{E000}-\x{FFFF}])"
    return f"CASE WHEN strlen({sql}) = length({sql}) THEN {sql} ELSE regexp_replace({sql}, '{marked}', '\\1', 'g') END"


COMPARISONS = Comparisons(
    column_of=column_of,
    is_negative=lambda sql: f"signbit({sql})",
    text_key=text_key,
    real_text=lambda sql: f"CAST({sql} AS VARCHAR)",
    structure_key=lambda sql: f"ps_structure_key({sql})",
    # Not the column itself: DuckDB reads what it sorts by back from the sort key, which makes -0.0 to 0.0.
    real_key=lambda sql: f"{sql} + 0::DOUBLE",
    # Not the column itself: DuckDB would have Parquet files skip what cannot be among the first, uncounted.
    whole_key=lambda sql: f"xor({sql}, 0)",
)


def is_real(dtype: DType) -> bool:
    """Tell whether a type has two zeros."""
    return dtype.kind in (Kind.FLOAT, Kind.DOUBLE)


def own_keys(name: str, dtype: DType, direction: str, sign: str) -> str:
    """Return the ORDER BY terms of one field as `order_keys`, but of numbers the column itself, which a window then carries
    once: of a real it gives back one zero for both, and *sign* is a column that tells them apart (`negative_zero`)."""
    column = column_of(name)
    first, last = (
        ("ASC NULLS FIRST", "DESC NULLS FIRST") if direction == "asc" else ("DESC NULLS LAST", "ASC NULLS LAST")
    )
    if is_real(dtype):
        return f"{column} {first}, {sign} {last}"
    return f"{column} {first}" if dtype.kind in (Kind.INT, Kind.LONG) else order_keys(name, dtype, direction)


def negative_zero(sql: str) -> str:
    """Return the test for -0.0."""
    return f"({sql} = 0 AND signbit({sql}))"


compare, order_keys, group_key = COMPARISONS.compare, COMPARISONS.order_keys, COMPARISONS.group_key
