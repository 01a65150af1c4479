"""How the language's types lie in Spark, and how values are written as Spark SQL."""

from __future__ import annotations

import math
from typing import Any

from penstock.errors import CapabilityError
from penstock.plan.dtypes import DType, Kind
from penstock.plan.values import Instant, Value, decode, encode

DATETIME_SQL = "STRUCT<t: BIGINT, o: INT>"
"""Milliseconds since 1970 UTC and the offset in minutes; null is a null struct, never a struct of nulls."""

SQL_TYPES: dict[Kind, str] = {
    Kind.BOOLEAN: "BOOLEAN",
    Kind.INT: "INT",
    Kind.LONG: "BIGINT",
    Kind.FLOAT: "FLOAT",
    Kind.DOUBLE: "DOUBLE",
    Kind.CHARARRAY: "STRING",
    Kind.DATETIME: DATETIME_SQL,
    Kind.BYTEARRAY: "STRING",
    Kind.MAP: "STRING",
    Kind.BAG: "STRING",
    Kind.TUPLE: "STRING",
}
"""Byte arrays and structures travel as the canonical text of `penstock.plan.values`."""
_TEXTS = (Kind.BYTEARRAY, Kind.MAP, Kind.BAG, Kind.TUPLE)


def quote(name: str) -> str:
    """Return a name as an SQL identifier; any text is safe. The session tells names apart by case."""
    return "`" + name.replace("`", "``") + "`"


def text_literal(text: str) -> str:
    """Return a text as an SQL literal; any text is safe, but for half a surrogate pair, which no engine holds.

    >>> text_literal("it's a " + chr(92))
    "'it\\\\'s a \\\\\\\\'"
    """
    if any("\ud800" <= char <= "\udfff" for char in text):
        raise CapabilityError("A text holds half a surrogate pair, which Spark cannot hold.")
    escaped = text.replace("\\", "\\\\").replace("'", "\\'").replace("\0", "\\u0000")
    return f"'{escaped}'"


def _number(number: float) -> str:
    if math.isnan(number):
        return "NaN"
    if math.isinf(number):
        return "-Infinity" if number < 0 else "Infinity"
    return repr(number)


def literal(value: Value | None, dtype: DType) -> str:
    """Return a value as an SQL literal of the type that *dtype* has in Spark; numbers keep every bit."""
    sql_type = SQL_TYPES[dtype.kind]
    if value is None:
        return f"CAST(NULL AS {sql_type})"
    if dtype.kind in _TEXTS:
        return text_literal(encode(value))
    match value.kind:
        case Kind.BOOLEAN:
            return "true" if value.data else "false"
        case Kind.INT | Kind.LONG:
            return f"CAST('{value.data}' AS {sql_type})"
        case Kind.FLOAT | Kind.DOUBLE:
            if value.data == 0 and math.copysign(1.0, value.data) < 0:
                # Of two calls of Python with constants that it takes for the same it makes one, so this is none: Spark
                # computes nothing in advance that begins with chance.
                return f"(- CAST(floor(rand()) AS {sql_type}))"
            return f"CAST('{_number(float(value.data))}' AS {sql_type})"
        case Kind.DATETIME:
            return datetime_of(str(value.data.ms), str(value.data.offset))
        case _:
            return text_literal(str(value.data))


def negative_zero(sql_type: str) -> str:
    """Return -0.0. Spark takes a constant of that value for the constant 0.0, so it must not see one."""
    return f"get(transform(array(CAST(0 AS {sql_type})), z -> - z), 0)"


def datetime_of(ms: str, offset: str) -> str:
    """Return a datetime from SQL for milliseconds and offset, neither null."""
    return f"named_struct('t', CAST({ms} AS BIGINT), 'o', CAST({offset} AS INT))"


def to_value(raw: Any, dtype: DType) -> Value | None:
    """Return what Spark gave for an expression of *dtype* as a value."""
    if raw is None:
        return None
    if dtype.kind in _TEXTS:
        return decode(raw)
    if dtype.kind is Kind.DATETIME:
        return Value(Kind.DATETIME, Instant(raw["t"], raw["o"]))
    return Value(dtype.kind, raw)


def to_raw(value: Value | None, dtype: DType) -> Any:
    """Return the value of a field as it lies in an Arrow array on its way to Spark; a field without a type holds any kind."""
    if value is None:
        return None
    if dtype.kind in _TEXTS:
        return encode(value)
    if value.kind is Kind.DATETIME:
        return {"t": value.data.ms, "o": value.data.offset}
    return value.data
