"""The function table of Spark: for every operator and function a template over the SQL of its arguments.

What Spark, being Java, does exactly as the language means it is said in its own functions; every other function is the
shared form. Text in Spark is counted in code points and Java counts UTF-16 units, so positions are native for ASCII only.
"""

from __future__ import annotations

import re

from penstock.engines.functions import java_regex
from penstock.engines.functions.joda import Part, parts_of
from penstock.engines.functions.table import shared_result
from penstock.engines.portable import PORTABLE, form_of
from penstock.engines.spark import casts
from penstock.engines.spark.casts import wide, wrap_int, wrap_long
from penstock.engines.spark.shared import shared, unless
from penstock.engines.spark.types import SQL_TYPES, datetime_of, literal, negative_zero, text_literal
from penstock.engines.templates import (
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
    zone_literal,
)
from penstock.errors import DataError
from penstock.plan.dtypes import DType, Kind
from penstock.plan.exprs import Call, Expr, Literal
from penstock.plan.ports import Context
from penstock.plan.values import Value

_REAL = (Kind.FLOAT, Kind.DOUBLE)
simple = Simple
_WITH_COMMENTS = re.compile(r"\(\?[a-zA-Z-]*x")


def ascii_else(native: str, name: str) -> Template:
    """Return a template that uses *native* where the first argument is ASCII, else the shared function."""

    def template(call: Call, args: list[str], context: Context) -> str:
        plain = f"octet_length({args[0]}) = char_length({args[0]})"
        rest = unless(plain, name, *args)
        return f"CASE WHEN {plain} THEN {native.format(*args)} ELSE {rest} END"

    return template


def _plus_minus(sign: str) -> Template:
    function = {"+": "try_add", "-": "try_subtract", "*": "try_multiply"}[sign]

    def template(call: Call, args: list[str], context: Context) -> str:
        left, right = args
        if call.dtype.kind in _REAL:
            return f"({left} {sign} {right})"
        if call.dtype.kind is Kind.INT:
            return wrap_int(f"(CAST({left} AS BIGINT) {sign} {right})")
        return f"coalesce({function}({left}, {right}), {wrap_long(f'({wide(left)} {sign} {right})')})"

    return template


def _divide(call: Call, args: list[str], context: Context) -> str:
    left, right = args
    divisor, kind = call.args[1], call.dtype.kind
    if kind in _REAL:
        return _divide_real(left, right, divisor, kind)
    if is_small_divisor(divisor):
        return f"CAST({left} div {right} AS {'INT' if kind is Kind.INT else 'BIGINT'})"
    if kind is Kind.INT:
        return f"CASE WHEN {right} = 0 THEN NULL ELSE {wrap_int(f'(CAST({left} AS BIGINT) div {right})')} END"
    return f"CASE WHEN {right} = 0 THEN NULL WHEN {right} = -1 THEN {_minus_long(left)} ELSE {left} div {right} END"


def _divide_real(left: str, right: str, divisor: Expr, kind: Kind) -> str:
    """A divisor 0.0 gives null; -0.0 is not caught and gives what IEEE 754 says (dataflow reference 4.2)."""
    sql_type = "FLOAT" if kind is Kind.FLOAT else "DOUBLE"
    native = f"CAST({left} / {right} AS {sql_type})"
    if isinstance(divisor, Literal) and divisor.value is not None and divisor.value.data != 0:
        return native
    by_negative_zero = (
        f"CASE WHEN {left} IS NULL THEN NULL WHEN {left} = 0 OR isnan({left}) THEN CAST('NaN' AS {sql_type}) "
        f"WHEN {left} > 0 THEN CAST('-Infinity' AS {sql_type}) ELSE CAST('Infinity' AS {sql_type}) END"
    )
    return (
        f"CASE WHEN {right} = 0 THEN CASE WHEN CAST({right} AS STRING) = '-0.0' THEN {by_negative_zero} END "
        f"ELSE {native} END"
    )


def _minus_long(sql: str) -> str:
    least = "CAST('-9223372036854775808' AS BIGINT)"
    return f"CASE WHEN {sql} = {least} THEN {least} ELSE - {sql} END"


def _modulo(call: Call, args: list[str], context: Context) -> str:
    left, right = args
    if is_small_divisor(call.args[1]):
        return f"({left} % {right})"
    return f"CASE WHEN {right} = 0 THEN NULL ELSE {left} % {right} END"


def _negate(call: Call, args: list[str], context: Context) -> str:
    given = call.args[0]
    if isinstance(given, Literal) and given.value is not None and given.value.data == 0 and call.dtype.kind in _REAL:
        return literal(Value(call.dtype.kind, -float(given.value.data)), call.dtype)
    if call.dtype.kind in _REAL:
        return f"(- {args[0]})"
    if call.dtype.kind is Kind.INT:
        return wrap_int(f"(- CAST({args[0]} AS BIGINT))")
    return _minus_long(args[0])


def _joined(word: str) -> Template:
    return lambda call, args, context: "(" + f" {word} ".join(args) + ")"


def _java_pattern(expr: Expr) -> str | None:
    """Return a constant pattern that Spark's Java reads as the shared form does; else None. Raises DataError for one that
    is malformed."""
    pattern = constant_text(expr)
    if pattern is None or java_regex.translate(pattern).re2 is None:
        return None
    # With comments allowed, what is put behind a pattern would be one.
    return None if _WITH_COMMENTS.search(pattern) else pattern


def _matches(call: Call, args: list[str], context: Context) -> str:
    pattern = _java_pattern(call.args[1])
    if pattern is not None:
        return f"({args[0]} RLIKE {text_literal(f'^(?:{pattern})' + chr(92) + 'z')})"
    return shared("full_match", *args)


def _substring(call: Call, args: list[str], context: Context) -> str:
    text, begin, end = args
    plain = f"octet_length({text}) = char_length({text})"
    stop, bad = substring_guards(call, begin, end, f"char_length({text})")
    native = f"substring({text}, {begin} + 1, {stop} - {begin})"
    found = f"CASE WHEN {bad} THEN NULL ELSE {native} END" if bad else native
    nulls = null_tests(call, args)
    before = f"WHEN {nulls} THEN NULL " if nulls else ""
    return f"CASE {before}WHEN {plain} THEN {found} ELSE {unless(plain, 'substring', text, begin, end)} END"


def _index_of(call: Call, args: list[str], context: Context) -> str:
    if len(args) == 3:
        return shared("index_of", *args)
    text, search = args
    not_empty = "" if constant_text(call.args[1]) else f" AND {search} <> ''"
    plain = f"octet_length({text}) = char_length({text}){not_empty}"
    rest = unless(plain, "index_of", text, search, "0")
    return f"CASE WHEN {plain} THEN instr({text}, {search}) - 1 ELSE {rest} END"


def _length(call: Call, args: list[str], context: Context) -> str:
    # Two bytes a unit, whatever the text holds.
    return f"CAST(octet_length(encode({args[0]}, 'UTF-16BE')) div 2 AS INT)"


def _size(call: Call, args: list[str], context: Context) -> str:
    kind = call.args[0].dtype.kind
    if kind is Kind.CHARARRAY:
        return f"CAST({_length(call, args, context)} AS BIGINT)"
    if kind in (Kind.MAP, Kind.BAG, Kind.TUPLE, Kind.BYTEARRAY):
        return shared("size", args[0])
    return f"CASE WHEN {args[0]} IS NULL THEN NULL ELSE 1L END"


def _split(call: Call, args: list[str], context: Context) -> str:
    pattern = args[1] if len(args) > 1 else text_literal("\\s")
    return shared("split", args[0], pattern, args[2] if len(args) > 2 else "0")


def _tokenize(call: Call, args: list[str], context: Context) -> str:
    return shared("tokenize_words", *args) if len(args) == 1 else shared("tokenize", *args)


def _current_time(call: Call, args: list[str], context: Context) -> str:
    return datetime_of(str(context.now_ms), str(context.zone_minutes))


def _to_date(call: Call, args: list[str], context: Context) -> str:
    if call.args[0].dtype.kind is Kind.BYTEARRAY:
        return casts.cast(args[0], call.args[0].dtype, call.dtype, context)
    if call.args[0].dtype.kind is Kind.LONG:
        return casts.instant(args[0], str(context.zone_minutes))
    if len(args) == 1:
        return casts.text_to_datetime(args[0], context.zone_minutes)
    zone = zone_literal(context) if len(args) == 2 else f"coalesce({args[2]}, {zone_literal(context)})"
    if context.strict:
        zone = shared("zone_of_today", zone, f"{context.now_ms}L")
    return shared("parse_date", args[0], args[1], zone, str(context.now.year))


def _first_that_fits(args: list[str], context: Context, last: list[str]) -> str:
    tries = [shared("try_date", args[0], pattern, zone_literal(context), str(context.now.year)) for pattern in args[1:]]
    nulls = " OR ".join(f"{arg} IS NULL" for arg in [*args, *last])
    final = [shared("parse_date", args[0], pattern, zone_literal(context), str(context.now.year)) for pattern in last]
    return f"CASE WHEN {nulls} THEN NULL ELSE coalesce({', '.join([*tries, *final])}) END"


def _parse_date(call: Call, args: list[str], context: Context) -> str:
    return _first_that_fits(args, context, [])


def _custom_formats(call: Call, args: list[str], context: Context) -> str:
    return _first_that_fits(args[:-1], context, args[-1:])


_LETTERS = {"y": (4,), "M": (1, 2), "d": (1, 2), "H": (1, 2), "m": (1, 2), "s": (1, 2), "S": (3,)}
"""Letters that `java.time` writes as Joda does, for years of four digits, and how often each may stand."""


def _java_form(part: Part) -> str | None:
    if part.letter == "":
        return "'" + part.text.replace("'", "''") + "'" if part.text else ""
    return part.letter * part.count if part.count in _LETTERS.get(part.letter, ()) else None


def _to_string(call: Call, args: list[str], context: Context) -> str:
    given = args[0]
    if len(args) == 1:
        return casts.datetime_to_text(given)
    pattern = constant_text(call.args[1])
    try:
        forms = [] if pattern is None else [_java_form(part) for part in parts_of(pattern)]
    except DataError:
        forms = []
    made = [form for form in forms if form is not None]
    if not made or len(made) != len(forms) or "''" in "".join(made):
        return shared("print_pattern", *args)
    plain = four_digit_year(_local(given))
    native = f"date_format(timestamp_millis({_local(given)}), {text_literal(''.join(made))})"
    rest = unless(plain, "print_pattern", given, args[1])
    return f"CASE WHEN {given} IS NULL THEN NULL WHEN {plain} THEN {native} ELSE {rest} END"


def _local(sql: str) -> str:
    return f"(({sql}).t + ({sql}).o * 60000L)"


def _date_part(native: str, name: str) -> Template:
    def template(call: Call, args: list[str], context: Context) -> str:
        plain = four_digit_year(_local(args[0]))
        made = native.format(f"timestamp_millis({_local(args[0])})")
        return f"CASE WHEN {plain} THEN CAST({made} AS INT) ELSE {unless(plain, name, args[0])} END"

    return template


def _clock_part(divisor: int, modulus: int) -> Template:
    def template(call: Call, args: list[str], context: Context) -> str:
        return f"CAST((pmod({_local(args[0])}, 86400000L) div {divisor}) % {modulus} AS INT)"

    return template


def _add(sign: int) -> Template:
    def template(call: Call, args: list[str], context: Context) -> str:
        period = f"coalesce({args[1]}, 'P')" if context.strict else args[1]
        return shared("add_period", args[0], period, str(sign))

    return template


def _iso_add(sign: int) -> Template:
    return lambda call, args, context: shared("iso_shift", *args, str(context.zone_minutes), str(sign))


def _abs(call: Call, args: list[str], context: Context) -> str:
    if call.dtype.kind in _REAL:
        return f"abs({args[0]})"
    if call.dtype.kind is Kind.INT:
        return wrap_int(f"abs(CAST({args[0]} AS BIGINT))")
    return f"CASE WHEN {args[0]} < 0 THEN {_minus_long(args[0])} ELSE {args[0]} END"


def _whole(native: str) -> Template:
    """CEIL or FLOOR: Spark's give a long, which holds neither -0.0 nor what is beyond its range."""

    def template(call: Call, args: list[str], context: Context) -> str:
        x = args[0]
        negative = f"WHEN {x} > -1 AND {x} < 0 THEN {negative_zero('DOUBLE')} " if native == "ceil" else ""
        return f"CASE {negative}WHEN abs({x}) < 4503599627370496D AND {x} <> 0 THEN CAST({native}({x}) AS DOUBLE) ELSE {x} END"

    return template


def _round(call: Call, args: list[str], context: Context) -> str:
    kind, x = call.args[0].dtype.kind, args[0]
    if kind in (Kind.INT, Kind.LONG):
        return x
    word, sql_type = ("long", "BIGINT") if kind is Kind.DOUBLE else ("int", "INT")
    near = f"abs({x}) < 1000000000D"
    down = f"CASE WHEN {x} - floor({x}) >= 0.5D THEN floor({x}) + 1 ELSE floor({x}) END"
    return f"CASE WHEN {near} THEN CAST({down} AS {sql_type}) ELSE {unless(near, f'round_to_{word}', x)} END"


def _or_default(kind: Kind) -> Template:
    def template(call: Call, args: list[str], context: Context) -> str:
        text, default = args
        whole = kind in (Kind.INT, Kind.LONG)
        made = shared(f"strict_{kind.value}", text) if whole else casts.text_to_real(text, kind)
        return f"coalesce({made}, {default})"

    return template


def encoded(sql: str, dtype: DType) -> str:
    """Return the canonical text of a typed value; null is the text `null`, so that it can stand in a structure."""
    match dtype.kind:
        case Kind.BYTEARRAY | Kind.MAP | Kind.BAG | Kind.TUPLE:
            made = sql
        case Kind.CHARARRAY:
            made = f"substring(to_json(array({sql})), 2, char_length(to_json(array({sql}))) - 2)"
        case Kind.BOOLEAN:
            made = f"CAST({sql} AS STRING)"
        case Kind.INT | Kind.LONG:
            made = f"'{{\"{dtype.kind.value[0]}\":' || CAST({sql} AS STRING) || '}}'"
        case Kind.DATETIME:
            made = f"'{{\"t\":[' || CAST(({sql}).t AS STRING) || ',' || CAST(({sql}).o AS STRING) || ']}}'"
        case _:
            made = f"'{{\"{dtype.kind.value[0]}\":\"' || {shared(f'{dtype.kind.value}_to_text', sql)} || '\"}}'"
    return f"coalesce({made}, 'null')"


def _structure(word: str) -> Template:
    def template(call: Call, args: list[str], context: Context) -> str:
        items = ", ".join(encoded(sql, arg.dtype) for sql, arg in zip(args, call.args, strict=True))
        return shared(f"make_{word}", f"CAST(array({items}) AS ARRAY<STRING>)")

    return template


def _call_of_others(call: Call, args: list[str], context: Context) -> str:
    made = call_of_others(
        call, args, context, shared, lambda texts: f"CAST(array({', '.join(texts)}) AS ARRAY<STRING>)"
    )
    return "CAST(NULL AS STRING)" if made is None else made


def _question(call: Call, args: list[str], context: Context) -> str:
    made = question(call, args, context, shared)
    return f"CAST(NULL AS {SQL_TYPES[call.dtype.kind]})" if made is None else made


def _typed(sql: str, dtype: DType, context: Context) -> str:
    """Return a canonical text as a value of its declared type."""
    if dtype.kind in (Kind.BYTEARRAY, Kind.MAP, Kind.BAG, Kind.TUPLE):
        return sql
    return casts.cast(sql, DType(Kind.BYTEARRAY), dtype, context)


def _typed_call(name: str) -> Template:
    return lambda call, args, context: _typed(shared(name, *args), call.dtype, context)


def _project(call: Call, args: list[str], context: Context) -> str:
    return shared("project", args[0], f"CAST(array({', '.join(args[1:])}) AS ARRAY<INT>)")


def _correlations(covariance: bool) -> Template:
    def template(call: Call, args: list[str], context: Context) -> str:
        nulls = " OR ".join(f"{arg} IS NULL" for arg in args)
        made = shared("bag_correlations", f"CAST(array({', '.join(args)}) AS ARRAY<STRING>)", str(covariance).lower())
        return f"CASE WHEN {nulls} THEN NULL ELSE {made} END"

    return template


def _math(name: str) -> Template:
    """A function of C's library on both engines: Java's differs in the last digit."""
    return lambda call, args, context: shared(f"math_{name}", *args)


def _added(word: str, context: Context) -> str:
    """Return what a form takes besides the arguments."""
    match word:
        case "zone":
            return str(context.zone_minutes)
        case "zone_id":
            return zone_literal(context)
        case "this_year":
            return str(context.now.year)
        case "strict":
            return str(context.strict).lower()
        case _:
            return word


def _portable(call: Call, args: list[str], context: Context) -> str:
    form, given = form_of(call.function, call), args
    if form.as_values:
        items = ", ".join(encoded(sql, arg.dtype) for sql, arg in zip(args, call.args, strict=True))
        args = [f"CAST(array({items}) AS ARRAY<STRING>)"]
    made = shared(form.name, *args, *(_added(word, context) for word in form.adds))
    if shared_result(form.name) == "value":
        made = _typed(made, call.dtype, context)
    return f"coalesce({made}, {form.null})" if form.null is not None and null_tests(call, given) else made


TEMPLATES: dict[str, Template] = {
    **dict.fromkeys(PORTABLE, _portable),
    # operators
    "add": _plus_minus("+"),
    "subtract": _plus_minus("-"),
    "multiply": _plus_minus("*"),
    "divide": _divide,
    "modulo": _modulo,
    "negate": _negate,
    "and": connected("AND"),
    "or": connected("OR"),
    "not": simple("(NOT {0})"),
    "is_null": simple("({0} IS NULL)"),
    "is_not_null": simple("({0} IS NOT NULL)"),
    "matches": _matches,
    "map_get": _typed_call("map_get"),
    "tuple_get": _typed_call("tuple_get"),
    "tuple_project": _project,
    "bag_project": _project,
    # text
    "CONCAT": _joined("||"),
    "SUBSTRING": _substring,
    "INDEXOF": _index_of,
    "UPPER": ascii_else("upper({0})", "upper"),
    "LOWER": ascii_else("lower({0})", "lower"),
    "UCFIRST": ascii_else("upper(substring({0}, 1, 1)) || substring({0}, 2)", "upper_first"),
    "LCFIRST": ascii_else("lower(substring({0}, 1, 1)) || substring({0}, 2)", "lower_first"),
    "TRIM": simple(f"btrim({{0}}, {text_literal(''.join(map(chr, range(33))))})"),
    "LTRIM": simple("ltrim({0})"),
    "RTRIM": simple("regexp_replace({0}, ' +$', '')"),
    "STARTSWITH": simple("startswith({0}, {1})"),
    "ENDSWITH": simple("endswith({0}, {1})"),
    "STRSPLIT": _split,
    "TOKENIZE": _tokenize,
    "LENGTH": _length,
    "SIZE": _size,
    "REGEX_EXTRACT": lambda call, args, context: shared("regex_extract", *args),
    "EqualsIgnoreCase": lambda call, args, context: shared("equals_ignore_case", *args),
    "IsNumeric": simple("coalesce({0} RLIKE '^-?[0-9]+([.][0-9]+)?\\\\z', false)"),
    # hashes and encodings
    "MD5": simple("md5(CAST({0} AS BINARY))"),
    "SHA1": simple("sha1(CAST({0} AS BINARY))"),
    "SHA256": simple("sha2(CAST({0} AS BINARY), 256)"),
    # date and time
    "CurrentTime": _current_time,
    "ToDate": _to_date,
    "ParseDate": _parse_date,
    "ToDateCustomFormats": _custom_formats,
    "ToString": _to_string,
    "ToUnixTime": simple("(({0}).t div 1000)"),
    "ToMilliSeconds": simple("({0}).t"),
    "AddDuration": _add(1),
    "SubtractDuration": _add(-1),
    "ISOAddDuration": _iso_add(1),
    "ISOSubtractDuration": _iso_add(-1),
    **{
        f"{name}Between": simple(f"((({{0}}).t - ({{1}}).t) div {unit_ms})")
        for name, unit_ms in (
            ("Weeks", 604_800_000), ("Days", 86_400_000), ("Hours", 3_600_000), ("Minutes", 60_000), ("Seconds", 1_000),
            ("MilliSeconds", 1),
        )
    },
    "GetYear": _date_part("year({})", "year_of"),
    "GetMonth": _date_part("month({})", "month_of"),
    "GetDay": _date_part("day({})", "day_of"),
    "GetWeek": _date_part("weekofyear({})", "week_of"),
    "GetWeekYear": _date_part("extract(YEAROFWEEK FROM {})", "week_year_of"),
    "GetHour": _clock_part(3_600_000, 24),
    "GetMinute": _clock_part(60_000, 60),
    "GetSecond": _clock_part(1_000, 60),
    "GetMilliSecond": _clock_part(1, 1_000),
    # numbers
    "ABS": _abs,
    "CEIL": _whole("ceil"),
    "FLOOR": _whole("floor"),
    "ROUND": _round,
    "SQRT": simple("sqrt({0})"),
    **{
        name: _math(name.lower())
        for name in ("EXP", "LOG", "LOG10", "SIN", "COS", "TAN", "ASIN", "ACOS", "ATAN")
    },
    "RANDOM": simple("rand()"),
    "RandInt": lambda call, args, context: (
        f"CAST({args[0]} + floor(rand() * {shared('whole_numbers_between', *args)}) AS INT)"
    ),
    # conversion
    "ParseIntOrDefault": _or_default(Kind.INT),
    "ParseLongOrDefault": _or_default(Kind.LONG),
    "ParseFloatOrDefault": _or_default(Kind.FLOAT),
    "ParseDoubleOrDefault": _or_default(Kind.DOUBLE),
    "COALESCE": lambda call, args, context: f"coalesce({', '.join(args)})",
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
    # structures
    "TOTUPLE": _structure("tuple"),
    "TOBAG": _structure("bag"),
    "TOMAP": _structure("map"),
    "COR": _correlations(False),
    "COV": _correlations(True),
}  # fmt: skip
"""Every function and operator this engine has; a function that is missing here is refused before the job starts."""
