"""References become text before anything is read; places are found again in what the author wrote."""

from __future__ import annotations

import pytest

from penstock.domain.diagnostic import Span
from penstock.lang.variables import Mode, VariableValue, substitute
from penstock.plan.dtypes import Kind
from penstock.plan.values import Value

VALUES = {
    "x": VariableValue("7", Value(Kind.INT, 7)),
    "eu": VariableValue("eu", Value(Kind.CHARARRAY, "eu")),
    "quoted": VariableValue("'it\\'s'", Value(Kind.CHARARRAY, "'it\\'s'")),
    "empty": VariableValue("", None),
    "when": VariableValue("2018-01-01T00:00:00Z", Value(Kind.CHARARRAY, "2018-01-01T00:00:00Z"), predefined=True),
    "never": VariableValue("", None, predefined=True),
    "owner": VariableValue("it's", Value(Kind.CHARARRAY, "it's"), predefined=True),
    "nodes": VariableValue("4", Value(Kind.INT, 4), predefined=True),
}


@pytest.mark.parametrize(
    ("text", "expression", "option"),
    [
        ("$x + 1", "7 + 1", "7 + 1"),
        ("${x}1", "71", "71"),
        ("$xy $eu-1", "$xy eu-1", "$xy eu-1"),
        ("'$eu'", "'eu'", "'eu'"),
        ("CONCAT($quoted, 'a')", "CONCAT('it\\'s', 'a')", "CONCAT('it\\'s', 'a')"),
        ("[$empty]", "[]", "[]"),
        ("\\$x \\\\$x \\d", "$x \\\\7 \\d", "$x \\\\7 \\d"),
        ("$0 $.a $ $$x $1a", "$0 $.a $ $7 $1a", "$0 $.a $ $7 $1a"),
        ("$when", "'2018-01-01T00:00:00Z'", "2018-01-01T00:00:00Z"),
        ("$never", "null", ""),
        ("$nodes * 3", "4 * 3", "4 * 3"),
        ("$owner", "'it\\'s'", "it's"),
        ("'by $owner at $when$never'", "'by it\\'s at 2018-01-01T00:00:00Z'", "'by it's at 2018-01-01T00:00:00Z'"),
        ("'\\'$when' == $when", "'\\'2018-01-01T00:00:00Z' == '2018-01-01T00:00:00Z'", None),
        ("$quoted == $when", "'it\\'s' == '2018-01-01T00:00:00Z'", None),
        ("1 -- it's $x\n+ $when", "1 -- it's $x\n+ '2018-01-01T00:00:00Z'", None),
        ("1 /* it's $x */ + $when", "1 /* it's $x */ + '2018-01-01T00:00:00Z'", None),
        ("'-- $x' + '/* $x */'", "'-- 7' + '/* 7 */'", None),
    ],
)
def test_what_a_reference_becomes(text: str, expression: str, option: str | None) -> None:
    assert substitute(text, VALUES, Mode.EXPRESSION).text == expression
    if option is not None:
        assert substitute(text, VALUES, Mode.TEXT).text == option


def test_an_undefined_name_is_found() -> None:
    made = substitute("a + $eux", VALUES, Mode.EXPRESSION)
    (finding,) = made.findings
    assert (finding.code, finding.span, finding.hint) == ("PK303", Span(4, 8), "Did you mean 'eu'?")


def test_braces_around_an_unknown_name_are_a_group_of_a_regular_expression_in_expressions() -> None:
    assert substitute("'${group}'", VALUES, Mode.EXPRESSION).findings == ()
    assert substitute("'${group}'", VALUES, Mode.EXPRESSION).text == "'${group}'"
    (finding,) = substitute("a/${group}/b", VALUES, Mode.TEXT).findings
    assert (finding.code, finding.span) == ("PK303", Span(2, 10))


def test_what_was_used_is_known() -> None:
    assert substitute("$x + ${eu} + \\$when + $nope", VALUES, Mode.EXPRESSION).uses == {"x", "eu"}
    assert substitute("no dollar", VALUES, Mode.EXPRESSION).uses == frozenset()


@pytest.mark.parametrize(
    ("text", "inside", "outside"),
    [
        ("$x + nope", "nope", "nope"),
        ("nope + $x", "nope", "nope"),
        ("$x + $x + nope + $x", "nope", "nope"),
        ("1 + $x", "7", "$x"),
        ("f($quoted, b)", "it", "$quoted"),
        ("f($quoted, b)", "b", "b"),
        ("'\\$' + nope", "nope", "nope"),
        ("${x} + nope", "nope", "nope"),
        ("$when == nope", "'2018-01-01T00:00:00Z'", "$when"),
    ],
)
def test_a_range_is_mapped_back(text: str, inside: str, outside: str) -> None:
    made = substitute(text, VALUES, Mode.EXPRESSION)
    start = made.text.rindex(inside)
    span = made.map_back(Span(start, start + len(inside)))
    assert span is not None
    assert text[span.start : span.end] == outside


def test_a_range_over_several_references_covers_them() -> None:
    made = substitute("$x + $eu", VALUES, Mode.EXPRESSION)
    assert made.map_back(Span(0, len(made.text))) == Span(0, 8)
    assert made.map_back(None) is None
