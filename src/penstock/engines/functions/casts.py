"""Conversions of simple values, as Java does them (dataflow reference 4.4)."""

from __future__ import annotations

import math
import re
import struct
from fractions import Fraction

from penstock.plan.values import to_float32

_INT = (-(2**31), 2**31 - 1)
_LONG = (-(2**63), 2**63 - 1)
_WHOLE = re.compile(r"[+-]?[0-9]+\Z", re.ASCII)
_DIGITS = re.compile(r"[+-]?\d+\Z")
"""Java reads the decimal digits of every script that one UTF-16 unit holds."""
_DECIMAL = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?[dDfF]?\Z", re.ASCII)
_HEX = re.compile(r"([+-]?)0[xX]([0-9a-fA-F]*)\.?([0-9a-fA-F]*)[pP]([+-]?[0-9]+)[dDfF]?\Z", re.ASCII)
_GREATEST_FLOAT = 3.4028234663852886e38
_MIDDLE_TO_INFINITY = Fraction(2**128 - 2**103)
_BLANKS = "".join(map(chr, range(33)))


def parse_double(text: str) -> float | None:
    """Return what Java's `Double.parseDouble` gives, or None where it refuses.

    >>> parse_double(" 2.5e1d "), parse_double("1,5"), parse_double("Infinity")
    (25.0, None, inf)
    """
    body = text.strip(_BLANKS)
    if _DECIMAL.match(body):
        return float(body.rstrip("dDfF"))
    sign = -1.0 if body.startswith("-") else 1.0
    word = body[1:] if body[:1] in ("+", "-") else body
    if word == "NaN":
        return math.nan
    if word == "Infinity":
        return sign * math.inf
    return _parse_hex(body)


def _parse_hex(body: str) -> float | None:
    found = _HEX.match(body)
    if found is None or not (found[2] or found[3]):
        return None
    digits, exponent = _hex_parts(found)
    if digits == 0:
        number = 0.0
    elif exponent + digits.bit_length() > 1024:
        number = math.inf
    elif exponent + digits.bit_length() < -1200:
        number = 0.0
    else:
        try:
            number = float(Fraction(digits) * Fraction(2) ** exponent)
        except OverflowError:  # rounded up to what is too large
            number = math.inf
    return -number if found[1] == "-" else number


def _hex_parts(found: re.Match[str]) -> tuple[int, int]:
    """Return the whole number and the power of two that a hexadecimal text stands for, without its sign."""
    return int((found[2] + found[3]) or "0", 16), int(found[4]) - 4 * len(found[3])


def _exact(body: str) -> Fraction:
    """Return the number of a decimal or hexadecimal text whose double is finite and not zero."""
    found = _HEX.match(body)
    if found is None:
        return Fraction(body.rstrip("dDfF"))
    digits, exponent = _hex_parts(found)
    return Fraction(-digits if found[1] == "-" else digits) * Fraction(2) ** exponent


def parse_float(text: str) -> float | None:
    """Return what Java's `Float.parseFloat` gives: rounded once, from the decimal text to 32 bits."""
    number = parse_double(text)
    if number is None or not math.isfinite(number):
        return number
    near = to_float32(number)
    if near == number:
        return near
    # Rounding twice is wrong only where the double fell on the middle between two floats: decide by the exact text.
    exact = _exact(text.strip(_BLANKS))
    if not math.isfinite(near):
        return math.copysign(_GREATEST_FLOAT, near) if abs(exact) < _MIDDLE_TO_INFINITY else near
    bits = struct.unpack("i", struct.pack("f", near))[0]
    around = [near]
    for step in (-1, 1):
        other = struct.unpack("f", struct.pack("i", bits + step))[0]
        if math.isfinite(other):
            around.append(other)
    return float(
        min(around, key=lambda one: (abs(Fraction(one) - exact), struct.unpack("i", struct.pack("f", one))[0] & 1))
    )


def _whole(text: str, limits: tuple[int, int]) -> int | None:
    least, greatest = limits
    number = _strict(text, limits)
    if number is not None:
        return number
    real = parse_double(text)
    if real is None:
        return None
    if math.isnan(real):
        return 0
    if real > greatest + 1:
        return None
    if real >= greatest:
        return greatest
    return max(least, math.trunc(real)) if math.isfinite(real) else least


def text_to_int(text: str) -> int | None:
    """Return the int of a text: decimal text, else a double text truncated; too large is None, too small the least.

    >>> text_to_int("8.75"), text_to_int("2147483648"), text_to_int("2147483649"), text_to_int("-9e99")
    (8, 2147483647, None, -2147483648)
    """
    return _whole(text, _INT)


def text_to_long(text: str) -> int | None:
    """Return the long of a text; as `text_to_int`."""
    return _whole(text, _LONG)


def strict_int(text: str) -> int | None:
    """Return what Java's `Integer.parseInt` gives, or None where it refuses."""
    return _strict(text, _INT)


def strict_long(text: str) -> int | None:
    """Return what Java's `Long.parseLong` gives, or None where it refuses."""
    return _strict(text, _LONG)


def _strict(text: str, limits: tuple[int, int]) -> int | None:
    if not _DIGITS.match(text) or max(text) > "\uffff":
        return None
    # Python refuses to read thousands of digits, which may be zeros.
    digits = text.lstrip("+-0")
    number = 0 if not digits else int(digits) * (-1 if text[0] == "-" else 1) if len(digits) < 400 else 2**64
    return number if limits[0] <= number <= limits[1] else None


def ascii_long(text: str) -> int | None:
    """As `strict_long`, of ASCII digits only: what Pig takes bytes for a whole number by."""
    return _strict(text, _LONG) if _WHOLE.match(text) else None


def _saturate(number: float, limits: tuple[int, int]) -> int:
    if math.isnan(number):
        return 0
    if number >= limits[1]:
        return limits[1]
    if number <= limits[0]:
        return limits[0]
    return math.trunc(number)


def double_to_int(number: float) -> int:
    """Truncate toward zero; NaN is 0, what is out of range the limit (Java's narrowing)."""
    return _saturate(number, _INT)


def double_to_long(number: float) -> int:
    """As `double_to_int`, for long."""
    return _saturate(number, _LONG)


def round_to_long(number: float) -> int:
    """Java's `Math.round` of a double: halves toward positive infinity, saturating, NaN is 0."""
    return _saturate(_round(number), _LONG)


def round_to_int(number: float) -> int:
    """Java's `Math.round` of a float."""
    return _saturate(_round(number), _INT)


def _round(number: float) -> float:
    if not math.isfinite(number) or abs(number) >= 2.0**52:
        return number
    below = math.floor(number)
    return float(below + 1) if number - below >= 0.5 else float(below)


def wrap_int(number: int) -> int:
    """Return the low 32 bits as a signed int."""
    return (number + 2**31) % 2**32 - 2**31


def wrap_long(number: int) -> int:
    """Return the low 64 bits as a signed long."""
    return (number + 2**63) % 2**64 - 2**63


def long_to_float(number: int) -> float:
    """Return the nearest 32-bit float of a whole number, rounded once."""
    shift = abs(number).bit_length() - 24
    if shift <= 0:
        return float(number)
    kept, rest = divmod(abs(number), 1 << shift)
    half = 1 << (shift - 1)
    kept += rest > half or (rest == half and kept % 2 == 1)
    return math.copysign(float(kept << shift), number)


def text_to_boolean(text: str) -> bool | None:
    """Return true or false for these words in any case, else None. The long s is a small form of S to Java."""
    word = text.lower().replace("\u017f", "s")
    return True if word == "true" else False if word == "false" else None
