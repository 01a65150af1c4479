"""Zones by offset and by name, and what only looks like one."""

from __future__ import annotations

import pytest

from penstock.engines.functions import calendar


@pytest.mark.parametrize(
    ("zone", "minutes"),
    [
        ("Z", 0), ("UTC", 0), ("+02", 120), ("+0530", 330), ("-00:30", -30), ("+23:59", 1439), ("EST", -300),
        ("Etc/GMT+5", -300), ("America/New_York", -240), ("Europe/Paris", 60),
    ],
)  # fmt: skip
def test_the_offset_of_a_zone_at_an_instant(zone: str, minutes: int) -> None:
    assert calendar.offset_at(zone, 1615730966535) == minutes


@pytest.mark.parametrize(
    "zone",
    ["", "+2", "+24:00", "utc", "america/new_york", "GMT+1", "PST", "Europe", "../Europe/Paris", "localtime", "posixrules",
     "right/Europe/Paris", "posix/Europe/Paris", "Factory", "tzdata.zi", " UTC"],
)  # fmt: skip
def test_what_is_no_zone(zone: str) -> None:
    with pytest.raises(ValueError, match=r".*"):
        calendar.offset_at(zone, 0)


@pytest.mark.parametrize(
    ("zone", "date", "minutes"),
    [
        ("America/New_York", (1880, 1, 1), -296),
        ("Asia/Tokyo", (1880, 1, 1), 558),
        ("America/New_York", (-4000, 7, 1), -296),
        ("Europe/Paris", (0, 1, 1), 9),
        ("Europe/Paris", (12021, 1, 1), 60),
        ("Europe/Paris", (12021, 7, 1), 120),
        ("Australia/Sydney", (9999, 12, 31), 660),
    ],
)
def test_the_offset_of_a_zone_in_far_years(zone: str, date: tuple[int, int, int], minutes: int) -> None:
    """As Joda-Time has them; offsets with seconds are cut to minutes toward zero."""
    assert calendar.offset_at(zone, calendar.days_of(*date) * calendar.DAY_MS) == minutes


@pytest.mark.parametrize(
    ("zone", "local", "ms", "minutes", "is_there"),
    [
        ("America/New_York", (1880, 1, 1, 0), -2840123038000, -296, True),
        ("Europe/Paris", (1911, 3, 10, 0), -1856045361000, 9, True),
        ("Europe/Paris", (12021, 7, 1, 12), 317194653600000, 120, True),
        ("Europe/Paris", (2021, 3, 28, 2), 1616893200000, 60, False),
        ("Europe/Paris", (2021, 10, 31, 2), 1635638400000, 120, True),
        ("+01:30", (2021, 3, 28, 2), 1616891400000, 90, True),
    ],
)
def test_the_instant_of_a_local_time(
    zone: str, local: tuple[int, int, int, int], ms: int, minutes: int, is_there: bool
) -> None:
    year, month, day, hour = local
    local_ms = calendar.days_of(year, month, day) * calendar.DAY_MS + hour * 3_600_000
    assert calendar.instant_of(zone, local_ms) == (ms, minutes, is_there)
