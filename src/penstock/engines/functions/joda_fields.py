"""The fields of a date pattern, put together as Joda-Time does: each is set into what the others have made so far."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

from penstock.engines.functions import calendar
from penstock.engines.functions.calendar import DAY_MS


def assemble(fields: dict[str, int]) -> int | None:
    """Set the read fields from the largest unit to the smallest, as Joda does; None when one is out of range."""
    days = _date(fields)
    if days is None:
        return None
    hour = _hour(fields)
    minute, second = fields.get("m", 0), fields.get("s", 0)
    if hour is None or minute > 59 or second > 59:
        return None
    return days * DAY_MS + hour * 3_600_000 + minute * 60_000 + second * 1000 + fields.get("S", 0)


def _date(fields: dict[str, int]) -> int | None:
    """Set the read fields one after the other, the greatest first: once with what is smaller beginning anew each time,
    and once more keeping it, but for the last field. None where a field is out of its range."""
    letters = _in_order(tuple(fields))
    days = calendar.days_of(0, 1, 1) if fields.get("G") == 0 else 0  # any day of that era
    is_date = len(letters) + ("G" in fields) == len(fields)
    for anew in (True, False):
        for letter in letters:
            found = _SETTERS[letter](days, fields[letter], anew or (is_date and letter == letters[-1]))
            if found is None:
                return None
            days = found
    return days


def _set_year(days: int, year: int, anew: bool) -> int | None:
    if not calendar.LEAST_YEAR <= year <= calendar.GREATEST_YEAR:
        return None
    if anew:
        return calendar.days_of(year, 1, 1)
    _, month, day = calendar.date_of(days)
    return calendar.days_of(year, month, min(day, calendar.month_length(year, month)))


def _set_week_year(days: int, year: int, anew: bool) -> int | None:
    if not calendar.LEAST_YEAR <= year <= calendar.GREATEST_YEAR:
        return None
    start = calendar.week_start(year)
    weeks = (calendar.week_start(year + 1) - start) // 7
    week = 1 if anew else min(calendar.iso_week(days)[1], weeks)
    return start + (week - 1) * 7 + (0 if anew else calendar.weekday(days) - 1)


def _set_century(days: int, century: int, anew: bool) -> int | None:
    return _set_year(days, century * 100 + (0 if anew else calendar.date_of(days)[0] % 100), anew)


def _set_year_of_era(days: int, year: int, anew: bool) -> int | None:
    if year < 1:
        return None
    return _set_year(days, year if calendar.date_of(days)[0] > 0 else 1 - year, anew)


def _set_month(days: int, month: int, anew: bool) -> int | None:
    if not 1 <= month <= 12:
        return None
    year, _, day = calendar.date_of(days)
    return calendar.days_of(year, month, 1 if anew else min(day, calendar.month_length(year, month)))


def _set_week(days: int, week: int, anew: bool) -> int | None:
    year = calendar.iso_week(days)[0]
    start = calendar.week_start(year)
    if not 1 <= week <= (calendar.week_start(year + 1) - start) // 7:
        return None
    return start + (week - 1) * 7 + (0 if anew else calendar.weekday(days) - 1)


def _set_day_of_year(days: int, day: int, _anew: bool) -> int | None:
    year = calendar.date_of(days)[0]
    return calendar.days_of(year, 1, 1) + day - 1 if 1 <= day <= 365 + calendar.is_leap(year) else None


def _set_day(days: int, day: int, _anew: bool) -> int | None:
    year, month, _ = calendar.date_of(days)
    return calendar.days_of(year, month, day) if 1 <= day <= calendar.month_length(year, month) else None


def _set_weekday(days: int, weekday: int, _anew: bool) -> int | None:
    return days - calendar.weekday(days) + weekday if 1 <= weekday <= 7 else None


_SETTERS: dict[str, Callable[[int, int, bool], int | None]] = {
    "C": _set_century, "y": _set_year, "Y": _set_year_of_era, "x": _set_week_year, "M": _set_month, "w": _set_week,
    "D": _set_day_of_year, "d": _set_day, "e": _set_weekday,
}  # fmt: skip
"""The fields of a date, the greatest first."""
_GREATEST = {letter: 1 if letter in "yYx" else at for at, letter in enumerate(_SETTERS)}
"""Which field goes before which; years of all kinds go as they are read."""


@lru_cache(maxsize=256)
def _in_order(read: tuple[str, ...]) -> tuple[str, ...]:
    """Return those of the letters that are fields of a date, the greatest first."""
    return tuple(sorted((letter for letter in read if letter in _SETTERS), key=lambda letter: _GREATEST[letter]))


def _hour(fields: dict[str, int]) -> int | None:
    hour = 12 * fields.get("a", 0)
    for letter, least, most in (("H", 0, 23), ("k", 1, 24)):
        if letter in fields:
            if not least <= fields[letter] <= most:
                return None
            hour = fields[letter] % 24
    for letter, least, most in (("K", 0, 11), ("h", 1, 12)):
        if letter in fields:
            if not least <= fields[letter] <= most:
                return None
            hour = hour // 12 * 12 + fields[letter] % 12
    return hour
