"""A query of Salesforce lands: it is made a job, which is waited for, and its pages of CSV become lines of JSON."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO, Any
from urllib.parse import quote

from penstock.connectors.web.asking import Got
from penstock.connectors.web.salesforce.org import RUNNING, Org
from penstock.errors import PenstockError, PermanentError
from penstock.kit.outbound import place_of
from penstock.plan.ports import FileEntry, Landing
from penstock.plan.systems import SalesforceSource

LONGEST_VALUE = 64 << 20
JOBS = "jobs/query"
Line = Callable[[Sequence[str]], str]


def soql(origin: SalesforceSource, names: Sequence[str], size: int | None) -> str:
    """Return the query of a source.

    >>> soql(SalesforceSource("Account", "Rating = 'Hot'"), ["Id", "Owner.Name"], 10)
    "SELECT Id, Owner.Name FROM Account WHERE Rating = 'Hot' LIMIT 10"
    """
    if origin.query is not None:
        return origin.query
    where = f" WHERE {origin.where}" if origin.where else ""
    few = f" LIMIT {size}" if size is not None else ""
    return f"SELECT {', '.join(names)} FROM {origin.object_name}{where}{few}"


class Reader:
    """Reads the records of one source."""

    def __init__(self, org: Org, origin: SalesforceSource, names: Sequence[str], landing: Landing) -> None:
        self._org = org
        self._origin = origin
        self._names = names
        self._landing = landing

    def read(self) -> FileEntry:
        """Return the file with the records. Raises PenstockError."""
        landing = self._landing
        file, page = landing.folder / "records.json", landing.folder / "page"
        asked = {
            "operation": "queryAll" if self._origin.action == "bulk_query_all" else "query",
            "query": soql(self._origin, self._names, landing.size),
            "contentType": "CSV", "columnDelimiter": "COMMA", "lineEnding": "LF",
        }  # fmt: skip
        job = self._org.said("POST", JOBS, asked)
        path = f"{JOBS}/{quote(str(job.get('id') or ''), safe='')}"
        try:
            job = self._org.wait_for(path)
            if job.get("state") != "JobComplete":
                why = " ".join(str(job.get("errorMessage") or "no reason is given").split())
                raise PermanentError(f"Salesforce did not do the query ({job.get('state')}): {why[:400]}")
            with file.open("w", encoding="utf-8", newline="") as lines:
                self._pages(path, page, lines)
        finally:
            self._tidy(path, job)
        page.unlink(missing_ok=True)
        return FileEntry(str(file), self._origin.object_name or "query", file.stat().st_size)

    def _pages(self, path: str, page: Path, lines: IO[str]) -> None:
        size = self._origin.max_records_per_page
        if self._landing.size is not None:
            size = min(size or self._landing.size, self._landing.size)
        locator, count, seen = "", 0, set()
        while True:
            query = [f"maxRecords={size}"] * (size is not None) + [f"locator={quote(locator, safe='')}"] * bool(locator)
            got = self._org.ask("GET", f"{path}/results{'?' * bool(query)}{'&'.join(query)}", into=page)
            count += self._take(got, lines)
            self._landing.arrived(count, "records")
            locator = next((value for name, value in got.headers.items() if name.lower() == "sforce-locator"), "")
            if locator in ("", "null") or (self._landing.size is not None and count >= self._landing.size):
                return
            if locator in seen:
                raise PermanentError(f"{place_of(got.url)} gives the page '{locator[:40]}' again, so there is no end.")
            seen.add(locator)

    def _take(self, got: Got, lines: IO[str]) -> int:
        """Write the records of a page, and return how many there are."""
        csv.field_size_limit(LONGEST_VALUE)
        count = 0
        try:
            with got.body.open(encoding="utf-8-sig", newline="") as stream:
                rows = csv.reader(stream, strict=True)
                header = next(rows, None)
                if header is None:
                    return 0
                places = self._places(header)
                for row in rows:
                    if len(row) != len(header):
                        raise PermanentError(
                            f"A record of {place_of(got.url)} has {len(row)} values, and there are {len(header)} columns."
                        )
                    record = {name: row[at] or None for name, at in places}
                    lines.write(json.dumps(record, separators=(",", ":")) + "\n")
                    count += 1
        except (csv.Error, UnicodeDecodeError) as error:
            raise PermanentError(f"What {place_of(got.url)} gives cannot be read: {error}.") from error
        return count

    def _places(self, header: Sequence[str]) -> list[tuple[str, int]]:
        """Return the fields and their columns, whatever the letter case; those of a query that has none are said."""
        at = {name.lower(): index for index, name in enumerate(header)}
        missing = [name for name in self._names if name.lower() not in at]
        if missing:
            raise PermanentError(
                f"The query gives no field '{missing[0]}'. It gives: {', '.join(header[:50]) or 'no records'}."
            )
        return [(name, at[name.lower()]) for name in self._names]

    def _tidy(self, path: str, job: dict[str, Any]) -> None:
        """Let Salesforce forget the job; where that fails it does so by itself within days."""
        with suppress(PenstockError):
            if job.get("state") in RUNNING:
                self._org.ask("PATCH", path, {"state": "Aborted"}, again=())
            else:
                self._org.ask("DELETE", path, again=())
