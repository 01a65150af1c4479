"""Aggregates as Spark SQL (function reference 12)."""

from __future__ import annotations

from collections.abc import Sequence

from penstock.engines.spark.casts import wide, wrap_long
from penstock.engines.spark.comparisons import COMPARISONS, group_key
from penstock.engines.spark.dialect import encoded
from penstock.engines.spark.types import SQL_TYPES, negative_zero, quote
from penstock.plan.dtypes import DType, Kind
from penstock.plan.operators import Measure, SortKey
from penstock.plan.schema import Schema

_WHOLE = (Kind.INT, Kind.LONG)


def measure_sql(measure: Measure, given: Schema, over: str = "") -> str:
    """Return one aggregate over the input's columns; *over* stands behind each call, where it is one over a window."""
    if measure.field is None:
        return f"count(*){over}"
    field = given.find(measure.field)
    if field is None:
        raise KeyError(measure.field)
    column, dtype = quote(field.name), field.dtype
    match measure.function:
        case "count":
            return f"count({column}){over}"
        case "count_distinct" | "hyperloglog":
            return f"count(DISTINCT CASE WHEN {column} IS NULL THEN NULL ELSE {group_key(column, dtype)} END)"
        case "sum":
            if dtype.kind in _WHOLE:
                return wrap_long(f"sum({wide(column)}){over}")
            return f"sum(CAST({column} AS DOUBLE)){over}"
        case "average":
            if dtype.kind in _WHOLE:
                # The sum as a long, which wraps round, then rounded once; Spark would add doubles.
                total = wrap_long(f"sum({wide(column)}){over}")
                return f"try_divide(CAST({total} AS DOUBLE), count({column}){over})"
            return f"avg(CAST({column} AS DOUBLE)){over}"
        case "collect":
            return _collect(measure, given, column, dtype)
        case _:
            return _extreme(measure.function, column, dtype, over)


def _collect(measure: Measure, given: Schema, column: str, dtype: DType) -> str:
    """The canonical text of a bag. Spark's listagg fails beside a distinct count, so the rows are sorted as an array."""
    row = f"'[' || {encoded(column, dtype)} || ']'"
    terms = [term for key in measure.order for term in _terms(given, key)]
    rows = f"collect_list({row})"
    if terms:
        keys = ", ".join(f"{sql} AS k{at}" for at, (sql, _) in enumerate(terms))
        sorted_rows = f"array_sort(collect_list(struct({row} AS row, {keys})), (a, b) -> {_comparison(terms)})"
        rows = f"transform({sorted_rows}, a -> a.row)"
    return f"'{{\"g\":[' || array_join({rows}, ',') || ']}}'"


def _terms(given: Schema, key: SortKey) -> list[tuple[str, bool]]:
    field = given.find(key.field)
    if field is None:
        raise KeyError(key.field)
    return COMPARISONS.order_terms(field.name, field.dtype, key.direction.value)


def _comparison(terms: Sequence[tuple[str, bool]]) -> str:
    """Compare `a` with `b` by their keys; nulls are the smallest."""
    tests = []
    for at, (_, ascends) in enumerate(terms):
        less, more = ("-1", "1") if ascends else ("1", "-1")
        one, other = f"a.k{at}", f"b.k{at}"
        tests.append(f"WHEN {one} IS NULL AND {other} IS NOT NULL OR {one} < {other} THEN {less}")
        tests.append(f"WHEN {one} IS NOT NULL AND {other} IS NULL OR {one} > {other} THEN {more}")
    return f"CASE {' '.join(tests)} ELSE 0 END"


def _extreme_real(word: str, column: str, sql_type: str, over: str) -> str:
    """Spark's greatest number is NaN, so only the minimum has to look for it; its zeros are equal, Java's are not."""
    negative = COMPARISONS.is_negative(column)
    zero, sign = (negative_zero(sql_type), negative) if word == "min" else (f"CAST(0 AS {sql_type})", f"NOT {negative}")
    nan = f"WHEN bool_or(isnan({column})){over} THEN CAST('NaN' AS {sql_type}) " if word == "min" else ""
    zeros = f"bool_or({column} = 0 AND {sign}){over}"
    extreme = f"{word}({column}){over}"
    return f"CASE {nan}WHEN {extreme} = 0 AND {zeros} THEN {zero} ELSE {extreme} END"


def _extreme(function: str, column: str, dtype: DType, over: str) -> str:
    word = "min" if function == "minimum" else "max"
    match dtype.kind:
        case Kind.FLOAT | Kind.DOUBLE:
            return _extreme_real(word, column, SQL_TYPES[dtype.kind], over)
        case Kind.CHARARRAY:
            return f"{word}_by({column}, {COMPARISONS.text_key(column)}){over}"
        case Kind.DATETIME:
            return f"{word}_by({column}, ({column}).t){over}"
        case _:
            return f"{word}({column}){over}"
