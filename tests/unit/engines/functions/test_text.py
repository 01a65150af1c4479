"""Text functions count UTF-16 units and map case as Java does."""

from __future__ import annotations

import pytest

from penstock.engines.functions import text


@pytest.mark.parametrize(
    ("given", "search", "begin", "at"),
    [
        ("😀", "x", 0, -1),
        ("a😀b", "b", 0, 3),
        ("a😀b", "b", 4, -1),
        ("a😀b", "", 9, 4),
        ("😀😀", "😀", 1, 2),
        ("abc", "", 9, 3),
        ("abc", "b", -5, 1),
        ("", "", 0, 0),
    ],
)
def test_positions_are_those_of_utf_16_units(given: str, search: str, begin: int, at: int) -> None:
    assert text.index_of(given, search, begin) == at


@pytest.mark.parametrize(
    ("given", "capital"),
    [
        ("ß", "ß"),
        ("ŉa", "ŉa"),
        ("ǆa", "Ǆa"),
        ("ᾳa", "ᾼa"),
        ("ᾀ", "ᾈ"),
        ("ᾲ", "ᾲ"),
        ("ﬁa", "ﬁa"),
        ("ıx", "Ix"),
        ("", ""),
    ],
)
def test_the_first_unit_is_mapped_one_to_one(given: str, capital: str) -> None:
    assert text.upper_first(given) == capital


@pytest.mark.parametrize(
    ("left", "right", "equal"),
    [("Eu", "EU", True), ("İ", "i", True), ("İ", "ı", True), ("ß", "SS", False), ("ſ", "S", True), ("ς", "Σ", True)],
)
def test_case_is_ignored_unit_by_unit(left: str, right: str, equal: bool) -> None:
    assert text.equals_ignore_case(left, right) is equal
    assert text.equals_ignore_case(right, left) is equal


@pytest.mark.parametrize(
    ("given", "reversed_"),
    [("abc", "cba"), ("", ""), ("é\u0301", "\u0301é"), ("a😀b", "b\ufffd\ufffda"), ("a𐐀😀", "\ufffd\U0001f400\ufffda")],
)
def test_units_are_reversed(given: str, reversed_: str) -> None:
    assert text.reverse(given) == reversed_
