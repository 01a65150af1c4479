"""Records of a JSON text that is too long to be read as one: only what is between them and one of them is in memory."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from typing import IO, Any

from penstock.connectors.web.json_texts import Texts
from penstock.errors import DataError

PIECE = 1 << 20
LARGEST = 64 << 20
"""Characters of one record."""
_BLANKS = re.compile(r"[ \t\n\r]*")
_SIMPLE = re.compile(r"""\$((?:\.[A-Za-z_][A-Za-z0-9_]*|\['[^'\\]*'\]|\["[^"\\]*"\])*)(?:\[\*\]|\.\*)?\Z""")
_KEY = re.compile(r"""\.([A-Za-z_][A-Za-z0-9_]*)|\['([^'\\]*)'\]|\["([^"\\]*)"\]""")


def keys_of(path: str) -> tuple[str, ...] | None:
    """Return the keys that lead to the records, None for a JSONPath that is more than keys.

    >>> keys_of("$.data.items[*]"), keys_of("$"), keys_of("$..x")
    (('data', 'items'), (), None)
    """
    found = _SIMPLE.match(path)
    return None if found is None else tuple("".join(parts) for parts in _KEY.findall(found[1]))


def items(stream: IO[str], below: Sequence[str], texts: Texts) -> Iterator[Any]:
    """Yield the items of the array below some keys, or what else stands there; nothing where nothing does.

    Raises DataError for a text that is no JSON.
    """
    window = _Window(stream, texts)
    yield from _below(window, list(below))
    if window.char() != "":
        raise DataError("it is no JSON: something follows its end")


def _below(window: _Window, keys: list[str]) -> Iterator[Any]:
    if not keys:
        if window.char() != "[":
            yield window.value()
            return
        yield from _elements(window)
        return
    if window.char() != "{":
        window.value()
        return
    window.take("{")
    first = True
    while window.char() != "}":
        if not first:
            window.take(",")
        first = False
        key = window.value()
        window.take(":")
        if key == keys[0]:
            yield from _below(window, keys[1:])
        else:
            window.skip()
    window.take("}")


def _elements(window: _Window) -> Iterator[Any]:
    window.take("[")
    first = True
    while window.char() != "]":
        if not first:
            window.take(",")
        first = False
        yield window.value()
    window.take("]")


class _Window:
    """A part of a text, with a place in it."""

    def __init__(self, stream: IO[str], texts: Texts) -> None:
        self._stream = stream
        self._texts = texts
        self._text = ""
        self._at = 0
        self._is_over = False

    def char(self) -> str:
        """Return the character behind the blanks, without going on; nothing at the end."""
        while True:
            blanks = _BLANKS.match(self._text, self._at)
            self._at = blanks.end() if blanks else self._at
            if self._at < len(self._text):
                return self._text[self._at]
            if not self._more():
                return ""

    def take(self, char: str) -> None:
        """Go past a character that must stand here."""
        found = self.char()
        if found != char:
            raise DataError(f"it is no JSON: {found or 'its end'!r} stands where '{char}' belongs")
        self._at += 1

    def value(self) -> Any:
        """Return the value that stands here, and go past it."""
        while True:
            self.char()
            try:
                value, end = self._texts.read_at(self._text, self._at)
            except json.JSONDecodeError as error:
                if not self._more():
                    raise DataError(f"it is no JSON: {error.msg}") from error
                continue
            except (ValueError, RecursionError) as error:
                raise DataError(f"it is no JSON: {error}") from error
            # A number at the end of what was read may go on.
            if end == len(self._text) and self._more():
                continue
            self._at = end
            return value

    def skip(self) -> None:
        """Go past a value; an array item by item, so that a long one does not stand in memory."""
        if self.char() == "[":
            for _ in _elements(self):
                pass
        else:
            self.value()

    def _more(self) -> bool:
        if self._is_over:
            return False
        piece = self._stream.read(max(PIECE, len(self._text) - self._at))
        if len(self._text) - self._at > LARGEST:
            raise DataError(f"one record of it has more than {LARGEST >> 20} million characters, or no end")
        self._is_over = not piece
        self._text, self._at = self._text[self._at :] + piece, 0
        return bool(piece)
