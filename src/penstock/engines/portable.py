"""Functions that are one call of a shared form on every engine; an engine only writes the call in its own way."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from penstock.plan.dtypes import Kind
from penstock.plan.exprs import Call


@dataclass(frozen=True, slots=True)
class Portable:
    """One call of the shared form *name*.

    *as_values*: the arguments go as one list of canonical texts, nulls included, for forms that take any type or have
    rules of their own for null. *adds* are words of the context behind the arguments: `zone` (offset minutes), `zone_id`
    (the same as text), `this_year`, `strict`, or a number. *null* is SQL that stands in place of null.
    """

    name: str
    as_values: bool = False
    adds: tuple[str, ...] = ()
    null: str | None = None


Form = Portable | Callable[[Call], Portable]


def _values(name: str, *adds: str) -> Portable:
    return Portable(name, as_values=True, adds=adds)


def _of_result(word: str) -> Callable[[Call], Portable]:
    """The form for the type of the result, a number."""
    return lambda call: Portable(f"{word}_{call.dtype.kind.value}")


def _of_two(word: str, over_bag: str) -> Callable[[Call], Portable]:
    """The form for two numbers, for a bag of numbers or of values without a type, or for a bag of something else."""

    def form(call: Call) -> Portable:
        if len(call.args) == 2:
            return _of_result(word)(call)
        return Portable(f"{over_bag}_number" if call.dtype.is_number else over_bag)

    return form


def _of_members(word: str) -> Callable[[Call], Portable]:
    """The form for a bag of ints or longs, or for one of anything else."""

    def form(call: Call) -> Portable:
        members = call.args[0].dtype.members
        is_whole = members and members[0].dtype.kind in (Kind.INT, Kind.LONG)
        return Portable(f"bag_{'whole' if is_whole else 'real'}_{word}")

    return form


def _of_kind(word: str) -> Callable[[Call], Portable]:
    """The form for the type of the first argument, float or double."""
    return lambda call: Portable(f"{word}_{'float' if call.args[0].dtype.kind is Kind.FLOAT else 'double'}")


PORTABLE: dict[str, Form] = {
    # text
    "LAST_INDEX_OF": Portable("last_index_of"),
    "REPLACE": Portable("replace_all"),
    "REGEX_EXTRACT_ALL": Portable("regex_extract_all"),
    "Reverse": Portable("reverse"),
    "RegexMatch": Portable("regex_match"),
    "IsInt": Portable("is_int", null="false"),
    "IsLong": Portable("is_long", null="false"),
    "IsFloat": Portable("is_real", null="false"),
    "IsDouble": Portable("is_real", null="false"),
    "Decode": _values("choose", "strict"),
    "Bin": _values("choose_by_limit", "strict"),
    "BinCond": _values("choose_by_condition", "strict"),
    # dates
    "SwitchTimeZone": Portable("switch_zone"),
    "YearsBetween": Portable("years_between"),
    "MonthsBetween": Portable("months_between"),
    # dates as texts
    **{
        f"ISOTo{unit}": Portable(f"iso_to_{unit.lower()}", adds=("zone",))
        for unit in ("Year", "Month", "Week", "Day", "Hour", "Minute", "Second")
    },
    **{
        f"ISO{unit}Between": Portable(f"iso_{unit.lower()}", adds=("zone",))
        for unit in ("Years", "Months", "Days", "Hours", "Minutes", "Seconds")
    },
    "ISOToUnix": Portable("iso_to_unix", adds=("zone",)),
    "UnixToISO": Portable("unix_to_iso"),
    "CustomFormatToISO": Portable("pattern_to_iso", adds=("zone_id", "this_year")),
    "DiffDate": Portable("days_between_texts"),
    "DateExtractor": Portable("day_of_log"),
    # numbers
    "CBRT": Portable("math_cbrt"),
    "SINH": Portable("math_sinh"),
    "COSH": Portable("math_cosh"),
    "TANH": Portable("math_tanh"),
    "POW": Portable("math_power"),
    "ATAN2": Portable("math_arc_tangent"),
    "HYPOT": Portable("math_hypot"),
    "EXPM1": Portable("math_expm1"),
    "LOG1P": Portable("math_log1p"),
    "RINT": Portable("math_rint"),
    "toDegrees": Portable("math_degrees"),
    "toRadians": Portable("math_radians"),
    "IEEEremainder": Portable("math_remainder"),
    "nextAfter": Portable("math_next_after"),
    "SCALB": Portable("math_scale"),
    "SIGNUM": _of_kind("signum"),
    "copySign": _of_kind("copy_sign"),
    "ULP": _of_kind("ulp"),
    "NEXTUP": _of_kind("next_up"),
    "getExponent": _of_kind("exponent"),
    "Greatest": _of_result("greater"),
    "Least": _of_result("lesser"),
    "MAX": _of_two("greater", "bag_greatest"),
    "MIN": _of_two("lesser", "bag_least"),
    "HaversineDistInMiles": Portable("miles"),
    # hashes, encodings, URLs, user agents
    "MD5Base64": Portable("md5_base64"),
    "HashFNV": lambda call: Portable("fnv" if len(call.args) == 1 else "fnv_modulo"),
    "Base64Encode": Portable("base64_encode"),
    "Base64Decode": Portable("base64_decode"),
    "URLEncode": Portable("url_encode"),
    "URLDecode": Portable("url_decode"),
    "HostExtractor": Portable("host"),
    "SearchQuery": Portable("search_query"),
    "UserAgentClassify": Portable("classify_agent"),
    "Device": Portable("device"),
    "Os": Portable("system"),
    "UserAgent": Portable("agent"),
    "device.Family": Portable("device_family"),
    **{
        f"os.{part}": Portable("system_part", adds=(str(at),))
        for at, part in enumerate(("Family", "Major", "Minor", "Patch", "PatchMinor"))
    },
    **{
        f"useragent.{part}": Portable("agent_part", adds=(str(at),))
        for at, part in enumerate(("Family", "Major", "Minor", "Patch"))
    },
    # aggregates and statistics over bags
    "COUNT": Portable("bag_count"),
    "COUNT_STAR": Portable("bag_count_all"),
    "SUM": _of_members("total"),
    "AVG": _of_members("average"),
    "VAR": Portable("bag_variance"),
    "Median": Portable("bag_median"),
    "Quantile": _values("bag_quantiles"),
    "StreamingMedian": Portable("bag_any_median"),
    "StreamingQuantile": _values("bag_any_quantiles"),
    # JSON
    "ToJson": _values("to_json"),
    "JsonStringToMap": Portable("json_to_map"),
    "JsonStringToBag": Portable("json_to_bag"),
    "JsonExtract": Portable("json_extract"),
    # maps
    "IsEmpty": Portable("is_empty"),
    "KEYSET": Portable("key_set"),
    "VALUELIST": Portable("value_list"),
    "VALUESET": Portable("value_set"),
    "INVERSEMAP": Portable("inverse_map"),
    # bags
    "BagToString": lambda call: (
        Portable("bag_to_text") if len(call.args) == 2 else Portable("bag_to_text_by_underscore")
    ),
    "BagToTuple": Portable("bag_to_tuple"),
    "DIFF": _values("bag_difference"),
    "SUBTRACT": _values("bag_subtract"),
    "TOP": Portable("bag_top"),
    "Stitch": _values("bag_stitch"),
    "MaxTupleBy1stField": Portable("bag_max_by_first"),
    "ExtremalTupleByNthField": _values("bag_extremal"),
    "FirstTupleFromBag": _values("bag_first"),
    "NullToEmptyBag": _values("bag_or_empty"),
    "AppendToBag": _values("bag_append"),
    "PrependToBag": _values("bag_prepend"),
    "BagConcat": _values("bag_concat"),
    "BagSplit": Portable("bag_split"),
    "DistinctBy": _values("bag_distinct_by"),
    "Enumerate": _values("bag_enumerate"),
    "UnorderedPairs": _values("bag_pairs"),
    "SetIntersect": _values("set_intersect"),
    "SetUnion": _values("set_union"),
    "MarkovPairs": _values("bag_markov_pairs"),
    "Sessionize": Portable("bag_sessions", adds=("zone",)),
    "TimeCount": Portable("bag_time_count", adds=("zone",)),
}
"""Name of a function to its form; an engine that has a better one of its own says so in its dialect."""


def form_of(name: str, call: Call) -> Portable:
    """Return the form of a call."""
    form = PORTABLE[name]
    return form if isinstance(form, Portable) else form(call)
