"""`_STRICT_PIG_ERRORS`: where the old engine raised, an expression fails instead of giving null (function reference 1)."""

from __future__ import annotations

from dataclasses import dataclass

from penstock.plan.dtypes import Kind
from penstock.plan.exprs import OPERATORS, Call


@dataclass(frozen=True, slots=True)
class Fails:
    """Arguments that may not be null (those that are given), unless the argument *unless_null* is."""

    arguments: tuple[int, ...]
    unless_null: int | None = None


_ALL = Fails(tuple(range(200)))
_UNITS = ("Years", "Months", "Weeks", "Days", "Hours", "Minutes", "Seconds", "MilliSeconds")
FAILS: dict[str, Fails] = {
    "EqualsIgnoreCase": Fails((0, 1)),
    "STRSPLIT": Fails((2,)),
    "TOKENIZE": Fails((1,), 0),
    "REGEX_EXTRACT": Fails((1, 2), 0),
    "REGEX_EXTRACT_ALL": Fails((1,), 0),
    "ToDate": Fails((1,), 0),
    "ToString": Fails((1,), 0),
    "AddDuration": Fails((0,)),
    "SubtractDuration": Fails((0,)),
    **{f"{unit}Between": Fails((0, 1)) for unit in _UNITS},
    "ABS": Fails((0,)),
    "ROUND": Fails((0,)),
    "COUNT_STAR": Fails((0,)),
    "SUM": Fails((0,)),
    "AVG": Fails((0,)),
    "MIN": Fails((0, 1)),
    "MAX": Fails((0, 1)),
    "RegexMatch": Fails((1,), 0),
    "HashFNV": Fails((1,), 0),
    **{f"ISOTo{unit}": Fails((0,)) for unit in ("Year", "Month", "Week", "Day", "Hour", "Minute", "Second", "Unix")},
    **{f"ISO{unit}Between": Fails((0, 1)) for unit in ("Years", "Months", "Days", "Hours", "Minutes", "Seconds")},
    "CustomFormatToISO": Fails((0, 1)),
    **dict.fromkeys(("DateExtractor", "SIGNUM", "ULP", "NEXTUP", "getExponent", "MD5", "MD5Base64"), Fails((0,))),
    **dict.fromkeys(("copySign", "SCALB", "nextAfter", "Greatest", "Least", "RandInt"), Fails((0, 1))),
    "UserAgentClassify": Fails((0,)),
    "VAR": Fails((0,)),
    "IsEmpty": Fails((0,)),
    "BagToString": Fails((1,), 0),
    "DIFF": Fails((0, 1)),
    "TOP": Fails((0, 1), 2),
    **dict.fromkeys(
        ("Stitch", "BagConcat", "SetIntersect", "SetUnion", "AppendToBag", "PrependToBag", "BagSplit"), _ALL
    ),
    **dict.fromkeys(
        ("MaxTupleBy1stField", "ExtremalTupleByNthField", "FirstTupleFromBag", "DistinctBy", "Enumerate"), Fails((0,))
    ),
}
"""The functions that raised for null, and for which argument."""


def test_of(call: Call, args: list[str]) -> str | None:
    """Return the SQL that tells whether a call may be computed, from the SQL of its arguments; None where it always may."""
    if call.function == "modulo":
        return f"({args[1]}) IS NULL OR ({args[0]}) IS NULL OR ({args[1]}) <> 0"
    fails = FAILS.get(call.function)
    if fails is None or (call.function == "ABS" and call.dtype.kind is Kind.DOUBLE):
        return None
    tests = [f"({args[index]}) IS NOT NULL" for index in fails.arguments if index < len(args)]
    if not tests:
        return None
    test = " AND ".join(tests)
    return test if fails.unless_null is None else f"({args[fails.unless_null]}) IS NULL OR ({test})"


def name_of(call: Call) -> str:
    """Return how the author wrote a call."""
    return OPERATORS.get(call.function, call.function)
