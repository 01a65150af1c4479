"""What a receipt says of the records of an output (decision 0051): a sum of hashes that knows no order, and the least and
the greatest key. Both are added up while the records are written."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import numpy as np
import pyarrow as pa

from penstock.plan.dtypes import Kind
from penstock.plan.operators import Filter, Scan, Write, iter_below
from penstock.plan.ports import EPOCH, BoundSource, Context, Records
from penstock.plan.systems import CollectionTarget, DatabaseTarget

FEW_BYTES = 16 << 20
"""Of sources up to this size the records of outputs are hashed unasked: it takes a quarter of a second at most."""
LONGEST = 200
"""Characters of a text that a key shows."""
_WHOLE = (Kind.INT, Kind.LONG)
_REAL = (Kind.FLOAT, Kind.DOUBLE)
_ORDERED = (*_WHOLE, *_REAL, Kind.CHARARRAY, Kind.DATETIME)
_OTHER_HASH = np.uint64(0x9E3779B97F4A7C15)
_FACTOR = np.uint64(0xD6E8FEB86659FD93)
_HALF = np.uint64(32)
_MODULUS = 1 << 64

Key = tuple[Any, ...]


def are_wanted(context: Context, sources: Mapping[str, BoundSource | Records]) -> bool:
    """Tell whether records are hashed: as the job says, else where they are few."""
    if context.sums is not None:
        return context.sums
    bound = [one for one in sources.values() if isinstance(one, BoundSource)]
    return sum(file.size_bytes for one in bound for file in one.files) <= FEW_BYTES


def key_of(write: Write) -> tuple[tuple[str, Kind], ...]:
    """Return the fields whose least and greatest values are kept: those of the merge key, else the first that has an order."""
    kinds = {one.name: one.dtype.kind for one in write.given.schema}
    fields = [(name, kinds[name]) for name, _ in write.target.columns]
    destination = write.destination
    if isinstance(destination, DatabaseTarget | CollectionTarget) and destination.keys:
        keys = [(name, kinds[name]) for name, column in write.target.columns if column in destination.keys]
        return tuple(keys) if all(kind in _ORDERED for _, kind in keys) else ()
    return tuple([one for one in fields if one[1] in _ORDERED][:1])


def rejected(write: Write, left_out: Callable[[Scan], int], own: int) -> int:
    """Return how many records an output lacks for a value that does not fit: those that its sources left out, by *left_out*,
    and its *own*. To an output of rejected records its source is true to the last one."""
    below = list(iter_below(write.given, lambda _: False))
    splits = [
        one for one in below if isinstance(one, Filter) and isinstance(one.given, Scan) and one.given.keeps_rejected
    ]
    sound = {one.component for one in splits if isinstance(one.given, Scan) and one.component == one.given.component}
    scans = [one for one in below if isinstance(one, Scan)]
    return own + sum(left_out(one) for one in scans if not one.keeps_rejected or one.component in sound)


@dataclass(slots=True)
class Sums:
    """The sums of some records of one output, whose *key* are the fields of `key_of`."""

    key: tuple[tuple[str, Kind], ...]
    first: int = 0
    second: int = 0
    least: Key | None = None
    greatest: Key | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, given: pa.ChunkedArray) -> pa.Array:
        """Add records, given as structs of a hash and the values of the key; returns true for each."""
        for struct in given.chunks:
            hashes, *keys = struct.flatten()
            ends = _ends(keys)
            numbers = hashes.to_numpy(zero_copy_only=False)
            first, second = int(numbers.sum()), int(_mixed(numbers ^ _OTHER_HASH).sum())
            with self._lock:
                self._take(first, second, *ends)
        return pa.array(np.ones(len(given), bool))

    def _take(self, first: int, second: int, least: Key | None, greatest: Key | None) -> None:
        self.first, self.second = (self.first + first) % _MODULUS, (self.second + second) % _MODULUS
        if least is not None and (self.least is None or least < self.least):
            self.least = least
        if greatest is not None and (self.greatest is None or greatest > self.greatest):
            self.greatest = greatest

    def state(self) -> list[Any]:
        """Return what was added up, as JSON values."""
        return [self.first, self.second, self.least, self.greatest]

    def join(self, state: Sequence[Any]) -> None:
        """Add what `state` gave of other records."""
        first, second, *ends = state
        self._take(first, second, *(None if one is None else tuple(one) for one in ends))

    def facts(self) -> dict[str, Any]:
        """Return what a receipt says: `hash`, 32 digits, and `key`, with texts of its values, where a record has one."""
        made: dict[str, Any] = {"hash": f"{self.first:016x}{self.second:016x}"}
        if self.least is not None and self.greatest is not None:
            made["key"] = {
                "fields": [name for name, _ in self.key],
                "minimum": [_shown(one, kind) for one, (_, kind) in zip(self.least, self.key, strict=True)],
                "maximum": [_shown(one, kind) for one, (_, kind) in zip(self.greatest, self.key, strict=True)],
            }
        return made


def _mixed(numbers: Any) -> Any:
    for _ in range(2):
        numbers = numbers ^ (numbers >> _HALF)
        numbers = numbers * _FACTOR
    return numbers ^ (numbers >> _HALF)


def _ends(keys: Sequence[pa.Array]) -> tuple[Key | None, Key | None]:
    """Return the least and the greatest key; those with a null or NaN are left out."""
    if len(keys) == 1 and keys[0].null_count == 0 and pa.types.is_integer(keys[0].type) and len(keys[0]):
        numbers = keys[0].to_numpy()
        return (int(numbers.min()),), (int(numbers.max()),)
    rows = zip(*(one.to_pylist() for one in keys), strict=True)
    known = [row for row in rows if all(map(_is_known, row))]
    return (min(known), max(known)) if known else (None, None)


def _is_known(value: Any) -> bool:
    return value is not None and not (isinstance(value, float) and math.isnan(value))


def _shown(value: Any, kind: Kind) -> str:
    if kind is Kind.DATETIME:
        try:
            return (EPOCH + timedelta(milliseconds=value)).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        except OverflowError:
            return str(value)
    text = str(value)
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"
