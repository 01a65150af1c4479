"""What the checker finds, what type it gives, and what it says can be null."""

from __future__ import annotations

import pytest

from penstock.domain.diagnostic import Severity
from penstock.lang.check.expressions import CheckedExpression, check_condition, check_expression
from penstock.plan import dtypes
from penstock.plan.dtypes import DType, Kind, Member
from penstock.plan.exprs import Cast, Expr
from penstock.plan.schema import Field, Schema

PAIR = DType(Kind.TUPLE, members=(Member(dtypes.INT, "n"), Member(dtypes.CHARARRAY)))
GIVEN = Schema(
    (
        Field("i", dtypes.INT, nullable=False),
        Field("l", dtypes.LONG),
        Field("f", dtypes.FLOAT),
        Field("d", dtypes.DOUBLE),
        Field("s", dtypes.CHARARRAY),
        Field("b", dtypes.BOOLEAN),
        Field("t", dtypes.DATETIME),
        Field("m", dtypes.MAP),
        Field("pair", PAIR),
        Field("bag", DType(Kind.BAG, members=PAIR.members)),
        Field("raw", dtypes.BYTEARRAY),
        Field("sure", dtypes.CHARARRAY, nullable=False),
        Field("left::i", dtypes.INT),
    )
)


def checked(text: str) -> CheckedExpression:
    return check_expression(text, GIVEN)


def typed(text: str) -> Expr:
    found = checked(text)
    assert found.expr is not None, [one.sentence() for one in found.findings]
    return found.expr


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("1 + 2", "int"), ("i + l", "long"), ("l * f", "float"), ("f / d", "double"), ("i % l", "long"), ("-f", "float"),
        ("raw + 1", "double"), ("raw % 2", "int"), ("-raw", "double"), ("null", "bytearray"), ("null + 1", "double"),
        ("i == l", "boolean"), ("raw == 's'", "boolean"), ("s matches raw", "boolean"), ("i IN (1, 2L, null)", "boolean"),
        ("b AND raw", "boolean"), ("NOT b", "boolean"), ("s is null", "boolean"), ("b ? i : l", "long"),
        ("b ? null : s", "chararray"),
        ("CASE i WHEN 1 THEN 'x' ELSE null END", "chararray"), ("CASE WHEN b THEN f ELSE i END", "float"),
        ("(long)s", "long"), ("(datetime)l", "datetime"), ("(chararray)m", "chararray"), ("m#'k'", "bytearray"),
        ("['k'#1]#'k'", "int"), ("pair.n", "int"), ("pair.$1", "chararray"), ("pair.($1, n)", "tuple"), ("bag.$0", "bag"),
        ("ROUND(d)", "long"), ("ROUND(f)", "int"), ("ROUND(l)", "long"), ("ROUND(raw)", "long"),
        ("ABS(raw)", "double"), ("ABS(i)", "int"),
        ("CEIL(i)", "double"), ("ToDate(raw)", "datetime"), ("ToDate(i)", "datetime"),
        ("COALESCE(null, i, l)", "long"), ("SUM(bag)", "long"),
        ("SUM(TOBAG(1, null, 2L))", "long"), ("MAX(TOBAG(1, 2F))", "float"),
        ("MIN(TOBAG(('x', 1), (null, 2)))", "chararray"),
        ("MAX(TOBAG(1, 'x'))", "double"), ("TOMAP('a', 1, 'b', null)#'a'", "int"), ("TOMAP('a', 1, 'b', 2L)#'a'", "bytearray"),
        ("MIN(bag.$1)", "chararray"), ("STRSPLIT(s).$3", "chararray"), ("left::i", "int"), ("$3", "double"),
        ("SIZE(raw)", "long"), ("raw.$0", "bytearray"), ("m#'k'.$1.$0", "bytearray"),
        ("TOMAP(raw, 1)", "map"), ("TOMAP(null, 1)", "map"),
    ],
)  # fmt: skip
def test_the_type_of_an_expression(text: str, kind: str) -> None:
    assert typed(text).dtype.kind.value == kind


@pytest.mark.parametrize(
    ("text", "code", "start", "end", "part"),
    [
        ("i + s", "PK401", 4, 5, "'+' takes numbers, not chararray"),
        ("NOT i", "PK401", 4, 5, "take a boolean, not int"),
        ("-s", "PK401", 1, 2, "'-' takes a number"),
        ("d % 2", "PK401", 0, 1, "'%' takes int and long only"),
        ("i matches 'x'", "PK401", 0, 1, "'matches' takes text"),
        ("s#'k'", "PK401", 0, 1, "'#' takes a map"),
        ("i.$0", "PK401", 0, 1, "'.' takes a tuple or a bag"),
        ("s == 1", "PK402", 0, 6, "chararray and int cannot be compared"),
        ("b < true", "PK402", 0, 8, "boolean has no order"),
        ("bag == bag", "PK402", 0, 10, "Bags cannot be compared"),
        ("s IN ('a', 7)", "PK402", 11, 12, "cannot be compared"),
        ("b ? 1 : 's'", "PK403", 8, 11, "This is chararray, the values before it are int"),
        ("COALESCE(s, 1)", "PK403", 12, 13, "Argument 2 of COALESCE is int"),
        ("UPPER(i)", "PK404", 6, 7, "Argument 1 of UPPER is int, not text"),
        ("TOMAP(1, 2)", "PK404", 6, 7, "A key of a map is text"),
        ("SUBSTRING(s, 1)", "PK405", 0, 15, "SUBSTRING takes 3 arguments, not 2"),
        ("TOMAP('k')", "PK405", 0, 10, "even number"),
        ("(int)m", "PK406", 0, 6, "map can never become int"),
        ("(chararray)pair", "PK406", 0, 15, "can never become chararray"),
        ("(boolean)t", "PK406", 0, 10, "datetime can never become boolean"),
        ("(bytearray)s", "PK406", 0, 12, "can never become bytearray"),
        ("Total", "PK301", 0, 5, "The field 'Total' does not arrive here"),
        ("$99", "PK301", 0, 3, "There is no field at position 99"),
        ("upper(s)", "PK302", 0, 5, "There is no function 'upper'"),
        ("ExecuteSqlLong(s)", "PK601", 0, 14, "not known for certain"),
        ("pair.x", "PK304", 0, 6, "There is no member 'x'"),
        ("i +", "PK202", 3, 3, "the expression ends after '+'"),
        ("(string)i", "PK202", 1, 7, "'string' is no type that a cast can make"),
        ("raw.x", "PK401", 0, 3, "'.' takes a tuple or a bag, not bytearray"),
    ],
)
def test_what_is_wrong_is_named_with_its_place(text: str, code: str, start: int, end: int, part: str) -> None:
    found = checked(text)
    assert found.expr is None
    (finding,) = found.findings
    assert (finding.code, finding.span and (finding.span.start, finding.span.end)) == (code, (start, end))
    assert part in finding.message


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("I", "Did you mean 'i'?"),
        ("upper(s)", "Did you mean 'UPPER'?"),
        ("pair.N", "Did you mean 'n'?"),
        ("s + 'x'", "Join text with CONCAT, or cast it to a number first."),
        ("s == 7", "Put the number in quotes, or cast the text."),
        ("REPLACEE(s, 'a', 'b')", "Did you mean 'REPLACE'?"),
        ("(integer)s", "Did you mean 'int'?"),
        ("(map)s", "Known: int, long, float, double, chararray, boolean, datetime."),
    ],
)
def test_a_hint_says_what_was_likely_meant(text: str, hint: str) -> None:
    assert checked(text).findings[0].hint == hint


def test_every_part_is_checked_in_one_pass() -> None:
    assert [one.code for one in checked("CONCAT(UPPER(i), nope, s + 1)").findings] == ["PK404", "PK301", "PK401"]


@pytest.mark.parametrize(
    ("text", "nullable"),
    [
        ("i", False), ("l", True), ("i + 1", False), ("i + l", True), ("null", True),
        ("i / 2", False), ("i / i", True), ("i / 0", True), ("i % 3L", False), ("1.0 / i", True), ("i / 2.5", False),
        ("i / (int)0.5", True), ("i / (int)4294967296L", True), ("1.0F / (float)1e-300", True), ("i / (long)2", False),
        ("(int)sure", True), ("(boolean)sure", True), ("(datetime)sure", False), ("(chararray)i", False),
        ("(int)2.5", False),
        ("l is null", False), ("i == 1", False), ("l == 1", True), ("i == 1 AND sure == 'x'", False),
        ("i IN (1, 2)", False), ("i IN (1, null)", True),
        ("i == 1 ? 'x' : 'y'", False), ("l == 1 ? 'x' : 'y'", True), ("i == 1 ? 'x' : null", True),
        ("CASE WHEN i == 1 THEN 'x' END", True), ("CASE i WHEN 1 THEN 'x' ELSE 'y' END", False),
        ("UPPER(sure)", False), ("UPPER(s)", True), ("SUBSTRING(sure, 0, 1)", True), ("COALESCE(s, 'x')", False),
        ("COALESCE(s, s)", True), ("ParseIntOrDefault(sure, 1)", True), ("RANDOM()", False), ("CurrentTime()", False),
        ("TOMAP('k', s)", False), ("['k'#1]#'k'", True), ("(1, 2).$0", True), ("REPLACE(sure, 'a', 'b')", True),
        ("SIZE(sure)", False), ("ROUND(i)", False), ("TOBAG(s)", False), ("SUM(TOBAG(i))", True),
        ("COUNT(TOBAG(i))", False),
        ("ParseDate(sure, 'yyyy')", True), ("ToDate(sure)", False), ("STRSPLIT(sure)", True),
    ],
)  # fmt: skip
def test_what_can_be_null(text: str, nullable: bool) -> None:
    assert typed(text).nullable is nullable


def test_a_missing_position_is_null_and_a_warning() -> None:
    found = checked("pair.$2")
    assert found.expr is not None
    assert (found.expr.dtype.kind, found.expr.nullable) == (Kind.BYTEARRAY, True)
    assert [(one.code, one.severity) for one in found.findings] == [("PK903", Severity.WARNING)]


def test_a_case_without_else_is_a_warning() -> None:
    assert [(one.code, one.severity) for one in checked("CASE WHEN b THEN 1 END").findings] == [
        ("PK901", Severity.WARNING)
    ]


def test_widening_is_written_out() -> None:
    both = typed("i == l")
    assert isinstance(both.args[0], Cast)  # type: ignore[union-attr]
    assert both.args[0].dtype == dtypes.LONG  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("text", "good"), [("i > 1", True), ("b", True), ("raw", True), ("null", True), ("i", False), ("s", False)]
)
def test_a_condition_is_boolean(text: str, good: bool) -> None:
    found = check_condition(text, GIVEN)
    assert (found.expr is not None) is good
    if not good:
        assert found.findings[-1].code == "PK407"
