"""Casts as Spark SQL (dataflow reference 4.4): what Spark, being Java, does exactly, and the shared form for the rest."""

from __future__ import annotations

from collections.abc import Callable

from penstock.engines.spark.shared import shared, unless
from penstock.engines.spark.types import SQL_TYPES, datetime_of
from penstock.engines.templates import four_digit_year
from penstock.plan.dtypes import DType, Kind
from penstock.plan.ports import Context

_WIDE = "DECIMAL(38, 0)"
"""Holds the product of two longs."""


def wrap_int(sql: str) -> str:
    """Return the low 32 bits of a BIGINT that lies well inside its range, as INT."""
    return f"CAST((({sql} + 2147483648) & 4294967295) - 2147483648 AS INT)"


def wrap_long(sql: str) -> str:
    """Return the low 64 bits of a whole DECIMAL, as BIGINT."""
    return f"CAST(pmod({sql} + 9223372036854775808, 18446744073709551616) - 9223372036854775808 AS BIGINT)"


def wide(sql: str) -> str:
    """Return a whole number as a DECIMAL that holds the product of two longs."""
    return f"CAST({sql} AS {_WIDE})"


def instant(ms: str, offset: str) -> str:
    """Return a datetime from SQL for milliseconds and offset; null milliseconds give null."""
    return f"CASE WHEN ({ms}) IS NULL THEN NULL ELSE {datetime_of(ms, offset)} END"


_NUMBER = "'\\\\p{N}|NaN|Infinity'"


def text_to_whole(sql: str, kind: Kind) -> str:
    """Text to int or long: the text that prints back as itself is a plain number; anything else is Java's business."""
    attempt = f"try_cast({sql} AS {SQL_TYPES[kind]})"
    plain = f"CAST({attempt} AS STRING) = {sql}"
    no_number = f"{sql} IS NULL OR NOT {sql} RLIKE {_NUMBER}"
    rest = unless(f"{plain} OR {no_number}", f"text_to_{kind.value}", sql)
    return f"CASE WHEN {plain} THEN {attempt} WHEN {no_number} THEN NULL ELSE {rest} END"


def text_to_real(sql: str, kind: Kind) -> str:
    """Text to float or double, read by Java itself; the words that only Spark takes for numbers are kept from it."""
    return f"CASE WHEN {sql} RLIKE '[0-9]|NaN|Infinity' THEN try_cast({sql} AS {SQL_TYPES[kind]}) END"


_DAY = "'^[0-9]{4}-[0-9]{2}-[0-9]{2}\\\\z'"
_INSTANT = "'^[0-9]{4}-[0-9]{2}-[0-9]{2}T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\\\\.[0-9]{1,3})?Z\\\\z'"


def text_to_datetime(sql: str, zone_minutes: int) -> str:
    """ISO text to datetime: Spark reads a plain date and an instant in UTC, the shared function every other form."""
    is_day = f"{sql} RLIKE {_DAY} AND try_cast({sql} AS DATE) IS NOT NULL"
    is_instant = f"{sql} RLIKE {_INSTANT} AND try_cast({sql} AS TIMESTAMP) IS NOT NULL"
    day = f"unix_date(try_cast({sql} AS DATE)) * 86400000L - {zone_minutes * 60_000}"
    rest = unless(f"({is_day}) OR ({is_instant})", "parse_iso", sql, str(zone_minutes))
    return (
        f"CASE WHEN {is_day} THEN {datetime_of(day, str(zone_minutes))} "
        f"WHEN {is_instant} THEN {datetime_of(f'unix_millis(try_cast({sql} AS TIMESTAMP))', '0')} "
        f"WHEN {sql} IS NULL THEN NULL ELSE {rest} END"
    )


def text_to_boolean(sql: str) -> str:
    """`true` and `false` in any case, that of the long s too, else null."""
    return f"CASE lower({sql}) WHEN 'true' THEN true WHEN 'false' THEN false WHEN 'fal\u017fe' THEN false END"


def real_to_text(sql: str, kind: Kind) -> str:
    """A double or float as Java 8 prints it; Java 19 and later print some numbers shorter, none of those in between."""
    word = "float" if kind is Kind.FLOAT else "double"
    plain = f"abs({sql}) >= 0.001D AND abs({sql}) < 1e7D"
    if kind is Kind.FLOAT:
        plain += f" AND length(CAST({sql} AS STRING)) <= 8"
    return f"CASE WHEN {plain} THEN CAST({sql} AS STRING) ELSE {unless(plain, f'{word}_to_text', sql)} END"


def datetime_to_text(sql: str) -> str:
    """A datetime as ISO text: UTC of four-digit years by Spark, the rest by the shared function."""
    plain = f"({sql}).o = 0 AND {four_digit_year(f'({sql}).t')}"
    form = "'yyyy-MM-dd\\'T\\'HH:mm:ss.SSS\\'Z\\''"
    return (
        f"CASE WHEN {sql} IS NULL THEN NULL WHEN {plain} THEN date_format(timestamp_millis(({sql}).t), {form}) "
        f"ELSE {unless(plain, 'print_iso', sql)} END"
    )


def real_to_whole(sql: str, kind: Kind) -> str:
    """Truncation toward zero; NaN is 0, what is out of range the limit."""
    if kind is Kind.INT:
        sql_type, least, greatest = "INT", "-2147483648", "2147483647"
        inside = f"{sql} > -2147483649D AND {sql} < 2147483648D"
    else:
        sql_type, least, greatest = "BIGINT", "-9223372036854775808", "9223372036854775807"
        inside = f"{sql} >= -9.223372036854775808e18D AND {sql} < 9.223372036854775808e18D"
    return (
        f"CASE WHEN {inside} THEN CAST({sql} AS {sql_type}) WHEN isnan({sql}) THEN CAST(0 AS {sql_type}) "
        f"WHEN {sql} > 0 THEN CAST('{greatest}' AS {sql_type}) WHEN {sql} < 0 THEN CAST('{least}' AS {sql_type}) END"
    )


def _from_number(sql: str, kind: Kind, to: Kind, context: Context) -> str:
    whole = kind in (Kind.INT, Kind.LONG)
    match to:
        case Kind.LONG | Kind.INT if not whole:
            return real_to_whole(sql, to)
        case Kind.INT:
            return wrap_int(f"({sql} & 4294967295)")
        case Kind.LONG | Kind.FLOAT | Kind.DOUBLE:
            return f"CAST({sql} AS {SQL_TYPES[to]})"
        case Kind.CHARARRAY:
            return f"CAST({sql} AS STRING)" if whole else real_to_text(sql, kind)
        case Kind.BOOLEAN:
            return f"({sql} <> 0)"
        case _:
            ms = f"CAST({sql} AS BIGINT)" if whole else real_to_whole(sql, Kind.LONG)
            return instant(ms, str(context.zone_minutes))


def _from_text(sql: str, kind: Kind, to: Kind, context: Context) -> str:
    match to:
        case Kind.INT | Kind.LONG:
            return text_to_whole(sql, to)
        case Kind.FLOAT | Kind.DOUBLE:
            return text_to_real(sql, to)
        case Kind.BOOLEAN:
            return text_to_boolean(sql)
        case _:
            return text_to_datetime(sql, context.zone_minutes)


def _from_boolean(sql: str, kind: Kind, to: Kind, context: Context) -> str:
    return f"CAST({sql} AS {SQL_TYPES[to]})"


def _from_datetime(sql: str, kind: Kind, to: Kind, context: Context) -> str:
    match to:
        case Kind.CHARARRAY:
            return datetime_to_text(sql)
        case Kind.INT:
            return wrap_int(f"(({sql}).t & 4294967295)")
        case _:
            return f"CAST(({sql}).t AS {SQL_TYPES[to]})"


def _from_value(sql: str, kind: Kind, to: Kind, context: Context) -> str:
    if to is Kind.DATETIME:
        return shared("value_to_datetime", sql, str(context.zone_minutes))
    if to in (Kind.MAP, Kind.BAG, Kind.TUPLE):
        return shared("value_to_structure", sql, f"'{to.value}'")
    return shared(f"value_to_{'text' if to is Kind.CHARARRAY else to.value}", sql)


def _from_structure(sql: str, kind: Kind, to: Kind, context: Context) -> str:
    return shared("structure_to_json", sql)


_FROM: dict[Kind, Callable[[str, Kind, Kind, Context], str]] = {
    **dict.fromkeys((Kind.INT, Kind.LONG, Kind.FLOAT, Kind.DOUBLE), _from_number),
    Kind.CHARARRAY: _from_text,
    Kind.BOOLEAN: _from_boolean,
    Kind.DATETIME: _from_datetime,
    Kind.BYTEARRAY: _from_value,
    **dict.fromkeys((Kind.MAP, Kind.BAG, Kind.TUPLE), _from_structure),
}


def cast(sql: str, given: DType, to: DType, context: Context) -> str:
    """Return the SQL that casts *sql* of type *given* to *to*; *sql* may appear several times in it."""
    if given.kind is to.kind:
        return sql
    return _FROM[given.kind](sql, given.kind, to.kind, context)
