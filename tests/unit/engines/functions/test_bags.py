"""Aggregates over bags, as the old engine computed them."""

from __future__ import annotations

import math
from typing import Any

import pytest

from penstock.engines.functions import bags
from penstock.plan.dtypes import Kind
from penstock.plan.values import Instant, Value, decode, encode

INT, LONG, FLOAT, DOUBLE, TEXT, DATETIME = Kind.INT, Kind.LONG, Kind.FLOAT, Kind.DOUBLE, Kind.CHARARRAY, Kind.DATETIME


def bag(kind: Kind, *items: Any) -> str:
    return encode(Value(Kind.BAG, tuple((None if item is None else Value(kind, item),) for item in items)))


def plain(text: str | None) -> Any:
    value = None if text is None else decode(text)
    return None if value is None else value.data


@pytest.mark.parametrize(
    ("given", "total", "average"),
    [
        (bag(INT, 4, None, 7), 11, 5.5),
        (bag(INT, 2**31 - 1, 1), 2**31, 2.0**30),
        (bag(LONG, 2**63 - 1, 1), -(2**63), -(2.0**62)),
        (bag(LONG, 9007199254740993, 0), 9007199254740993, 4503599627370496.0),
        (bag(INT), None, None),
        (bag(INT, None), None, None),
    ],
)
def test_sums_and_means_of_whole_numbers(given: str, total: Any, average: Any) -> None:
    assert bags.whole_total(given) == total
    assert bags.whole_average(given) == average


@pytest.mark.parametrize(
    ("given", "total", "average"),
    [
        (bag(DOUBLE, 0.1, 0.2, None), 0.1 + 0.2, (0.1 + 0.2) / 2),
        (bag(FLOAT, 1.5), 1.5, 1.5),
        (bag(LONG, 2**63 - 1, 2**63 - 1), 2.0**64, 2.0**63),
        (bag(TEXT, "1", "x", "2.5"), 3.5, 1.75),
        (bag(DOUBLE), None, None),
    ],
)
def test_sums_and_means_of_other_values_never_wrap(given: str, total: Any, average: Any) -> None:
    assert bags.real_total(given) == total
    assert bags.real_average(given) == average


@pytest.mark.parametrize(
    ("given", "least", "greatest"),
    [
        (bag(TEXT, "b", "a", "😀", "\uffff"), "a", "\uffff"),
        (bag(TEXT, "9", None, "10"), "10", "9"),
        (bag(DATETIME, Instant(5, 0), Instant(3, 60)), Instant(3, 60), Instant(5, 0)),
        (bag(TEXT), None, None),
    ],
)
def test_extremes(given: str, least: Any, greatest: Any) -> None:
    assert repr(plain(bags.least(given))) == repr(least)
    assert repr(plain(bags.greatest(given))) == repr(greatest)


@pytest.mark.parametrize(
    ("given", "least", "greatest"),
    [
        (bag(INT, 3, None, 1), 1, 3),
        (bag(DOUBLE, 0.0, -0.0), -0.0, 0.0),
        (bag(DOUBLE, -0.0, 0.0), -0.0, 0.0),
        (bag(DOUBLE, 1.0, math.nan, -math.inf), math.nan, math.nan),
        (bag(TEXT, "9", "10", "x", None), 9.0, 10.0),
        (bag(TEXT, "x"), None, None),
        ('{"g":[[{"i":5}],["10"],[{"d":7.5}]]}', 5, 10.0),
        (bag(INT), None, None),
    ],
)
def test_extremes_as_numbers(given: str, least: Any, greatest: Any) -> None:
    assert repr(plain(bags.least_number(given))) == repr(least)
    assert repr(plain(bags.greatest_number(given))) == repr(greatest)


def test_counts() -> None:
    assert (bags.count(bag(INT, 4, None)), bags.count_all(bag(INT, 4, None))) == (1, 2)
    assert (bags.count(bag(INT)), bags.count_all(bag(INT))) == (0, 0)
    assert bags.count(encode(Value(Kind.BAG, ((), (Value(INT, 1), None))))) == 1


@pytest.mark.parametrize(
    ("left", "right", "correlation", "covariance"),
    [
        (bag(DOUBLE, 1.0, 2.0, 3.0), bag(DOUBLE, 2.0, 4.0, 6.0), 1.0, 1.3333333333333333),
        (bag(DOUBLE, 1.0, 2.0), bag(DOUBLE, 2.0, 1.0, 9.0), -1.0, -0.25),
        (bag(DOUBLE, 1.0, 1.0), bag(DOUBLE, 1.0, 1.0), math.nan, 0.0),
        (bag(DOUBLE), bag(DOUBLE), math.nan, math.nan),
        (bag(DOUBLE, 1.0, 2.0), bag(DOUBLE, 2.0), None, None),
        (bag(INT, 1, 2), bag(INT, 2, 1), None, None),
        (bag(DOUBLE, 1.0, None), bag(DOUBLE, 1.0, 2.0), None, None),
    ],
)
def test_correlations(left: str, right: str, correlation: float | None, covariance: float | None) -> None:
    for figure, is_covariance in ((correlation, False), (covariance, True)):
        found = bags.correlations([left, right], is_covariance)
        if figure is None:
            assert found is None
        else:
            ((one, two, number),) = plain(found)
            assert (one.data, two.data, repr(number.data)) == ("var0", "var1", repr(figure))
