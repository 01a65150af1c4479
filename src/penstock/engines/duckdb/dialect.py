"""The function table of DuckDB: for every operator and function a template over the SQL of its arguments.

A template may repeat an argument; DuckDB computes a repeated part once. Where a native function is right for ASCII text
only, ASCII is tested by comparing bytes with characters, which costs next to nothing.
"""

from __future__ import annotations

from collections.abc import Callable

from penstock.engines.duckdb import canonical, casts, members
from penstock.engines.duckdb.casts import wrap_int, wrap_long
from penstock.engines.duckdb.native import addition_of, extraction_of, pattern_of, replacement_of, strftime_of
from penstock.engines.duckdb.types import SQL_TYPES, text_literal
from penstock.engines.fallible import may_fail
from penstock.engines.functions.table import shared_result
from penstock.engines.portable import PORTABLE, form_of
from penstock.engines.templates import (
    PREFIX,
    Simple,
    Template,
    call_of_others,
    connected,
    constant_text,
    four_digit_year,
    is_small_divisor,
    null_tests,
    question,
    substring_guards,
    whole_literal,
    zone_literal,
)
from penstock.plan.dtypes import CHARARRAY, DType, Kind
from penstock.plan.exprs import Call, Literal
from penstock.plan.ports import Context

_REAL = (Kind.FLOAT, Kind.DOUBLE)


simple = Simple


def ascii_else(native: str, shared: str) -> Template:
    """Return a template that uses *native* where the first argument is ASCII, else *shared*."""
    return simple(f"CASE WHEN strlen({{0}}) = length({{0}}) THEN {native} ELSE {shared} END")


def _arithmetic(sign: str) -> Template:
    def template(call: Call, args: list[str], context: Context) -> str:
        left, right = args
        if call.dtype.kind in _REAL:
            return f"({left} {sign} {right})"
        if call.dtype.kind is Kind.INT:
            return wrap_int(f"(CAST({left} AS BIGINT) {sign} {right})")
        return wrap_long(f"(CAST({left} AS HUGEINT) {sign} {right})")

    return template


def _divide(call: Call, args: list[str], context: Context) -> str:
    left, right = args
    divisor = call.args[1]
    if call.dtype.kind in _REAL:
        if isinstance(divisor, Literal) and divisor.value is not None and divisor.value.data != 0:
            return f"({left} / {right})"
        return f"CASE WHEN {right} = 0 AND NOT signbit({right}) THEN NULL ELSE {left} / {right} END"
    if is_small_divisor(divisor):
        return f"({left} // {right})"
    if call.dtype.kind is Kind.INT:
        return wrap_int(f"(CAST({left} AS BIGINT) // {right})")
    return wrap_long(f"(CAST({left} AS HUGEINT) // {right})")


def _modulo(call: Call, args: list[str], context: Context) -> str:
    left, right = args
    if is_small_divisor(call.args[1]):
        return f"({left} % {right})"
    if call.dtype.kind is Kind.INT:
        return f"CAST(CAST({left} AS BIGINT) % {right} AS INTEGER)"
    return f"CAST(CAST({left} AS HUGEINT) % {right} AS BIGINT)"


def _negate(call: Call, args: list[str], context: Context) -> str:
    if call.dtype.kind in _REAL:
        return f"(- {args[0]})"
    if call.dtype.kind is Kind.INT:
        return wrap_int(f"(- CAST({args[0]} AS BIGINT))")
    return wrap_long(f"(- CAST({args[0]} AS HUGEINT))")


def _matches(call: Call, args: list[str], context: Context) -> str:
    pattern, shared = constant_text(call.args[1]), f"ps_full_match({args[0]}, {args[1]})"
    found = None if pattern is None else pattern_of(pattern)
    if found is None:
        return shared
    return found.where_right(args[0], f"regexp_full_match({args[0]}, {text_literal(found.re2)})", shared)


def _regex_extract(call: Call, args: list[str], context: Context) -> str:
    pattern, group = constant_text(call.args[1]), whole_literal(call.args[2])
    found = None if pattern is None or group is None else extraction_of(pattern, group)
    shared = f"ps_regex_extract({args[0]}, {args[1]}, {args[2]})"
    if found is None:
        return shared
    re2 = text_literal(found.re2)
    native = f"CASE WHEN regexp_matches({args[0]}, {re2}) THEN regexp_extract({args[0]}, {re2}, {group}) END"
    return found.where_right(args[0], native, shared)


def _replace(call: Call, args: list[str], context: Context) -> str:
    pattern, replacement = constant_text(call.args[1]), constant_text(call.args[2])
    native = None if pattern is None or replacement is None else replacement_of(args[0], pattern, replacement)
    return native or f"ps_replace_all({', '.join(args)})"


def _concat(call: Call, args: list[str], context: Context) -> str:
    return "(" + " || ".join(args) + ")"


def _substring(call: Call, args: list[str], context: Context) -> str:
    text, begin, end = args
    stop, bad = substring_guards(call, begin, end, f"CAST(length({text}) AS INTEGER)")
    if whole_literal(call.args[1]) == 0 and (whole_literal(call.args[2]) or 0) > 0:
        native = f"substring({text}, 1, {end})"
    else:
        native = f"substring({text}, {begin} + 1, {stop} - {begin})"
    found = f"CASE WHEN {bad} THEN NULL ELSE {native} END" if bad else native
    nulls = null_tests(call, args)
    before = f"WHEN {nulls} THEN NULL " if nulls else ""
    shared = f"ps_substring({text}, {begin}, {end})"
    return f"CASE {before}WHEN strlen({text}) = length({text}) THEN {found} ELSE {shared} END"


def _index_of(call: Call, args: list[str], context: Context) -> str:
    if len(args) == 2:
        native = f"instr({args[0]}, {args[1]}) - 1"
        not_empty = "" if constant_text(call.args[1]) else f" AND {args[1]} <> ''"
        return (
            f"CASE WHEN strlen({args[0]}) = length({args[0]}){not_empty} THEN CAST({native} AS INTEGER) "
            f"ELSE ps_index_of({args[0]}, {args[1]}, 0::INTEGER) END"
        )
    return f"ps_index_of({', '.join(args)})"


def _size(call: Call, args: list[str], context: Context) -> str:
    kind = call.args[0].dtype.kind
    if kind is Kind.CHARARRAY:
        return f"CAST({_length(call, args, context)} AS BIGINT)"
    if kind in (Kind.MAP, Kind.BAG):
        return canonical.size(args[0], kind)
    if kind in (Kind.TUPLE, Kind.BYTEARRAY):
        return f"ps_size({args[0]})"
    return f"CASE WHEN {args[0]} IS NULL THEN NULL ELSE 1::BIGINT END"


def _length(call: Call, args: list[str], context: Context) -> str:
    text = args[0]
    return f"CASE WHEN strlen({text}) = length({text}) THEN CAST(length({text}) AS INTEGER) ELSE ps_utf16_length({text}) END"


def _split(call: Call, args: list[str], context: Context) -> str:
    pattern = args[1] if len(args) > 1 else text_literal("\\s")
    limit = args[2] if len(args) > 2 else "0::INTEGER"
    return f"ps_split({args[0]}, {pattern}, {limit})"


def _tokenize(call: Call, args: list[str], context: Context) -> str:
    return f"ps_tokenize_words({args[0]})" if len(args) == 1 else f"ps_tokenize({args[0]}, {args[1]})"


def _current_time(call: Call, args: list[str], context: Context) -> str:
    return f"{{'t': {context.now_ms}::BIGINT, 'o': {context.zone_minutes}::INTEGER}}"


def _to_date(call: Call, args: list[str], context: Context) -> str:
    if call.args[0].dtype.kind is Kind.BYTEARRAY:
        return casts.cast(args[0], call.args[0].dtype, call.dtype, context)
    if call.args[0].dtype.kind is Kind.LONG:
        return casts.instant(args[0], str(context.zone_minutes))
    if len(args) == 1:
        return casts.text_to_datetime(args[0], context.zone_minutes)
    zone = (
        zone_literal(context)
        if len(args) == 2
        else f"coalesce({_lasting(args[2], CHARARRAY)}, {zone_literal(context)})"
    )
    if context.strict:
        zone = f"ps_zone_of_today({zone}, {context.now_ms}::BIGINT)"
    return f"ps_parse_date({args[0]}, {args[1]}, {zone}, {context.now.year}::INTEGER)"


def _parse_date(call: Call, args: list[str], context: Context) -> str:
    tries = [f"ps_try_date({args[0]}, {p}, {zone_literal(context)}, {context.now.year}::INTEGER)" for p in args[1:]]
    nulls = " OR ".join(f"{arg} IS NULL" for arg in args)
    return f"CASE WHEN {nulls} THEN NULL ELSE coalesce({', '.join(tries)}) END"


def _custom_formats(call: Call, args: list[str], context: Context) -> str:
    tries = [f"ps_try_date({args[0]}, {p}, {zone_literal(context)}, {context.now.year}::INTEGER)" for p in args[1:-1]]
    last = f"ps_parse_date({args[0]}, {args[-1]}, {zone_literal(context)}, {context.now.year}::INTEGER)"
    nulls = " OR ".join(f"{arg} IS NULL" for arg in args)
    return f"CASE WHEN {nulls} THEN NULL ELSE coalesce({', '.join([*tries, last])}) END"


def _to_string(call: Call, args: list[str], context: Context) -> str:
    given = args[0]
    if len(args) == 1:
        return casts.datetime_to_text(f"({given})")
    pattern = constant_text(call.args[1])
    shared = f"ps_print_pattern({given}, {args[1]})"
    form = None if pattern is None else strftime_of(pattern)
    if form is None:
        return shared
    local = _local(given)
    plain = f"strftime(make_timestamp_ms({local}), {text_literal(form)})"
    return f"CASE WHEN {given} IS NULL THEN NULL WHEN {four_digit_year(local)} THEN {plain} ELSE {shared} END"


def _local(sql: str) -> str:
    return f"(({sql}).t + ({sql}).o * 60000::BIGINT)"


def _date_part(native: str, shared: str) -> Template:
    def template(call: Call, args: list[str], context: Context) -> str:
        local = _local(args[0])
        plain = f"CAST({native}(make_timestamp_ms({local})) AS INTEGER)"
        return f"CASE WHEN {four_digit_year(local)} THEN {plain} ELSE ps_{shared}({args[0]}) END"

    return template


def _clock_part(divisor: int, modulus: int) -> Template:
    def template(call: Call, args: list[str], context: Context) -> str:
        # DuckDB's % takes the sign of the left operand: shift it into the day first.
        local = f"((({_local(args[0])} % 86400000) + 86400000) % 86400000)"
        return f"CAST(({local} // {divisor}) % {modulus} AS INTEGER)"

    return template


def _between(unit_ms: int) -> Template:
    return simple(f"((({{0}}).t - ({{1}}).t) // {unit_ms})")


def _add(sign: int) -> Template:
    def template(call: Call, args: list[str], context: Context) -> str:
        constant = constant_text(call.args[1])
        period = f"coalesce({_lasting(args[1], CHARARRAY)}, 'P')" if context.strict and constant is None else args[1]
        shared = f"ps_add_period({args[0]}, {period}, ({sign})::INTEGER)"
        native = None if constant is None else addition_of(f"({args[0]})", constant, sign, shared)
        return native or shared

    return template


def _iso_add(sign: int) -> Template:
    def template(call: Call, args: list[str], context: Context) -> str:
        return f"ps_iso_shift({args[0]}, {args[1]}, {context.zone_minutes}::INTEGER, ({sign})::INTEGER)"

    return template


def _abs(call: Call, args: list[str], context: Context) -> str:
    if call.dtype.kind in _REAL:
        return f"abs({args[0]})"
    if call.dtype.kind is Kind.INT:
        return wrap_int(f"abs(CAST({args[0]} AS BIGINT))")
    return wrap_long(f"abs(CAST({args[0]} AS HUGEINT))")


def _round(call: Call, args: list[str], context: Context) -> str:
    kind = call.args[0].dtype.kind
    if kind in (Kind.INT, Kind.LONG):
        return args[0]
    word = "long" if kind is Kind.DOUBLE else "int"
    sql_type = "BIGINT" if kind is Kind.DOUBLE else "INTEGER"
    x = args[0]
    down = f"CASE WHEN {x} - floor({x}) >= 0.5 THEN floor({x}) + 1 ELSE floor({x}) END"
    return f"CASE WHEN abs({x}) < 1000000000 THEN CAST({down} AS {sql_type}) ELSE ps_round_to_{word}({x}) END"


def _or_default(kind: Kind) -> Template:
    def template(call: Call, args: list[str], context: Context) -> str:
        text, default = args
        if kind in (Kind.INT, Kind.LONG):
            return f"coalesce(ps_strict_{kind.value}({text}), {default})"
        return f"coalesce({casts.text_to_real(text, kind)}, {default})"

    return template


def _first_not_null(call: Call, args: list[str], context: Context) -> str:
    """COALESCE. DuckDB takes repeated parts out of `coalesce` and computes them beforehand, but not out of CASE."""
    if not any(may_fail(arg, context) for arg in call.args[1:]):
        return f"coalesce({', '.join(_lasting(arg, call.dtype) for arg in args)})"
    sql = args[-1]
    for arg in reversed(args[:-1]):
        sql = f"CASE WHEN ({arg}) IS NOT NULL THEN {arg} ELSE {sql} END"
    return f"({sql})"


def _lasting(sql: str, dtype: DType) -> str:
    """Return a value that may be handed to `coalesce`, which keeps no more of a shared function's text than a pointer: the
    memory behind it is soon another's. Added to nothing it becomes a text of DuckDB's own."""
    return f"({sql} || '')" if "ps_" in sql and SQL_TYPES[dtype.kind] == "VARCHAR" else sql


def encoded(sql: str, dtype: DType) -> str:
    """Return the canonical text of a typed value; null is the text `null`, so that it can stand in a structure."""
    match dtype.kind:
        case Kind.BYTEARRAY | Kind.MAP | Kind.BAG | Kind.TUPLE:
            made = _lasting(sql, dtype)
        case Kind.CHARARRAY:
            made = f"CAST(to_json({sql}) AS VARCHAR)"
        case Kind.BOOLEAN:
            made = f"CAST({sql} AS VARCHAR)"
        case Kind.INT | Kind.LONG:
            made = f"'{{\"{dtype.kind.value[0]}\":' || CAST({sql} AS VARCHAR) || '}}'"
        case Kind.DATETIME:
            made = f"'{{\"t\":[' || ({sql}).t || ',' || ({sql}).o || ']}}'"
        case _:
            tag = dtype.kind.value[0]
            made = f"'{{\"{tag}\":\"' || ps_{dtype.kind.value}_to_text({sql}) || '\"}}'"
    return f"coalesce({made}, 'null')"


def _structure(word: str) -> Template:
    def template(call: Call, args: list[str], context: Context) -> str:
        items = ", ".join(encoded(sql, arg.dtype) for sql, arg in zip(args, call.args, strict=True))
        return f"ps_make_{word}([{items}]::VARCHAR[])"

    return template


def _call_of_others(call: Call, args: list[str], context: Context) -> str:
    lasting = [_lasting(arg, one.dtype) for arg, one in zip(args, call.args, strict=True)]
    made = call_of_others(
        call, lasting, context, lambda name, *given: f"ps_{name}({', '.join(given)})",
        lambda texts: f"[{', '.join(texts)}]::VARCHAR[]",
    )  # fmt: skip
    return "CAST(NULL AS VARCHAR)" if made is None else made


def _question(call: Call, args: list[str], context: Context) -> str:
    made = question(call, args, context, lambda name, *given: f"{PREFIX}{name}({', '.join(given)})")
    return f"CAST(NULL AS {SQL_TYPES[call.dtype.kind]})" if made is None else made


def _typed(sql: str, dtype: DType, context: Context) -> str:
    """Return a canonical text as a value of its declared type."""
    if dtype.kind in (Kind.BYTEARRAY, Kind.MAP, Kind.BAG, Kind.TUPLE):
        return sql
    return casts.from_value(sql, dtype.kind, context)


def _typed_call(name: str) -> Template:
    return lambda call, args, context: _typed(f"{PREFIX}{name}({', '.join(args)})", call.dtype, context)


def _map_get(call: Call, args: list[str], context: Context) -> str:
    key, shared = constant_text(call.args[1]), f"ps_map_get({', '.join(args)})"
    if key is not None and call.dtype.kind is Kind.CHARARRAY:
        return canonical.map_get_text(args[0], key, f"ps_value_to_text({shared})")
    if key is not None and call.dtype.kind is Kind.BYTEARRAY:
        return canonical.map_get(args[0], key, shared)
    return _typed(shared, call.dtype, context)


def _project(call: Call, args: list[str], context: Context) -> str:
    return f"ps_project({args[0]}, [{', '.join(args[1:])}]::INTEGER[])"


def _correlations(covariance: bool) -> Template:
    def template(call: Call, args: list[str], context: Context) -> str:
        nulls = " OR ".join(f"{arg} IS NULL" for arg in args)
        made = f"ps_bag_correlations([{', '.join(args)}]::VARCHAR[], {str(covariance).lower()})"
        return f"CASE WHEN {nulls} THEN NULL ELSE {made} END"

    return template


def _bounded(native: str, name: str, bound: str) -> Template:
    """A native function where its argument lies inside *bound*, the shared one elsewhere."""
    test = bound.replace("x", "{0}")
    return simple(f"CASE WHEN {test} THEN {native}({{0}}) ELSE ps_math_{name}({{0}}) END")


def _added(word: str, context: Context) -> str:
    """Return what a form takes besides the arguments."""
    match word:
        case "zone":
            return f"{context.zone_minutes}::INTEGER"
        case "zone_id":
            return zone_literal(context)
        case "this_year":
            return f"{context.now.year}::INTEGER"
        case "strict":
            return str(context.strict).lower()
        case _:
            return f"({word})::INTEGER"


def _portable(call: Call, args: list[str], context: Context) -> str:
    form, given = form_of(call.function, call), args
    if form.as_values:
        items = ", ".join(encoded(sql, arg.dtype) for sql, arg in zip(args, call.args, strict=True))
        args = [f"[{items}]::VARCHAR[]"]
    made = f"{PREFIX}{form.name}({', '.join([*args, *(_added(word, context) for word in form.adds)])})"
    if shared_result(form.name) == "value":
        made = _typed(made, call.dtype, context)
    return f"coalesce({made}, {form.null})" if form.null is not None and null_tests(call, given) else made


def _read_json(form: Callable[[str, str], str], name: str) -> Template:
    """A text read as JSON; where there is a sequence for it, what cannot be read is counted."""

    def template(call: Call, args: list[str], context: Context) -> str:
        shared = f"{PREFIX}{name}({args[0]})"
        if isinstance(context, casts.Counting):
            unread = f"CASE WHEN nextval('{context.unread}') < 0 THEN '' END"
            shared = f"coalesce({_lasting(shared, call.dtype)}, {unread})"
        return form(args[0], shared)

    return template


def _json_member(call: Call, args: list[str], context: Context) -> str:
    return members.member(args[0], constant_text(call.args[1]) or "", f"{PREFIX}json_member({', '.join(args)})")


def _json_part(call: Call, args: list[str], context: Context) -> str:
    return members.part(args[0], constant_text(call.args[1]) or "")


def _json_value(call: Call, args: list[str], context: Context) -> str:
    shared = casts.from_untyped(f"{PREFIX}json_value({args[0]})", call.dtype.kind, context)
    return members.value(args[0], call.dtype.kind, shared)


_BLANK_BEFORE_BREAK = r" [\r\n\x{85}\x{2028}\x{2029}]+\z".replace("{", "{{").replace("}", "}}")


def _is_whole(word: str, sql_type: str) -> Template:
    """A text that prints back as itself is a whole number, one without any digit is none; the rest is Java's business."""
    return simple(
        f"CASE WHEN {{0}} IS NULL THEN false WHEN CAST(TRY_CAST({{0}} AS {sql_type}) AS VARCHAR) = {{0}} THEN true "
        f"WHEN NOT regexp_matches({{0}}, '\\p{{{{Nd}}}}') THEN false ELSE ps_is_{word}({{0}}) END"
    )


TEMPLATES: dict[str, Template] = {
    **dict.fromkeys(PORTABLE, _portable),
    # operators
    "add": _arithmetic("+"),
    "subtract": _arithmetic("-"),
    "multiply": _arithmetic("*"),
    "divide": _divide,
    "modulo": _modulo,
    "negate": _negate,
    "and": connected("AND"),
    "or": connected("OR"),
    "not": simple("(NOT {0})"),
    "is_null": simple("({0} IS NULL)"),
    "is_not_null": simple("({0} IS NOT NULL)"),
    "matches": _matches,
    "map_get": _map_get,
    "tuple_get": _typed_call("tuple_get"),
    "tuple_project": _project,
    "bag_project": _project,
    # text
    "CONCAT": _concat,
    "REPLACE": _replace,
    "SUBSTRING": _substring,
    "INDEXOF": _index_of,
    "UPPER": ascii_else("upper({0})", "ps_upper({0})"),
    "LOWER": ascii_else("lower({0})", "ps_lower({0})"),
    "UCFIRST": ascii_else("upper(substring({0}, 1, 1)) || substring({0}, 2)", "ps_upper_first({0})"),
    "LCFIRST": ascii_else("lower(substring({0}, 1, 1)) || substring({0}, 2)", "ps_lower_first({0})"),
    # Where nothing is to go the text stays: DuckDB makes the set of characters anew for each.
    "TRIM": simple(
        "CASE WHEN {0} >= '!' AND right({0}, 1) >= '!' THEN {0} "
        f"ELSE trim({{0}}, {text_literal(''.join(map(chr, range(33))))}) END"
    ),
    "LTRIM": simple("ltrim({0}, ' ')"),
    "RTRIM": simple(
        f"CASE WHEN regexp_matches({{0}}, '{_BLANK_BEFORE_BREAK}') THEN ps_right_trim({{0}}) ELSE rtrim({{0}}, ' ') END"
    ),
    "STARTSWITH": simple("starts_with({0}, {1})"),
    "ENDSWITH": simple("suffix({0}, {1})"),
    "EqualsIgnoreCase": simple(
        "CASE WHEN strlen({0}) = length({0}) AND strlen({1}) = length({1}) THEN lower({0}) = lower({1}) "
        "ELSE ps_equals_ignore_case({0}, {1}) END"
    ),
    "STRSPLIT": _split,
    "TOKENIZE": _tokenize,
    "LENGTH": _length,
    "SIZE": _size,
    "REGEX_EXTRACT": _regex_extract,
    "IsInt": _is_whole("int", "INTEGER"),
    "IsLong": _is_whole("long", "BIGINT"),
    "IsNumeric": simple("coalesce(regexp_full_match({0}, '-?[0-9]+([.][0-9]+)?'), false)"),
    # hashes and encodings
    "MD5": simple("md5({0})"),
    "SHA1": simple("sha1({0})"),
    "SHA256": simple("sha256({0})"),
    "Base64Encode": simple("to_base64(encode({0}))"),
    # date and time
    "CurrentTime": _current_time,
    "ToDate": _to_date,
    "ParseDate": _parse_date,
    "ToDateCustomFormats": _custom_formats,
    "ToString": _to_string,
    "ToUnixTime": simple("(({0}).t // 1000)"),
    "ToMilliSeconds": simple("({0}).t"),
    "AddDuration": _add(1),
    "SubtractDuration": _add(-1),
    "ISOAddDuration": _iso_add(1),
    "ISOSubtractDuration": _iso_add(-1),
    "WeeksBetween": _between(604_800_000),
    "DaysBetween": _between(86_400_000),
    "HoursBetween": _between(3_600_000),
    "MinutesBetween": _between(60_000),
    "SecondsBetween": _between(1_000),
    "MilliSecondsBetween": _between(1),
    "GetYear": _date_part("year", "year_of"),
    "GetMonth": _date_part("month", "month_of"),
    "GetDay": _date_part("day", "day_of"),
    "GetWeek": _date_part("week", "week_of"),
    "GetWeekYear": _date_part("isoyear", "week_year_of"),
    "GetHour": _clock_part(3_600_000, 24),
    "GetMinute": _clock_part(60_000, 60),
    "GetSecond": _clock_part(1_000, 60),
    "GetMilliSecond": _clock_part(1, 1_000),
    # numbers
    "ABS": _abs,
    "CEIL": simple("ceil({0})"),
    "FLOOR": simple("floor({0})"),
    "ROUND": _round,
    "SQRT": _bounded("sqrt", "sqrt", "x >= 0"),
    "EXP": _bounded("exp", "exp", "abs(x) < 700"),
    "LOG": _bounded("ln", "log", "x > 0 AND isfinite(x)"),
    "LOG10": _bounded("log10", "log10", "x > 0 AND isfinite(x)"),
    "SIN": _bounded("sin", "sin", "isfinite(x)"),
    "COS": _bounded("cos", "cos", "isfinite(x)"),
    "TAN": _bounded("tan", "tan", "isfinite(x)"),
    "ASIN": _bounded("asin", "asin", "abs(x) <= 1"),
    "ACOS": _bounded("acos", "acos", "abs(x) <= 1"),
    "ATAN": simple("atan({0})"),
    "RANDOM": simple("random()"),
    "RandInt": simple("CAST({0} + floor(random() * ps_whole_numbers_between({0}, {1})) AS INTEGER)"),
    # conversion
    "ParseIntOrDefault": _or_default(Kind.INT),
    "ParseLongOrDefault": _or_default(Kind.LONG),
    "ParseFloatOrDefault": _or_default(Kind.FLOAT),
    "ParseDoubleOrDefault": _or_default(Kind.DOUBLE),
    "COALESCE": _first_not_null,
    "BoolToInt": simple("CASE WHEN {0} THEN 1 ELSE 0 END"),
    "IntToBool": simple("coalesce({0} <> 0, false)"),
    # calls
    "Curl": _call_of_others,
    "CurlPoll": _call_of_others,
    "CCurl": _call_of_others,
    "CCurlPoll": _call_of_others,
    "ExecuteSqlString": _question,
    "ExecuteSqlDateTime": _question,
    "ExecuteSqlDatetime": _question,
    # JSON
    "JsonStringToMap": _read_json(canonical.map_of_texts, "json_to_map"),
    "JsonStringToBag": _read_json(canonical.bag_of_texts, "json_to_bag"),
    # structures
    "TOTUPLE": _structure("tuple"),
    "TOBAG": _structure("bag"),
    "TOMAP": _structure("map"),
    "COR": _correlations(False),
    "COV": _correlations(True),
}
"""Every function and operator this engine has; a function that is missing here is refused before the job starts."""

INNER: dict[str, Template] = {
    "json_of_texts": _read_json(members.text_of_texts, "json_to_map"),
    "json_member": _json_member,
    "json_part": _json_part,
    "json_object": simple("CASE WHEN starts_with({0}, '{{') THEN {0} END"),
    "json_value": _json_value,
    "json_as_text": simple(members.as_text("{0}")),
    "json_size": simple("CAST(json_array_length({0}) AS BIGINT)"),
}
"""Words that stand in no package: what rewriting a plan puts into it (`penstock.engines.members`)."""
