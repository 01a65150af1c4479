"""JSON values as constants of a field's type."""

from __future__ import annotations

import re
import sys
from datetime import datetime
from typing import Any

from penstock.plan.dtypes import DType, Kind
from penstock.plan.exprs import Literal
from penstock.plan.values import Instant, Value, to_float32

_RANGES = {Kind.INT: 31, Kind.LONG: 63}
_ISO = re.compile(r"\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d{1,3})?)?(Z|[+-]\d{2}:\d{2})?)?")


def constant(raw: Any, dtype: DType) -> Literal | None:
    """Return a JSON value as a literal of a type, null always; None where it is no value of that type.

    >>> constant(3, DType(Kind.DOUBLE)).value
    Value(kind=<Kind.DOUBLE: 'double'>, data=3.0)
    """
    if raw is None:
        return Literal(None, dtype)
    data = _data(raw, dtype.kind)
    return None if data is None else Literal(Value(dtype.kind, data), dtype)


def _data(raw: Any, kind: Kind) -> Any:
    is_number = isinstance(raw, int | float) and not isinstance(raw, bool)
    if kind in _RANGES:
        fits = is_number and raw == raw // 1 and -(2 ** _RANGES[kind]) <= raw < 2 ** _RANGES[kind]
        return int(raw) if fits else None
    if kind in (Kind.FLOAT, Kind.DOUBLE):
        if not is_number or abs(raw) > sys.float_info.max:
            return None
        return to_float32(float(raw)) if kind is Kind.FLOAT else float(raw)
    if kind is Kind.BOOLEAN:
        return raw if isinstance(raw, bool) else None
    if not isinstance(raw, str):
        return None
    if kind is Kind.DATETIME:
        return _instant(raw)
    return raw if kind is Kind.CHARARRAY else None


def _instant(text: str) -> Instant | None:
    """Return ISO 8601 text as a datetime, in UTC where it has no offset."""
    if not _ISO.fullmatch(text):
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    offset = found.utcoffset()
    minutes = 0 if offset is None else int(offset.total_seconds() // 60)
    days = found.toordinal() - datetime(1970, 1, 1).toordinal()
    seconds = days * 86400 + found.hour * 3600 + found.minute * 60 + found.second - minutes * 60
    return Instant(seconds * 1000 + found.microsecond // 1000, minutes)
