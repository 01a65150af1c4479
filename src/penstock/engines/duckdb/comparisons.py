"""Comparisons, sort keys and group keys as DuckDB SQL."""

from __future__ import annotations

from penstock.engines.comparisons import Comparisons
from penstock.engines.duckdb.types import column_of


def text_key(sql: str) -> str:
    """Return a text whose byte order is the UTF-16 order of *sql*; ASCII is its own key."""
    return f"CASE WHEN strlen({sql}) = length({sql}) THEN {sql} ELSE ps_utf16_key({sql}) END"


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
compare, order_keys, group_key = COMPARISONS.compare, COMPARISONS.order_keys, COMPARISONS.group_key
