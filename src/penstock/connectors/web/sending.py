"""Publishes an output to a web API: requests in order, each noted once it is answered, so that another attempt goes on."""

from __future__ import annotations

import csv
import hashlib
import io
import os
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from penstock.connectors.web import requests_of, waiting
from penstock.connectors.web.asking import Api, Got
from penstock.errors import PenstockError, PermanentError
from penstock.kit.outbound import Request
from penstock.plan.ports import Publication, Staged, Written
from penstock.plan.systems import RESPONSES, WebTarget

NOTES = ".notes"
"""In a staging folder: `> 7` before request 7 is sent; `< 7 200 1234` once it is answered, with the size of the saved
responses then."""
_REPEATABLE = frozenset({"GET", "PUT", "DELETE"})
"""Methods by which what was done twice is as if it was done once."""
_KEY = "Idempotency-Key"


@dataclass(slots=True)
class Notes:
    """What was sent and answered so far: *done* requests, *refused* of them, *unknown* when one was sent and its answer is not
    known, *size* of the saved responses."""

    file: Path
    done: int = 0
    refused: int = 0
    unknown: bool = False
    size: int = 0
    is_new: bool = True
    _out: int = field(default=-1, repr=False)

    def open(self) -> None:
        """Read what an attempt before has noted, and go on behind it. Raises OSError."""
        if self.file.exists():
            self.is_new = False
            data = self.file.read_bytes()
            whole = data[: data.rfind(b"\n") + 1]
            for line in whole.decode("ascii").splitlines():
                self._take(line.split())
            os.truncate(self.file, len(whole))
        self._out = os.open(self.file, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)

    def _take(self, words: list[str]) -> None:
        if words[0] == ">":
            self.unknown = True
        else:
            self.done, self.unknown, self.size = int(words[1]), False, int(words[3])
            self.refused += not 200 <= int(words[2]) < 300

    def sending(self, number: int) -> None:
        """Note that a request is about to be sent."""
        os.write(self._out, f"> {number}\n".encode())

    def answered(self, number: int, got: Got, size: int) -> None:
        """Note that a request was answered."""
        os.write(self._out, f"< {number} {got.status} {size}\n".encode())
        self.done, self.size = number, size
        self.refused += not got.is_success

    def close(self) -> None:
        """Close the file."""
        if self._out >= 0:
            os.close(self._out)
            self._out = -1


class Sender:
    """Sends the records of one output."""

    def __init__(self, api: Api, target: WebTarget, staged: Staged) -> None:
        self._api = api
        self._target = target
        self._staged = staged
        self._notes = Notes(staged.folder / NOTES)
        self._is_once = True

    def send(self, written: Written) -> Publication:
        """Send what was not sent yet. Raises PenstockError that says how far it came."""
        if not self._staged.folder.is_dir():
            raise PermanentError("What was staged is gone, so it is not known what of it was sent.")
        try:
            self._notes.open()
            self._go_on()
            try:
                for number, batch in enumerate(self._batches(written), 1):
                    if number > self._notes.done:
                        self._one(number, batch)
            finally:
                self._notes.close()
        except OSError as error:
            raise PermanentError(f"What is sent cannot be noted: {error.strerror}.") from error
        checks = {"requests": f"{self._notes.done:,}"}
        if self._notes.refused:
            checks["refused"] = f"{self._notes.refused:,}"
            self._staged.log("warning", f"{self._notes.refused:,} of {self._notes.done:,} requests were refused")
        return Publication((self._staged.spec.path,), self._is_once, checks)

    def _batches(self, written: Written) -> Iterator[list[str]]:
        lines = requests_of.lines_of(self._staged.folder, written.files)
        return requests_of.batches_of(lines, self._target.records_per_request)

    def _go_on(self) -> None:
        """Find out where an attempt before has stopped."""
        notes = self._notes
        if notes.is_new:
            return
        responses = self._staged.folder / RESPONSES
        if responses.exists():
            os.truncate(responses, notes.size)
        self._staged.log("info", f"{notes.done:,} requests were answered before; it goes on behind them")
        if notes.refused and self._target.stop_on_error:
            raise PermanentError(f"A request was refused. {self._so_far()}")
        if notes.unknown:
            self._unknown(f"Whether request {notes.done + 1:,} arrived is not known: it is sent again.")

    def _unknown(self, line: str) -> None:
        if self._target.method not in _REPEATABLE:
            self._is_once = False
            self._staged.log("warning", line)

    def _one(self, number: int, batch: list[str]) -> None:
        request = self._keyed(requests_of.request_of(self._target, batch), number)
        again = waiting.FAILING if self._target.method in _REPEATABLE else waiting.LIMITED
        self._notes.sending(number)
        try:
            got = self._api.ask(request, self._staged.folder / ".answer", again=again)
        except PenstockError as error:
            raise type(error)(f"{self._api.scrub(error.message)} {self._so_far()}") from error
        if got.unknown and self._target.method not in _REPEATABLE:
            self._is_once = False
        self._notes.answered(number, got, self._save(request, got))
        if not got.is_success:
            refusal = self._api.refusal(got)
            if self._target.stop_on_error:
                raise PermanentError(f"{refusal.message}. {self._so_far()}")
            if self._notes.refused <= 5:
                self._staged.log("warning", refusal.message)

    def _so_far(self) -> str:
        taken = self._notes.done - self._notes.refused
        return f"Requests that were taken before: {taken:,}."

    def _keyed(self, request: Request, number: int) -> Request:
        """Return a request with a key by which a server that knows such keys takes it once, however often it comes."""
        if request.method in _REPEATABLE or any(name.lower() == _KEY.lower() for name in request.headers):
            return request
        load = self._staged.load or self._staged.token
        text = f"{load}\0{self._staged.write.component_id}\0{number}"
        return replace(request, headers={**request.headers, _KEY: hashlib.sha256(text.encode()).hexdigest()[:32]})

    def _save(self, request: Request, got: Got) -> int:
        """Save an answer where that is wanted; return the size of all that are saved."""
        if self._target.save_responses is None:
            return 0
        text = io.StringIO(newline="")
        rows = csv.writer(text, lineterminator="\n")
        file = self._staged.folder / RESPONSES
        if not file.exists() or not file.stat().st_size:
            rows.writerow(["URL", "Response Code", "Response Body"])
        rows.writerow([self._api.scrub(request.url), got.status, self._api.scrub(got.text())])
        with file.open("ab") as out:
            out.write(text.getvalue().encode("utf-8", "replace"))
        return file.stat().st_size
