"""Staged values that may not fit their columns, where the database itself tries them: the SQL of each in two forms, one of
which is null for what does not fit, what becomes of the records that have such a value, and which these are."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol

from penstock.connectors.databases.misfits import Misfit
from penstock.connectors.databases.targets import Asked, Column
from penstock.errors import PermanentError

_ASKED = 100_000
"""Records about which is asked at once."""
_SHOWN = 100
"""Characters of a value that are shown."""


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
    """Return how many records are left out, and how many values become null; *count_if* is how the database
    counts where a condition holds.
    Raises PermanentError where neither may be."""
    fallible = [one for one in values if one.can_fail]
    if not fallible:
        return 0, 0
    tests = [f"({misfit(one)})" for one in fallible]
    listed = ", ".join(count_if.format(one) for one in [*tests, " OR ".join(tests)])
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


def misfits(
    session: Asked, staging: str, values: Sequence[Tried], number: str, total: int, text: str = "{}"
) -> Iterator[Misfit]:
    """Yield the values that do not fit, in the order of a column of staged numbers below *total*; *text* is how a staged
    value is made a text."""
    fallible = [one for one in values if one.can_fail]
    if not fallible:
        return
    tests = [f"({misfit(one)})" for one in fallible]
    shown = ", ".join(
        f"CASE WHEN {test} THEN SUBSTRING({text.format(one.name)}, 1, {_SHOWN}) END"
        for one, test in zip(fallible, tests, strict=True)
    )
    for first in range(0, total, _ASKED):
        within = f"{number} >= {first} AND {number} < {first + _ASKED}"
        sql = f"SELECT {number}, {shown} FROM {staging} WHERE {within} AND ({' OR '.join(tests)}) ORDER BY {number}"
        for at, *found in session.rows(sql):
            for one, value in zip(fallible, found, strict=True):
                if value is not None:
                    yield Misfit(int(str(at)), one.column.name, f"the value '{value}' is no {one.column.type}")
