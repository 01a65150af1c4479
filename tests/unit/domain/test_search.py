"""Search expressions: any text is one; what is no condition is free text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock.domain.search import Search, Term, parse_search

KNOWN = ("status", "package", "id")


@pytest.mark.parametrize(
    ("text", "terms", "words"),
    [
        ("", (), ()),
        ("  ", (), ()),
        ("nightly load", (), ("nightly", "load")),
        ("status:running", (Term("status", "running"),), ()),
        ("STATUS:Running", (Term("status", "Running"),), ()),
        ("id:>7 id:<9", (Term("id", "7", ">"), Term("id", "9", "<")), ()),
        ("-status:failed", (Term("status", "failed", excluded=True),), ()),
        ('package:"old one" new', (Term("package", "old one"),), ("new",)),
        ('-package:"old one"', (Term("package", "old one", excluded=True),), ()),
        ('package:"never closed', (Term("package", "never closed"),), ()),
        ('"two words"', (), ("two words",)),
        ('""', (), ('""',)),
        ("color:red", (), ("color:red",)),
        ("status:", (), ("status:",)),
        ('status:""', (), ('status:""',)),
        ("12:30", (), ("12:30",)),
        ("a:b:c", (), ("a:b:c",)),
        ("package:a:b", (Term("package", "a:b"),), ()),
    ],
)
def test_what_is_read(text: str, terms: tuple[Term, ...], words: tuple[str, ...]) -> None:
    assert parse_search(text, KNOWN) == Search(terms, words)


@given(st.text())
def test_no_text_is_an_error(text: str) -> None:
    found = parse_search(text, KNOWN)
    assert all(term.attribute in KNOWN and term.value for term in found.terms)
    assert all(found.words)
