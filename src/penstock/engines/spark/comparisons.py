"""Comparisons, sort keys and group keys as Spark SQL. Spark orders NaN as Java does, and takes zeros of both signs for
equal, also as keys of groups and joins."""

from __future__ import annotations

from penstock.engines.comparisons import Comparisons
from penstock.engines.spark.shared import shared
from penstock.engines.spark.types import quote

COMPARISONS = Comparisons(
    column_of=quote,
    is_negative=lambda sql: f"(CAST({sql} AS STRING) = '-0.0')",
    # Binary values are ordered byte by byte, and these bytes as the units are.
    text_key=lambda sql: f"encode({sql}, 'UTF-16BE')",
    real_text=lambda sql: f"CAST({sql} AS STRING)",
    structure_key=lambda sql: shared("structure_key", sql),
    real_key=lambda sql: sql,
    whole_key=lambda sql: sql,
)
compare, order_keys, group_key = COMPARISONS.compare, COMPARISONS.order_keys, COMPARISONS.group_key
