"""Staged records as documents, and as what brings them into a collection."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import bson
from bson.errors import BSONError
from bson.objectid import ObjectId
from pymongo import InsertOne, UpdateMany, UpdateOne

from penstock.connectors.collections.values import stored
from penstock.errors import DataError, PermanentError
from penstock.plan.dtypes import DType
from penstock.plan.ports import Staged
from penstock.plan.systems import CollectionTarget

MOST_BYTES = 16 << 20
"""Of a document."""
Document = dict[str, Any]
Operation = InsertOne[Document] | UpdateOne | UpdateMany


class Unfit(PermanentError):
    """A record of which no document can be made: *reason* says why, without the number of the record."""

    code = "unfit"

    def __init__(self, message: str, reason: str = "") -> None:
        super().__init__(message)
        self.reason = reason


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


class Documents:
    """Makes the documents of one output."""

    def __init__(self, target: CollectionTarget, staged: Staged) -> None:
        self._target = target
        self._columns = columns_of(staged)
        self._load = staged.load or staged.token
        self._component_id = staged.write.component_id

    def sound(self, number: int, line: str) -> Operation:
        """Return what brings a staged record into its collection, looked at as closely as a server would. Raises Unfit."""
        made, document = self._made(number, json.loads(line))
        try:
            size = len(bson.encode(document))
        except (BSONError, OverflowError) as error:
            raise _no_document(str(error)) from error
        if size > MOST_BYTES:
            raise _no_document(f"it has {size:,} bytes, more than the {MOST_BYTES:,} that one may have")
        return made

    def operation(self, number: int, record: Mapping[str, Any]) -> Operation:
        """Return what brings a record into its collection; *number* counts from 0. Raises Unfit."""
        return self._made(number, record)[0]

    def _made(self, number: int, record: Mapping[str, Any]) -> tuple[Operation, Document]:
        """Return what brings a record into its collection, and what it holds."""
        values = [(one, self._stored(one, record.get(one.name))) for one in self._columns]
        if self._target.operation == "insert":
            document = self._document(number, values)
            return InsertOne(document), document
        keys: Document = {}
        chosen: Document = {}
        for column, value in values:
            (keys if column.name in self._target.keys else chosen)[column.name] = value
        if None in keys.values():
            name = next(name for name, value in keys.items() if value is None)
            raise Unfit(
                f"The key '{name}' of record {number + 1:,} is null, so no document can be found by it.",
                f"Column '{name}': the key is null, so no document can be found by it.",
            )
        identity = {"_id": chosen.pop("_id")} if "_id" in chosen else {}
        change = {"$set": chosen} if chosen else {}
        change |= {"$setOnInsert": identity or ({} if chosen else keys)} if identity or not chosen else {}
        kind = UpdateMany if self._target.multi else UpdateOne
        return kind(keys, change, upsert=self._target.upsert), {"keys": keys, "change": change}

    def _stored(self, column: Column, raw: Any) -> Any:
        try:
            return stored(raw, column.dtype)
        except (DataError, ValueError) as error:
            said = error.message if isinstance(error, DataError) else str(error)
            raise Unfit(
                f"The field '{column.name}' cannot be written: {said}.", f"Column '{column.name}': {said}."
            ) from error

    def _document(self, number: int, values: Sequence[tuple[Column, Any]]) -> Document:
        document: Document = {}
        if self._target.id_column is None:
            document["_id"] = made_id(self._load, self._component_id, number)
        for column, value in values:
            if column.name == "_id" and value is None:
                raise Unfit(f"The _id of record {number + 1:,} is null.", "Column '_id': the value is null.")
            inner = document
            for part in column.path[:-1]:
                inner = inner.setdefault(part, {})
            inner[column.path[-1]] = value
        return document


def _no_document(said: str) -> Unfit:
    return Unfit(f"A record cannot be a document: {said}.", f"It cannot be a document: {said}.")


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
