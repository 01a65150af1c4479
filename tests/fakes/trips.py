"""Values for round trips: columns as another library writes them, and what the language makes of each, written from the
tables of the guide (docs/guide/packages.md, docs/guide/databases.md) and not from the code that is tried."""

from __future__ import annotations

import math
import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from decimal import ROUND_DOWN, Context, Decimal, localcontext
from typing import Any

from hypothesis import strategies as st

EPOCH = datetime(1970, 1, 1)
EXACT = Context(prec=200)
FIRST, LAST = datetime(1, 1, 1), datetime(9999, 12, 31, 23, 59, 59, 999999)
INT, LONG = (-(2**31), 2**31 - 1), (-(2**63), 2**63 - 1)


@dataclass(frozen=True, slots=True)
class At:
    """A datetime of the language: milliseconds since 1970 in UTC."""

    ms: int


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table: its *name*, values of the other library, and the fields that read it: their types and what each
    value is there."""

    name: str
    values: st.SearchStrategy[Any]
    edges: Sequence[Any]
    fields: dict[str, Callable[[Any], Any]] = field(default_factory=dict)


def same(value: Any) -> Any:
    """A value that stays what it is."""
    return value


def within(low: int, high: int) -> Callable[[Any], int | None]:
    """A number cut to an integer; null where it does not fit."""

    def cut(value: Any) -> int | None:
        whole = int(value.to_integral_value(ROUND_DOWN, EXACT)) if isinstance(value, Decimal) else int(value)
        return whole if low <= whole <= high else None

    return cut


def digits(value: Any) -> str:
    """All digits of a number."""
    return format(value, "f") if isinstance(value, Decimal) else str(value)


def single(value: Any) -> float:
    """The nearest float of 32 bits."""
    try:
        return float(struct.unpack("f", struct.pack("f", float(value)))[0])
    except OverflowError:
        return math.copysign(math.inf, value)


class Java(str):
    """A double as Java prints it. Java 8 gives one digit more than it needs of some numbers."""

    __slots__ = ()

    def is_met(self, found: Any) -> bool:
        """Tell whether a text is this number in this form."""
        if not isinstance(found, str):
            return False
        forms = [("E" in one, "." in one, one.startswith("-")) for one in (self, found)]
        return found == self or (forms[0] == forms[1] and float(found) == float(self))


class Number(str):
    """A double in digits, however many there are and wherever the point stands."""

    __slots__ = ()

    def __new__(cls, value: float | str) -> Number:
        """Make it of a double."""
        return super().__new__(cls, repr(float(value)))

    def is_met(self, found: Any) -> bool:
        """Tell whether a text is this number."""
        return isinstance(found, str) and repr(float(found)) == self


def java(value: float) -> Java:
    """A double as Java prints it: the fewest digits that name it, an exponent outside of 0.001 to ten million."""
    return Java(_java(value))


def _java(value: float) -> str:
    if math.isnan(value) or math.isinf(value):
        return "NaN" if math.isnan(value) else "-Infinity" if value < 0 else "Infinity"
    if value == 0:
        return "-0.0" if math.copysign(1, value) < 0 else "0.0"
    if abs(value) == 5e-324:
        return "-4.9E-324" if value < 0 else "4.9E-324"  # of the two digits that it always prints, the nearest
    sign, figures, exponent = Decimal(repr(value)).normalize().as_tuple()
    assert isinstance(exponent, int)
    text, power = "".join(map(str, figures)), len(figures) + exponent - 1
    if 1e-3 <= abs(value) < 1e7:
        whole = format(Decimal((0, figures, exponent)), "f")
        made = whole if "." in whole else f"{whole}.0"
    else:
        made = f"{text[0]}.{text[1:] or '0'}E{power}"
    return f"-{made}" if sign else made


def instant(value: datetime | date, zone: int = 0) -> At:
    """A date, or a date and time: milliseconds, what is smaller cut off toward the past. One without a zone is in UTC."""
    if not isinstance(value, datetime):
        value = datetime(value.year, value.month, value.day)
    naive = value if value.tzinfo is None else value.astimezone(UTC).replace(tzinfo=None)
    return At((naive - EPOCH) // timedelta(milliseconds=1))


def iso(value: At) -> str:
    """A datetime as ISO text with milliseconds."""
    return (EPOCH + timedelta(milliseconds=value.ms)).isoformat(timespec="milliseconds") + "Z"


def utf8(value: bytes) -> str | None:
    """Bytes as the text they are, null where they are none."""
    try:
        return value.decode()
    except UnicodeDecodeError:
        return None


def nearest(value: Decimal) -> float:
    """The double next to a decimal."""
    return float(value)


def decimals(precision: int, scale: int) -> st.SearchStrategy[Decimal]:
    """Decimals of so many digits."""
    most = 10**precision - 1
    return st.integers(-most, most).map(lambda one: Decimal(one).scaleb(-scale, EXACT))


def decimal_edges(precision: int, scale: int) -> list[Decimal]:
    """The ends of such decimals, the least step, and zero."""
    most = 10**precision - 1
    return [Decimal(one).scaleb(-scale, EXACT) for one in (most, -most, 1, -1, 0, most // 2)]


DECIMALS = ((38, 0), (38, 10), (38, 38), (18, 18), (18, 0), (9, 2), (1, 0))
"""Digits of decimals, and how many of them stand behind the point."""

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=24)
TEXT_EDGES = [
    "", " ", "\\N", "NULL", "null", "\\", '"', "'", '""', "a\tb", "a\nc", "d\r", "\r\n", "🙂𝒳", "ä\u0308", "\ufeffx", "%s",
    "{}", "a,b", "NaN", "1e5", "00", "true", "\x01", "\x1f", "\x7f", "\x85", "\u2028", "\ufffe", "\uffff", "\U0010ffff",
    "_x0041_", " x ", "=1+1", "_x000D_", "-", "--", "http://x", "{=1}", "\x0b", "\0", "a\0b", "\x1a",
]  # fmt: skip
reals = st.floats(allow_nan=True, allow_infinity=True)
REAL_EDGES = [
    0.1, 0.1 + 0.2, -0.0, 0.0, 5e-324, 1.7976931348623157e308, 2.2250738585072014e-308, 2.0**53 + 2, 1e16, 1e-7, 1e7, 0.001,
    123456789.123456789, 9999999.999999998, 1e15, 999999999999999.9, float("nan"), float("inf"), float("-inf"), 1 / 3, -1e22,
]  # fmt: skip
shorts = st.floats(width=32)
SHORT_EDGES = [single(one) for one in (0.1, -0.0, 1.4e-45, 3.4028234663852886e38, 16777216.0, 1 / 3, 1e10, 8.5e-5)]
whole = st.integers(*LONG)
WHOLE_EDGES = [0, 1, -1, *LONG, *INT, 2**31, -(2**31) - 1, 2**53 + 1, -(2**53) - 1, 10**15, 10**15 - 1, 10**16 + 1]
unsigned = st.integers(0, 2**64 - 1)
UNSIGNED_EDGES = [0, 2**63 - 1, 2**63, 2**64 - 1, 2**53 + 1]
binary = st.binary(max_size=20)
BINARY_EDGES = [b"", b"\0", b"\xff\xfe", "🙂".encode(), b"abc", bytes(range(256)), b"\xc3", b"a\0b"]
moments = st.datetimes(FIRST, LAST)
MOMENT_EDGES = [
    FIRST, LAST, EPOCH, EPOCH - timedelta(microseconds=1), EPOCH + timedelta(microseconds=999), datetime(1582, 10, 10),
    datetime(1899, 12, 31), datetime(1900, 2, 28), datetime(2000, 2, 29, 1, 2, 3, 1), datetime(1969, 12, 31, 23, 59, 59, 1),
]  # fmt: skip
days = st.dates()
DAY_EDGES = [date.min, date.max, date(1970, 1, 1), date(1969, 12, 31), date(2000, 2, 29)]
times = st.times()
TIME_EDGES = [time(0), time(23, 59, 59, 999999), time(12, 30), time(0, 0, 0, 1)]


@st.composite
def tables(draw: Any, columns: Sequence[Column], least: int = 60) -> dict[str, list[Any]]:
    """A table of at least so many records: every edge of every column, values that are drawn, and nulls."""
    pools = {one.name: [*one.edges, None, *draw(st.lists(one.values, min_size=8, max_size=16))] for one in columns}
    count = max(least, *(len(pool) for pool in pools.values()))
    return {name: [pool[at % len(pool)] for at in range(count)] for name, pool in pools.items()}


def expected(columns: Sequence[Column], table: dict[str, list[Any]]) -> dict[str, list[Any]]:
    """Return what the fields of a table hold, by their aliases: the name of the column and the type."""
    with localcontext(EXACT):
        return {
            f"{one.name}_{kind}": [None if value is None else meant(value) for value in table[one.name]]
            for one in columns
            for kind, meant in one.fields.items()
        }
