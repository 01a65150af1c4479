"""Values without a declared type: what they are cast to, and their text."""

from __future__ import annotations

import math
from typing import Any

import pytest

from penstock.engines.functions import structures
from penstock.errors import DataError
from penstock.plan.dtypes import Kind
from penstock.plan.values import Instant, Value, encode


def text(kind: Kind, data: Any) -> str:
    return encode(Value(kind, data))


INT, LONG, FLOAT, DOUBLE = Kind.INT, Kind.LONG, Kind.FLOAT, Kind.DOUBLE
CHARARRAY, BYTES, DATETIME, BOOLEAN = Kind.CHARARRAY, Kind.BYTEARRAY, Kind.DATETIME, Kind.BOOLEAN


@pytest.mark.parametrize(
    ("kind", "data", "as_int", "as_long", "as_double", "as_boolean"),
    [
        (INT, 7, 7, 7, 7.0, True),
        (LONG, 2**32 + 1, 1, 2**32 + 1, 4294967297.0, True),
        (DOUBLE, 2.9, 2, 2, 2.9, True),
        (DOUBLE, 3e10, 2**31 - 1, 30000000000, 3e10, True),
        (DOUBLE, math.inf, 2**31 - 1, 2**63 - 1, math.inf, True),
        (FLOAT, -0.0, 0, 0, -0.0, False),
        (BOOLEAN, True, 1, 1, 1.0, True),
        (CHARARRAY, "12.9", 12, 12, 12.9, None),
        (CHARARRAY, "2147483648", 2**31 - 1, 2147483648, 2147483648.0, None),
        (CHARARRAY, "5L", None, None, None, None),
        (CHARARRAY, " true", None, None, None, None),
        (CHARARRAY, "NaN", 0, 0, math.nan, None),
        (BYTES, b" 12.9 ", 12, 12, 12.9, None),
        (BYTES, b"2147483648", None, 2147483648, 2147483648.0, None),
        (BYTES, b"-9e99", None, None, -9e99, None),
        (BYTES, b"5L", None, 5, None, None),
        (BYTES, b" TRUE ", None, None, None, True),
        (BYTES, b"NaN", None, None, math.nan, None),
        (DATETIME, Instant(1615730966535, 60), 823263239, 1615730966535, 1615730966535.0, True),
        (Kind.TUPLE, (), None, None, None, None),
        (Kind.MAP, {}, None, None, None, None),
    ],
)
def test_casts_of_untyped_values(
    kind: Kind, data: Any, as_int: Any, as_long: Any, as_double: Any, as_boolean: Any
) -> None:
    given = text(kind, data)
    assert structures.to_int(given) == as_int
    assert structures.to_long(given) == as_long
    assert repr(structures.to_double(given)) == repr(as_double)
    assert structures.to_boolean(given) is as_boolean


@pytest.mark.parametrize(
    ("kind", "data", "single"),
    [(INT, 16777217, 16777216.0), (LONG, 2**63 - 1, 2.0**63), (LONG, 9007199791611905, 9007200328482816.0),
    (LONG, -3, -3.0),
     (DOUBLE, 0.1, 0.10000000149011612), (DOUBLE, 1e39, math.inf), (CHARARRAY, "0.1", 0.10000000149011612),
     (CHARARRAY, "x", None)],
)  # fmt: skip
def test_an_untyped_value_as_float_is_rounded_once(kind: Kind, data: Any, single: float | None) -> None:
    assert structures.to_float(text(kind, data)) == single


def test_text_that_is_no_datetime_fails_and_bytes_are_null() -> None:
    assert structures.to_datetime(text(CHARARRAY, "1970-01-01"), 60) == (-3_600_000, 60)
    assert structures.to_datetime(text(BYTES, b" 1970-01-01 "), 0) == (0, 0)
    assert structures.to_datetime(text(BYTES, b"x"), 0) is None
    assert structures.to_datetime(text(DOUBLE, -1.9), 0) == (-1, 0)
    assert structures.to_datetime(text(BOOLEAN, True), 0) is None
    with pytest.raises(DataError):
        structures.to_datetime(text(CHARARRAY, "x"), 0)


@pytest.mark.parametrize(
    ("kind", "data", "shown"),
    [
        (Kind.MAP, {"a": Value(DOUBLE, 1e16), "b": Value(FLOAT, 0.10000000149011612)}, '{"a":1.0E16,"b":0.1}'),
        (Kind.MAP, {'"': Value(CHARARRAY, "é\n"), "n": None}, '{"\\"":"é\\n","n":null}'),
        (Kind.MAP, {"x": Value(DOUBLE, math.nan), "t": Value(DATETIME, Instant(0, 60))},
         '{"x":"NaN","t":"1970-01-01T01:00:00.000+01:00"}'),
        (Kind.BAG, ((Value(INT, 1),), (Value(INT, 2), Value(BOOLEAN, True)), ()), "[1,[2,true],[]]"),
        (Kind.TUPLE, (Value(LONG, 5), None), "[5,null]"),
    ],
)  # fmt: skip
def test_structures_as_json_text(kind: Kind, data: Any, shown: str) -> None:
    assert structures.to_json(text(kind, data)) == shown


def test_equal_structures_have_one_key() -> None:
    one, two = Value(INT, 1), Value(INT, 2)
    assert structures.key_text(text(Kind.MAP, {"a": one, "b": two})) == structures.key_text(
        text(Kind.MAP, {"b": two, "a": one})
    )
    assert structures.key_text(text(Kind.BAG, ((one,), (two,)))) == structures.key_text(
        text(Kind.BAG, ((two,), (one,)))
    )
    assert structures.key_text(text(DATETIME, Instant(0, 60))) == structures.key_text(text(DATETIME, Instant(0, 0)))
    assert structures.key_text(text(INT, 1)) != structures.key_text(text(LONG, 1))
    assert structures.key_text(text(DOUBLE, 0.0)) != structures.key_text(text(DOUBLE, -0.0))
