"""The rows of a sheet land as lines of JSON, some thousand at a time."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import IO, Any

from penstock.connectors.web.json_texts import Texts
from penstock.connectors.web.sheets.book import Book, Sheet, cells
from penstock.errors import PermanentError
from penstock.plan.cells import Area, area_of
from penstock.plan.dtypes import DType, Kind
from penstock.plan.ports import FileEntry, Landing
from penstock.plan.systems import SheetSource

ROWS = 5000
"""Rows of one request."""
_ZERO = datetime(1899, 12, 30)
"""Day 0 of Google Sheets."""
_LAST_DAY = 2_958_465
"""The last day of the year 9999."""

Row = list[Any]


def instant(serial: float) -> str | None:
    """Return the date and time of a number of days as ISO text without an offset, None outside the years 1-9999.

    >>> instant(45292.5), instant(1e9)
    ('2024-01-01T12:00:00.000', None)
    """
    if not math.isfinite(serial) or not -693_593 <= serial <= _LAST_DAY + 1:
        return None
    try:
        made = _ZERO + timedelta(milliseconds=round(serial * 86_400_000))
    except OverflowError:
        return None
    return made.isoformat(timespec="milliseconds")


class Reader:
    """Reads the rows of one source. *fields* are names and types."""

    def __init__(self, book: Book, origin: SheetSource, fields: Sequence[tuple[str, DType]], landing: Landing) -> None:
        self._book = book
        self._origin = origin
        self._fields = fields
        self._landing = landing
        self._has_dates = any(dtype.kind is Kind.DATETIME for _, dtype in fields)

    def read(self) -> FileEntry:
        """Return the file with the rows. Raises PenstockError."""
        sheet = self._book.get(self._origin.sheet)
        file = self._landing.folder / "rows.json"
        with file.open("w", encoding="utf-8", newline="") as lines:
            self._lines(sheet, lines)
        return FileEntry(str(file), sheet.title, file.stat().st_size)

    def _lines(self, sheet: Sheet, lines: IO[str]) -> None:
        count = 0
        names: list[tuple[str, int]] | None = None
        for row, dates, texts in self._rows(sheet):
            if names is None:
                names = self._places(row if self._origin.skip_header else None)
                if self._origin.skip_header:
                    continue
            if self._landing.size is not None and count >= self._landing.size:
                break
            lines.write(self._line(row, dates, names, texts) + "\n")
            count += 1
            if count % ROWS == 0:
                self._landing.arrived(count, "rows")

    def _places(self, header: Row | None) -> list[tuple[str, int]]:
        """Return the columns of the fields. Raises PermanentError for a name that the first row does not have."""
        names = [name for name, _ in self._fields]
        if self._origin.match_fields == "position":
            return [(name, index) for index, name in enumerate(names)]
        known = ["" if one is None else str(getattr(one, "text", one)).strip() for one in header or ()]
        for name in names:
            if known.count(name) != 1:
                there = ", ".join(f"'{one}'" for one in known if one) or "none"
                how = "no column" if name not in known else "more than one column"
                raise PermanentError(f"The first row names {how} '{name}'. It names: {there}.")
        return [(name, known.index(name)) for name in names]

    def _line(self, row: Row, dates: Row, places: Sequence[tuple[str, int]], texts: Texts) -> str:
        record = {}
        for (name, at), (_, dtype) in zip(places, self._fields, strict=True):
            value = row[at] if at < len(row) else None
            if dtype.kind is Kind.DATETIME:
                serial = dates[at] if at < len(dates) else None
                if isinstance(serial, int | float) and not isinstance(serial, bool):
                    value = instant(float(serial)) or value
            record[name] = None if value == "" else value
        return texts.write(record)

    def _rows(self, sheet: Sheet) -> Iterator[tuple[Row, Row, Texts]]:
        """Yield rows, and the same with dates as numbers where a field is one. Empty ones at the end are none."""
        area = (area_of(self._origin.range) if self._origin.range is not None else None) or Area()
        last = min(sheet.rows - 1, sheet.rows - 1 if area.bottom is None else area.bottom)
        right = min(sheet.columns - 1, sheet.columns - 1 if area.right is None else area.right)
        if area.top > last or area.left > right:
            return
        wanted = ROWS if self._landing.size is None else min(ROWS, self._landing.size + 1)
        empty = 0
        for top in range(area.top, last + 1, wanted):
            named = cells(sheet, top, area.left, min(top + wanted - 1, last), right)
            found, texts = self._book.values(named, "FORMATTED_STRING")
            dates = self._book.values(named, "SERIAL_NUMBER")[0] if self._has_dates else []
            for index, row in enumerate(found):
                if all(one in ("", None) for one in row):
                    empty += 1
                    continue
                yield from (([], [], texts) for _ in range(empty))
                empty = 0
                yield row, dates[index] if index < len(dates) else [], texts
            empty += min(top + wanted - 1, last) - top + 1 - len(found)
