"""Statistics over bags (function reference 12)."""

from __future__ import annotations

import math

from penstock.engines.functions.bag_functions import rows_of
from penstock.engines.functions.order import order_key
from penstock.errors import DataError
from penstock.plan.dtypes import NUMERIC_ORDER, Kind
from penstock.plan.values import Value, decode, encode

MOST_QUANTILES = 10_000
"""How many evenly spaced quantiles one call may ask for; each is a field of a tuple."""


def variance(text: str) -> float | None:
    """`VAR`: the mean of squares less the square of the mean of the first fields; None where there is none."""
    count, total, squares = 0, 0.0, 0.0
    for row in rows_of(text):
        if not row or row[0] is None:
            continue
        number = _number(row[0], "VAR")
        count, total, squares = count + 1, total + number, squares + number * number
    if count == 0:
        return None
    mean = total / count
    return squares / count - mean * mean


def _number(value: Value | None, name: str) -> float:
    if value is None or value.kind not in NUMERIC_ORDER:
        raise DataError(f"{name} takes a bag of numbers; one value is {'null' if value is None else value.kind.value}.")
    return float(value.data)


def quantiles(items: list[str], name: str, is_sorted: bool) -> str | None:
    """Return the quantiles of a bag as a tuple of doubles, by estimation type R-2; None of null and of an empty bag.

    *items* are the bag and the quantiles from 0 to 1; a single one above 1 is how many, evenly spaced. Raises DataError
    where the bag should be sorted and is not.
    """
    rows, *given = map(decode, items)
    if rows is None or not rows.data or None in given:
        return None
    numbers = [_number(row[0] if row else None, name) for row in rows.data]
    keys = [order_key(Value(Kind.DOUBLE, number)) for number in numbers]
    if keys != sorted(keys):
        if is_sorted:
            raise DataError(f"{name} takes a sorted bag, and this one is not. Sort it before, or use Streaming{name}.")
        numbers = [number for _, number in sorted(zip(keys, numbers, strict=True))]
    wanted = _wanted([float(one.data) for one in given if one is not None], name)
    return encode(Value(Kind.TUPLE, tuple(Value(Kind.DOUBLE, _quantile(numbers, one)) for one in wanted)))


def _wanted(given: list[float], name: str) -> list[float]:
    if len(given) == 1 and given[0] > 1:
        if given[0] > MOST_QUANTILES:
            raise DataError(f"{name} gives {MOST_QUANTILES} evenly spaced quantiles at most, not {given[0]:g}.")
        count = int(given[0])
        return [at / (count - 1) for at in range(count)]
    for one in given:
        if not 0 <= one <= 1:
            raise DataError(f"{name} takes quantiles from 0.0 to 1.0, not {one:g}.")
    return given


def _quantile(numbers: list[float], share: float) -> float:
    height = len(numbers) * share + 0.5
    low = min(max(1, math.ceil(height - 0.5)), len(numbers))
    high = min(max(1, math.floor(height + 0.5)), len(numbers))
    return (numbers[low - 1] + numbers[high - 1]) / 2
