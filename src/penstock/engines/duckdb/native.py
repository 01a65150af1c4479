"""Where DuckDB's own function gives exactly what the shared one gives, read off a constant pattern."""

from __future__ import annotations

import re
from dataclasses import dataclass

from penstock.engines.duckdb.types import text_literal
from penstock.engines.functions import java_regex
from penstock.engines.functions.calendar import DAY_MS
from penstock.engines.functions.isodate import parse_period
from penstock.engines.functions.joda import Part, parts_of
from penstock.engines.functions.regex_translation import LINE_ENDS
from penstock.engines.templates import four_digit_year
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


@dataclass(frozen=True, slots=True)
class Pattern:
    """A Java pattern as RE2 reads it: everywhere, or only in texts *of_line*, without line ends."""

    re2: str
    groups: int
    of_line: bool

    def where_right(self, text: str, native: str, shared: str) -> str:
        """Return *native* for the texts that the pattern is right for, *shared* for the others."""
        if not self.of_line:
            return native
        return f"CASE WHEN regexp_matches({text}, '[{LINE_ENDS}]') THEN {shared} ELSE {native} END"


def pattern_of(pattern: str) -> Pattern | None:
    """Return the RE2 form of a pattern, None where it has none. Raises DataError for what is no pattern.

    >>> pattern_of("[0-9]+$")
    Pattern(re2='[0-9]+\\\\z', groups=0, of_line=True)
    """
    made = java_regex.translate(pattern)
    re2 = made.re2 or made.re2_of_line
    return None if re2 is None else Pattern(re2, made.groups, made.re2 is None)


def extraction_of(pattern: str, group: int) -> Pattern | None:
    """Return the RE2 form of a pattern whose *group* takes part in every match; None where it may not.

    The translation has no RE2 form where a group repeats, so without an alternative each group takes part.

    >>> extraction_of("a(b)|c", 1) is None
    True
    """
    try:
        made = pattern_of(pattern)
    except DataError:
        return None
    if made is None or not 0 <= group <= min(made.groups, GREATEST_GROUP):
        return None
    return made if group == 0 or "|" not in pattern else None


_MARKS = re.compile(r"[\\$.|?*+(){}\[\]^]")
"""What is more than itself in a pattern or a replacement."""
_LOOKS = re.compile(r"(?<!\[)\^|\$|\\[bBAZzG]")
"""What matches a place and no character."""


def replacement_of(text: str, pattern: str, replacement: str) -> str | None:
    """Return the SQL of `REPLACE` with a constant pattern and replacement, or None where only the shared form is right:
    the replacement names a group, or the pattern may find nothing between two characters.

    >>> replacement_of("t", "order", "o"), replacement_of("t", "[0-9]+", "#"), replacement_of("t", "x*", "")
    ("replace(t, 'order', 'o')", "regexp_replace(t, '[0-9]+', '#', 'g')", None)
    """
    if "\\" in replacement or "$" in replacement:
        return None
    if pattern and not _MARKS.search(pattern):
        return f"replace({text}, {text_literal(pattern)}, {text_literal(replacement)})"
    try:
        made = pattern_of(pattern)
        # Without a look at what stands around it, a match that may be empty is so in an empty text.
        may_be_empty = _LOOKS.search(pattern) is not None or java_regex.full_match("", pattern)
    except DataError:
        return None
    if made is None or may_be_empty:
        return None
    return f"regexp_replace({text}, {text_literal(made.re2)}, {text_literal(replacement)}, 'g')"


_FAR_MS = 4_000_000_000_000_000_000
_FAR_MONTHS = 6_000
"""How far a native addition moves at most: from years of four digits to years that DuckDB has."""


def addition_of(instant: str, period: str, sign: int, shared: str) -> str | None:
    """Return the SQL of a datetime moved by a constant period, far years left to *shared*; None for a period that is none."""
    try:
        years, months, days, milli = parse_period(period)
    except DataError:
        return None
    ms = sign * (days * DAY_MS + milli)
    if abs(ms) >= _FAR_MS or abs(years) * 12 + abs(months) > _FAR_MONTHS:
        return None
    if years or months:
        # In the calendar of its own offset: years, then months, each clipped to the end of its month, then the rest.
        steps = "".join(f" + to_months({sign * step})" for step in (years * 12, months) if step)
        local = f"make_timestamp_ms({instant}.t + {instant}.o * 60000)"
        moved, near = f"epoch_ms({local}{steps}) - {instant}.o * 60000 + {ms}", four_digit_year(f"{instant}.t")
    else:
        moved, near = f"{instant}.t + {ms}", f"{instant}.t BETWEEN {-_FAR_MS} AND {_FAR_MS}"
    return (
        f"CASE WHEN {instant} IS NULL THEN NULL WHEN {near} THEN {{'t': {moved}, 'o': {instant}.o}} ELSE {shared} END"
    )
