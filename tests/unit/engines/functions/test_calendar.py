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
