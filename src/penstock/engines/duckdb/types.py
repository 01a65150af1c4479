"""How the language's types lie in DuckDB, and how values are written as SQL."""

from __future__ import annotations

import math
from typing import Any

from penstock.plan.dtypes import DType, Kind
from penstock.plan.values import Instant, Value, decode, encode

DATETIME_SQL = "STRUCT(t BIGINT, o INTEGER)"
"""Milliseconds since 1970 UTC and the offset in minutes; null is a null struct, never a struct of nulls."""

SQL_TYPES: dict[Kind, str] = {
    Kind.BOOLEAN: "BOOLEAN",
    Kind.INT: "INTEGER",
    Kind.LONG: "BIGINT",
    Kind.FLOAT: "FLOAT",
    Kind.DOUBLE: "DOUBLE",
    Kind.CHARARRAY: "VARCHAR",
    Kind.DATETIME: DATETIME_SQL,
    Kind.BYTEARRAY: "VARCHAR",
    Kind.MAP: "VARCHAR",
    Kind.BAG: "VARCHAR",
    Kind.TUPLE: "VARCHAR",
}
"""Byte arrays and structures travel as the canonical text of `penstock.plan.values`."""


def quote(name: str) -> str:
    """Return a name as an SQL identifier; any text is safe."""
    return '"' + name.replace('"', '""') + '"'


def column_of(field: str) -> str:
    """Return a field as an SQL identifier. DuckDB takes names that differ only in case for one, the language does not:
    the places of its capitals are written behind such a name.

    >>> column_of("total"), column_of("Total"), column_of("tOTAL")
    ('"total"', '"Total~1"', '"tOTAL~1e"')
    """
    capitals = sum(1 << at for at, char in enumerate(field) if char.isupper())
    return quote(f"{field}~{capitals:x}" if capitals else field)


def text_literal(text: str) -> str:
    """Return a text as an SQL literal; any text is safe, NUL included."""
    if "\0" in text:
        pieces = [f"'{piece.replace(chr(39), chr(39) * 2)}'" for piece in text.split("\0")]
        return "(" + " || chr(0) || ".join(pieces) + ")"
    return "'" + text.replace("'", "''") + "'"


def number_literal(number: float, sql_type: str) -> str:
    """Return a double or float as an SQL literal that keeps every bit, NaN and infinities included."""
    if math.isnan(number):
        return f"'NaN'::{sql_type}"
    if math.isinf(number):
        return f"'{'-' if number < 0 else ''}Infinity'::{sql_type}"
    return f"'{number!r}'::{sql_type}"


def literal(value: Value | None, dtype: DType) -> str:
    """Return a value as an SQL literal of the type that *dtype* has in DuckDB."""
    sql_type = SQL_TYPES[dtype.kind]
    if value is None:
        return f"NULL::{sql_type}"
    if dtype.kind in (Kind.BYTEARRAY, Kind.MAP, Kind.BAG, Kind.TUPLE):
        return text_literal(encode(value))
    match value.kind:
        case Kind.BOOLEAN:
            return "true" if value.data else "false"
        case Kind.INT | Kind.LONG:
            return f"({value.data})::{sql_type}"
        case Kind.FLOAT | Kind.DOUBLE:
            return number_literal(float(value.data), sql_type)
        case Kind.DATETIME:
            return f"{{'t': ({value.data.ms})::BIGINT, 'o': ({value.data.offset})::INTEGER}}"
        case _:
            return text_literal(str(value.data))


def to_value(raw: Any, dtype: DType) -> Value | None:
    """Return what DuckDB gave for an expression of *dtype* as a value."""
    if raw is None:
        return None
    if dtype.kind in (Kind.BYTEARRAY, Kind.MAP, Kind.BAG, Kind.TUPLE):
        return decode(raw)
    if dtype.kind is Kind.DATETIME:
        return Value(Kind.DATETIME, Instant(raw["t"], raw["o"]))
    return Value(dtype.kind, raw)
