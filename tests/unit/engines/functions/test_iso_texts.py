"""Dates that are texts, read as leniently as `SimpleDateFormat` does; every row was computed by Java."""

from __future__ import annotations

import pytest

from penstock.engines.functions import iso_texts


@pytest.mark.parametrize(
    ("text", "days"),
    [
        ("20210301", 0),
        ("2021 3 1", 0),
        ("2021 301", 0),
        ("2021  3 1", None),
        ("5705 213", 1345537),
        ("20210-3", -94),
        ("16000101", -153827),
        ("15821015", -160114),
        ("15821014", -160105),
        ("15820101", -160391),
        ("10000101", -372967),
        ("00010101", -737851),
        ("12345678901234", 78615408),
    ],
)
def test_a_day(text: str, days: int | None) -> None:
    assert iso_texts.days_between(text, "20210301") == days


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("14/Mar/2021:23:09:26 -0200", "2021-03-15"),
        ("1/MAY/2021:0:5:9 CET", "2021-04-30"),
        ("1/May/2021:00:05:00 est", "2021-05-01"),
        ("1/May/2021:00:05:00 EDTx", "2021-05-01"),
        ("1/May/2021:00:05:00 GMT+01:00", "2021-04-30"),
        ("1/May/2021:00:05:00 GMT-1:30", "2021-05-01"),
        ("1/May/2021:00:05:00 GMT+1", None),
        ("1/May/2021:00:05:00 GMT+0100", None),
        ("1/May/2021:00:05:00 +2400", None),
        ("1/May/2021:00:05:00 +0060", None),
        ("1/May/2021:00:05:00 Z", None),
        ("1/May/2021: 7: 9: 1 utc", "2021-05-01"),
        ("07/Mar/0:00:05:00 GMT", "0001-03-07"),
    ],
)
def test_the_day_of_a_log(text: str, day: str | None) -> None:
    assert iso_texts.day_of_log(text) == day
