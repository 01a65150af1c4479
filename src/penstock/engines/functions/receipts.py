"""Structures and values without a declared type as receipts take them: one text for all that are equal (decision 0051)."""

from __future__ import annotations

import json
import math
from typing import Any

from penstock.plan.values import to_float32

_ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), sort_keys=True)


def form(text: str) -> str:
    """Return the one spelling of a canonical text (`penstock.plan.values`): keys of maps and tuples of bags in order, numbers
    of both widths alike, date-times without their offset.

    >>> form('{"g":[[{"i":2}],[{"f":"-0.0"}]]}')
    '{"g":[[{"d":0.0}],[{"l":2}]]}'
    """
    return _ENCODER.encode(_form(json.loads(text)))


def _form(raw: Any) -> Any:
    if isinstance(raw, list):
        return [_form(item) for item in raw]
    if not isinstance(raw, dict) or len(raw) != 1:
        return raw
    ((tag, data),) = raw.items()
    match tag:
        case "i" | "l":
            return {"l": int(data)}
        case "f":
            return {"d": _real(to_float32(float(data)))}
        case "d":
            return {"d": _real(float(data))}
        case "t":
            return {"t": int(data[0])}
        case "g":
            return {"g": sorted((_form(row) for row in data), key=_ENCODER.encode)}
        case "m":
            return {"m": {key: _form(item) for key, item in data.items()}}
        case "u":
            return {"u": _form(data)}
        case _:
            return raw


def _real(number: float) -> float | str:
    if math.isnan(number):
        return "NaN"
    if math.isinf(number):
        return "Infinity" if number > 0 else "-Infinity"
    return number + 0.0
