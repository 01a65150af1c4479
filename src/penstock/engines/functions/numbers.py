"""Functions on doubles where an engine raises, or rounds otherwise than Java."""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction


def guarded(function: Callable[[float], float], number: float, overflow: float = math.inf) -> float:
    """Return what a function of C's library gives; NaN where it is not defined, *overflow* beyond the range."""
    try:
        return function(number)
    except ValueError:
        return math.nan
    except OverflowError:
        return overflow


def sqrt(number: float) -> float:
    """The square root; NaN of a negative."""
    return guarded(math.sqrt, number)


def cbrt(number: float) -> float:
    """The cube root: of the doubles nearby, the one whose cube lies nearest."""
    near = math.cbrt(number)
    if near == 0 or not math.isfinite(near):
        return near
    around = (near, math.nextafter(near, 0.0), math.nextafter(near, math.copysign(math.inf, near)))
    return min(around, key=lambda root: abs(Fraction(root) ** 3 - Fraction(number)))


def exp(number: float) -> float:
    """e to a power; infinite where it overflows."""
    return guarded(math.exp, number)


def log(number: float) -> float:
    """The natural logarithm; -Infinity of 0, NaN of a negative."""
    return -math.inf if number == 0 else guarded(math.log, number)


def log10(number: float) -> float:
    """The logarithm to base 10."""
    return -math.inf if number == 0 else guarded(math.log10, number)


def sin(number: float) -> float:
    """The sine; NaN of an infinity."""
    return guarded(math.sin, number)


def cos(number: float) -> float:
    """The cosine; NaN of an infinity."""
    return guarded(math.cos, number)


def tan(number: float) -> float:
    """The tangent; NaN of an infinity."""
    return guarded(math.tan, number)


def asin(number: float) -> float:
    """The arc sine; NaN outside -1 to 1."""
    return guarded(math.asin, number)


def acos(number: float) -> float:
    """The arc cosine; NaN outside -1 to 1."""
    return guarded(math.acos, number)


def atan(number: float) -> float:
    """The arc tangent."""
    return math.atan(number)


def sinh(number: float) -> float:
    """The hyperbolic sine; infinite where it overflows."""
    return guarded(math.sinh, number, math.copysign(math.inf, number))


def cosh(number: float) -> float:
    """The hyperbolic cosine; infinite where it overflows."""
    return guarded(math.cosh, number)


def tanh(number: float) -> float:
    """The hyperbolic tangent."""
    return math.tanh(number)
