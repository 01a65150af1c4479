"""A spreadsheet of Google Sheets: which sheets it has, what it is asked, how it says no."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

from penstock.connectors.web import waiting
from penstock.connectors.web.asking import Api, Got
from penstock.connectors.web.json_texts import Texts
from penstock.connectors.web.logins import strategies
from penstock.errors import DataError, PermanentError
from penstock.kit.outbound import Request, place_of
from penstock.plan.ports import Connection

LARGEST_ANSWER = 64 << 20
"""Bytes of an answer."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """A sheet: its title, its id, how many rows and columns it has."""

    title: str
    id: int
    rows: int
    columns: int


class Book:
    """Asks about one spreadsheet; *folder* takes answers."""

    def __init__(self, api: Api, connection: Connection, spreadsheet: str, folder: Path) -> None:
        self.api = api
        self._connection = connection
        self._folder = folder
        service = str(connection.parameters.get("endpoint") or strategies()["googlesheets"]["service"]).rstrip("/")
        self._base = f"{service}/v4/spreadsheets/{quote(spreadsheet, safe='')}"

    def sheets(self) -> tuple[Sheet, ...]:
        """Return the sheets with cells, in order."""
        asked = "sheets.properties(sheetId,title,sheetType,gridProperties(rowCount,columnCount))"
        found = self.said("GET", "", {"fields": asked})[0]
        made = []
        for one in found.get("sheets") or ():
            known = one.get("properties") or {}
            grid = known.get("gridProperties") or {}
            if known.get("sheetType", "GRID") == "GRID":
                rows, columns = int(grid.get("rowCount") or 0), int(grid.get("columnCount") or 0)
                made.append(Sheet(str(known.get("title") or ""), int(known.get("sheetId") or 0), rows, columns))
        return tuple(made)

    def find(self, title: str | None) -> Sheet | None:
        """Return a sheet by its title, the first without one; None where there is none."""
        return next((one for one in self.sheets() if title is None or one.title == title), None)

    def get(self, title: str | None) -> Sheet:
        """Return a sheet. Raises PermanentError that names those that there are."""
        found = self.find(title)
        if found is None:
            known = ", ".join(f"'{one.title}'" for one in self.sheets()[:20]) or "none"
            raise PermanentError(f"The spreadsheet has no sheet '{title}'. It has: {known}.")
        return found

    def values(self, cells: str, dates: str) -> tuple[list[list[Any]], Texts]:
        """Return the rows of cells, without empty ends, numbers as they came; *dates* is how dates are given."""
        options = {
            "majorDimension": "ROWS", "valueRenderOption": "UNFORMATTED_VALUE", "dateTimeRenderOption": dates,
        }  # fmt: skip
        found, texts, _ = self.said("GET", f"/values/{quote(cells, safe='')}", options)
        rows = found.get("values") or []
        if not isinstance(rows, list) or not all(isinstance(row, list) for row in rows):
            raise PermanentError("Google Sheets gives values that are no rows.")
        return rows, texts

    def said(
        self,
        method: str,
        path: str,
        options: Mapping[str, str] | None = None,
        body: Mapping[str, Any] | str | None = None,
        again: Collection[int] = waiting.FAILING,
    ) -> tuple[dict[str, Any], Texts, Got]:
        """Return an answer that is an object of JSON. Raises PermanentError with what the service says."""
        query = f"?{urlencode(options, quote_via=quote)}" if options else ""
        data = (
            None if body is None else (body if isinstance(body, str) else json.dumps(body)).encode("utf-8", "replace")
        )
        headers = {"Accept": "application/json", **({"Content-Type": "application/json"} if data is not None else {})}
        got = self.api.ask(
            Request(method, f"{self._base}{path}{query}", headers, data), self._folder / ".said", again=again
        )
        texts = Texts()
        if not got.is_success:
            raise self._refusal(got)
        if got.body.stat().st_size > LARGEST_ANSWER:
            raise PermanentError(f"The answer of {place_of(got.url)} is larger than {LARGEST_ANSWER >> 20} MiB.")
        try:
            found = texts.read(got.text())
        except DataError as error:
            raise PermanentError(f"The answer of {place_of(got.url)} cannot be read: {error.message}.") from error
        if not isinstance(found, dict):
            raise PermanentError(f"{place_of(got.url)} gives an answer that is no object of JSON.")
        return found, texts, got

    def _refusal(self, got: Got) -> PermanentError:
        try:
            found = json.loads(got.text(1 << 20))
        except (ValueError, RecursionError):
            found = None
        error = found.get("error") if isinstance(found, dict) else None
        if not isinstance(error, dict):
            return self.api.refusal(got)
        why = " ".join(str(error.get("message") or "no reason is given").split())[:400]
        text = f"Google Sheets answers {got.status}, {error.get('status') or 'no status'}: {why}"
        if got.status == 401:
            text += (
                f" The token of the connection '{self._connection.key}' has ended or is none: give a newer one, or a "
                "'client_id' and a 'refresh_token'."
            )
        return PermanentError(self.api.scrub(text))


def cells(sheet: Sheet, top: int, left: int, bottom: int | None = None, right: int | None = None) -> str:
    """Return cells in A1 notation, rows and columns from 0.

    >>> cells(Sheet("It's", 0, 9, 9), 0, 26, 4, 27)
    "'It''s'!AA1:AB5"
    """
    name = sheet.title.replace("'", "''")
    first = f"'{name}'!{_letters(left)}{top + 1}"
    return first if bottom is None or right is None else f"{first}:{_letters(right)}{bottom + 1}"


def rows_text(rows: Sequence[Sequence[str]]) -> str:
    """Return rows of JSON texts as the JSON text of their array."""
    inner = ["[" + ",".join(row) + "]" for row in rows]
    return "[" + ",".join(inner) + "]"


def _letters(column: int) -> str:
    letters = ""
    while column >= 0:
        letters = chr(ord("A") + column % 26) + letters
        column = column // 26 - 1
    return letters
