"""Which expressions can fail the job: what stands behind them in AND and OR must not be computed in vain."""

from __future__ import annotations

from collections.abc import Callable

from penstock.engines import strict
from penstock.engines.functions import java_regex, joda
from penstock.errors import DataError
from penstock.plan.dtypes import Kind
from penstock.plan.exprs import Call, Cast, Conditional, Expr, FieldRef, Literal
from penstock.plan.ports import Context

_FAIL = frozenset(
    {
        "ToDate", "ToDateCustomFormats", "ParseDate", "SwitchTimeZone", "AddDuration", "SubtractDuration", "ISOAddDuration",
        "ISOSubtractDuration", "ToJson", "JsonStringToMap", "JsonStringToBag", "JsonExtract", "IsEmpty", "INVERSEMAP", "DIFF",
        "TOP", "MaxTupleBy1stField", "ExtremalTupleByNthField", "BagSplit", "DistinctBy", "SetIntersect", "Sessionize",
        "TimeCount", "VAR", "Median", "Quantile", "StreamingMedian", "StreamingQuantile", "RandInt", "CustomFormatToISO",
    }
)  # fmt: skip
"""What can fail whatever its arguments are; with a pattern that is a constant and a good one the others cannot."""
_CALLS = frozenset({"Curl", "CurlPoll"})
"""Calls of other systems, which only a job makes: they are not to be made in vain either."""
_READ_ISO = ("ISOTo", "ISOYears", "ISOMonths", "ISODays", "ISOHours", "ISOMinutes", "ISOSeconds")
_FAIL_WHERE_STRICT = frozenset({"modulo", "Decode", "Bin", "BinCond"})
_BY_PATTERN = frozenset({"matches", "RegexMatch", "REGEX_EXTRACT", "REGEX_EXTRACT_ALL", "REPLACE", "STRSPLIT"})


def may_fail(expr: Expr, context: Context) -> bool:
    """Tell whether an expression, or a part of it, can fail the job for some record."""
    match expr:
        case Literal() | FieldRef():
            return False
        case Cast():
            reads_text = expr.arg.dtype.kind in (Kind.CHARARRAY, Kind.BYTEARRAY)
            return (expr.dtype.kind is Kind.DATETIME and reads_text) or may_fail(expr.arg, context)
        case Conditional():
            parts = (*(part for branch in expr.branches for part in branch), expr.otherwise)
            return any(may_fail(part, context) for part in parts)
        case Call():
            return _call_may_fail(expr, context) or any(may_fail(arg, context) for arg in expr.args)


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
