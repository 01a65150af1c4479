"""Trees of expressions whose types are known, and the values of the language as plain Python ones.

Null is None. int and long are int, float and double are float (a float is one that 32 bits hold), chararray is str, boolean
is bool, datetime is a `When`, a tuple is a tuple, a bag a list of tuples, a map a dict.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple


class When(NamedTuple):
    """A moment: milliseconds since 1970 UTC, and the offset it was read with, in minutes."""

    ms: int
    offset: int = 0


@dataclass(frozen=True)
class Type:
    """A type by its word; *inside* are the types of a tuple's positions, of those of a bag's tuples, of a map's values."""

    word: str
    inside: tuple[Type, ...] = ()


INT, LONG, FLOAT, DOUBLE = Type("int"), Type("long"), Type("float"), Type("double")
TEXT, BOOLEAN, DATETIME = Type("chararray"), Type("boolean"), Type("datetime")
NUMBERS = (INT, LONG, FLOAT, DOUBLE)
SIMPLE = (*NUMBERS, TEXT, BOOLEAN, DATETIME)
TEXTS = Type("texts")
"""A tuple of texts, as many as there are."""


@dataclass(frozen=True)
class Node:
    """A part of an expression. *op* is the operator, or `literal`, `field`, `call`, `cast`, `case`, `case of`, `tuple get`,
    `map get`; *given* the literal's value, the name, the position or the key."""

    op: str
    type: Type
    parts: tuple[Node, ...] = ()
    given: Any = None


class Fails(Exception):
    """The job fails here."""


class Unsure(Exception):
    """The rules do not say, or say that engines may differ: nothing to compare."""


def wider(left: Type, right: Type) -> Type:
    """Return the wider of two types of numbers."""
    return max(left, right, key=NUMBERS.index)
