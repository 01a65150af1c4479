"""Instants on the wire: UTC, `YYYY-MM-DDTHH:MM:SSZ`, no fraction going out; more spellings coming in."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import overload

from penstock.errors import InvalidFields

_SPACED_OFFSET = re.compile(r"(:\d\d(?:\.\d+)?) (\d\d:?\d\d)$", re.ASCII)


@overload
def to_wire(at: datetime) -> str: ...
@overload
def to_wire(at: None) -> None: ...
def to_wire(at: datetime | None) -> str | None:
    """Return an instant as the wire writes it, null for none.

    >>> to_wire(datetime(2026, 1, 2, 3, 4, 5, 678, tzinfo=UTC))
    '2026-01-02T03:04:05Z'
    """
    if at is None:
        return None
    if at.tzinfo is not None and at.tzinfo is not UTC:
        at = at.astimezone(UTC)
    return at.isoformat()[:19] + "Z"


def read_instant(text: str, field: str) -> datetime:
    """Return an instant from a parameter: with Z, an offset, a fraction, or a bare date; without a zone it is UTC.

    Raises: InvalidFields naming *field*.

    >>> read_instant("2026-01-02", "since").isoformat(), read_instant("2026-01-02T03:00:00+03:00", "since").isoformat()
    ('2026-01-02T00:00:00+00:00', '2026-01-02T00:00:00+00:00')
    """
    try:
        # a plus sign that was not percent-encoded arrives as a space
        at = datetime.fromisoformat(_SPACED_OFFSET.sub(r"\1+\2", text.strip()))
        return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    except (ValueError, OverflowError) as fault:
        reason = "is not a date. Write it as YYYY-MM-DDTHH:MM:SSZ."
        raise InvalidFields(f"{field} {reason}", {field: [reason]}) from fault
