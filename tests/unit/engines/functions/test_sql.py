"""Values of databases as texts and as date-times."""

from __future__ import annotations

import pytest

from penstock.engines.functions import isodate, sql
from penstock.errors import DataError
from penstock.plan.ports import Ask, Cell, CellKind


def asking(kind: CellKind, text: str) -> Ask:
    return lambda key, statement: Cell(kind, text, "its type")


@pytest.mark.parametrize(
    ("kind", "given", "text"),
    [
        (CellKind.TEXT, " a\n", " a\n"),
        (CellKind.WHOLE, "-7", "-7"),
        (CellKind.DECIMAL, "10.50", "10.50"),
        (CellKind.DOUBLE, "1", "1.0"),
        (CellKind.DOUBLE, "10000000000", "1.0E10"),
        (CellKind.DOUBLE, "1e-07", "1.0E-7"),
        (CellKind.DOUBLE, "NaN", "NaN"),
        (CellKind.DOUBLE, "-Infinity", "-Infinity"),
        (CellKind.FLOAT, "0.1", "0.1"),
        (CellKind.FLOAT, "16777216", "1.6777216E7"),
        (CellKind.BOOLEAN, "true", "true"),
        (CellKind.DATE, "2024-05-06", "2024-05-06"),
        (CellKind.TIMESTAMP, "2024-05-06 07:08:09.123456", "2024-05-06 07:08:09.123456"),
        (CellKind.INSTANT, "2024-05-06 07:08:09+00", "2024-05-06 07:08:09+00"),
        (CellKind.OTHER, "{1,2}", "{1,2}"),
    ],
)
def test_texts(kind: CellKind, given: str, text: str) -> None:
    assert sql.text(asking(kind, given), "PG", "SELECT 1") == text


@pytest.mark.parametrize(
    ("kind", "given", "zone", "moment"),
    [
        (CellKind.DATE, "2024-05-06", 0, "2024-05-06T00:00:00.000Z"),
        (CellKind.DATE, "2024-05-06", 120, "2024-05-06T00:00:00.000+02:00"),
        (CellKind.TIMESTAMP, "2024-05-06 07:08:09", 0, "2024-05-06T07:08:09.000Z"),
        (CellKind.TIMESTAMP, "2024-05-06 07:08:09.123999", 0, "2024-05-06T07:08:09.123Z"),
        (CellKind.TIMESTAMP, "2024-05-06 07:08:09.5", -330, "2024-05-06T07:08:09.500-05:30"),
        (CellKind.TIMESTAMP, "1969-12-31 23:59:59.9999", 0, "1969-12-31T23:59:59.999Z"),
        (CellKind.TIMESTAMP, "12024-05-06 07:08:09", 0, "12024-05-06T07:08:09.000Z"),
        (CellKind.INSTANT, "2024-05-06 07:08:09.25+00", 0, "2024-05-06T07:08:09.250Z"),
        (CellKind.INSTANT, "2024-05-06 07:08:09+00", 120, "2024-05-06T09:08:09.000+02:00"),
        (CellKind.INSTANT, "2024-05-06 07:08:09", 120, "2024-05-06T09:08:09.000+02:00"),
        (CellKind.TEXT, "2024-05-06", 60, "2024-05-06T00:00:00.000+01:00"),
        (CellKind.TEXT, "2024-05-06T07:08:09-03:00", 60, "2024-05-06T07:08:09.000-03:00"),
    ],
)
def test_moments(kind: CellKind, given: str, zone: int, moment: str) -> None:
    found = sql.moment(asking(kind, given), "PG", "SELECT 1", zone)
    assert found is not None
    assert isodate.print_iso(*found) == moment


@pytest.mark.parametrize(
    ("kind", "given", "says"),
    [
        (CellKind.WHOLE, "7", "a value of type its type, which is no date-time"),
        (CellKind.BOOLEAN, "true", "no date-time"),
        (CellKind.OTHER, "07:08:09", "no date-time"),
        (CellKind.TEXT, "2024-05-06 07:08:09", "no ISO 8601 date-time"),
        (CellKind.TEXT, "", "no ISO 8601 date-time"),
        (CellKind.TIMESTAMP, "infinity", "'infinity', which no date-time can be"),
        (CellKind.TIMESTAMP, "0000-00-00 00:00:00", "which no date-time can be"),
        (CellKind.INSTANT, "0044-03-15 00:00:00+00 BC", "which no date-time can be"),
        (CellKind.DATE, "0000-00-00", "which no date-time can be"),
    ],
)
def test_what_is_no_moment(kind: CellKind, given: str, says: str) -> None:
    with pytest.raises(DataError, match=says):
        sql.moment(asking(kind, given), "PG", "SELECT 1", 0)


def test_null_is_null() -> None:
    assert sql.text(lambda key, statement: None, "PG", "SELECT 1") is None
    assert sql.moment(lambda key, statement: None, "PG", "SELECT 1", 0) is None
