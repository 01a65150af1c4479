"""The functions of the Window component (component reference 2.7, function reference 12)."""

from __future__ import annotations

from dataclasses import dataclass

from penstock.lang.functions.aggregates import AGGREGATES
from penstock.plan import dtypes
from penstock.plan.dtypes import DType, Kind

_COUNTS = ("row_number", "rank", "dense_rank", "ntile")


@dataclass(frozen=True, slots=True)
class WindowWord:
    """A window function by its wire word; *kinds* are the field types it takes (None: any, () : it takes no field).
    *needs_order* marks the four ranks; *nullable* is None where the field decides."""

    name: str
    kinds: tuple[Kind, ...] | None
    help: str
    needs_order: bool = False
    nullable: bool | None = None

    def result(self, given: DType | None) -> DType:
        """Return the type of the function over a field of type *given*."""
        if self.name in AGGREGATES:
            return AGGREGATES[self.name].result(given)
        if given is None:
            return dtypes.INT if self.name in _COUNTS else dtypes.DOUBLE
        return given


def _aggregate(word: str, help: str) -> WindowWord:
    return WindowWord(word, AGGREGATES[word].kinds, help, nullable=AGGREGATES[word].nullable)


WINDOW_FUNCTIONS: dict[str, WindowWord] = {
    row.name: row
    for row in (
        _aggregate("count", "Records of the frame whose field is not null."),
        _aggregate("sum", "The sum over the frame: long of int and long (wrapping round), double of the others."),
        _aggregate("average", "The mean over the frame."),
        _aggregate("minimum", "The least value of the frame; NaN wins over every number."),
        _aggregate("maximum", "The greatest value of the frame; NaN wins over every number."),
        WindowWord("row_number", (), "The number of the record in its partition, from 1.", nullable=False),
        WindowWord("rank", (), "1 and how many records come before its equals.", True, False),
        WindowWord("dense_rank", (), "1 and how many different keys come before it.", True, False),
        WindowWord("percent_rank", (), "(rank - 1) / (n - 1) of n records; NaN for one alone.", True, False),
        WindowWord("cume_dist", (), "rank / n of n records.", True, False),
        WindowWord("ntile", (), "Record i from 0 is in bucket i * buckets / n + 1 of n records.", nullable=False),
        WindowWord(
            "first_value", None, "The first of the frame; null where the frame begins before the partition."
        ),
        WindowWord("last_value", None, "The last of the frame, nulls included."),
        WindowWord("lead", None, "The field so many records later, else the default; whatever the frame.", nullable=True),
        WindowWord("lag", None, "The field so many records earlier, else the default; whatever the frame.", nullable=True),
    )
}  # fmt: skip
"""Wire word to function."""
