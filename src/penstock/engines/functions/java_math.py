"""Functions on one or two numbers with the corner cases of Java's `Math` (function reference 6), and distances."""

from __future__ import annotations

import math
import struct

from penstock.engines.functions.numbers import guarded
from penstock.errors import DataError

_MILES = 3958.75
"""The radius of the earth that the library reckons with."""


def power(base: float, exponent: float) -> float:
    """Java's `Math.pow`: 1 to NaN, and 1 or -1 to an infinity, are NaN, other than in C."""
    if math.isnan(exponent) or (math.isinf(exponent) and abs(base) == 1.0):
        return math.nan
    try:
        return math.pow(base, exponent)
    except OverflowError:
        return -math.inf if base < 0 and exponent % 2 == 1 else math.inf
    except ValueError:
        if base == 0:
            odd = exponent % 2 == 1
            return math.copysign(math.inf, base) if odd else math.inf
        return math.nan


def hypot(x: float, y: float) -> float:
    """Java's `Math.hypot`."""
    return math.hypot(x, y)


def arc_tangent(y: float, x: float) -> float:
    """Java's `Math.atan2`."""
    return math.atan2(y, x)


def expm1(number: float) -> float:
    """e to a power, less 1."""
    return guarded(math.expm1, number)


def log1p(number: float) -> float:
    """The natural logarithm of 1 more; -Infinity of -1, NaN of less."""
    return -math.inf if number == -1 else guarded(math.log1p, number)


def rint(number: float) -> float:
    """The nearest whole number, halves to the even one."""
    return number if not math.isfinite(number) else math.copysign(float(round(number)), number)


def signum(number: float) -> float:
    """-1, 0 (of either sign) or 1; NaN of NaN."""
    return number if number == 0 or math.isnan(number) else math.copysign(1.0, number)


def degrees(radians: float) -> float:
    """Java's `Math.toDegrees`, in its order of operations."""
    return radians * 180.0 / math.pi


def radians(degrees: float) -> float:
    """Java's `Math.toRadians`, in its order of operations."""
    return degrees / 180.0 * math.pi


def remainder(x: float, y: float) -> float:
    """What is left of x by the multiple of y nearest to it; NaN of an infinite x and of a zero y."""
    try:
        return math.remainder(x, y)
    except ValueError:
        return math.nan


def copy_sign(x: float, y: float) -> float:
    """x with the sign of y."""
    return math.copysign(x, y)


def scale(number: float, exponent: int) -> float:
    """The number times two to the power *exponent*, rounded once."""
    try:
        return math.ldexp(number, exponent)
    except OverflowError:
        return math.copysign(math.inf, number)


def exponent_double(number: float) -> int:
    """The binary exponent of a double: 1024 of what is not finite, -1023 of zero and of subnormal numbers."""
    if not math.isfinite(number):
        return 1024
    return -1023 if abs(number) < 2.0**-1022 else math.frexp(number)[1] - 1


def exponent_float(number: float) -> int:
    """The binary exponent of a float: 128 of what is not finite, -127 of zero and of subnormal numbers."""
    if not math.isfinite(number):
        return 128
    return -127 if abs(number) < 2.0**-126 else math.frexp(number)[1] - 1


def ulp_double(number: float) -> float:
    """The distance to the next greater double in magnitude."""
    return math.ulp(number)


def ulp_float(number: float) -> float:
    """The distance to the next greater float in magnitude."""
    if not math.isfinite(number):
        return abs(number)
    return 2.0 ** (max(exponent_float(number), -126) - 23)


def next_up_double(number: float) -> float:
    """The least double greater than a number."""
    return math.nextafter(number, math.inf)


def next_up_float(number: float) -> float:
    """The least float greater than a number."""
    if math.isnan(number) or number == math.inf:
        return number
    if number == 0:
        return 2.0**-149
    (bits,) = struct.unpack("<i", struct.pack("<f", number))
    return float(struct.unpack("<f", struct.pack("<i", bits + (1 if number > 0 else -1)))[0])


def next_after(x: float, y: float) -> float:
    """The neighbour of x toward y; y itself where they are equal."""
    return math.nextafter(x, y)


def greater(x: float, y: float) -> float:
    """Java's `Math.max`: NaN wins, 0.0 is greater than -0.0."""
    if math.isnan(x) or math.isnan(y):
        return math.nan
    return max(x, y, key=lambda one: (one, math.copysign(1.0, one)))


def lesser(x: float, y: float) -> float:
    """Java's `Math.min`: NaN wins, -0.0 is less than 0.0."""
    if math.isnan(x) or math.isnan(y):
        return math.nan
    return min(x, y, key=lambda one: (one, math.copysign(1.0, one)))


def whole_greater(x: int, y: int) -> int:
    """The greater of two whole numbers."""
    return max(x, y)


def whole_lesser(x: int, y: int) -> int:
    """The lesser of two whole numbers."""
    return min(x, y)


def span(least: int, most: int) -> int:
    """Return how many whole numbers there are between two, both counted. Raises DataError where there are none."""
    if least > most:
        raise DataError(f"RandInt has no number between {least} and {most}: the first one is the greater.")
    return most - least + 1


def miles(lat1: float, lng1: float, lat2: float, lng2: float) -> float:
    """The distance of two places on a sphere in miles, by the haversine; places in degrees."""
    if not all(map(math.isfinite, (lat1, lng1, lat2, lng2))):
        return math.nan
    by_lat, by_lng = radians(lat2 - lat1) / 2, radians(lng2 - lng1) / 2
    a = math.sin(by_lat) ** 2 + math.sin(by_lng) ** 2 * math.cos(radians(lat1)) * math.cos(radians(lat2))
    return _MILES * 2 * math.atan2(math.sqrt(a), math.sqrt(1 - a)) if a <= 1 else math.nan
