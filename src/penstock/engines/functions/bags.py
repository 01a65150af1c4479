"""Aggregates over bags in expressions (function reference 12)."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from penstock.engines.functions import casts
from penstock.engines.functions.structures import value_to_text
from penstock.engines.functions.text import utf16_key
from penstock.plan.dtypes import Kind
from penstock.plan.values import Value, decode, encode, tagged

_WHOLE = (Kind.INT, Kind.LONG)


def _firsts(text: str) -> list[Value]:
    found = decode(text)
    rows = found.data if found is not None else ()
    return [row[0] for row in rows if row and row[0] is not None]


def _number(value: Value) -> float | int | None:
    if value.kind in (*_WHOLE, Kind.FLOAT, Kind.DOUBLE):
        number: float | int = value.data
        return number
    return casts.parse_double(value_to_text(value))


def count(text: str) -> int:
    """Return how many tuples have a first field that is not null."""
    return sum(1 for row in _rows(text) if row and row[0] is not None)


def count_all(text: str) -> int:
    """Return how many tuples there are."""
    return len(_rows(text))


def _rows(text: str) -> list[list[object]]:
    """Return the tuples of a bag as plain JSON: what is only counted needs no values."""
    tag, rows = tagged(text)
    return rows if tag == "g" else []


def whole_total(text: str) -> int | None:
    """Return the sum of a bag of ints or longs, wrapping round as a long."""
    numbers = _numbers(text)
    return casts.wrap_long(int(sum(numbers))) if numbers else None


def real_total(text: str) -> float | None:
    """Return the sum of any other bag, added up as doubles: no sum of those wraps."""
    numbers = _numbers(text)
    return _added(numbers) if numbers else None


def whole_average(text: str) -> float | None:
    """Return the mean of a bag of ints or longs, whose sum wraps round."""
    numbers = _numbers(text)
    return float(casts.wrap_long(int(sum(numbers)))) / len(numbers) if numbers else None


def real_average(text: str) -> float | None:
    """Return the mean of any other bag."""
    numbers = _numbers(text)
    return _added(numbers) / len(numbers) if numbers else None


def _numbers(text: str) -> list[float | int]:
    return [number for number in map(_number, _firsts(text)) if number is not None]


def _added(numbers: list[float | int]) -> float:
    result = 0.0
    for number in numbers:
        result += float(number)
    return result


def least(text: str) -> str | None:
    """Return the least first field of a bag of texts or of datetimes."""
    return _first_by_rank(text, min)


def greatest(text: str) -> str | None:
    """Return the greatest first field of a bag of texts or of datetimes."""
    return _first_by_rank(text, max)


def _first_by_rank(text: str, pick: Callable[..., Value]) -> str | None:
    values = _firsts(text)
    return encode(pick(values, key=_rank)) if values else None


def _rank(value: Value) -> Any:
    return value.data.ms if value.kind is Kind.DATETIME else utf16_key(value_to_text(value))


def least_number(text: str) -> str | None:
    """Return the least first field as a number; NaN wins over every other, what is no number does not count."""
    return _extreme_number(text, min)


def greatest_number(text: str) -> str | None:
    """Return the greatest first field as a number; as `least_number`."""
    return _extreme_number(text, max)


def _extreme_number(text: str, pick: Callable[..., float | int]) -> str | None:
    numbers = _numbers(text)
    if not numbers:
        return None
    if any(math.isnan(number) for number in numbers):
        return encode(Value(Kind.DOUBLE, math.nan))
    # -0.0 is less than 0.0.
    found = pick(numbers, key=lambda number: (number, math.copysign(1.0, number)))
    return encode(Value(Kind.LONG if isinstance(found, int) else Kind.DOUBLE, found))


def correlations(bags: list[str], covariance: bool) -> str | None:
    """Return name, name, figure for each pair of bags of doubles; null where values are no doubles."""
    columns: list[list[float]] = []
    for bag in bags:
        found = decode(bag)
        if found is None:
            return None
        column = [row[0] for row in found.data]
        if any(value is None or value.kind is not Kind.DOUBLE for value in column):
            return None
        columns.append([value.data for value in column if value is not None])
    rows = []
    for first in range(len(columns)):
        for second in range(first + 1, len(columns)):
            figure = _figure(columns[first], columns[second], covariance)
            if figure is None:
                return None
            names = (Value(Kind.CHARARRAY, f"var{first}"), Value(Kind.CHARARRAY, f"var{second}"))
            rows.append((*names, Value(Kind.DOUBLE, figure)))
    return encode(Value(Kind.BAG, tuple(rows)))


def _figure(left: list[float], right: list[float], covariance: bool) -> float | None:
    size = len(left)
    if len(right) < size:
        return None
    if size == 0:
        return math.nan
    right = right[:size]
    sum_x, sum_y = sum(left), sum(right)
    sum_xy = sum(x * y for x, y in zip(left, right, strict=True))
    if covariance:
        return (size * sum_xy - sum_x * sum_y) / (size * size)
    square_x = size * sum(x * x for x in left) - sum_x**2
    square_y = size * sum(y * y for y in right) - sum_y**2
    spread = math.sqrt(square_x * square_y)
    return (size * sum_xy - sum_x * sum_y) / spread if spread else math.nan
