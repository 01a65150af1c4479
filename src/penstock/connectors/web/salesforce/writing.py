"""Records are written to Salesforce: chunk after chunk becomes a job, each noted so that another attempt goes on."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from penstock.connectors.web.json_texts import Texts
from penstock.connectors.web.requests_of import lines_of
from penstock.connectors.web.salesforce import keys
from penstock.connectors.web.salesforce.org import RUNNING, Org, Refused
from penstock.errors import PenstockError, PermanentError
from penstock.plan.ports import Publication, Staged, Written
from penstock.plan.systems import SalesforceTarget

CHUNK_BYTES = 16 << 20
"""How much one job takes; Salesforce takes 150 MB once it is base64."""
CHUNK_RECORDS = 50_000
NULL = "#N/A"
"""What empties a field."""
NOTES = ".notes"
MOST_LISTED = 1000
"""Refused records that the log lists."""
JOBS = "jobs/ingest"
_OPERATIONS = {
    "append": "insert", "update": "update", "upsert": "upsert", "delete": "delete", "hard_delete": "hardDelete",
}  # fmt: skip


@dataclass(slots=True)
class _Noted:
    """What is known of a chunk: the *job* that carries it, and how it ended."""

    job: str
    taken: int = 0
    refused: int = 0
    is_done: bool = False


class Writer:
    """Writes the records of one output."""

    def __init__(self, org: Org, target: SalesforceTarget, staged: Staged) -> None:
        self._org = org
        self._target = target
        self._staged = staged
        self._noted: dict[int, _Noted] = {}
        self._listed = 0
        self._first_reason = ""

    def write(self, written: Written) -> Publication:
        """Write what was not written yet. Raises PenstockError that says how far it came."""
        if not self._staged.folder.is_dir():
            raise PermanentError("What was staged is gone, so it is not known what of it was written.")
        try:
            self._read_notes()
            if self._noted:
                self._staged.log("info", f"{len(self._noted):,} jobs were begun before; it goes on behind them")
            for number, (header, lines) in enumerate(self._chunks(written), 1):
                if number not in self._noted or not self._noted[number].is_done:
                    self._chunk(number, header, lines)
                self._check_refused()
        except OSError as error:
            raise PermanentError(f"What is written cannot be noted: {error.strerror}.") from error
        checks = {"jobs": f"{len(self._noted):,}", "taken": f"{self._taken:,}"}
        if self._refused:
            checks["refused"] = f"{self._refused:,}"
            self._staged.log("warning", f"{self._refused:,} records were refused. {self._first_reason}".strip())
        return Publication((self._target.object_name,), True, checks)

    @property
    def _taken(self) -> int:
        return sum(one.taken for one in self._noted.values())

    @property
    def _refused(self) -> int:
        return sum(one.refused for one in self._noted.values())

    def _check_refused(self) -> None:
        if self._refused > self._target.max_errors:
            raise PermanentError(
                f"Salesforce refused {self._refused:,} records, and 'max_errors' forgives {self._target.max_errors:,}. "
                f"{self._first_reason} Records that were taken: {self._taken:,}.".replace("  ", " ")
            )

    # --- the chunks

    def _chunks(self, written: Written) -> Iterator[tuple[list[str], list[list[str | None]]]]:
        """Yield header and records of each chunk: the same in every attempt."""
        rows: list[list[str | None]] = []
        size = 0
        for line in lines_of(self._staged.folder, written.files):
            rows.append(self._row(line))
            size += len(line)
            if size >= CHUNK_BYTES or len(rows) >= CHUNK_RECORDS:
                yield list(self._target.columns), rows
                rows, size = [], 0
        if rows:
            yield list(self._target.columns), rows

    def _row(self, line: str) -> list[str | None]:
        texts = Texts()
        record: dict[str, Any] = texts.read(line)
        row: list[str | None] = []
        for column in self._target.columns:
            value = record.get(column)
            if value is None or value == "":
                row.append(None)
                continue
            text = value if isinstance(value, str) else texts.write(value)
            if text == NULL:
                raise PermanentError(
                    f"The text '{NULL}' in '{column}' would empty that field of Salesforce. Replace it."
                )
            row.append(text)
        return row

    def _chunk(self, number: int, header: list[str], rows: list[list[str | None]]) -> None:
        job = self._resumed(number)
        if job is None:
            header, rows, missing = self._by_id(header, rows)
            for one in missing:
                self._list(f"no record has the key '{one}'")
            if missing and not self._first_reason:
                self._first_reason = f"The first: no record has the key '{missing[0]}'."
            if not rows:
                self._note(number, _Noted("", 0, len(missing), True))
                return
            job = self._sent(number, self._csv(header, rows), len(missing))
        noted = self._noted[number]
        done = self._org.wait_for(self._path(job))
        if done.get("state") != "JobComplete":
            self._unprocessed(done)
        refused = int(done.get("numberRecordsFailed") or 0)
        if refused:
            self._read_refused(job, refused)
        total = int(done.get("numberRecordsProcessed") or 0)
        self._note(number, _Noted(job, max(total - refused, 0), noted.refused + refused, True))

    def _by_id(
        self, header: list[str], rows: list[list[str | None]]
    ) -> tuple[list[str], list[list[str | None]], list[str]]:
        """Return the records with Salesforce's own Id in place of a key that the operation does not find records by, and the
        keys that no record has."""
        target = self._target
        if target.key is None or target.key.lower() == "id" or target.operation == "upsert":
            return header, rows, []
        at = header.index(target.key)
        ids = keys.found(self._org, target.object_name, target.key, [row[at] or "" for row in rows])
        made, missing = [], []
        for row in rows:
            found = ids.get((row[at] or "").lower())
            if found is None:
                missing.append(row[at] or "")
            else:
                made.append([*row[:at], found, *row[at + 1 :]])
        return [*header[:at], "Id", *header[at + 1 :]], made, missing

    def _csv(self, header: list[str], rows: list[list[str | None]]) -> bytes:
        """Return records as CSV; of those that are only to be removed, their Id alone."""
        keep = list(range(len(header)))
        if self._target.operation in ("delete", "hard_delete"):
            keep = [index for index in keep if header[index].lower() == "id"]
        empty = NULL if self._target.include_nulls else ""
        key = (self._target.key or "").lower()
        text = io.StringIO(newline="")
        made = csv.writer(text, lineterminator="\n")
        made.writerow([header[index] for index in keep])
        for row in rows:
            # A key that is null is never NULL: it makes a new record, or is refused.
            made.writerow([_shown(row[index], "" if header[index].lower() in (key, "id") else empty) for index in keep])
        return text.getvalue().encode("utf-8", "replace")

    # --- one job

    def _sent(self, number: int, body: bytes, missing: int) -> str:
        """Return the job that carries a chunk, noted before anything of it can be done."""
        try:
            job = self._made(number, missing)
            try:
                self._org.ask("PUT", f"{self._path(job)}/batches", body)
            except Refused as error:
                self._forget(job)
                if not error.unknown:
                    raise
                # Where the first answer was lost the job holds the records already, or part of them, and takes no others.
                job = self._made(number, missing)
                self._org.ask("PUT", f"{self._path(job)}/batches", body)
            self._begin(job)
        except PenstockError as error:
            raise type(error)(f"{error.message} Records that were taken before: {self._taken:,}.") from error
        return job

    def _made(self, number: int, missing: int) -> str:
        target = self._target
        asked: dict[str, Any] = {
            "object": target.object_name, "operation": _OPERATIONS[target.operation], "contentType": "CSV", "lineEnding": "LF",
        }  # fmt: skip
        if target.operation == "upsert":
            asked["externalIdFieldName"] = target.key
        job = str(self._org.said("POST", JOBS, asked).get("id") or "")
        if not job:
            raise PermanentError("Salesforce made a job and does not say which.")
        self._note(number, _Noted(job, refused=missing))
        return job

    def _begin(self, job: str) -> None:
        try:
            self._org.ask("PATCH", self._path(job), {"state": "UploadComplete"})
        except Refused as error:
            # Where its first answer was lost the second one may say that there is nothing to be done any more.
            if not error.unknown or self._org.said("GET", self._path(job)).get("state") not in (
                *RUNNING,
                "JobComplete",
            ):
                raise

    def _resumed(self, number: int) -> str | None:
        """Return the job of an earlier attempt that carries a chunk, None where nothing of it can have been done."""
        noted = self._noted.get(number)
        if noted is None or not noted.job:
            return None
        state = self._org.said("GET", self._path(noted.job)).get("state")
        if state in ("Open", "Aborted"):
            self._forget(noted.job)
            return None
        return noted.job

    def _forget(self, job: str) -> None:
        with suppress(PenstockError):
            self._org.ask("PATCH", self._path(job), {"state": "Aborted"}, again=())

    def _unprocessed(self, job: dict[str, Any]) -> None:
        why = " ".join(str(job.get("errorMessage") or "no reason is given").split())[:400]
        raise PermanentError(
            f"Salesforce ended the job {job.get('id')} ({job.get('state')}): {why}. Records that were taken before: "
            f"{self._taken:,}; of this job {int(job.get('numberRecordsProcessed') or 0):,} were processed."
        )

    def _path(self, job: str) -> str:
        return f"{JOBS}/{quote(job, safe='')}"

    # --- what was refused

    def _read_refused(self, job: str, count: int) -> None:
        file = self._staged.folder / ".refused"
        got = self._org.ask("GET", f"{self._path(job)}/failedResults", into=file)
        with got.body.open(encoding="utf-8-sig", newline="") as stream:
            for row in csv.DictReader(stream):
                reason = " ".join(str(row.get("sf__Error") or "no reason is given").split())
                fields = {name: value for name, value in row.items() if name and not name.startswith("sf__") and value}
                said = json.dumps(fields, ensure_ascii=False)
                if not self._first_reason:
                    self._first_reason = f"The first: {reason[:300]} ({said[:200]})."
                self._list(f"{reason[:300]}: {said[:1000]}")
        file.unlink(missing_ok=True)
        if not self._first_reason:
            self._first_reason = f"{count:,} of the job {job}."

    def _list(self, line: str) -> None:
        self._listed += 1
        if self._target.output_failed_records and self._listed <= MOST_LISTED:
            self._staged.log("warning", f"refused: {line}")
            if self._listed == MOST_LISTED:
                self._staged.log("warning", "further refused records are not listed")

    # --- the notes

    def _read_notes(self) -> None:
        file = self._notes
        if not file.exists():
            return
        data = file.read_bytes()
        whole = data[: data.rfind(b"\n") + 1]
        for line in whole.decode("utf-8").splitlines():
            number, job, taken, refused, is_done = json.loads(line)
            self._noted[number] = _Noted(job, taken, refused, is_done)
        file.write_bytes(whole)

    def _note(self, number: int, noted: _Noted) -> None:
        self._noted[number] = noted
        with self._notes.open("a", encoding="utf-8") as out:
            out.write(json.dumps([number, noted.job, noted.taken, noted.refused, noted.is_done]) + "\n")

    @property
    def _notes(self) -> Path:
        return self._staged.folder / NOTES


def _shown(text: str | None, empty: str) -> str:
    return empty if text is None else text
