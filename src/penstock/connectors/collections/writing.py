"""Publishes staged records as documents, batch after batch, so that what is written twice is there once.

Inserted documents have an `_id`: that of a field, or one made of the job and the number of the record. A batch whose outcome
is not known is written again; what is there already under its `_id` is then no fault where it is the same.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

from bson.errors import BSONError
from pymongo import errors
from pymongo.collection import Collection

from penstock.connectors.collections.documents import Document, Documents, Operation, Unfit
from penstock.connectors.collections.session import translated
from penstock.errors import DataError, PermanentError, TransientError
from penstock.kit.stopping import Stop
from penstock.plan.ports import Staged, Written
from penstock.plan.systems import CollectionTarget

NOTES = ".batches"
"""In a staging folder: a line for each batch that is written."""
PAUSES = (0.5, 1.0, 2.0, 4.0, 8.0)
_DUPLICATE = 11000


class Writer:
    """Writes the documents of one output."""

    def __init__(self, collection: Collection[Document], target: CollectionTarget, staged: Staged, stop: Stop) -> None:
        self._collection = collection
        self._target = target
        self._staged = staged
        self._stop = stop
        self._documents = Documents(target, staged)
        self._skips = staged.spec.on_bad_value == "skip"
        self._left_out: int | None = 0

    def write(self, written: Written) -> int | None:
        """Write what is not written yet; returns how many records were left out, for no document can be made of them, None
        where an attempt before this one has written some. Raises PenstockError that says how far it came."""
        if not self._staged.folder.is_dir():
            raise PermanentError("What was staged is gone, so it is not known what of it was written.")
        notes = self._staged.folder / NOTES
        done = notes.stat().st_size if notes.exists() else 0
        # Of an attempt before, the batch behind the last note may be there, or a part of it.
        uncertain = done if notes.exists() else -1
        if done and self._skips:
            self._left_out = None
        with notes.open("ab", buffering=0) as out:
            for number, (first, lines) in enumerate(self._batches(written)):
                if number < done:
                    continue
                try:
                    self._batch(first, lines, again=number == uncertain)
                except (PermanentError, TransientError, DataError) as error:
                    raise type(error)(f"{error.message} Documents that were written before: {first:,}.") from error
                out.write(b".")
        return self._left_out

    def _batches(self, written: Written) -> Iterator[tuple[int, list[str]]]:
        lines, first = lines_of(self._staged.folder, written.files), 0
        while batch := list(islice(lines, self._target.batch_size)):
            yield first, batch
            first += len(batch)

    def _batch(self, first: int, lines: Sequence[str], *, again: bool) -> None:
        operations = list(self._operations(first, lines))
        if not operations:
            return
        for pause in (*PAUSES, None):
            try:
                self._send(operations, again=again)
            except TransientError as error:
                if pause is None:
                    raise
                self._staged.log("warning", f"{error.message} The batch is written again.")
                again = True
                self._stop.wait(pause)
            else:
                return

    def _operations(self, first: int, lines: Sequence[str]) -> Iterator[Operation]:
        for number, line in enumerate(lines, first):
            if not self._skips:
                yield self._documents.operation(number, json.loads(line))
                continue
            try:
                yield self._documents.sound(number, line)
            except Unfit:
                if self._left_out is not None:
                    self._left_out += 1

    def _send(self, operations: Sequence[Operation], *, again: bool) -> None:
        with translated(self._staged.connection):
            try:
                self._collection.bulk_write(list(operations), ordered=False)
            except errors.BulkWriteError as error:
                self._judge(error.details or {}, again)
            except (BSONError, OverflowError, errors.DocumentTooLarge) as error:
                raise PermanentError(f"A record cannot be a document: {error}.") from error

    def _judge(self, details: Mapping[str, Any], again: bool) -> None:
        """Return where nothing failed but documents that are there already as they are to be."""
        for fault in details.get("writeErrors", ()):
            said = str(fault.get("errmsg", ""))[:200]
            document = getattr(fault.get("op"), "_doc", fault.get("op"))
            is_own = isinstance(document, dict) and self._target.operation == "insert" and _is_of_id(fault)
            if fault.get("code") != _DUPLICATE or not is_own or not self._is_there(document, again):
                raise PermanentError(f"MongoDB refuses a document: {said}.")
        if details.get("writeConcernErrors"):
            raise PermanentError(f"MongoDB does not confirm documents: {str(details['writeConcernErrors'])[:200]}.")

    def _is_there(self, document: Mapping[str, Any], again: bool) -> bool:
        """Tell whether a document stands in the collection as it is to be written, and may be ours."""
        if self._target.id_column is None:
            return True
        return again and self._collection.find_one({"_id": document["_id"]}) == dict(document)


def _is_of_id(fault: Mapping[str, Any]) -> bool:
    """Tell whether it is the `_id` that is there already, and not what another unique index forbids."""
    pattern = fault.get("keyPattern")
    return set(pattern) == {"_id"} if isinstance(pattern, dict) else "_id" in str(fault.get("errmsg", ""))


def lines_of(folder: Path, files: Sequence[str]) -> Iterator[str]:
    """Yield the staged records of an output, as lines. Raises PermanentError."""
    for name in files:
        try:
            with (folder / name).open(encoding="utf-8", newline="\n") as stream:
                yield from stream
        except OSError as error:
            raise PermanentError(f"What was staged cannot be read: {error.strerror}.") from error
