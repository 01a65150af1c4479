"""Partitions of a table by name, as decorators have them: `hits$20240131`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from penstock.connectors.databases.bigquery.session import quoted
from penstock.errors import PermanentError

_FORMATS = {"HOUR": "%Y%m%d%H", "DAY": "%Y%m%d", "MONTH": "%Y%m", "YEAR": "%Y"}
_DIGITS = {"HOUR": 10, "DAY": 8, "MONTH": 6, "YEAR": 4}
_SPELLED = {"DATE": "%Y-%m-%d", "DATETIME": "%Y-%m-%d %H:%M:%S", "TIMESTAMP": "%Y-%m-%d %H:%M:%S+00"}


@dataclass(frozen=True, slots=True)
class Partition:
    """One partition by time: *column* in statements, its values from *low* on and before *high*, both as literals. *is_of_time*
    where rows lie in it by the time at which they were written, and not by a column of theirs."""

    column: str
    low: str
    high: str
    is_of_time: bool

    def holds(self, alias: str = "") -> str:
        """Return the condition of its rows.

        >>> Partition("`day`", "DATE '2024-01-31'", "DATE '2024-02-01'", False).holds("there.")
        "there.`day` >= DATE '2024-01-31' AND there.`day` < DATE '2024-02-01'"
        """
        return f"{alias}{self.column} >= {self.low} AND {alias}{self.column} < {self.high}"


def partition_of(found: Any, table: str) -> Partition | None:
    """Return which partition of a table a name means, None where it means all of it; *found* is what BigQuery says of the
    table. Raises PermanentError for one that the table cannot have."""
    _, is_given, name = table.partition("$")
    if not is_given:
        return None
    time = found.time_partitioning
    if time is None:
        raise PermanentError(
            f"'{table}' names a partition, and that table has no partitions by time. Name the table alone."
        )
    low = _read(name, time.type_ or "DAY")
    if low is None:
        raise PermanentError(
            f"'{table}' names no partition: they are by {(time.type_ or 'day').lower()} there. Write "
            f"{_DIGITS[time.type_ or 'DAY']} digits behind the $."
        )
    high = _next(low, time.type_ or "DAY")
    word = next((one.field_type for one in found.schema if one.name == time.field), "TIMESTAMP")
    spelled = [f"{word} '{one.strftime(_SPELLED.get(word, _SPELLED['TIMESTAMP']))}'" for one in (low, high)]
    column = quoted(time.field) if time.field is not None else "_PARTITIONTIME"
    return Partition(column, spelled[0], spelled[1], time.field is None)


def _read(name: str, by: str) -> datetime | None:
    if not re.fullmatch(r"[0-9]+", name) or len(name) != _DIGITS[by]:
        return None
    try:
        made = datetime.strptime(name, _FORMATS[by]).replace(tzinfo=UTC)
    except ValueError:
        return None
    return made if 1000 <= made.year < 9999 else None


def _next(low: datetime, by: str) -> datetime:
    match by:
        case "HOUR":
            return low + timedelta(hours=1)
        case "DAY":
            return low + timedelta(days=1)
        case "MONTH":
            return (low + timedelta(days=31)).replace(day=1)
    return low.replace(year=low.year + 1)
