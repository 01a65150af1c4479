"""Texts as Java sees them: sequences of UTF-16 code units."""

from __future__ import annotations

import re

from .tree import Unsure


def units(text: str) -> list[int]:
    """Return the code units of a text."""
    raw = text.encode("utf-16-be")
    return [raw[at] << 8 | raw[at + 1] for at in range(0, len(raw), 2)]


def joined(parts: list[int]) -> str:
    """Return the text of code units."""
    try:
        return b"".join(one.to_bytes(2, "big") for one in parts).decode("utf-16-be")
    except UnicodeDecodeError:
        raise Unsure("half a character") from None


def substring(text: str, begin: int, end: int) -> str | None:
    """Return the part between two positions; null when there is none."""
    whole = units(text)
    end = min(end, len(whole))
    return None if begin < 0 or begin > end else joined(whole[begin:end])


def positions(text: str, search: str) -> list[int]:
    """Return every position at which a text stands in another."""
    whole, part = units(text), units(search)
    return [at for at in range(len(whole) - len(part) + 1) if whole[at : at + len(part)] == part]


def index_of(text: str, search: str, begin: int = 0) -> int:
    """Return the first position from *begin*, or -1; the empty text stands at the end for a *begin* beyond it."""
    if search == "" and begin > len(units(text)):
        return len(units(text))
    return min((at for at in positions(text, search) if at >= begin), default=-1)


def last_index_of(text: str, search: str) -> int:
    """Return the last position, or -1."""
    return max(positions(text, search), default=-1)


def first_mapped(text: str, upper: bool) -> str:
    """Return a text whose first code unit is a capital or a small letter, mapped one to one."""
    first = text[:1].upper() if upper else text[:1].lower()
    return first + text[1:] if len(first) == 1 else text


def folded(char: str) -> str:
    """Return what Java compares a character by where case does not matter."""
    up = char.upper() if len(char.upper()) == 1 else char
    return up.lower() if len(up.lower()) == 1 else up


def equals_ignoring_case(left: str, right: str) -> bool:
    """Return whether two texts are equal but for case."""
    return [folded(char) for char in left] == [folded(char) for char in right]


def trimmed(text: str) -> str:
    """Return a text without characters up to the blank at both ends."""
    while text and text[0] <= " ":
        text = text[1:]
    while text and text[-1] <= " ":
        text = text[:-1]
    return text


def right_trimmed(text: str) -> str:
    """Return a text without blanks at the end, also those before a final line break."""
    return text[:-1].rstrip(" ") + "\n" if text.endswith("\n") else text.rstrip(" ")


def split(text: str, delimiter: str) -> tuple[str, ...]:
    """Return the parts between delimiters, without empty ones at the end."""
    if text == "":
        return ("",)
    parts = text.split(delimiter)
    while parts and parts[-1] == "":
        parts.pop()
    return tuple(parts)


def tokens(text: str) -> list[tuple[str]]:
    """Return the words between blanks, quotes, commas, parentheses and stars."""
    return [(word,) for word in re.split(r'[ ",()*]', text) if word]
