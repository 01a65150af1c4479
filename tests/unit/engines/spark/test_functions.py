"""Shared functions over Arrow arrays as Spark's workers compute them, without a Spark."""

from __future__ import annotations

import pyarrow as pa

from penstock.engines.functions.rows import MAX_KNOWN
from penstock.engines.spark.errors import found_in
from penstock.engines.spark.functions import Vectorised

ZONE = pa.int32()


def test_a_value_or_an_error_or_neither() -> None:
    texts = ["1970-01-01T00:00:01Z", None, "no date", "1970-01-01T00:00:01Z", "no date"]
    found = Vectorised("parse_iso")(pa.array(texts), pa.array([0] * len(texts), ZONE)).to_pylist()
    assert [row["v"] for row in found] == [{"t": 1000, "o": 0}, None, None, {"t": 1000, "o": 0}, None]
    assert [row["e"] is None for row in found] == [True, True, False, True, False]
    error = found_in(found[2]["e"])
    assert error is not None
    assert (found[2] == found[4], error[1]) == (True, "ps_parse_iso")


def test_more_values_than_are_remembered() -> None:
    count = 2 * MAX_KNOWN + 10
    texts = [f"1970-01-01T00:00:00.{n % 1000:03d}Z" if n % 2 else f"{1000 + n}-01-01" for n in range(count)] * 2
    found = Vectorised("parse_iso")(pa.array(texts), pa.array([0] * len(texts), ZONE)).to_pylist()
    assert found[:count] == found[count:]
    assert [row["v"]["t"] for row in found[1:count:2]] == [n % 1000 for n in range(1, count, 2)]


def test_no_rows() -> None:
    assert len(Vectorised("parse_iso")(pa.array([], pa.string()), pa.array([], ZONE))) == 0
