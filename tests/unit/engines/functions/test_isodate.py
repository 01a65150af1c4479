"""ISO 8601 text and periods, as Joda-Time 2.1 reads them."""

from __future__ import annotations

import pytest

from penstock.engines.functions import isodate
from penstock.errors import DataError


@pytest.mark.parametrize(
    ("text", "ms", "offset"),
    [
        ("2021-03-14", 1615680000000, 0),
        ("2021", 1609459200000, 0),
        ("2021-3-4T5:6:7.8", 1614834367800, 0),
        ("2021-03-14T15:09+01:00", 1615730940000, 60),
        ("2021-03-14T15:09+0130", 1615729140000, 90),
        ("2021-03-14T15:09-08", 1615763340000, -480),
        ("2021-03-14t15:09z", 1615734540000, 0),
        ("2021-03-14T15.5", 1615735800000, 0),
        ("2021-03-14T15:09,5", 1615734570000, 0),
        ("2021-03-14T15:09:26.5359", 1615734566535, 0),
        ("2021-03-14T", 1615680000000, 0),
        ("2021-03-14T+01:00", 1615676400000, 60),
        ("2020-W53-7", 1609632000000, 0),
        ("2021-073", 1615680000000, 0),
        ("-0001-01-01", -62198755200000, 0),
        ("20210314", 637713741571200000, 0),
    ],
)
def test_iso_text(text: str, ms: int, offset: int) -> None:
    assert isodate.parse_iso(text, 0) == (ms, offset)


@pytest.mark.parametrize(
    "text",
    [
        "", " 2021", "2021-02-29", "2021-13-01", "2021-366", "2021-W53-1", "2021-03-14 15:09", "2021-03-14Z",
        "2021-03-14T24:00", "2021-03-14T23:59:60", "2021-03-14T15:09+1", "2021-03-14T15:09+24:00", "T15:09", "14.03.2021",
        "2021-03-14T15:09:26.", "2021-1-", "9999999999",
    ],
)  # fmt: skip
def test_other_text_fails(text: str) -> None:
    with pytest.raises(DataError, match="no ISO 8601 date-time"):
        isodate.parse_iso(text, 0)


def test_text_without_an_offset_takes_the_default() -> None:
    assert isodate.parse_iso("1970-01-01", 120) == (-7_200_000, 120)


@pytest.mark.parametrize(
    ("period", "parts"),
    [
        ("P1Y2M3W4DT5H6M7.5S", (1, 2, 25, 18367500)),
        ("pt36h", (0, 0, 0, 129600000)),
        ("P-1D", (0, 0, -1, 0)),
        ("P+1D", (0, 0, 1, 0)),
        ("PT-1.25S", (0, 0, 0, -1250)),
        ("PT+1.25S", (0, 0, 0, 1250)),
        ("PT.25S", (0, 0, 0, 250)),
        ("P-2147483648D", (0, 0, -2147483648, 0)),
        ("PT.5S", (0, 0, 0, 500)),
        ("PT5.S", (0, 0, 0, 5000)),
        ("PT1,5S", (0, 0, 0, 1500)),
        ("PT1.9999S", (0, 0, 0, 1999)),
        ("P", (0, 0, 0, 0)),
        ("PT-0.5S", (0, 0, 0, -500)),  # Joda-Time loses the sign of the zero
    ],
)
def test_periods(period: str, parts: tuple[int, int, int, int]) -> None:
    assert isodate.parse_period(period) == parts


@pytest.mark.parametrize(
    "period",
    ["", "PT", "P1DT", "-P1D", "P1.5D", "PT1.5H", "P1D1M", "P1H", "PT1D", "P1", "1D", "P1D ", "PT.S", "PTS",
     "PT-.5S", "P2147483648D"],
)  # fmt: skip
def test_other_periods_fail(period: str) -> None:
    with pytest.raises(DataError, match="no ISO 8601 period"):
        isodate.parse_period(period)


@pytest.mark.parametrize(
    ("start", "period", "sign", "end"),
    [
        ("2021-01-31", "P1M", 1, "2021-02-28T00:00:00.000Z"),
        ("2020-02-29", "P1Y", 1, "2021-02-28T00:00:00.000Z"),
        ("2021-03-31", "P1M", -1, "2021-02-28T00:00:00.000Z"),
        ("2021-03-31T01:00+02:00", "P1MT1H", -1, "2021-02-28T00:00:00.000+02:00"),
        ("2021-01-31", "P1M1D", 1, "2021-03-01T00:00:00.000Z"),
    ],
)
def test_adding_is_calendar_arithmetic(start: str, period: str, sign: int, end: str) -> None:
    assert isodate.print_iso(*isodate.add_period(*isodate.parse_iso(start, 0), period, sign)) == end
