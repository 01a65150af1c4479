"""Aggregates as DuckDB SQL (function reference 12)."""

from __future__ import annotations

from penstock.engines.duckdb.casts import wrap_long
from penstock.engines.duckdb.comparisons import group_key, order_keys, text_key, text_of_key
from penstock.engines.duckdb.dialect import encoded
from penstock.engines.duckdb.types import column_of
from penstock.plan.dtypes import DType, Kind
from penstock.plan.operators import Measure
from penstock.plan.schema import Schema


def measure_sql(measure: Measure, given: Schema, over: str = "") -> str:
    """Return one aggregate over the input's columns; *over* stands behind each call, where it is one over a window."""
    if measure.field is None:
        return f"count(*){over}"
    field = given.find(measure.field)
    if field is None:
        raise KeyError(measure.field)
    column, dtype = column_of(field.name), field.dtype
    match measure.function:
        case "count":
            return f"count({column}){over}"
        case "count_distinct" | "hyperloglog":
            # DuckDB's own estimate is off by up to a half; an exact count is the best estimate of all, and can spill.
            return f"count(DISTINCT {_distinct_key(column, dtype)})"
        case "sum":
            if dtype.kind in (Kind.INT, Kind.LONG):
                return wrap_long(f"sum({column}){over}")
            return f"sum(CAST({column} AS DOUBLE)){over}"
        case "average":
            if dtype.kind is Kind.LONG:
                # The sum wraps round before it is divided; that of ints cannot.
                total = wrap_long(f"sum({column}){over}")
                return f"CAST({total} AS DOUBLE) / count({column}){over}"
            argument = column if dtype.kind is not Kind.FLOAT else f"CAST({column} AS DOUBLE)"
            return f"avg({argument}){over}"
        case "collect":
            order = ", ".join(_order(given, key.field, key.direction.value) for key in measure.order)
            row = f"'[' || {encoded(column, dtype)} || ']'"
            rows = f"string_agg({row}, ','{f' ORDER BY {order}' if order else ''})"
            return f"'{{\"g\":[' || coalesce({rows}, '') || ']}}'"
        case _:
            return _extreme(measure.function, column, dtype, over)


def _order(given: Schema, name: str, direction: str) -> str:
    field = given.find(name)
    if field is None:
        raise KeyError(name)
    return order_keys(name, field.dtype, direction)


def _distinct_key(column: str, dtype: DType) -> str:
    return f"CASE WHEN {column} IS NULL THEN NULL ELSE {group_key(column, dtype)} END"


def _extreme_real(word: str, column: str, sql_type: str, over: str) -> str:
    """DuckDB's greatest number is NaN, so only the minimum has to look for it; its zeros are equal, Java's are not."""
    zero, sign = ("'-0.0'", "") if word == "min" else ("'0.0'", "NOT ")
    nan = f"WHEN bool_or(isnan({column})){over} THEN 'NaN'::{sql_type} " if word == "min" else ""
    zeros = f"bool_or({column} = 0 AND {sign}signbit({column})){over}"
    extreme = f"{word}({column}){over}"
    return f"CASE {nan}WHEN {extreme} = 0 AND {zeros} THEN {zero}::{sql_type} ELSE {extreme} END"


def _extreme(function: str, column: str, dtype: DType, over: str) -> str:
    word = "min" if function == "minimum" else "max"
    match dtype.kind:
        case Kind.FLOAT | Kind.DOUBLE:
            return _extreme_real(word, column, dtype.kind.value.upper(), over)
        case Kind.CHARARRAY:
            return text_of_key(f"{word}({text_key(column)}){over}")
        case Kind.DATETIME:
            return f"arg_{word}({column}, ({column}).t){over}"
        case _:
            return f"{word}({column}){over}"
