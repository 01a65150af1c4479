"""Staged values that may not fit their columns, where the database itself tries them: the SQL of each in two forms, one of
which is null for what does not fit, and what becomes of the records that have such a value."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from penstock.connectors.databases.targets import Asked, Column
from penstock.errors import PermanentError


class Tried(Protocol):
    """A value on its way from a staged column into one of the table."""

    @property
    def column(self) -> Column:
        """Where it goes."""

    @property
    def name(self) -> str:
        """The staged column as an identifier."""

    @property
    def can_fail(self) -> bool:
        """Whether there are values that do not fit."""

    def sql(self, *, safe: bool = False) -> str:
        """Return the SQL of the value; where it is *safe*, null stands for one that does not fit."""


def misfit(value: Tried) -> str:
    """Return the condition of values that do not fit."""
    return f"{value.name} IS NOT NULL AND {value.sql(safe=True)} IS NULL"


def relation(staging: str, values: Sequence[Tried], policy: str) -> str:
    """Return the SELECT of what is written: with *policy* set_null what does not fit is null, with skip its record is not
    there."""
    # With skip it is safe too: what does not fit may be looked at before the condition is.
    is_safe = policy != "fail"
    listed = ", ".join(f"{one.sql(safe=is_safe and one.can_fail)} AS {one.name}" for one in values)
    misfits = [f"({misfit(one)})" for one in values if one.can_fail] if policy == "skip" else []
    return f"SELECT {listed} FROM {staging}" + (f" WHERE NOT ({' OR '.join(misfits)})" if misfits else "")


def count(session: Asked, staging: str, values: Sequence[Tried], policy: str, count_if: str) -> tuple[int, int]:
    """Return how many records are left out, and how many values become null; *count_if* is the database's word for counting.
    Raises PermanentError where neither may be."""
    fallible = [one for one in values if one.can_fail]
    if not fallible:
        return 0, 0
    tests = [f"({misfit(one)})" for one in fallible]
    listed = ", ".join(f"{count_if}({one})" for one in [*tests, " OR ".join(tests)])
    (found,) = session.rows(f"SELECT {listed} FROM {staging}")
    *each, either = (int(str(one)) for one in found)
    if policy == "skip":
        return either, 0
    if policy == "fail" and either:
        value, bad = next((one, bad) for one, bad in zip(fallible, each, strict=True) if bad)
        raise PermanentError(
            f"{bad:,} value{'s' * (bad > 1)} of the column '{value.column.name}' {'are' if bad > 1 else 'is'} no "
            f"{value.column.type}. Nothing was written. Correct them, or choose what becomes of them by 'on_bad_value'."
        )
    return 0, sum(each)
