"""The search grammar of the wire (reference 1.11): `attr:value`, `attr:>value`, `-attr:"several words"`, free text."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass

_TOKEN = re.compile(r'(?P<minus>-?)(?:(?P<name>\w+):(?P<how>[<>]?))?(?:"(?P<quoted>[^"]*)"?|(?P<bare>\S+))')


@dataclass(frozen=True, slots=True)
class Term:
    """One condition on one attribute: *how* is empty (equal or contains), `>` (at least) or `<` (at most)."""

    attribute: str
    value: str
    how: str = ""
    excluded: bool = False


@dataclass(frozen=True, slots=True)
class Search:
    """A search expression: conditions on attributes, and words that any default attribute may hold."""

    terms: tuple[Term, ...]
    words: tuple[str, ...]


def parse_search(text: str, attributes: Collection[str]) -> Search:
    """Return a search expression. Whatever is no condition on one of *attributes* is free text; nothing is an error.

    >>> parse_search('status:running -package:"old one" id:>7 nightly', ("status", "package", "id")).words
    ('nightly',)
    """
    terms: list[Term] = []
    words: list[str] = []
    for found in _TOKEN.finditer(text):
        name = (found["name"] or "").lower()
        value = found["quoted"] if found["quoted"] is not None else found["bare"]
        if name in attributes and value:
            terms.append(Term(name, value, found["how"], bool(found["minus"])))
        elif not found["name"] and found["quoted"]:
            words.append(value)
        else:
            words.append(found[0])
    return Search(tuple(terms), tuple(words))
