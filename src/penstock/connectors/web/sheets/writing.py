"""Records become rows of a sheet: appended, or in place of what is there; each request is noted once it is answered."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from itertools import islice
from urllib.parse import quote

from penstock.connectors.web import waiting
from penstock.connectors.web.asking import Got
from penstock.connectors.web.json_texts import Texts
from penstock.connectors.web.requests_of import lines_of
from penstock.connectors.web.sending import NOTES, Notes
from penstock.connectors.web.sheets.book import Book, Sheet, cells, rows_text
from penstock.errors import PenstockError, PermanentError
from penstock.plan.cells import Area, area_of
from penstock.plan.ports import Publication, Staged, Written
from penstock.plan.systems import SheetTarget

ROWS = 1000
"""Rows of one request."""
LOOKED_AT = 5000
"""Rows of which one request asks whether they are empty."""
LONGEST_CELL = 50_000
"""Characters that a cell holds."""
Row = list[str]


class Writer:
    """Writes the rows of one output."""

    def __init__(self, book: Book, target: SheetTarget, staged: Staged) -> None:
        self._book = book
        self._target = target
        self._staged = staged
        self._notes = Notes(staged.folder / NOTES)
        self._is_once = True
        area = area_of(target.range) or Area()
        self._top, self._left = area.top, area.left

    def write(self, written: Written) -> Publication:
        """Write what was not written yet. Raises PenstockError that says how far it came."""
        if not self._staged.folder.is_dir():
            raise PermanentError("What was staged is gone, so it is not known what of it was written.")
        try:
            self._notes.open()
            try:
                sheet = self._sheet()
                if self._target.operation == "overwrite":
                    self._overwrite(sheet, written)
                else:
                    self._append(sheet, written)
            finally:
                self._notes.close()
        except OSError as error:
            raise PermanentError(f"What is written cannot be noted: {error.strerror}.") from error
        return Publication((f"{self._target.spreadsheet}/{sheet.title}",), self._is_once)

    def _sheet(self) -> Sheet:
        title = self._target.sheet
        found = self._book.find(title)
        if found is None and title is not None and self._target.auto_create_sheet:
            asked = {"requests": [{"addSheet": {"properties": {"title": title}}}]}
            try:
                self._book.said("POST", ":batchUpdate", body=asked)
            except PermanentError:
                # Where the answer to a first request was lost the sheet is there now.
                if self._book.find(title) is None:
                    raise
            self._staged.log("info", f"the sheet '{title}' was made")
        return found or self._book.get(title)

    # --- overwrite: done again, it gives the same

    def _overwrite(self, sheet: Sheet, written: Written) -> None:
        rows = written.records + self._target.header
        self._book.said("POST", f"/values/{quote(_whole(sheet), safe='')}:clear", body={})
        self._grow(sheet, self._top + rows, self._left + len(self._target.columns))
        at = self._top
        for batch in self._batches(written, with_header=self._target.header):
            right = self._left + len(self._target.columns) - 1
            named = cells(sheet, at, self._left, at + len(batch) - 1, right)
            self._send(
                "PUT", f"/values/{quote(named, safe='')}", {"valueInputOption": "RAW"}, named, batch, at - self._top
            )
            at += len(batch)

    def _grow(self, sheet: Sheet, rows: int, columns: int) -> None:
        """Give a sheet the rows and columns that it lacks."""
        lacking = [("ROWS", rows - sheet.rows), ("COLUMNS", columns - sheet.columns)]
        asked = [
            {"appendDimension": {"sheetId": sheet.id, "dimension": dimension, "length": length}}
            for dimension, length in lacking
            if length > 0
        ]
        if asked:
            self._book.said("POST", ":batchUpdate", body={"requests": asked}, again=waiting.LIMITED)

    # --- append

    def _append(self, sheet: Sheet, written: Written) -> None:
        notes = self._notes
        if not notes.is_new:
            self._staged.log("info", f"{notes.done:,} requests were answered before; it goes on behind them")
            if notes.unknown:
                self._unknown(f"Whether request {notes.done + 1:,} arrived is not known: it is sent again.")
        # The first request decides whether the sheet is empty; an attempt that goes on must cut its batches as it did.
        with_header = self._target.header and self._is_empty(sheet)
        named = cells(sheet, self._top, self._left)
        options = {"valueInputOption": "RAW", "insertDataOption": "INSERT_ROWS"}
        taken = 0
        for number, batch in enumerate(self._batches(written, with_header=with_header), 1):
            if number > notes.done:
                notes.sending(number)
                path = f"/values/{quote(named, safe='')}:append"
                got = self._send("POST", path, options, named, batch, taken, again=waiting.LIMITED)
                if got.unknown:
                    self._unknown(f"Request {number:,} was sent more than once, and may have arrived more than once.")
                notes.answered(number, got, 0)
            taken += len(batch)

    def _is_empty(self, sheet: Sheet) -> bool:
        file = self._staged.folder / ".empty"
        if not file.exists():
            tops = range(0, sheet.rows, LOOKED_AT)
            parts = (cells(sheet, top, 0, min(top + LOOKED_AT, sheet.rows) - 1, sheet.columns - 1) for top in tops)
            has_values = any(self._book.values(part, "FORMATTED_STRING")[0] for part in parts)
            file.write_text("no" if has_values else "yes")
        return file.read_text() == "yes"

    def _unknown(self, line: str) -> None:
        self._is_once = False
        self._staged.log("warning", line)

    # --- both

    def _send(
        self,
        method: str,
        path: str,
        options: dict[str, str],
        named: str,
        batch: list[Row],
        taken: int,
        again: frozenset[int] = waiting.FAILING,
    ) -> Got:
        body = f'{{"range":{Texts().write(named)},"majorDimension":"ROWS","values":{rows_text(batch)}}}'
        try:
            return self._book.said(method, path, options, body, again)[2]
        except PenstockError as error:
            raise type(error)(f"{error.message} Rows that were taken before: {taken:,}.") from error

    def _batches(self, written: Written, *, with_header: bool) -> Iterator[list[Row]]:
        rows = self._rows(written, with_header)
        while batch := list(islice(rows, ROWS)):
            yield batch

    def _rows(self, written: Written, with_header: bool) -> Iterator[Row]:
        if with_header:
            yield [Texts().write(column) for column in self._target.columns]
        for line in lines_of(self._staged.folder, written.files):
            texts = Texts()
            record = texts.read(line)
            yield [self._cell(column, record.get(column), texts) for column in self._target.columns]

    def _cell(self, column: str, value: object, texts: Texts) -> str:
        if value is None:
            return '""'
        if isinstance(value, dict | list):
            value = texts.write(value)
        if isinstance(value, str) and len(value) > LONGEST_CELL:
            raise PermanentError(f"A value of '{column}' has {len(value):,} characters; a cell holds {LONGEST_CELL:,}.")
        text = texts.write(value)
        if isinstance(value, int | float) and not isinstance(value, bool) and not _is_double(text):
            return f'"{text}"'
        return text


def _is_double(text: str) -> bool:
    """Tell whether a number is the same once it is a double, which is how Google Sheets holds numbers."""
    return Decimal(text) == Decimal(repr(float(text)))


def _whole(sheet: Sheet) -> str:
    return cells(sheet, 0, 0, max(sheet.rows - 1, 0), max(sheet.columns - 1, 0))
