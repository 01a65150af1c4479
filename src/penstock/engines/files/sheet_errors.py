"""The errors in the cells of a sheet, such as `#DIV/0!`, which the reader of workbooks gives as empty cells.

Only `.xlsx` (and `.xlsm`) tell them in a form that is looked at here: ECMA-376, part 1, 18.18.11: cells of the type `e`.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from pathlib import Path
from typing import IO
from xml.etree import ElementTree
from zipfile import ZipFile, is_zipfile

_BOOK = "xl/workbook.xml"
_ERROR = re.compile(rb"""\st\s*=\s*["']e["']""")
_PIECE = 1 << 20
_OVERLAP = 64
"""Bytes, as a mark may lie across two pieces."""
_CELL = re.compile(r"([A-Za-z]{1,3})(\d+)")

Errors = dict[tuple[int, int], str]
"""Errors by row and column, both from 0."""


def errors_of(location: str | Path, sheet: str) -> Errors:
    """Return the errors of a sheet; none of a workbook in another form. Raises BadZipFile, KeyError and ParseError for one
    that is not whole."""
    if not is_zipfile(location):
        return {}
    with ZipFile(location) as book:
        names = {one.lower(): one for one in book.namelist()}
        if _BOOK not in names:
            return {}
        part = names[_part(book, names, sheet).lower()]
        with book.open(part) as stream:
            if not _has_errors(stream):
                return {}
        with book.open(part) as stream:
            return dict(_errors(stream))


def _part(book: ZipFile, names: dict[str, str], sheet: str) -> str:
    """Return the name of the file in a workbook that holds a sheet."""
    targets = {
        one.get("Id"): one.get("Target") or ""
        for one in ElementTree.fromstring(book.read(names["xl/_rels/workbook.xml.rels"])).iterfind(".//{*}Relationship")
    }
    for one in ElementTree.fromstring(book.read(names[_BOOK])).iterfind(".//{*}sheet"):
        if one.get("name") == sheet:
            ids = [value for key, value in one.attrib.items() if key.endswith("}id")]
            return posixpath.normpath(posixpath.join("/xl", targets[ids[0]])).lstrip("/")
    raise KeyError(sheet)


def _has_errors(stream: IO[bytes]) -> bool:
    """Tell whether a sheet may hold errors: most do not, and to look at each cell takes longer than to read the sheet."""
    rest = b""
    while piece := stream.read(_PIECE):
        if _ERROR.search(rest + piece):
            return True
        rest = piece[-_OVERLAP:]
    return False


def _errors(stream: IO[bytes]) -> Iterator[tuple[tuple[int, int], str]]:
    row, column = -1, -1
    for event, one in ElementTree.iterparse(stream, ("start", "end")):
        match event, one.tag.rpartition("}")[2]:
            case "start", "row":
                # Rows and cells without a place follow the one before.
                row, column = int(one.get("r") or row + 2) - 1, -1
            case "start", "c":
                place = _CELL.fullmatch(one.get("r") or "")
                column = column + 1 if place is None else _number(place[1])
            case "end", "c" if one.get("t") == "e":
                yield (row, column), one.findtext("{*}v") or "#N/A"
            case "end", "row":
                one.clear()


def _number(letters: str) -> int:
    """Return the number of a column, from 0.

    >>> _number("A"), _number("AA")
    (0, 26)
    """
    number = 0
    for letter in letters.upper():
        number = number * 26 + ord(letter) - ord("A") + 1
    return number - 1
