"""Reads fields as clients send them: numbers and booleans also as text. Every wrong field is reported at once."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping, Sequence
from typing import Any

from penstock.errors import InvalidFields

TRUE = frozenset({"true", "t", "1", "yes", "on"})
FALSE = frozenset({"false", "f", "0", "no", "off"})
LARGEST = 2**31 - 1
LONGEST_NAME = 255
LONGEST_WORD = 64
"""Characters of a column for short words."""
_WHOLE = re.compile(r"\s*[+-]?\d{1,18}\s*")


class Fields:
    """The fields of one call. Readers return None for an absent or null field; `check` raises what was wrong."""

    def __init__(self, raw: Mapping[str, Any]) -> None:
        self.raw = raw
        self.errors: dict[str, list[str]] = {}

    def has(self, name: str) -> bool:
        """Tell whether a field was given and is not null."""
        return self.raw.get(name) is not None

    def refuse(self, name: str, why: str) -> None:
        """Note that a field is invalid."""
        self.errors.setdefault(name, []).append(f"{name} {why}")

    def check(self) -> None:
        """Raise InvalidFields when any field was invalid."""
        if self.errors:
            raise InvalidFields(" ".join(text for found in self.errors.values() for text in found), self.errors)

    def text(self, name: str, *, longest: int | None = None) -> str | None:
        """Read text; numbers and booleans are written out."""
        value = self.raw.get(name)
        if value is None:
            return None
        if isinstance(value, bool):
            return "true" if value else "false"
        if isinstance(value, int | float):
            return str(value)
        if not isinstance(value, str):
            self.refuse(name, "must be text.")
            return None
        if "\x00" in value:
            self.refuse(name, "holds a zero character.")
            return None
        if longest is not None and len(value) > longest:
            self.refuse(name, f"is longer than {longest} characters.")
            return None
        return value

    def integer(self, name: str, least: int = 0, most: int = LARGEST) -> int | None:
        """Read a whole number."""
        value = self.raw.get(name)
        if value is None or value == "":
            return None
        number = _integer(value)
        if number is None or not least <= number <= most:
            self.refuse(name, f"must be a whole number from {least} to {most}.")
            return None
        return number

    def number(self, name: str, least: float = 0, most: float = math.inf) -> float | None:
        """Read a number."""
        value = self.raw.get(name)
        if value is None or value == "":
            return None
        try:
            number = float(value) if not isinstance(value, bool | list | dict) else math.nan
        except (ValueError, OverflowError):
            number = math.nan
        if math.isnan(number) or math.isinf(number) or not least <= number <= most:
            bound = f"from {least:g} to {most:g}" if most != math.inf else f"of at least {least:g}"
            self.refuse(name, f"must be a number {bound}.")
            return None
        return number

    def boolean(self, name: str) -> bool | None:
        """Read a boolean: JSON's, 0 and 1, or a word for one of them."""
        value = self.raw.get(name)
        if value is None or value == "":
            return None
        word = str(value).strip().lower()
        if isinstance(value, list | dict) or word not in TRUE | FALSE:
            self.refuse(name, "must be true or false.")
            return None
        return word in TRUE

    def choice(self, name: str, known: Sequence[str]) -> str | None:
        """Read one of some words."""
        value = self.raw.get(name)
        if value is None or value == "":
            return None
        if value not in known:
            self.refuse(name, f"must be one of {', '.join(known)}.")
            return None
        return str(value)

    def scalars(self, name: str) -> dict[str, Any] | None:
        """Read a flat map of scalars, also as JSON text; `[]` is an empty one, as some clients write it."""
        value = self.raw.get(name)
        if value is None or value == "" or value == []:
            return None if value is None else {}
        if isinstance(value, str):
            try:
                value = _unpacked(value)
            except (ValueError, RecursionError):
                self.refuse(name, "must be an object of names and values.")
                return None
        if not isinstance(value, dict):
            self.refuse(name, "must be an object of names and values.")
            return None
        nested = [key for key, one in value.items() if isinstance(one, list | dict)]
        if nested:
            self.refuse(name, f"must be flat: the value of '{nested[0]}' must be text, a number, a boolean or null.")
            return None
        if any("\x00" in text for text in (*value, *value.values()) if isinstance(text, str)):
            self.refuse(name, "holds a zero character.")
            return None
        return value


def _unpacked(text: str) -> Any:
    """Return the value of JSON text. Raises ValueError, also for what cannot be stored: half of a surrogate pair behind
    an escape, a number that JSON lacks."""
    value = json.loads(text)
    json.dumps(value, ensure_ascii=False, allow_nan=False).encode()
    return value


def _integer(value: object) -> int | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return value
    if isinstance(value, float):
        return int(value) if value.is_integer() else None
    if isinstance(value, str) and _WHOLE.fullmatch(value):
        return int(value)
    return None


def to_json(value: Any) -> str:
    """Return JSON text for a column; the order of keys is kept."""
    return json.dumps(value, ensure_ascii=False)
