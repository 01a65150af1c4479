"""Numbers as Java computes with them."""

from __future__ import annotations

import math
import struct
from fractions import Fraction

from .tree import DOUBLE, FLOAT, INT, LONG, Type

LEAST = {INT: -(2**31), LONG: -(2**63)}
GREATEST = {INT: 2**31 - 1, LONG: 2**63 - 1}


def wrapped(number: int, to: Type) -> int:
    """Return the low bits of a whole number."""
    size = 2**32 if to == INT else 2**64
    low = number % size
    return low - size if low >= size // 2 else low


def single(number: float) -> float:
    """Return the nearest number that 32 bits hold."""
    try:
        return float(struct.unpack("f", struct.pack("f", number))[0])
    except OverflowError:
        return math.copysign(math.inf, number)


def nearest_single(exact: Fraction) -> float:
    """Return the 32-bit float nearest to an exact number; of two as near the one whose last bit is 0."""
    if abs(exact) >= Fraction(2) ** 128 - Fraction(2) ** 103:
        return math.inf if exact > 0 else -math.inf
    least = Fraction(1, 2**149)
    size = max(least, least * Fraction(2) ** (math.floor(abs(exact) / least).bit_length() - 24))
    steps = round(exact / size)  # to the even one where two are as near
    return float(steps * size)


def widened(number: float, given: Type, to: Type) -> float:
    """Return a number as a wider one."""
    if to in (INT, LONG) or given in (FLOAT, DOUBLE):
        return number
    return nearest_single(Fraction(number)) if to == FLOAT else float(number)


def narrowed(number: float, to: Type) -> int:
    """Return a float or double as a whole number: cut off toward zero, the limit where it is out of range."""
    if math.isnan(number):
        return 0
    if number >= GREATEST[to]:
        return GREATEST[to]
    if number <= LEAST[to]:
        return LEAST[to]
    return int(number)


def computed(sign: str, left: float, right: float, kind: Type) -> float | None:
    """Return the result of + - * / or % over two numbers of one type."""
    if kind in (INT, LONG):
        return whole(sign, int(left), int(right), kind)
    result = real(sign, left, right)
    return single(result) if kind == FLOAT and result is not None else result


def whole(sign: str, left: int, right: int, kind: Type) -> int | None:
    """Return the result over two whole numbers: null for a division by zero, wrapped round on overflow."""
    if sign in ("/", "%"):
        if right == 0:
            return None
        quotient = abs(left) // abs(right) * (1 if (left < 0) == (right < 0) else -1)
        return wrapped(quotient if sign == "/" else left - quotient * right, kind)
    return wrapped({"+": left + right, "-": left - right, "*": left * right}[sign], kind)


def real(sign: str, left: float, right: float) -> float | None:
    """Return the result over two floating numbers: IEEE 754, but null for a division by (positive) zero."""
    if sign == "/":
        if right != 0:
            return left / right
        if math.copysign(1, right) > 0:
            return None
        return math.nan if left == 0 or math.isnan(left) else -math.copysign(math.inf, left)
    return {"+": left + right, "-": left - right, "*": left * right}[sign]


def order(number: float) -> tuple[bool, float, float]:
    """Return what Java's total order sorts a float or double by: -0.0 before 0.0, NaN behind all."""
    if math.isnan(number):
        return (True, 0.0, 0.0)
    return (False, number, math.copysign(1.0, number))


def rounded(number: float, to: Type) -> int:
    """Return the nearest whole number, halves up."""
    if math.isnan(number) or math.isinf(number):
        return narrowed(number, to)
    return min(max(math.floor(Fraction(number) + Fraction(1, 2)), LEAST[to]), GREATEST[to])


def stepped(number: float, step: str) -> float:
    """Return CEIL or FLOOR: a double, whose sign stays."""
    if not math.isfinite(number):
        return number
    return math.copysign(float(math.ceil(number) if step == "CEIL" else math.floor(number)), number)
