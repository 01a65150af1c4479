"""Publishes staged records as documents, batch after batch, so that what is written twice is there once.

Inserted documents have an `_id`: that of a field, or one made of the job and the number of the record. A batch whose outcome
is not known is written again; what is there already under its `_id` is then no fault where it is the same.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any

from bson.errors import BSONError
from bson.objectid import ObjectId
from pymongo import InsertOne, UpdateMany, UpdateOne, errors
from pymongo.collection import Collection

from penstock.connectors.collections.session import translated
from penstock.connectors.collections.values import stored
from penstock.errors import DataError, PermanentError, TransientError
from penstock.kit.stopping import Stop
from penstock.plan.dtypes import DType
from penstock.plan.ports import Staged, Written
from penstock.plan.systems import CollectionTarget

NOTES = ".batches"
"""In a staging folder: a line for each batch that is written."""
PAUSES = (0.5, 1.0, 2.0, 4.0, 8.0)
_DUPLICATE = 11000
Document = dict[str, Any]
Operation = InsertOne[Document] | UpdateOne | UpdateMany


@dataclass(frozen=True, slots=True)
class Column:
    """A key of a document: *path* leads to it, *name* is what it is staged as."""

    name: str
    path: tuple[str, ...]
    dtype: DType


def columns_of(staged: Staged) -> tuple[Column, ...]:
    """Return the keys that an output writes, with the types of their fields."""
    schema, made = staged.write.given.schema, []
    for name, column in staged.spec.columns:
        found = schema.find(name)
        if found is None:
            raise KeyError(name)
        made.append(Column(column, tuple(column.split(".")), found.dtype))
    return tuple(made)


class Writer:
    """Writes the documents of one output."""

    def __init__(self, collection: Collection[Document], target: CollectionTarget, staged: Staged, stop: Stop) -> None:
        self._collection = collection
        self._target = target
        self._staged = staged
        self._stop = stop
        self._columns = columns_of(staged)
        self._load = staged.load or staged.token

    def write(self, written: Written) -> None:
        """Write what is not written yet. Raises PenstockError that says how far it came."""
        if not self._staged.folder.is_dir():
            raise PermanentError("What was staged is gone, so it is not known what of it was written.")
        notes = self._staged.folder / NOTES
        done = notes.stat().st_size if notes.exists() else 0
        # Of an attempt before, the batch behind the last note may be there, or a part of it.
        uncertain = done if notes.exists() else -1
        with notes.open("ab", buffering=0) as out:
            for number, (first, lines) in enumerate(self._batches(written)):
                if number < done:
                    continue
                try:
                    self._batch(first, lines, again=number == uncertain)
                except (PermanentError, TransientError, DataError) as error:
                    raise type(error)(f"{error.message} Documents that were written before: {first:,}.") from error
                out.write(b".")

    def _batches(self, written: Written) -> Iterator[tuple[int, list[str]]]:
        lines, first = _lines_of(self._staged.folder, written.files), 0
        while batch := list(islice(lines, self._target.batch_size)):
            yield first, batch
            first += len(batch)

    def _batch(self, first: int, lines: Sequence[str], *, again: bool) -> None:
        operations = [self._operation(first + at, json.loads(line)) for at, line in enumerate(lines)]
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

    def _operation(self, number: int, record: Mapping[str, Any]) -> Operation:
        values = [(one, self._stored(one, record.get(one.name))) for one in self._columns]
        if self._target.operation == "insert":
            return InsertOne(self._document(number, values))
        keys: Document = {}
        chosen: Document = {}
        for column, value in values:
            (keys if column.name in self._target.keys else chosen)[column.name] = value
        if None in keys.values():
            name = next(name for name, value in keys.items() if value is None)
            raise PermanentError(
                f"The key '{name}' of record {number + 1:,} is null, so no document can be found by it."
            )
        identity = {"_id": chosen.pop("_id")} if "_id" in chosen else {}
        change = {"$set": chosen} if chosen else {}
        change |= {"$setOnInsert": identity or ({} if chosen else keys)} if identity or not chosen else {}
        kind = UpdateMany if self._target.multi else UpdateOne
        return kind(keys, change, upsert=self._target.upsert)

    def _stored(self, column: Column, raw: Any) -> Any:
        try:
            return stored(raw, column.dtype)
        except (DataError, ValueError) as error:
            said = error.message if isinstance(error, DataError) else str(error)
            raise PermanentError(f"The field '{column.name}' cannot be written: {said}.") from error

    def _document(self, number: int, values: Sequence[tuple[Column, Any]]) -> Document:
        document: Document = {}
        if self._target.id_column is None:
            document["_id"] = made_id(self._load, self._staged.write.component_id, number)
        for column, value in values:
            if column.name == "_id" and value is None:
                raise PermanentError(f"The _id of record {number + 1:,} is null.")
            inner = document
            for part in column.path[:-1]:
                inner = inner.setdefault(part, {})
            inner[column.path[-1]] = value
        return document


def made_id(load: str, component_id: str, number: int) -> ObjectId:
    """Return the `_id` of a record without one: the same whenever the job writes it, and no other's.

    Its first four bytes are when the job was submitted, as in every such id; the others tell records apart.
    """
    try:
        seconds = int(datetime.fromisoformat(load.rpartition(" ")[2]).timestamp()) & 0xFFFFFFFF
    except ValueError:
        seconds = 0
    begin = int.from_bytes(hashlib.sha256(f"{load}\0{component_id}".encode()).digest()[:8])
    return ObjectId(seconds.to_bytes(4) + ((begin + number) % 2**64).to_bytes(8))


def _is_of_id(fault: Mapping[str, Any]) -> bool:
    """Tell whether it is the `_id` that is there already, and not what another unique index forbids."""
    pattern = fault.get("keyPattern")
    return set(pattern) == {"_id"} if isinstance(pattern, dict) else "_id" in str(fault.get("errmsg", ""))


def _lines_of(folder: Path, files: Sequence[str]) -> Iterator[str]:
    for name in files:
        try:
            with (folder / name).open(encoding="utf-8", newline="\n") as stream:
                yield from stream
        except OSError as error:
            raise PermanentError(f"What was staged cannot be read: {error.strerror}.") from error
