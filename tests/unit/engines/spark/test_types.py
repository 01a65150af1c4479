"""Values on their way to Spark."""

from __future__ import annotations

import pytest

from penstock.engines.spark.types import to_raw, to_value
from penstock.plan import dtypes
from penstock.plan.dtypes import DType, Kind
from penstock.plan.values import Instant, Value


@pytest.mark.parametrize(
    "value",
    [
        None,
        Value(Kind.BOOLEAN, True),
        Value(Kind.LONG, 7),
        Value(Kind.CHARARRAY, "x"),
        Value(Kind.DATETIME, Instant(0, 60)),
        Value(Kind.BYTEARRAY, b"\xff"),
        Value(Kind.MAP, {"k": None}),
    ],
)
def test_a_field_without_a_type_holds_any_kind(value: Value | None) -> None:
    assert to_value(to_raw(value, dtypes.BYTEARRAY), dtypes.BYTEARRAY) == value


def test_a_field_of_a_type_holds_its_values() -> None:
    assert to_raw(Value(Kind.LONG, 7), DType(Kind.LONG)) == 7
