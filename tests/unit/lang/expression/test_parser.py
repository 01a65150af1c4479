"""Tokens to trees: what binds tighter, what is folded, and where a fault is seen."""

from __future__ import annotations

import pytest

from penstock.lang.expression import parse, to_text
from penstock.lang.expression.nodes import Case, Constant, depth
from penstock.lang.expression.parser import MAX_DEPTH, MAX_NESTING
from penstock.plan.dtypes import Kind


def shown(text: str) -> str:
    parsed = parse(text)
    assert parsed.node is not None, parsed.findings
    return to_text(parsed.node)


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("a.b#'k'.$1", "((a.b)#'k').$1"),
        ("-a.b", "-(a.b)"),
        ("(int)a+b", "((int) a) + b"),
        ("(int)a.b", "(int) (a.b)"),
        ("(int)(long)-a", "(int) ((long) (-a))"),
        ("-a*b", "(-a) * b"),
        ("a*b/c%d", "((a * b) / c) % d"),
        ("a-b-c", "(a - b) - c"),
        ("a+b*c", "a + (b * c)"),
        ("a+b<c*d", "(a + b) < (c * d)"),
        ("NOT a==b", "NOT (a == b)"),
        ("NOT a AND b", "(NOT a) AND b"),
        ("a AND b OR c AND d", "(a AND b) OR (c AND d)"),
        ("a OR b OR c", "a OR b OR c"),
        ("a OR b ? c : d", "(a OR b) ? c : d"),
        ("a ? b : c ? d : e", "a ? b : (c ? d : e)"),
        ("a is null AND b is not null", "(a is null) AND (b is not null)"),
        ("a+1 IN (1,b)", "(a + 1) IN (1, b)"),
        ("a matches 'x' OR b", "(a matches 'x') OR b"),
        ("case a when 1 then b else c end", "CASE a WHEN 1 THEN b ELSE c END"),
        ("CASE WHEN a THEN b END", "CASE WHEN a THEN b END"),
        ("(a)", "a"),
        ("(a,b)", "(a, b)"),
        ("{(1,'x'),(2,'y')}", "{(1, 'x'), (2, 'y')}"),
        ("[k#1,'j'#b]", "['k'#1, 'j'#b]"),
        ("[]", "[]"),
        ("{}", "{}"),
        ("os.Family(a)", "os.Family(a)"),
        ("f()", "f()"),
        ("a.(b,$1)", "a.(b, $1)"),
        ("(int)", "int"),
        ("(int) + 1", "int + 1"),
        ("- -a", "-(-a)"),
        ("-(1)", "-1"),
        ("1 - -2", "1 - (-2)"),
    ],
)
def test_what_binds_tighter(text: str, tree: str) -> None:
    assert shown(text) == tree


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ("-2147483648", Kind.INT, -2147483648),
        ("-9223372036854775808L", Kind.LONG, -9223372036854775808),
        ("2.5e2f", Kind.FLOAT, 250.0),
        (".5", Kind.DOUBLE, 0.5),
        ("TRUE", Kind.BOOLEAN, True),
        ("null", None, None),
        ("'a\\nb'", Kind.CHARARRAY, "a\nb"),
    ],
)
def test_constants(text: str, kind: Kind | None, value: object) -> None:
    node = parse(text).node
    assert isinstance(node, Constant)
    assert (node.kind, node.value, node.start, node.end) == (kind, value, 0, len(text))


@pytest.mark.parametrize(
    ("text", "code", "start", "end", "part"),
    [
        ("", "PK203", 0, 0, "empty"),
        ("  ", "PK203", 2, 2, "empty"),
        ("a +", "PK202", 3, 3, "ends after '+'"),
        ("a b", "PK202", 2, 3, "'b' is not expected"),
        ("a < b < c", "PK202", 6, 7, "cannot be chained"),
        ("a = b", "PK202", 2, 3, "single '='"),
        ("a == ", "PK202", 5, 5, "ends after '=='"),
        ("(a", "PK202", 2, 2, "close the parenthesis"),
        ("a)", "PK202", 1, 2, "closes nothing"),
        ("f(a", "PK202", 3, 3, "the arguments of f"),
        ("f(a b)", "PK202", 4, 5, "not 'b'"),
        ("a NOT IN (1)", "PK202", 2, 5, "'NOT IN'"),
        ("a IN ()", "PK202", 6, 7, "A value is expected"),
        ("a IN 1", "PK202", 5, 6, "'(' is expected after IN"),
        ("a is b", "PK202", 5, 6, "'NULL' is expected after 'is'"),
        ("CASE END", "PK202", 5, 8, "A value is expected"),
        ("CASE a END", "PK202", 7, 10, "WHEN is expected"),
        ("CASE WHEN a THEN b", "PK202", 18, 18, "close CASE"),
        ("a ? b", "PK202", 5, 5, "between the two values"),
        ("a#1", "PK202", 2, 3, "a key in single quotes"),
        ("a.1", "PK202", 1, 3, "is not expected"),
        ("[1#2]", "PK202", 1, 2, "a key of the map"),
        ("{1", "PK202", 2, 2, "close the bag"),
        ("$x + 1", "PK303", 0, 2, "'$x' is not defined"),
        ("2147483648", "PK205", 0, 10, "does not fit an int"),
        ("-2147483649", "PK205", 1, 11, "does not fit an int"),
        ("9223372036854775808L", "PK205", 0, 20, "does not fit a long"),
        ("$9999999999", "PK202", 0, 11, "too large"),
        ("a + 'x\\d'", "PK201", 6, 8, "not an escape"),
        ("* a", "PK202", 0, 1, "A value is expected"),
    ],
)
def test_the_range_points_at_the_token(text: str, code: str, start: int, end: int, part: str) -> None:
    parsed = parse(text)
    assert parsed.node is None
    (finding,) = parsed.findings
    assert (finding.code, finding.start, finding.end) == (code, start, end)
    assert part.lower() in finding.message.lower()


@pytest.mark.parametrize(
    "text",
    [
        "(" * (MAX_NESTING + 1) + "a" + ")" * (MAX_NESTING + 1),
        "NOT " * 500 + "a",
        "- " * 500 + "a",
        "(int)" * 500 + "a",
        "a" + "#'k'" * 500,
        "a" + ".$0" * 500,
        "+".join(["a"] * (MAX_DEPTH + 2)),
        "f(" * 500 + "a" + ")" * 500,
        "CASE WHEN a THEN " * 200 + "b" + " END" * 200,
        "a ? b : " * 200 + "c",
        "(" * 100_000,
        "{" * 5_000,
        "a" * 1_000_001,
    ],
    ids=lambda text: text[:12],
)
def test_what_is_too_deep_is_a_finding(text: str) -> None:
    parsed = parse(text)
    assert parsed.node is None
    assert [finding.code for finding in parsed.findings] == ["PK204"]


def test_a_long_chain_of_one_connective_is_not_deep() -> None:
    parsed = parse(" OR ".join(["a == 1"] * 2000))
    assert parsed.node is not None
    assert depth(parsed.node) == 3


def test_a_case_keeps_its_parts() -> None:
    node = parse("CASE a WHEN 1 THEN b WHEN 2 THEN c ELSE d END").node
    assert isinstance(node, Case)
    assert len(node.branches) == 2
    assert node.otherwise is not None
