"""Instants in and out."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from penstock.api.dates import read_instant, to_wire
from penstock.errors import InvalidFields


def test_going_out_they_are_utc_without_fraction() -> None:
    assert to_wire(datetime(2026, 1, 1, 2, 0, 0, 999, tzinfo=timezone(timedelta(hours=3)))) == "2025-12-31T23:00:00Z"
    assert to_wire(datetime(2026, 1, 1, tzinfo=UTC)) == "2026-01-01T00:00:00Z"
    assert to_wire(None) is None


@pytest.mark.parametrize(
    "text",
    [
        "2026-01-01T10:00:00Z",
        "2026-01-01T10:00:00",
        "2026-01-01T13:00:00+03:00",
        "2026-01-01T13:00:00 03:00",
        "2026-01-01T10:00:00.000Z",
        "2026-01-01 10:00:00",
        " 2026-01-01T05:00:00-05:00 ",
    ],
)
def test_spellings_coming_in(text: str) -> None:
    assert read_instant(text, "since") == datetime(2026, 1, 1, 10, tzinfo=UTC)


def test_a_bare_date_is_its_first_instant() -> None:
    assert read_instant("2026-01-01", "since") == datetime(2026, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize("text", ["", "yesterday", "2026-13-01", "0001-01-01T00:00:00+14:00", "12", "2026-01-01T25:00"])
def test_anything_else_names_the_field(text: str) -> None:
    with pytest.raises(InvalidFields, match="since is not a date"):
        read_instant(text, "since")
