"""Sheets of workbooks as Parquet files of texts, one for each field, for engines that read those."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from xml.etree import ElementTree
from zipfile import BadZipFile

from penstock.engines.files.rewriting import columns_of, positions_of, write_columns
from penstock.engines.files.sheet_errors import errors_of
from penstock.errors import PermanentError
from penstock.kit.decimals import double_to_text
from penstock.plan.cells import area_of
from penstock.plan.operators import FileSource
from penstock.plan.ports import FileEntry

_WHOLE = 2**53
"""Below it a double is one whole number and no other."""


def rewrite_excel(source: FileSource, file: FileEntry, target: Path, stopped: Callable[[], None]) -> None:
    """Write the rows of a sheet, of which *file* is the workbook: one column for each field of the source, empty cells null,
    then the cells as a list of JSON texts, and where they stand. Raises PermanentError."""
    write_columns(target, columns_of(source, keeps=True), _rows(source, file), stopped)


def _rows(source: FileSource, file: FileEntry) -> Iterator[tuple[Any, ...]]:
    cells = _cells(source, file)
    first = next(cells, None)
    if first is None:
        return
    positions = positions_of(source, file, [text or "" for text in first[1]])
    if not source.skip_header:
        cells = _with(first, cells)
    for number, row in cells:
        values = tuple(
            (row[at] if at < len(row) else None)
            if at is not None
            else file.name
            if item.pseudo == "file_path"
            else number
            for at, item in zip(positions, source.fields, strict=True)
        )
        yield (*values, json.dumps(row, ensure_ascii=False), f"{file.name}, row {number}")


def _with(
    first: tuple[int, list[str | None]], others: Iterator[tuple[int, list[str | None]]]
) -> Iterator[tuple[int, list[str | None]]]:
    yield first
    yield from others


def _cells(source: FileSource, file: FileEntry) -> Iterator[tuple[int, list[str | None]]]:
    """Yield the texts of each row of the area that has any, with its number in the sheet from 1; an error is the text that
    the sheet shows, which fits a field of texts only."""
    from python_calamine import CalamineError, CalamineWorkbook, PasswordError

    try:
        with CalamineWorkbook.from_path(file.location) as book:
            sheet = book.get_sheet_by_name(_sheet(source, file, book))
            start = sheet.start
            if start is None:
                return
            errors = errors_of(file.location, sheet.name)
            rows_of_errors = {row for row, _ in errors}
            area = area_of(source.range) if source.range is not None else None
            top, left = (area.top, area.left) if area is not None else start
            bottom, right = (area.bottom, area.right) if area is not None else (None, None)
            first = max(left - start[1], 0)
            missing = [None] * max(start[1] - left, 0)
            for number, given in enumerate(sheet.to_python(skip_empty_area=True), start[0]):
                if number < top:
                    continue
                if bottom is not None and number > bottom:
                    return
                row: list[Any] = given
                if number in rows_of_errors:
                    row = [errors.get((number, column), value) for column, value in enumerate(given, start[1])]
                width = None if right is None else right - left + 1
                texts = [*missing, *map(_text, row[first:])][:width]
                if any(text is not None for text in texts):
                    yield number + 1, texts
    except PasswordError as error:
        raise PermanentError(f"{file.name} is under a password. Save it without one.") from error
    except OverflowError as error:
        raise PermanentError(f"{file.name} holds a time that is too long. Make the cell a number.") from error
    except (CalamineError, BadZipFile, KeyError, ElementTree.ParseError) as error:
        raise PermanentError(f"{file.name} cannot be read as a workbook: {error}. Put a whole file there.") from error


def _sheet(source: FileSource, file: FileEntry, book: Any) -> str:
    names = list(book.sheet_names)
    if source.sheet is None:
        if not names:
            raise PermanentError(f"{file.name} has no sheet.")
        return str(names[0])
    if source.sheet not in names:
        raise PermanentError(f"{file.name} has no sheet '{source.sheet}'. It has: {', '.join(names)}.")
    return source.sheet


def _text(value: Any) -> str | None:
    """Return the text of a cell; None where it is empty. Excel has no whole numbers: one without a fraction is one."""
    match value:
        case "":
            return None
        case str():
            return value
        case bool():
            return "true" if value else "false"
        case int() | float():
            is_whole = abs(value) < _WHOLE and value == int(value) and (value != 0 or math.copysign(1, value) > 0)
            return str(int(value)) if is_whole else double_to_text(float(value))
        case datetime():
            return value.isoformat(timespec="milliseconds" if value.microsecond else "seconds")
        case date():
            return value.isoformat()
        case time():
            return value.isoformat(timespec="milliseconds" if value.microsecond else "seconds")
        case timedelta():
            minutes, seconds = divmod(round(value.total_seconds()), 60)
            return f"{minutes // 60}:{minutes % 60:02d}:{seconds:02d}"
        case _:
            return None
