"""Date patterns print and read as Joda-Time's do; each result was taken from Joda-Time 2.1 unless a comment says why not."""

from __future__ import annotations

import pytest

from penstock.engines.functions import joda, joda_reading
from penstock.errors import DataError

MOMENT = 1615730966535
"""2021-03-14T14:09:26.535Z"""


@pytest.mark.parametrize(
    ("pattern", "offset", "text"),
    [
        ("EEE d MMM, H:mm", 60, "Sun 14 Mar, 15:09"),
        ("G C Y x w e E y D M d a", 0, "AD 20 2021 2021 10 7 Sun 2021 73 3 14 PM"),
        ("K h H k m s S", 0, "2 2 14 14 9 26 5"),
        ("SSS SS SSSSS", 0, "535 53 53500"),
        ("Z ZZ ZZZ", 60, "+0100 +01:00 +01:00"),
        ("Z ZZ ZZZ", 0, "+0000 +00:00 UTC"),
        ("yy yyyyyy YY", 0, "21 002021 21"),
        ("MMMM EEEE", 0, "March Sunday"),
        ("'at' ''H''", 0, "at '14'"),
        ("yyyy-MM-01T1", 0, None),
        ("yyyy-MM-01", 0, "2021-03-01"),
        ("'open", 0, "open"),
        ("z", 0, "UTC"),
        ("zzzz", 0, "Coordinated Universal Time"),
        ("zzzz", 330, "+05:30"),
    ],
)
def test_printing(pattern: str, offset: int, text: str | None) -> None:
    if text is None:
        with pytest.raises(DataError, match="unknown letter"):
            joda.print_pattern(MOMENT, offset, pattern)
    else:
        assert joda.print_pattern(MOMENT, offset, pattern) == text


@pytest.mark.parametrize("pattern", ["b", "yyyy q", "", "'", "T"])
def test_what_is_no_pattern(pattern: str) -> None:
    with pytest.raises(DataError, match="date pattern"):
        joda.print_pattern(MOMENT, 0, pattern)


def read(text: str, pattern: str, zone: str = "Z") -> tuple[int, int] | None:
    return joda_reading.parse_pattern(text, pattern, zone, 2026)


@pytest.mark.parametrize(
    ("text", "pattern", "ms"),
    [
        ("2021-03-14", "yyyy-MM-dd", 1615680000000),
        ("2021-3-4", "yyyy-MM-dd", 1614816000000),
        ("04/03/2021", "d/M/yyyy", 1614816000000),
        ("20210314150926", "yyyyMMddHHmmss", 1615734566000),
        ("21-03-14", "yyyy-MM-dd", -61498224000000),
        ("31-Dec-45", "dd-MMM-yy", 2398291200000),
        ("31-Dec-46", "dd-MMM-yy", -725932800000),
        ("15:09", "HH:mm", 54540000),
        ("0009", "kkkk", 32400000),
        ("0002", "HHHH", 7200000),
        ("12:00 am", "hh:mm a", 0),
        ("12:30 PM", "hh:mm a", 45000000),
        ("24:30", "kk:mm", 1800000),
        ("15:09:26.535", "HH:mm:ss.SSS", 54566535),
        ("15:09:26.5", "HH:mm:ss.SSS", 54566500),
        ("15:09:26.535", "HH:mm:ss.S", None),
        ("2021-073", "yyyy-DDD", 1615680000000),
        ("2020-W53-7", "xxxx-'W'ww-e", 1609632000000),
        ("2021", "xxxx", 1609718400000),
        ("44 BC", "Y G", -63524131200000),
        ("44 BC", "y G", -60778684800000),
        ("20", "C", None),
        ("2021", "CCyy", 1609459200000),
        ("1921", "CCyy", 1609459200000),
        ("2021 CE", "YYYY G", 1609459200000),
        ("44 bce", "Y G", -63524131200000),
        ("+44 BC", "Y G", None),
        ("41", "Yw", -62041248000000),
        ("Sun, 14 MARCH 2021", "EEE, d MMM yyyy", 1615680000000),
        ("2021-03-14 ", "yyyy-MM-dd", None),
        ("2021-02-29", "yyyy-MM-dd", None),
        ("24:00", "HH:mm", None),
        ("13:00 PM", "hh:mm a", None),
        ("7", "MM", 15638400000),  # a missing year is that of 1970, Joda-Time's 2000
    ],
)
def test_reading(text: str, pattern: str, ms: int | None) -> None:
    found = read(text, pattern)
    assert (None if found is None else found[0]) == ms


@pytest.mark.parametrize(
    ("text", "pattern", "zone", "found"),
    [
        ("2021-03-14 15:00", "yyyy-MM-dd HH:mm", "+02:00", (1615726800000, 120)),
        ("2021-07-14 15:00", "yyyy-MM-dd HH:mm", "Europe/Paris", (1626267600000, 120)),
        ("2021-03-14 15:00 Z", "yyyy-MM-dd HH:mm Z", "+02:00", (1615734000000, 120)),
        ("2021-03-14 15:00 +0100", "yyyy-MM-dd HH:mm Z", "Z", (1615730400000, 0)),
        ("2021-03-14 15:00 +01:00", "yyyy-MM-dd HH:mm Z", "Z", (1615730400000, 0)),
        ("2021-07-14 15:00 Europe/Paris", "yyyy-MM-dd HH:mm ZZZ", "Z", (1626267600000, 120)),
        ("2021-03-28 02:30 Europe/Paris", "yyyy-MM-dd HH:mm ZZZ", "Z", None),
        ("2021-10-31 02:30 Europe/Paris", "yyyy-MM-dd HH:mm ZZZ", "Z", (1635640200000, 120)),
    ],
)
def test_an_offset_in_the_text_fixes_the_instant(
    text: str, pattern: str, zone: str, found: tuple[int, int] | None
) -> None:
    assert read(text, pattern, zone) == found
