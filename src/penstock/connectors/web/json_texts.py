"""JSON in and out with every number as it was written: `1.50` stays `1.50`, and a number of forty digits keeps them."""

from __future__ import annotations

import json
from json.encoder import encode_basestring_ascii
from typing import Any

from penstock.errors import DataError

MAX_DEPTH = 200
"""How many arrays and objects may stand inside one another: as deep as the engine reads."""
_PLAIN_DIGITS = 18
"""Whole numbers of up to so many digits are the same as text and as number."""


class Number(float):
    """A number that Python would write in another way than *text*."""

    __slots__ = ("text",)
    text: str


class Texts:
    """Reads JSON texts of one answer, and writes parts of them again."""

    def __init__(self) -> None:
        self._has_numbers = False
        self._decoder = json.JSONDecoder(
            parse_float=self._float, parse_int=self._int, parse_constant=_refuse, strict=False
        )

    def read(self, text: str) -> Any:
        """Return the value of a JSON text. Raises DataError where it is none."""
        try:
            return self._decoder.decode(text)
        except json.JSONDecodeError as error:
            raise DataError(f"it is no JSON: {error.msg} in line {error.lineno}, column {error.colno}") from error
        except ValueError as error:
            raise DataError(f"it is no JSON: {error}") from error
        except RecursionError as error:
            raise DataError("it is nested too deeply") from error

    def read_at(self, text: str, at: int) -> tuple[Any, int]:
        """Return the value that begins at a place of a text, and where it ends. Raises json.JSONDecodeError, also where the
        text ends too early."""
        return self._decoder.raw_decode(text, at)

    def write(self, value: Any) -> str:
        """Return a value as one line of ASCII. Raises DataError for one that is nested too deeply."""
        if self._has_numbers:
            return _written(value, 0)
        try:
            return json.dumps(value, separators=(",", ":"))
        except RecursionError as error:
            raise DataError("it is nested too deeply") from error

    def _float(self, text: str) -> float:
        value = float(text)
        if repr(value) == text:
            return value
        return self._number(value, text)

    def _int(self, text: str) -> int | float:
        if len(text) <= _PLAIN_DIGITS and text != "-0":
            return int(text)
        return self._number(float(text), text)

    def _number(self, value: float, text: str) -> Number:
        made = Number(value)
        made.text = text
        self._has_numbers = True
        return made


def _refuse(word: str) -> Any:
    raise ValueError(f"{word} is no number of JSON")


def _written(value: Any, depth: int) -> str:
    if isinstance(value, str):
        return encode_basestring_ascii(value)
    if isinstance(value, Number):
        return value.text
    if isinstance(value, dict | list):
        if depth == MAX_DEPTH:
            raise DataError("it is nested too deeply")
        if isinstance(value, list):
            return f"[{','.join([_written(one, depth + 1) for one in value])}]"
        items = [f"{encode_basestring_ascii(key)}:{_written(one, depth + 1)}" for key, one in value.items()]
        return f"{{{','.join(items)}}}"
    return json.dumps(value)
