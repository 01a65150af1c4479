"""Aggregates as Spark SQL (function reference 12)."""

from __future__ import annotations

from penstock.engines.spark.casts import wide, wrap_long
from penstock.engines.spark.comparisons import COMPARISONS, group_key, order_keys
from penstock.engines.spark.dialect import encoded
from penstock.engines.spark.types import SQL_TYPES, quote
from penstock.plan.dtypes import DType, Kind
from penstock.plan.operators import Measure
from penstock.plan.schema import Schema

_WHOLE = (Kind.INT, Kind.LONG)


def measure_sql(measure: Measure, given: Schema) -> str:
    """Return one aggregate over the input's columns."""
    if measure.field is None:
        return "count(*)"
    field = given.find(measure.field)
    if field is None:
        raise KeyError(measure.field)
    column, dtype = quote(field.name), field.dtype
    match measure.function:
        case "count":
            return f"count({column})"
        case "count_distinct" | "hyperloglog":
            return f"count(DISTINCT CASE WHEN {column} IS NULL THEN NULL ELSE {group_key(column, dtype)} END)"
        case "sum":
            if dtype.kind in _WHOLE:
                return wrap_long(f"sum({wide(column)})")
            return f"sum(CAST({column} AS DOUBLE))"
        case "average":
            if dtype.kind in _WHOLE:
                # The exact sum, rounded once; Spark would add doubles.
                return f"try_divide(CAST(sum({wide(column)}) AS DOUBLE), count({column}))"
            return f"avg(CAST({column} AS DOUBLE))"
        case "collect":
            row = f"'[' || {encoded(column, dtype)} || ']'"
            order = ", ".join(_order(given, key.field, key.direction.value) for key in measure.order)
            rows = f"listagg({row}, ','){f' WITHIN GROUP (ORDER BY {order})' if order else ''}"
            return f"'{{\"g\":[' || coalesce({rows}, '') || ']}}'"
        case _:
            return _extreme(measure.function, column, dtype)


def _order(given: Schema, name: str, direction: str) -> str:
    field = given.find(name)
    if field is None:
        raise KeyError(name)
    return order_keys(name, field.dtype, direction)


def _extreme_real(word: str, column: str, sql_type: str) -> str:
    """Spark's greatest number is NaN, so only the minimum has to look for it; its zeros are equal, Java's are not."""
    negative = COMPARISONS.is_negative(column)
    zero, sign = ("-0.0", negative) if word == "min" else ("0.0", f"NOT {negative}")
    nan = f"WHEN bool_or(isnan({column})) THEN CAST('NaN' AS {sql_type}) " if word == "min" else ""
    zeros = f"bool_or({column} = 0 AND {sign})"
    return (
        f"CASE {nan}WHEN {word}({column}) = 0 AND {zeros} THEN CAST('{zero}' AS {sql_type}) ELSE {word}({column}) END"
    )


def _extreme(function: str, column: str, dtype: DType) -> str:
    word = "min" if function == "minimum" else "max"
    match dtype.kind:
        case Kind.FLOAT | Kind.DOUBLE:
            return _extreme_real(word, column, SQL_TYPES[dtype.kind])
        case Kind.CHARARRAY:
            return f"{word}_by({column}, {COMPARISONS.text_key(column)})"
        case Kind.DATETIME:
            return f"{word}_by({column}, ({column}).t)"
        case _:
            return f"{word}({column})"
