"""The functions that a few obvious lines can say."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import reduce
from itertools import permutations
from operator import add as add_numbers
from typing import Any

from . import texts, times
from .casts import cast, read_real
from .numbers import GREATEST, LEAST, order, rounded, stepped, widened, wrapped
from .tree import BOOLEAN, DATETIME, DOUBLE, FLOAT, INT, LONG, NUMBERS, TEXT, TEXTS, Fails, Node, Type, Unsure, When


@dataclass(frozen=True)
class Function:
    """A function over values that are not null (*nulls*: over any): its arguments, its result, and what it does.

    A text among the arguments is a literal of the call, as it is written.
    """

    takes: tuple[Type | str | int, ...]
    gives: Type
    does: Callable[..., Any]
    nulls: bool = False
    zoned: bool = False

    def apply(self, node: Node, values: list[Any], zone: int) -> Any:
        """Return the value of a call."""
        if not self.nulls and any(value is None for value in values):
            return None
        given = [
            value
            if not isinstance(kind, Type) or kind not in NUMBERS or value is None
            else widened(value, part.type, kind)
            for value, kind, part in zip(values, self.takes, node.parts, strict=True)
        ]
        return self.does(*given, zone) if self.zoned else self.does(*given)


def parse_or_default(to: Type) -> Callable[[str | None, Any], Any]:
    """Return the value of a text that is clearly a number, the default where it clearly is none."""

    def parse(text: str | None, default: Any) -> Any:
        if text is None:
            return default
        if re.fullmatch(r"-?[0-9]{1,9}", text):
            return cast(text, TEXT, to, 0)
        if read_real(text) is None and not re.search(r"\d", text):
            return default
        raise Unsure("texts that only a cast takes")

    return parse


def java(pattern: str) -> re.Pattern[str]:
    """Return a simple Java pattern as one of Python: its dot matches no line break of any kind."""
    return re.compile(pattern.replace(".", "[^\n\r\u0085\u2028\u2029]"), re.ASCII)


def extracted(text: str, pattern: str, group: int) -> str | None:
    """Return a group of the first match."""
    found = java(pattern).search(text)
    return found[group] if found else None


def later(moment: When, period: str) -> When:
    """Return a moment after a period of one unit."""
    number, unit = int(re.sub(r"\D", "", period)), period[-1]
    if period[1] != "T" and unit in "YM":
        return times.plus_months(moment, number * (12 if unit == "Y" else 1))
    size = {"W": 7 * times.DAY, "D": times.DAY, "H": times.HOUR, "M": times.MINUTE, "S": 1000}[unit]
    return When(times.in_range(moment.ms + number * size), moment.offset)


def earlier(moment: When, period: str) -> When:
    """Return a moment before a period of one unit."""
    number, unit = int(re.sub(r"\D", "", period)), period[-1]
    if period[1] != "T" and unit in "YM":
        return times.plus_months(moment, -number * (12 if unit == "Y" else 1))
    return When(times.in_range(2 * moment.ms - later(moment, period).ms), moment.offset)


def between(unit: int) -> Callable[[When, When], int]:
    """Return a minus b in a unit, cut off toward zero."""
    return lambda a, b: times.divided(times.in_range(a.ms - b.ms), unit)


def first_date(text: str) -> When | None:
    """Return the day of a text by `yyyy-MM-dd`, or null."""
    if not re.fullmatch(r"\d{4}-\d\d-\d\d", text, re.ASCII):
        if re.match(r"[+-]?\d", text):
            raise Unsure("years and days of other lengths")
        return None
    try:
        return When(times.number_of(*map(int, text.split("-"))) * times.DAY)
    except ValueError:
        return None


def in_zone(moment: When | None, zone: int) -> When | None:
    """Return the local time of a moment in UTC as one in another offset."""
    return None if moment is None else When(moment.ms - zone * times.MINUTE, zone)


def date_or_failure(text: str, zone: int) -> When:
    """Return the day of a text by `yyyy-MM-dd`; anything else fails the job."""
    found = in_zone(first_date(text), zone)
    if found is None:
        raise Fails("no such day")
    return found


def switched(minutes: int) -> Callable[[When, str], When]:
    """Return the same instant in another offset."""
    return lambda moment, _: When(moment.ms, minutes)


def negative_only(number: float) -> float:
    """Return the square root; NaN of a negative."""
    return math.nan if math.isnan(number) or number < 0 else math.sqrt(number)


def least(x: float, y: float) -> float:
    """Return the lesser of two numbers; NaN wins."""
    return max(x, y, key=order) if order(x)[0] or order(y)[0] else min(x, y, key=order)


def near(number: float) -> float:
    """Return the nearest whole number, halves to the even one; the sign stays."""
    return math.copysign(float(round(number)), number) if math.isfinite(number) else number


def sign_of(number: float) -> float:
    """Return -1, 0 or 1; zeros and NaN as they are."""
    return number if number == 0 or math.isnan(number) else math.copysign(1.0, number)


def neighbour(number: float) -> float:
    """Return the least double that is greater."""
    return math.nextafter(number, math.inf)


def is_real(text: str | None) -> bool:
    """Return whether Java reads a text as a number."""
    return text is not None and read_real(text) is not None


def is_whole(kind: Type) -> Callable[[str | None], bool]:
    """Return whether a text is digits, with a sign or without, in the range of a type."""

    def test(text: str | None) -> bool:
        if text is None or not re.fullmatch(r"[+-]?[0-9]+", text):
            return False
        return LEAST[kind] <= int(text) <= GREATEST[kind]

    return test


def firsts(bag: list[tuple[Any, ...]]) -> list[Any]:
    """Return the first fields that are not null."""
    return [row[0] for row in bag if row[0] is not None]


def total(kind: Type) -> Callable[[list[tuple[Any, ...]]], float | None]:
    """Return SUM of a type: of whole numbers a long, wrapped round."""

    def add(bag: list[tuple[Any, ...]]) -> float | None:
        values = firsts(bag)
        if kind in (INT, LONG):
            return wrapped(sum(values), LONG) if values else None
        sums = {repr(one) for one in map(added, permutations(values))}
        if len(sums) > 1:
            raise Unsure("a bag has no order, and the sum depends on it")
        return added(values) if values else None

    return add


def added(values: Iterable[float]) -> float:
    """Return one number after another added up."""
    return reduce(add_numbers, values, 0.0)


def mean(bag: list[tuple[Any, ...]]) -> float | None:
    """Return the mean of the first fields."""
    values = firsts(bag)
    if values and all(isinstance(one, int) for one in values):
        return float((sum(values) + 2**63) % 2**64 - 2**63) / len(values)
    if any(abs(one) > 2**50 or one != int(one) for one in values if math.isfinite(one)) or not all(
        map(math.isfinite, values)
    ):
        raise Unsure("digits that depend on how a mean is computed")
    return sum(values) / len(values) if values else None


def extreme(word: str, kind: Type) -> Callable[[list[tuple[Any, ...]]], Any]:
    """Return MIN or MAX of a type; NaN wins in both."""

    def find(bag: list[tuple[Any, ...]]) -> Any:
        values = firsts(bag)
        if any(isinstance(one, float) and math.isnan(one) for one in values):
            return math.nan
        if kind == DATETIME and len({one.ms for one in values}) < len(values):
            raise Unsure("one moment in two offsets")
        place = texts.units if kind == TEXT else order if kind in NUMBERS else (lambda one: one.ms)
        return (min if word == "MIN" else max)(values, key=place, default=None)

    return find


def sign_given(x: float, y: float) -> float:
    """Return x with the sign of y."""
    if math.isnan(y):
        raise Unsure("the sign of NaN")
    return math.copysign(x, y)


def absolute(kind: Type) -> Function:
    """Return ABS of a type: that of the least whole number stays negative."""
    return Function((kind,), kind, lambda x: wrapped(abs(x), kind) if kind in (INT, LONG) else abs(x))


CALLS: dict[str, Function] = {
    "CONCAT": Function((TEXT, TEXT), TEXT, lambda a, b: a + b),
    "SUBSTRING": Function((TEXT, INT, INT), TEXT, texts.substring),
    "INDEXOF": Function((TEXT, TEXT), INT, texts.index_of),
    "INDEXOF from": Function((TEXT, TEXT, INT), INT, texts.index_of),
    "LAST_INDEX_OF": Function((TEXT, TEXT), INT, texts.last_index_of),
    "UPPER": Function((TEXT,), TEXT, str.upper),
    "LOWER": Function((TEXT,), TEXT, str.lower),
    "UCFIRST": Function((TEXT,), TEXT, lambda s: texts.first_mapped(s, upper=True)),
    "LCFIRST": Function((TEXT,), TEXT, lambda s: texts.first_mapped(s, upper=False)),
    "TRIM": Function((TEXT,), TEXT, texts.trimmed),
    "LTRIM": Function((TEXT,), TEXT, lambda s: s.lstrip(" ")),
    "RTRIM": Function((TEXT,), TEXT, texts.right_trimmed),
    "STARTSWITH": Function((TEXT, TEXT), BOOLEAN, str.startswith),
    "ENDSWITH": Function((TEXT, TEXT), BOOLEAN, str.endswith),
    "EqualsIgnoreCase": Function((TEXT, TEXT), BOOLEAN, texts.equals_ignoring_case),
    "LENGTH": Function((TEXT,), INT, lambda s: len(texts.units(s))),
    "SIZE": Function((TEXT,), LONG, lambda s: len(texts.units(s))),
    "SIZE of a number": Function((DOUBLE,), LONG, lambda x: 1),
    "STRSPLIT": Function((TEXT, "-"), TEXTS, texts.split),
    "TOKENIZE": Function((TEXT,), Type("bag", (TEXT,)), texts.tokens),
    "REPLACE": Function((TEXT, "[a-c]+", "<$0>"), TEXT, lambda s, *_: re.sub("[a-c]+", r"<\g<0>>", s)),
    "REPLACE a dot": Function((TEXT, ".", "x"), TEXT, lambda s, *_: java(".").sub("x", s)),
    "REGEX_EXTRACT": Function((TEXT, "([0-9]+)(x)?", 1), TEXT, extracted),
    "REGEX_EXTRACT 2": Function((TEXT, "([0-9]+)(x)?", 2), TEXT, extracted),
    "REGEX_EXTRACT 0": Function((TEXT, "a.c?", 0), TEXT, extracted),
    "CEIL": Function((DOUBLE,), DOUBLE, lambda x: stepped(x, "CEIL")),
    "FLOOR": Function((DOUBLE,), DOUBLE, lambda x: stepped(x, "FLOOR")),
    "SQRT": Function((DOUBLE,), DOUBLE, negative_only),
    "ROUND": Function((DOUBLE,), LONG, lambda x: rounded(x, LONG)),
    "ROUND of a float": Function((FLOAT,), INT, lambda x: rounded(x, INT)),
    "ROUND of an int": Function((INT,), INT, lambda x: x),
    "ROUND of a long": Function((LONG,), LONG, lambda x: x),
    **{f"ABS {kind.word}": absolute(kind) for kind in NUMBERS},
    "RINT": Function((DOUBLE,), DOUBLE, near),
    **{f"SIGNUM {kind.word}": Function((kind,), kind, sign_of) for kind in (FLOAT, DOUBLE)},
    **{f"copySign {kind.word}": Function((kind, kind), kind, sign_given) for kind in (FLOAT, DOUBLE)},
    "NEXTUP": Function((DOUBLE,), DOUBLE, neighbour),
    **{f"Greatest {kind.word}": Function((kind, kind), kind, lambda x, y: max(x, y, key=order)) for kind in NUMBERS},
    **{f"Least {kind.word}": Function((kind, kind), kind, least) for kind in NUMBERS},
    "IsInt": Function((TEXT,), BOOLEAN, is_whole(INT), nulls=True),
    "IsLong": Function((TEXT,), BOOLEAN, is_whole(LONG), nulls=True),
    "IsFloat": Function((TEXT,), BOOLEAN, is_real, nulls=True),
    "IsDouble": Function((TEXT,), BOOLEAN, is_real, nulls=True),
    "IsNumeric": Function((TEXT,), BOOLEAN, lambda s: bool(s and re.fullmatch(r"-?[0-9]+(\.[0-9]+)?", s)), nulls=True),
    "BoolToInt": Function((BOOLEAN,), INT, lambda b: 1 if b else 0, nulls=True),
    "IntToBool": Function((INT,), BOOLEAN, lambda i: bool(i), nulls=True),
    "RegexMatch": Function((TEXT, "a?b?c?.*"), INT, lambda s, p: 1 if java(p).fullmatch(s) else 0),
    "Reverse": Function((TEXT,), TEXT, lambda s: texts.joined(texts.units(s)[::-1])),
    "ParseIntOrDefault": Function((TEXT, INT), INT, parse_or_default(INT), nulls=True),
    "ParseLongOrDefault": Function((TEXT, LONG), LONG, parse_or_default(LONG), nulls=True),
    "ParseFloatOrDefault": Function((TEXT, FLOAT), FLOAT, parse_or_default(FLOAT), nulls=True),
    "ParseDoubleOrDefault": Function((TEXT, DOUBLE), DOUBLE, parse_or_default(DOUBLE), nulls=True),
    "ToDate": Function((LONG,), DATETIME, When, zoned=True),
    "ToDate of text": Function((TEXT,), DATETIME, times.read_iso, zoned=True),
    "ToDate by pattern": Function((TEXT, "yyyy-MM-dd"), DATETIME, lambda s, _, zone: date_or_failure(s, zone), zoned=True),
    "ParseDate": Function((TEXT, "yyyy-MM-dd"), DATETIME, lambda s, _, zone: in_zone(first_date(s), zone), zoned=True),
    "ToString": Function((DATETIME,), TEXT, times.iso_text),
    **{f"ToString {at}": Function((DATETIME, pattern), TEXT, times.printed)
       for at, pattern in enumerate(("yyyy-MM-dd HH:mm", "HH:mm:ss.SSS", "MM/yyyy", "yyyy-MM-01"))},
    "ToUnixTime": Function((DATETIME,), LONG, lambda d: times.divided(d.ms, 1000)),
    "ToMilliSeconds": Function((DATETIME,), LONG, lambda d: d.ms),
    "SwitchTimeZone": Function((DATETIME, "+05:30"), DATETIME, switched(330)),
    "SwitchTimeZone west": Function((DATETIME, "-08:00"), DATETIME, switched(-480)),
    **{f"AddDuration {one}": Function((DATETIME, one), DATETIME, later)
       for one in ("P1Y", "P1M", "P13M", "P2W", "P1D", "PT36H", "PT1M", "PT90S")},
    **{f"SubtractDuration {one}": Function((DATETIME, one), DATETIME, earlier) for one in ("P4Y", "P1M", "P1D", "PT1H")},
    **{f"{word}Between": Function((DATETIME, DATETIME), LONG, between(unit)) for word, unit in (
        ("Weeks", 7 * times.DAY), ("Days", times.DAY), ("Hours", times.HOUR), ("Minutes", times.MINUTE),
        ("Seconds", 1000), ("MilliSeconds", 1))},
    "TOTUPLE": Function((INT, TEXT), Type("tuple", (INT, TEXT)), lambda *parts: parts, nulls=True),
    "TOTUPLE of three": Function((DOUBLE, BOOLEAN, DATETIME), Type("tuple", (DOUBLE, BOOLEAN, DATETIME)),
                                 lambda *parts: parts, nulls=True),
    "TOBAG": Function((INT, INT), Type("bag", (INT,)), lambda *parts: [(one,) for one in parts], nulls=True),
    "TOBAG of texts": Function((TEXT, TEXT, TEXT), Type("bag", (TEXT,)), lambda *parts: [(one,) for one in parts], nulls=True),
    "TOMAP": Function(("a", TEXT, "b", TEXT), Type("map", (TEXT,)), lambda a, x, b, y: {a: x, b: y}, nulls=True),
    "TOMAP twice": Function(("a", LONG, "a", LONG), Type("map", (LONG,)), lambda a, x, b, y: {a: x, b: y}, nulls=True),
    **{f"SIZE of {kind}": Function((kind,), LONG, len) for kind in (
        TEXTS, Type("tuple", (INT, TEXT)), Type("bag", (INT,)), Type("bag", (TEXT,)), Type("map", (TEXT,)))},
    **{f"TOBAG of {kind.word}": Function((kind,) * 3, Type("bag", (kind,)), lambda *row: [(one,) for one in row], nulls=True)
       for kind in (LONG, FLOAT, DOUBLE, DATETIME)},
    **{f"COUNT of {kind.word}": Function((Type("bag", (kind,)),), LONG, lambda bag: len(firsts(bag)))
       for kind in (INT, LONG, FLOAT, DOUBLE, TEXT, DATETIME)},
    **{f"SUM of {kind.word}": Function((Type("bag", (kind,)),), LONG if kind in (INT, LONG) else DOUBLE, total(kind))
       for kind in NUMBERS},
    **{f"AVG of {kind.word}": Function((Type("bag", (kind,)),), DOUBLE, mean) for kind in NUMBERS},
    **{f"{word} of {kind.word}": Function((Type("bag", (kind,)),), kind, extreme(word, kind))
       for word in ("MIN", "MAX") for kind in (*NUMBERS, TEXT, DATETIME)},
    "IsEmpty": Function((Type("bag", (TEXT,)),), BOOLEAN, lambda bag: not bag),
    "BagToTuple": Function((Type("bag", (TEXT,)),), TEXTS, lambda bag: tuple(one for row in bag for one in row)),
    "MonthsBetween": Function((DATETIME, DATETIME), LONG, times.months_between),
    "YearsBetween": Function((DATETIME, DATETIME), LONG, lambda a, b: times.divided(times.months_between(a, b), 12)),
    **{name: Function((DATETIME,), INT, lambda d, name=name: times.fields(d)[name]) for name in times.fields(When(0))},
}  # fmt: skip
"""By name; where one function is called in several ways, words behind the name tell them apart."""
