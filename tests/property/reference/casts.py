"""Casts of simple values."""

from __future__ import annotations

import math
import re
from fractions import Fraction
from typing import Any

from .numbers import GREATEST, LEAST, narrowed, nearest_single, single, wrapped
from .times import iso_text, read_iso
from .tree import BOOLEAN, DATETIME, DOUBLE, FLOAT, INT, LONG, TEXT, Type, Unsure, When

DECIMAL = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?[dDfF]?")
BLANKS = "".join(map(chr, range(0x21)))


def cast(value: Any, given: Type, to: Type, zone: int) -> Any:
    """Return a value that is not null as another type; null where it cannot be one."""
    if given == to:
        return value
    if given == TEXT:
        return from_text(value, to, zone)
    if to == TEXT:
        return to_text(value, given)
    if given == BOOLEAN:
        return (1 if value else 0) if to in (INT, LONG) else (1.0 if value else 0.0)
    if given == DATETIME:
        value, given = value.ms, LONG
    return from_number(value, given, to, zone)


def from_number(value: float, given: Type, to: Type, zone: int) -> Any:
    """Return a number as another type of number, a boolean or a datetime."""
    if to == BOOLEAN:
        return value != 0
    if to == DATETIME:
        return When(int(value) if given in (INT, LONG) else narrowed(value, LONG), zone)
    if to in (INT, LONG):
        return wrapped(int(value), to) if given in (INT, LONG) else narrowed(value, to)
    if given in (INT, LONG):
        return nearest_single(Fraction(value)) if to == FLOAT else float(value)
    return single(value) if to == FLOAT else value


def from_text(text: str, to: Type, zone: int) -> Any:
    """Return what a text stands for."""
    if to == BOOLEAN:
        return {"true": True, "false": False}.get(text.lower())
    if to == DATETIME:
        return read_iso(text, zone)
    if to in (INT, LONG):
        return read_whole(text, to)
    exact = read_real(text)
    if exact is None or isinstance(exact, float):
        return exact
    if exact == 0:
        return -0.0 if text.strip(BLANKS).startswith("-") else 0.0
    return nearest_single(exact) if to == FLOAT else float_of(exact)


def float_of(exact: Fraction) -> float:
    """Return the nearest double."""
    try:
        return float(exact)
    except OverflowError:
        return math.inf if exact > 0 else -math.inf


def read_real(text: str) -> Fraction | float | None:
    """Return the exact number of a decimal text, NaN or an infinity, or None."""
    body = text.strip(BLANKS)
    if DECIMAL.fullmatch(body):
        return Fraction(body.rstrip("dDfF"))
    if body.lstrip("+-").lower().startswith("0x"):
        raise Unsure("hexadecimal digits")
    return {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf, "+Infinity": math.inf}.get(body)


def read_whole(text: str, to: Type) -> int | None:
    """Return the int or long of a text: its decimal digits, else any double text cut off."""
    if re.fullmatch(r"[+-]?[0-9]+", text) and LEAST[to] <= int(text) <= GREATEST[to]:
        return int(text)
    exact = read_real(text)
    if exact is None:
        return None
    number = exact if isinstance(exact, float) else float_of(exact)
    if math.isnan(number):
        return 0
    return None if number > GREATEST[to] + 1 else narrowed(number, to)


def to_text(value: Any, given: Type) -> str:
    """Return a value as text, as Java prints it."""
    if given == BOOLEAN:
        return "true" if value else "false"
    if given == DATETIME:
        return iso_text(value)
    return str(value) if given in (INT, LONG) else real_text(value, given)


def real_text(number: float, given: Type) -> str:
    """Return a float or double as text: plain from 0.001 up to ten million, else with an exponent.

    Versions of Java differ in the last digits of numbers that need many of them.
    """
    if math.isnan(number):
        return "NaN"
    sign = "-" if math.copysign(1, number) < 0 else ""
    if math.isinf(number):
        return sign + "Infinity"
    if number == 0:
        return sign + "0.0"
    digits, power = shortest(abs(number), given)
    if not 1e-3 <= abs(number) < 1e7:
        return f"{sign}{digits[0]}.{digits[1:] or '0'}E{power}"
    if power < 0:
        return f"{sign}0.{'0' * (-power - 1)}{digits}"
    return f"{sign}{digits[: power + 1].ljust(power + 1, '0')}.{digits[power + 1 :] or '0'}"


def shortest(number: float, given: Type) -> tuple[str, int]:
    """Return the fewest digits that name a positive number, and the power of ten of the first."""
    most = 15 if given == DOUBLE else 6
    for count in range(1, most + 1):
        text = f"{number:.{count - 1}e}"
        exact = Fraction(text)
        if (nearest_single(exact) if given == FLOAT else float_of(exact)) == number:
            mantissa, _, power = text.partition("e")
            if number > 2.0**53 or number < 1e-300 or (given == FLOAT and (number > 2.0**24 or number < 1e-37)):
                raise Unsure("versions of Java differ")
            return mantissa.replace(".", ""), int(power)
    raise Unsure("versions of Java differ")
