"""`_STRICT_PIG_ERRORS`: functions fail where the old engine's did, and give null everywhere else."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from penstock.errors import DataError

DAY = "ToDate('2021-03-14')"


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("EqualsIgnoreCase(null, 'a')", "EqualsIgnoreCase"),
        ("EqualsIgnoreCase('a', null)", "EqualsIgnoreCase"),
        ("STRSPLIT('a', '-', null)", "STRSPLIT"),
        ("TOKENIZE('a', null)", "TOKENIZE"),
        ("REGEX_EXTRACT('a', null, 0)", "REGEX_EXTRACT"),
        ("REGEX_EXTRACT('a', 'a', null)", "REGEX_EXTRACT"),
        ("REGEX_EXTRACT_ALL('a', null)", "REGEX_EXTRACT_ALL"),
        ("ToDate('2021', null)", "ToDate"),
        ("ToDate('2021', null, 'UTC')", "ToDate"),
        (f"ToString({DAY}, null)", "ToString"),
        ("AddDuration(null, 'P1D')", "AddDuration"),
        ("SubtractDuration(null, 'P1D')", "SubtractDuration"),
        (f"YearsBetween({DAY}, null)", "YearsBetween"),
        (f"MonthsBetween(null, {DAY})", "MonthsBetween"),
        (f"DaysBetween(null, {DAY})", "DaysBetween"),
        (f"MilliSecondsBetween({DAY}, null)", "MilliSecondsBetween"),
        ("ABS((int)null)", "ABS"),
        ("ABS((long)null)", "ABS"),
        ("ABS((float)null)", "ABS"),
        ("ROUND((double)null)", "ROUND"),
        ("ROUND((int)null)", "ROUND"),
        ("SUM(['a'#null]#'a')", "SUM"),
        ("COUNT_STAR(['a'#null]#'a')", "COUNT_STAR"),
        ("5 % 0", "%"),
        ("5L % 0L", "%"),
    ],
)
def test_null_fails_where_it_did(text: str, name: str, plain: Callable[..., object]) -> None:
    assert plain(text) is None
    with pytest.raises(DataError, match=rf"^{name} ") as caught:
        plain(text, strict=True)
    assert "_STRICT_PIG_ERRORS" in caught.value.message


@pytest.mark.parametrize(
    "text",
    [
        "UPPER(null)", "STRSPLIT(null, '-')", "STRSPLIT('a', null)", "TOKENIZE(null, null)",
        "REGEX_EXTRACT(null, null, null)", "1/0",
        "REGEX_EXTRACT_ALL(null, null)", "ToDate(null, null)", "ToString(null, null)", "ABS((double)null)",
        "COUNT(['a'#null]#'a')",
        "ISOAddDuration(null, 'P1D')", "null % 0", "5 % (int)null", "GetYear(null)",
        "COR(['a'#null]#'a', ['a'#null]#'a')",
        "CASE WHEN 1 == 2 THEN ABS((int)null) ELSE null END",
    ],
)  # fmt: skip
def test_null_stays_null_where_it_did(text: str, plain: Callable[..., object]) -> None:
    assert plain(text, strict=True) is None


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("EqualsIgnoreCase('a', 'A')", True), ("ABS(-5)", 5), ("ROUND(2.5)", 3), ("7 % 4", 3),
        ("REGEX_EXTRACT('a1', '\\\\d', 0)", "1"),
        (f"DaysBetween({DAY}, {DAY})", 0), (f"(chararray)AddDuration({DAY}, null)", "2021-03-14T00:00:00.000Z"),
        (f"(chararray)AddDuration({DAY}, 'P1D')", "2021-03-15T00:00:00.000Z"), ("SUM(TOBAG(1, 2))", 3),
    ],
)  # fmt: skip
def test_other_values_are_as_ever(text: str, wanted: object, plain: Callable[..., object]) -> None:
    assert plain(text, strict=True) == wanted


def test_a_named_zone_is_fixed_at_its_offset_of_the_day_the_job_was_submitted(plain: Callable[..., object]) -> None:
    text = "ToString(ToDate('14.07.2021', 'dd.MM.yyyy', 'Europe/Paris'))"
    assert plain(text) == "2021-07-14T00:00:00.000+02:00"
    assert plain(text, strict=True) == "2021-07-14T00:00:00.000+01:00"
    assert plain("ToString(ToDate('2021', 'yyyy', null))", strict=True) == "2021-01-01T00:00:00.000Z"
