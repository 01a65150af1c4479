"""Reading datetimes by Joda-Time patterns (function reference 5)."""

from __future__ import annotations

import re
from dataclasses import dataclass

from penstock.engines.functions import calendar, joda_fields
from penstock.engines.functions.joda import MONTHS, WEEKDAYS, Part, parts_of

_ZONE_NAMES = {
    "UTC": "UTC", "UT": "UTC", "GMT": "UTC", "EST": "America/New_York", "EDT": "America/New_York",
    "CST": "America/Chicago", "CDT": "America/Chicago", "MST": "America/Denver", "MDT": "America/Denver",
    "PST": "America/Los_Angeles", "PDT": "America/Los_Angeles",
}  # fmt: skip
_OFFSET = re.compile(calendar.OFFSET, re.ASCII)
_HALVES = {"AM": 0, "PM": 1}
_ERAS = {"BCE": 0, "BC": 0, "AD": 1, "CE": 1}


@dataclass(slots=True)
class _Read:
    fields: dict[str, int]
    offset_ms: int | None = None
    zone: str | None = None


def parse_pattern(text: str, pattern: str, zone: str, this_year: int) -> tuple[int, int] | None:
    """Return milliseconds and offset of a text read by a pattern, None when it does not fit.

    *zone* is an offset or a zone id: where the text has no offset it gives the instant, and the result carries it. An
    offset in the text fixes the instant; a zone read by name is kept. *this_year* places two-digit years.
    Raises DataError for a pattern that is none, ValueError for an unknown zone.
    """
    read = _read(text, parts_of(pattern), this_year)
    if read is None:
        return None
    local = joda_fields.assemble(read.fields)
    if local is None:
        return None
    if read.zone is not None:
        ms, offset, is_there = calendar.instant_of(read.zone, local)
        # A local time that the zone skips when its clocks go forward does not exist.
        return (ms, offset) if is_there else None
    if read.offset_ms is not None:
        ms = local - read.offset_ms
        return ms, calendar.offset_at(zone, ms)
    return calendar.instant_of(zone, local)[:2]


def _read(text: str, parts: tuple[Part, ...], this_year: int) -> _Read | None:
    read = _Read({})
    at = 0
    for index, part in enumerate(parts):
        beside = index + 1 < len(parts) and parts[index + 1].is_number
        end = _read_part(text, at, part, beside, read, this_year)
        if end is None:
            return None
        at = end
    return read if at == len(text) else None


def _read_part(text: str, at: int, part: Part, beside: bool, read: _Read, this_year: int) -> int | None:
    letter, count = part.letter, part.count
    if letter == "":
        end = at + len(part.text)
        return end if text[at:end].lower() == part.text.lower() else None
    if letter in "yYx":
        return _read_year(text, at, part, beside, read, this_year)
    if letter == "S":
        end = _digits(text, at, count)
        if end == at:
            return None
        read.fields["S"] = int(text[at:end].ljust(3, "0")[:3])
        return end
    if letter == "M" and count >= 3:
        return _read_name(text, at, "M", MONTHS, read)
    if letter == "E":
        return _read_name(text, at, "e", WEEKDAYS, read)
    if letter in "aG":
        return _read_word(text, at, letter, _HALVES if letter == "a" else _ERAS, read)
    if letter in "Zz":
        return _read_zone(text, at, part, read)
    end = _digits(text, at, max({"D": 3, "e": 1, "C": 1}.get(letter, 2), count))
    if end == at:
        return None
    read.fields[letter] = int(text[at:end])
    return end


def _digits(text: str, at: int, most: int) -> int:
    end = at
    while end < len(text) and end - at < most and text[end].isascii() and text[end].isdigit():
        end += 1
    return end


def _read_year(text: str, at: int, part: Part, beside: bool, read: _Read, this_year: int) -> int | None:
    sign = 1
    start = at
    # Years of an era have no sign.
    is_signed = not (part.count == 2 and beside) and (part.letter != "Y" or part.count == 2)
    if at < len(text) and text[at] in "+-" and is_signed:
        sign = -1 if text[at] == "-" else 1
        at += 1
    most = (2 if part.count == 2 else part.count) if beside else 9
    end = _digits(text, at, most)
    if end == at:
        return None
    year = sign * int(text[at:end])
    if part.count == 2 and end - at == 2 and start == at:
        base = this_year - 80
        year = base + (year - base) % 100
    read.fields[part.letter] = year
    return end


def _read_name(text: str, at: int, field: str, names: tuple[str, ...], read: _Read) -> int | None:
    lowered = text[at : at + 12].lower()
    for index, name in enumerate(names):
        for word in (name.lower(), name[:3].lower()):
            if lowered.startswith(word):
                read.fields[field] = index + 1
                return at + len(word)
    return None


def _read_word(text: str, at: int, field: str, words: dict[str, int], read: _Read) -> int | None:
    for word, index in words.items():
        if text[at : at + len(word)].upper() == word:
            read.fields[field] = index
            return at + len(word)
    return None


def _read_zone(text: str, at: int, part: Part, read: _Read) -> int | None:
    if part.letter == "Z" and part.count <= 2:
        if text[at : at + 1] in ("Z", "z"):
            read.offset_ms = 0
            return at + 1
        found = _OFFSET.match(text, at)
        if found is None:
            return None
        read.offset_ms = calendar.fixed_offset_ms(found[0])
        return found.end()
    end = at
    while end < len(text) and (text[end].isalnum() or text[end] in "/_+-:"):
        end += 1
    for stop in range(end, at, -1):
        name = text[at:stop]
        known = _ZONE_NAMES.get(name.upper()) if part.letter == "z" else name
        if known is None:
            continue
        try:
            calendar.fixed_offset_ms(known)
        except ValueError:
            continue
        read.zone = known
        return stop
    return None
