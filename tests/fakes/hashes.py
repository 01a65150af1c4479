"""The hash of the records of an output, computed a second time in plain Python, as decision 0051 defines it."""

from __future__ import annotations

import base64
import json
import math
import struct
from collections.abc import Iterable, Sequence
from typing import Any

from penstock.plan.dtypes import Kind
from penstock.plan.values import Value

MASK = (1 << 64) - 1
FACTOR = 0xD6E8FEB86659FD93
NULL = 0xBF58476D1CE4E5B9


def mix(number: int) -> int:
    for _ in range(2):
        number ^= number >> 32
        number = number * FACTOR & MASK
    return number ^ number >> 32


def of_bytes(data: bytes) -> int:
    state = 0xE17A1465 ^ len(data) * 0xC6A4A7935BD1E995 & MASK
    for at in range(0, len(data), 8):
        state = (state ^ int.from_bytes(data[at : at + 8], "little")) * FACTOR & MASK
    return mix(state)


def of_value(value: Value | None) -> int:
    if value is None:
        return NULL
    match value.kind:
        case Kind.BOOLEAN | Kind.INT | Kind.LONG:
            return mix(int(value.data) & MASK)
        case Kind.DATETIME:
            return mix(value.data.ms & MASK)
        case Kind.FLOAT | Kind.DOUBLE:
            bits = struct.pack("<d", 0.0 if value.data == 0 else value.data)
            return mix(0x7FF8 << 48 if math.isnan(value.data) else int.from_bytes(bits, "little"))
        case Kind.CHARARRAY:
            return of_bytes(value.data.encode())
        case _:
            return of_bytes(text_of(value).encode())


def text_of(value: Value) -> str:
    return printed(plain(value))


def printed(plain: Any) -> str:
    return json.dumps(plain, ensure_ascii=False, separators=(",", ":"), sort_keys=True)


def plain(value: Value | None) -> Any:
    if value is None or value.kind in (Kind.BOOLEAN, Kind.CHARARRAY):
        return None if value is None else value.data
    match value.kind:
        case Kind.BYTEARRAY:  # the value itself, where no type is known before it is there
            return plain(value.data) if isinstance(value.data, Value) else {"x": base64.b64encode(value.data).decode()}
        case Kind.INT | Kind.LONG:
            return {"l": value.data}
        case Kind.FLOAT | Kind.DOUBLE:
            words = {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}
            return {"d": words.get(repr(value.data), 0.0 if value.data == 0 else value.data)}
        case Kind.DATETIME:
            return {"t": value.data.ms}
        case Kind.TUPLE:
            return {"u": [plain(one) for one in value.data]}
        case Kind.BAG:
            return {"g": sorted(([plain(one) for one in row] for row in value.data), key=printed)}
        case Kind.MAP:
            return {"m": {key: plain(one) for key, one in value.data.items()}}
    raise ValueError(value.kind)


def of_record(record: Sequence[Value | None]) -> int:
    first, *rest = map(of_value, record)
    for one in rest:
        first = ((first ^ first >> 32) * FACTOR & MASK) ^ one
    return first


def of_records(records: Iterable[Sequence[Value | None]]) -> str:
    first = second = 0
    for record in records:
        one = of_record(record)
        first, second = first + one & MASK, second + mix(one ^ 0x9E3779B97F4A7C15) & MASK
    return f"{first:016x}{second:016x}"
