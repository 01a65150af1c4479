"""Functions of the libraries: choices, dates as texts, numbers at their limits, encodings, URLs, user agents, statistics."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest

from penstock.errors import DataError
from penstock.plan.dtypes import Kind
from penstock.plan.values import Value

Plain = Callable[..., object]


def text(value: str) -> Value:
    return Value(Kind.CHARARRAY, value)


def double(value: float) -> Value:
    return Value(Kind.DOUBLE, value)


@pytest.mark.parametrize(
    ("expression", "wanted"),
    [
        ("Reverse('')", ""),
        ("Reverse('aé')", "éa"),
        ("Reverse('a😀b')", "b\ufffd\ufffda"),
        ("RegexMatch('abc','b')", 0),
        ("IsInt(null)", False),
        ("IsInt('')", False),
        ("IsInt('+5')", True),
        ("IsInt(' 5')", False),
        ("IsInt('-2147483648')", True),
        ("IsInt('-2147483649')", False),
        ("IsInt('1.0')", False),
        ("IsLong('9223372036854775808')", False),
        ("IsLong('5L')", False),
        ("IsFloat('12.')", True),
        ("IsFloat('.5')", True),
        ("IsFloat(' 5')", True),
        ("IsDouble('5f')", True),
        ("IsDouble('NaN')", True),
        ("IsDouble('nan')", False),
        ("IsDouble('')", False),
        ("IsDouble('1,5')", False),
        ("IsNumeric('+1')", False),
        ("IsNumeric('-')", False),
        ("IsNumeric('--1')", False),
        ("IsNumeric('1.')", False),
        ("IsNumeric('1e3')", False),
        ("IsNumeric('99999999999999999999')", True),
        ("IsNumeric('1\\n')", False),
        ("IsNumeric(null)", False),
        ("Decode(2L,2,'int','other')", "other"),
        ("Decode(2L,2,'int',2L,'long','other')", "long"),
        ("Decode('a','a',null,'other')", None),
        ("Decode(null,1,'one','other')", None),
        ("Decode(1,null,'one',1,'two','other')", None),
        ("Decode(1,1,'one',null,'two','other')", "one"),
        ("Decode(9,1,'one',null)", None),
        ("Bin(12,'child',12,'adult')", "child"),
        ("Bin(12.5,'child',12,'adult')", "adult"),
        ("Bin((double)'NaN','child',12,'adult')", "adult"),
        ("Bin(1,'child',null,'adult')", None),
        ("BinCond(null,'a','b')", None),
        ("BinCond(false,'a',null,'b','c')", None),
        ("BinCond(true,'a',null,'b','c')", "a"),
        ("BinCond(false,'a','b')", "b"),
        ("ISOToWeek('2021-01-01T10:00:00.000Z')", "2020-12-28T00:00:00.000Z"),
        ("ISOToMonth('1969-12-31T23:30:00.000-02:00')", "1969-12-01T00:00:00.000-02:00"),
        ("ISOToDay('2021-03-14')", "2021-03-14T00:00:00.000Z"),
        ("ISOToSecond('1969-12-31T23:59:59.500Z')", "1969-12-31T23:59:59.000Z"),
        ("ISOMonthsBetween('2021-02-28','2021-01-31')", 1),
        ("ISOMonthsBetween('2021-01-31','2021-02-28')", -1),
        ("ISODaysBetween('2021-01-01T12:00Z','2021-01-02T00:00Z')", 0),
        ("ISOYearsBetween('2020-02-28','2024-02-29')", -4),
        ("ISOToUnix('1970-01-01T01:00:00.001+01:00')", 1),
        ("UnixToISO(-1L)", "1969-12-31T23:59:59.999Z"),
        ("CustomFormatToISO('2021-03-14 01:00 +0200','yyyy-MM-dd HH:mm Z')", "2021-03-13T23:00:00.000Z"),
        ("CustomFormatToISO('x','yyyy')", None),
        ("DiffDate('20210230','20210302')", 0),
        ("DiffDate('20211301','20220101')", 0),
        ("DiffDate('2021','20220101')", None),
        ("DiffDate('20210301x','20210228')", 1),
        ("DiffDate(null,'20220101')", None),
        ("DateExtractor('14/Mar/2021:23:09:26 -0500')", "2021-03-15"),
        ("DateExtractor('31/feb/2021:00:00:00 +0000')", "2021-03-03"),
        ("DateExtractor('2021-03-14')", None),
        ("POW(0.0,0.0)", 1.0),
        ("POW(-8.0,1.0/3.0)", math.nan),
        ("POW(1.0,(double)'NaN')", math.nan),
        ("POW(-1.0,(double)'Infinity')", math.nan),
        ("POW(10.0,400.0)", math.inf),
        ("POW(-10.0,401.0)", -math.inf),
        ("POW(-0.0,-1.0)", -math.inf),
        ("POW(2,3)", 8.0),
        ("ATAN2(0.0,-0.0)", math.pi),
        ("HYPOT((double)'NaN',(double)'Infinity')", math.inf),
        ("EXPM1(1000.0)", math.inf),
        ("LOG1P(-1.0)", -math.inf),
        ("LOG1P(-2.0)", math.nan),
        ("RINT(-0.5)", -0.0),
        ("RINT(3.5)", 4.0),
        ("RINT(1e300)", 1e300),
        ("SIGNUM(-0.0)", -0.0),
        ("SIGNUM(2.5F)", 1.0),
        ("IEEEremainder(1.0,0.0)", math.nan),
        ("IEEEremainder(5.0,(double)'Infinity')", 5.0),
        ("copySign(-3.0F,2.0F)", 3.0),
        ("SCALB(1.0,2000)", math.inf),
        ("SCALB(1.0,-2000)", 0.0),
        ("ULP(0.0)", 5e-324),
        ("ULP(1.0F)", 2.0**-23),
        ("ULP(0.0F)", 2.0**-149),
        ("NEXTUP(0.0)", 5e-324),
        ("NEXTUP(1.0F)", 1.0 + 2.0**-23),
        ("NEXTUP(-1.0F)", -1.0 + 2.0**-24),
        ("nextAfter(1.0,1.0)", 1.0),
        ("getExponent(0.0)", -1023),
        ("getExponent(0.0F)", -127),
        ("getExponent((double)'NaN')", 1024),
        ("getExponent(0.1)", -4),
        ("Greatest(3,8L)", 8),
        ("Greatest(-0.0,0.0)", 0.0),
        ("Least(0.0,-0.0)", -0.0),
        ("Least((double)'NaN',1.0)", math.nan),
        ("MAX(3,8)", 8),
        ("MIN(3,8)", 3),
        ("MAX(3,(int)null)", None),
        ("BoolToInt((boolean)null)", 0),
        ("IntToBool((int)null)", False),
        ("HaversineDistInMiles(1.0,2.0,1.0,2.0)", 0.0),
        ("HashFNV('')", 33554467),
        ("HashFNV('x',0)", 1224750945),
        ("HashFNV('x',(int)null)", None),
        ("MD5('')", "d41d8cd98f00b204e9800998ecf8427e"),
        ("MD5('jk8ssl')", "0000000018e6137ac2caab16074784a6"),
        ("SHA1('ü')", "94a759fd37735430753c7b6b80684306d80ea16e"),
        ("Base64Encode('ü')", "w7w="),
        ("Base64Decode('w7w')", "ü"),
        ("Base64Decode('w7w==')", None),
        ("Base64Decode('/w==')", None),
        ("Base64Decode('a')", None),
        ("Base64Decode('w 7w=')", None),
        ("Base64Decode('')", ""),
        ("URLEncode('~*.-_/ü%')", "%7E*.-_%2F%C3%BC%25"),
        ("URLDecode('%C3%BC%20%2B')", "ü +"),
        ("URLDecode('%FF')", "\ufffd"),
        ("URLDecode('100%')", None),
        ("URLDecode('%zz')", None),
        ("HostExtractor('docs.example.org')", None),
        ("HostExtractor('foo://example.org')", None),
        ("HostExtractor('https://me:pw@Example.org:8443/x')", "example.org"),
        ("HostExtractor('https://example.org?x=1')", "example.org"),
        ("HostExtractor('https://example.org:port/')", None),
        ("HostExtractor('http://[2001:DB8::1]:80/')", "[2001:db8::1]"),
        ("HostExtractor('file:///etc/hosts')", ""),
        ("HostExtractor('')", None),
        ("SearchQuery('http://x.example/?as_q=A%26B++c')", "ab c"),
        ("SearchQuery('http://x.example/?r=1')", None),
        ("SearchQuery('')", ""),
        ("UserAgentClassify('Mozilla/5.0 (iPhone; CPU iPhone OS 16_5 like Mac OS X)')", "mobile"),
        ("UserAgentClassify('Mozilla/5.0 (iPad; CPU OS 16_5 like Mac OS X)')", "desktop"),
        ("os.Family('')", "Other"),
        ("useragent.Family('no browser')", "Other"),
        ("os.Major('Mozilla/5.0 (iPhone; CPU iPhone OS 16_5 like Mac OS X)')", "16"),
        ("os.Minor('Mozilla/5.0 (iPhone; CPU iPhone OS 16_5 like Mac OS X)')", "5"),
        ("device.Family('Mozilla/5.0 (iPhone; CPU iPhone OS 16_5 like Mac OS X)')", "iPhone"),
        ("device.Family(null)", None),
        ("Os('').family", "Other"),
        ("VAR(TOBAG(1.5))", 0.0),
        ("VAR(TOBAG())", None),
        ("VAR(TOBAG(null,2))", 0.0),
        ("Median(TOBAG(1,2,3)).$0", 2.0),
        ("Median(TOBAG())", None),
        ("Quantile(TOBAG(1,2,3,4,5,6,7,8,9,10),5).$1", 3.0),
        ("StreamingMedian(TOBAG(3.0,1.0)).$0", 2.0),
    ],
)
def test_what_it_gives(expression: str, wanted: object, plain: Plain) -> None:
    found = plain(expression)
    if isinstance(wanted, float):
        assert isinstance(found, float)
        assert repr(found) == repr(wanted)
    else:
        assert found == wanted
        assert type(found) is type(wanted)


@pytest.mark.parametrize(
    "expression",
    [
        "ISOToYear(null)", "ISODaysBetween('2021-01-01',null)", "ISOToUnix(null)", "UnixToISO(null)",
        "CustomFormatToISO('x',null)", "DateExtractor(null)", "SIGNUM(null)", "copySign(1.0,null)", "SCALB(null,1)",
        "Greatest(null,1)", "RandInt(1,(int)null)", "MD5(null)", "SHA256(null)", "HostExtractor(null)", "VAR(null)",
        "HaversineDistInMiles(1.0,2.0,3.0,null)", "RegexMatch('a',null)", "Median(null)", "Reverse(null)",
    ],
)  # fmt: skip
def test_null_gives_null(expression: str, plain: Plain) -> None:
    assert plain(expression) is None


@pytest.mark.parametrize(
    "expression",
    [
        "ISOToYear(null)", "ISODaysBetween('2021-01-01',null)", "CustomFormatToISO('x',null)", "SIGNUM((double)null)",
        "copySign(1.0,null)", "Greatest(1,(int)null)", "MAX(1,(int)null)", "RandInt(1,(int)null)", "MD5(null)",
        "RegexMatch('a',null)", "HashFNV('a',(int)null)", "Decode(1,null,'one','other')", "Bin(1,'child',null,'adult')",
        "BinCond(false,'a',null,'b','c')", "VAR(null)",
    ],
)  # fmt: skip
def test_null_fails_where_errors_are_strict(expression: str, plain: Plain) -> None:
    with pytest.raises(DataError, match="_STRICT_PIG_ERRORS"):
        plain(expression, strict=True)


@pytest.mark.parametrize(
    "expression",
    ["Decode(null,1,'a','b')", "BinCond(null,'a','b')", "RegexMatch(null,null)", "UnixToISO(null)", "IsInt(null)"],
)
def test_null_that_never_failed_does_not_fail(expression: str, plain: Plain) -> None:
    plain(expression, strict=True)


@pytest.mark.parametrize(
    ("expression", "said"),
    [
        ("ISOToYear('soon')", "ISO 8601"),
        ("ISODaysBetween('2021-01-01','')", "ISO 8601"),
        ("CustomFormatToISO('2021','jj')", "jj|j"),
        ("RandInt(2,1 + 0)", "RandInt"),
        ("RegexMatch('a','(')", "malformed"),
        ("Median(TOBAG(2,1))", "sorted"),
        ("Median(TOBAG((int)null,1))", "null"),
        ("Quantile(TOBAG(1),0.5 + 0.6,0.1)", "0.0 to 1.0"),
        ("Quantile(TOBAG(1),1e300)", "at most"),
        ("VAR(TOBAG(TOMAP('a','x','b',1)#'a'))", "numbers"),
    ],
)
def test_what_fails(expression: str, said: str, plain: Plain) -> None:
    with pytest.raises(DataError, match=said):
        plain(expression)


def test_random_numbers_lie_between_their_limits_and_are_new_each_time(plain: Plain) -> None:
    found = plain("TOBAG(" + ",".join(["RandInt(1,6)"] * 100) + ")")
    assert isinstance(found, tuple)
    assert {row[0].data for row in found} == {1, 2, 3, 4, 5, 6}
    assert plain("RandInt(-2147483648,2147483647) is null") is False
