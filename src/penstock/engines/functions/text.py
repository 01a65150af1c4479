"""Functions on text as Java has them: positions and lengths in UTF-16 code units (function reference 2)."""

from __future__ import annotations

import re

import regex

_RTRIM = regex.compile(r" +(?=(?:\r\n|(?<!\r)\n|[\r\u0085\u2028\u2029])?\Z)")
_HALF_PAIR = re.compile(rb"\xed[\xa0-\xbf][\x80-\xbf]?")
_HALF = re.compile("[\ud800-\udfff]")
_DEFAULT_DELIMITERS = ' ",()*'


def is_bmp(text: str) -> bool:
    """Tell whether every character is one UTF-16 unit."""
    return text.isascii() or max(text) <= "\uffff"


def _units(text: str) -> bytes:
    return text.encode("utf-16-le", "surrogatepass")


def _from_units(data: bytes) -> str:
    # Half a pair cannot be held in UTF-8 text: it becomes a replacement character, never invalid text.
    return data.decode("utf-16-le", "replace")


def from_halves(text: str) -> str:
    """Return a text whose halves of characters are joined; a half that stands alone is broken.

    >>> from_halves("a\\ud83d\\ude00\\ud83d")
    'a😀�'
    """
    return text if text.isascii() or not _HALF.search(text) else _from_units(_units(text))


def from_utf8(data: bytes) -> str:
    """Return bytes as text; what is no UTF-8 becomes replacement characters, one for each piece that Java finds broken: half
    of a surrogate pair, three bytes long, is one."""
    return _HALF_PAIR.sub(b"\xef\xbf\xbd", data).decode("utf-8", "replace")


def length(text: str) -> int:
    """Return the number of UTF-16 units."""
    return len(text) if text.isascii() else len(text) + sum(char > "\uffff" for char in text)


def substring(text: str, begin: int, end: int) -> str | None:
    """Return units *begin* up to *end*, clipped; None when *begin* is negative or beyond the end."""
    end = min(end, length(text))
    if begin < 0 or begin > end:
        return None
    return text[begin:end] if is_bmp(text or " ") else _from_units(_units(text)[2 * begin : 2 * end])


def index_of(text: str, search: str, begin: int = 0) -> int:
    """Return the unit position of the first occurrence at or after *begin*, or -1."""
    begin = max(begin, 0)
    if is_bmp(text or " "):
        if begin > len(text):
            return len(text) if not search else -1
        return text.find(search, begin)
    units, wanted = _units(text), _units(search)
    if 2 * begin > len(units):
        return len(units) // 2 if not wanted else -1
    at = units.find(wanted, 2 * begin)
    while at > 0 and at % 2 == 1:
        at = units.find(wanted, at + 1)
    return at // 2 if at >= 0 else -1


def last_index_of(text: str, search: str) -> int:
    """Return the unit position of the last occurrence, or -1."""
    at = text.rfind(search)
    return length(text[:at]) if at >= 0 else -1


def upper_first(text: str) -> str:
    """Return the text with its first unit as a capital, mapped one to one."""
    return capital(text[0]) + text[1:] if text else text


def lower_first(text: str) -> str:
    """Return the text with its first unit as a small letter, mapped one to one."""
    return _small(text[0]) + text[1:] if text else text


def capital(char: str) -> str:
    """Return the capital of a letter, mapped one to one; a letter of two UTF-16 units stays."""
    if char > "\uffff":
        return char
    # A letter whose capital is more than one letter is mapped to its title form, if that is one.
    changed = char.upper() if len(char.upper()) == 1 else char.title()
    return changed if len(changed) == 1 else char


def _small(char: str) -> str:
    if char == "\u0130":
        return "i"  # the one-to-one mapping drops the dot that the full one keeps
    return char.lower() if char <= "\uffff" else char


def right_trim(text: str) -> str:
    """Return the text without blanks at the end, those before a final line break included."""
    return str(_RTRIM.sub("", text))


def equals_ignore_case(left: str, right: str) -> bool:
    """Java's `equalsIgnoreCase`: unit by unit, equal as capitals or as small letters."""
    if len(left) != len(right):
        return False
    return all(a == b or fold(a) == fold(b) for a, b in zip(left, right, strict=True))


def fold(char: str) -> str:
    """Return what a letter has in common with those that are equal to it but for case, mapped one to one."""
    return _small(capital(char))


def tokenize(text: str, delimiters: str | None) -> tuple[str, ...]:
    """Return the words between delimiter characters; empty ones never appear."""
    marks = set(_DEFAULT_DELIMITERS if delimiters is None else delimiters)
    words, word = [], ""
    for char in text:
        if char in marks:
            if word:
                words.append(word)
            word = ""
        else:
            word += char
    return (*words, word) if word else tuple(words)


def utf16_key(text: str) -> str:
    """Return a text whose UTF-8 order is the UTF-16 order of the given one."""
    if text.isascii():
        return text
    return "".join(f"\U0010ffff{char}" if "\ue000" <= char <= "\uffff" else char for char in text)


def reverse(text: str) -> str:
    """Return the UTF-16 units in reverse order; halves of characters that meet the other way round make one, the others are
    broken."""
    if is_bmp(text or " "):
        return text[::-1]
    units = _units(text)
    return _from_units(b"".join(units[at : at + 2] for at in range(len(units) - 2, -1, -2)))
