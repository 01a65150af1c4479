"""Text that was read without a type, brought to one as Pig reads bytes (dataflow reference 4.4, 5.1)."""

from __future__ import annotations

import math
import re
from fractions import Fraction

from penstock.engines.functions import casts, isodate
from penstock.errors import DataError

_BLANKS = "".join(map(chr, range(33)))
_LONG_SUFFIX = re.compile(r"[+-]?[0-9]+[lL]\Z", re.ASCII)
_NUMBER = re.compile(r"[+-]?[0-9.]+(?:[eE][+-]?[0-9]{1,3})?\Z", re.ASCII)


def _whole(text: str, least: int, greatest: int) -> int | None:
    body = text.strip(_BLANKS)
    exact = casts.ascii_long(body)
    if exact is None:
        real = casts.parse_double(body)
        if real is None or not math.isfinite(real):
            return None
        # What lies a little below the least long is, as a double, the least long.
        is_near = real == least and _NUMBER.match(body)
        exact = math.trunc(Fraction(body) if is_near else real)
    return exact if least <= exact <= greatest else None


def bytes_to_int(text: str) -> int | None:
    """Return the int of a field's text; None where it is none or does not fit."""
    return _whole(text, -(2**31), 2**31 - 1)


def bytes_to_long(text: str) -> int | None:
    """Return the long of a field's text, a trailing L allowed; None where it is none or does not fit."""
    body = text.strip(_BLANKS)
    if _LONG_SUFFIX.match(body):
        body = body[:-1]
    return _whole(body, -(2**63), 2**63 - 1)


def bytes_to_datetime(text: str, zone_minutes: int) -> tuple[int, int] | None:
    """Return the datetime of ISO text; None where it is none."""
    try:
        return isodate.parse_iso(text.strip(_BLANKS), zone_minutes)
    except DataError:
        return None


def bytes_to_boolean(text: str) -> bool | None:
    """Return true or false for these words in any case, else None."""
    return casts.text_to_boolean(text.strip(_BLANKS))
