"""Text to numbers as `Integer.parseInt`, `Long.parseLong`, `Double.parseDouble` and `Float.parseFloat` read it, in the order
in which the old engine asked them; every row was computed by Java."""

from __future__ import annotations

import math

import pytest

from penstock.engines.functions import casts


@pytest.mark.parametrize(
    ("text", "as_int", "as_long", "as_double", "as_float"),
    [
        ("12", 12, 12, 12.0, 12.0),
        ("+5", 5, 5, 5.0, 5.0),
        ("-0", 0, 0, -0.0, -0.0),
        ("007", 7, 7, 7.0, 7.0),
        ("12.9", 12, 12, 12.9, 12.899999618530273),
        ("-12.9", -12, -12, -12.9, -12.899999618530273),
        ("2e2", 200, 200, 200.0, 200.0),
        (" 12 ", 12, 12, 12.0, 12.0),
        ("\t12\n", 12, 12, 12.0, 12.0),
        ("12d", 12, 12, 12.0, 12.0),
        ("12F", 12, 12, 12.0, 12.0),
        ("12L", None, None, None, None),
        ("", None, None, None, None),
        ("-", None, None, None, None),
        ("--1", None, None, None, None),
        ("1,5", None, None, None, None),
        ("1_000", None, None, None, None),
        ("0x10", None, None, None, None),
        ("0x1p3", 8, 8, 8.0, 8.0),
        ("0x1.8p1d", 3, 3, 3.0, 3.0),
        ("0x.p1", None, None, None, None),
        ("1.", 1, 1, 1.0, 1.0),
        (".5", 0, 0, 0.5, 0.5),
        (".", None, None, None, None),
        ("1e", None, None, None, None),
        ("1e+", None, None, None, None),
        ("NaN", 0, 0, math.nan, math.nan),
        ("+NaN", 0, 0, math.nan, math.nan),
        ("-Infinity", -2147483648, -9223372036854775808, -math.inf, -math.inf),
        ("Infinity", None, None, math.inf, math.inf),
        ("infinity", None, None, None, None),
        ("2147483647", 2147483647, 2147483647, 2147483647.0, 2147483648.0),
        ("2147483648", 2147483647, 2147483648, 2147483648.0, 2147483648.0),
        ("2147483648.5", None, 2147483648, 2147483648.5, 2147483648.0),
        ("2147483649", None, 2147483649, 2147483649.0, 2147483648.0),
        ("-2147483648", -2147483648, -2147483648, -2147483648.0, -2147483648.0),
        ("-2147483649", -2147483648, -2147483649, -2147483649.0, -2147483648.0),
        ("-9e99", -2147483648, -9223372036854775808, -9e99, -math.inf),
        ("9e99", None, None, 9e99, math.inf),
        ("9223372036854775807", None, 9223372036854775807, 9.223372036854776e18, 9.223372036854776e18),
        ("9223372036854775808", None, 9223372036854775807, 9.223372036854776e18, 9.223372036854776e18),
        ("9223372036854775809", None, 9223372036854775807, 9.223372036854776e18, 9.223372036854776e18),
        ("1e19", None, None, 1e19, 9.999999980506448e18),
        ("-1e19", -2147483648, -9223372036854775808, -1e19, -9.999999980506448e18),
        ("\u0663", 3, 3, None, None),
        ("\uff11\uff12", 12, 12, None, None),
        ("\U0001d7cf", None, None, None, None),
        ("16777217.0000000001", 16777217, 16777217, 16777217.0, 16777218.0),
        ("1.00000017881393432617187499", 1, 1, 1.0000001788139343, 1.0000001192092896),
        ("1.00000017881393432617187500", 1, 1, 1.0000001788139343, 1.000000238418579),
        ("3.4028235677973366e38", None, None, 3.4028235677973366e38, 3.4028234663852886e38),
        ("3.4028234663852886E38f", None, None, 3.4028234663852886e38, 3.4028234663852886e38),
        ("7.006492321624085e-46", 0, 0, 7.006492321624085e-46, 0.0),
        ("7.006492321624086e-46", 0, 0, 7.006492321624085e-46, 1.401298464324817e-45),
        ("4.9e-324", 0, 0, 5e-324, 0.0),
        ("2.4703282292062328e-324", 0, 0, 5e-324, 0.0),
        ("1e400", None, None, math.inf, math.inf),
        ("1e-400", 0, 0, 0.0, 0.0),
        ("true", None, None, None, None),
        ("0x1.00000100000000001p0", 1, 1, 1.0000000596046448, 1.0000001192092896),
        ("-0x1.000003p0f", -1, -1, -1.0000001788139343, -1.000000238418579),
        ("0x1.fffffeffffffffp127", None, None, 3.4028235677973366e38, 3.4028234663852886e38),
    ],
)
def test_text_to_numbers(
    text: str, as_int: int | None, as_long: int | None, as_double: float | None, as_float: float | None
) -> None:
    assert casts.text_to_int(text) == as_int
    assert casts.text_to_long(text) == as_long
    assert repr(casts.parse_double(text)) == repr(as_double)
    assert repr(casts.parse_float(text)) == repr(as_float)


@pytest.mark.parametrize(
    ("text", "as_int", "as_long"),
    [("5", 5, 5), ("+5", 5, 5), ("-5", -5, -5), ("2147483648", None, 2147483648), ("5.0", None, None), (" 5", None, None),
     ("", None, None), ("-", None, None), ("\u0663", 3, 3), ("9" * 500, None, None)],
)  # fmt: skip
def test_strict_text_to_numbers(text: str, as_int: int | None, as_long: int | None) -> None:
    assert (casts.strict_int(text), casts.strict_long(text)) == (as_int, as_long)


@pytest.mark.parametrize(
    ("number", "as_int", "as_long", "rounded"),
    [
        (2.9, 2, 2, 3), (-2.9, -2, -2, -3), (2.5, 2, 2, 3), (-2.5, -2, -2, -2), (math.nan, 0, 0, 0),
        (math.inf, 2**31 - 1, 2**63 - 1, 2**63 - 1),
        (-math.inf, -(2**31), -(2**63), -(2**63)), (3e10, 2**31 - 1, 30000000000, 30000000000), (-0.0, 0, 0, 0),
        (0.49999999999999994, 0, 0, 0), (9.3e18, 2**31 - 1, 2**63 - 1, 2**63 - 1),
        (4503599627370498.0, 2**31 - 1, 4503599627370498, 4503599627370498),
    ],
)  # fmt: skip
def test_doubles_to_whole_numbers(number: float, as_int: int, as_long: int, rounded: int) -> None:
    assert casts.double_to_int(number) == as_int
    assert casts.double_to_long(number) == as_long
    assert casts.round_to_long(number) == rounded


def test_words_for_booleans() -> None:
    assert [casts.text_to_boolean(word) for word in ("true", "TRUE", "False", "yes", "", " true", "1", "FAL\u017fe")] == [
        True, True, False, None, None, None, None, False,
    ]  # fmt: skip
