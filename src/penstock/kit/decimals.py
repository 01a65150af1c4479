"""Doubles and floats as decimal text: `Double.toString` and `Float.toString` of the Java that ran the packages.

Java before 19 mostly prints the fewest digits that name a number, with two exceptions that its readers have come to know:
whole numbers beyond the precision of the type keep a digit or two more, and the shortest of all have two (`4.9E-324`).
"""

from __future__ import annotations

import math
import struct

_HIDDEN = 52
"""Where the leading bit of a significand stands."""
_GREATEST_WHOLE = 62
"""The greatest binary exponent of a number that is printed as a whole one."""


def double_to_text(number: float) -> str:
    """Return a double as Java prints it.

    >>> double_to_text(1e10), double_to_text(0.001), double_to_text(5e-324)
    ('1.0E10', '0.001', '4.9E-324')
    """
    if 1e-3 <= abs(number) < 1e7:
        return repr(number)
    (bits,) = struct.unpack(">Q", struct.pack(">d", number))
    return _text(number, bits >> 52 & 0x7FF, bits & (1 << 52) - 1, fraction_bits=52, bias=1023)


def float_to_text(number: float) -> str:
    """Return a 32-bit float as Java prints it.

    >>> float_to_text(348910.125), float_to_text(2147483648.0)
    ('348910.12', '2.14748365E9')
    """
    (bits,) = struct.unpack(">I", struct.pack(">f", number))
    return _text(number, bits >> 23 & 0xFF, bits & (1 << 23) - 1, fraction_bits=23, bias=127)


def _text(number: float, exponent: int, fraction: int, fraction_bits: int, bias: int) -> str:
    if math.isnan(number):
        return "NaN"
    sign = "-" if math.copysign(1.0, number) < 0 else ""
    if math.isinf(number):
        return f"{sign}Infinity"
    if number == 0:
        return f"{sign}0.0"
    if exponent:
        significand, precision, power = fraction | 1 << fraction_bits, fraction_bits + 1, exponent - bias
    else:
        precision = fraction.bit_length()
        significand = fraction << (fraction_bits + 1 - precision)
        power = 1 - bias - (fraction_bits + 1 - precision)
    digits, point = _digits(significand << (_HIDDEN - fraction_bits), power, precision)
    return sign + _placed(digits, point)


def _placed(digits: str, point: int) -> str:
    """Return 0.digits times ten to the power *point*, plain between 0.001 and ten million."""
    if -3 < point <= 7:
        if point <= 0:
            return f"0.{'0' * -point}{digits}"
        return f"{digits[:point].ljust(point, '0')}.{digits[point:] or '0'}"
    return f"{digits[0]}.{digits[1:] or '0'}E{point - 1}"


def _digits(significand: int, power: int, precision: int) -> tuple[str, int]:
    """Return the digits of significand * 2 ** (power - 52), and where the decimal point stands before them."""
    zeros = (significand & -significand).bit_length() - 1
    below_point = max(0, _HIDDEN - zeros - power)
    if below_point == 0 and power <= _GREATEST_WHOLE:
        return _whole_digits(significand, power, precision)
    decimal = _estimate(significand, power)
    five_up, five_down = max(0, -decimal), max(0, decimal)
    two_up, two_down = five_up + below_point + power - (_HIDDEN - zeros), five_down + below_point
    half_gap = five_up + below_point + power - precision
    if significand & (significand - 1) == 0:
        half_gap -= 1  # below a power of two the next number is half as far away
    shift = -min(two_up, two_down, half_gap)
    number = (significand >> zeros) * 5**five_up << (two_up + shift)
    unit = 5**five_down << (two_down + shift)
    gap = 5**five_up << (half_gap + shift)
    bits = (_HIDDEN + 1 - zeros) + two_up + shift + _five_bits(five_up)
    unit_bits = two_down + shift + 1 + _five_bits(five_down + 1)
    width = next((width for width in (32, 64) if bits < width and unit_bits < width), 0)
    return _generated(number, unit, gap, decimal, width)


def _five_bits(power: int) -> int:
    """How many bits are reckoned for a power of five; of great ones more than they have."""
    return 0 if power == 0 else (5**power).bit_length() if power < 27 else 3 * power


def _whole_digits(significand: int, power: int, precision: int) -> tuple[str, int]:
    """A whole number; of one beyond the precision only digits that cannot matter are dropped."""
    number = significand << (power - _HIDDEN) if power >= _HIDDEN else significand >> (_HIDDEN - power)
    dropped = 0
    if power > precision:
        spare = power - precision - 1
        dropped = len(str(1 << spare)) - 1 if spare > 1 else 0
        number, rest = divmod(number, 10**dropped)
        number += dropped > 0 and 2 * rest >= 10**dropped
    text = str(number)
    return text.rstrip("0") or "0", len(text) + dropped


def _estimate(significand: int, power: int) -> int:
    """The decimal exponent, by the tangent of the logarithm at 1.5; never too small, at most one too great."""
    mantissa = significand / 2.0**_HIDDEN
    return math.floor((mantissa - 1.5) * 0.289529654 + 0.176091259 + power * 0.301029995663981)


def _generated(number: int, unit: int, gap: int, decimal: int, width: int) -> tuple[str, int]:
    """Digits of number / unit, until what is left lies within *gap* of the number or of its next digit.

    *width* is the size of the integers that Java computes with here, 0 for big ones.
    """
    tenfold = unit * 10
    digit, number = divmod(number, unit)
    number, gap = number * 10, gap * 10
    low, high = _within(number, gap, tenfold, width)
    digits = [digit]
    if digit == 0 and not high:
        digits = []
        decimal -= 1
    if not -3 <= decimal < 8:
        low = high = False  # the form with an exponent has a digit behind the point
    while not low and not high:
        digit, number = divmod(number, unit)
        number, gap = number * 10, gap * 10
        low, high = _within(number, gap, tenfold, width)
        digits.append(digit)
    tied = 2 * number - tenfold
    rounded_up = high and (not low or tied > 0 or (tied == 0 and digits[-1] % 2 == 1))
    text = str(int("".join(map(str, digits))) + rounded_up).rjust(len(digits), "0")
    return text.rstrip("0") or "0", decimal + 1 + len(text) - len(digits)


def _within(number: int, gap: int, tenfold: int, width: int) -> tuple[bool, bool]:
    """Tell whether what is left may be dropped, and whether it may be rounded up: small integers overflow."""
    if not width:
        return number < gap, number + gap >= tenfold
    if gap >= 1 << (width - 1):
        return True, True
    return number < gap, tenfold < number + gap < 1 << (width - 1)
