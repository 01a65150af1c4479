"""Which expressions can fail the job: what stands behind them in AND, OR, COALESCE and CASE must not be computed in vain."""

from __future__ import annotations

from collections.abc import Callable

from penstock.engines import strict
from penstock.engines.functions import calendar, isodate, java_regex, joda, joda_reading
from penstock.errors import DataError
from penstock.plan.dtypes import DType, Kind
from penstock.plan.exprs import Call, Cast, Conditional, Expr, FieldRef, Literal, parts_of, walk
from penstock.plan.ports import Context
from penstock.plan.values import Value

_FAIL = frozenset(
    {
        "ToDate", "ToDateCustomFormats", "ParseDate", "SwitchTimeZone", "AddDuration", "SubtractDuration", "ISOAddDuration",
        "ISOSubtractDuration", "ToJson", "JsonStringToMap", "JsonStringToBag", "JsonExtract", "IsEmpty", "INVERSEMAP", "DIFF",
        "TOP", "MaxTupleBy1stField", "ExtremalTupleByNthField", "BagSplit", "DistinctBy", "SetIntersect", "Sessionize",
        "TimeCount", "VAR", "Median", "Quantile", "StreamingMedian", "StreamingQuantile", "RandInt", "CustomFormatToISO",
        "json_of_texts",
    }
)  # fmt: skip
"""What can fail whatever its arguments are; with a pattern that is a constant and a good one the others cannot."""
_CALLS = frozenset(
    {"Curl", "CurlPoll", "CCurl", "CCurlPoll", "ExecuteSqlString", "ExecuteSqlDateTime", "ExecuteSqlDatetime"}
)
"""Calls of other systems, which only a job makes: they are not to be made in vain either."""
_TABLES = frozenset({"ToJson", "JsonStringToMap", "JsonStringToBag", "json_of_texts", "JsonExtract"})
"""What makes a constant that records are looked up in: to compute it again for each would cost too much."""
_TEXTS = (Kind.CHARARRAY, Kind.BYTEARRAY)
_READ_ISO = ("ISOTo", "ISOYears", "ISOMonths", "ISODays", "ISOHours", "ISOMinutes", "ISOSeconds")
_FAIL_WHERE_STRICT = frozenset({"modulo", "Decode", "Bin", "BinCond"})
_BY_PATTERN = frozenset({"matches", "RegexMatch", "REGEX_EXTRACT", "REGEX_EXTRACT_ALL", "REPLACE", "STRSPLIT"})


def may_fail(expr: Expr, context: Context) -> bool:
    """Tell whether an expression, or a part of it, can fail the job for some record."""
    if isinstance(expr, Call | Cast) and _is_known(expr, context):
        return False
    if isinstance(expr, Cast) and expr.dtype.kind is Kind.DATETIME and expr.arg.dtype.kind in _TEXTS:
        return True
    if isinstance(expr, Call) and _call_may_fail(expr, context):
        return True
    return any(may_fail(part, context) for part in parts_of(expr))


def fails_alone(expr: Expr, context: Context) -> bool:
    """Tell whether an expression over no field can fail by itself, and not by a part of it. An engine that computes
    constants beforehand would then fail where no record reaches it."""
    if isinstance(expr, Call) and expr.function in _TABLES:
        return False
    args = () if isinstance(expr, Conditional) else parts_of(expr)
    return bool(args) and may_fail(expr, context) and not any(_reads(arg) or may_fail(arg, context) for arg in args)


def _reads(expr: Expr) -> bool:
    """Tell whether an expression reads a field."""
    return any(isinstance(one, FieldRef) for one in walk(expr))


def _moment(expr: Expr, context: Context) -> tuple[int, int] | None:
    """Return a moment that is known beforehand, or None. Raises what fails the job in the simplest of its forms."""
    match expr:
        case Literal(Value(Kind.DATETIME, data)):
            return data.ms, data.offset
        case Call("CurrentTime"):
            return context.now_ms, context.zone_minutes
        case Call("ToDate", (Literal(Value(Kind.CHARARRAY, text)),)) | Cast(
            Literal(Value(Kind.CHARARRAY, text)), DType(Kind.DATETIME)
        ):
            return isodate.parse_iso(text, context.zone_minutes)
        case Call("ToDate", (Literal(Value(Kind.CHARARRAY, text)), Literal(Value(Kind.CHARARRAY, pattern)))):
            found = joda_reading.parse_pattern(text, pattern, "+00:00", context.now.year)
            if found is None:
                raise ValueError(text)
            return found
        case Call("SwitchTimeZone", (inner, Literal(Value(Kind.CHARARRAY, zone)))):
            known = _moment(inner, context)
            return known and (known[0], calendar.offset_at(zone, known[0]))
        case Call("AddDuration" | "SubtractDuration" as word, (inner, Literal(Value(Kind.CHARARRAY, period)))):
            known = _moment(inner, context)
            return known and isodate.add_period(*known, period, 1 if word == "AddDuration" else -1)
    return None


def _is_known(expr: Expr, context: Context) -> bool:
    try:
        return _moment(expr, context) is not None
    except (DataError, ValueError, OverflowError):
        return False


def _call_may_fail(call: Call, context: Context) -> bool:
    if call.function in _CALLS:
        return context.outbound is not None
    if call.function in _FAIL or call.function.startswith(_READ_ISO):
        return True
    if context.strict and (call.function in strict.FAILS or call.function in _FAIL_WHERE_STRICT):
        return True
    if call.function in _BY_PATTERN:
        return len(call.args) > 1 and not _is_good(call.args[1], java_regex.compile_pattern)
    if call.function == "ToString":
        return len(call.args) > 1 and not _is_good(call.args[1], joda.parts_of)
    return False


def _is_good(pattern: Expr, read: Callable[[str], object]) -> bool:
    if not isinstance(pattern, Literal) or pattern.value is None:
        return False
    try:
        read(str(pattern.value.data))
    except DataError:
        return False
    return True
