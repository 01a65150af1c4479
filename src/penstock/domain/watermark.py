"""Watermarks: how far a source that reads incrementally has come. A watermark never moves back."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal, InvalidOperation, localcontext
from enum import StrEnum
from fractions import Fraction
from typing import Any

MOST_TIES = 1000
"""Digests of rows that a watermark holds one by one."""
_INSTANT = re.compile(
    r"(?P<date>\d{4}-\d\d-\d\d)(?:(?P<mark>[ T])(?P<time>\d\d:\d\d)(?P<seconds>:\d\d)?(?:\.(?P<part>\d{1,12}))?)?"
    r"(?P<zone>Z|[ ]?UTC|[+-]\d\d(?::?\d\d){0,2})?"
)
_UTC = (None, "Z", "+00", "+00:00", "+0000", "UTC", " UTC")
_DATED = re.compile(r"\d[\dTZ:.+\- ]*(?: BC)?(?:[+-]\d\d)?")


class Order(StrEnum):
    """What gives the values of a column their order."""

    WHOLE = "whole numbers"
    NUMBER = "numbers"
    DATE = "dates"
    TIMESTAMP = "date-times without a zone"
    INSTANT = "date-times with a zone"
    TEXT = "texts"


@dataclass(frozen=True, slots=True)
class Watermark:
    """The highest value of a column that is safely written: *value* as the database spells it, to its last digit. *ties* are
    digests of the rows that have this very value, by which one that is committed later is told from those that were read; none
    where nobody knows them. Raises ValueError for a value that is none of its order."""

    column: str
    order: Order
    value: str
    ties: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if "\0" in self.value or len(self.ties) > MOST_TIES:
            raise ValueError(self.value)
        match self.order:
            case Order.TEXT:
                return
            case Order.WHOLE if not re.fullmatch(r"-?\d+", self.value):
                raise ValueError(self.value)
            case Order.WHOLE | Order.NUMBER:
                if not _number(self.value).is_finite():
                    raise ValueError(self.value)
            case _ if not _DATED.fullmatch(self.value) or self.value.startswith("0000"):
                raise ValueError(self.value)

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON values."""
        return {"column": self.column, "order": self.order.value, "value": self.value, "ties": list(self.ties)}

    @classmethod
    def of_json(cls, raw: Mapping[str, Any]) -> Watermark:
        """Return what `to_json` gave. Raises KeyError, TypeError, ValueError for anything else."""
        ties = raw["ties"]
        texts = [raw["column"], raw["value"], *ties]
        if not isinstance(ties, list | tuple) or not all(isinstance(one, str) for one in texts):
            raise TypeError(ties)
        return cls(raw["column"], Order(raw["order"]), raw["value"], tuple(ties))


def lowered(mark: Watermark, overlap: float) -> str:
    """Return the value that lies *overlap* below a watermark: units of a number, seconds of a date-time, rounded down to what
    its spelling can hold; a text is a date-time where it is written as one. Raises ValueError where it has no such value.

    >>> lowered(Watermark("n", Order.WHOLE, "100"), 2.5), lowered(Watermark("d", Order.DATE, "2024-03-01"), 3600)
    ('97', '2024-02-29')
    >>> lowered(Watermark("at", Order.TEXT, "2024-03-01T00:00:00Z"), 0.5)
    '2024-02-29T23:59:59Z'
    """
    below = Fraction(str(overlap))
    if mark.order is Order.WHOLE:
        return str(math.floor(Fraction(mark.value) - below))
    if mark.order is Order.NUMBER:
        with localcontext(prec=1500):
            return format(_number(mark.value) - Decimal(str(overlap)), "f")
    found = _INSTANT.fullmatch(mark.value)
    if found is None:
        raise ValueError(mark.value)
    return _earlier(found, below, exact=mark.order in (Order.TIMESTAMP, Order.INSTANT))


def _earlier(found: re.Match[str], seconds: Fraction, *, exact: bool) -> str:
    part = found["part"] or ""
    if exact and found["time"]:
        part = part.ljust(6, "0")
    whole = datetime.fromisoformat(f"{found['date']}T{found['time'] or '00:00'}{found['seconds'] or ':00'}")
    unit = Fraction(86400) if not found["time"] else Fraction(60) if not (found["seconds"] or exact) else Fraction(1)
    unit /= 10 ** len(part)
    since = (whole - datetime.min) // timedelta(seconds=1) + Fraction(int(part or 0), 10 ** len(part))
    made = max(since - math.ceil(seconds / unit) * unit, Fraction(0))
    at = datetime.min + timedelta(seconds=math.floor(made))
    text = at.isoformat()
    if not found["time"]:
        return text[:10] + (found["zone"] or "")
    text = text[:10] + found["mark"] + (text[11:] if found["seconds"] or exact else text[11:16])
    digits = f".{int((made % 1) * 10 ** len(part)):0{len(part)}d}" if part else ""
    return text + digits + (found["zone"] or "")


def successor(stored: Watermark | None, began: Watermark | None, reached: Watermark) -> Watermark | None:
    """Return the watermark once a job that *began* at one has *reached* another, where *stored* is the one that is there now:
    never a lower one. A watermark that was taken away meanwhile stays away; where another job has moved it, and nobody here can
    tell which value is higher, as with texts, it stays as it is.

    >>> at = lambda value: Watermark("n", Order.WHOLE, value)
    >>> successor(at("9"), at("5"), at("7")).value, successor(at("5"), at("5"), at("7")).value
    ('9', '7')
    >>> successor(None, at("5"), at("7")) is None
    True
    """
    if stored is None:
        return reached if began is None else None
    higher = is_higher(reached, stored)
    is_where_it_was = began is not None and (stored.order, stored.value) == (began.order, began.value)
    if higher is None:
        return reached if is_where_it_was else stored
    if reached.value == stored.value:
        return reached if is_where_it_was else stored
    return reached if higher else stored


def is_higher(one: Watermark, other: Watermark) -> bool | None:
    """Tell whether one is higher, None where that cannot be told."""
    mine, theirs = _place(one), _place(other)
    if one.order is not other.order or mine is None or theirs is None:
        return None
    return bool(mine > theirs)


def _place(mark: Watermark) -> Any:
    if mark.order in (Order.WHOLE, Order.NUMBER):
        return _number(mark.value)
    found = None if mark.order is Order.TEXT else _INSTANT.fullmatch(mark.value)
    if found is None or found["zone"] not in _UTC:
        return None
    time = f"{found['time'] or '00:00'}{found['seconds'] or ':00'}"
    return (found["date"], time, (found["part"] or "").ljust(12, "0"))


def _number(text: str) -> Decimal:
    try:
        return Decimal(text)
    except InvalidOperation as error:
        raise ValueError(text) from error
