"""Joda-Time patterns, and printing datetimes by them (function reference 5)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from penstock.engines.functions import calendar
from penstock.engines.functions.calendar import DAY_MS
from penstock.errors import DataError

MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_LETTERS = frozenset("GCYxweEyDMdaKhHkmsSzZ")
_NUMERIC = frozenset("CYxweyDdKhHkmsS")


@dataclass(frozen=True, slots=True)
class Part:
    """A run of one letter, or literal text (*letter* empty)."""

    letter: str
    count: int
    text: str = ""

    @property
    def is_number(self) -> bool:
        """Whether it is read and printed as digits."""
        return self.letter in _NUMERIC or (self.letter == "M" and self.count <= 2)


@lru_cache(maxsize=1024)
def parts_of(pattern: str) -> tuple[Part, ...]:
    """Return the parts of a pattern. Raises DataError for an unknown letter or an open quote."""
    made: list[Part] = []
    literal = ""
    at = 0
    if not pattern:
        raise DataError("The date pattern is empty.")
    while at < len(pattern):
        char = pattern[at]
        if char == "'":
            text, at = _quoted(pattern, at)
            literal += text
            continue
        if not (char.isascii() and char.isalpha()):
            literal += char
            at += 1
            continue
        if char not in _LETTERS:
            raise DataError(f"The date pattern {pattern!r} has the unknown letter '{char}'. Put text in quotes.")
        if literal:
            made.append(Part("", 0, literal))
            literal = ""
        count = 1
        while at + count < len(pattern) and pattern[at + count] == char:
            count += 1
        # Of two letters it is the year, too, and not that of an era.
        made.append(Part("y" if (char, count) == ("Y", 2) else char, count))
        at += count
    if literal:
        made.append(Part("", 0, literal))
    if not made:
        raise DataError(f"The date pattern {pattern!r} holds nothing.")
    return tuple(made)


def _quoted(pattern: str, at: int) -> tuple[str, int]:
    if pattern.startswith("''", at):
        return "'", at + 2
    out = ""
    at += 1
    while at < len(pattern):
        if pattern.startswith("''", at):
            out += "'"
            at += 2
        elif pattern[at] == "'":
            return out, at + 1
        else:
            out += pattern[at]
            at += 1
    # Joda takes an open quote as running to the end of the pattern.
    return out, at


def print_pattern(ms: int, offset: int, pattern: str) -> str:
    """Return an instant as text, in its own offset.

    >>> print_pattern(1615730966535, 60, "EEE d MMM, H:mm")
    'Sun 14 Mar, 15:09'
    """
    days, rest = divmod(ms + offset * 60_000, DAY_MS)
    year, month, day = calendar.date_of(days)
    return "".join(_print(part, days, rest, year, month, day, offset) for part in parts_of(pattern))


def _print(part: Part, days: int, rest: int, year: int, month: int, day: int, offset: int) -> str:
    letter, count = part.letter, part.count
    hour = rest // 3_600_000
    match letter:
        case "":
            return part.text
        case "y":
            return _year(year, count)
        case "Y":
            return _year(year if year > 0 else 1 - year, count)
        case "x":
            return _year(calendar.iso_week(days)[0], count)
        case "C":
            return str((year if year > 0 else 1 - year) // 100).rjust(count, "0")
        case "G":
            return "AD" if year > 0 else "BC"
        case "M":
            if count >= 4:
                return MONTHS[month - 1]
            return MONTHS[month - 1][:3] if count == 3 else str(month).rjust(count, "0")
        case "E":
            name = WEEKDAYS[calendar.weekday(days) - 1]
            return name if count >= 4 else name[:3]
        case "a":
            return "AM" if hour < 12 else "PM"
        case "S":
            return str(rest % 1000).rjust(3, "0").ljust(count, "0")[:count]
        case "Z":
            return _print_offset(offset, count)
        case "z":
            name = "UTC" if count < 4 else "Coordinated Universal Time"
            return name if offset == 0 else calendar.offset_text(offset)
    numbers = {
        "d": day,
        "D": days - calendar.days_of(year, 1, 1) + 1,
        "e": calendar.weekday(days),
        "w": calendar.iso_week(days)[1],
        "H": hour,
        "k": hour or 24,
        "K": hour % 12,
        "h": hour % 12 or 12,
        "m": rest // 60_000 % 60,
        "s": rest // 1000 % 60,
    }
    return str(numbers[letter]).rjust(count, "0")


def _print_offset(offset: int, count: int) -> str:
    if count >= 3:
        return "UTC" if offset == 0 else calendar.offset_text(offset)
    return calendar.offset_text(offset, colon=count == 2)


def _year(year: int, count: int) -> str:
    if count == 2:
        return f"{abs(year) % 100:02d}"
    return str(year).rjust(count, "0") if year >= 0 else "-" + str(-year).rjust(count, "0")
