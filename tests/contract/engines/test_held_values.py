"""Values that were computed by Java, or follow from RFC 9535: the same on every engine over fields. To plan an expression on
Spark is dear, so those over constants, and those that both engines leave to one function, are asked of DuckDB only.

In an expression `@1` is the first text that is given, `@2` the second.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

import pytest

from penstock.engines.duckdb.run import DuckEngine
from penstock.engines.spark.run import SparkEngine
from penstock.lang.check.expressions import check_expression
from penstock.plan import dtypes
from penstock.plan.dtypes import Kind
from penstock.plan.exprs import Expr
from penstock.plan.ports import Context, Engine
from penstock.plan.schema import Field, Schema
from penstock.plan.values import Instant, Value

HELD: tuple[tuple[str, tuple[str, ...], Any], ...] = (
    # numbers and booleans as text
    ("(float)@1", ("0x1.00000100000000001p0",), 1.0000001192092896),
    ("(float)@1", ("0x1.fffffeffffffffp127",), 3.4028234663852886e38),
    ("(double)@1", ("0x1.fffffffffffff8p1023",), float("inf")),
    ("ParseFloatOrDefault(@1,0.0f)", ("-0x1.000003p0f",), -1.000000238418579),
    ("(boolean)@1", ("FAL\u017fE",), False),
    ("(int)@1", ("2147483648",), 2147483647),
    ("(long)@1", (" 9.3e18 ",), None),
    ("SUM(TOBAG((long)@1,(long)@1))", ("9223372036854775807",), -2),
    ("SUM(TOBAG((long)@1,(long)@1,0.5))", ("9223372036854775807",), 18446744073709551616.0),
    ("AVG(TOBAG((long)@1,(long)@1,@2))", ("9223372036854775807", "x"), 9223372036854775808.0),
    # texts
    ("LOWER(@1)", ("ΑΓΙΟΣ-ΝΙΚΟΛΑΟΣ ΟΔΟΣ",), "αγιοσ-νικολαος οδος"),
    ("LOWER(@1)", ("ΑΣ5Α ΟΔΟΣ.",), "ασ5α οδος."),
    ("Reverse(@1)", ("a𐐀😀",), "\ufffd\U0001f400\ufffda"),
    # patterns
    ("@1 matches '[\\\\u2028a]'", ("\u2028",), True),
    ("REPLACE(@1,'[\\\\u200b-\\\\u200d\\\\ufeff]','')", ("a\u200b\ufeffb",), "ab"),
    ("REPLACE(@1,'[\\\\uD83C-\\\\uDBFF\\\\uDC00-\\\\uDFFF]+','')", ("a😀b",), "ab"),
    ("REPLACE(@1,'\\\\ud83d\\\\ude00','x')", ("a😀b",), "axb"),
    ("REPLACE(@1,'\\\\X','x')", ("e\u0301👨\u200d👩",), "xx"),
    ("REPLACE(@1,'(?U)\\\\w+','x')", ("é٣- ",), "x- "),
    ("REPLACE(@1,'\\\\N{DIGIT ONE}','x')", ("a1",), "ax"),
    ("REPLACE(@1,'\\\\G1','x')", ("112",), "xx2"),
    ("REGEX_EXTRACT(@1,'[\\\\u200ba]+',0)", ("xa\u200b",), "a\u200b"),
    ("@1 matches '(?i)(k)\\\\1'", ("kK",), True),
    ("@1 matches '(?i)(k)\\\\1'", ("k\u212a",), False),
    ("@1 matches '[a-cx-z&&]+'", ("xy",), True),
    ("REPLACE(@1,'(?i)\\\\b(\\\\w+) \\\\1\\\\b','$1')", ("the The end",), "the end"),
    ("REGEX_EXTRACT(@1,'(?:(\\\\d),)*(\\\\d),',1)", ("1,2,",), "2"),
    ("REPLACE(@1,'^|.','-')", ("😀a",), "-\ufffd--"),
    ("AVG(TOBAG((long)@1,(long)@1))", ("9223372036854775807",), -1.0),
)
"""What an engine has a text of its own for, or could have."""
SHARED: tuple[tuple[str, tuple[str, ...], Any], ...] = (
    # paths
    ("JsonExtract(@1,@2)", ('"abc"', "$[1:]"), None),
    ("JsonExtract(@1,@2)", ('{"a":{"0":7},"b":[8]}', "$..[0]"), "8"),
    ("JsonExtract(@1,@2)", ('[true,1,"1",null]', "$[?@<2]"), "1"),
    ("JsonExtract(@1,@2)", ("[[true],[1]]", "$[?@==$[1]]"), "[1]"),
    ("JsonExtract(@1,@2)", ("[9007199254740993,9007199254740992]", "$[?@==9007199254740993]"), "9007199254740993"),
    # hosts and escapes
    ("HostExtractor(@1)", ("mailto://h/",), ""),
    ("HostExtractor(@1)", ("http://[1:2:3:4:5:6:7]/",), None),
    ("HostExtractor(@1)", ("http://h:2147483648/",), None),
    ("URLDecode(@1)", ("a%ED%A0%80b",), "a\ufffdb"),
    ("URLDecode(@1)", ("%+1%４٣+%Ｃ3%A4",), "\x01C ä"),
    ("URLDecode(@1)", ("% 1",), None),
    # dates
    ("SwitchTimeZone(ToDate(@1),@2)", ("1880-01-01T00:00:00Z", "America/New_York"), Instant(-2840140800000, -296)),
    ("SwitchTimeZone(ToDate(@1),@2)", ("12021-07-01T00:00Z", "Europe/Paris"), Instant(317194617600000, 120)),
    ("SwitchTimeZone(ToDate(@1),@2)", ("-4000-07-01T00:00Z", "America/New_York"), Instant(-188379302400000, -296)),
    ("ToDate(@1,'yyyy-MM-dd',@2)", ("1880-01-01", "America/New_York"), Instant(-2840123038000, -296)),
    ("ToDate(@1,'CCyy')", ("1921",), Instant(1609459200000)),
    ("ToDate(@1,'YYYY G')", ("44 bce",), Instant(-63524131200000)),
    ("AddDuration(ToDate(@1),@2)", ("2021-03-14", "PT+1.5S"), Instant(1615680001500)),
    ("DiffDate(@1,@2)", ("10000101", "20210301"), -372967),
    ("DiffDate(@1,@2)", ("2021  3 1", "20210301"), None),
    ("DateExtractor(@1)", ("1/May/2021:00:05:00 GMT+01:00",), "2021-04-30"),
    ("DateExtractor(@1)", ("1/May/2021:23:05:00 est",), "2021-05-02"),
    ("DateExtractor(@1)", ("28/Feb/1500:23:30:00 -0100",), "1500-02-29"),
    ("DateExtractor(@1)", ("4/Oct/1582:23:00:00 -0100",), "1582-10-15"),
    ("ToDate(@1)", ("2021-03-14T15:09:10+01:02:03",), Instant(1615730827000, 62)),
    ("ToDate(@1)", ("2021-03-14T15:09:10-010203004",), Instant(1615738273004, -62)),
    ("ToDate(@1,'yyyy-MM-dd Z')", ("2021-03-14 +01:02:03",), Instant(1615676277000)),
    ("ToDate(@1,'yyyy-MM-dd',@2)", ("2021-03-14", "-01:02:03.5"), Instant(1615683723500, -62)),
    ("AddDuration(ToDate(@1),@2)", ("2021-07-01", "P2147483647M"), Instant(-5647334910912000000)),
    # maps
    (
        "KEYSET(INVERSEMAP(TOMAP('k',TOMAP('status',@1,'body',@2))))",
        ("1", "b"),
        ((Value(Kind.CHARARRAY, "{body=b, status=1}"),),),
    ),
)
"""What every engine asks the same function for."""


def literal(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def plain(value: Value | None) -> Any:
    return None if value is None else value.data


@pytest.mark.parametrize(("engine", "is_cheap"), [(DuckEngine, True), (SparkEngine, False)])
def test_values_are_those_that_were_held(engine: type[Engine], is_cheap: bool) -> None:
    """All in one statement: what is asked of an engine is dear, and what is found names its expression."""
    held = (*HELD, *SHARED) if is_cheap else HELD
    texts = [text for _, given, _ in held for text in given]
    schema = Schema(tuple(Field(f"f{at}", dtypes.CHARARRAY) for at in range(len(texts))))
    record = {f"f{at}": Value(Kind.CHARARRAY, text) for at, text in enumerate(texts)}
    forms: list[tuple[str, Any]] = []
    at = 0
    for template, given, wanted in held:
        names = [f"f{at + one}" for one in range(len(given))]
        at += len(given)
        for words in (names, list(map(literal, given)))[: 1 + is_cheap]:
            forms.append((re.sub("@([12])", lambda found, words=words: words[int(found[1]) - 1], template), wanted))
    exprs: list[Expr] = []
    for text, _ in forms:
        checked = check_expression(text, schema)
        assert checked.expr is not None, (text, [one.sentence() for one in checked.findings])
        exprs.append(checked.expr)
    found = engine().evaluate(tuple(exprs), schema, record, Context(datetime(2026, 1, 2, tzinfo=UTC)))
    wrong = [
        (text, plain(one), wanted)
        for (text, wanted), one in zip(forms, found, strict=True)
        if repr(plain(one)) != repr(wanted)
    ]
    assert wrong == []
