"""The shared functions by name: parameters, result and the plain Python form that every engine registers.

Words of types: text int long float double boolean datetime (milliseconds and offset minutes) value (canonical text)
values (a list of canonical texts) ints (a list of ints).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from penstock.engines.functions import (
    bag_functions,
    bags,
    calendar,
    casts,
    curl,
    decoding,
    encoding,
    iso_texts,
    isodate,
    java_math,
    java_regex,
    joda,
    joda_reading,
    json_text,
    letter_case,
    numbers,
    raw,
    receipts,
    source,
    sql,
    statistics,
    structures,
    user_agents,
)
from penstock.engines.functions import text as texts
from penstock.errors import DataError
from penstock.kit import decimals
from penstock.plan.values import to_float32


@dataclass(frozen=True, slots=True)
class Shared:
    """A function over plain values. A null argument gives null without a call. One that *has_effects* is called once for
    each record, never in advance and never twice; one that *asks* gets first what asks the databases of the job."""

    name: str
    parameters: tuple[str, ...]
    result: str
    call: Callable[..., Any]
    has_effects: bool = False
    asks: bool = False


def _parse_date(text: str, pattern: str, zone: str, this_year: int) -> tuple[int, int]:
    found = _try_date(text, pattern, zone, this_year)
    if found is None:
        shown = text if len(text) <= 60 else text[:57] + "…"
        raise DataError(f"{shown!r} does not fit the date pattern {pattern!r}. ParseDate gives null in such a case.")
    return found


def _try_date(text: str, pattern: str, zone: str, this_year: int) -> tuple[int, int] | None:
    try:
        return joda_reading.parse_pattern(text, pattern, zone, this_year)
    except ValueError:
        raise DataError(
            f"There is no time zone {zone!r}. Use an offset such as +02:00 or an id such as Europe/Paris."
        ) from None


def _zone_of_today(zone: str, now_ms: int) -> str:
    return calendar.offset_text(_switch((now_ms, 0), zone)[1])


def _allowed(is_allowed: bool, name: str) -> bool:
    if not is_allowed:
        what = "a divisor of 0" if name == "%" else "null here"
        raise DataError(f"{name} does not take {what}. Guard it, or set the variable _STRICT_PIG_ERRORS to false.")
    return True


def _switch(instant: tuple[int, int], zone: str) -> tuple[int, int]:
    try:
        return instant[0], calendar.offset_at(zone, instant[0])
    except ValueError:
        raise DataError(
            f"There is no time zone {zone!r}. Use an offset such as +02:00 or an id such as Europe/Paris."
        ) from None


def _iso_shift(text: str, period: str, zone_minutes: int, sign: int) -> str:
    ms, offset = isodate.parse_iso(text, zone_minutes)
    return isodate.print_iso(*isodate.add_period(ms, offset, period, sign))


def _print_iso(instant: tuple[int, int]) -> str:
    return isodate.print_iso(instant[0], instant[1])


def _print_pattern(instant: tuple[int, int], pattern: str) -> str:
    return joda.print_pattern(instant[0], instant[1], pattern)


def _add_period(instant: tuple[int, int], period: str, sign: int) -> tuple[int, int]:
    return isodate.add_period(instant[0], instant[1], period, sign)


def _months(a: tuple[int, int], b: tuple[int, int]) -> int:
    shift = b[1] * 60_000
    return calendar.months_between(a[0] + shift, b[0] + shift)


def _years(a: tuple[int, int], b: tuple[int, int]) -> int:
    months = _months(a, b)
    return -(-months // 12) if months < 0 else months // 12


def _part(name: str) -> Callable[[tuple[int, int]], int]:
    def read(instant: tuple[int, int]) -> int:
        days = (instant[0] + instant[1] * 60_000) // calendar.DAY_MS
        if name == "week":
            return calendar.iso_week(days)[1]
        if name == "week_year":
            return calendar.iso_week(days)[0]
        return calendar.date_of(days)[("year", "month", "day").index(name)]

    return read


def _extract_all(text: str, pattern: str) -> str | None:
    groups = java_regex.extract_all(text, pattern)
    return None if groups is None else structures.encode_tuple(groups)


def _split(text: str, pattern: str, limit: int) -> str | None:
    parts = java_regex.split(text, pattern, limit)
    return None if parts is None else structures.encode_tuple(parts)


SHARED: tuple[Shared, ...] = (
    # casts
    Shared("text_to_int", ("text",), "int", casts.text_to_int),
    Shared("text_to_long", ("text",), "long", casts.text_to_long),
    Shared("text_to_float", ("text",), "float", casts.parse_float),
    Shared("text_to_double", ("text",), "double", casts.parse_double),
    Shared("strict_int", ("text",), "int", casts.strict_int),
    Shared("strict_long", ("text",), "long", casts.strict_long),
    Shared("double_to_int", ("double",), "int", casts.double_to_int),
    Shared("double_to_long", ("double",), "long", casts.double_to_long),
    Shared("to_float32", ("double",), "float", to_float32),
    Shared("round_to_long", ("double",), "long", casts.round_to_long),
    Shared("round_to_int", ("float",), "int", casts.round_to_int),
    Shared("double_to_text", ("double",), "text", decimals.double_to_text),
    Shared("float_to_text", ("float",), "text", decimals.float_to_text),
    # values out of files
    Shared("bytes_to_int", ("text",), "int", raw.bytes_to_int),
    Shared("bytes_to_long", ("text",), "long", raw.bytes_to_long),
    Shared("bytes_to_datetime", ("text", "int"), "datetime", raw.bytes_to_datetime),
    Shared("bytes_to_boolean", ("text",), "boolean", raw.bytes_to_boolean),
    Shared("json_path", ("text", "text"), "text", source.json_path),
    Shared("json_text", ("text",), "text", source.json_text),
    Shared("receipt_form", ("value",), "text", receipts.form),
    Shared("json_structure", ("text", "text"), "value", source.json_structure),
    Shared("json_plain", ("text", "text"), "text", source.json_plain),
    Shared("json_member", ("text", "text"), "text", source.json_member),
    Shared("json_value", ("text",), "value", source.json_value),
    # dates
    Shared("parse_iso", ("text", "int"), "datetime", isodate.parse_iso),
    Shared("print_iso", ("datetime",), "text", _print_iso),
    Shared("print_pattern", ("datetime", "text"), "text", _print_pattern),
    Shared("parse_date", ("text", "text", "text", "int"), "datetime", _parse_date),
    Shared("try_date", ("text", "text", "text", "int"), "datetime", _try_date),
    Shared("switch_zone", ("datetime", "text"), "datetime", _switch),
    Shared("zone_of_today", ("text", "long"), "text", _zone_of_today),
    Shared("add_period", ("datetime", "text", "int"), "datetime", _add_period),
    Shared("iso_shift", ("text", "text", "int", "int"), "text", _iso_shift),
    Shared("months_between", ("datetime", "datetime"), "long", _months),
    Shared("years_between", ("datetime", "datetime"), "long", _years),
    Shared("year_of", ("datetime",), "int", _part("year")),
    Shared("month_of", ("datetime",), "int", _part("month")),
    Shared("day_of", ("datetime",), "int", _part("day")),
    Shared("week_of", ("datetime",), "int", _part("week")),
    Shared("week_year_of", ("datetime",), "int", _part("week_year")),
    *(
        Shared(f"iso_to_{unit}", ("text", "int"), "text", iso_texts.truncated(unit))
        for unit in ("year", "month", "week", "day", "hour", "minute", "second")
    ),
    Shared("iso_years", ("text", "text", "int"), "long", iso_texts.whole_months(12)),
    Shared("iso_months", ("text", "text", "int"), "long", iso_texts.whole_months(1)),
    *(
        Shared(f"iso_{unit}", ("text", "text", "int"), "long", iso_texts.whole_units(unit_ms))
        for unit, unit_ms in (("days", 86_400_000), ("hours", 3_600_000), ("minutes", 60_000), ("seconds", 1_000))
    ),
    Shared("iso_to_unix", ("text", "int"), "long", iso_texts.to_unix),
    Shared("unix_to_iso", ("long",), "text", iso_texts.from_unix),
    Shared("pattern_to_iso", ("text", "text", "text", "int"), "text", iso_texts.from_pattern),
    Shared("days_between_texts", ("text", "text"), "int", iso_texts.days_between),
    Shared("day_of_log", ("text",), "text", iso_texts.day_of_log),
    Shared("allowed", ("boolean", "text"), "boolean", _allowed),
    # calls
    Shared("curl", ("values", "text"), "value", curl.curl, has_effects=True),
    Shared("curl_poll", ("values", "text", "int", "int", "text"), "value", curl.curl_poll, has_effects=True),
    Shared("ccurl", ("values", "text"), "value", curl.ccurl, has_effects=True, asks=True),
    Shared(
        "ccurl_poll", ("values", "text", "int", "int", "text"), "value", curl.ccurl_poll, has_effects=True, asks=True
    ),
    Shared("sql_text", ("text", "text"), "text", sql.text, has_effects=True, asks=True),
    Shared("sql_moment", ("text", "text", "int"), "datetime", sql.moment, has_effects=True, asks=True),
    # text
    Shared("utf16_length", ("text",), "int", texts.length),
    Shared("substring", ("text", "int", "int"), "text", texts.substring),
    Shared("index_of", ("text", "text", "int"), "int", texts.index_of),
    Shared("last_index_of", ("text", "text"), "int", texts.last_index_of),
    Shared("upper", ("text",), "text", str.upper),
    Shared("lower", ("text",), "text", letter_case.lower),
    Shared("upper_first", ("text",), "text", texts.upper_first),
    Shared("lower_first", ("text",), "text", texts.lower_first),
    Shared("reverse", ("text",), "text", texts.reverse),
    Shared("right_trim", ("text",), "text", texts.right_trim),
    Shared("equals_ignore_case", ("text", "text"), "boolean", texts.equals_ignore_case),
    Shared("tokenize", ("text", "text"), "value", lambda s, marks: structures.encode_bag(texts.tokenize(s, marks))),
    Shared("tokenize_words", ("text",), "value", lambda s: structures.encode_bag(texts.tokenize(s, None))),
    Shared("utf16_key", ("text",), "text", texts.utf16_key),
    # regular expressions
    Shared("full_match", ("text", "text"), "boolean", java_regex.full_match),
    Shared("regex_extract", ("text", "text", "int"), "text", java_regex.extract),
    Shared("regex_extract_all", ("text", "text"), "value", _extract_all),
    Shared("replace_all", ("text", "text", "text"), "text", java_regex.replace_all),
    Shared("split", ("text", "text", "int"), "value", _split),
    Shared("regex_match", ("text", "text"), "int", lambda text, pattern: int(java_regex.full_match(text, pattern))),
    # tests of texts and choices
    Shared("is_int", ("text",), "boolean", decoding.is_int),
    Shared("is_long", ("text",), "boolean", decoding.is_long),
    Shared("is_real", ("text",), "boolean", decoding.is_real),
    Shared("choose", ("values", "boolean"), "text", decoding.choose),
    Shared("choose_by_limit", ("values", "boolean"), "text", decoding.choose_by_limit),
    Shared("choose_by_condition", ("values", "boolean"), "text", decoding.choose_by_condition),
    # numbers
    *(
        Shared(f"math_{name}", ("double",), "double", getattr(numbers, name))
        for name in (
            "sqrt", "cbrt", "exp", "log", "log10", "sin", "cos", "tan", "asin", "acos", "atan", "sinh", "cosh", "tanh",
        )
    ),
    *(
        Shared(f"math_{name}", ("double",), "double", getattr(java_math, name))
        for name in ("expm1", "log1p", "rint", "degrees", "radians")
    ),
    *(
        Shared(f"math_{name}", ("double", "double"), "double", getattr(java_math, name))
        for name in ("power", "arc_tangent", "hypot", "remainder", "next_after")
    ),
    *(
        Shared(f"{name}_{kind}", (kind,), kind, call)
        for kind in ("float", "double")
        for name, call in (
            ("signum", java_math.signum), ("ulp", getattr(java_math, f"ulp_{kind}")),
            ("next_up", getattr(java_math, f"next_up_{kind}")),
        )
    ),
    *(
        Shared(f"{name}_{kind}", (kind, kind), kind, call)
        for kind in ("float", "double")
        for name, call in (
            ("copy_sign", java_math.copy_sign), ("greater", java_math.greater), ("lesser", java_math.lesser),
        )
    ),
    *(
        Shared(f"{name}_{kind}", (kind, kind), kind, call)
        for kind in ("int", "long")
        for name, call in (("greater", java_math.whole_greater), ("lesser", java_math.whole_lesser))
    ),
    Shared("exponent_float", ("float",), "int", java_math.exponent_float),
    Shared("exponent_double", ("double",), "int", java_math.exponent_double),
    Shared("math_scale", ("double", "int"), "double", java_math.scale),
    Shared("whole_numbers_between", ("int", "int"), "long", java_math.span),
    Shared("miles", ("double", "double", "double", "double"), "double", java_math.miles),
    # structures
    Shared("make_tuple", ("values",), "value", structures.make_tuple),
    Shared("make_bag", ("values",), "value", structures.make_bag),
    Shared("make_map", ("values",), "value", structures.make_map),
    Shared("map_get", ("value", "text"), "value", structures.map_get),
    Shared("tuple_get", ("value", "int"), "value", structures.tuple_get),
    Shared("project", ("value", "ints"), "value", structures.project),
    Shared("bag_rows", ("value",), "values", structures.bag_rows),
    Shared("size", ("value",), "long", structures.size),
    Shared("structure_to_json", ("value",), "text", structures.to_json),
    Shared("structure_key", ("value",), "text", structures.key_text),
    Shared("value_to_text", ("value",), "text", structures.to_text),
    Shared("value_to_int", ("value",), "int", structures.to_int),
    Shared("value_to_long", ("value",), "long", structures.to_long),
    Shared("value_to_float", ("value",), "float", structures.to_float),
    Shared("value_to_double", ("value",), "double", structures.to_double),
    Shared("value_to_boolean", ("value",), "boolean", structures.to_boolean),
    Shared("value_to_datetime", ("value", "int"), "datetime", structures.to_datetime),
    Shared("value_to_structure", ("value", "text"), "value", structures.to_structure),
    # bags
    Shared("bag_count", ("value",), "long", bags.count),
    Shared("bag_count_all", ("value",), "long", bags.count_all),
    Shared("bag_whole_total", ("value",), "long", bags.whole_total),
    Shared("bag_real_total", ("value",), "double", bags.real_total),
    Shared("bag_whole_average", ("value",), "double", bags.whole_average),
    Shared("bag_real_average", ("value",), "double", bags.real_average),
    Shared("bag_least", ("value",), "value", bags.least),
    Shared("bag_greatest", ("value",), "value", bags.greatest),
    Shared("bag_least_number", ("value",), "value", bags.least_number),
    Shared("bag_greatest_number", ("value",), "value", bags.greatest_number),
    Shared("bag_correlations", ("values", "boolean"), "value", bags.correlations),
    *(Shared(name, ("values",), "value", call) for name, call in bag_functions.FORMS.items()),
    Shared("is_empty", ("value",), "boolean", bag_functions.is_empty),
    Shared("key_set", ("value",), "value", bag_functions.key_set),
    Shared("value_list", ("value",), "value", bag_functions.value_list),
    Shared("value_set", ("value",), "value", bag_functions.value_set),
    Shared("inverse_map", ("value",), "value", bag_functions.inverse_map),
    Shared("bag_to_text", ("value", "text"), "text", bag_functions.to_text),
    Shared("bag_to_text_by_underscore", ("value",), "text", lambda bag: bag_functions.to_text(bag, "_")),
    Shared("bag_to_tuple", ("value",), "value", bag_functions.to_tuple),
    Shared("bag_top", ("int", "int", "value"), "value", bag_functions.top),
    Shared("bag_max_by_first", ("value",), "value", bag_functions.max_by_first),
    Shared("bag_split", ("int", "value"), "value", bag_functions.split),
    Shared("bag_time_count", ("value", "text", "int"), "long", bag_functions.time_count),
    Shared("bag_sessions", ("value", "text", "int"), "value", bag_functions.sessions),
    Shared("bag_variance", ("value",), "double", statistics.variance),
    Shared("bag_median", ("value",), "value", lambda bag: statistics.quantiles([bag, '{"d":0.5}'], "Median", True)),
    Shared("bag_quantiles", ("values",), "value", lambda items: statistics.quantiles(items, "Quantile", True)),
    Shared("bag_any_median", ("value",), "value", lambda bag: statistics.quantiles([bag, '{"d":0.5}'], "Median", False)),
    Shared("bag_any_quantiles", ("values",), "value", lambda items: statistics.quantiles(items, "Quantile", False)),
    # hashes, encodings, URLs, user agents
    *(
        Shared(name, ("text",), "text", getattr(encoding, name))
        for name in (
            "md5_base64", "base64_encode", "base64_decode", "url_encode", "url_decode", "host",
            "search_query",
        )
    ),
    Shared("fnv", ("text",), "long", encoding.fnv),
    Shared("fnv_modulo", ("text", "int"), "long", encoding.fnv_modulo),
    Shared("device", ("text",), "value", user_agents.device),
    Shared("system", ("text",), "value", user_agents.system),
    Shared("agent", ("text",), "value", user_agents.agent),
    Shared("device_family", ("text",), "text", user_agents.device_family),
    Shared("system_part", ("text", "int"), "text", user_agents.system_part),
    Shared("agent_part", ("text", "int"), "text", user_agents.agent_part),
    Shared("classify_agent", ("text",), "text", user_agents.classify),
    # JSON
    Shared("to_json", ("values",), "text", json_text.to_json),
    Shared("json_to_map", ("text",), "value", json_text.to_map),
    Shared("json_to_bag", ("text",), "value", json_text.to_bag),
    Shared("json_extract", ("text", "text"), "text", json_text.extract),
)  # fmt: skip
"""Every shared form. Its name in an engine has the prefix `ps_`."""

_RESULTS = {shared.name: shared.result for shared in SHARED}


def shared_result(name: str) -> str:
    """Return the word of what a shared form gives."""
    return _RESULTS[name]
