"""Text to tokens, and what is no token."""

from __future__ import annotations

import pytest

from penstock.lang.expression.tokens import quote, tokenize, unescape


def kinds(text: str) -> list[str]:
    tokens, faults = tokenize(text)
    assert faults == []
    return [token.kind for token in tokens]


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("", ["end"]),
        ("a::b + 1", ["name", "+", "int", "end"]),
        ("1 2L 3l 4f 5F .5 6.5 7e2 8E-2 9e+2F", ["int", "long", "long", "float", "float", *["double"] * 4, "float",
        "end"]),
        ("AND or Not is NULL matches Case wHEN then else end in TRUE false", [
            "AND", "OR", "NOT", "IS", "NULL", "MATCHES", "CASE", "WHEN", "THEN", "ELSE", "END", "IN", "TRUE",
            "FALSE", "end",
        ]),
        ("a==b!=c<=d>=e<f>g", ["name", "==", "name", "!=", "name", "<=", "name", ">=", "name", "<", "name", ">",
                                "name", "end"]),
        ("m#'k'.$0?x:y", ["name", "#", "text", ".", "position", "?", "name", ":", "name", "end"]),
        ("{[(%*/-)]}", ["{", "[", "(", "%", "*", "/", "-", ")", "]", "}", "end"]),
        ("$x ${x}", ["variable", "variable", "end"]),
        ("a -- b\nc", ["name", "name", "end"]),
        ("a -- b\rc", ["name", "name", "end"]),
        ("a /* b\n*/ c/**/", ["name", "name", "end"]),
        ("'-- /* '", ["text", "end"]),
        ("ANDx INx null_", ["name", "name", "name", "end"]),
    ],
)  # fmt: skip
def test_tokens(text: str, wanted: list[str]) -> None:
    assert kinds(text) == wanted


def test_a_token_knows_its_place() -> None:
    tokens, _ = tokenize("ab  +'x'")
    assert [(token.text, token.start, token.end) for token in tokens] == [
        ("ab", 0, 2),
        ("+", 4, 5),
        ("'x'", 5, 8),
        ("", 8, 8),
    ]


@pytest.mark.parametrize(
    ("text", "start", "end", "part"),
    [
        ("a + 'x", 4, 6, "not closed"),
        ('a == "x"', 5, 8, "single quotes"),
        ("a /* b", 2, 6, "comment is not closed"),
        ("a <> b", 2, 4, "write !="),
        ("a && b", 2, 4, "write AND"),
        ("a || b", 2, 4, "write OR"),
        ("!a", 0, 1, "write NOT"),
        ("_a", 0, 1, "begins with a letter"),
        ("1x", 0, 2, "'1x' is not a number"),
        ("1.5L", 0, 4, "'1.5L' is not a number"),
        ("1e5l", 0, 4, "'1e5l' is not a number"),
        ("a @ b", 2, 3, "Unexpected character '@'"),
        ("a; b", 1, 2, "Unexpected character ';'"),
    ],
)
def test_what_is_no_token(text: str, start: int, end: int, part: str) -> None:
    _, (fault, *_) = tokenize(text)
    assert (fault.start, fault.end) == (start, end)
    assert part in fault.message


@pytest.mark.parametrize(
    ("literal", "text"),
    [
        ("''", ""), (r"'it\'s'", "it's"), (r"'a\\b'", r"a\b"), (r"'\n\t\r\b\f'", "\n\t\r\b\f"), (r"'\u0041\u00e9'", "Aé"),
        (r"'\ud83d\ude00'", "😀"), ("'a\nb'", "a\nb"), (r"'\\d'", r"\d"), ("'😀'", "😀"),
    ],
)  # fmt: skip
def test_escapes(literal: str, text: str) -> None:
    assert unescape(literal, 0) == (text, None)


@pytest.mark.parametrize(
    ("literal", "start", "end"),
    [
        (r"'\d'", 11, 13),
        (r"'ab\x41'", 13, 15),
        (r"'\u004'", 11, 13),
        (r"'\N'", 11, 13),
        (r"'\0'", 11, 13),
        (r"'\ud83d'", 10, 18),
    ],
)
def test_other_escapes_are_faults(literal: str, start: int, end: int) -> None:
    _, fault = unescape(literal, 10)
    assert fault is not None
    assert (fault.start, fault.end) == (start, end)


@pytest.mark.parametrize("text", ["", "it's", "a\\b", "\n\t\r\b\f", "\0\x1f", "é😀", "\\u0041", "--", "$x"])
def test_a_quoted_text_stands_for_itself(text: str) -> None:
    assert unescape(quote(text), 0) == (text, None)
