"""ISO 8601 text and periods (function reference 5)."""

from __future__ import annotations

import re

from penstock.engines.functions import calendar
from penstock.engines.functions.calendar import DAY_MS
from penstock.engines.functions.casts import wrap_int
from penstock.errors import DataError

_ISO = re.compile(
    r"""(?P<year>[+-]?[0-9]{1,9})
        (?:-W(?P<week>[0-9]{1,2})(?:-(?P<weekday>[0-9]))?
          |-(?P<ordinal>[0-9]{3})
          |-(?P<month>[0-9]{1,2})(?:-(?P<day>[0-9]{1,2}))?)?
        (?:T(?:(?P<hour>[0-9]{1,2})(?::(?P<minute>[0-9]{1,2})(?::(?P<second>[0-9]{1,2}))?)?
              (?:[.,](?P<fraction>[0-9]{1,9}))?)?
           (?P<offset>Z|"""
    + calendar.OFFSET
    + r""")?)?\Z""",
    re.VERBOSE | re.ASCII | re.IGNORECASE,
)
_PERIOD = re.compile(
    r"P(?:([+-]?[0-9]+)Y)?(?:([+-]?[0-9]+)M)?(?:([+-]?[0-9]+)W)?(?:([+-]?[0-9]+)D)?"
    r"(?:T(?:([+-]?[0-9]+)H)?(?:([+-]?[0-9]+)M)?(?:([+-](?=[0-9])|)(?=[.,]?[0-9])([0-9]*)(?:[.,]([0-9]*))?S)?)?\Z",
    re.IGNORECASE | re.ASCII,
)

_GREATEST_INT = 2**31 - 1


def parse_iso(text: str, zone_minutes: int) -> tuple[int, int]:
    """Return milliseconds and offset minutes of ISO text; text without an offset takes *zone_minutes*.

    Raises DataError for anything else.

    >>> parse_iso("2021-03-14T15:09+01:00", 0)
    (1615730940000, 60)
    """
    found = _ISO.match(text)
    if found is None:
        raise _bad(text)
    day = _day(found, text)
    ms = _time(found, text)
    offset_ms = zone_minutes * 60_000
    if found["offset"]:
        offset_ms = calendar.fixed_offset_ms(found["offset"].upper()) or 0
    return day * DAY_MS + ms - offset_ms, calendar.whole_minutes(offset_ms)


def _bad(text: str) -> DataError:
    return DataError(f"{_shown(text)} is no ISO 8601 date-time. Give ToDate a pattern, or use ParseDate.")


def _shown(text: str) -> str:
    return repr(text if len(text) <= 60 else text[:57] + "…")


def _day(found: re.Match[str], text: str) -> int:
    year = int(found["year"])
    if not calendar.LEAST_YEAR <= year <= calendar.GREATEST_YEAR:
        raise _bad(text)
    if found["week"]:
        week, weekday = int(found["week"]), int(found["weekday"] or 1)
        weeks = (calendar.week_start(year + 1) - calendar.week_start(year)) // 7
        if not (1 <= week <= weeks and 1 <= weekday <= 7):
            raise _bad(text)
        return calendar.week_start(year) + (week - 1) * 7 + weekday - 1
    if found["ordinal"]:
        ordinal = int(found["ordinal"])
        if not 1 <= ordinal <= 365 + calendar.is_leap(year):
            raise _bad(text)
        return calendar.days_of(year, 1, 1) + ordinal - 1
    month, day = int(found["month"] or 1), int(found["day"] or 1)
    if not 1 <= month <= 12 or not 1 <= day <= calendar.month_length(year, month):
        raise _bad(text)
    return calendar.days_of(year, month, day)


def _time(found: re.Match[str], text: str) -> int:
    if found["hour"] is None:
        return 0
    hour, minute, second = (int(found[name] or 0) for name in ("hour", "minute", "second"))
    if hour > 23 or minute > 59 or second > 59:
        raise _bad(text)
    unit = 1_000 if found["second"] else 60_000 if found["minute"] else 3_600_000
    fraction = found["fraction"]
    part = int(fraction) * unit // 10 ** len(fraction) if fraction else 0
    return hour * 3_600_000 + minute * 60_000 + second * 1_000 + part


def print_iso(ms: int, offset: int) -> str:
    """Return ISO text with three digits of milliseconds and the offset, `Z` for UTC.

    >>> print_iso(0, 60)
    '1970-01-01T01:00:00.000+01:00'
    """
    days, rest = divmod(ms + offset * 60_000, DAY_MS)
    year, month, day = calendar.date_of(days)
    seconds, milli = divmod(rest, 1000)
    minutes, second = divmod(seconds, 60)
    hour, minute = divmod(minutes, 60)
    shown = f"{year:04d}" if year >= 0 else f"-{-year:04d}"
    tail = "Z" if offset == 0 else calendar.offset_text(offset)
    return f"{shown}-{month:02d}-{day:02d}T{hour:02d}:{minute:02d}:{second:02d}.{milli:03d}{tail}"


def parse_period(text: str) -> tuple[int, int, int, int]:
    """Return years, months, days and milliseconds of an ISO period. Raises DataError when it is none.

    >>> parse_period("P1Y2M3W4DT5H6M7.5S")
    (1, 2, 25, 18367500)
    """
    found = _PERIOD.match(text)
    numbers = [found[index] or "0" for index in (1, 2, 3, 4, 5, 6, 8)] if found is not None else []
    if found is None or text[-1:] in "Tt" or not all(map(_is_int, numbers)):
        raise DataError(f"{_shown(text)} is no ISO 8601 period. Write it like P1Y2M3W4DT5H6M7S.")
    years, months, weeks, days, hours, minutes, seconds = map(int, numbers)
    milli = seconds * 1000 + int((found[9] or "").ljust(3, "0")[:3])
    if found[7] == "-":
        milli = -milli
    return years, months, weeks * 7 + days, hours * 3_600_000 + minutes * 60_000 + milli


def _is_int(digits: str) -> bool:
    return len(digits) <= 11 and -_GREATEST_INT - 1 <= int(digits) <= _GREATEST_INT


def _months_that_fit(day: int, months: int) -> int:
    """Return how many months a day is moved by: Joda-Time counts from January of its year in 32 bits, and fails where it
    comes to the least number of them."""
    if months > _GREATEST_INT:
        return months
    since_january = calendar.date_of(day)[1] - 1
    moved = wrap_int(since_january + months)
    if moved < -_GREATEST_INT:
        raise DataError(f"A date cannot be moved by {months} months.")
    return moved - since_january


def add_period(ms: int, offset: int, period: str, sign: int) -> tuple[int, int]:
    """Return an instant moved by an ISO period, in calendar arithmetic of its own offset: years, then months, each
    clipped to the end of its month, then days and the rest."""
    years, months, days, milli = parse_period(period)
    day, rest = divmod(ms + offset * 60_000, DAY_MS)
    day = calendar.add_months(day, sign * 12 * years)
    day = calendar.add_months(day, _months_that_fit(day, sign * months)) + sign * days
    moved = day * DAY_MS + rest + sign * milli - offset * 60_000
    if not -(2**63) <= moved < 2**63:
        raise DataError(f"A date moved by {_shown(period)} lies outside the years that can be held.")
    return moved, offset
