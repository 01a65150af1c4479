"""Functions on dates that are texts (function reference 5): ISO 8601, `yyyyMMdd`, times of an Apache log."""

from __future__ import annotations

import re
from collections.abc import Callable

from penstock.engines.functions import calendar, isodate, joda_reading
from penstock.engines.functions.calendar import DAY_MS
from penstock.engines.functions.casts import wrap_int
from penstock.engines.functions.joda import MONTHS

_NUMBER = re.compile(r"-?[0-9]+", re.ASCII)
_ZONES = {
    "UTC": 0, "GMT": 0, "WET": 0, "WEST": 60, "BST": 60, "CET": 60, "CEST": 120, "EET": 120, "EEST": 180, "MSK": 180,
    "JST": 540, "EST": -300, "EDT": -240, "CST": -360, "CDT": -300, "MST": -420, "MDT": -360, "PST": -480, "PDT": -420,
    "AKST": -540, "AKDT": -480, "HST": -600, "AST": -240, "ADT": -180,
}  # fmt: skip
"""Zones by the names that Java has for them in English, minutes east of Greenwich; it knows some more."""
_NAMES = "|".join(sorted(_ZONES, key=len, reverse=True))
_LOG = re.compile(
    r"\s*([0-9]+)/([A-Za-z]+)/[ \t]*([0-9]+):[ \t]*([0-9]+):[ \t]*([0-9]+):[ \t]*([0-9]+) \s*"
    rf"(?:(?:GMT)?([+-])(?:(?<=GMT[+-])(\d{{1,2}}):(\d\d)|(?<!GMT[+-])(\d\d)(\d\d))|(?!GMT[+-])({_NAMES}))",
    re.ASCII | re.IGNORECASE,
)
_MONTHS = {word: index for index, name in enumerate(MONTHS) for word in (name.lower(), name[:3].lower())}
_UNITS_MS = {"day": DAY_MS, "hour": 3_600_000, "minute": 60_000, "second": 1_000}
_GREATEST_INT = 2**31 - 1
_FIRST_GREGORIAN = calendar.days_of(1582, 10, 15)
"""Before it Java's own dates are those of the Julian calendar."""


def truncated(unit: str) -> Callable[[str, int], str]:
    """Return the function that cuts ISO text down to a unit, in its own offset."""

    def cut(text: str, zone_minutes: int) -> str:
        ms, offset = isodate.parse_iso(text, zone_minutes)
        local = ms + offset * 60_000
        if unit in _UNITS_MS:
            local -= local % _UNITS_MS[unit]
        else:
            days = local // DAY_MS
            year, month, _ = calendar.date_of(days)
            if unit == "week":
                days -= calendar.weekday(days) - 1
            else:
                days = calendar.days_of(year, month if unit == "month" else 1, 1)
            local = days * DAY_MS
        return isodate.print_iso(local - offset * 60_000, offset)

    return cut


def whole_units(unit_ms: int) -> Callable[[str, str, int], int]:
    """Return the function that gives whole units of time from the second ISO text to the first."""

    def between(later: str, earlier: str, zone_minutes: int) -> int:
        span = isodate.parse_iso(later, zone_minutes)[0] - isodate.parse_iso(earlier, zone_minutes)[0]
        return -(-span // unit_ms) if span < 0 else span // unit_ms

    return between


def whole_months(size: int) -> Callable[[str, str, int], int]:
    """Return the function that gives whole calendar units of *size* months between two ISO texts, both read in UTC."""

    def between(later: str, earlier: str, zone_minutes: int) -> int:
        months = calendar.months_between(
            isodate.parse_iso(later, zone_minutes)[0], isodate.parse_iso(earlier, zone_minutes)[0]
        )
        return -(-months // size) if months < 0 else months // size

    return between


def to_unix(text: str, zone_minutes: int) -> int:
    """Return the milliseconds since 1970 of ISO text."""
    return isodate.parse_iso(text, zone_minutes)[0]


def from_unix(ms: int) -> str:
    """Return milliseconds since 1970 as ISO text in UTC."""
    return isodate.print_iso(ms, 0)


def from_pattern(text: str, pattern: str, zone: str, this_year: int) -> str | None:
    """Return a text that fits a pattern as ISO text in UTC, any other as None."""
    try:
        found = joda_reading.parse_pattern(text, pattern, zone, this_year)
    except ValueError:
        return None
    return None if found is None else isodate.print_iso(found[0], 0)


def days_between(later: str, earlier: str) -> int | None:
    """`DiffDate`: days between two texts `yyyyMMdd`, read as leniently as Java does; None for what is no date.

    >>> days_between("20210230", "20210301"), days_between("x", "20210301")
    (1, None)
    """
    days = [_lenient_day(text) for text in (later, earlier)]
    if days[0] is None or days[1] is None:
        return None
    return wrap_int(days[0] - days[1])


def _lenient_day(text: str) -> int | None:
    """Return the day of a text; months and days beyond their ends run on, and what stands behind is not read."""
    numbers: list[int] = []
    at = 0
    for width in (4, 2, len(text)):
        # Blanks before a number count as places of it.
        end = at + width
        while text[at : at + 1] in (" ", "\t"):
            at += 1
        found = _NUMBER.match(text[at:end])
        if found is None or found.end() > 11 or abs(int(found[0])) > _GREATEST_INT:
            return None
        numbers.append(int(found[0]))
        at += found.end()
    year, month, day = numbers
    extra, index = divmod(month - 1, 12)
    return _day_of(year, year + extra, index + 1, day)


def _day_of(given_year: int, year: int, month: int, day: int) -> int:
    """Return the day of a date in the calendar that Java thinks the given year to be in."""
    gregorian = calendar.days_of(year, month, 1) + day - 1
    if given_year >= 1582 and gregorian >= _FIRST_GREGORIAN:
        return gregorian
    return calendar.julian_days_of(year, month, 1) + day - 1


def day_of_log(text: str) -> str | None:
    """`DateExtractor`: the date in UTC of a time in an Apache log; None for what is none."""
    found = _LOG.match(text)
    month = None if found is None else _MONTHS.get(found[2].lower())
    if found is None or month is None or any(len(part) > 9 for part in found.groups()[:6] if part):
        return None
    offset = _minutes_of(found)
    if offset is None:
        return None
    day, year, hour, minute, second = (int(found[index]) for index in (1, 3, 4, 5, 6))
    ms = _day_of(year, year, month + 1, day) * DAY_MS + hour * 3_600_000 + minute * 60_000 + second * 1_000
    utc = ms - offset * 60_000
    days = utc // DAY_MS
    shown = calendar.date_of(days) if days >= _FIRST_GREGORIAN else calendar.julian_date_of(days)
    year = shown[0] if shown[0] > 0 else 1 - shown[0]
    return f"{year:04d}-{shown[1]:02d}-{shown[2]:02d}"


def _minutes_of(found: re.Match[str]) -> int | None:
    if found[12]:
        return _ZONES[found[12].upper()]
    hours, minutes = int(found[8] or found[10]), int(found[9] or found[11])
    if hours > 23 or minutes > 59:
        return None
    return (-1 if found[7] == "-" else 1) * (hours * 60 + minutes)
