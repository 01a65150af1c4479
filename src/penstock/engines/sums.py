"""What a receipt says of the records of an output (decision 0051): a sum of hashes that knows no order, and the least and
the greatest key. Both are added up while the records are written; where they are not, Parquet may know of the key."""

from __future__ import annotations

import json
import math
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

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
        return {"hash": f"{self.first:016x}{self.second:016x}", **_key_facts(self.key, self.least, self.greatest)}


def key_of_files(write: Write, files: Iterable[Path]) -> dict[str, Any]:
    """Return what a receipt says of the key of an output whose records nobody hashed: `key` as in `Sums.facts`, where its files
    are Parquet, which keeps the least and the greatest value of a column, and the key is one whole number or datetime."""
    key, columns = key_of(write), dict(write.target.columns)
    if write.target.format != "parquet" or len(key) != 1 or key[0][1] not in (*_WHOLE, Kind.DATETIME):
        return {}
    ends: list[int] = []
    for file in files:
        found = _ends_of_file(file, columns[key[0][0]])
        if found is None:
            return {}
        ends += found
    return _key_facts(key, (min(ends),), (max(ends),)) if ends else {}


def _ends_of_file(file: Path, column: str) -> list[int] | None:
    """Return the least and the greatest value of each group of a column: whole numbers, or milliseconds since 1970; None where
    the file does not say."""
    parquet = pq.read_metadata(file)
    at = parquet.schema.names.index(column)
    kind = json.loads(parquet.schema.column(at).logical_type.to_json())
    if kind["Type"] not in ("Int", "Timestamp") or kind.get("timeUnit") == "nanoseconds":
        return None
    size = 1000 if kind.get("timeUnit") == "microseconds" else 1
    ends = []
    for group in range(parquet.num_row_groups):
        part = parquet.row_group(group).column(at)
        said = part.statistics
        if said is not None and said.has_min_max:
            ends += [said.min_raw // size, said.max_raw // size]
        elif said is None or said.null_count != part.num_values:
            return None
    return ends


def _key_facts(key: Sequence[tuple[str, Kind]], least: Key | None, greatest: Key | None) -> dict[str, Any]:
    if least is None or greatest is None:
        return {}
    ends = {
        name: [_shown(one, kind) for one, (_, kind) in zip(values, key, strict=True)]
        for name, values in (("minimum", least), ("maximum", greatest))
    }
    return {"key": {"fields": [name for name, _ in key], **ends}}


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
