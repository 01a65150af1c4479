"""Watermarks never fall, whatever jobs end in whatever order (style reference 10)."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock.domain.watermark import Order, Watermark, lowered, successor

NUMBERS = st.integers(-50, 50).map(lambda value: Watermark("n", Order.WHOLE, str(value)))


def mark(order: Order, value: str) -> Watermark:
    return Watermark("c", order, value)


@given(st.lists(st.tuples(st.booleans(), NUMBERS), max_size=8))
def test_none_falls_whatever_jobs_end(moves: list[tuple[bool, Watermark]]) -> None:
    stored: Watermark | None = None
    seen: list[Watermark | None] = [None]
    for is_old, reached in moves:
        began = seen[0] if is_old else stored
        made = successor(stored, began, reached)
        assert made is not None or (stored is None and began is not None)
        if stored is not None and made is not None:
            assert Decimal(made.value) >= Decimal(stored.value)
        seen.append(made)
        stored = made


def test_the_ties_of_a_value_move_with_the_job_that_began_there() -> None:
    before, after = mark(Order.WHOLE, "5"), Watermark("c", Order.WHOLE, "5", ("a",))
    assert successor(before, before, after) == after
    assert successor(before, None, after) == before


def test_texts_move_only_from_where_the_job_began() -> None:
    a, b, c = (mark(Order.TEXT, value) for value in "abc")
    assert successor(a, a, b) == b
    assert successor(c, a, b) == c
    assert successor(b, a, c) == b
    assert successor(None, None, a) == a
    assert successor(None, a, b) is None


@pytest.mark.parametrize(
    ("order", "low", "high"),
    [
        (Order.TIMESTAMP, "2024-01-01 00:00:00", "2024-01-01 00:00:00.5"),
        (Order.TIMESTAMP, "2024-01-01 00:00:00.09", "2024-01-01 00:00:00.1"),
        (Order.INSTANT, "2024-01-01 00:00:00+00", "2024-01-02 00:00:00+00"),
        (Order.DATE, "2023-12-31", "2024-01-01"),
        (Order.NUMBER, "9.5", "10"),
        (Order.NUMBER, "1e+20", "100000000000000000001"),
    ],
)
def test_a_lower_one_is_known(order: Order, low: str, high: str) -> None:
    assert successor(mark(order, high), mark(order, low), mark(order, low)) == mark(order, high)
    assert successor(mark(order, low), None, mark(order, high)) == mark(order, high)


@pytest.mark.parametrize(
    ("order", "value", "overlap", "below"),
    [
        (Order.WHOLE, "9223372036854775807", 1, "9223372036854775806"),
        (Order.WHOLE, "5", 0.1, "4"),
        (Order.NUMBER, "10.05", 0.1, "9.95"),
        (Order.NUMBER, "99999999999999999999999999999999999999", 1, "99999999999999999999999999999999999998"),
        (Order.DATE, "2024-03-01", 1, "2024-02-29"),
        (Order.DATE, "2024-03-01", 86401, "2024-02-28"),
        (Order.TIMESTAMP, "2024-03-01 00:00:00", 0.000001, "2024-02-29 23:59:59.999999"),
        (Order.TIMESTAMP, "2024-03-01 00:00:00.000000001", 1, "2024-02-29 23:59:59.000000001"),
        (Order.INSTANT, "2024-03-01 00:00:00+00", 3600, "2024-02-29 23:00:00.000000+00"),
        (Order.TIMESTAMP, "0001-01-02 00:00:00", 1e9, "0001-01-01 00:00:00.000000"),
        (Order.TEXT, "2024-03-01T00:00:00.5Z", 0.25, "2024-03-01T00:00:00.2Z"),
        (Order.TEXT, "2024-03-01 00:00", 1, "2024-02-29 23:59"),
        (Order.TEXT, "2024-03-01", 1, "2024-02-29"),
    ],
)
def test_what_lies_below(order: Order, value: str, overlap: float, below: str) -> None:
    assert lowered(mark(order, value), overlap) == below


@pytest.mark.parametrize("value", ["b", "2024-13-01", "2024-01-01T00:00:00 Europe/Paris"])
def test_a_text_that_is_no_time_has_nothing_below(value: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        lowered(mark(Order.TEXT, value), 1)


@pytest.mark.parametrize(
    ("order", "value"),
    [
        (Order.WHOLE, "1.0"), (Order.WHOLE, "1; x"), (Order.NUMBER, "NaN"), (Order.NUMBER, "Infinity"), (Order.NUMBER, "x"),
        (Order.DATE, "infinity"), (Order.DATE, "0000-00-00"), (Order.TIMESTAMP, "2024-01-01' OR '1"), (Order.TEXT, "a\0"),
    ],
)  # fmt: skip
def test_what_is_none_of_its_order_is_refused(order: Order, value: str) -> None:
    with pytest.raises(ValueError, match=r"(?s).+"):
        mark(order, value)


def test_it_is_the_same_as_json() -> None:
    made = Watermark("c", Order.INSTANT, "2024-01-01 00:00:00+00", ("a", "b"))
    assert Watermark.of_json(json.loads(json.dumps(made.to_json()))) == made
    for broken in ({"ties": None}, {"value": 1}, {"order": "bytes"}, {"ties": [1]}):
        with pytest.raises((TypeError, ValueError)):
            Watermark.of_json({**made.to_json(), **broken})
