"""Doubles and floats as Java 8 to 18 prints them; each text was printed by `Double.toString` or `Float.toString`."""

from __future__ import annotations

import math
import struct
from collections.abc import Callable

import pytest

from penstock.kit.decimals import double_to_text, float_to_text


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (0.0, "0.0"),
        (-0.0, "-0.0"),
        (1.0, "1.0"),
        (0.1 + 0.2, "0.30000000000000004"),
        (0.001, "0.001"),
        (0.00099999, "9.9999E-4"),
        (9999999.999, "9999999.999"),
        (1e7, "1.0E7"),
        (123456789.0, "1.23456789E8"),
        (2e23, "1.9999999999999998E23"),
        (1e23, "9.999999999999999E22"),
        (5e-324, "4.9E-324"),
        (2.0**-44, "5.6843418860808015E-14"),
        (9007199254740993.0, "9.007199254740992E15"),
        (-7.637009951314895e18, "-7.6370099513148948E18"),
        (5.502090845511118e17, "5.5020908455111181E17"),
        (4.77e21, "4.769999999999999E21"),
        (5.1597796191484616e25, "5.1597796191484616E25"),
        (-2.6369289921722014e25, "-2.6369289921722013E25"),
        (1.7976931348623157e308, "1.7976931348623157E308"),
        (2.2250738585072014e-308, "2.2250738585072014E-308"),
        (math.inf, "Infinity"),
        (-math.inf, "-Infinity"),
        (math.nan, "NaN"),
    ],
)
def test_a_double_prints_as_java_prints_it(number: float, text: str) -> None:
    assert double_to_text(number) == text


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (0.1, "0.1"),
        (348910.125, "348910.12"),
        (18619.6875, "18619.688"),
        (3553793.25, "3553793.2"),
        (16777216.0, "1.6777216E7"),
        (33554432.0, "3.3554432E7"),
        (2147483648.0, "2.14748365E9"),
        (74384211443712.0, "7.4384211E13"),
        (1.4e-45, "1.4E-45"),
        (1.17549435e-38, "1.17549435E-38"),
        (3.4028234663852886e38, "3.4028235E38"),
        (0.04435167461633682, "0.044351675"),
        (9.671406556917033e24, "9.6714065E24"),
        (-math.inf, "-Infinity"),
        (math.nan, "NaN"),
    ],
)
def test_a_float_prints_as_java_prints_it(number: float, text: str) -> None:
    single = struct.unpack("f", struct.pack("f", number))[0]
    assert float_to_text(single) == text


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("(chararray)348910.125F", "348910.12"),
        ("(chararray)74384211443712.0F", "7.4384211E13"),
        ("(chararray)4.77E21", "4.769999999999999E21"),
        ("(chararray)(0.1F + 0.2F)", "0.3"),
        ("(chararray)1.1F", "1.1"),
    ],
)
def test_a_cast_to_text_prints_so_too(text: str, wanted: str, plain: Callable[..., object]) -> None:
    assert plain(text) == wanted
