"""Values of documents as JSON of landed records (dataflow reference 5.3), and staged values as those of documents."""

from __future__ import annotations

import base64
import json
import math
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from bson import json_util
from bson.binary import UUID_SUBTYPE, Binary
from bson.datetime_ms import DatetimeMS
from bson.decimal128 import Decimal128
from bson.int64 import Int64
from bson.objectid import ObjectId

from penstock.errors import DataError
from penstock.plan.dtypes import DType, Kind

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def landed(value: Any, dtype: DType) -> str:
    """Return a value of a document as the JSON from which the engine reads a field of a type.

    An object or array that is declared text is its JSON text; a NaN that is declared text is `"NaN"`, quotes included.
    """
    if dtype.kind is Kind.CHARARRAY:
        return "null" if value is None else json.dumps(_text(value))
    return _json(value)


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, Decimal128):
        return str(value)
    if isinstance(value, float) and not math.isfinite(value):
        return f'"{_named(value)}"'
    if isinstance(value, int | float):
        return json.dumps(value)
    if isinstance(value, dict | list):
        return _json(value)
    plain = _plain(value)
    return plain if isinstance(plain, str) else json.dumps(plain)


def _json(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ",".join(f"{json.dumps(key)}:{_json(inner)}" for key, inner in value.items()) + "}"
    if isinstance(value, list):
        return f"[{','.join(map(_json, value))}]"
    if isinstance(value, Decimal128):
        text = str(value)
        return text if _is_number(text) else json.dumps(text)
    if isinstance(value, float) and not math.isfinite(value):
        return json.dumps(_named(value))
    return json.dumps(value if value is None or isinstance(value, str | int | float) else _plain(value))


def _plain(value: Any) -> Any:
    """Return a value that JSON lacks as text; what has no text of its own as extended JSON."""
    match value:
        case DatetimeMS():
            return _instant(int(value))
        case datetime():
            return _instant((value - _EPOCH) // timedelta(milliseconds=1))
        case ObjectId() | UUID():
            return str(value)
        case Binary() if value.subtype == UUID_SUBTYPE and len(value) == 16:
            return str(value.as_uuid())
        case bytes():
            return base64.b64encode(value).decode()
    return json.loads(json_util.dumps(value, json_options=json_util.RELAXED_JSON_OPTIONS))


def _instant(ms: int) -> str | None:
    """Return an instant as ISO text, None beyond the years that have four digits."""
    try:
        return (_EPOCH + timedelta(milliseconds=ms)).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    except OverflowError:
        return None


def _named(value: float) -> str:
    return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"


def _is_number(text: str) -> bool:
    try:
        return isinstance(json.loads(text, parse_constant=_refuse), int | float)
    except ValueError:
        return False


def _refuse(word: str) -> Any:
    raise ValueError(word)


def stored(raw: Any, dtype: DType) -> Any:
    """Return a staged value as it stands in a document: dates as dates, longs of 64 bits, maps and bags as they are."""
    if raw is None:
        return None
    match dtype.kind:
        case Kind.LONG:
            return Int64(raw)
        case Kind.FLOAT | Kind.DOUBLE:
            return float(raw)
        case Kind.DATETIME:
            found = datetime.fromisoformat(raw).astimezone(UTC)
            return found.replace(microsecond=found.microsecond // 1000 * 1000)
        case Kind.MAP | Kind.BAG | Kind.TUPLE | Kind.BYTEARRAY:
            return _wide(raw)
    return raw


def _wide(raw: Any) -> Any:
    """Return JSON with whole numbers that a document can hold. Raises DataError for one beyond 64 bits."""
    if isinstance(raw, Mapping):
        return {key: _wide(inner) for key, inner in raw.items()}
    if isinstance(raw, list):
        return [_wide(inner) for inner in raw]
    if isinstance(raw, int) and not isinstance(raw, bool) and not -(2**63) <= raw < 2**63:
        raise DataError(f"the whole number {raw} has more than 64 bits, which a document cannot hold")
    return raw
