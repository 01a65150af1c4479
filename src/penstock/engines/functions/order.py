"""Equality and order of values of any kind, as Pig has them: rows of bags are compared by these."""

from __future__ import annotations

import math
from collections.abc import Hashable
from typing import Any

from penstock.engines.functions import structures
from penstock.engines.functions.text import utf16_key
from penstock.plan.dtypes import Kind
from penstock.plan.values import Value

Row = tuple[Value | None, ...]

_RANKS = {
    Kind.BOOLEAN: 5, Kind.INT: 10, Kind.LONG: 15, Kind.FLOAT: 20, Kind.DOUBLE: 25, Kind.DATETIME: 30, Kind.BYTEARRAY: 50,
    Kind.CHARARRAY: 55, Kind.MAP: 100, Kind.TUPLE: 110, Kind.BAG: 120,
}  # fmt: skip
"""Values of different kinds are ordered by kind; null comes before all of them."""


def identity(row: Row) -> Hashable:
    """Return what is equal for equal rows: types count, NaN equals NaN, datetimes are equal by instant."""
    return tuple(map(_identity, row))


def _identity(value: Value | None) -> Hashable:
    if value is None:
        return None
    match value.kind:
        case Kind.CHARARRAY:
            return str(value.data)
        case Kind.BOOLEAN | Kind.INT | Kind.LONG | Kind.BYTEARRAY:
            return value.kind, value.data
        case Kind.FLOAT | Kind.DOUBLE:
            # As text: NaN is not equal to itself, and -0.0 is equal to 0.0.
            return value.kind, repr(value.data)
        case Kind.DATETIME:
            return value.kind, value.data.ms
        case _:
            return value.kind, structures.canonical_text(value)


def order_key(value: Value | None) -> tuple[Any, ...]:
    """Return a sort key: null first, then by kind; NaN is the greatest number, -0.0 less than 0.0, text by UTF-16 unit."""
    if value is None:
        return (0,)
    return (_RANKS[value.kind], *_content(value))


def row_key(row: Row) -> tuple[Any, ...]:
    """Return a sort key of a tuple: shorter ones first, then field by field."""
    return (len(row), *map(order_key, row))


def _content(value: Value) -> tuple[Any, ...]:
    data = value.data
    match value.kind:
        case Kind.CHARARRAY:
            return (utf16_key(data),)
        case Kind.DATETIME:
            return (data.ms,)
        case Kind.FLOAT | Kind.DOUBLE:
            return (1, 0.0, 0.0) if math.isnan(data) else (0, data, math.copysign(1.0, data))
        case Kind.TUPLE:
            return row_key(data)
        case Kind.BAG:
            return (len(data), *sorted(map(row_key, data)))
        case Kind.MAP:
            return (len(data), *((utf16_key(key), order_key(data[key])) for key in sorted(data, key=utf16_key)))
        case _:
            return (data,)


def greatest(rows: list[Row], count: int, column: int) -> list[Row]:
    """Return *count* rows with the greatest values in a column; of equal ones those that Java's heap keeps."""
    heap: list[tuple[tuple[Any, ...], Row]] = []
    for row in rows:
        heap.append((order_key(row[column]), row))
        _sift_up(heap, len(heap) - 1)
        if len(heap) > count:
            last = heap.pop()
            if heap:
                heap[0] = last
                _sift_down(heap)
    return [row for _, row in heap]


def _sift_up(heap: list[tuple[tuple[Any, ...], Row]], at: int) -> None:
    item = heap[at]
    while at > 0:
        parent = (at - 1) // 2
        if item[0] >= heap[parent][0]:
            break
        heap[at] = heap[parent]
        at = parent
    heap[at] = item


def _sift_down(heap: list[tuple[tuple[Any, ...], Row]]) -> None:
    item, at, half = heap[0], 0, len(heap) // 2
    while at < half:
        child = 2 * at + 1
        if child + 1 < len(heap) and heap[child][0] > heap[child + 1][0]:
            child += 1
        if item[0] <= heap[child][0]:
            break
        heap[at] = heap[child]
        at = child
    heap[at] = item
