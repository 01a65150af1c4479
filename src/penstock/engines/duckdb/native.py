"""Where DuckDB's own function gives exactly what the shared one gives, read off a constant pattern."""

from __future__ import annotations

from penstock.engines.functions import java_regex
from penstock.engines.functions.joda import Part, parts_of
from penstock.errors import DataError

_STRFTIME = {
    "y": {1: "%Y", 2: "%y", 3: "%Y", 4: "%Y"},
    "M": {1: "%-m", 2: "%m", 3: "%b"},
    "d": {1: "%-d", 2: "%d"},
    "D": {1: "%-j", 3: "%j"},
    "H": {1: "%-H", 2: "%H"},
    "h": {1: "%-I", 2: "%I"},
    "m": {1: "%-M", 2: "%M"},
    "s": {1: "%-S", 2: "%S"},
    "S": {3: "%g"},
}
GREATEST_GROUP = 9
"""The last group that DuckDB extracts."""


def strftime_of(pattern: str) -> str | None:
    """Return a Joda pattern as DuckDB writes it, right for years of four digits; None where it has no equal form.

    >>> strftime_of("EEE d MMM yyyy 'at' H:mm")
    '%a %-d %b %Y at %-H:%M'
    >>> strftime_of("ww") is None
    True
    """
    try:
        parts = [_strftime(part) for part in parts_of(pattern)]
    except DataError:
        return None
    known = [part for part in parts if part is not None]
    return "".join(known) if len(known) == len(parts) else None


def _strftime(part: Part) -> str | None:
    match part.letter:
        case "":
            return part.text.replace("%", "%%")
        case "E":
            return "%A" if part.count >= 4 else "%a"
        case "M" if part.count >= 4:
            return "%B"
        case "a":
            return "%p"
    return _STRFTIME.get(part.letter, {}).get(part.count)


def extraction_of(pattern: str, group: int) -> str | None:
    """Return the RE2 form of a pattern whose *group* takes part in every match; None where it may not.

    The translation has no RE2 form where a group repeats, so without an alternative each group takes part.

    >>> extraction_of("id=([0-9]+)", 1)
    'id=([0-9]+)'
    >>> extraction_of("a(b)|c", 1) is None
    True
    """
    try:
        made = java_regex.translate(pattern)
    except DataError:
        return None
    if made.re2 is None or not 0 <= group <= min(made.groups, GREATEST_GROUP):
        return None
    return made.re2 if group == 0 or "|" not in pattern else None
