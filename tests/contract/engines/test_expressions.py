"""Expressions mean the same on every engine: each function's own example, and the values at which SQL and Java part."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from itertools import product

import pytest

from penstock.engines.duckdb.run import DuckEngine
from penstock.engines.spark.run import SparkEngine
from penstock.errors import PenstockError
from penstock.lang.check.expressions import check_expression
from penstock.lang.functions.table import FUNCTIONS
from penstock.plan import dtypes
from penstock.plan.dtypes import DType, Kind
from penstock.plan.exprs import Expr
from penstock.plan.ports import Context, Engine
from penstock.plan.schema import Field, Schema
from penstock.plan.values import Instant, Value

CONTEXT = Context(datetime(2026, 1, 2, 3, 4, 5, 678_000, tzinfo=UTC), zone_minutes=90)
AT_ONCE = 60
"""Expressions in one statement: most of the time of a statement is not that of its expressions."""

INTS = (0, 1, -1, 7, -3, 2**31 - 1, -(2**31))
LONGS = (0, 1, -1, 10, 2**63 - 1, -(2**63), 3_037_000_500)
DOUBLES = (0.0, -0.0, 1.5, -2.5, 0.5, -0.5, math.nan, math.inf, -math.inf, 1e300, 5e-324, 2147483648.5, 9.3e18)
FLOATS = (0.0, -0.0, 0.10000000149011612, -2.5, math.nan, math.inf, 16777216.0)
TEXTS = (
    "", " ", "abc", "  aB c ", "\t x ", "8.75", " 42 ", "2e2", "2147483648", "-9223372036854775809", "NaN", "inf", "1_0",
    "true", "TRUE", "naïve Straße", "İi", "𝒳y𝒵", "\uffee", "a'b\\c\"d", "0x1p3", "1.5d", "1.5L", "١٢", "a-b--", "${x}",
    "line\n",
)  # fmt: skip
DATES = (
    Instant(0),
    Instant(1_519_203_540_123, 120),
    Instant(-1),
    Instant(253_402_300_800_000, -60),
    Instant(-62_135_596_800_001),
)
ISO = (
    "2018-02-21", "2018-02-21T08:59:00.000Z", "2018-02-21T08:59:00+02:00", "2018-W08-3", "2018-02", "0001-01-01",
    "2020-02-29T23:59:59.9Z", "12018-01-01", "2018-02-21T24:00:00Z",
)  # fmt: skip


def record() -> dict[str, Value]:
    kinds: tuple[tuple[str, Kind, Sequence[object]], ...] = (
        ("i", Kind.INT, INTS), ("l", Kind.LONG, LONGS), ("d", Kind.DOUBLE, DOUBLES), ("f", Kind.FLOAT, FLOATS),
        ("s", Kind.CHARARRAY, TEXTS), ("t", Kind.DATETIME, DATES), ("p", Kind.CHARARRAY, ISO),
        ("b", Kind.BOOLEAN, (True, False)),
    )  # fmt: skip
    return {f"{word}{at}": Value(kind, data) for word, kind, values in kinds for at, data in enumerate(values)}


RECORD = record()
GIVEN = Schema(
    (
        *(Field(name, DType(value.kind)) for name, value in RECORD.items()),
        *(Field(f"{word}n", dtype) for word, dtype in (
            ("i", dtypes.INT), ("l", dtypes.LONG), ("d", dtypes.DOUBLE), ("f", dtypes.FLOAT), ("s", dtypes.CHARARRAY),
            ("t", dtypes.DATETIME), ("b", dtypes.BOOLEAN),
        )),
    )
)  # fmt: skip


def fields(word: str) -> list[str]:
    return [field.name for field in GIVEN if field.name[0] == word]


def pairs(words: str, *signs: str) -> list[str]:
    return [f"{a} {sign} {b}" for word in words for sign in signs for a, b in product(fields(word), repeat=2)]


def each(words: str, *forms: str) -> list[str]:
    return [form.replace("{}", name) for word in words for name in fields(word) for form in forms]


GROUPS: Mapping[str, list[str]] = {
    "whole numbers": pairs("il", "+", "*", "/", "%"),
    "doubles": pairs("d", "+", "*", "/"),
    "floats": pairs("f", "-", "*", "/"),
    "comparisons": pairs("df", "==", "<", "<=", "!=") + pairs("t", "==", ">=") + pairs("b", "==") + pairs("s", "==")[:200],
    "order of texts": pairs("s", "<")[::5],
    "signs and truth": [*each("ilfd", "-{}", "ABS({})"), *pairs("b", "AND", "OR"), *each("b", "NOT {}")],
    "casts of numbers": each("ilfd", "(int){}", "(long){}", "(float){}", "(double){}", "(boolean){}"),
    "numbers as text": each("ilfdtb", "(chararray){}"),
    "casts of texts": each("s", "(int){}", "(long){}", "(double){}", "(float){}", "(boolean){}"),
    "constant zeros": [
        "MAX(-0.0,0.0)", "MIN(0.0,-0.0)", "CONCAT((chararray)-0.0,(chararray)0.0)", "CONCAT((chararray)0.0F,(chararray)-0.0F)",
        "TOMAP('a',-0.0,'b',0.0)", "ATAN2(0.0,-0.0)", "ATAN2(0.0,0.0)", "copySign(1.0,-0.0)", "TOBAG(-0.0,0.0,-0.0F,0.0F)",
        "ATAN2(0.0,0.0*-1.0)", "TOBAG(0.0*-1.0)", "TOBAG(0.0)", "d3 * 0.0", "d3 * -0.0",
    ],
    "rounding": each("fd", "ROUND({})", "CEIL({})", "FLOOR({})", "SQRT({})"),
    "conditions": each("b", "{} ? 1 : 2L", "CASE WHEN {} THEN 'a' WHEN b0 THEN 'b' ELSE 'c' END")
    + each("s", "{} is null ? 'none' : {}"),
    "texts": each(
        "s", "LENGTH({})", "SIZE({})", "UPPER({})", "LOWER({})", "UCFIRST({})", "TRIM({})", "LTRIM({})", "RTRIM({})",
        "SUBSTRING({},1,3)", "INDEXOF({},'b')", "INDEXOF({},'')", "CONCAT({},'-',s2)", "STARTSWITH({},'a')", "TOBAG({},1)",
    ),
    "patterns": each(
        "s", "{} matches '[a-z]+'", "{} matches '.*\\\\d.*'", "REPLACE({},'[b-]','<>')", "STRSPLIT({},'-')",
        "REGEX_EXTRACT({},'(\\\\w)(\\\\w)',2)", "{} matches '(?i)ABC'", "TOKENIZE({})",
    ),
    "instants": each(
        "t", "GetYear({})", "GetMonth({})", "GetDay({})", "GetWeek({})", "GetWeekYear({})", "GetHour({})", "GetMinute({})",
        "GetSecond({})", "GetMilliSecond({})", "ToUnixTime({})", "ToString({})", "ToString({},'yyyy-MM-dd HH:mm:ss.SSS')",
        "ToString({},'EEE d MMM yy \\'at\\' h a')", "AddDuration({},'P1M')", "SwitchTimeZone({},'Europe/Paris')",
        "DaysBetween({},t0)", "MonthsBetween({},t1)", "(long){}", "(int){}", "(double){}",
    ),
    "texts as instants": each("p", "ToDate({})", "ParseDate({},'yyyy-MM-dd')", "(datetime){}"),
    "structures": each(
        "dt", "TOTUPLE({},1)", "TOMAP('k',{})", "TOMAP('k',{})#'k'", "TOTUPLE({}).$0", "COUNT(TOBAG({},{}))",
        "(chararray)TOMAP('k',{})", "MAX(TOBAG({}))",
    ),
    "tests and choices": each(
        "s", "IsInt({})", "IsLong({})", "IsDouble({})", "IsNumeric({})", "Reverse({})", "RegexMatch({},'[a-z]+')",
        "Decode({},'abc','first','8.75','second','other')", "BinCond({} == 'abc','a',{} is null,'b','c')",
    ) + each("ilfd", "Bin({},'low',0,'middle',100L,'high')", "Decode({},1,'int',1L,'long',1.5,'double','other')"),
    "JSON": each("s", "ToJson({})", "ToJson({},false)", "ToJson(TOBAG({},s2))", "JsonExtract({},'$')", "JsonStringToMap({})")
    + each("ldtb", "ToJson({})", "ToJson(TOMAP('k',{}))"),
    "hashes and encodings": each(
        "s", "MD5({})", "MD5Base64({})", "SHA1({})", "SHA256({})", "HashFNV({})", "HashFNV({},97)", "Base64Encode({})",
        "Base64Decode({})", "URLEncode({})", "URLDecode({})", "HostExtractor({})", "HostExtractor(CONCAT('http://',{}))",
        "SearchQuery(CONCAT('?q=',{}))", "UserAgentClassify({})", "os.Family({})",
    ),
    "numbers of the library": each(
        "d", "RINT({})", "SIGNUM({})", "ULP({})", "NEXTUP({})", "getExponent({})", "EXPM1({})", "LOG1P({})", "toDegrees({})",
        "SCALB({},3)",
    ) + each("f", "SIGNUM({})", "ULP({})", "NEXTUP({})", "getExponent({})")
    + [form.format(a, b) for form in ("POW({},{})", "Greatest({},{})", "copySign({},{})")
       for a, b in list(product(fields("d"), repeat=2))[::5]]
    + [f"MAX({a},{b})" for word in "il" for a, b in list(product(fields(word), repeat=2))[::3]],
    "dates as texts": each(
        "p", "ISOToYear({})", "ISOToWeek({})", "ISOToHour({})", "ISOToUnix({})", "ISODaysBetween({},p0)",
        "ISOMonthsBetween(p1,{})", "CustomFormatToISO({},'yyyy-MM-dd')", "DiffDate({},'20180221')", "DateExtractor({})",
    ) + each("l", "UnixToISO({} % 100000000000000L)"),
    "bags and maps": each(
        "sdlt", "KEYSET(TOMAP('k',{}))", "VALUESET(TOMAP('a',{},'b',{}))", "BagToString(TOBAG({},{},1),'-')",
        "DIFF(TOBAG({},1),TOBAG(1))", "SUBTRACT(TOBAG({},{}),null)", "TOP(1,0,TOBAG({},null))", "Stitch(TOBAG({}),TOBAG(1,2))",
        "FirstTupleFromBag(TOBAG({}),null)", "NullToEmptyBag(TOBAG({}))", "BagConcat(TOBAG({}),TOBAG({}))",
        "BagSplit(1,TOBAG({},1))",
        "DistinctBy(TOBAG({},{}),0)", "Enumerate(TOBAG({}))", "UnorderedPairs(TOBAG({},{}))", "SetUnion(TOBAG({}),TOBAG({},1))",
        "SetIntersect(TOBAG({}),TOBAG({}))", "IsEmpty(TOMAP('k',{}))", "INVERSEMAP(TOMAP('k',{}))",
    ) + each("dl", "VAR(TOBAG({},1))", "Median(TOBAG({}))", "StreamingQuantile(TOBAG({},1.0,2.0),0.5)"),
}  # fmt: skip


@pytest.fixture(name="engines", scope="module")
def fixture_engines() -> tuple[Engine, Engine]:
    return DuckEngine(), SparkEngine()


def checked(text: str) -> Expr | None:
    """Return an expression, or None where the language refuses it."""
    return check_expression(text, GIVEN).expr


def shown(value: Value | None) -> str:
    return repr(value)


def outcome(engine: Engine, expr: Expr) -> str:
    try:
        return shown(engine.evaluate((expr,), GIVEN, RECORD, CONTEXT)[0])
    except PenstockError as error:
        return f"{type(error).__name__}: {error.message}"


def outcomes(engine: Engine, exprs: Sequence[Expr]) -> list[str]:
    """Return what an engine makes of each expression; one by one only where one of them fails."""
    made: list[str] = []
    for first in range(0, len(exprs), AT_ONCE):
        some = exprs[first : first + AT_ONCE]
        try:
            made += [shown(value) for value in engine.evaluate(some, GIVEN, RECORD, CONTEXT)]
        except PenstockError:
            made += [outcome(engine, expr) for expr in some]
    return made


def differences(engines: tuple[Engine, Engine], texts: Sequence[str]) -> list[str]:
    """Return what two engines make of each expression, where it is not the same."""
    duck, spark = engines
    made = [(text, expr) for text in texts if (expr := checked(text)) is not None]
    assert len(made) > len(texts) // 2
    wanted = outcomes(duck, [expr for _, expr in made])
    fine = [at for at, text in enumerate(wanted) if text.startswith(("Value", "None"))]
    got = {at: outcome(spark, made[at][1]) for at in range(len(made)) if at not in set(fine)}
    got |= dict(zip(fine, outcomes(spark, [made[at][1] for at in fine]), strict=True))
    return [f"{made[at][0]}: {wanted[at]} but {got[at]}" for at in range(len(made)) if wanted[at] != got[at]]


@pytest.mark.parametrize("group", GROUPS)
def test_engines_agree(group: str, engines: tuple[Engine, Engine]) -> None:
    assert differences(engines, GROUPS[group]) == []


def test_engines_agree_on_the_example_of_every_function(engines: tuple[Engine, Engine]) -> None:
    texts = [row.example for row in FUNCTIONS.values()]
    assert differences(engines, texts) == []


def test_a_failure_says_the_same(engines: tuple[Engine, Engine]) -> None:
    expr = checked("ToDate('no date')")
    assert expr is not None
    said = [outcome(engine, expr) for engine in engines]
    assert said[0] == said[1]
    assert said[0].startswith("DataError")


def test_what_is_not_reached_does_not_fail(engines: tuple[Engine, Engine]) -> None:
    """Spark computes Python functions for every row; an error counts only where the value is used."""
    expr = checked("s2 == 'abc' ? 'fine' : ToString(ToDate(s2),'yyyy')")
    assert expr is not None
    assert [outcome(engine, expr) for engine in engines] == [shown(Value(Kind.CHARARRAY, "fine"))] * 2
