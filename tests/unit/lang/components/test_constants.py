"""JSON values as constants of a field's type."""

from __future__ import annotations

from typing import Any

import pytest

from penstock.lang.components.constants import constant
from penstock.plan import dtypes
from penstock.plan.dtypes import DType
from penstock.plan.exprs import Literal
from penstock.plan.values import Instant, Value


@pytest.mark.parametrize(
    ("raw", "dtype", "data"),
    [
        (3, dtypes.INT, 3),
        (3.0, dtypes.INT, 3),
        (-(2**31), dtypes.INT, -(2**31)),
        (2**63 - 1, dtypes.LONG, 2**63 - 1),
        (3, dtypes.DOUBLE, 3.0),
        (0.1, dtypes.FLOAT, 0.10000000149011612),
        (False, dtypes.BOOLEAN, False),
        ("", dtypes.CHARARRAY, ""),
        ("2026-01-02", dtypes.DATETIME, Instant(1767312000000, 0)),
        ("2026-01-02T03:04:05.678Z", dtypes.DATETIME, Instant(1767323045678, 0)),
        ("2026-01-02T03:04+01:30", dtypes.DATETIME, Instant(1767317640000, 90)),
        ("1969-12-31T23:59:59.999-00:30", dtypes.DATETIME, Instant(1799999, -30)),
    ],
)
def test_a_value_of_the_type(raw: Any, dtype: DType, data: Any) -> None:
    assert constant(raw, dtype) == Literal(Value(dtype.kind, data), dtype)


@pytest.mark.parametrize(
    ("raw", "dtype"),
    [
        (2**31, dtypes.INT), (2.5, dtypes.INT), (True, dtypes.INT), ("3", dtypes.INT), (-(2**63) - 1, dtypes.LONG),
        (1e300, dtypes.LONG), (10**400, dtypes.DOUBLE), (10**400, dtypes.FLOAT), (True, dtypes.DOUBLE), (0, dtypes.BOOLEAN),
        (5, dtypes.CHARARRAY), ("2026-02-30", dtypes.DATETIME), ("yesterday", dtypes.DATETIME), (5, dtypes.DATETIME),
        ("2026-01-02T03:04:05+25:00", dtypes.DATETIME), ("x", dtypes.MAP), ("x", dtypes.BYTEARRAY),
    ],
)  # fmt: skip
def test_no_value_of_the_type(raw: Any, dtype: DType) -> None:
    assert constant(raw, dtype) is None


def test_null_is_a_value_of_every_type() -> None:
    assert constant(None, dtypes.BAG) == Literal(None, dtypes.BAG)
