"""Joda-Time patterns: printing and reading datetimes (function reference 5)."""

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
_ZONE_NAMES = {
    "UTC": "UTC", "UT": "UTC", "GMT": "UTC", "EST": "America/New_York", "EDT": "America/New_York",
    "CST": "America/Chicago", "CDT": "America/Chicago", "MST": "America/Denver", "MDT": "America/Denver",
    "PST": "America/Los_Angeles", "PDT": "America/Los_Angeles",
}  # fmt: skip


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
        made.append(Part(char, count))
        at += count
    if literal:
        made.append(Part("", 0, literal))
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
            return "UTC" if offset == 0 else calendar.offset_text(offset)
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


@dataclass(slots=True)
class _Read:
    fields: dict[str, int]
    offset: int | None = None
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
    local = _assemble(read.fields)
    if local is None:
        return None
    if read.zone is not None:
        offset = calendar.offset_at_local(read.zone, local)
        return local - offset * 60_000, offset
    if read.offset is not None:
        ms = local - read.offset * 60_000
        return ms, calendar.offset_at(zone, ms)
    offset = calendar.offset_at_local(zone, local)
    return local - offset * 60_000, offset


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
        return _read_word(text, at, letter, ("AM", "PM") if letter == "a" else ("BC", "AD"), read)
    if letter in "Zz":
        return _read_zone(text, at, part, read)
    most = {"D": 3, "e": 1, "C": 9}.get(letter, 2)
    end = _digits(text, at, max(most, count) if letter == "C" else most)
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
    if at < len(text) and text[at] in "+-" and not (part.count == 2 and beside):
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


def _read_word(text: str, at: int, field: str, words: tuple[str, ...], read: _Read) -> int | None:
    for index, word in enumerate(words):
        if text[at : at + len(word)].upper() == word:
            read.fields[field] = index
            return at + len(word)
    return None


def _read_zone(text: str, at: int, part: Part, read: _Read) -> int | None:
    if part.letter == "Z" and part.count <= 2:
        if text[at : at + 1] in ("Z", "z"):
            read.offset = 0
            return at + 1
        for size in (6, 5, 3):
            piece = text[at : at + size]
            if len(piece) == size and piece[0] in "+-":
                try:
                    read.offset = calendar.fixed_offset(piece)
                except ValueError:
                    continue
                return at + size
        return None
    end = at
    while end < len(text) and (text[end].isalnum() or text[end] in "/_+-:"):
        end += 1
    for stop in range(end, at, -1):
        name = text[at:stop]
        known = _ZONE_NAMES.get(name.upper()) if part.letter == "z" else name
        if known is None:
            continue
        try:
            calendar.fixed_offset(known)
        except ValueError:
            continue
        read.zone = known
        return stop
    return None


def _assemble(fields: dict[str, int]) -> int | None:
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
    year = fields.get("y", fields.get("Y", 1970))
    if "Y" in fields or "G" in fields:
        of_era = fields.get("Y", abs(fields.get("y", 1970)))
        if of_era < 1:
            return None
        year = of_era if fields.get("G", 1) == 1 else 1 - of_era
    if "C" in fields:
        year = fields["C"] * 100 + year % 100
    if "x" in fields or "w" in fields:
        week_year, week = fields.get("x", year), fields.get("w", 1)
        weeks = (calendar.week_start(week_year + 1) - calendar.week_start(week_year)) // 7
        if not 1 <= week <= weeks:
            return None
        days = calendar.week_start(week_year) + (week - 1) * 7 + (0 if "w" in fields or "e" in fields else 3)
    else:
        month, day = fields.get("M", 1), fields.get("d", 1)
        if not 1 <= month <= 12 or not 1 <= day <= calendar.month_length(year, month):
            return None
        days = calendar.days_of(year, month, day)
    if "D" in fields:
        if not 1 <= fields["D"] <= 365 + calendar.is_leap(year):
            return None
        days = calendar.days_of(year, 1, 1) + fields["D"] - 1
    if "e" in fields:
        if not 1 <= fields["e"] <= 7:
            return None
        days += fields["e"] - calendar.weekday(days)
    return days


def _hour(fields: dict[str, int]) -> int | None:
    half = fields.get("a", 0)
    hour = 12 * half
    for letter, least, most in (("K", 0, 11), ("h", 1, 12)):
        if letter in fields:
            if not least <= fields[letter] <= most:
                return None
            hour = fields[letter] % 12 + 12 * half
    for letter, least, most in (("H", 0, 23), ("k", 1, 24)):
        if letter in fields:
            if not least <= fields[letter] <= most:
                return None
            hour = fields[letter] % 24
    return hour
