"""Trees as text: what could be misread stands in parentheses."""

from __future__ import annotations

import pytest

from penstock.lang.expression import parse, to_text


@pytest.mark.parametrize(
    ("text", "printed"),
    [
        ("1e999", "1e999"),
        ("1e999f", "1e999F"),
        ("1.50", "1.5"),
        ("1E-7", "1e-07"),
        ("10l", "10L"),
        ("'it\\'s\\n'", "'it\\'s\\n'"),
        ("TRUE", "true"),
        ("NULL", "null"),
        ("- 5", "-5"),
        ("a - 5", "a - 5"),
        ("a - -5", "a - (-5)"),
        ("-5 .$0", "(-5).$0"),
        ("not (a or b)", "NOT (a OR b)"),
        ("(a == b) == c", "(a == b) == c"),
        ("(a ? b : c) + 1", "(a ? b : c) + 1"),
        ("f(a ? b : c, (d, e))", "f(a ? b : c, (d, e))"),
    ],
)
def test_printed(text: str, printed: str) -> None:
    node = parse(text).node
    assert node is not None
    assert to_text(node) == printed
