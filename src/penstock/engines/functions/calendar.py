"""The proleptic Gregorian calendar on plain numbers, for any year: days, months, ISO weeks, zones."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

DAY_MS = 86_400_000
OFFSET = (
    r"[+-](?:[01][0-9]|2[0-3])"
    r"(?::[0-5][0-9](?::[0-5][0-9](?:[.,][0-9]{1,3}|(?![.,]))|(?!:))"
    r"|[0-5][0-9](?:[0-5][0-9](?:[0-9]{1,3})?|(?![0-9]))|(?![:0-9]))"
)
"""An offset from UTC as Joda-Time reads it, down to milliseconds; what begins another part of it has to be one."""
_OFFSET = re.compile(OFFSET, re.ASCII)
_NO_DIGITS = re.compile("[^0-9]", re.ASCII)
LEAST_YEAR, GREATEST_YEAR = -292_275_054, 292_278_993
"""The first and the last year that Joda-Time has; their milliseconds fit 64 bits."""
_LENGTHS = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


def is_leap(year: int) -> bool:
    """Tell whether a year has 366 days."""
    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)


def month_length(year: int, month: int) -> int:
    """Return the days of a month."""
    return 29 if month == 2 and is_leap(year) else _LENGTHS[month - 1]


def days_of(year: int, month: int, day: int) -> int:
    """Return the days since 1970-01-01.

    >>> days_of(2000, 3, 1)
    11017
    """
    shifted = year - (month <= 2)
    era, of_era = divmod(shifted, 400)
    of_year = (153 * (month + (-3 if month > 2 else 9)) + 2) // 5 + day - 1
    return era * 146097 + of_era * 365 + of_era // 4 - of_era // 100 + of_year - 719468


def julian_days_of(year: int, month: int, day: int) -> int:
    """Return the days since 1970-01-01, Gregorian, of a date in the Julian calendar.

    >>> julian_days_of(1582, 10, 5) == days_of(1582, 10, 15)
    True
    """
    shifted = year - (month <= 2)
    of_year = (153 * (month + (-3 if month > 2 else 9)) + 2) // 5 + day - 1
    return shifted * 365 + shifted // 4 + of_year - 719470


def julian_date_of(days: int) -> tuple[int, int, int]:
    """Return year, month and day in the Julian calendar; the inverse of `julian_days_of`."""
    year, of_year = divmod(4 * (days + 719470) + 3, 1461)
    shifted = (5 * (of_year // 4) + 2) // 153
    month = shifted + (3 if shifted < 10 else -9)
    return year + (month <= 2), month, of_year // 4 - (153 * shifted + 2) // 5 + 1


def date_of(days: int) -> tuple[int, int, int]:
    """Return year, month and day of days since 1970-01-01; the inverse of `days_of`."""
    era, of_era = divmod(days + 719468, 146097)
    year = (of_era - of_era // 1460 + of_era // 36524 - of_era // 146096) // 365
    of_year = of_era - (365 * year + year // 4 - year // 100)
    shifted = (5 * of_year + 2) // 153
    month = shifted + (3 if shifted < 10 else -9)
    return year + era * 400 + (month <= 2), month, of_year - (153 * shifted + 2) // 5 + 1


def weekday(days: int) -> int:
    """Return the ISO day of the week, Monday 1 to Sunday 7."""
    return (days + 3) % 7 + 1


def week_start(week_year: int) -> int:
    """Return the day number of the Monday of ISO week 1."""
    fourth = days_of(week_year, 1, 4)
    return fourth - weekday(fourth) + 1


def iso_week(days: int) -> tuple[int, int]:
    """Return ISO week year and week."""
    year = date_of(days - weekday(days) + 4)[0]
    return year, (days - week_start(year)) // 7 + 1


def add_months(days: int, months: int) -> int:
    """Move by whole months; the day is clipped to the month's end."""
    year, month, day = date_of(days)
    index = year * 12 + month - 1 + months
    year, month = index // 12, index % 12 + 1
    return days_of(year, month, min(day, month_length(year, month)))


def months_between(later: int, earlier: int) -> int:
    """Return whole months from one local millisecond count to another, truncated toward zero."""
    if later < earlier:
        return -months_between(earlier, later)
    late_day, late_ms = divmod(later, DAY_MS)
    early_day, early_ms = divmod(earlier, DAY_MS)
    late_year, late_month, late_dom = date_of(late_day)
    early_year, early_month, early_dom = date_of(early_day)
    if late_dom == month_length(late_year, late_month):
        early_dom = min(early_dom, late_dom)
    months = (late_year - early_year) * 12 + late_month - early_month
    return months - ((late_dom, late_ms) < (early_dom, early_ms))


@lru_cache(maxsize=512)
def fixed_offset_ms(zone: str) -> int | None:
    """Return the milliseconds of a zone written as an offset or as UTC, None for a named one. Raises ValueError when unknown.

    >>> fixed_offset_ms("-01:02:03.5")
    -3723500
    """
    if zone in ("Z", "UTC", "GMT", "UT"):
        return 0
    if _OFFSET.fullmatch(zone) is None:
        _named(zone)
        return None
    digits = _NO_DIGITS.sub("", zone).ljust(9, "0")
    hours, minutes, seconds, ms = (int(digits[begin:end]) for begin, end in ((0, 2), (2, 4), (4, 6), (6, 9)))
    return (-1 if zone[0] == "-" else 1) * (((hours * 60 + minutes) * 60 + seconds) * 1000 + ms)


@lru_cache(maxsize=512)
def _named(zone: str) -> ZoneInfo:
    # These are files beside the zones: the host's own zone, and copies that count leap seconds.
    if zone in ("localtime", "posixrules", "Factory") or zone.startswith(("posix/", "right/")):
        raise ValueError(zone)
    try:
        return ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(zone) from None


_CYCLE_MS = 146_097 * DAY_MS
"""Four hundred years, after which the calendar, and so what the last rule of a zone says, begins anew."""
_LAST_CYCLE_MS = days_of(9600, 1, 1) * DAY_MS


def _moment(ms: int) -> datetime:
    """Return milliseconds since 1970 as a naive time; beyond the years that Python has, as one at which every zone has the
    same offset: in the first of them, when no zone had rules yet, or whole cycles of the calendar before."""
    if ms >= _LAST_CYCLE_MS:
        ms = _LAST_CYCLE_MS + (ms - _LAST_CYCLE_MS) % _CYCLE_MS
        ms -= _CYCLE_MS if ms >= days_of(9999, 12, 30) * DAY_MS else 0
    return datetime(1970, 1, 1) + timedelta(milliseconds=max(ms, days_of(1, 1, 3) * DAY_MS))


def _offset_ms(zone: str, ms: int) -> int:
    """Return the offset of a named zone at an instant in milliseconds: before about 1900 it is seldom whole minutes."""
    offset = _moment(ms).replace(tzinfo=UTC).astimezone(_named(zone)).utcoffset()
    return 0 if offset is None else int(offset.total_seconds()) * 1000


def whole_minutes(offset_ms: int) -> int:
    """Return an offset in the minutes that a date-time keeps of it, cut toward zero as the old engine stored them."""
    return -(-offset_ms // 60_000) if offset_ms < 0 else offset_ms // 60_000


def offset_at(zone: str, ms: int) -> int:
    """Return the offset in minutes that a zone has at an instant. Raises ValueError when the zone is unknown."""
    fixed_ms = fixed_offset_ms(zone)
    return whole_minutes(_offset_ms(zone, ms) if fixed_ms is None else fixed_ms)


def instant_of(zone: str, local_ms: int) -> tuple[int, int, bool]:
    """Return the instant of a local time, the offset in minutes that the zone has then, and whether there is such a local
    time: there is none where the clocks went forward, for which the offset before stands. Of two the earlier is meant.
    Raises ValueError when the zone is unknown.
    """
    fixed_ms = fixed_offset_ms(zone)
    if fixed_ms is not None:
        return local_ms - fixed_ms, whole_minutes(fixed_ms), True
    offset = _moment(local_ms).replace(tzinfo=_named(zone)).utcoffset()
    offset_ms = 0 if offset is None else int(offset.total_seconds()) * 1000
    ms = local_ms - offset_ms
    return ms, whole_minutes(offset_ms), _offset_ms(zone, ms) == offset_ms


def offset_text(minutes: int, colon: bool = True) -> str:
    """Return an offset as `+01:00` or `+0100`."""
    hours, rest = divmod(abs(minutes), 60)
    return f"{'-' if minutes < 0 else '+'}{hours:02d}{':' if colon else ''}{rest:02d}"
