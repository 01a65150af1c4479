"""Moments: the calendar, ISO text, what lies between two of them."""

from __future__ import annotations

import re
from datetime import date, timedelta

from .tree import Fails, Unsure, When

MINUTE, HOUR, DAY = 60_000, 3_600_000, 86_400_000
CYCLE = timedelta(days=146_097)
"""Four hundred years, after which the calendar repeats."""
FIRST = date(1970, 1, 1)
ISO = re.compile(
    r"(\d{1,9})(?:-(\d{1,2})(?:-(\d{1,2}))?)?"
    r"(?:T(\d{1,2})(?::(\d{1,2})(?::(\d{1,2}))?)?(?:[.,](\d{1,9}))?(Z|[+-]\d\d(?::?\d\d)?)?)?",
    re.ASCII,
)


def divided(number: int, unit: int) -> int:
    """Return a quotient cut off toward zero."""
    return abs(number) // unit * (1 if number >= 0 else -1)


def in_range(ms: int) -> int:
    """Return milliseconds that lie within the years that can be held, 292 million either way."""
    if abs(ms) > 9_223_372_000_000_000_000:
        raise Unsure("moments hundreds of millions of years away")
    return ms


def day_of(number: int) -> tuple[int, date]:
    """Return the day that lies so many days after 1970-01-01: how many cycles of 400 years to add to a date."""
    cycles, rest = divmod(number, CYCLE.days)
    return cycles, FIRST + timedelta(days=rest)


def number_of(year: int, month: int, day: int) -> int:
    """Return how many days after 1970-01-01 a day lies; raises ValueError where there is no such day."""
    cycles = (year - 2000) // 400
    return (date(year - 400 * cycles, month, day) - FIRST).days + cycles * CYCLE.days


def fields(moment: When) -> dict[str, int]:
    """Return the parts of a moment in its own offset."""
    local = in_range(moment.ms + moment.offset * MINUTE)
    days, rest = divmod(local, DAY)
    cycles, day = day_of(days)
    week_year, week, _ = day.isocalendar()
    return {
        "GetYear": day.year + 400 * cycles, "GetMonth": day.month, "GetDay": day.day,
        "GetWeekYear": week_year + 400 * cycles, "GetWeek": week,
        "GetHour": rest // HOUR, "GetMinute": rest // MINUTE % 60, "GetSecond": rest // 1000 % 60,
        "GetMilliSecond": rest % 1000,
    }  # fmt: skip


def year_text(year: int) -> str:
    """Return a year with four digits or more."""
    return f"-{-year:04d}" if year < 0 else f"{year:04d}"


def printed(moment: When, pattern: str) -> str:
    """Return a moment by a pattern of `yyyy MM dd HH mm ss SSS` and signs."""
    part = fields(moment)
    for letters, text in (
        ("yyyy", year_text(part["GetYear"])), ("MM", f"{part['GetMonth']:02d}"), ("dd", f"{part['GetDay']:02d}"),
        ("HH", f"{part['GetHour']:02d}"), ("mm", f"{part['GetMinute']:02d}"), ("ss", f"{part['GetSecond']:02d}"),
        ("SSS", f"{part['GetMilliSecond']:03d}"),
    ):  # fmt: skip
        pattern = pattern.replace(letters, text)
    return pattern


def iso_text(moment: When) -> str:
    """Return a moment as ISO text with milliseconds and offset."""
    hours, minutes = divmod(abs(moment.offset), 60)
    zone = f"{'-' if moment.offset < 0 else '+'}{hours:02d}:{minutes:02d}" if moment.offset else "Z"
    return f"{printed(moment, 'yyyy-MM-dd')}T{printed(moment, 'HH:mm:ss.SSS')}{zone}"


def read_iso(text: str, zone: int) -> When:
    """Return the moment of an ISO text; without an offset it has that of the job."""
    found = ISO.fullmatch(text)
    if found is None:
        if re.fullmatch(r"[0-9W+T:.,Z-]+", text.upper()) and re.search(r"\d", text):
            raise Unsure("weeks, days of the year, signs, small letters")
        raise Fails("no ISO text")
    year, month, day, hour, minute, second, fraction, offset = found.groups()
    if fraction and second is None:
        raise Unsure("fractions of hours and minutes")
    numbers = [int(one or 0) for one in (hour, minute, second)]
    if numbers[0] > 23 or numbers[1] > 59 or numbers[2] > 59:
        raise Fails("no such time")
    try:
        days = number_of(int(year), int(month or 1), int(day or 1))
    except ValueError:
        raise Fails("no such day") from None
    ms = (
        days * DAY
        + numbers[0] * HOUR
        + numbers[1] * MINUTE
        + numbers[2] * 1000
        + int((fraction or "")[:3].ljust(3, "0"))
    )
    minutes = zone if offset is None else read_offset(offset)
    return When(ms - minutes * MINUTE, minutes)


def read_offset(text: str) -> int:
    """Return an offset in minutes."""
    if text == "Z":
        return 0
    digits = text[1:].replace(":", "").ljust(4, "0")
    minutes = int(digits[:2]) * 60 + int(digits[2:])
    if int(digits[:2]) > 23 or int(digits[2:]) > 59:
        raise Unsure("offsets out of range")
    return -minutes if text.startswith("-") else minutes


def plus_months(moment: When, months: int) -> When:
    """Return a moment some months later, its day clipped to the month's end."""
    part = fields(moment)
    year, month = divmod(part["GetYear"] * 12 + part["GetMonth"] - 1 + months, 12)
    day = part["GetDay"]
    while True:
        try:
            days = number_of(year, month + 1, day)
            break
        except ValueError:
            day -= 1
    before = number_of(part["GetYear"], part["GetMonth"], part["GetDay"])
    return When(in_range(moment.ms + (days - before) * DAY), moment.offset)


def months_between(left: When, right: When) -> int:
    """Return left minus right in whole months, both read in the offset of right."""
    left = When(left.ms, right.offset)
    if left.ms < right.ms:
        return -whole_months(left, right)
    return whole_months(right, left)


def whole_months(early: When, late: When) -> int:
    """Return how many months can be added to the earlier one until it would pass the later."""
    first, last = fields(early), fields(late)
    months = (last["GetYear"] - first["GetYear"]) * 12 + last["GetMonth"] - first["GetMonth"]
    return months if plus_months(early, months).ms <= late.ms else months - 1
