"""Casts as DuckDB SQL (dataflow reference 4.4): a plain form for plain values, the shared form for the rest.

Texts from files are mostly plain numbers, so a text cast tries DuckDB's own conversion and keeps it only where its
result is certain to be Java's; every other value takes the shared function.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from penstock.engines.duckdb import canonical
from penstock.engines.duckdb.types import SQL_TYPES
from penstock.engines.templates import four_digit_year
from penstock.plan.dtypes import DType, Kind
from penstock.plan.ports import Context


@dataclass(frozen=True, slots=True)
class Counting(Context):
    """A context in which the sequence *tally* counts the values that a cast cannot convert, and *unread* the texts that
    could not be read as JSON; both become null."""

    tally: str = ""
    unread: str = ""


def wrap_int(sql: str) -> str:
    """Return the low 32 bits of a BIGINT that lies well inside its range, as INTEGER."""
    return f"CAST((({sql} + 2147483648) & 4294967295) - 2147483648 AS INTEGER)"


def wrap_long(sql: str) -> str:
    """Return the low 64 bits of a HUGEINT, as BIGINT."""
    return (
        f"CAST((({sql} + 9223372036854775808::HUGEINT) & 18446744073709551615::HUGEINT)"
        " - 9223372036854775808::HUGEINT AS BIGINT)"
    )


def instant(ms: str, offset: str) -> str:
    """Return a datetime from SQL for milliseconds and offset; null milliseconds give null."""
    return f"CASE WHEN ({ms}) IS NULL THEN NULL ELSE {{'t': CAST({ms} AS BIGINT), 'o': CAST({offset} AS INTEGER)}} END"


def no_number(sql: str) -> str:
    """Return the test for null and for texts that Java takes for no number at all, such as NA, without asking Python."""
    return f"({sql} IS NULL OR NOT regexp_matches({sql}, '\\p{{N}}|NaN|Infinity'))"


def _unfit(kind: Kind, context: Context) -> str | None:
    """Return the SQL of what a value becomes that does not fit, where that is counted."""
    if not isinstance(context, Counting):
        return None
    return f"CASE WHEN nextval('{context.tally}') < 0 THEN CAST('0' AS {SQL_TYPES[kind]}) END"


def _or_unfit(shared: str, unfit: str | None) -> str:
    return shared if unfit is None else f"coalesce({shared}, {unfit})"


def _no_number(sql: str, unfit: str | None) -> str:
    """The branch of a text that is no number at all; a null is one too, and not counted."""
    if unfit is None:
        return f"WHEN {no_number(sql)} THEN NULL"
    return f"WHEN {sql} IS NULL THEN NULL WHEN {no_number(sql)} THEN {unfit}"


def text_to_whole(sql: str, kind: Kind, unfit: str | None = None) -> str:
    """Text to int or long: the text that prints back as itself is a plain number; anything else is Java's business, and
    *unfit* what it does not take."""
    word, sql_type = ("int", "INTEGER") if kind is Kind.INT else ("long", "BIGINT")
    attempt = f"TRY_CAST({sql} AS {sql_type})"
    return (
        f"CASE WHEN CAST({attempt} AS VARCHAR) = {sql} THEN {attempt} "
        f"{_no_number(sql, unfit)} ELSE {_or_unfit(f'ps_text_to_{word}({sql})', unfit)} END"
    )


def text_to_real(sql: str, kind: Kind, attempt: str | None = None, unfit: str | None = None) -> str:
    """Text to float or double: DuckDB reads plain decimals exactly; underscores, blanks, words and a sign behind another
    are Java's business, and *unfit* what it does not take.

    *attempt* is the column that holds DuckDB's own conversion, where there is one.
    """
    word, sql_type = ("float", "FLOAT") if kind is Kind.FLOAT else ("double", "DOUBLE")
    attempt = attempt or f"TRY_CAST({sql} AS {sql_type})"
    return (
        f"CASE WHEN isfinite({attempt}) AND NOT contains({sql}, '_') AND NOT contains({sql}, '+-') THEN {attempt} "
        f"{_no_number(sql, unfit)} ELSE {_or_unfit(f'ps_text_to_{word}({sql})', unfit)} END"
    )


_INSTANT = "[0-9]{4}-[0-9]{2}-[0-9]{2}T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\\.[0-9]{1,3})?Z"


def text_to_datetime(sql: str, zone_minutes: int, attempt: str | None = None, shared: str = "ps_parse_iso") -> str:
    """ISO text to datetime: DuckDB reads a plain date and an instant in UTC, *shared* every other form.

    *attempt* is the column that holds DuckDB's own conversion to TIMESTAMP, where there is one.
    """
    attempt = attempt or f"TRY_CAST({sql} AS TIMESTAMP)"
    shift = f" - {zone_minutes * 60_000}" if zone_minutes else ""
    # A date that prints back as itself is one; 'infinity' would, but has another length.
    is_day = f"strlen({sql}) = 10 AND CAST(CAST({attempt} AS DATE) AS VARCHAR) = {sql}"
    is_instant = f"regexp_full_match({sql}, '{_INSTANT}') AND {attempt} IS NOT NULL"
    return (
        f"CASE WHEN {is_day} THEN {{'t': epoch_ms({attempt}){shift}, 'o': {zone_minutes}::INTEGER}} "
        f"WHEN {is_instant} THEN {{'t': epoch_ms({attempt}), 'o': 0::INTEGER}} "
        f"WHEN {sql} IS NULL THEN NULL ELSE {shared}({sql}, {zone_minutes}::INTEGER) END"
    )


def text_to_boolean(sql: str, unfit: str | None = None) -> str:
    """`true` and `false` in any case, that of the long s too, else null, or *unfit*."""
    rest = "" if unfit is None else f" ELSE CASE WHEN {sql} IS NOT NULL THEN {unfit} END"
    return f"CASE lower({sql}) WHEN 'true' THEN true WHEN 'false' THEN false WHEN 'fal\u017fe' THEN false{rest} END"


def real_to_text(sql: str, kind: Kind) -> str:
    """A double or float as Java prints it: between 0.001 and ten million DuckDB prints the same, but for floats of more
    than seven digits, which it does not cut to the fewest that name them."""
    word = "float" if kind is Kind.FLOAT else "double"
    short = f" AND strlen(CAST({sql} AS VARCHAR)) <= 8" if kind is Kind.FLOAT else ""
    return (
        f"CASE WHEN abs({sql}) >= 0.001 AND abs({sql}) < 1e7{short} THEN CAST({sql} AS VARCHAR) "
        f"ELSE ps_{word}_to_text({sql}) END"
    )


def datetime_to_text(sql: str) -> str:
    """A datetime as ISO text: UTC of four-digit years by DuckDB, the rest by the shared function."""
    plain = f"strftime(make_timestamp_ms({sql}.t), '%Y-%m-%dT%H:%M:%S.%gZ')"
    return (
        f"CASE WHEN {sql} IS NULL THEN NULL WHEN {sql}.o = 0 AND {four_digit_year(f'{sql}.t')} THEN {plain} "
        f"ELSE ps_print_iso({sql}) END"
    )


def real_to_whole(sql: str, kind: Kind) -> str:
    """Truncation toward zero; what is out of range, and NaN, is left to the shared function."""
    word, sql_type, bound = ("int", "INTEGER", "2147483647") if kind is Kind.INT else ("long", "BIGINT", "9e18")
    return (
        f"CASE WHEN abs({sql}) < {bound} THEN CAST(trunc({sql}) AS {sql_type}) "
        f"ELSE ps_double_to_{word}(CAST({sql} AS DOUBLE)) END"
    )


def _from_number(sql: str, kind: Kind, to: Kind, context: Context) -> str:
    whole = kind in (Kind.INT, Kind.LONG)
    match to:
        case Kind.LONG | Kind.INT if not whole:
            return real_to_whole(sql, to)
        case Kind.INT:
            return wrap_int(f"({sql} & 4294967295)")
        case Kind.FLOAT if kind is Kind.DOUBLE:
            return f"CASE WHEN abs({sql}) < 3.4e38 THEN CAST({sql} AS FLOAT) ELSE ps_to_float32({sql}) END"
        case Kind.LONG | Kind.FLOAT | Kind.DOUBLE:
            return f"CAST({sql} AS {SQL_TYPES[to]})"
        case Kind.CHARARRAY:
            return f"CAST({sql} AS VARCHAR)" if whole else real_to_text(sql, kind)
        case Kind.BOOLEAN:
            return f"({sql} <> 0)"
        case _:
            ms = f"CAST({sql} AS BIGINT)" if whole else real_to_whole(sql, Kind.LONG)
            return instant(ms, str(context.zone_minutes))


def _from_text(sql: str, kind: Kind, to: Kind, context: Context) -> str:
    match to:
        case Kind.INT | Kind.LONG:
            return text_to_whole(sql, to, _unfit(to, context))
        case Kind.FLOAT | Kind.DOUBLE:
            return text_to_real(sql, to, unfit=_unfit(to, context))
        case Kind.BOOLEAN:
            return text_to_boolean(sql, _unfit(to, context))
        case _:
            return text_to_datetime(sql, context.zone_minutes)


def _from_boolean(sql: str, kind: Kind, to: Kind, context: Context) -> str:
    return f"CAST({sql} AS {SQL_TYPES[to]})" if to is not Kind.FLOAT else f"CAST(CAST({sql} AS INTEGER) AS FLOAT)"


def _from_datetime(sql: str, kind: Kind, to: Kind, context: Context) -> str:
    match to:
        case Kind.CHARARRAY:
            return datetime_to_text(sql)
        case Kind.INT:
            return wrap_int(f"(({sql}).t & 4294967295)")
        case _:
            return f"CAST(({sql}).t AS {SQL_TYPES[to]})"


def from_value(sql: str, to: Kind, context: Context) -> str:
    """Return a value without a declared type as *to*, by the shared forms; they mention it once, so it may be long."""
    if to is Kind.DATETIME:
        return f"ps_value_to_datetime({sql}, {context.zone_minutes}::INTEGER)"
    if to in (Kind.MAP, Kind.BAG, Kind.TUPLE):
        return f"ps_value_to_structure({sql}, '{to.value}')"
    return f"ps_value_to_{'text' if to is Kind.CHARARRAY else to.value}({sql})"


def from_untyped(sql: str, to: Kind, context: Context) -> str:
    """Return a value as *to*, as `from_value`, for a value that is not null; what a number cannot be made of is counted where
    that is done."""
    if to is Kind.BYTEARRAY:
        return sql
    shared, unfit = from_value(sql, to, context), _unfit(to, context)
    return shared if unfit is None or to is Kind.CHARARRAY else _or_unfit(shared, unfit)


def _from_value(sql: str, kind: Kind, to: Kind, context: Context) -> str:
    shared = from_value(sql, to, context)
    if to is Kind.CHARARRAY:
        return canonical.to_text(sql, shared)
    if to in (Kind.DATETIME, Kind.MAP, Kind.BAG, Kind.TUPLE):
        return shared
    unfit = _unfit(to, context)
    made = _or_unfit(shared, unfit)
    match to:
        case Kind.INT:
            return canonical.to_whole(sql, wrap_int("({0} & 4294967295)"), made)
        case Kind.LONG:
            return canonical.to_whole(sql, "{0}", made)
        case Kind.DOUBLE:
            return canonical.to_double(sql, made)
        case _:
            return made if unfit is None else f"CASE WHEN {sql} IS NOT NULL THEN {made} END"


def _from_structure(sql: str, kind: Kind, to: Kind, context: Context) -> str:
    return f"ps_structure_to_json({sql})"


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
